"""Pages of a bare array: bounds, totals, links and cursors; and what can be asked in a query string at all."""

import base64
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.actors import operator
from inboxops import clock
from inboxops.api import pagination
from inboxops.tests.calls import World, prepare
from inboxops.tests.factories import MembershipFactory, TicketFactory
from inboxops.tests.routes import routes
from tickets.actions import Changes, append_message, transition_ticket, update_ticket
from tickets.workflow import Priority, Status
from workspaces.actions import create_token
from workspaces.models import Scope

READS = [route for route in routes() if route.method == "GET"]
LISTS = [route for route in READS if "limit" in route.query]
SORTED = [route for route in LISTS if "sort" in route.query]

HOST = "http://testserver"
CURSOR_OF = "01999999-9999-7999-8999-999999999999"


@pytest.fixture
def world(workspace):
    return World(workspace)


@pytest.fixture
def seven(workspace):
    """Seven tickets, the oldest first."""
    return [TicketFactory(workspace=workspace, subject=f"Ticket {n}") for n in range(7)]


def links_of(response):
    """The targets of the Link header by relation (RFC 8288), without the host they all name."""
    entries = re.findall(r'<([^<>]*)>; rel="([\w-]+)"', response["Link"])
    assert response["Link"] == ", ".join(f'<{target}>; rel="{rel}"' for target, rel in entries)
    assert len({rel for _, rel in entries}) == len(entries)
    assert all(target.startswith(HOST) for target, _ in entries)
    return {rel: target.removeprefix(HOST) for target, rel in entries}


def query_of(target):
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def cursor_of(*content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def named(problem, response, code=None):
    """Assert that exactly one parameter is wrong; answers its name."""
    document = problem(response, 400, "invalid")
    [error] = document["errors"]
    if code:
        assert error["code"] == code
    return error["parameter"]


# Bounds


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_list_is_a_bare_array_with_its_total(route, world, admin_api):
    world.conversation(), world.mailbox()
    response = prepare(route, world).send(admin_api)

    assert isinstance(response.json(), list)
    assert int(response["X-Total-Count"]) == len(response.json()) > 0
    assert "X-Total-Count-Capped" not in response


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("limit", value) for value in ("0", "501", "-1", "", " 5", "5 ", "+5", "1_0", "5.0", "ten", "٥", "9" * 400)],
        *[("offset", value) for value in ("-1", "1000000001", "", "one", "0x1", "²", "9" * 5_000)],
        *[("count", value) for value in ("", "all", "EXACT", "1")],
    ],
    ids=lambda value: repr(value[:12]),
)
@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_parameter_out_of_range_is_named(route, world, admin_api, problem, name, value):
    assert named(problem, prepare(route, world).send(admin_api, query={name: value})) == name


@pytest.mark.parametrize("route", READS, ids=str)
def test_an_unknown_parameter_is_named_with_every_other(route, world, admin_api, problem):
    response = prepare(route, world).send(admin_api, query={"limt": "1", "pge": "2"})

    errors = problem(response, 400, "invalid")["errors"]
    assert {(error["parameter"], error["code"]) for error in errors} == {
        ("limt", "unknown_parameter"),
        ("pge", "unknown_parameter"),
    }


@pytest.mark.parametrize("route", [route for route in routes() if route.method != "GET"], ids=str)
def test_what_is_written_takes_no_parameters(route, world, admin_api, problem):
    response = prepare(route, world).send(admin_api, query={"limit": "1"})

    assert named(problem, response, "unknown_parameter") == "limit"


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_parameter_given_twice_is_named_unless_it_may_repeat(route, world, admin_api, problem):
    call = prepare(route, world)

    for parameter in route.call.parameters:
        response = call.send(admin_api, query={parameter.name: ["1", "1"]})
        if parameter.several:
            assert b'"repeated"' not in response.content
        else:
            assert named(problem, response, "repeated") == parameter.name


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_nul_in_any_parameter_is_named(route, world, admin_api, problem):
    call = prepare(route, world)

    for name in route.query:
        assert named(problem, call.send(admin_api, query={name: "a\x00b"}), "nul_character") == name


def test_a_query_of_a_thousand_parameters_is_refused(api, problem):
    problem(api.get("tickets", {f"p{n}": "1" for n in range(2_000)}), 400, "bad_request")


@pytest.mark.parametrize("name", ["tags", "status", "priority"])
def test_a_filter_takes_fifty_values_at_most(api, problem, name):
    value = {"tags": [f"t{n}" for n in range(51)], "status": ["open"] * 51, "priority": ["low"] * 51}[name]

    assert named(problem, api.get("tickets", {name: ",".join(value)}), "too_many") == name
    assert named(problem, api.get("tickets", {name: value}), "too_many") == name


