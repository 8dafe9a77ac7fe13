"""Times as text: written into JSON columns, and read from PostgreSQL.

Those of PostgreSQL are read by the C code of `datetime` instead of by a parser in Python.

Django replaces psycopg's own loader for `timestamptz` by a subclass in Python, which takes most of the time that a list
of rows takes to read. All our connections are in UTC, where PostgreSQL writes what `fromisoformat` understands.
"""

import datetime as dt
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader


def in_iso(moment: dt.datetime) -> str:
    """An aware time as the API writes it: ISO 8601 in UTC, with `Z`."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


class UtcTimestamptzLoader(TimestamptzLoader):
    """Loads `timestamptz` on a connection in UTC; equal to what psycopg's own loader gives."""

    # Django compares this with the connection's zone, cursor by cursor, and leaves the loader alone when they agree.
    timezone = dt.UTC

    def load(self, data: Buffer) -> dt.datetime:
        try:
            return dt.datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            # Before Christ, beyond the year 9999, infinity: psycopg knows what to say.
            return super().load(data)


def use_quick_loader(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """For `connection_created`: read times quickly where the connection speaks PostgreSQL in UTC."""
    if connection.vendor == "postgresql" and connection.timezone == dt.UTC:
        connection.connection.adapters.register_loader("timestamptz", UtcTimestamptzLoader)
