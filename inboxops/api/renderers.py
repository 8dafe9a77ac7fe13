"""JSON out, by orjson: fast, strict UTF-8, times as ISO 8601 in UTC with `Z`."""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


@singledispatch
def represent(value: Any) -> Any:
    """How an object of our own looks in JSON. An app registers what its errors may carry (a message, a ticket)."""
    raise TypeError(f"{type(value).__name__} has no representation in the API.")


def to_json(data: Any) -> bytes:
    """`data` as JSON: dicts, lists, strings, numbers, UUIDs, aware datetimes, and what `represent` knows."""
    return orjson.dumps(data, default=represent, option=orjson.OPT_UTC_Z)


class JsonRenderer(BaseRenderer):
    """The only renderer of the API."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else to_json(data)