@pytest.mark.parametrize("match", ["any", "all"])
def test_fifty_tags_are_looked_for(api, workspace, match):
    tags = [f"t{n}" for n in range(50)]
    TicketFactory(workspace=workspace, tags=tags)

    assert len(api.get("tickets", {"tags": ",".join(tags), "tagsMatch": match}).json()) == 1


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"sort": "subject"}, "sort"),
        ({"sort": ""}, "sort"),
        ({"sort": "-"}, "sort"),
        ({"sort": "--createdAt"}, "sort"),
        ({"sort": "createdAt,priority"}, "sort"),
        ({"sort": "created_at"}, "sort"),
    ],
)
@pytest.mark.parametrize("route", SORTED, ids=str)
def test_an_unknown_order_is_named(route, world, admin_api, problem, query, parameter):
    assert named(problem, prepare(route, world).send(admin_api, query=query), "unknown_choice") == parameter


# Totals


def test_the_count_stops_at_its_cap_and_says_so(api, seven, monkeypatch):
    monkeypatch.setattr(pagination, "COUNT_CAP", 6)

    capped, exact = api.get("tickets", {"limit": 2}), api.get("tickets", {"limit": 2, "count": "exact"})

    assert (capped["X-Total-Count"], capped["X-Total-Count-Capped"]) == ("6", "true")
    assert "last" not in links_of(capped)
    assert exact["X-Total-Count"] == "7"
    assert "X-Total-Count-Capped" not in exact
    assert query_of(links_of(exact)["last"])["offset"] == "6"


def test_a_count_of_exactly_the_cap_is_known(api, seven, monkeypatch):
    monkeypatch.setattr(pagination, "COUNT_CAP", 7)

    response = api.get("tickets")

    assert response["X-Total-Count"] == "7"
    assert "X-Total-Count-Capped" not in response


def test_the_real_cap_is_ten_thousand():
    assert pagination.COUNT_CAP == 10_000


def test_no_count_saves_a_query(api, seven, django_assert_num_queries):
    api.get("tickets")
    with django_assert_num_queries(2):
        response = api.get("tickets", {"count": "none"})

    assert "X-Total-Count" not in response
    assert "last" not in links_of(response)


@pytest.mark.parametrize("query", [{}, {"search": "ticket"}, {"status": "open"}, {"cursor": None}])
def test_the_total_counts_what_the_filters_leave_whatever_the_page(api, seven, query):
    transition_ticket(seven[0], to=Status.CLOSED, actor=operator())
    if "cursor" in query:
        query = {"cursor": api.get("tickets", {"limit": 1})["X-Next-Cursor"]}

    assert api.get("tickets", {**query, "limit": 1})["X-Total-Count"] == ("6" if "status" in query else "7")


# Links


def test_the_links_lead_to_every_page_and_back(api, seven):
    relations = {}
    target = f"{api.url('tickets')}?limit=3&sort=ticketNumber&count=exact"
    for page in ([1, 2, 3], [4, 5, 6], [7]):
        response = api.get(target)
        assert [ticket["ticketNumber"] for ticket in response.json()] == page
        relations[page[0]] = links = links_of(response)
        assert all(query_of(link)["limit"] == "3" for link in links.values())
        target = links.get("next")
    assert target is None

    assert set(relations[1]) == {"first", "next", "last", "next-cursor"}
    assert set(relations[4]) == {"first", "prev", "next", "last", "next-cursor"}
    assert set(relations[7]) == {"first", "prev", "last"}
    offsets = {rel: query_of(link).get("offset") for rel, link in relations[4].items()}
    assert offsets == {"first": "0", "prev": "0", "next": "6", "last": "6", "next-cursor": None}


def test_links_keep_the_rest_of_the_query(api, seven):
    query = {"limit": 1, "search": 'ticket "é&a=b>; rel="x', "status": ["open", "closed"]}
    response = api.get("tickets", query)
    first = links_of(response)["first"]

    assert parse_qs(urlsplit(first).query)["search"] == [query["search"]]
    assert parse_qs(urlsplit(first).query)["status"] == ["open", "closed"]


