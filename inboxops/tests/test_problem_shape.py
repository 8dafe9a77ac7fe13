"""Every failure below `/v1` is one JSON document (RFC 9457), whatever failed and wherever it was.

The shape itself is asserted by the fixture `problem`, which every test here ends in.
"""

import json

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from inboxops.errors import Unavailable
from inboxops.tests.calls import World, prepare
from inboxops.tests.routes import routes

ROUTES = routes()


@pytest.fixture
def browser():
    """A client as it comes: without token, with the protections of a browser session on."""
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.fixture
def failing(monkeypatch):
    """Makes archiving fail with the exception given."""

    def fail(exc, cause=None):
        def raise_it(*args, **kwargs):
            raise exc from cause

        monkeypatch.setattr("tickets.actions.archive_ticket", raise_it)

    return fail


@pytest.fixture
def archive(api, ticket):
    return lambda **kwargs: api.post(f"tickets/{ticket.pk}/archive", **kwargs)


# Unknown addresses


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/nope",
        "/v1/workspaces",
        "/v1/workspaces/",
        "/v1/workspaces/acme/",
        "/v1/workspaces/acme/tickets/",
        "/v1/workspaces/acme/tickets//",
        "/v1/workspaces/acme/tickets/1/2/3",
        "/v1/workspaces//tickets",
        "/v1/%00",
        "/v1/two%0Alines",
        "/v1/%ff%fe",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/v1/<script>alert(1)</script>",
        "/v1/" + "x" * 20_000,
    ],
    ids=lambda path: path[:40],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "PUT", "TRACE", "BREW"])
def test_an_unknown_address_is_not_found_whatever_the_method(browser, problem, method, path):
    assert problem(browser.generic(method, path), 404, "not_found")["detail"] == "There is no such address in this API."


def test_a_trailing_slash_is_another_address_and_not_a_redirect(api, problem):
    problem(api.request("GET", f"/v1/workspaces/{api.workspace.pk}/tickets/"), 404, "not_found")


@pytest.mark.parametrize("path", ["/v1/nope", "/v1/workspaces/acme/tickets"])
@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
@pytest.mark.parametrize("host", ["evil.example", "a b", "[::1", "localhost:port", "\u00e9.example"])
def test_a_host_that_is_not_ours_is_told_so_in_json(browser, problem, settings, path, debug, host):
    settings.DEBUG = debug
    settings.ALLOWED_HOSTS = ["inbox.example"]

    problem(browser.get(path, headers={"host": host}), 400, "host_not_allowed")


# What the framework would answer with a page


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html"])
@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
def test_a_failure_outside_our_views_shows_nothing_but_the_problem(
    browser, problem, settings, monkeypatch, accept, debug
):
    def break_down(*args, **kwargs):
        raise RuntimeError("the secret of the house")

    settings.DEBUG = debug
    monkeypatch.setattr("workspaces.api.base.WorkspaceViewSet.dispatch", break_down)

    response = browser.get("/v1/workspaces/current", headers={"Accept": accept})

    problem(response, 500, "internal_error")
    assert "secret" not in response.content.decode()


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
def test_a_page_that_django_knows_nothing_of_is_not_found_in_json(browser, problem, settings, debug):
    settings.DEBUG = debug

    problem(browser.get("/v1/two%0Alines"), 404, "not_found")


# Methods


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize("name", sorted({route.name for route in ROUTES}))
def test_an_address_names_the_methods_it_knows(browser, problem, name, method):
    known = {route.method for route in ROUTES if route.name == name}
    route = next(route for route in ROUTES if route.name == name)
    path = route.path(dict.fromkeys(route.names, "x"))
    expected = {*known, "OPTIONS", *({"HEAD"} if "GET" in known else ())}

    response = browser.generic(method, path)

    if method in known:
        problem(response, 401, "not_authenticated")
    else:
        problem(response, 405, "method_not_allowed")
        assert {item.strip() for item in response["Allow"].split(",")} == expected


def test_options_answers_the_methods_without_content(api):
    response = api.request("OPTIONS", "tickets")

    assert (response.status_code, response.content) == (204, b"")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_head_answers_as_get_does_without_content(api, ticket):
    head, get = api.request("HEAD", "tickets"), api.get("tickets")

    assert (head.status_code, head.content) == (200, b"")
    assert head["X-Total-Count"] == get["X-Total-Count"] == "1"


# Content negotiation


