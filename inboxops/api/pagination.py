"""Pages of a bare JSON array: `limit` and `offset`, or a cursor; the totals and the ways on are in the headers.

- `X-Total-Count`, at most 10,000 unless `count=exact`; then `X-Total-Count-Capped: true` says there are more.
- `Link` (RFC 8288) with `first`, `prev`, `next` and, where the total is known, `last`; a second one with
  `next-cursor`, the same as in `X-Next-Cursor`.
- A cursor names the last row seen by its sort key, so a page at any depth costs the same.
"""

import base64
import binascii
import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery, Window, aggregates
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from rest_framework.request import Request

from inboxops.api.fields import parse_moment
from inboxops.api.query import Parameter, choice_parameter, integer_parameter, invalid_parameter
from inboxops.compiled import CompiledShapes, Question
from inboxops.ids import parse_uuid

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
MAX_OFFSET = 1_000_000_000
COUNT_CAP = 10_000
# From this offset on, the rows of a page are found before anything of them is read.
DEEP = 1_000
COUNTS = ("capped", "exact", "none")
PARAMETERS = (
    Parameter(
        "limit",
        "How many rows at most.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    Parameter(
        "offset",
        "How many rows to leave out. For pages on a screen; a `cursor` misses nothing and is quick at any depth.",
        {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    ),
    Parameter(
        "cursor",
        "Go on behind the row where another page ended: its `X-Next-Cursor`. Keep `sort` and filters; not together"
        " with an `offset`.",
        {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    ),
    Parameter(
        "count",
        f"How far `X-Total-Count` counts: to {COUNT_CAP:,} (then `X-Total-Count-Capped: true` says there are more), to"
        " the end, or not at all.",
        {"type": "string", "enum": COUNTS, "default": "capped"},
    ),
)


@dataclass(frozen=True)
class SortKey:
    """A way to sort a list: the name in the API, the column behind it, and how its values travel in a cursor."""

    name: str
    column: str
    to_cursor: Callable[[Any], Any]
    from_cursor: Callable[[Any], Any]


def by_moment(name: str, column: str) -> SortKey:
    """A sort key over a time."""
    return SortKey(name, column, lambda value: value.isoformat(), _moment)


def _moment(value: Any) -> dt.datetime:
    moment = parse_moment(value)
    if moment is None:
        raise ValueError(value)
    return moment


def whole_number(value: Any) -> int:
    """A number in a cursor, within what a database column holds. Raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(value)
    return value


@dataclass(frozen=True)
class Sort:
    """A sort key with its direction. `id` decides between equals, in the same direction."""

    key: SortKey
    descending: bool

    @property
    def name(self) -> str:
        """As written in the `sort` parameter."""
        return f"-{self.key.name}" if self.descending else self.key.name

    def order(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows in this order."""
        sign = "-" if self.descending else ""
        return rows.order_by(f"{sign}{self.key.column}", f"{sign}id")

    def after(self, rows: QuerySet[Any, Any], value: Any, row_id: Any) -> QuerySet[Any, Any]:
        """The rows behind the one with this key and id."""
        compared, bound = (TupleLessThan, "lte") if self.descending else (TupleGreaterThan, "gte")
        # PostgreSQL compares both at once, within the index. Elsewhere this becomes an OR, which no index knows: there,
        # the bound alone limits what is read.
        behind = compared(Tuple(self.key.column, "id"), (value, row_id))
        return rows.filter(behind, **{f"{self.key.column}__{bound}": value})


def sort_parameter(keys: Mapping[str, SortKey], default: str, *, otherwise: str = "") -> Parameter:
    """The `sort` parameter of a list with these keys; `otherwise` says when the default is another one."""
    names = {
        f"{sign}{name}": f"{_constant(name)}{turned}" for name in keys for sign, turned in (("", ""), ("-", "_DESC"))
    }
    schema: dict[str, Any] = {"type": "string", "enum": list(names), "x-enum-varnames": list(names.values())}
    if not otherwise:
        schema["default"] = default
    usual = f"Absent: `{default}`{otherwise}."
    return Parameter("sort", f"The order; `-` turns it round. {usual} Equals stand in the order of their ids.", schema)


def _constant(name: str) -> str:
    """`lastMessageAt` as programs call a constant: `LAST_MESSAGE_AT`."""
    return re.sub(r"(?=[A-Z])", "_", name).upper()


def parse_sort(text: str, keys: Mapping[str, SortKey]) -> Sort:
    """The sort named in a parameter. Raises Invalid for an unknown one."""
    key = keys.get(text.removeprefix("-"))
    if key is None:
        raise invalid_parameter("sort", f"This must be one of {', '.join(keys)}, with or without -.", "unknown_choice")
    return Sort(key, text.startswith("-"))


class Counted(Subquery):
    """How many rows a queryset has, as one value of another one."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Count:
    """How far rows are counted: to the end where `cap` is None."""

    cap: int | None

    def of(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """Those of the rows that are counted: one more than the cap tells that there are more."""
        plain = rows.order_by().values("pk")
        return plain if self.cap is None else plain[: self.cap + 1]


@dataclass(frozen=True)
class Asked:
    """A question with the page of its answer that is wanted. `after` is where the page before it ended."""

    question: Question
    sort: Sort | None
    limit: int
    offset: int
    count: Count | None
    after: tuple[Any, uuid.UUID] | None


class Listing:
    """A list of the API: the rows that answer a question, how each is shown, and what it can be sorted by.

    `rows` makes a queryset of a question: a mapping, `workspace` always in it (see `inboxops.compiled` for what may
    vary in one). `columns` are fetched; `id` and those of the sort keys must be among them. Questions with a member in
    `searches`, and pages from `DEEP` on, look through many rows, and their SQL is not kept. `complete` is given the
    workspace and the objects of a page, and adds what is of other tables.
    """

    def __init__(
        self,
        rows: Callable[[Question], QuerySet[Any, Any]],
        columns: tuple[str, ...],
        to_json: Callable[[Sequence[Any]], dict[str, Any]],
        keys: Mapping[str, SortKey],
        *,
        searches: Collection[str] = (),
        complete: Callable[[uuid.UUID, Sequence[dict[str, Any]]], None] | None = None,
    ) -> None:
        self.keys = keys
        self._to_json, self._complete = to_json, complete
        self._rows, self._columns, self._searches = rows, columns, searches
        self._compiled = CompiledShapes(self._page)

    def fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        """One more row than asked for, so that it is known whether there are more; behind each the total."""
        question = {**asked.question, "sort": asked.sort, "count": asked.count}
        if asked.after is not None:
            question["after"], question["after_id"] = asked.after
        wanted = slice(asked.offset, asked.offset + asked.limit + 1)
        is_search = any(name in question for name in self._searches)
        if is_search and asked.sort is None:
            return self._best(question, wanted)
        if asked.offset >= DEEP:
            # What is passed over is passed over within an index, and only what is shown is read.
            return list(self._page(question).filter(pk__in=self._ordered(question).values("pk")[wanted]))
        if is_search:
            return list(self._page(question)[wanted])
        return self._compiled.rows(question, limit=asked.limit + 1, offset=asked.offset)

    def count(self, asked: Asked) -> int:
        """How many rows there are, as far as is to be counted."""
        assert asked.count is not None, "Nothing is to be counted."
        return asked.count.of(self._rows({**asked.question, "sort": asked.sort})).count()

    def shown(self, asked: Asked, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """The rows as JSON objects."""
        # The total behind the columns is nothing to show.
        objects = [self._to_json(row[:-1] if asked.count else row) for row in rows]
        if self._complete is not None:
            self._complete(asked.question["workspace"], objects)
        return objects

    def locate(self, row: Sequence[Any], sort: Sort) -> tuple[Any, Any]:
        """Where a row stands: its sort key's value and its id."""
        return row[self._columns.index(sort.key.column)], row[self._columns.index("id")]

    def _page(self, question: Question) -> QuerySet[Any, Any]:
        """The rows as they are fetched, with the total behind each if it is asked for."""
        ordered = self._ordered(question)
        count: Count | None = question["count"]
        if count is None:
            return ordered.values_list(*self._columns)
        counted: QuerySet[Any, Any] = ordered.annotate(total=Counted(count.of(self._rows(question))))
        return counted.values_list(*self._columns, "total")

    def _best(self, question: Question, wanted: slice) -> list[tuple[Any, ...]]:
        """The rows of a search by relevance, in two statements: what is sorted and counted in passing are ids alone.

        Not for rows in another order: one may have moved in between, and a cursor would begin where it moved to.
        """
        ordered = self._ordered(question)
        chosen = ordered.values_list("pk")
        if question["count"] is not None:
            chosen = ordered.annotate(total=Window(aggregates.Count("*"))).values_list("pk", "total")
        places = {row_id: total for row_id, *total in chosen[wanted]}
        rows = ordered.model._default_manager.filter(workspace=question["workspace"], pk__in=list(places))
        at = self._columns.index("id")
        found = {row[at]: row for row in rows.values_list(*self._columns)}
        return [(*found[row_id], *total) for row_id, total in places.items() if row_id in found]

    def _ordered(self, question: Question) -> QuerySet[Any, Any]:
        rows = self._rows(question)
        sort: Sort | None = question["sort"]
        if sort is None:
            return rows
        ordered = sort.order(rows)
        return sort.after(ordered, question["after"], question["after_id"]) if "after" in question else ordered


@dataclass(frozen=True)
class Page:
    """The rows of one page as JSON objects, and the headers that belong to them."""

    rows: list[dict[str, Any]]
    headers: dict[str, str]


def paginate(request: Request, listing: Listing, question: Question, *, sort: Sort | None) -> Page:
    """The page of a listing that the query asks for.

    Without a `sort` (rows in order of relevance) there is no cursor. Raises Invalid for parameters out of range.
    """
    query = request.query_params
    cursor = query.get("cursor")
    offset = integer_parameter(query, "offset", 0, 0, MAX_OFFSET)
    # Generated clients send the default, too.
    if cursor is not None and offset:
        raise invalid_parameter("cursor", "Give either a cursor or an offset.", "contradiction")
    asked = Asked(
        question=question,
        sort=sort,
        limit=integer_parameter(query, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
        offset=offset,
        count={"capped": Count(COUNT_CAP), "exact": Count(None), "none": None}[
            choice_parameter(query, "count", COUNTS, "capped")
        ],
        after=None if cursor is None else _read_cursor(cursor, sort),
    )
    found = listing.fetch(asked)
    shown, more = found[: asked.limit], len(found) > asked.limit
    headers, total = _total(listing, asked, found, more)
    links = _links(request, asked.limit, asked.offset, total, more, with_offset=cursor is None)
    if more and sort is not None:
        next_cursor = _write_cursor(sort, *listing.locate(shown[-1], sort))
        headers["X-Next-Cursor"] = next_cursor
        links.append(_link(request, "next-cursor", cursor=next_cursor, offset=None))
    headers["Link"] = ", ".join(links)
    return Page(listing.shown(asked, shown), headers)


def _total(
    listing: Listing, asked: Asked, found: Sequence[Sequence[Any]], more: bool
) -> tuple[dict[str, str], int | None]:
    """The headers that tell the number of rows, and the number; None when it is not known."""
    if asked.count is None:
        return {}, None
    if asked.after is None and not more and (found or asked.offset == 0):
        # The last page tells by itself, beyond what is counted, too.
        total = asked.offset + len(found)
    else:
        total = found[0][-1] if found else listing.count(asked)
        if asked.count.cap is not None and total > asked.count.cap:
            return {"X-Total-Count": str(asked.count.cap), "X-Total-Count-Capped": "true"}, None
    return {"X-Total-Count": str(total)}, total


def _links(request: Request, limit: int, offset: int, total: int | None, more: bool, *, with_offset: bool) -> list[str]:
    links = [_link(request, "first", offset=0 if with_offset else None, cursor=None)]
    if with_offset:
        if offset > 0:
            links.append(_link(request, "prev", offset=max(0, offset - limit)))
        if more:
            links.append(_link(request, "next", offset=offset + limit))
        if total is not None and total > 0:
            pages_on = (total - 1 - offset) // limit
            links.append(_link(request, "last", offset=max(0, offset + pages_on * limit)))
    return links


def _link(request: Request, rel: str, **parameters: Any) -> str:
    query = request.query_params.copy()
    for name, value in parameters.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    target = request.build_absolute_uri(request.path)
    encoded = query.urlencode()
    return f'<{target}{"?" + encoded if encoded else ""}>; rel="{rel}"'


def _write_cursor(sort: Sort, value: Any, row_id: Any) -> str:
    content = [sort.name, sort.key.to_cursor(value), str(row_id)]
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, sort: Sort | None) -> tuple[Any, uuid.UUID]:
    """The sort key's value and the id of the row where a page ended."""
    problem = invalid_parameter("cursor", "This is not a cursor of this list; begin again without one.")
    if sort is None:
        raise invalid_parameter("cursor", "A cursor needs a fixed order: add sort.", "contradiction")
    try:
        content = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        name, value, row_id = content
        value, found = sort.key.from_cursor(value), parse_uuid(row_id)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise problem from None
    if found is None:
        raise problem
    if name != sort.name:
        # The name is not repeated: it is the client's, and may be anything that JSON can say.
        raise invalid_parameter("cursor", "This cursor is for another order; keep the sort it came from.")
    return value, found
