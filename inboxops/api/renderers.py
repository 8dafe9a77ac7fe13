"""JSON out, by orjson: fast, strict UTF-8, times as ISO 8601 in UTC with `Z`."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


def to_json(data: Any) -> bytes:
    """`data` as JSON. Takes what orjson takes: dicts, lists, strings, numbers, UUIDs, aware datetimes."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z)


class JsonRenderer(BaseRenderer):
    """The only renderer of the API."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else to_json(data)