@pytest.mark.parametrize(
    "accept",
    [
        *("*/*", "", ",", ";;;", "application/json", "APPLICATION/JSON", "application/*", "application/problem+json"),
        *("application/json;q=0.1", "application/json; charset=utf-8", "text/html, application/json;q=0.9"),
        *("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html;q=0, */*"),
        "application/json, */*;q=0",
    ],
)
def test_whoever_takes_json_gets_it(api, accept):
    response = api.get("/v1/workspaces/current", headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    "accept",
    [
        *("text/html", "application/xml", "image/*", "json", "application/jsonp", "*/json", "text/html;level=1"),
        *("application/json;q=0", "*/*;q=0", "*/* ; q = 0.000", "*/*, application/json;q=0", "\u00e9/\u00e9"),
    ],
)
def test_whoever_takes_no_json_is_told_in_json(api, problem, accept):
    problem(api.get("/v1/workspaces/current", headers={"Accept": accept}), 406, "not_acceptable")


# Failures inside


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
def test_what_nobody_expected_is_a_500_that_tells_only_its_number(archive, failing, problem, settings, caplog, debug):
    settings.DEBUG = debug
    failing(RuntimeError("the secret of the house"))

    response = archive()

    document = problem(response, 500, "internal_error")
    assert "secret" not in response.content.decode()
    assert any("the secret of the house" in record.exc_text for record in caplog.records if record.exc_text)
    assert document["requestId"]


def test_an_unexpected_failure_is_one_under_an_idempotency_key_too(archive, failing, problem):
    failing(RuntimeError)

    problem(archive(headers={"Idempotency-Key": "k"}), 500, "internal_error")


DATABASE_FAILURES = {
    "gone": (OperationalError("server closed the connection"), psycopg.errors.AdminShutdown(), "unavailable"),
    "no connection": (OperationalError("connection refused"), psycopg.OperationalError(), "unavailable"),
    "connection closed": (InterfaceError("connection already closed"), None, "unavailable"),
    "lock not available": (OperationalError("lock timeout"), psycopg.errors.LockNotAvailable(), "busy"),
    "statement too long": (OperationalError("cancelled"), psycopg.errors.QueryCanceled(), "timed_out"),
    "not now": (Unavailable(), None, "unavailable"),
}


@pytest.mark.parametrize("failure", DATABASE_FAILURES)
def test_a_database_that_cannot_answer_is_a_503_that_says_when_to_try_again(archive, failing, problem, failure):
    exc, cause, code = DATABASE_FAILURES[failure]
    failing(exc, cause)

    response = archive()

    problem(response, 503, code)
    assert int(response["Retry-After"]) > 0


def test_a_database_that_is_gone_before_anyone_is_known_is_a_503(api, problem, monkeypatch):
    def gone(*args):
        raise OperationalError("connection refused")

    monkeypatch.setattr("workspaces.api.authentication.find_credentials", gone)

    problem(api.get("tickets"), 503, "unavailable")


@pytest.mark.postgresql
def test_a_statement_that_runs_too_long_is_ended_and_answered(api, problem, monkeypatch):
    def slow(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10ms'")
            cursor.execute("SELECT pg_sleep(10)")

    monkeypatch.setattr("tickets.api.views.paginate", slow)

    problem(api.get("tickets"), 503, "timed_out")


# The document


def test_the_title_is_the_phrase_of_the_status_and_the_type_names_the_code(api, problem):
    document = problem(api.get("tickets/nonsense"), 404, "not_found")

    assert (document["title"], document["type"]) == ("Not Found", "urn:inboxops:problem:not_found")


def test_field_errors_have_a_place_a_code_and_words(api, problem):
    document = problem(api.post("tickets", {"subject": 1, "tags": ["", 2], "nonsense": 1}), 400, "invalid")

    found = {(error["pointer"], error["code"]) for error in document["errors"]}
    assert found == {
        ("/subject", "invalid"),
        ("/body", "required"),
        ("/tags/1", "invalid"),
        ("/nonsense", "unknown_field"),
    }
    assert all(error["detail"] for error in document["errors"])


def test_at_most_a_hundred_errors_are_shown(api, problem):
    document = problem(api.post("tickets", {f"typo{n}": n for n in range(5_000)}), 400, "invalid")

    assert len(document["errors"]) == 100


def test_a_pointer_escapes_what_has_a_meaning_in_it(api, problem):
    document = problem(api.post("tickets", {"subject": "s", "body": "b", "a/b~c": 1}), 400, "invalid")
    assert document["errors"][0]["pointer"] == "/a~1b~0c"


def test_no_failure_may_be_kept_by_a_cache(api, problem):
    response = api.post("tickets", {})

    problem(response, 400, "invalid")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_success_is_json_that_no_shared_cache_may_keep(route, workspace, admin_api):
    response = prepare(route, World(workspace)).send(admin_api)

    assert response["Cache-Control"] in ("private, no-cache", "no-store")
    if response.status_code == 204:
        assert "Content-Type" not in response
        assert response.content == b""
    else:
        assert response["Content-Type"] == "application/json"
        json.loads(response.content)
