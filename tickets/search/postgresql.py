"""Search in PostgreSQL: our tokens in a tsvector beside each ticket, found by one GIN index that begins with the
workspace.

PostgreSQL's own parser and dictionaries are passed by: vectors and queries are written as literals, so both stores
see exactly the same tokens. Tokens are letters, digits and marks (`normalise`), so a quoted literal needs no escape.

Columns of `tickets_searchdocument` that Django does not know (migration 0002): `head`, `body`, the two joined in
`tsv`, and how much of the bounds the body has used up. Appending a message writes one row and reads nothing.
"""

import uuid
from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, FloatField, Func, OuterRef, Subquery
from django.db.models.expressions import RawSQL

from inboxops.db import prepared_cursor
from tickets.models import SearchDocument, Ticket
from tickets.querysets import TicketQuerySet
from tickets.search.document import BODY_BYTES, BODY_POSITIONS, GAP, Body, Head, Words
from tickets.search.query import Clause, Phrase, Query, Term

STATEMENTS = {
    "tickets_searchdocument.head": "ALTER TABLE tickets_searchdocument ADD COLUMN head tsvector NOT NULL DEFAULT ''",
    "tickets_searchdocument.body": "ALTER TABLE tickets_searchdocument ADD COLUMN body tsvector NOT NULL DEFAULT ''",
    "tickets_searchdocument.body_positions": (
        "ALTER TABLE tickets_searchdocument ADD COLUMN body_positions integer NOT NULL DEFAULT 0"
    ),
    "tickets_searchdocument.body_bytes": (
        "ALTER TABLE tickets_searchdocument ADD COLUMN body_bytes integer NOT NULL DEFAULT 0"
    ),
    "tickets_searchdocument.tsv": (
        "ALTER TABLE tickets_searchdocument ADD COLUMN tsv tsvector GENERATED ALWAYS AS (head || body) STORED"
    ),
    "tickets_searchdocument_words": (
        "CREATE INDEX tickets_searchdocument_words ON tickets_searchdocument USING gin (workspace_id, tsv)"
    ),
}


def present(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the columns and indexes that the table has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = 'tickets_searchdocument'"
            " UNION SELECT indexname FROM pg_indexes"
            " WHERE schemaname = current_schema() AND tablename = 'tickets_searchdocument'"
        )
        return {row[0] for row in cursor.fetchall()}


def tidy(connection: BaseDatabaseWrapper) -> None:
    """Sort in what appends have left in the index's waiting list. Otherwise the append that fills the list does it,
    and takes some hundred times as long as the others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('tickets_searchdocument_words')")


def insert(ticket: Ticket, head: Head, body: Body) -> None:
    """Store the document of a ticket that has none."""
    with prepared_cursor() as cursor:
        cursor.execute(_INSERT, row_of(ticket, head, body))


def write(ticket: Ticket, head: Head, body: Body) -> None:
    """Store the document of a ticket, in place of the one it may have."""
    with prepared_cursor() as cursor:
        cursor.execute(
            f"{_INSERT} ON CONFLICT (ticket_id) DO UPDATE SET head = excluded.head, body = excluded.body,"
            " body_positions = excluded.body_positions, body_bytes = excluded.body_bytes",
            row_of(ticket, head, body),
        )


_INSERT = (
    "INSERT INTO tickets_searchdocument (workspace_id, ticket_id, head, body, body_positions, body_bytes)"
    " VALUES (%s, %s, %s::tsvector, %s::tsvector, %s, %s)"
)


def row_of(ticket: Ticket, head: Head, body: Body) -> list[uuid.UUID | str | int]:
    """A document as it is stored: workspace, ticket, head, body, and what of the bounds is used up."""
    return [
        ticket.workspace_id,
        ticket.pk,
        _head_literal(head),
        vector_literal([(body.words, "")]),
        body.used_positions,
        body.used_bytes,
    ]


def write_head(ticket: Ticket, head: Head) -> bool:
    """Replace the head. False when the ticket has no document."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_searchdocument SET head = %s::tsvector WHERE ticket_id = %s",
            [_head_literal(head), ticket.pk],
        )
        return bool(cursor.rowcount == 1)


