"""Queries that are asked with every request, compiled to SQL once.

Django puts a statement together anew each time, which takes longer than PostgreSQL needs to answer it. Here a queryset
is still where a question is written; what varies in it stands as a parameter:

    TOKEN = CompiledQuery(lambda prefix: ApiToken.objects.filter(prefix=prefix).values_list("id"), CharField())
    TOKEN.rows("4fQ2mZkD81")

Lists are asked in many shapes, by what is filtered and how it is sorted: `CompiledShapes` compiles each once.
"""

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import Col
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from inboxops.db import prepared_cursor

_Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True)
class _Statement:
    """One question as a database understands it: how its values are sent, where they stand, what its rows become."""

    sql: str
    params: list[Any]
    places: list[int | None]
    fields: Sequence["models.Field[Any, Any]"]
    read: Callable[[_Rows], list[Any]]

    @classmethod
    def of(
        cls,
        queryset: models.QuerySet[Any, Any],
        stand_ins: Sequence[Any],
        fields: Sequence["models.Field[Any, Any]"],
        connection: BaseDatabaseWrapper,
    ) -> "_Statement":
        """The statement of a queryset in which stand-ins stand where values will."""
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        known = [field.get_db_prep_value(item, connection) for field, item in zip(fields, stand_ins, strict=True)]
        places = [known.index(param) if param in known else None for param in params]
        rest = str([sql, *(param for param, place in zip(params, places, strict=True) if place is None)])
        stand_as_they_are = set(places) >= set(range(len(known))) and not any(str(item) in rest for item in known)
        if not stand_as_they_are:
            # Never to be shrugged off: what was somebody's value would be part of everybody's statement.
            raise TypeError("Each parameter must stand in the query as it is.")
        return cls(sql, list(params), places, fields, _reader(queryset, compiler))

    def rows(self, cursor: CursorWrapper, values: Sequence[Any], limits: Sequence[int] = ()) -> list[Any]:
        """The rows for these values; of a queryset without limits, those within `limits` (how many, from which on)."""
        sent = [field.get_db_prep_value(value, cursor.db) for field, value in zip(self.fields, values, strict=True)]
        params = [
            param if place is None else sent[place] for param, place in zip(self.params, self.places, strict=True)
        ]
        with cursor:
            cursor.execute(f"{self.sql} LIMIT %s OFFSET %s" if limits else self.sql, [*params, *limits])
            return self.read(cursor.fetchall())


class CompiledQuery:
    """A queryset of some parameters, one for each field given: it tells how a value is sent.

    The queryset is of models or a `values_list`. It must not depend on anything else that varies: neither on the time,
    nor on a setting. `prepared=False` has PostgreSQL plan it for its values each time: for all but look-ups by key.
    """

    def __init__(
        self,
        build: Callable[..., models.QuerySet[Any, Any]],
        *fields: "models.Field[Any, Any]",
        prepared: bool = True,
    ) -> None:
        self._build = build
        self._fields = fields
        self._prepared = prepared
        self._statements: dict[str, _Statement] = {}

    def rows(self, *values: Any) -> list[Any]:
        """The rows for these values, as the queryset itself would give them: one statement."""
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._statements.get(connection.vendor)
        if statement is None:
            # Two threads may both do this once; they come to the same.
            stand_ins = [_stand_in(field) for field in self._fields]
            statement = _Statement.of(self._build(*stand_ins), stand_ins, self._fields, connection)
            self._statements[connection.vendor] = statement
        return statement.rows(prepared_cursor() if self._prepared else connection.cursor(), values)

    def first(self, *values: Any) -> Any:
        """The first of these rows; None when there are none."""
        return next(iter(self.rows(*values)), None)


class Term(str):
    """Text to look for that a client chose freely: a value, and no part of a question's shape."""


# What varies in a question, and how it is sent. Everything else in it is its shape.
_VARYING: dict[type, "models.Field[Any, Any]"] = {
    uuid.UUID: models.UUIDField(),
    dt.datetime: models.DateTimeField(),
    int: models.BigIntegerField(),
    Term: models.CharField(),
}

Question = Mapping[str, Any]
Shape = tuple[tuple[str, Any], ...]


