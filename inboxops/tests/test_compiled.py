import gc
import uuid
import weakref

import pytest
from django.db.models import Count

from inboxops.compiled import CompiledQuery, CompiledShapes, Term
from inboxops.tests.factories import TicketFactory
from tickets.models import Ticket

COLUMNS = ("id", "number", "subject", "created_at", "closed_at", "tags", "requester__email", "workspace__slug")
FIELDS = (Ticket._meta.get_field("workspace_id"), Ticket._meta.get_field("subject"))


def by_subject(workspace_id, subject):
    return Ticket.objects.filter(workspace_id=workspace_id, subject=subject, archived_at=None).values_list(*COLUMNS)


@pytest.fixture
def query():
    return CompiledQuery(by_subject, *FIELDS)


def test_the_rows_are_those_of_the_queryset(query, workspace):
    for subject in ("one", "two", "two"):
        TicketFactory(workspace=workspace, subject=subject, tags=["a"])

    for subject in ("one", "two", "three"):
        expected = list(by_subject(workspace.pk, subject).order_by("id"))
        assert sorted(query.rows(workspace.pk, subject)) == expected


def test_the_second_time_nothing_is_compiled(query, ticket, django_assert_num_queries, monkeypatch):
    query.rows(ticket.workspace_id, ticket.subject)
    monkeypatch.setattr(query, "_build", None)

    with django_assert_num_queries(1):
        assert len(query.rows(ticket.workspace_id, ticket.subject)) == 1


@pytest.mark.parametrize("text", ["%s", "'; --", "\\", "two", "ünï", ""])
def test_values_are_values_whatever_they_say(query, ticket, text):
    assert query.rows(ticket.workspace_id, text) == []


def test_another_workspaces_rows_stay_away(query, ticket, outsider):
    assert query.rows(outsider.workspace.pk, ticket.subject) == []
    assert query.rows(uuid.uuid4(), ticket.subject) == []


def test_a_parameter_that_does_not_reach_the_statement_is_a_mistake(db):
    query = CompiledQuery(lambda subject: Ticket.objects.filter(number=1).values_list("id"), FIELDS[1])

    with pytest.raises(TypeError, match="must stand in the query"):
        query.rows("one")


@pytest.fixture
def models_query():
    return CompiledQuery(
        lambda workspace_id, subject: by_subject_as_models(workspace_id, subject).select_for_update(of=("self",)),
        *FIELDS,
    )


def by_subject_as_models(workspace_id, subject):
    return Ticket.objects.filter(workspace_id=workspace_id, subject=subject).select_related("requester", "assignee")


def test_instances_are_those_of_the_queryset(models_query, ticket, workspace, django_assert_num_queries):
    TicketFactory(workspace=workspace, subject=ticket.subject, requester=None)
    expected = {row.pk: row for row in by_subject_as_models(workspace.pk, ticket.subject)}

    found = models_query.rows(workspace.pk, ticket.subject)

    assert len(found) == 2
    with django_assert_num_queries(0):
        for row in found:
            same = expected[row.pk]
            for field in Ticket._meta.concrete_fields:
                assert getattr(row, field.attname) == getattr(same, field.attname), field.name
            assert (row.requester, row.assignee) == (same.requester, same.assignee)
            assert (row._state.adding, row._state.db) == (same._state.adding, same._state.db)


def test_instances_can_be_saved(models_query, ticket):
    found = models_query.first(ticket.workspace_id, ticket.subject)
    found.subject = "Another"
    found.save()

    assert Ticket.objects.get(pk=ticket.pk).subject == "Another"


def test_the_first_of_none_is_none(models_query, workspace):
    assert models_query.first(workspace.pk, "nobody asked this") is None


def by_question(question):
    tickets = Ticket.objects.filter(workspace_id=question["workspace"])
    if "subjects" in question:
        tickets = tickets.filter(subject__in=question["subjects"])
    return tickets.order_by(question["sort"]).values_list("number")


@pytest.fixture
def shapes():
    return CompiledShapes(by_question, kept=2)


def test_one_shape_is_compiled_once(shapes, ticket, monkeypatch):
    question = {"workspace": ticket.workspace_id, "subjects": [Term(ticket.subject), Term("x")], "sort": "number"}
    assert shapes.rows(question, limit=5) == [(ticket.number,)]
    monkeypatch.setattr(shapes, "_build", None)

    assert shapes.rows(question, limit=5) == [(ticket.number,)]
    assert shapes.rows({**question, "subjects": [Term("x"), Term("y")]}, limit=5) == []
    assert shapes.rows({**question, "workspace": uuid.uuid4()}, limit=5) == []
    with pytest.raises(TypeError):
        shapes.rows({**question, "sort": "-number"}, limit=5)


def test_a_statement_is_kept_without_the_queryset_it_came_from(ticket):
    made = []

    def build(question):
        queryset = by_question(question).annotate(more=Count("tag_rows"))
        made.append(weakref.ref(queryset.query))
        return queryset

    shapes = CompiledShapes(build)
    assert shapes.rows({"workspace": ticket.workspace_id, "sort": "id"}, limit=1)
    gc.collect()

    assert made[0]() is None


def test_as_many_shapes_are_kept_as_were_asked_for(shapes, ticket):
    question = {"workspace": ticket.workspace_id, "sort": "number"}

    for sort in ("number", "-number", "id", "-id"):
        assert shapes.rows({**question, "sort": sort}, limit=1) == [(ticket.number,)]

    assert shapes._statement.cache_info().currsize == 2


@pytest.mark.parametrize("text", ["%s", "'; --", "\\", "ünï", ""])
def test_terms_are_values_whatever_they_say(shapes, ticket, text):
    assert shapes.rows({"workspace": ticket.workspace_id, "subjects": [Term(text)], "sort": "id"}, limit=5) == []


def test_a_value_that_becomes_part_of_something_else_is_a_mistake(db):
    shapes = CompiledShapes(lambda asked: Ticket.objects.filter(subject__contains=asked["word"]).values_list("id"))

    with pytest.raises(TypeError, match="must stand in the query"):
        shapes.rows({"word": Term("lamp")}, limit=1)
