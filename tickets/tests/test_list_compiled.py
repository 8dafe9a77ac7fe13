"""Lists send SQL that was put together for an earlier question of the same shape: it must find the same rows."""

import datetime as dt
import uuid
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from accounts.actors import Door
from inboxops.api import pagination
from inboxops.api.pagination import COUNT_CAP, Asked, Count, parse_sort
from inboxops.compiled import Term
from inboxops.tests.factories import MembershipFactory, TicketFactory
from tickets.actions import append_message, archive_ticket, merge_tickets, transition_ticket
from tickets.api.filters import SORT_KEYS, TicketFilterSet
from tickets.api.listings import EVENTS, MESSAGES, TICKETS
from tickets.api.views import TicketViewSet
from tickets.models import Ticket
from tickets.workflow import Priority, Status
from workspaces.permissions import member_actor

# What can be asked, beside the workspace: two questions of each shape, so that the second is answered by the SQL of
# the first.
SHAPES = [
    [{}, {}],
    [{"status": ["open"]}, {"status": ["open"]}],
    [{"status": ["pending", "closed"]}, {"status": ["pending", "closed"]}],
    [{"priority": ["high", "urgent"]}, {"priority": ["high", "urgent"]}],
    [{"assignee": "none"}, {"assignee": "none"}],
    [{"assignee": 0}, {"assignee": 1}],
    [{"tags": [Term("a")]}, {"tags": [Term("b")]}],
    [{"tags": [Term("a"), Term("b")]}, {"tags": [Term("b"), Term("c")]}],
    [{"tags": [Term("a"), Term("b")], "tagsMatch": "all"}, {"tags": [Term("b"), Term("c")], "tagsMatch": "all"}],
    [
        {"tags": [Term(key) for key in "abbc"], "tagsMatch": "all"},
        {"tags": [Term(key) for key in "abcd"], "tagsMatch": "all"},
    ],
    [{"requester": Term("one@customer.example")}, {"requester": Term("two@customer.example")}],
    [{"archived": "true"}, {"archived": "true"}],
    [{"archived": "all", "merged": "true"}, {"archived": "all", "merged": "true"}],
    [{"createdAfter": 2}, {"createdAfter": 5}],
    [{"updatedAfter": 2, "createdBefore": 6}, {"updatedAfter": 1, "createdBefore": 7}],
    [{"updatedBefore": 6}, {"updatedBefore": 3}],
    [
        {"status": ["open"], "assignee": 0, "tags": [Term("a")], "archived": "all"},
        {"status": ["open"], "assignee": 1, "tags": [Term("b")], "archived": "all"},
    ],
]
SORTS = [f"{sign}{name}" for name in SORT_KEYS for sign in ("", "-")]


@pytest.fixture
def members(workspace):
    return [MembershipFactory(workspace=workspace), MembershipFactory(workspace=workspace)]


@pytest.fixture
def tickets(workspace, members, contact, actor):
    """Ten tickets that differ in everything a list can ask for."""
    made = []
    for number in range(10):
        address = "one@customer.example" if number % 2 else "two@customer.example"
        ticket = TicketFactory(
            workspace=workspace,
            subject=f"Ticket {number}",
            requester=replace(contact, email=address) if number % 3 else None,
            tags=["a", "b", "c"][number % 3 :],
            priority=[Priority.LOW, Priority.HIGH, Priority.URGENT][number % 3],
            assignee_id=[None, members[0].user_id, members[1].user_id][number % 3],
            actor=actor,
        )
        if number % 4 == 1:
            transition_ticket(ticket, to=Status.CLOSED, actor=actor)
        if number % 4 == 2:
            archive_ticket(ticket, actor=actor)
        made.append(ticket)
    merge_tickets(made[0], made[3], actor=actor)
    return made


def question_of(template, workspace, members):
    question = {"workspace": workspace.pk, **template}
    if isinstance(question.get("assignee"), int):
        question["assignee"] = members[question["assignee"]].user_id
    for name in ("createdAfter", "createdBefore", "updatedAfter", "updatedBefore"):
        if name in question:
            question[name] = Ticket.objects.order_by("created_at")[question[name]].created_at
    return question


def asked(question, sort, **kwargs):
    defaults = {"limit": 3, "offset": 0, "count": Count(COUNT_CAP), "after": None}
    return Asked(question=question, sort=sort, **{**defaults, **kwargs})


def both(listing, what):
    """The rows by the SQL that is kept, and by a queryset of this very question."""
    members = {**what.question, "sort": what.sort, "count": what.count}
    if what.after is not None:
        members["after"], members["after_id"] = what.after
    return listing.fetch(what), list(listing._page(members)[what.offset : what.offset + what.limit + 1])


def test_every_filter_has_a_shape():
    asked_for = {name for shape in SHAPES for template in shape for name in template}
    missing = set(TicketFilterSet.base_filters) - asked_for
    assert not missing, f"Put two questions into SHAPES that ask for {', '.join(sorted(missing))}."


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_every_shape_finds_what_a_queryset_would(shape, workspace, members, tickets):
    for sort, count, template in product(SORTS, (Count(COUNT_CAP), Count(None), None), SHAPES[shape]):
        question = question_of(template, workspace, members)
        kept, fresh = both(TICKETS, asked(question, parse_sort(sort, SORT_KEYS), count=count))
        assert kept == fresh