class CompiledShapes:
    """The querysets of a question: UUIDs, times, whole numbers, terms and lists of these vary, all else is its shape.

    `build` makes a `values_list` queryset of a question, without a limit. Of the same shape it must always make the
    same, but for the values. The `kept` shapes that were asked last stay compiled.
    """

    def __init__(self, build: Callable[[Question], models.QuerySet[Any, Any]], *, kept: int = 256) -> None:
        self._build = build
        self._statement = lru_cache(maxsize=kept)(self._compile)

    def rows(self, question: Question, *, limit: int, offset: int = 0) -> list[Any]:
        """The rows for this question, as the queryset itself would give them: one statement."""
        connection = connections[DEFAULT_DB_ALIAS]
        shape, values = _taken_apart(question)
        # Planned for these values each time: how many rows a status or a tag leaves decides which index is best.
        return self._statement(connection.vendor, shape).rows(connection.cursor(), values, (limit, offset))

    def _compile(self, vendor: str, shape: Shape) -> _Statement:
        question = {name: _put_together(part) for name, part in shape}
        _, stand_ins = _taken_apart(question)
        fields = [_VARYING[type(item)] for item in stand_ins]
        return _Statement.of(self._build(question), stand_ins, fields, connections[DEFAULT_DB_ALIAS])


def _taken_apart(question: Question) -> tuple[Shape, list[Any]]:
    """The shape of a question, and the values in it."""
    shape: list[tuple[str, Any]] = []
    values: list[Any] = []
    for name, part in question.items():
        if type(part) in _VARYING:
            shape.append((name, type(part)))
            values.append(part)
        elif isinstance(part, list):
            shape.append((name, tuple(type(item) if type(item) in _VARYING else item for item in part)))
            values += (item for item in part if type(item) in _VARYING)
        else:
            shape.append((name, part))
    return tuple(shape), values


def _put_together(part: Any) -> Any:
    """A part of a question of this shape, with stand-ins for its values."""
    if isinstance(part, tuple):
        return [_put_together(item) for item in part]
    if part not in _VARYING:
        return part
    found = _stand_in(_VARYING[part])
    return Term(found) if part is Term else found


def _stand_in(field: "models.Field[Any, Any]") -> Any:
    """A value that occurs nowhere else."""
    match field:
        case models.UUIDField():
            return uuid.uuid4()
        case models.DateTimeField():
            return dt.datetime(1, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=random.getrandbits(55))
        case models.IntegerField():
            return random.getrandbits(61) | 1 << 61
    return uuid.uuid4().hex


def _reader(queryset: models.QuerySet[Any, Any], compiler: SQLCompiler) -> Callable[[_Rows], list[Any]]:
    """What makes of rows what the queryset would: instances with what is select_related, or tuples.

    It keeps as little as it can: a queryset's tree of conditions takes as much memory as hundreds of statements.
    """
    # A converter looks at its column at most; for anything else that is selected, the value is enough.
    converters = [
        (place, functions, expression if isinstance(expression, Col) else None)
        for place, (functions, expression) in compiler.get_converters(
            [column for column, _, _ in compiler.select[: compiler.col_count]]
        ).items()
    ]

    def tuples(rows: _Rows) -> list[Any]:
        connection = connections[DEFAULT_DB_ALIAS]
        found = [list(row) for row in rows]
        for place, functions, expression in converters:
            for row in found:
                for convert in functions:
                    row[place] = convert(row[place], expression, connection)
        return [tuple(row) for row in found]

    if not issubclass(queryset._iterable_class, ModelIterable):
        return tuples
    assert not compiler.annotation_col_map, "Annotations of models are not read here."
    model, places = queryset.model, compiler.klass_info["select_fields"]
    columns = slice(places[0], places[-1] + 1)
    names = [column.target.attname for column, _, _ in compiler.select[columns]]
    populators = get_related_populators(  # type: ignore[call-arg]  # the types are those of a later Django
        compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
    )

    def instances(rows: _Rows) -> list[Any]:
        found = []
        for row in tuples(rows):
            instance = model.from_db(DEFAULT_DB_ALIAS, names, row[columns])
            for populator in populators:
                populator.populate(row, instance)
            found.append(instance)
        return found

    return instances
