"""API tokens: made and ended by admins, shown once, never more than their member."""

import datetime as dt
import uuid

import pytest

from inboxops import clock
from workspaces.models import ApiToken, WorkspaceEvent

FIELDS = {"id", "label", "prefix", "scope", "user", "createdAt", "expiresAt", "lastUsedAt", "revokedAt"}


def test_a_token_is_for_the_caller_unless_another_member_is_named(admin_api, workspace_admin, agent):
    mine = admin_api.post("api-tokens", {"scope": "admin", "label": " CI "}).json()
    theirs = admin_api.post("api-tokens", {"scope": "write", "userId": str(agent.user_id)}).json()

    assert mine["user"]["id"] == str(workspace_admin.user_id)
    assert theirs["user"] == {"id": str(agent.user_id), "name": agent.user.name, "email": "agent@acme.example"}
    assert (mine["label"], theirs["label"]) == ("CI", "")


def test_the_secret_is_in_the_answer_and_nowhere_else(admin_api):
    made = admin_api.post("api-tokens", {"scope": "read"})

    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    assert set(made.json()) == FIELDS | {"token"}
    assert made.json()["token"].startswith(f"{made.json()['prefix']}_")
    listed = admin_api.get("api-tokens")
    assert all(set(token) == FIELDS for token in listed.json())
    assert made.json()["token"] not in listed.content.decode()
    assert made.json()["token"] not in str(list(WorkspaceEvent.objects.values()))


def test_a_new_token_works_at_once_with_its_scope(admin_api, agent, api_of, problem):
    made = admin_api.post("api-tokens", {"scope": "read", "userId": str(agent.user_id)}).json()
    api = api_of(agent)
    api.headers["Authorization"] = f"Bearer {made['token']}"

    assert api.get("tickets").status_code == 200
    problem(api.post("tickets", {"subject": "s", "body": "b"}), 403, "insufficient_scope")


@pytest.mark.parametrize(("member", "scope"), [("viewer", "write"), ("viewer", "admin"), ("agent", "admin")])
def test_a_scope_beyond_the_role_is_refused(admin_api, request, problem, member, scope):
    membership = request.getfixturevalue(member)

    document = problem(
        admin_api.post("api-tokens", {"scope": scope, "userId": str(membership.user_id)}), 400, "scope_exceeds_role"
    )

    assert document["errors"][0]["pointer"] == "/scope"
    assert not ApiToken.objects.filter(user=membership.user).exists()


@pytest.mark.parametrize(
    ("extra", "pointer", "code"),
    [
        ({"scope": None}, "/scope", "null"),
        ({"scope": "all"}, "/scope", "unknown_choice"),
        ({"scope": ["read"]}, "/scope", "unknown_choice"),
        ({"label": "x" * 101}, "/label", "too_long"),
        ({"label": 1}, "/label", "invalid"),
        ({"userId": None}, "/userId", "null"),
        ({"userId": "me"}, "/userId", "invalid"),
        ({"userId": "00000000-0000-7000-8000-000000000000"}, "/userId", "unknown_member"),
        ({"expiresAt": "tomorrow"}, "/expiresAt", "invalid"),
        ({"expiresAt": 1_900_000_000}, "/expiresAt", "invalid"),
        ({"expiresAt": "2026-02-30T00:00:00Z"}, "/expiresAt", "invalid"),
        ({"expiresAt": "9999-12-31T23:59:59-01:00"}, "/expiresAt", "invalid"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "/expiresAt", "in_the_past"),
        ({"token": "iox_mine"}, "/token", "unknown_field"),
        ({"prefix": "iox_mine"}, "/prefix", "unknown_field"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_named(admin_api, extra, pointer, code):
    before = ApiToken.objects.count()
    response = admin_api.post("api-tokens", {"scope": "read", **extra})

    assert response.status_code == 400
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [(pointer, code)]
    assert ApiToken.objects.count() == before


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (None, None),
        ("2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
        ("2099-01-01T02:00:00+02:00", "2099-01-01T00:00:00Z"),
        ("2099-01-01", "2099-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_expiry_is_a_moment_to_come_or_none(admin_api, sent, shown):
    response = admin_api.post("api-tokens", {"scope": "read", "expiresAt": sent})

    assert response.json()["expiresAt"] == shown
    assert admin_api.get("api-tokens").json()[-1]["expiresAt"] == shown


def test_the_list_shows_when_each_was_used_and_ended(admin_api, api):
    now = clock.now()
    with clock.at(now):
        api.get("tickets")
        admin_api.delete(f"api-tokens/{api.row.pk}")

    [shown] = [token for token in admin_api.get("api-tokens").json() if token["id"] == str(api.row.pk)]
    assert dt.datetime.fromisoformat(shown["lastUsedAt"]) == now
    assert dt.datetime.fromisoformat(shown["revokedAt"]) == now


def test_a_revoked_token_fails_on_the_next_request(admin_api, api, problem):
    assert api.get("tickets").status_code == 200
    response = admin_api.delete(f"api-tokens/{api.row.pk}")

    assert (response.status_code, response.content) == (204, b"")
    problem(api.get("tickets"), 401, "invalid_token")


def test_revoking_twice_is_harmless_and_one_event(admin_api, api):
    for _ in range(2):
        assert admin_api.delete(f"api-tokens/{api.row.pk}").status_code == 204

    assert WorkspaceEvent.objects.filter(kind="token.revoked").count() == 1


def test_a_token_may_end_itself(admin_api, problem):
    assert admin_api.delete(f"api-tokens/{admin_api.row.pk}").status_code == 204
    problem(admin_api.get("api-tokens"), 401, "invalid_token")


@pytest.mark.parametrize("token_id", ["nonsense", str(uuid.UUID(int=0)), "iox_0123456789"])
def test_a_token_that_is_not_there_is_not_found(admin_api, problem, token_id):
    problem(admin_api.delete(f"api-tokens/{token_id}"), 404, "not_found")


def test_the_event_of_a_new_token_says_whose_and_how_far(admin_api, agent):
    made = admin_api.post("api-tokens", {"scope": "write", "label": "CI", "userId": str(agent.user_id)}).json()

    event = WorkspaceEvent.objects.get(kind="token.created", door="api")
    assert event.data == {"tokenId": made["id"], "userId": str(agent.user_id), "scope": "write", "label": "CI"}
    assert event.actor_id == admin_api.membership.user_id
