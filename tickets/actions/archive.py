"""Out of the inbox, and back."""

from accounts.actors import Actor
from inboxops.db import in_transaction
from tickets.actions.editing import TicketEdit, editing
from tickets.models import Ticket
from tickets.workflow import EventKind


@in_transaction
def archive_ticket(ticket: Ticket, *, actor: Actor, if_version: int | None = None) -> Ticket:
    """Hide the ticket from lists and search by default. Doing so twice changes nothing.

    Refuses a merged ticket (TicketMerged). Records `ticket.archived`.
    """
    with editing(ticket, actor=actor, if_version=if_version) as edit:
        if edit.ticket.archived_at is None:
            edit.set(archived_at=edit.now)
            edit.record(EventKind.ARCHIVED)
    return edit.ticket


@in_transaction
def unarchive_ticket(ticket: Ticket, *, actor: Actor, if_version: int | None = None) -> Ticket:
    """Bring the ticket back into the inbox. Doing so twice changes nothing.

    Refuses a merged ticket (TicketMerged). Records `ticket.unarchived`.
    """
    with editing(ticket, actor=actor, if_version=if_version) as edit:
        bring_back(edit)
    return edit.ticket


def bring_back(edit: TicketEdit, **why: str) -> None:
    """Within an edit: out of the archive, where it is there."""
    if edit.ticket.archived_at is not None:
        edit.set(archived_at=None)
        edit.record(EventKind.UNARCHIVED, **why)
