"""How every action writes: tickets under lock, what changed, and the events that say so, saved together.

    with editing(ticket, actor=actor, if_version=if_version) as edit:
        edit.set(archived_at=edit.now)
        edit.record(EventKind.ARCHIVED)

Leaving the block writes the changed columns, raises the version once, stores the events and keeps the search index
in step. A change without an event is a programming error.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from accounts.actors import Access, Actor
from accounts.events import actor_fields
from inboxops import clock
from inboxops.compiled import CompiledQuery
from inboxops.errors import NotFound, VersionMismatch
from inboxops.rows import insert_rows, update_row
from tickets import search
from tickets.errors import TicketMerged
from tickets.models import Ticket, TicketEvent
from tickets.querysets import TicketQuerySet
from tickets.workflow import EventKind
from workspaces.models import Workspace

# What the head of the search document is made of.
_SEARCHED_FIELDS = {"subject", "tags", "requester", "ccs"}


class TicketEdit:
    """One locked ticket with the changes and events of one action. `now` is the action's only moment."""

    def __init__(self, ticket: Ticket, actor: Actor, now: dt.datetime | None = None) -> None:
        self.ticket = ticket
        self.actor = actor
        # Never before the ticket's last change: clocks of two machines may disagree, its history may not.
        self.now = max(now or clock.now(), ticket.updated_at)
        self._fields: set[str] = set()
        self._events: list[TicketEvent] = []

    def set(self, **fields: Any) -> None:
        """Change columns of the ticket (foreign keys by object)."""
        for name, value in fields.items():
            setattr(self.ticket, name, value)
            self._fields.add(name)

    def record(self, kind: EventKind, **data: Any) -> None:
        """Note what happened, with whatever tells it: usually `before` and `after`."""
        self._events.append(new_event(self.ticket, kind, self.actor, self.now, data))

    def save(self) -> None:
        """Write everything. Nothing changed and nothing recorded: nothing written."""
        if not self._fields and not self._events:
            return
        assert self._events, "A change of a ticket must record an event: call edit.record()."
        self.ticket.version += 1
        self.ticket.updated_at = self.now
        update_row(self.ticket, {*self._fields, "version", "updated_at"})
        insert_rows(self._events)
        if self._fields & _SEARCHED_FIELDS:
            search.index_head(self.ticket)
        self._fields, self._events = set(), []


def new_event(ticket: Ticket, kind: EventKind, actor: Actor, now: dt.datetime, data: dict[str, Any]) -> TicketEvent:
    """An event that is not yet stored."""
    return TicketEvent(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.pk,
        kind=kind,
        data=data,
        created_at=now,
        **actor_fields(actor),
    )


@contextmanager
def editing(ticket: Ticket, *, actor: Actor, if_version: int | None = None) -> Iterator[TicketEdit]:
    """Lock the ticket, read it anew, and save what the block changes.

    Refuses an actor without write access, a ticket that was merged (TicketMerged), and one whose version is not
    `if_version` (VersionMismatch; RFC 9110, section 13.2.1: after what would be refused anyway).
    """
    actor.must(Access.WRITE, ticket.workspace_id)
    locked = lock_ticket(ticket.workspace_id, ticket.pk)
    must_not_be_merged(locked)
    must_have_version(locked, if_version)
    edit = TicketEdit(locked, actor)
    yield edit
    edit.save()


def _locking(workspace_id: uuid.UUID) -> TicketQuerySet:
    """Tickets of the workspace, locked as they are read.

    `no_key`: messages and events may go on referring to them; only other changes wait.
    """
    tickets = Ticket.objects.in_workspace(workspace_id)
    return tickets.select_for_update(no_key=True, of=("self",)).select_related("requester")


_LOCK = CompiledQuery(
    lambda workspace_id, ticket_id: _locking(workspace_id).filter(pk=ticket_id),
    Ticket._meta.get_field("workspace_id"),
    Ticket._meta.get_field("id"),
)


def lock_ticket(workspace_id: uuid.UUID, ticket_id: uuid.UUID) -> Ticket:
    """The ticket, locked and read anew. Raises NotFound when there is none."""
    ticket: Ticket | None = _LOCK.first(workspace_id, ticket_id)
    if ticket is None:
        raise NotFound
    return ticket


def lock_tickets(workspace_id: uuid.UUID, ticket_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Ticket]:
    """The tickets by id, locked in the order of their ids and read anew. Raises NotFound when one is missing."""
    wanted = sorted(set(ticket_ids))
    found = {ticket.pk: ticket for ticket in _locking(workspace_id).filter(pk__in=wanted).order_by("pk")}
    if len(found) != len(wanted):
        raise NotFound
    return found


_LOCK_STRUCTURE = CompiledQuery(
    lambda workspace_id: Workspace.objects.select_for_update(no_key=True).filter(pk=workspace_id).values_list("id"),
    Workspace._meta.get_field("id"),
)


def lock_structure(workspace_id: uuid.UUID) -> None:
    """Merges, unmerges and splits of a workspace come one at a time: take this lock before any ticket's."""
    _LOCK_STRUCTURE.rows(workspace_id)


def must_not_be_merged(ticket: Ticket) -> None:
    """Raises TicketMerged, with the ticket that carries on, for a merged one."""
    if ticket.is_merged:
        raise TicketMerged(mergedIntoId=ticket.merged_into_id)


def must_have_version(ticket: Ticket, if_version: int | None) -> None:
    """Raises VersionMismatch when a version is asked for and the ticket has another."""
    if if_version is not None and ticket.version != if_version:
        raise VersionMismatch(version=ticket.version)
