"""Rows written with every request: stored as the ORM would store them, without what it prepares anew each time.

The model says which columns there are and how each value is sent; a statement is put together once. No signal is sent.

    insert_rows([message])
    update_row(ticket, {"status", "version"})
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models

from inboxops.db import prepared_cursor


def insert_rows(rows: Sequence[models.Model], *, unless_there: bool = False) -> int:
    """Store new rows of one model, whose keys are made by us, as `bulk_create` would: one statement.

    `unless_there`: a row that collides with one that is stored already is left out. Answers how many were stored.
    """
    if not rows:
        return 0
    connection = connections[DEFAULT_DB_ALIAS]
    beginning, placeholders, fields = _insertion(type(rows[0]))
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for row in rows for field in fields]
    sql = beginning + ", ".join([placeholders] * len(rows)) + (" ON CONFLICT DO NOTHING" if unless_there else "")
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        stored: int = cursor.rowcount
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return stored


def update_row(row: models.Model, names: AbstractSet[str]) -> None:
    """Write the fields of these names, as `save(update_fields=names)` would: one statement.

    Raises DatabaseError when the row is gone.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    sql, fields = _update(type(row), frozenset(names))
    values = [field.get_db_prep_save(field.pre_save(row, False), connection) for field in fields]
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        if cursor.rowcount != 1:
            raise DatabaseError(f"There is no {type(row).__name__} {row.pk} to update.")


@cache
def _insertion(model: type[models.Model]) -> tuple[str, str, list[Any]]:
    """The statement up to the values, the place of one row's values, and the fields in their order."""
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields: list[Any] = list(model._meta.concrete_fields)
    table, columns = quote(model._meta.db_table), ", ".join(quote(field.column) for field in fields)
    placeholders = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {table} ({columns}) VALUES ", f"({placeholders})", fields  # noqa: S608 - names of the model


@cache
def _update(model: type[models.Model], names: frozenset[str]) -> tuple[str, list[Any]]:
    """The statement, and the fields in the order of its parameters: the key comes last."""
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields: list[Any] = [*(model._meta.get_field(name) for name in sorted(names)), model._meta.pk]
    *changes, key = (f"{quote(field.column)} = %s" for field in fields)
    table = quote(model._meta.db_table)
    return f"UPDATE {table} SET {', '.join(changes)} WHERE {key}", fields  # noqa: S608 - names of the model
