import datetime as dt

import pytest
from django.db import DataError, connection
from psycopg.postgres import types
from psycopg.pq import Format
from psycopg.types.datetime import TimestamptzLoader

from inboxops.timestamps import UtcTimestamptzLoader

TIMESTAMPTZ_OID = types["timestamptz"].oid

pytestmark = pytest.mark.postgresql

MOMENTS = [
    "0001-01-01 00:00:00+00",
    "1582-10-15 12:00:00.1+00",
    "1969-12-31 23:59:59.999999+00",
    "1970-01-01 00:00:00+00",
    "2000-02-29 12:30:45.000001+00",
    "2016-12-31 23:59:59.5+00",
    "2026-03-29 01:59:59.123456+00",
    "9999-12-31 23:59:59.999999+00",
]


@pytest.fixture
def loaded(db):
    """What a cursor of ours makes of a timestamptz."""

    def load(text):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::timestamptz", [text])
            return cursor.fetchone()[0]

    return load


def test_our_loader_is_the_one_in_use(db):
    """Should Django come to register its own per cursor again, lists get slow, and nothing else tells."""
    with connection.cursor() as cursor:
        loader = cursor.adapters.get_loader(TIMESTAMPTZ_OID, Format.TEXT)
    assert loader is UtcTimestamptzLoader


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_is_what_psycopg_would_make_of_it(loaded, text):
    moment = loaded(text)

    class Stock(TimestamptzLoader):
        timezone = dt.UTC

    assert moment == Stock(TIMESTAMPTZ_OID, connection.connection).load(text.encode())
    assert moment.tzinfo is dt.UTC


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "20000-01-01 00:00:00+00"])
def test_what_python_cannot_hold_is_refused_as_before(loaded, text):
    with pytest.raises(DataError):
        loaded(text)
