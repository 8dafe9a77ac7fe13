"""A limit of requests per token: counted exactly, told in every answer, shared by all processes with a shared cache."""

import os

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from workspaces.api import throttling

REDIS_URL = os.environ.get("INBOXOPS_TEST_REDIS_URL", "")
# A window is 60 seconds; this moment is 18 seconds into one.
MOMENT = 1_800_000_018


@pytest.fixture(params=["of the process", *(["shared"] if REDIS_URL else [])])
def cache(request, monkeypatch):
    """Every cache there is to test with: the process' own, and Redis where INBOXOPS_TEST_REDIS_URL names one."""
    if request.param == "shared":
        chosen = RedisCache(REDIS_URL, {"KEY_PREFIX": f"test-{os.getpid()}"})
    else:
        chosen = LocMemCache("rate-limit", {})
    chosen.clear()
    monkeypatch.setattr(throttling, "cache", chosen)
    yield chosen
    chosen.clear()


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    """The time of the limiter's clock, to be moved by hand."""

    class Moment:
        now = MOMENT

    monkeypatch.setattr(throttling.time, "time", lambda: Moment.now)
    return Moment


@pytest.fixture
def limit(settings):
    settings.RATE_LIMIT = (3, 60)


def test_exactly_as_many_as_the_limit_are_let_through(api, cache, limit, problem):
    statuses = [api.get("tickets").status_code for _ in range(5)]

    assert statuses == [200, 200, 200, 429, 429]


def test_every_answer_tells_where_the_limit_stands(api, cache, limit):
    first, refused = api.get("tickets"), api.get("tickets/nonsense")

    assert first["RateLimit-Policy"] == refused["RateLimit-Policy"] == '"token";q=3;w=60'
    assert first["RateLimit"] == '"token";r=2;t=42'
    assert refused["RateLimit"] == '"token";r=1;t=42'


def test_a_refusal_says_when_to_come_back(api, cache, limit, problem):
    for _ in range(3):
        api.get("tickets")
    response = api.get("tickets")

    problem(response, 429, "rate_limited")
    assert response["Retry-After"] == "42"
    assert response["RateLimit"] == '"token";r=0;t=42'


def test_the_next_window_begins_anew(api, cache, limit, moment):
    for _ in range(4):
        api.get("tickets")
    moment.now = MOMENT + 41
    assert api.get("tickets").status_code == 429
    moment.now = MOMENT + 42

    response = api.get("tickets")

    assert response.status_code == 200
    assert response["RateLimit"] == '"token";r=2;t=60'


def test_each_token_has_a_limit_of_its_own(api, admin_api, cache, limit):
    for _ in range(4):
        api.get("tickets")

    assert admin_api.get("tickets")["RateLimit"] == '"token";r=2;t=42'


def test_a_refused_request_does_nothing(api, ticket, cache, limit):
    for _ in range(3):
        api.get("tickets")
    response = api.post(f"tickets/{ticket.pk}/archive", {}, headers={"Idempotency-Key": "k"})

    assert response.status_code == 429
    ticket.refresh_from_db()
    assert ticket.archived_at is None


def test_what_is_refused_for_its_rights_counts_too(viewer, api_of, cache, limit):
    api = api_of(viewer)

    assert [api.post("tickets", {}).status_code for _ in range(4)] == [403, 403, 403, 429]


def test_who_is_not_known_is_not_counted(api, cache, limit):
    api.headers["Authorization"] = "Bearer nobody"
    response = api.get("tickets")

    assert response.status_code == 401
    assert "RateLimit" not in response


def test_no_limit_counts_nothing(api, settings, cache):
    settings.RATE_LIMIT = None
    response = api.get("tickets")

    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("RateLimit")]


def test_a_cache_that_cannot_be_reached_lifts_the_limit_and_says_so_in_the_log(api, limit, monkeypatch, caplog):
    monkeypatch.setattr(throttling, "cache", RedisCache("redis://127.0.0.1:1", {}))

    assert [api.get("tickets").status_code for _ in range(5)] == [200] * 5
    assert "The rate limit cannot be counted" in caplog.text


def test_counting_costs_no_query(api, cache, limit, django_assert_num_queries):
    api.get("/v1/workspaces/current")

    # Who is asking, and nothing else.
    with django_assert_num_queries(1):
        response = api.get("/v1/workspaces/current")
    assert response.headers["RateLimit"]
