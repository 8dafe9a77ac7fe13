"""Who works on a ticket."""

import uuid

from accounts.actors import Actor
from inboxops import clock
from inboxops.compiled import CompiledQuery
from inboxops.errors import Invalid
from tickets.actions.editing import TicketEdit, lock_tickets, new_event
from tickets.models import Ticket, TicketEvent
from tickets.workflow import ACTIVE, EventKind
from workspaces.models import ASSIGNABLE_ROLES, Membership

_BATCH = 500


_ASSIGNABLE = CompiledQuery(
    lambda workspace_id, user_id: (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .filter(workspace_id=workspace_id, user_id=user_id, role__in=ASSIGNABLE_ROLES, user__is_active=True)
        .values_list("id")
    ),
    Membership._meta.get_field("workspace_id"),
    Membership._meta.get_field("user_id"),
)


def is_assignable(workspace_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Whether the user is an agent or admin here, and stays so until this transaction ends."""
    # The lock makes somebody who removes this member wait, and then find the ticket among those to release.
    return _ASSIGNABLE.first(workspace_id, user_id) is not None


def must_be_assignable(workspace_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Raises Invalid for anybody who is not an agent or admin here: strangers and unknown ids look the same."""
    if not is_assignable(workspace_id, user_id):
        raise Invalid.because("/assigneeId", "not_assignable", "This is not an agent or admin of the workspace.")


def assign(edit: TicketEdit, user_id: uuid.UUID | None) -> None:
    """Within an edit: make the user the assignee, who must be assignable. The same one again changes nothing."""
    before = edit.ticket.assignee_id
    if user_id == before:
        return
    edit.set(assignee_id=user_id)
    edit.record(EventKind.ASSIGNED, before=_text(before), after=_text(user_id))


def release_if_unassignable(edit: TicketEdit) -> None:
    """Within an edit that makes a ticket active again: nobody is its assignee who could not be made so today."""
    assignee_id = edit.ticket.assignee_id
    if assignee_id is not None and not is_assignable(edit.ticket.workspace_id, assignee_id):
        assign(edit, None)


def release_tickets_of(membership: Membership, *, actor: Actor) -> int:
    """Take the member off every ticket that is not closed; answers how many. Records `ticket.assigned` on each.

    A few statements for hundreds of tickets: whoever leaves may leave thousands behind.
    """
    workspace_id, user_id = membership.workspace_id, membership.user_id
    theirs = Ticket.objects.in_workspace(workspace_id).filter(assignee_id=user_id, status__in=ACTIVE)
    ticket_ids = sorted(theirs.values_list("pk", flat=True))
    now = clock.now()
    released = 0
    for start in range(0, len(ticket_ids), _BATCH):
        locked = lock_tickets(workspace_id, ticket_ids[start : start + _BATCH]).values()
        tickets = [ticket for ticket in locked if ticket.assignee_id == user_id and ticket.status in ACTIVE]
        for ticket in tickets:
            ticket.assignee_id, ticket.version, ticket.updated_at = (
                None,
                ticket.version + 1,
                max(now, ticket.updated_at),
            )
        Ticket.objects.bulk_update(tickets, ["assignee", "version", "updated_at"])
        data = {"before": _text(user_id), "after": None}
        TicketEvent.objects.bulk_create(
            new_event(ticket, EventKind.ASSIGNED, actor, ticket.updated_at, data) for ticket in tickets
        )
        released += len(tickets)
    return released


def _text(user_id: uuid.UUID | None) -> str | None:
    return None if user_id is None else str(user_id)
