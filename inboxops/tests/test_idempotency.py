"""`Idempotency-Key`: a POST that is sent again is answered again and not done again."""

import datetime as dt

import pytest

from accounts.actors import operator
from inboxops import clock
from inboxops.tests.calls import World, prepare
from inboxops.tests.factories import MembershipFactory
from inboxops.tests.routes import routes
from tickets.actions import archive_ticket
from tickets.models import Message, Ticket
from workspaces.actions import change_role, create_token, revoke_token
from workspaces.models import ApiToken, Role, Scope, StoredAnswer

POSTS = [route for route in routes() if route.method == "POST"]
SECRETS = [route for route in POSTS if route.call.gives_secret]
REPEATABLE = [route for route in POSTS if route not in SECRETS]

KEY = {"Idempotency-Key": "one"}


@pytest.fixture
def world(workspace):
    return World(workspace)


@pytest.fixture
def create(api):
    def make(key="one", subject="Support request", **kwargs):
        return api.post("tickets", {"subject": subject, "body": "Hello."}, headers={"Idempotency-Key": key}, **kwargs)

    return make


@pytest.mark.parametrize("route", REPEATABLE, ids=str)
def test_the_same_request_is_answered_again_and_not_done_again(world, admin_api, route):
    call = prepare(route, world)
    first = call.send(admin_api, headers=KEY)
    before = world.dump()
    second = call.send(admin_api, headers=KEY)

    assert 200 <= first.status_code < 300, first.content
    assert (second.status_code, second.content) == (first.status_code, first.content)
    for name in ("Content-Type", "ETag", "Location"):
        assert second.get(name) == first.get(name)
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert world.dump() == before


@pytest.mark.parametrize("route", SECRETS, ids=str)
def test_an_answer_with_a_secret_is_neither_kept_nor_repeated(world, admin_api, problem, route):
    call = prepare(route, world)
    first = call.send(admin_api, headers=KEY)
    before = world.dump()

    problem(call.send(admin_api, headers=KEY), 409, "secret_not_repeatable")

    assert first.status_code == 201
    assert world.dump() == before
    assert StoredAnswer.objects.get().body is None


def test_there_are_answers_with_secrets():
    assert SECRETS


def test_a_new_tokens_secret_is_nowhere_in_the_database(world, admin_api):
    response = admin_api.post("api-tokens", {"scope": "read"}, headers=KEY)

    assert response.json()["token"] not in str(world.dump())


@pytest.mark.parametrize("other", ["body", "path", "query"])
def test_the_same_key_for_another_request_is_refused(api, world, create, problem, other):
    create()
    if other == "body":
        response = create(subject="Another request")
    elif other == "path":
        response = api.post(f"tickets/{world.ticket().pk}/archive", {}, headers=KEY)
    else:
        response = create(query_params={"a": "1"})

    problem(response, 400 if other == "query" else 422, "invalid" if other == "query" else "idempotency_key_reused")
    assert Ticket.objects.filter(subject="Another request").count() == 0


def test_another_key_is_another_request(create):
    assert create("one").json()["id"] != create("two").json()["id"]


def test_a_key_belongs_to_its_token(agent, workspace_admin, api_of, create):
    mine = create()
    theirs = api_of(workspace_admin).post("tickets", {"subject": "Support request", "body": "Hello."}, headers=KEY)

    assert theirs.status_code == 201
    assert theirs.json()["id"] != mine.json()["id"]


def test_a_key_may_be_quoted_as_the_draft_has_it(create):
    assert create('"one"').content == create("one").content


@pytest.mark.parametrize(
    "key", ["", '""', "x" * 256, "two words", "\u00e9", "\x7f", "tab\tin", '"', '"open', 'shut"', 'a"b']
)
def test_an_unusable_key_is_refused(create, problem, key):
    problem(create(key), 400, "invalid_header")


@pytest.mark.parametrize("key", ["x" * 255, "1", "a/b?c=d&e", "%00", "';--"])
def test_any_printable_key_will_do(create, key):
    assert create(key).content == create(key).content


