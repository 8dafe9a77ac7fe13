"""What is sent with every request is prepared by PostgreSQL, where there is a pool of connections to keep it."""

import pytest
from django.db import DataError, connection, transaction
from django.db.models import CharField

from inboxops.compiled import CompiledQuery
from inboxops.db import prepared_cursor
from inboxops.rows import insert_rows, update_row
from tickets.models import Ticket, TicketTag

pytestmark = pytest.mark.postgresql

ASKED = CompiledQuery(lambda subject: Ticket.objects.filter(subject=subject).values_list("number"), CharField())


@pytest.fixture
def preparing(db):
    """A connection like those of the pool, but for statements being prepared the first time they are sent."""
    connection.ensure_connection()
    before, connection.connection.prepare_threshold = connection.connection.prepare_threshold, 0
    yield
    connection.connection.prepare_threshold = before


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


def test_a_compiled_query_is_prepared_once(preparing, ticket):
    for subject in (ticket.subject, "another", ticket.subject):
        assert ASKED.rows(subject) == ([(ticket.number,)] if subject == ticket.subject else [])

    assert len([sql for sql in prepared() if '"subject" = $1' in sql]) == 1


def test_rows_are_written_by_prepared_statements(preparing, ticket):
    for key in "ab":
        insert_rows([TicketTag(workspace_id=ticket.workspace_id, ticket_id=ticket.pk, key=key)])
        ticket.version += 1
        update_row(ticket, {"version"})

    assert [sql.partition(" (")[0] for sql in prepared() if "tickettag" in sql] == ['INSERT INTO "tickets_tickettag"']
    assert 'UPDATE "tickets_ticket" SET "version" = $1 WHERE "id" = $2' in prepared()
    assert TicketTag.objects.filter(ticket=ticket).count() == 2
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version


def test_what_failed_can_be_asked_again(preparing, ticket):
    for _ in range(3):
        with pytest.raises(DataError), transaction.atomic(), prepared_cursor() as cursor:
            cursor.execute("SELECT 1 / %s", [0])
        assert ASKED.rows(ticket.subject) == [(ticket.number,)]


def test_calls_do_the_same_when_everything_is_prepared(preparing, api, ticket):
    for number in range(1, 4):
        created = api.post(
            "tickets", {"subject": f"n{number}", "body": "b", "tags": ["x", "y"], "ccs": ["a@b.example"]}
        )
        added = api.post(f"tickets/{ticket.pk}/messages", {"body": f"m{number} " * 50 * number, "sendEmail": True})
        merged = api.post(f"tickets/{created.json()['id']}/merge", {"targetTicketId": str(ticket.pk)})
        assert (created.status_code, added.status_code, merged.status_code) == (201, 201, 200)

    shown = api.get(f"tickets/{ticket.pk}").json()
    assert (shown["messageCount"], shown["tags"], shown["ccs"]) == (7, ["x", "y"], ["a@b.example"])
    assert [found["id"] for found in api.get("tickets", {"search": "m1 m3"}).json()] == [str(ticket.pk)]


def test_a_conversation_is_planned_for_its_ticket(preparing, api, ticket):
    for _ in range(3):
        assert api.get(f"tickets/{ticket.pk}").status_code == 200

    assert not [sql for sql in prepared() if "running" in sql]


def test_statements_are_prepared_where_there_is_a_pool_and_nowhere_else(ticket):
    for _ in range(10):
        ASKED.rows(ticket.subject)

    with_pool = "pool" in connection.settings_dict["OPTIONS"]
    assert any('"subject" = $1' in sql for sql in prepared()) == with_pool
