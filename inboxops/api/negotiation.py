"""Content negotiation of an API that speaks one language."""

import re
from collections.abc import Iterable

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_MOST_SPECIFIC_FIRST = ("application/json", "application/problem+json", "application/*", "*/*")
_ZERO = re.compile(r"q\s*=\s*0(\.0{0,3})?")


class JsonOnly(BaseContentNegotiation):
    """JSON for everyone who accepts it (RFC 9110, section 12.5.1); 406 for everyone else."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        if accept in _MOST_SPECIFIC_FIRST or accepts_json(accept):
            renderer = next(iter(renderers))
            return renderer, renderer.media_type
        raise NotAcceptable("This API answers application/json only.")


def accepts_json(accept: str) -> bool:
    """Whether an Accept header leaves room for JSON; the most specific range decides. An empty one takes everything."""
    accepted: dict[str, bool] = {}
    for entry in accept.lower().split(","):
        media_type, *parameters = [part.strip() for part in entry.split(";")]
        if media_type:
            accepted[media_type] = not any(_ZERO.fullmatch(parameter) for parameter in parameters)
    return next((accepted[name] for name in _MOST_SPECIFIC_FIRST if name in accepted), not accepted)


def asks_for_json(accept: str) -> bool:
    """Whether an Accept header names JSON: more than to leave room for it."""
    return accepts_json(accept) and any(
        entry.partition(";")[0].strip() == "application/json" for entry in accept.lower().split(",")
    )
