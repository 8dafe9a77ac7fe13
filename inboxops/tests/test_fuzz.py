"""Random bodies, queries and paths at every route that takes them: JSON comes back, and never a 500."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxops.tests.calls import World, prepare
from inboxops.tests.routes import routes

ROUTES = routes()
WITH_BODY = [route for route in ROUTES if route.method in ("POST", "PATCH", "PUT")]
READS = [route for route in ROUTES if route.method == "GET"]

bounded = settings(max_examples=40, derandomize=True, deadline=None, database=None)

NASTY = st.sampled_from(
    [
        *("", " ", "\x00", "\x7f", "\u202e", "\ufeff", "\ufffe", "\U0010ffff", "e\u0301" * 30, "İ" * 300, "\r\nBcc: x"),
        *("a@b.example", '"a b"@b.example', "a@b@c", "@", "a@[127.0.0.1]", "null", "true", "1e400", "../..", "%s%n{}"),
        *("' OR 1=1 --", "<script>", "<b>" * 600, "</", "2026-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01"),
        *("01999999-9999-7999-8999-999999999999", "open", "closed", "high", "admin", "read", "me", "none", "all"),
        *('"', '"open', '-"', "-", "or", "*", "a*", "#1", "#99999999999999999999", "漢字", "\\", "AND NEAR(", ":*&|!"),
    ]
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([2**63, -(2**63), 2**64])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | NASTY
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def bodies_like(body):
    """The valid body with some members missing, some replaced, and some that nobody asked for."""
    members = {name: st.just(value) | VALUES for name, value in body.items()}
    extra = st.dictionaries(st.text(max_size=8), VALUES, max_size=1)
    return st.builds(lambda known, more: {**more, **known}, st.fixed_dictionaries({}, optional=members), extra)


@pytest.fixture
def world(workspace):
    return World(workspace)


def well_answered(response):
    assert response.status_code < 500, response.content
    if response.status_code == 204:
        return
    document = json.loads(response.content)
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
        assert document["status"] == response.status_code
    else:
        assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_no_body_makes_us_fall_over(route, world, admin_api):
    call = prepare(route, world)

    @bounded
    @given(bodies_like(call.body) | VALUES)
    def check(body):
        # Lone surrogates and the like travel as escapes.
        well_answered(call.send(admin_api, body=json.dumps(body).encode()))

    check()


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_no_bytes_make_us_fall_over(route, world, admin_api):
    call = prepare(route, world)

    @bounded
    @given(st.binary(max_size=40))
    def check(raw):
        well_answered(call.send(admin_api, body=raw))

    check()


@pytest.mark.parametrize("route", READS, ids=str)
def test_no_query_makes_us_fall_over(route, world, admin_api):
    world.conversation()
    call = prepare(route, world)
    value = NASTY | st.text(max_size=20) | st.integers().map(str)
    names = st.sampled_from(route.query) if route.query else st.text(max_size=5)

    @bounded
    @given(st.dictionaries(names | st.text(max_size=5), value | st.lists(value, max_size=3), max_size=4))
    def check(query):
        well_answered(call.send(admin_api, query=query))

    check()


@pytest.mark.parametrize("route", [route for route in READS if len(route.names) > 1], ids=str)
def test_no_path_makes_us_fall_over(route, world, admin_api):
    call = prepare(route, world)

    @bounded
    @given(st.text(min_size=1, max_size=40) | NASTY.filter(bool))
    def check(text):
        for name in route.names:
            well_answered(call.send(admin_api, path={name: quote(text, safe="")}))

    check()
