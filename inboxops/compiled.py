"""Queries that are asked with every request, compiled to SQL once.

Django puts a statement together anew each time, which takes longer than PostgreSQL needs to answer it. Here a queryset
is still where a question is written; what varies in it stands as a parameter:

    TOKEN = CompiledQuery(lambda prefix: ApiToken.objects.filter(prefix=prefix).values_list("id"), CharField())
    TOKEN.rows("4fQ2mZkD81")
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler


class CompiledQuery:
    """A `values_list` queryset of some parameters, one for each field given: it tells how a value is sent.

    The queryset must not depend on anything else that varies: neither on the time, nor on a setting.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Any, Any]], *fields: "models.Field[Any, Any]") -> None:
        self._build = build
        self._fields = fields
        self._statements: dict[str, tuple[SQLCompiler, str, list[Any], list[int | None]]] = {}

    def rows(self, *values: Any) -> list[Any]:
        """The rows for these values, as the queryset itself would give them: one statement."""
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._statements.get(connection.vendor)
        if statement is None:
            # Two threads may both do this once; they come to the same.
            statement = self._statements[connection.vendor] = self._compile(connection)
        compiler, sql, params, places = statement
        sent = [field.get_db_prep_value(value, connection) for field, value in zip(self._fields, values, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(
                sql, [param if place is None else sent[place] for param, place in zip(params, places, strict=True)]
            )
            return list(compiler.results_iter([cursor.fetchall()], tuple_expected=True))

    def _compile(self, connection: BaseDatabaseWrapper) -> tuple[SQLCompiler, str, list[Any], list[int | None]]:
        stand_ins = [_stand_in(field) for field in self._fields]
        compiler = self._build(*stand_ins).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        known = [field.get_db_prep_value(item, connection) for field, item in zip(self._fields, stand_ins, strict=True)]
        places = [known.index(param) if param in known else None for param in params]
        assert set(places) >= set(range(len(known))), "Each parameter must stand in the query as it is."
        return compiler, sql, list(params), places


def _stand_in(field: "models.Field[Any, Any]") -> Any:
    """A value that occurs nowhere else."""
    return uuid.uuid4() if isinstance(field, models.UUIDField) else uuid.uuid4().hex
