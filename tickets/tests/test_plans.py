"""How PostgreSQL finds what a list shows: by which index, and reading little more than it answers.

A list asks for its page and its total in one statement. It is caught on its way from the API and put once more, to
EXPLAIN, in a store with one big workspace among small ones. docs/performance.md tells the same in words.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from inboxops.tests.factories import MembershipFactory
from tickets.api.filters import SORT_KEYS, TicketFilterSet
from tickets.leftovers import unconfirmed_attachments
from tickets.models import Attachment, Message, Ticket
from tickets.tests.crowd import AGENT, SMALL, disperse, gather
from workspaces.models import Workspace

pytestmark = pytest.mark.postgresql

RECENT, LONG_AGO = "2025-02-15T00:00:00Z", "2024-02-01T00:00:00Z"


@dataclass(frozen=True)
class Shape:
    """A list, and the index by which its tickets are found: for the page, and for the total.

    `reads` and `counts` are how many tickets are read for each one shown, and for each one counted; `sorts` is the node
    that puts the page in order where the index does not.
    """

    query: str
    page: str
    total: str
    reads: float = 1.1
    counts: float = 1.0
    sorts: str | None = None


SHAPES = [
    # The inbox, in every order. A number is there once: to sort equals by their ids is only a formality.
    Shape("", "ticket_inbox", "ticket_inbox"),
    Shape("limit=20", "ticket_inbox", "ticket_inbox"),
    Shape("sort=lastMessageAt", "ticket_inbox", "ticket_inbox"),
    Shape("sort=createdAt", "ticket_by_created", "ticket_inbox"),
    Shape("sort=-createdAt", "ticket_by_created", "ticket_inbox"),
    Shape("sort=updatedAt", "ticket_by_updated", "ticket_inbox"),
    Shape("sort=-updatedAt", "ticket_by_updated", "ticket_inbox"),
    Shape("sort=priority", "ticket_by_priority", "ticket_inbox"),
    Shape("sort=-priority", "ticket_by_priority", "ticket_inbox"),
    Shape("sort=ticketNumber", "ticket_number_once", "ticket_inbox", sorts="Incremental Sort"),
    Shape("sort=-ticketNumber", "ticket_number_once", "ticket_inbox", sorts="Incremental Sort"),
    # What is still to be done, in every order; by number the closed ones are read as well.
    Shape("status=open", "ticket_active", "ticket_active"),
    Shape("status=pending", "ticket_active", "ticket_active"),
    Shape("status=open,pending", "ticket_active", "ticket_active"),
    Shape("status=open,pending&sort=lastMessageAt", "ticket_active", "ticket_active"),
    Shape("status=open&sort=createdAt", "ticket_by_created", "ticket_active"),
    Shape("status=open,pending&sort=createdAt", "ticket_by_created", "ticket_active"),
    Shape("status=open,pending&sort=updatedAt", "ticket_by_updated", "ticket_active"),
    Shape("status=open,pending&sort=-priority", "ticket_by_priority", "ticket_active"),
    Shape(
        "status=open,pending&sort=ticketNumber",
        "ticket_number_once",
        "ticket_active",
        reads=20,
        sorts="Incremental Sort",
    ),
    # Most tickets are closed, though not the newest ones.
    Shape("status=closed", "ticket_by_last_message or ticket_inbox", "ticket_by_created", reads=4),
    Shape("status=pending,closed", "ticket_inbox", "ticket_by_created", reads=3, counts=1.1),
    # Somebody's.
    Shape(f"assignee={AGENT}", "ticket_by_assignee", "ticket_by_assignee"),
    Shape(f"assignee={AGENT}&status=closed", "ticket_by_assignee", "ticket_by_assignee"),
    Shape(f"assignee={AGENT}&priority=normal", "ticket_by_assignee", "ticket_by_assignee"),
    Shape("assignee=me", "ticket_by_assignee", "ticket_by_assignee"),
    Shape("assignee=none", "ticket_inbox", "ticket_by_assignee", reads=3),
    Shape("assignee=none&status=open", "ticket_active", "ticket_by_assignee", reads=4),
    Shape("requester=c0@customer.example", "ticket_by_requester", "ticket_by_requester"),
    Shape("requester=c0@customer.example&status=open", "ticket_by_requester", "ticket_by_requester"),
    Shape("requester=c0@customer.example&archived=all", "ticket_by_requester", "ticket_by_requester"),
    # One in ten is urgent: the inbox is read until enough of them have come.
    Shape("priority=urgent", "ticket_inbox", "ticket_by_priority", reads=15),
    Shape("priority=high,urgent", "ticket_inbox", "ticket_by_priority", reads=10),
    # Of tags the same holds; those of a rare one are found by the tag, and sorted.
    Shape("tags=common", "ticket_inbox", "ticket_inbox", reads=4, counts=4),
    Shape("tags=frequent", "ticket_inbox", "ticket_inbox", reads=15, counts=15),
    Shape("tags=rare", "tickets_ticket_pkey", "tickets_ticket_root", sorts="Sort"),
    Shape("tags=common,frequent", "ticket_inbox", "ticket_inbox", reads=4, counts=4),
    Shape("tags=rare,once", "tickets_ticket_pkey", "tickets_ticket_root", sorts="Sort"),
    Shape("tags=common,frequent&tagsMatch=all", "tickets_ticket_pkey", "tickets_ticket_root", 7, 1.2, "Sort"),
    Shape("tags=common,rare&tagsMatch=all", "tickets_ticket_pkey", "tickets_ticket_root", 4, 4, "Sort"),
    Shape("tags=common&status=open", "ticket_active", "ticket_active", reads=4, counts=4),
    # A span of time, and what has changed since the last look.
    Shape(f"createdAfter={RECENT}", "ticket_by_last_message", "ticket_by_created"),
    Shape(f"createdBefore={LONG_AGO}", "ticket_by_last_message", "ticket_by_created"),
    Shape(f"createdAfter={RECENT}&sort=createdAt", "ticket_by_created", "ticket_by_created"),
    Shape(f"updatedBefore={LONG_AGO}", "ticket_by_last_message", "ticket_by_updated"),
    Shape(f"updatedAfter={RECENT}&sort=updatedAt", "ticket_by_updated", "ticket_by_updated"),
    Shape(f"updatedAfter={RECENT}&sort=updatedAt&archived=all&merged=true", "ticket_by_updated", "ticket_by_updated"),
    # More than the inbox.
    Shape("archived=true", "ticket_by_last_message", "ticket_by_created"),
    Shape("archived=true&sort=createdAt", "ticket_by_created", "ticket_by_created"),
    Shape("archived=all", "ticket_by_last_message", "tickets_ticket_root", counts=1.1),
    Shape("archived=all&status=open", "ticket_active", "ticket_active"),
    Shape("archived=all&sort=priority", "ticket_by_priority", "tickets_ticket_root", counts=1.1),
    Shape("merged=true", "ticket_by_last_message", "tickets_ticket_root", counts=1.2),
    Shape("merged=true&archived=all", "ticket_by_last_message", "ticket_number_once"),
]
# Indexes of tickets that serve no list, and what they are for.
OTHER_REASONS = {"ticket_by_target": "a merge looks for the tickets that follow its source"}


@pytest.fixture(scope="module")
def crowd(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield gather()
        disperse()


@pytest.fixture
def explain(crowd, db):
    """The plan of what a list asks of this table, as it ran: the nodes for the page, and those for the total."""

    def plan_of(api, path, query, table="tickets_ticket"):
        plan = caught(lambda: api.get(f"{path}?{query}"), table)
        totals = [part for part in plan.get("Plans", []) if counts(part)]
        plan["Plans"] = [part for part in plan.get("Plans", []) if not counts(part)]
        return nodes([plan]), nodes(totals)

    return plan_of


def caught(ask, table):
    """The plan of the one statement that fetches a page of this table."""
    with CaptureQueriesContext(connection) as queries:
        response = ask()
    assert response.status_code == 200, response.content
    [sql] = [query["sql"] for query in queries if f'FROM "{table}"' in query["sql"] and "ORDER BY" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        return cursor.fetchone()[0][0]["Plan"]


@pytest.fixture
def big_api(crowd, db, api_of):
    return api_of(crowd.member)


def counts(plan):
    return plan.get("Subplan Name", "").startswith("InitPlan") and plan["Node Type"] == "Aggregate"


def nodes(plans):
    """The nodes of these plans, the outermost first."""
    return [node for plan in plans for node in (plan, *nodes(plan.get("Plans", [])))]


def rows_of(node):
    """How many rows a node has answered, in all of its runs."""
    return node["Actual Rows"] * node["Actual Loops"]


def read(plan, table="tickets_ticket"):
    """How many rows of the table were read, shown or not."""
    unwanted = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return sum(
        rows_of(node) + sum(node.get(name, 0) for name in unwanted) * node["Actual Loops"]
        for node in plan
        if node.get("Relation Name") == table
    )


def answered(plan):
    """How many rows are shown, or counted: what passes the LIMIT."""
    return rows_of(next(node for node in plan if node["Node Type"] == "Limit"))


def found_by(plan, table="tickets_ticket"):
    """The indexes by which the rows of the table are found; the table itself, where it is read from end to end."""
    scans = [node for node in plan if node.get("Relation Name") == table or node["Node Type"] == "Bitmap Index Scan"]
    return {node.get("Index Name", table) for node in scans if node["Node Type"] != "Bitmap Heap Scan"}


def sorts(plan):
    return {node["Node Type"] for node in plan if "Sort" in node["Node Type"]}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.query or "inbox")
def test_a_list_is_served_by_its_index(explain, big_api, shape):
    page, total = explain(big_api, "tickets", shape.query)

    # Between two that cost the same, the server's own settings decide.
    assert found_by(page) in [{index} for index in shape.page.split(" or ")]
    assert found_by(total) == {shape.total}
    assert sorts(page) == ({shape.sorts} if shape.sorts else set())
    assert read(page) <= shape.reads * answered(page) + 1
    assert read(total) <= shape.counts * answered(total)


def test_a_small_workspace_does_not_feel_its_big_neighbour(explain, api_of):
    api = api_of(MembershipFactory(workspace=Workspace.objects.get(slug="small-1")))

    costly = {
        shape.query: found_by(plan)
        for shape in SHAPES
        for plan in explain(api, "tickets", shape.query)
        if read(plan) > 2 * SMALL
    }
    assert not costly


@pytest.mark.parametrize("sort", [sign + name for name in SORT_KEYS for sign in ("", "-")])
def test_a_cursor_reads_the_same_at_any_depth(explain, big_api, sort):
    behind = big_api.get("tickets", {"sort": sort, "offset": 9_000, "limit": 1})["X-Next-Cursor"]

    page, _ = explain(big_api, "tickets", f"sort={sort}&cursor={behind}&count=none")

    assert sorts(page) <= {"Incremental Sort"}
    assert answered(page) == 101
    assert read(page) <= 120


@pytest.mark.parametrize(
    ("path", "table", "index"),
    [
        ("messages", "tickets_message", "message_in_ticket"),
        ("events", "tickets_ticketevent", "ticket_event_timeline"),
    ],
)
@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
def test_a_timeline_is_served_by_its_index(explain, big_api, crowd, path, table, index, sort):
    page, total = explain(big_api, f"tickets/{crowd.ticket_id}/{path}", f"sort={sort}", table)

    assert found_by(page, table) == found_by(total, table) == {index}
    assert not sorts(page)
    assert read(page, table) == 101
    assert read(total, table) == answered(total)


def test_files_of_a_ticket_are_found_without_those_of_others(explain, big_api, crowd):
    """Those of its messages, those that wait, and those that wait in tickets merged into it."""
    waiting = Attachment.objects.filter(workspace=crowd.member.workspace, message=None, confirmed_at__isnull=False)
    of_source, own = waiting.exclude(ticket__merged_into=None).first(), waiting.filter(ticket__merged_into=None).first()

    for ticket_id, total in ((of_source.ticket.merged_into_id, 1), (own.ticket_id, 2)):
        path = f"tickets/{ticket_id}/attachments"
        assert big_api.get(path)["X-Total-Count"] == str(total)
        for plan in explain(big_api, path, "", "tickets_attachment"):
            # Each is found, and then fetched, with its ticket and its message.
            assert read(plan, "tickets_attachment") == 2 * total
            assert read(plan) + read(plan, "tickets_message") <= 8


def test_files_of_a_message_are_found_by_it(explain, big_api, crowd):
    message = Message.objects.filter(ticket=crowd.ticket_id).first()

    for plan in explain(big_api, f"messages/{message.pk}/attachments", "", "tickets_attachment"):
        assert found_by(plan, "tickets_attachment") == {"attachment_of_message"}
        assert read(plan, "tickets_attachment") == 1


def test_unconfirmed_uploads_are_found_among_those_that_wait(crowd, db):
    with connection.cursor() as cursor:
        sql, values = unconfirmed_attachments().query.sql_with_params()
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
        plan = nodes([cursor.fetchone()[0][0]["Plan"]])
    assert found_by(plan, "tickets_attachment") == {"attachment_waiting"}


@pytest.mark.parametrize("model", ["ticket", "message", "ticketevent"])
def test_the_back_office_finds_the_newest_by_their_key(crowd, db, client, model):
    """Across workspaces there is no other index."""
    staff = crowd.member.user
    User.objects.filter(pk=staff.pk).update(is_staff=True, is_superuser=True)
    client.force_login(staff)
    table = f"tickets_{model}"

    page = nodes([caught(lambda: client.get(reverse(f"admin:tickets_{model}_changelist")), table)])

    assert found_by(page, table) == {f"{table}_pkey"}
    assert read(page, table) == answered(page)


def test_every_filter_has_a_shape():
    missing = set(TicketFilterSet.base_filters) - {name for shape in SHAPES for name in parse_qs(shape.query)}
    assert not missing, f"Put a row into SHAPES that asks for {', '.join(sorted(missing))}: any index, then judge."


def test_every_index_of_tickets_serves_a_list_or_has_another_reason():
    useful = {shape.page for shape in SHAPES} | {shape.total for shape in SHAPES}
    names = {index.name for index in Ticket._meta.indexes}

    assert names - useful == set(OTHER_REASONS), "Drop what no list needs, or say in OTHER_REASONS what it is for."