def append(ticket: Ticket, message: Words) -> bool:
    """Add a message by the rule of `document.Body.add`. False when the ticket has no document."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_searchdocument SET"
            " body_bytes = LEAST(body_bytes + %(bytes)s, %(max_bytes)s + 1),"
            " body_positions = LEAST(body_positions + %(positions)s, %(max_positions)s),"
            # The operator moves the new positions behind the old ones.
            " body = CASE"
            "  WHEN body_bytes + %(bytes)s > %(max_bytes)s THEN body"
            "  WHEN body_positions + %(positions)s <= %(max_positions)s THEN body || %(words)s::tsvector"
            "  ELSE body || strip(%(words)s::tsvector) END"
            " WHERE ticket_id = %(ticket)s",
            {
                "ticket": ticket.pk,
                "words": vector_literal([(message, "")]),
                "positions": len(message.stream),
                "bytes": message.size,
                "max_positions": BODY_POSITIONS,
                "max_bytes": BODY_BYTES,
            },
        )
        return bool(cursor.rowcount == 1)


def found(workspace_id: uuid.UUID, query: Query) -> Func:
    """Whether a ticket of the workspace matches: a condition. The index is asked once, for all of them.

    Left to choose, PostgreSQL would at times ask ticket after ticket in the order of the list (without end for a rare
    word) or read every document (for a common word: it takes a long tsvector to be as cheap as a number). So the ids
    are an array, made beforehand, and the query comes out of a SELECT, which hides from the planner how common its
    words are.
    """
    matches = "SELECT ticket_id FROM tickets_searchdocument WHERE workspace_id = %s AND tsv @@ (SELECT %s::tsquery)"
    if all(clause.wanted for clause in query.clauses):
        sql, literal, operator = f"ARRAY({matches})", query_literal(query), " = ANY "
    else:
        # A query that tickets match by what they lack would read the whole index: the others, in a hash table, are
        # left out instead.
        sql, literal, operator = matches, _opposite_literal(query), " NOT IN "
    ids = RawSQL(sql, (workspace_id, literal))  # noqa: S611 - only constants
    return Func(F("id"), ids, template="%(expressions)s", arg_joiner=operator, output_field=BooleanField())


def score(tickets: TicketQuerySet, workspace_id: uuid.UUID, query: Query, ranked: int) -> Subquery:
    """How well a ticket matches: more is better. To be asked of few tickets: each document is fetched.

    It weighs where words stand and how often, relative to the length of the document.
    """
    rank = RawSQL("ts_rank(tsv, %s::tsquery, 1)", (_rank_literal(query),), FloatField())
    documents = SearchDocument.objects.filter(workspace_id=workspace_id, ticket=OuterRef("id"))
    return Subquery(documents.annotate(rank=rank).values("rank"))


def _head_literal(head: Head) -> str:
    return vector_literal([(head.title, "A"), (head.rest, "B")])


def vector_literal(parts: Iterable[tuple[Words, str]]) -> str:
    """A tsvector of words one after the other, each part with its weight."""
    places: dict[str, list[str]] = {}
    position = 0
    for words, weight in parts:
        for token in words.stream:
            position += 1
            if token != GAP:
                places.setdefault(token, []).append(f"{position}{weight}")
        for token in words.loose:
            places.setdefault(token, [])
    return " ".join(
        f"'{token}':{','.join(positions)}" if positions else f"'{token}'" for token, positions in places.items()
    )


def query_literal(query: Query) -> str:
    """The query as a tsquery."""
    return " | ".join(f"({_clause(clause)})" for clause in query.clauses)


def _opposite_literal(query: Query) -> str:
    """What is true of the tickets that do not match a query with a clause of nothing but exclusions."""
    return " & ".join(
        f"!({_clause(clause)})" if clause.wanted else f"({' | '.join(_term(term) for term in clause.unwanted)})"
        for clause in query.clauses
    )


def _clause(clause: Clause) -> str:
    return " & ".join([_term(term) for term in clause.wanted] + [f"!{_term(term)}" for term in clause.unwanted])


def _term(term: Term) -> str:
    return f"({' | '.join(_phrase(phrase) for phrase in term)})"


def _phrase(phrase: Phrase) -> str:
    *before, last = (f"'{token}'" for token in phrase.tokens)
    return f"({' <-> '.join([*before, f'{last}:*' if phrase.is_prefix else last])})"


def _rank_literal(query: Query) -> str:
    """Any of the words wanted. Not the query itself: with AND, ts_rank compares every position of every word with
    every other, which a long mail and a long query turn into minutes; with OR it counts."""
    words: dict[str, None] = {}
    for phrase in query.wanted_phrases():
        *before, last = (f"'{token}'" for token in phrase.tokens)
        words |= dict.fromkeys([*before, f"{last}:*" if phrase.is_prefix else last])
    return " | ".join(words)