@pytest.mark.parametrize(
    ("offset", "last"), [(0, "6"), (1, "4"), (2, "5"), (6, "6"), (7, "4"), (100, "4"), (1_000_000_000, "4")]
)
def test_the_last_page_is_right_from_anywhere(api, seven, offset, last):
    links = links_of(api.get("tickets", {"limit": 3, "offset": offset}))

    assert int(query_of(links["last"])["offset"]) < 7
    assert (7 - int(query_of(links["last"])["offset"])) <= 3
    assert (offset - int(query_of(links["last"])["offset"])) % 3 == 0
    assert query_of(links["last"])["offset"] == last


def test_an_empty_list_has_no_last_page(api):
    response = api.get("tickets")

    assert (response.json(), response["X-Total-Count"]) == ([], "0")
    assert set(links_of(response)) == {"first"}


# Cursors


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("key", ["createdAt", "updatedAt", "lastMessageAt", "ticketNumber", "priority"])
def test_a_walk_by_cursor_shows_every_row_once_in_order(api, seven, key, sign):
    for number, ticket in enumerate(seven):
        priority = Priority.HIGH if number % 2 else Priority.LOW
        update_ticket(ticket, changes=Changes(priority=priority), actor=operator())
    expected = [ticket["id"] for ticket in api.get("tickets", {"sort": f"{sign}{key}"}).json()]

    assert walk(api, "tickets", {"sort": f"{sign}{key}", "limit": 2}) == expected
    assert len(expected) == 7


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt", "ticketNumber", "-ticketNumber"])
def test_a_walk_shows_every_row_that_was_there_once_while_others_come(api, workspace, seven, sort):
    seen = walk(
        api, "tickets", {"sort": sort, "limit": 2}, meanwhile=lambda: TicketFactory(workspace=workspace), at_most=30
    )

    old = [str(ticket.pk) for ticket in seven]
    assert sorted(row for row in seen if row in old) == sorted(old)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("path", ["messages", "events"])
@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
def test_a_walk_through_a_conversation_shows_everything_once(api, workspace, path, sort):
    # All at one moment: only the id decides.
    with clock.at(clock.now()):
        ticket = TicketFactory(workspace=workspace)
        for _ in range(4):
            append_message(ticket, body="Again.", actor=operator())
    where = f"tickets/{ticket.pk}/{path}"
    expected = [row["id"] for row in api.get(where, {"sort": sort}).json()]

    assert walk(api, where, {"sort": sort, "limit": 2}) == expected
    assert len(expected) == 5


def walk(api, path, query, meanwhile=None, at_most=10):
    """The ids on all pages, following the cursor; `meanwhile` happens after each page for the first four."""
    seen, target = [], api.url(path)
    for page in range(at_most):
        response = api.get(target, query)
        seen += [row["id"] for row in response.json()]
        if "X-Next-Cursor" not in response:
            return seen
        if meanwhile and page < 4:
            meanwhile()
        target, query = links_of(response)["next-cursor"], None
        assert query_of(target)["cursor"] == response["X-Next-Cursor"]
        assert "offset" not in query_of(target)
    pytest.fail("The walk has no end.")
    return None


def test_a_page_by_cursor_has_no_places_by_number(api, seven):
    cursor = api.get("tickets", {"limit": 2})["X-Next-Cursor"]
    links = links_of(api.get("tickets", {"limit": 2, "cursor": cursor}))

    assert set(links) == {"first", "next-cursor"}
    assert "cursor" not in query_of(links["first"])


MOMENT = "2026-01-01T00:00:00+00:00"


