"""Search in SQLite: our tokens in an FTS5 table whose rows have the numbers of `SearchDocument`.

FTS5's own tokeniser has nothing left to decide: `ascii` splits at spaces and leaves alone what is not ASCII, and our
tokens are lower-case letters and digits there (`normalise`). So both stores see exactly the same tokens, and a quoted
string needs no escape.

The workspace is a token of each row, in a column of its own: the index itself leaves the other workspaces out.
"""

import uuid

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, FloatField, Func, Subquery, Value
from django.db.models.expressions import RawSQL

from tickets.models import SearchDocument, Ticket
from tickets.querysets import TicketQuerySet
from tickets.search.document import BODY_BYTES, BODY_POSITIONS, Body, Head, Words
from tickets.search.query import Clause, Phrase, Query, Term

STATEMENTS = {
    "tickets_search": (
        "CREATE VIRTUAL TABLE tickets_search USING fts5"
        "(ws, title, head, body, body_positions UNINDEXED, body_bytes UNINDEXED, tokenize = 'ascii')"
    ),
    # A table that Django rebuilds loses its triggers; `install` brings this one back.
    "tickets_searchdocument_words_delete": (
        "CREATE TRIGGER tickets_searchdocument_words_delete AFTER DELETE ON tickets_searchdocument"
        " BEGIN DELETE FROM tickets_search WHERE rowid = OLD.id; END"
    ),
}

_WORDS = "{title head body} :"
# How much a word weighs in `ws, title, head, body`.
_WEIGHTS = "0.0, 10.0, 4.0, 1.0"


def present(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the tables and triggers that the database has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')")
        return {row[0] for row in cursor.fetchall()}


def tidy(connection: BaseDatabaseWrapper) -> None:
    """Nothing: FTS5 merges its segments as it writes."""


def insert(ticket: Ticket, head: Head, body: Body) -> None:
    """Store the document of a ticket that has none."""
    document = SearchDocument.objects.create(workspace_id=ticket.workspace_id, ticket=ticket)
    _write(document, head, body)


def write(ticket: Ticket, head: Head, body: Body) -> None:
    """Store the document of a ticket, in place of the one it may have."""
    document, _ = SearchDocument.objects.get_or_create(ticket=ticket, defaults={"workspace_id": ticket.workspace_id})
    _write(document, head, body)


def _write(document: SearchDocument, head: Head, body: Body) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO tickets_search (rowid, ws, title, head, body, body_positions, body_bytes)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                document.pk,
                document.workspace_id.hex,
                head.title.text(),
                head.rest.text(),
                body.words.text(),
                body.used_positions,
                body.used_bytes,
            ],
        )


_ROW = "rowid = (SELECT id FROM tickets_searchdocument WHERE ticket_id = %s)"


def write_head(ticket: Ticket, head: Head) -> bool:
    """Replace the head. False when the ticket has no document."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE tickets_search SET title = %s, head = %s WHERE {_ROW}",  # noqa: S608 - a constant
            [head.title.text(), head.rest.text(), ticket.pk.hex],
        )
        return bool(cursor.rowcount == 1)


def append(ticket: Ticket, message: Words) -> bool:
    """Add a message by the rule of `document.Body.add`. False when the ticket has no document."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rowid, body_positions, body_bytes FROM tickets_search WHERE {_ROW}",  # noqa: S608 - a constant
            [ticket.pk.hex],
        )
        row = cursor.fetchone()
        if row is None:
            return False
        number, used_positions, used_bytes = row
        with_positions = used_positions + len(message.stream) <= BODY_POSITIONS
        if used_bytes + message.size > BODY_BYTES:
            added = ""
        else:
            added = " " + (message.text() if with_positions else message.text_without_positions())
        cursor.execute(
            "UPDATE tickets_search SET body = body || %s, body_positions = %s, body_bytes = %s WHERE rowid = %s",
            [
                added,
                min(used_positions + len(message.stream), BODY_POSITIONS),
                min(used_bytes + message.size, BODY_BYTES + 1),
                number,
            ],
        )
        return True


# CROSS JOIN fixes the order: left to choose, SQLite may ask the index once per ticket, which takes seconds.
_MATCHING = (
    "FROM tickets_search CROSS JOIN tickets_searchdocument AS document ON document.id = tickets_search.rowid"
    " WHERE tickets_search MATCH"
)


def found(workspace_id: uuid.UUID, query: Query) -> Func:
    """Whether a ticket matches: a condition. The index is asked once, for all tickets of the workspace."""
    ids = RawSQL(f"SELECT document.ticket_id {_MATCHING} %s", (match(workspace_id, query),))  # noqa: S611 - only constants
    return Func(F("id"), ids, template="%(expressions)s", arg_joiner=" IN ", output_field=BooleanField())


def score(tickets: TicketQuerySet, workspace_id: uuid.UUID, query: Query, ranked: int) -> Func:
    """How well a ticket matches: more is better. To be asked of the newest `ranked` of these matches.

    Materialised, and so computed once for all tickets: BM25 (which is negative where it is good) begins with a count
    over the whole index, and takes its time for each row, too.
    """
    newest = tickets.order_by("-last_message_at", "-id").values("id")[:ranked]
    scored = Func(
        Value(match(workspace_id, query)),
        Subquery(newest),
        template=f"(SELECT document.ticket_id, -bm25(tickets_search, {_WEIGHTS}) AS score {_MATCHING} %(expressions)s)",
        arg_joiner=" AND document.ticket_id IN ",
    )
    return Func(
        scored,
        F("id"),
        template="(WITH scored AS MATERIALIZED %(expressions)s)",
        arg_joiner=" SELECT score FROM scored WHERE ticket_id = ",
        output_field=FloatField(),
    )


def match(workspace_id: uuid.UUID, query: Query) -> str:
    """The query in the language of FTS5. Each clause begins with the workspace: so it holds on its own, too, when
    there is nothing in it but exclusions."""
    return " OR ".join(f"({_clause(workspace_id, clause)})" for clause in query.clauses)


def _clause(workspace_id: uuid.UUID, clause: Clause) -> str:
    wanted = " AND ".join([f'(ws : "{workspace_id.hex}")'] + [_term(term) for term in clause.wanted])
    if not clause.unwanted:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(_term(term) for term in clause.unwanted)})"


def _term(term: Term) -> str:
    return f"({_WORDS} ({' OR '.join(_phrase(phrase) for phrase in term)}))"


def _phrase(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.tokens)}"{" *" if phrase.is_prefix else ""}'
