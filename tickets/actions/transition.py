"""Moves between open, pending and closed."""

from accounts.actors import Actor
from inboxops.db import in_transaction
from inboxops.errors import Invalid
from tickets.actions.assign import release_if_unassignable
from tickets.actions.editing import TicketEdit, editing
from tickets.errors import TransitionNotAllowed
from tickets.models import Ticket
from tickets.texts import REASON_LENGTH
from tickets.workflow import TRANSITIONS, EventKind, Status


@in_transaction
def transition_ticket(
    ticket: Ticket, *, to: Status, reason: str = "", actor: Actor, if_version: int | None = None
) -> Ticket:
    """Move the ticket to another status. The status it has already: nothing changes, nothing is recorded.

    Refuses a move that the workflow does not know (TransitionNotAllowed) and a merged ticket (TicketMerged).
    Records `ticket.status_changed` with the reason.
    """
    if len(reason) > REASON_LENGTH:
        raise Invalid.at("/reason", "too_long", f"At most {REASON_LENGTH} characters.")
    with editing(ticket, actor=actor, if_version=if_version) as edit:
        move(edit, to, reason)
    return edit.ticket


def move(edit: TicketEdit, to: Status, reason: str = "") -> None:
    """Within an edit: transition by the rules of the workflow."""
    before = Status(edit.ticket.status)
    if to == before:
        return
    allowed = TRANSITIONS[before]
    if to not in allowed:
        names = " or ".join(allowed)
        raise TransitionNotAllowed(
            f"A ticket that is {before} can become {names}, not {to}.", currentStatus=before, allowedTransitions=allowed
        )
    set_status(edit, to, reason)


def reopen(edit: TicketEdit, reason: str) -> None:
    """Within an edit: make the ticket open because something happened to it, whatever its status."""
    if edit.ticket.status != Status.OPEN:
        set_status(edit, Status.OPEN, reason)


def set_status(edit: TicketEdit, to: Status, reason: str) -> None:
    """Within an edit: the change itself, its date and its event."""
    before = edit.ticket.status
    edit.set(status=to, closed_at=edit.now if to == Status.CLOSED else None)
    edit.record(EventKind.STATUS_CHANGED, before=before, after=to, reason=reason)
    if before == Status.CLOSED:
        release_if_unassignable(edit)
