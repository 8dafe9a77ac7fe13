"""One workspace cannot see, touch or even notice another, on any route there is.

The routes come from the URL table (`routes`), the way to call them from the names of what they take (`calls`): a
route added tomorrow is held to the same promise. Whatever belongs to the other workspace must be answered exactly as
what does not exist: same status, same headers, same body.
"""

import base64
import json
import uuid

import pytest

from accounts.actors import operator
from inboxops.tests.calls import BODIES, MAKERS, World, ids_in, prepare, replaced
from inboxops.tests.routes import WITHOUT_WORKSPACE, name_of, patterns, routes
from tickets.actions import Person, append_message, merge_tickets, split_ticket
from workspaces.actions import create_token
from workspaces.models import Scope, StoredAnswer

ROUTES = routes()
READS = [route for route in ROUTES if route.method == "GET"]
BELOW_A_WORKSPACE = [route for route in ROUTES if "workspaceId" in route.names]
WITH_BODY = [route for route in ROUTES if route.method in ("POST", "PATCH", "PUT")]

# What differs between any two answers.
MOVING_HEADERS = {"X-Request-Id", "RateLimit", "Date"}

# Query parameters that could name something of another workspace, and those that cannot.
NAMES_SOMETHING = {"assignee", "requester", "search", "tags", "cursor"}
NAMES_NOTHING = {
    *("limit", "offset", "count", "sort", "status", "priority", "tagsMatch", "archived", "merged"),
    *("createdAfter", "createdBefore", "updatedAfter", "updatedBefore"),
}


@pytest.fixture
def world(workspace):
    return World(workspace)


@pytest.fixture
def rival(outsider, outsider_ticket):
    """The other workspace, with at least one row in every table there is."""
    world = World(outsider.workspace)
    world.ticket(subject="Rival zebra", tags=["zebra"], requester=None, assignee_id=outsider.user_id)
    asked = world.conversation()
    append_message(asked, body="zebra", send_email=True, actor=operator())
    split_ticket(asked, message_ids=[world.message(asked).pk], actor=operator())
    merge_tickets(world.ticket(), outsider_ticket, actor=operator())
    world.mailbox()
    token, _ = create_token(outsider, scope=Scope.READ, actor=operator())
    StoredAnswer.objects.create(workspace=outsider.workspace, token=token, key="k", fingerprint="f", status=201)
    return world


def told(response, *ids):
    """All that an answer says, except what differs between any two; the ids asked for become one."""
    headers = {name: value for name, value in response.headers.items() if name not in MOVING_HEADERS}
    text = json.dumps([response.status_code, headers, response.content.decode()])
    request_id = response.headers["X-Request-Id"]
    for moving in (request_id, *ids):
        text = text.replace(str(moving), "…")
    return text


def looks_missing(call, api, foreign, **where):
    """Assert that the call with a foreign id is answered as with one that nothing has."""
    unknown = uuid.uuid4()

    def ask(row_id):
        return told(call.send(api, **{part: put(row_id) for part, put in where.items()}), row_id)

    assert ask(foreign) == ask(unknown)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_call_with_our_own_ids_succeeds(route, world, admin_api):
    """The control: what is refused below is refused for its ids alone."""
    response = prepare(route, world).send(admin_api)

    assert 200 <= response.status_code < 300, response.content


@pytest.mark.parametrize("route", [route for route in ROUTES if len(route.names) > 1], ids=str)
def test_a_foreign_id_in_the_path_looks_like_a_missing_one(route, world, rival, admin_api):
    before = rival.dump()
    call = prepare(route, world)

    for name in (name for name in route.names if name != "workspaceId"):
        for foreign in rival.ids():
            response = call.send(admin_api, path={name: foreign})
            assert response.status_code == 404, (name, response.content)
            looks_missing(call, admin_api, foreign, path=lambda row_id, name=name: {name: row_id})

    assert rival.dump() == before


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_a_foreign_id_in_the_body_looks_like_a_missing_one(route, world, rival, admin_api):
    before = rival.dump()
    call = prepare(route, world)

    for pointer in ids_in(call.body):
        for foreign in rival.ids():
            response = call.send(admin_api, body=replaced(call.body, pointer, str(foreign)))
            assert response.status_code in (400, 404), (pointer, response.content)
            looks_missing(
                call, admin_api, foreign, body=lambda row_id, at=pointer: replaced(call.body, at, str(row_id))
            )

    assert rival.dump() == before


def names_of(workspace):
    return {"id": str(workspace.pk), "slug": workspace.slug}


@pytest.mark.parametrize("path_kind", ["id", "slug"])
@pytest.mark.parametrize("header_kind", ["id", "slug"])
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_foreign_workspace_in_path_or_header_looks_like_a_missing_one(
    route, header_kind, path_kind, world, rival, admin_api
):
    call = prepare(route, world)
    ours, foreign = names_of(world.workspace), names_of(rival.workspace)
    missing = {"id": str(uuid.uuid4()), "slug": "nobody-has-this"}
    before = rival.dump()

    def ask(path, header):
        return call.send(
            admin_api, path={"workspaceId": path[path_kind]}, headers={"x-workspace-id": header[header_kind]}
        )

    pairs = [(ask(ours, foreign), ask(ours, missing))]
    if "workspaceId" in route.names:
        pairs += [(ask(foreign, ours), ask(missing, ours)), (ask(foreign, foreign), ask(missing, missing))]

    for theirs, nobodys in pairs:
        assert theirs.status_code in (400, 404), theirs.content
        assert told(theirs, *foreign.values()) == told(nobodys, *missing.values())
    assert rival.dump() == before