NO_CURSORS = [
    *("", "nonsense", "====", "é", "e30", "W10", "bnVsbA", "a" * 5_000, "\ud7ff", "/+", " "),
    cursor_of("-lastMessageAt", MOMENT),
    cursor_of("-lastMessageAt", MOMENT, CURSOR_OF, 1),
    cursor_of("-lastMessageAt", MOMENT, "nonsense"),
    cursor_of("-lastMessageAt", MOMENT, None),
    cursor_of("-lastMessageAt", MOMENT, 7),
    cursor_of("-lastMessageAt", MOMENT, [CURSOR_OF]),
    cursor_of("-lastMessageAt", "yesterday", CURSOR_OF),
    cursor_of("-lastMessageAt", 7, CURSOR_OF),
    cursor_of("-lastMessageAt", None, CURSOR_OF),
    cursor_of("-lastMessageAt", {"a": 1}, CURSOR_OF),
    cursor_of("-lastMessageAt", "0001-01-01T00:00:00+23:59", CURSOR_OF),
    cursor_of("-createdAt", MOMENT, CURSOR_OF),
    cursor_of("lastMessageAt", MOMENT, CURSOR_OF),
    cursor_of("\ud800", MOMENT, CURSOR_OF),
    cursor_of(None, MOMENT, CURSOR_OF),
    cursor_of({"a": [1]}, MOMENT, CURSOR_OF),
    base64.urlsafe_b64encode(b"[" * 50_000).decode(),
    base64.urlsafe_b64encode(b"9" * 5_000).decode(),
    base64.urlsafe_b64encode(b'{"a": 1, "b": 2, "c": 3}').decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


@pytest.mark.parametrize("cursor", NO_CURSORS, ids=range(len(NO_CURSORS)))
def test_what_is_no_cursor_of_this_list_is_named(api, seven, problem, cursor):
    assert named(problem, api.get("tickets", {"cursor": cursor})) == "cursor"


@pytest.mark.parametrize("value", [-1, 2**63, 1.5, "1", True, None])
@pytest.mark.parametrize("key", ["ticketNumber", "priority"])
def test_a_number_in_a_cursor_is_one(api, seven, problem, key, value):
    cursor = cursor_of(key, value, CURSOR_OF)

    assert named(problem, api.get("tickets", {"sort": key, "cursor": cursor})) == "cursor"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_a_cursor_at_the_end_of_time_finds_what_lies_on_its_side(api, seven, moment):
    cursor = cursor_of("createdAt", moment, CURSOR_OF)

    assert len(api.get("tickets", {"sort": "createdAt", "cursor": cursor}).json()) == (7 if moment < "1000" else 0)


def test_a_cursor_and_an_offset_exclude_each_other(api, seven, problem):
    cursor = api.get("tickets", {"limit": 2})["X-Next-Cursor"]

    assert named(problem, api.get("tickets", {"cursor": cursor, "offset": "1"}), "contradiction") == "cursor"


def test_a_cursor_may_come_with_the_default_offset(api, seven):
    cursor = api.get("tickets", {"limit": 3})["X-Next-Cursor"]

    response = api.get("tickets", {"cursor": cursor, "limit": 3, "offset": "0"})

    assert response.json() == api.get("tickets", {"cursor": cursor, "limit": 3}).json()
    assert "offset" not in response["Link"]


def test_an_order_by_relevance_has_no_cursor(api, seven, problem):
    found = api.get("tickets", {"search": "ticket", "limit": 2})

    assert "X-Next-Cursor" not in found
    assert set(links_of(found)) == {"first", "next", "last"}
    cursor = api.get("tickets", {"limit": 2})["X-Next-Cursor"]
    assert named(problem, api.get("tickets", {"search": "ticket", "cursor": cursor}), "contradiction") == "cursor"


def test_a_search_with_an_order_has_a_cursor(api, seven):
    query = {"search": "ticket", "sort": "ticketNumber", "limit": 3}

    assert walk(api, "tickets", query) == [str(ticket.pk) for ticket in seven]


# Cost


@pytest.mark.parametrize("rows", [1, 10, 100])
@pytest.mark.parametrize("path", ["members", "api-tokens"])
def test_members_and_tokens_cost_the_same_however_many(admin_api, workspace, path, rows, django_assert_num_queries):
    admin_api.get(path)
    for _ in range(rows):
        create_token(MembershipFactory(workspace=workspace), scope=Scope.READ, actor=operator())

    # Who is asking, and the page with its count.
    with django_assert_num_queries(2):
        assert len(admin_api.get(path, {"limit": 500}).json()) > rows


@pytest.mark.parametrize("rows", [1, 10, 100])
def test_the_ticket_list_costs_the_same_however_many(api, agent, workspace, rows, django_assert_num_queries):
    api.get("tickets")
    for _ in range(rows):
        TicketFactory(workspace=workspace, assignee_id=agent.user_id, tags=["a", "b"])

    with django_assert_num_queries(2):
        assert len(api.get("tickets").json()) == rows
    TicketFactory.create_batch(2, workspace=workspace)
    with django_assert_num_queries(2):
        assert api.get("tickets", {"limit": 1})["X-Total-Count"] == str(rows + 2)


@pytest.mark.parametrize("rows", [1, 10, 100])
@pytest.mark.parametrize(("path", "queries"), [("", 3), ("/messages?limit=500", 3), ("/events?limit=500", 3)])
def test_a_ticket_costs_the_same_however_much_was_said(api, ticket, path, queries, rows, django_assert_num_queries):
    api.get("tickets")
    for number in range(rows):
        append_message(ticket, body="Again.", send_email=number % 2 == 0, actor=operator())

    # Who is asking, the ticket, and its messages or a page.
    with django_assert_num_queries(queries):
        assert api.get(f"tickets/{ticket.pk}{path}").status_code == 200
