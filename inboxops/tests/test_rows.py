"""Rows written without the ORM's preparations are the rows that it would have written."""

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from inboxops.rows import insert_rows, update_row
from inboxops.tests.calls import tables_with_workspace
from tickets.models import Contact, Ticket, TicketTag
from tickets.workflow import Priority

# Those whose keys we make ourselves.
MODELS = [model for model in tables_with_workspace() if isinstance(model._meta.pk, models.UUIDField)]


def some_value(field):
    """A value that such a column can hold, and that is easily sent wrong."""
    if isinstance(field, models.ForeignKey | models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.DateTimeField):
        return dt.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=dt.UTC)
    if isinstance(field, models.JSONField):
        return {"a": [1, None, "ü", '"']}
    if isinstance(field, models.BinaryField):
        return b"\x00\xff"
    if isinstance(field, models.BooleanField):
        return True
    return 7 if isinstance(field, models.IntegerField) else "%s '\\ ü"


def sent_by(function):
    """The statements and parameters that the function would send."""
    seen = []

    def note(execute, sql, params, many, context):
        # PostgreSQL's JSON is wrapped in an object that equals nothing but itself.
        seen.append((sql, [getattr(param, "obj", param) for param in params]))

    with connection.execute_wrapper(note):
        function()
    return seen


@pytest.mark.parametrize("filled", ["what must be", "everything"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_an_insertion_is_the_one_that_django_would_send(model, filled, db):
    fields = [field for field in model._meta.concrete_fields if filled == "everything" or not field.has_default()]
    values = {field.attname: some_value(field) for field in fields if filled == "everything" or not field.null}
    row, same = model(**values), model(**values)
    same.pk = row.pk
    for field in model._meta.concrete_fields:
        setattr(same, field.attname, getattr(row, field.attname))

    assert sent_by(lambda: insert_rows([row])) == sent_by(lambda: same.save(force_insert=True))
    assert not row._state.adding


def test_several_rows_are_one_statement(ticket, django_assert_num_queries):
    rows = [TicketTag(workspace_id=ticket.workspace_id, ticket=ticket, key=key) for key in "abc"]

    with django_assert_num_queries(1):
        assert insert_rows(rows) == 3

    assert [row.key for row in TicketTag.objects.filter(ticket=ticket).order_by("key")] == ["a", "b", "c"]


def test_no_rows_are_no_statement(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert insert_rows([]) == 0


def test_a_row_that_is_there_already_is_left_alone_if_that_is_what_is_wanted(ticket):
    there = ticket.requester
    again = Contact(workspace_id=ticket.workspace_id, email="x", email_key=there.email_key, name="Somebody else")

    assert insert_rows([again], unless_there=True) == 0
    assert Contact.objects.get(email_key=there.email_key).name == there.name
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([again])


@pytest.fixture
def changed(ticket):
    """The ticket, with another value in columns of every kind, and the names of those: one of them by its column."""
    ticket.subject, ticket.priority, ticket.tags = "%s '\\ ü", Priority.URGENT, ["a", '"']
    ticket.archived_at, ticket.assignee_id, ticket.requester = ticket.created_at, None, None
    return ticket, {"subject", "priority", "tags", "archived_at", "assignee_id", "requester"}


def test_an_update_writes_what_django_would(changed):
    ticket, names = changed

    def stored_by(function):
        function()
        return Ticket.objects.values().get(pk=ticket.pk)

    before = Ticket.objects.values().get(pk=ticket.pk)
    with transaction.atomic():
        ours = stored_by(lambda: update_row(ticket, names))
        transaction.set_rollback(True)
    assert before != ours == stored_by(lambda: ticket.save(update_fields=names))


def test_an_update_leaves_other_columns_and_rows_alone(ticket, outsider_ticket):
    ticket.subject, ticket.version = "Another", 99

    update_row(ticket, {"subject"})

    stored = Ticket.objects.in_bulk()
    assert (stored[ticket.pk].subject, stored[ticket.pk].version) == ("Another", 1)
    assert stored[outsider_ticket.pk].subject == outsider_ticket.subject


def test_an_update_of_a_row_that_is_gone_is_an_error(ticket):
    with pytest.raises(DatabaseError, match="There is no Ticket"):
        update_row(Ticket(pk=uuid.uuid4(), workspace_id=ticket.workspace_id, version=2), {"version"})
