"""Many rows at once: COPY, with the tables' indexes and keys taken off before and made, and so checked, afterwards."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import orjson
from django.db import connection
from django.db.models import Model

# What COPY reads in its text format (PostgreSQL's documentation of COPY, "Text Format").
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _json(value: Any) -> str:
    return orjson.dumps(value).decode().translate(_ESCAPES)


_AS_TEXT: dict[type, Callable[[Any], str]] = {
    str: lambda value: value.translate(_ESCAPES),
    int: str,
    bool: lambda value: "t" if value else "f",
    uuid.UUID: str,
    dt.datetime: dt.datetime.isoformat,
    list: _json,
    dict: _json,
    type(None): lambda _: "\\N",
}


def copy_models(model: type[Model], rows: Sequence[Model]) -> None:
    """Store the rows of a model, every column as it stands in the object."""
    fields = model._meta.concrete_fields
    values = attrgetter(*(field.attname for field in fields))
    copy_rows(model._meta.db_table, [str(field.column) for field in fields], map(values, rows))


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Store rows: strings, numbers, booleans, UUIDs, times, JSON, None."""
    lines = ("\t".join([_AS_TEXT[type(value)](value) for value in row]) for row in rows)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        copy.write("".join(f"{line}\n" for line in lines).encode())


def hurry() -> None:
    """For the session: memory to sort in, patience with locks. What is lost in a crash can be loaded again."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET lock_timeout = 0; SET synchronous_commit = off")


# One row for each foreign key from or to the tables, key, and index, in the order in which they can be made again.
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND (conrelid = ANY(%(tables)s::regclass[]) OR confrelid = ANY(%(tables)s::regclass[]))
"""
_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('p', 'u') AND conrelid = ANY(%(tables)s::regclass[])
"""
_INDEXES = """
    SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""


class Bare:
    """The tables without their indexes, keys and references. Check constraints and generated columns stay."""

    def __init__(self, tables: Sequence[str]) -> None:
        """Take them off."""
        with connection.cursor() as cursor:
            found = {}
            for sql in (_FOREIGN_KEYS, _KEYS, _INDEXES):
                cursor.execute(sql, {"tables": list(tables)})
                found[sql] = cursor.fetchall()
            for table, name, _ in found[_FOREIGN_KEYS] + found[_KEYS]:
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            for _, name, _ in found[_INDEXES]:
                cursor.execute(f"DROP INDEX {name}")
        # By table: statements about one table wait for each other, those about different ones do not.
        self.building: dict[str, list[str]] = {table: [] for table in tables}
        for table, _, definition in found[_INDEXES]:
            self.building[table].append(definition)
        for table, name, definition in found[_KEYS]:
            self.building[table].append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        self.referring = [
            f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition} NOT VALID'
            for table, name, definition in found[_FOREIGN_KEYS]
        ]
        self.checking: dict[str, list[str]] = {table: [] for table, _, _ in found[_FOREIGN_KEYS]}
        for table, name, _ in found[_FOREIGN_KEYS]:
            self.checking[table].append(f'ALTER TABLE {table} VALIDATE CONSTRAINT "{name}"')


def run(statements: Iterable[str]) -> None:
    """One after the other."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
