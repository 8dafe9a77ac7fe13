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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from inboxops.api.fields import parse_moment
from inboxops.api.query import Parameter, choice_parameter, integer_parameter, invalid_parameter
from inboxops.ids import parse_uuid

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
MAX_OFFSET = 1_000_000_000
COUNT_CAP = 10_000
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
        " with `offset`.",
        {"type": "string"},
    ),
    Parameter(
        "count",
        f"How far `X-Total-Count` counts: to {COUNT_CAP:,} (then `X-Total-Count-Capped: true` says there are more), to"
        " the end, or not at all.",
        {"enum": COUNTS, "default": "capped"},
    ),
)

Row = Mapping[str, Any]


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
        step, bound = ("lt", "lte") if self.descending else ("gt", "gte")
        column = self.key.column
        # The first condition alone bounds the index scan; the second one decides between equal keys.
        return rows.filter(
            Q(**{f"{column}__{bound}": value})
            & (Q(**{f"{column}__{step}": value}) | Q(**{column: value, f"id__{step}": row_id}))
        )


def sort_parameter(keys: Mapping[str, SortKey], default: str | None) -> Parameter:
    """The `sort` parameter of a list with these keys; without a `default`, that depends."""
    schema: dict[str, Any] = {"enum": [f"{sign}{name}" for name in keys for sign in ("", "-")]}
    if default is not None:
        schema["default"] = default
    return Parameter("sort", "The order; `-` turns it round. Equals stand in the order of their ids.", schema)


def parse_sort(text: str, keys: Mapping[str, SortKey]) -> Sort:
    """The sort named in a parameter. Raises Invalid for an unknown one."""
    key = keys.get(text.removeprefix("-"))
    if key is None:
        raise invalid_parameter("sort", f"This must be one of {', '.join(keys)}, with or without -.", "unknown_choice")
    return Sort(key, text.startswith("-"))


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the headers that belong to them."""

    rows: Sequence[Any]
    headers: dict[str, str]


def by_name(row: Row, name: str) -> tuple[Any, Any]:
    """Where a row stands that is a JSON object."""
    return row[name], row["id"]


def paginate(
    request: Request,
    rows: QuerySet[Any, Any],
    *,
    sort: Sort | None,
    fetch: Callable[[QuerySet[Any, Any]], Sequence[Any]],
    locate: Callable[[Any, str], tuple[Any, Any]] = by_name,
) -> Page:
    """Cut the page that the query asks for out of `rows` (not yet ordered if `sort` is given).

    `fetch` turns a sliced queryset into rows, `locate` tells where a row stands: its sort key's value and its id.
    Without a `sort` (rows in order of relevance) there is no cursor. Raises Invalid for parameters out of range.
    """
    query = request.query_params
    limit = integer_parameter(query, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    offset = integer_parameter(query, "offset", 0, 0, MAX_OFFSET)
    counting = choice_parameter(query, "count", COUNTS, "capped")
    cursor = query.get("cursor")
    headers: dict[str, str] = {}
    ordered = rows if sort is None else sort.order(rows)
    if cursor is not None:
        if "offset" in query:
            raise invalid_parameter("cursor", "Give either a cursor or an offset.", "contradiction")
        ordered = _after_cursor(ordered, cursor, sort)
    # One more than asked for tells whether there is a next page.
    found = fetch(ordered[offset : offset + limit + 1])
    shown, more = found[:limit], len(found) > limit
    total = None
    if cursor is None and not more and (found or offset == 0) and counting != "none":
        # The last page tells by itself.
        total = offset + len(found)
        headers["X-Total-Count"] = str(total)
    elif counting != "none":
        total = _count(rows, exact=counting == "exact", headers=headers)
    links = _links(request, limit, offset, total, more, with_offset=cursor is None)
    if more and sort is not None:
        next_cursor = _encode(sort, *locate(shown[-1], sort.key.name))
        headers["X-Next-Cursor"] = next_cursor
        links.append(_link(request, "next-cursor", cursor=next_cursor, offset=None))
    headers["Link"] = ", ".join(links)
    return Page(shown, headers)


def _count(rows: QuerySet[Any, Any], *, exact: bool, headers: dict[str, str]) -> int | None:
    """The number of rows, in the headers and answered; None when there are more than were counted."""
    plain = rows.order_by()
    if exact:
        total = plain.count()
        headers["X-Total-Count"] = str(total)
        return total
    total = plain.values("pk")[: COUNT_CAP + 1].count()
    headers["X-Total-Count"] = str(min(total, COUNT_CAP))
    if total > COUNT_CAP:
        headers["X-Total-Count-Capped"] = "true"
        return None
    return total


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


def _encode(sort: Sort, value: Any, row_id: Any) -> str:
    content = [sort.name, sort.key.to_cursor(value), str(row_id)]
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def _after_cursor(rows: QuerySet[Any, Any], cursor: str, sort: Sort | None) -> QuerySet[Any, Any]:
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
    return sort.after(rows, value, found)
