"""Content negotiation of an API that speaks one language."""

from collections.abc import Iterable

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_GOOD = {"*/*", "application/*", "application/json", "application/problem+json"}


class JsonOnly(BaseContentNegotiation):
    """JSON for everyone who accepts it (RFC 9110, section 12.5.1); 406 for everyone else."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        if accept in _GOOD or accepts_json(accept):
            renderer = next(iter(renderers))
            return renderer, renderer.media_type
        raise NotAcceptable("This API answers application/json only.")


def accepts_json(accept: str) -> bool:
    """Whether an Accept header leaves room for JSON. An empty header accepts everything."""
    ranges = [part.strip() for part in accept.lower().split(",") if part.strip()]
    for entry in ranges:
        media_type, *parameters = [part.strip() for part in entry.split(";")]
        refused = any(p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for p in parameters)
        if media_type in _GOOD and not refused:
            return True
    return not ranges