def test_a_failure_is_not_kept(api, ticket, problem):
    url = f"tickets/{ticket.pk}/status"
    archive = {"toStatus": "nonsense"}
    problem(api.post(url, archive, headers=KEY), 400, "invalid")

    assert StoredAnswer.objects.count() == 0
    assert api.post(url, {"toStatus": "closed"}, headers=KEY).status_code == 200


def test_a_refusal_is_not_kept(api, ticket, problem):
    version = api.get(f"tickets/{ticket.pk}").json()["version"]
    too_late = {**KEY, "If-Match": f'"{version - 1}-0123456789abcdef"'}

    problem(api.post(f"tickets/{ticket.pk}/archive", {}, headers=too_late), 412, "version_mismatch")

    assert StoredAnswer.objects.count() == 0
    assert api.post(f"tickets/{ticket.pk}/archive", {}, headers=KEY).status_code == 200


def test_an_unexpected_failure_leaves_nothing_behind(api, create, problem, monkeypatch):
    def break_down(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("tickets.api.views.TicketViewSet.answer_ticket", break_down)
        problem(create(), 500, "internal_error")
    assert (Ticket.objects.count(), Message.objects.count(), StoredAnswer.objects.count()) == (0, 0, 0)

    assert create().json()["ticketNumber"] == 1


def test_a_repeat_comes_before_if_match(api, ticket):
    """The first answer got lost: its own change must not turn the repeat away."""
    version = api.get(f"tickets/{ticket.pk}").json()["version"]
    headers = {**KEY, "If-Match": f'"{version}-0123456789abcdef"'}

    first = api.post(f"tickets/{ticket.pk}/archive", {}, headers=headers)
    second = api.post(f"tickets/{ticket.pk}/archive", {}, headers=headers)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content


def test_a_repeat_shows_what_was_answered_then(api, ticket):
    first = api.post(f"tickets/{ticket.pk}/unarchive", {}, headers=KEY)
    archive_ticket(ticket, actor=operator())

    assert api.post(f"tickets/{ticket.pk}/unarchive", {}, headers=KEY).content == first.content


def test_a_role_that_was_lost_ends_the_repeats(workspace, create, agent, problem):
    create()
    change_role(agent, role=Role.VIEWER, actor=operator())

    problem(create(), 403, "insufficient_scope")


def test_a_token_that_was_revoked_ends_the_repeats(api, create, problem):
    create()
    revoke_token(api.row, actor=operator())

    problem(create(), 401, "invalid_token")


def test_a_key_is_kept_for_a_day(create):
    now = clock.now()
    with clock.at(now):
        first = create()
    with clock.at(now + dt.timedelta(hours=24)):
        assert create().content == first.content
    with clock.at(now + dt.timedelta(hours=24, seconds=1)):
        again = create()

    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]
    assert "Idempotency-Replayed" not in again


def test_only_a_post_takes_a_key(api, ticket):
    for _ in range(2):
        assert "Idempotency-Replayed" not in api.patch(f"tickets/{ticket.pk}", {"priority": "high"}, headers=KEY)

    assert StoredAnswer.objects.count() == 0


def test_no_key_keeps_nothing(api):
    api.post("tickets", {"subject": "s", "body": "b"})

    assert StoredAnswer.objects.count() == 0


def test_the_answers_of_a_token_go_with_it(api, create):
    create()
    ApiToken.objects.filter(pk=api.row.pk).delete()

    assert StoredAnswer.objects.count() == 0


def test_a_token_made_twice_under_one_key_is_one_token(admin_api, workspace, problem):
    member = MembershipFactory(workspace=workspace)
    sent = {"scope": "read", "userId": str(member.user_id)}

    admin_api.post("api-tokens", sent, headers=KEY)
    problem(admin_api.post("api-tokens", sent, headers=KEY), 409, "secret_not_repeatable")

    assert ApiToken.objects.filter(user=member.user).count() == 1
    create_token(member, scope=Scope.READ, actor=operator())
    assert ApiToken.objects.filter(user=member.user).count() == 2
