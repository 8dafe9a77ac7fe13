"""Search: finding tickets by the words in them, alike on PostgreSQL and SQLite.

`normalise` makes tokens of text, `query` reads what was typed, `document` bounds what is indexed; `postgresql` and
`sqlite` store it and answer. Actions call `index_*` and `rebuild` inside their transaction, holding the ticket's lock;
lists call `matching` or `best_first`.
"""

import uuid
from collections.abc import Sequence
from typing import Protocol

from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, Expression, F, Func, OrderBy, When, Window
from django.db.models.functions import RowNumber
from django.db.models.lookups import LessThanOrEqual

from tickets.models import Attachment, Message, Ticket
from tickets.querysets import TicketQuerySet
from tickets.search import postgresql, sqlite
from tickets.search.document import Body, Head, Words, body_of, head_of, words_of_message
from tickets.search.query import Query, parse

__all__ = [
    "RANKED",
    "best_first",
    "index_head",
    "index_message",
    "index_new_ticket",
    "install",
    "matching",
    "missing",
    "rebuild",
    "tidy",
]

# How many of the newest matches are ranked: older ones follow by date, so that a common word stays quick.
RANKED = 1_000


class Store(Protocol):
    """What a database has to offer. The modules `postgresql` and `sqlite` are the two there are."""

    STATEMENTS: dict[str, str]

    def present(self, connection: BaseDatabaseWrapper) -> set[str]: ...
    def tidy(self, connection: BaseDatabaseWrapper) -> None: ...
    def insert(self, ticket: Ticket, head: Head, body: Body) -> None: ...
    def write(self, ticket: Ticket, head: Head, body: Body) -> None: ...
    def write_head(self, ticket: Ticket, head: Head) -> bool: ...
    def append(self, ticket: Ticket, message: Words) -> bool: ...
    def found(self, workspace_id: uuid.UUID, query: Query) -> Func: ...
    def score(self, tickets: TicketQuerySet, workspace_id: uuid.UUID, query: Query, ranked: int) -> Expression: ...


def _store(connection: BaseDatabaseWrapper = default_connection) -> Store:
    return postgresql if connection.vendor == "postgresql" else sqlite


def index_new_ticket(ticket: Ticket, message: Message) -> None:
    """Make the document of a ticket just created with its first message. One statement on PostgreSQL."""
    _store().insert(ticket, head_of(ticket), body_of([message]))


def index_head(ticket: Ticket) -> None:
    """Take up a new subject, requester, tags or CCs. The messages are not read."""
    if not _store().write_head(ticket, head_of(ticket)):
        rebuild(ticket)


def index_message(ticket: Ticket, message: Message, filenames: Sequence[str] = ()) -> None:
    """Add the words of one more message, already stored, at the end. The other messages are not read."""
    words = words_of_message(message, filenames)
    if words and not _store().append(ticket, words):
        rebuild(ticket)


def rebuild(ticket: Ticket) -> None:
    """Make the document anew from what is stored: after a merge, an unmerge or a split, or because it is missing.

    Reads the messages a few at a time and stops when the document is full.
    """
    messages = Message.objects.filter(workspace_id=ticket.workspace_id, ticket=ticket).only("id", "body")
    filenames: dict[uuid.UUID, list[str]] = {}
    files = Attachment.objects.filter(workspace_id=ticket.workspace_id, message__ticket=ticket).order_by("id")
    for message_id, name in files.values_list("message_id", "filename"):
        filenames.setdefault(message_id, []).append(name)
    body = body_of(messages.order_by("created_at", "id").iterator(chunk_size=20), filenames)
    _store().write(ticket, head_of(ticket), body)


def matching(tickets: TicketQuerySet, workspace_id: uuid.UUID, text: str) -> TicketQuerySet:
    """Those of the tickets, all of this workspace, in which `text` (see `query`) finds something."""
    return _matching(tickets, workspace_id, parse(text))


def best_first(tickets: TicketQuerySet, workspace_id: uuid.UUID, text: str) -> TicketQuerySet:
    """The same tickets, ordered: the best of the newest `RANKED` matches first, then older ones by their last message.

    The order is total: equals stand by last message, then by id, newest first. Filter `tickets` before, not the
    answer after: what is ranked are the newest of those given.
    """
    query = parse(text)
    found = _matching(tickets, workspace_id, query)
    newest_first = (F("last_message_at").desc(), F("id").desc())
    if not query.wanted_phrases():
        return found.order_by(*newest_first)
    place = Window(RowNumber(), order_by=newest_first)
    score = Case(When(LessThanOrEqual(place, RANKED), then=_store().score(found, workspace_id, query, RANKED)))
    return found.order_by(OrderBy(score, descending=True, nulls_last=True), *newest_first)


def _matching(tickets: TicketQuerySet, workspace_id: uuid.UUID, query: Query) -> TicketQuerySet:
    if not query:
        return tickets.none()
    return tickets.filter(_store().found(workspace_id, query), workspace_id=workspace_id)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the columns, indexes, tables and triggers of the index that the database lacks."""
    store = _store(connection)
    have = store.present(connection)
    return [name for name in store.STATEMENTS if name not in have]


def install(connection: BaseDatabaseWrapper) -> None:
    """Make what is missing of the index. Safe to repeat; run it after every `migrate`. Fills nothing: see `rebuild`."""
    store = _store(connection)
    with connection.cursor() as cursor:
        for name in missing(connection):
            cursor.execute(store.STATEMENTS[name])


def tidy(connection: BaseDatabaseWrapper) -> None:
    """Upkeep of the index that would otherwise fall to some unlucky write: after many writes, outside web requests."""
    _store(connection).tidy(connection)