@pytest.mark.parametrize("route", BELOW_A_WORKSPACE, ids=str)
def test_a_call_that_is_theirs_but_for_the_token_looks_missing(route, rival, admin_api):
    call = prepare(route, rival)
    before = rival.dump()
    missing = uuid.uuid4()

    foreign = call.send(admin_api, headers={"x-workspace-id": str(rival.workspace.pk)})
    nothing = call.send(admin_api, path={"workspaceId": missing}, headers={"x-workspace-id": str(missing)})

    assert foreign.status_code == 404, foreign.content
    assert told(foreign, rival.workspace.pk) == told(nothing, missing)
    assert rival.dump() == before


def test_only_the_current_workspace_is_asked_for_without_its_name():
    assert [str(route) for route in ROUTES if route not in BELOW_A_WORKSPACE] == ["GET current-workspace"]


@pytest.mark.parametrize("route", [route for route in READS if "assignee" in route.query], ids=str)
def test_a_filter_by_a_foreign_member_is_as_empty_as_by_nobody(route, world, rival, admin_api):
    world.ticket()
    call = prepare(route, world)

    for foreign in rival.ids():
        assert call.send(admin_api, query={"assignee": str(foreign)}).json() == []
        looks_missing(call, admin_api, foreign, query=lambda row_id: {"assignee": str(row_id)})


@pytest.mark.parametrize("route", [route for route in READS if "search" in route.query], ids=str)
@pytest.mark.parametrize(
    "query",
    [{"search": "zebra"}, {"search": "-nothing zebra"}, {"tags": "zebra"}, {"requester": "eve@rival.example"}],
    ids=["word", "exclusion", "tag", "requester"],
)
def test_words_of_the_other_workspace_find_nothing(route, query, world, rival, admin_api, outsider_api):
    rival.ticket(requester=Person("eve@rival.example"), tags=["zebra"], subject="zebra")
    world.ticket()

    theirs = outsider_api.get("tickets", query)
    ours = prepare(route, world).send(admin_api, query=query)

    assert theirs.json(), "The control found nothing: the other workspace must have what is looked for."
    assert ours.json() == []
    assert ours["X-Total-Count"] == "0"


@pytest.mark.parametrize("route", [route for route in READS if "cursor" in route.query], ids=str)
def test_a_cursor_of_the_other_workspace_shows_only_our_own_rows(route, world, rival, admin_api, outsider_api):
    call = prepare(route, world)
    mine = {row["id"] for row in call.send(admin_api).json()}
    # Two rows at least, so that there is a cursor.
    for _ in range(2):
        rival.member(), rival.token(), rival.ticket(), rival.mailbox()
    cursor = prepare(route, rival).send(outsider_api, query={"limit": "1"})["X-Next-Cursor"]

    def put_id(row_id):
        sort, value, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        content = json.dumps([sort, value, str(row_id)], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    foreign = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[2]
    unknown = str(uuid.uuid4())
    answers = [
        told(call.send(admin_api, query={"cursor": put_id(row_id)}), put_id(row_id)) for row_id in (foreign, unknown)
    ]

    assert put_id(foreign) == cursor
    assert answers[0] == answers[1]
    assert {row["id"] for row in call.send(admin_api, query={"cursor": cursor}).json()} <= mine


@pytest.mark.parametrize("route", READS, ids=str)
def test_nothing_of_the_other_workspace_is_in_any_answer(route, world, rival, admin_api):
    text = prepare(route, world).send(admin_api).content.decode()

    for secret in (*map(str, rival.ids()), "rival", "zebra"):
        assert secret not in text.lower()


@pytest.mark.parametrize("route", [route for route in ROUTES if "ticketId" in route.names], ids=str)
def test_a_number_is_not_an_id(route, world, admin_api):
    assert prepare(route, world).send(admin_api, path={"ticketId": "1"}).status_code == 404


def test_the_two_worlds_have_rows_in_every_table_of_a_workspace(rival):
    empty = [label for label, rows in rival.dump().items() if not rows]

    assert not empty, f"{empty}: let the fixture `rival` make such a row, so that its safety is watched."


def test_every_query_parameter_is_known_to_this_test():
    declared = {name for route in ROUTES for name in route.query}

    assert declared == NAMES_SOMETHING | NAMES_NOTHING, (
        "Say whether a new query parameter can name something of another workspace: then put it into NAMES_SOMETHING "
        "and write its test, else into NAMES_NOTHING."
    )


def test_every_address_is_a_view_of_a_workspace_or_says_why_not():
    others = {name_of(pattern) for _, pattern in patterns() if not hasattr(pattern.callback, "actions")}

    assert others == set(WITHOUT_WORKSPACE), (
        "A view below /v1 is a WorkspaceViewSet; what cannot be one stands with its reason in WITHOUT_WORKSPACE in "
        "inboxops/tests/routes.py, and what is gone leaves it."
    )


def test_no_maker_and_no_body_is_left_of_a_route_that_is_gone():
    stale = set(BODIES) - {str(route) for route in WITH_BODY}

    assert not stale, f"Remove {stale} from BODIES in inboxops/tests/calls.py."
    assert {name for route in ROUTES for name in route.names} <= set(MAKERS)
