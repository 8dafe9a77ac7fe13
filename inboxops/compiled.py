"""Queries that are asked with every request, compiled to SQL once.

Django puts a statement together anew each time, which takes longer than PostgreSQL needs to answer it. Here a queryset
is still where a question is written; what varies in it stands as a parameter:

    TOKEN = CompiledQuery(lambda prefix: ApiToken.objects.filter(prefix=prefix).values_list("id"), CharField())
    TOKEN.rows("4fQ2mZkD81")
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler

_Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True)
class _Statement:
    """One question as a database understands it: which parameter stands where, and what its rows become."""

    sql: str
    params: list[Any]
    places: list[int | None]
    read: Callable[[_Rows], list[Any]]


class CompiledQuery:
    """A queryset of some parameters, one for each field given: it tells how a value is sent.

    The queryset is of models or a `values_list`. It must not depend on anything else that varies: neither on the time,
    nor on a setting.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Any, Any]], *fields: "models.Field[Any, Any]") -> None:
        self._build = build
        self._fields = fields
        self._statements: dict[str, _Statement] = {}

    def rows(self, *values: Any) -> list[Any]:
        """The rows for these values, as the queryset itself would give them: one statement."""
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._statements.get(connection.vendor)
        if statement is None:
            # Two threads may both do this once; they come to the same.
            statement = self._statements[connection.vendor] = self._compile(connection)
        sent = [field.get_db_prep_value(value, connection) for field, value in zip(self._fields, values, strict=True)]
        params = zip(statement.params, statement.places, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, [param if place is None else sent[place] for param, place in params])
            return statement.read(cursor.fetchall())

    def first(self, *values: Any) -> Any:
        """The first of these rows; None when there are none."""
        return next(iter(self.rows(*values)), None)

    def _compile(self, connection: BaseDatabaseWrapper) -> _Statement:
        stand_ins = [_stand_in(field) for field in self._fields]
        queryset = self._build(*stand_ins)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        known = [field.get_db_prep_value(item, connection) for field, item in zip(self._fields, stand_ins, strict=True)]
        places = [known.index(param) if param in known else None for param in params]
        assert set(places) >= set(range(len(known))), "Each parameter must stand in the query as it is."
        return _Statement(sql, list(params), places, _reader(queryset, compiler))


def _stand_in(field: "models.Field[Any, Any]") -> Any:
    """A value that occurs nowhere else."""
    return uuid.uuid4() if isinstance(field, models.UUIDField) else uuid.uuid4().hex


def _reader(queryset: models.QuerySet[Any, Any], compiler: SQLCompiler) -> Callable[[_Rows], list[Any]]:
    """What makes of rows what the queryset would: instances with what is select_related, or tuples."""
    converters = compiler.get_converters([column for column, _, _ in compiler.select[: compiler.col_count]])

    def tuples(rows: _Rows) -> list[Any]:
        return [tuple(row) for row in compiler.apply_converters(rows, converters)]

    def instances(rows: _Rows) -> list[Any]:
        found = []
        for row in compiler.apply_converters(rows, converters):
            instance = queryset.model.from_db(DEFAULT_DB_ALIAS, names, row[columns])
            for populator in populators:
                populator.populate(row, instance)
            found.append(instance)
        return found

    if not issubclass(queryset._iterable_class, ModelIterable):
        return tuples
    assert not compiler.annotation_col_map, "Annotations of models are not read here."
    places = compiler.klass_info["select_fields"]
    columns = slice(places[0], places[-1] + 1)
    names = [column.target.attname for column, _, _ in compiler.select[columns]]
    populators = get_related_populators(  # type: ignore[call-arg]  # the types are those of a later Django
        compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
    )
    return instances
