"""The media type the API takes. The reading itself is in `inboxops.api.body`, which knows our limits."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from inboxops.api.body import parse_json


class JsonParser(BaseParser):
    """`application/json`, for the framework's own use and for the description of the API."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return parse_json(stream.read())
