"""Bearer tokens: who is asking, found with one query, and noted without a write per request."""

import datetime as dt

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.actors import Access, operator
from accounts.models import User
from inboxops import clock
from workspaces import tokens
from workspaces.actions import change_role, create_token
from workspaces.models import ApiToken, Membership, Role, Scope
from workspaces.permissions import token_actor

CURRENT = "/v1/workspaces/current"


@pytest.fixture
def used(api):
    """A client whose token was used a moment ago."""
    api.get(CURRENT)
    return api


def test_one_query_authenticates(used, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert used.get(CURRENT).status_code == 200


def test_who_is_not_known_costs_one_query_at_most(used, django_assert_num_queries):
    used.headers["Authorization"] = f"Bearer {used.token[:-1]}_"
    with django_assert_num_queries(0):
        assert used.get(CURRENT).status_code == 401
    used.headers["Authorization"] = f"Bearer {tokens.make_secret().token}"
    with django_assert_num_queries(1):
        assert used.get(CURRENT).status_code == 401


def test_reading_writes_nothing(used, ticket, django_assert_num_queries):
    with django_assert_num_queries(3) as queries:
        used.get(f"tickets/{ticket.pk}")

    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


def test_the_last_use_is_noted_at_most_once_a_minute(api):
    start = clock.now()
    noted = []
    for seconds in (0, 30, 59, 60, 90, 121):
        with clock.at(start + dt.timedelta(seconds=seconds)):
            api.get(CURRENT)
        noted.append((ApiToken.objects.get(pk=api.row.pk).last_used_at - start).total_seconds())

    assert noted == [0, 0, 0, 0, 90, 90]


def test_a_use_that_cannot_be_noted_is_answered_all_the_same(api, monkeypatch, caplog):
    def locked(*args, **kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", locked)

    assert api.get(CURRENT).status_code == 200
    assert "Could not note the last use" in caplog.text
    assert api.token not in caplog.text


def test_a_refused_token_is_not_noted_as_used(api, problem):
    with clock.at(clock.now() + dt.timedelta(hours=1)):
        api.headers["Authorization"] = f"Bearer {api.token[:-2]}xx"
        problem(api.get(CURRENT), 401, "invalid_token")

    assert ApiToken.objects.get(pk=api.row.pk).last_used_at is None


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}", "Bearer {} "])
def test_the_scheme_is_compared_as_the_rfc_wants_it(api, form):
    api.headers["Authorization"] = form.format(api.token)

    assert api.get(CURRENT).status_code == 200


@pytest.mark.parametrize("form", ["{}", "Token {}", "Bearer{}", "Basic {}", "Bearer\t{}", ", Bearer {}"])
def test_nothing_but_a_bearer_token_is_taken(api, problem, form):
    api.headers["Authorization"] = form.format(api.token)

    problem(api.get(CURRENT), 401, "not_authenticated")


@pytest.mark.parametrize(
    "change",
    [str.upper, str.swapcase, lambda token: token + "x", lambda token: token[:-1]],
    ids=["upper case", "swapped case", "longer", "shorter"],
)
def test_a_token_is_compared_to_the_letter(api, problem, change):
    api.headers["Authorization"] = f"Bearer {change(api.token)}"

    problem(api.get(CURRENT), 401, "invalid_token")


def test_a_token_in_the_query_is_not_looked_at(api, problem):
    api.headers.pop("Authorization")

    problem(api.get(CURRENT, {"access_token": api.token}), 401, "not_authenticated")


def test_the_same_words_are_said_of_every_token_that_does_not_work(api, admin_api):
    ApiToken.objects.filter(pk=api.row.pk).update(revoked_at=clock.now())
    revoked = api.get(CURRENT)
    api.headers["Authorization"] = f"Bearer {tokens.make_secret().token}"
    unknown = api.get(CURRENT)
    ApiToken.objects.filter(pk=admin_api.row.pk).update(expires_at=clock.now())
    expired = admin_api.get(CURRENT)

    def words(response):
        return {**response.json(), "requestId": ""}, response["WWW-Authenticate"]

    assert words(revoked) == words(unknown) == words(expired)


def test_a_token_expires_at_its_moment(agent):
    moment = clock.now() + dt.timedelta(hours=1)
    _, secret = create_token(agent, scope=Scope.READ, expires_at=moment, actor=operator())

    def status(at):
        with clock.at(at):
            return Client().get(CURRENT, headers={"Authorization": f"Bearer {secret}"}).status_code

    assert status(moment - dt.timedelta(microseconds=1)) == 200
    assert status(moment) == 401


def test_a_user_of_two_workspaces_has_the_role_of_the_tokens_own(agent, outsider, api_of, problem):
    """Admin there, agent here: the token acts here, as an agent."""
    Membership.objects.filter(pk=agent.pk).update(user=outsider.user)
    agent.refresh_from_db()
    api = api_of(agent)

    assert api.get("members").status_code == 200
    problem(api.get("api-tokens"), 403, "insufficient_scope")


def test_a_session_of_the_back_office_is_no_way_into_the_api(client, workspace_admin, problem):
    client.force_login(workspace_admin.user)

    problem(client.get(CURRENT), 401, "not_authenticated")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("scope", Scope)
def test_a_scope_never_reaches_beyond_the_role(role, scope):
    access = token_actor(ApiToken(scope=scope, user=User(email="a@b.example")), role).access

    assert access == min(role.access, scope.access)
    assert access <= {Role.ADMIN: Access.ADMIN, Role.AGENT: Access.WRITE, Role.VIEWER: Access.READ}[role]


def test_a_role_change_counts_on_the_next_request(api, agent, problem):
    assert api.post("tickets", {"subject": "s", "body": "b"}).status_code == 201
    change_role(agent, role=Role.VIEWER, actor=operator())
    problem(api.post("tickets", {"subject": "s", "body": "b"}), 403, "insufficient_scope")
    change_role(agent, role=Role.ADMIN, actor=operator())

    assert api.post("tickets", {"subject": "s", "body": "b"}).status_code == 201
    problem(api.get("api-tokens"), 403, "insufficient_scope")


# Secrets


def test_a_secret_is_long_random_and_recognisable():
    secrets = [tokens.make_secret() for _ in range(50)]

    assert len({secret.token for secret in secrets}) == len({secret.prefix for secret in secrets}) == 50
    for secret in secrets:
        assert secret.token.startswith(f"iox_{secret.prefix}_")
        assert len(secret.token) == len("iox_") + 10 + 1 + 43
        assert tokens.prefix_of(secret.token) == secret.prefix
        assert secret.token not in (secret.digest, secret.prefix)


def test_only_a_digest_is_stored(agent):
    row, secret = create_token(agent, scope=Scope.READ, actor=operator())
    stored = str(ApiToken.objects.filter(pk=row.pk).values().get())

    assert secret not in stored
    assert secret.rpartition("_")[2] not in stored
    assert tokens.digest_of(secret) in stored


def test_digests_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(tokens.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or True)

    assert tokens.matches("anything", "0" * 64)
    assert compared == [(tokens.digest_of("anything"), "0" * 64)]


@pytest.mark.parametrize(
    "text", ["", "iox_", "iox_short_" + "a" * 43, "IOX_0123456789_" + "a" * 43, "iox_0123456789_" + "a" * 43 + "\n",
             "iox_012345678é_" + "a" * 43, " iox_0123456789_" + "a" * 43, "xoi_0123456789_" + "a" * 43]
)  # fmt: skip
def test_what_does_not_look_like_a_token_has_no_prefix(text):
    assert tokens.prefix_of(text) is None