@pytest.mark.parametrize("sort", SORTS)
def test_a_page_behind_another_finds_what_a_queryset_would(sort, workspace, members, tickets):
    everything = {"archived": "all", "merged": "true"}
    for template in ({}, everything, {**everything, "search": "ticket"}):
        question, by = question_of(template, workspace, members), parse_sort(sort, SORT_KEYS)
        seen, after = [], None
        while True:
            kept, fresh = both(TICKETS, asked(question, by, after=after))
            assert kept == fresh
            seen += kept[:3]
            if len(kept) <= 3:
                break
            after = TICKETS.locate(kept[2], by)
            after = (Priority(after[0]) if "priority" in sort else after[0], after[1])
        assert len({row[0] for row in seen}) == len(seen) == kept[0][-1]


@pytest.mark.parametrize("sort", [None, "-lastMessageAt", "ticketNumber"])
@pytest.mark.parametrize(
    "text", ["ticket", "ticket 4", '"ticket 1" or "ticket 4"', "-4", "4 or -ticket", "nobody", "!!!"]
)
def test_a_search_finds_what_a_queryset_would(text, sort, workspace, members, tickets):
    by = None if sort is None else parse_sort(sort, SORT_KEYS)
    for count, offset, template in product((Count(COUNT_CAP), Count(None), None), (0, 2, 100), ({}, {"assignee": 0})):
        question = question_of({**template, "search": text}, workspace, members)
        found, expected = both(TICKETS, asked(question, by, count=count, offset=offset))
        assert found == expected


@pytest.mark.parametrize("deep", [pagination.DEEP, 1])
@pytest.mark.parametrize("offset", [0, 1, 4, 100])
def test_limits_are_values(offset, deep, workspace, tickets, monkeypatch):
    monkeypatch.setattr(pagination, "DEEP", deep)
    for limit in (1, 2, 500):
        what = asked({"workspace": workspace.pk}, parse_sort("createdAt", SORT_KEYS), offset=offset, limit=limit)
        kept, fresh = both(TICKETS, what)
        assert kept == fresh


def test_what_is_asked_twice_has_one_shape(api, tickets):
    for query in ("status=open", "status=open,open&status=open"):
        api.get(f"tickets?{query}")
    before = TICKETS._compiled._statement.cache_info().currsize
    api.get("tickets?status=open,open")

    assert TICKETS._compiled._statement.cache_info().currsize == before


def test_many_tags_that_must_all_be_there(api, workspace):
    every = [f"t{number}" for number in range(50)]
    right = TicketFactory(workspace=workspace, tags=every)
    TicketFactory(workspace=workspace, tags=every[:-1])

    for some in (every, every[:4], every[:3]):
        found = api.get("tickets", {"tags": ",".join(some), "tagsMatch": "all"}).json()
        assert str(right.pk) in [row["id"] for row in found]
        assert len(found) == (1 if some == every else 2)


def test_the_kept_sql_is_asked_for_every_workspace(workspace, outsider, outsider_ticket, tickets):
    by = parse_sort("createdAt", SORT_KEYS)

    ours = TICKETS.fetch(asked({"workspace": workspace.pk}, by, limit=100))
    theirs = TICKETS.fetch(asked({"workspace": outsider.workspace.pk}, by, limit=100))

    assert [row[0] for row in theirs] == [outsider_ticket.pk]
    assert outsider_ticket.pk not in [row[0] for row in ours]
    assert TICKETS.fetch(asked({"workspace": uuid.uuid4()}, by)) == []


@pytest.mark.parametrize("listing", [MESSAGES, EVENTS])
def test_timelines_find_what_a_queryset_would(listing, workspace, ticket, tickets, actor):
    for words in ("One.", "Two.", "Three."):
        append_message(ticket, body=words, actor=actor)
    by = parse_sort("createdAt", listing.keys)

    for chosen in (ticket, tickets[3]):
        question = {"workspace": workspace.pk, "ticket": chosen.pk}
        after = (chosen.created_at - dt.timedelta(seconds=1), uuid.uuid4())
        for where in (None, after):
            kept, fresh = both(listing, asked(question, by, after=where))
            assert kept == fresh
            assert kept


def test_the_backends_are_those_of_the_framework(api, agent, workspace, members, tickets):
    """Both steps at once: what any view of REST framework would do with them."""
    query = {"status": "open", "tags": "a,b", "search": "ticket"}
    request = Request(RequestFactory().get("/", query))
    view = SimpleNamespace(workspace=workspace, actor=member_actor(agent, Door.API))

    found = Ticket.objects.in_workspace(workspace.pk)
    for backend in TicketViewSet.filter_backends:
        found = backend().filter_queryset(request, found, view)

    assert [str(ticket.pk) for ticket in found] == [row["id"] for row in api.get("tickets", query).json()]
    assert found
