"""What the benchmarks serve: the product's own application and, under `/floor`, the bare views of `benchmarks.floor`.

Both run in the same processes and threads, with the same settings and connections. The floor has no middleware.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test.utils import override_settings

from inboxops.wsgi import application as product


class FloorRequest(WSGIRequest):
    """A request that knows no other addresses than the floor's."""

    urlconf = "benchmarks.floor"


class FloorHandler(WSGIHandler):
    """Django alone."""

    request_class = FloorRequest


with override_settings(MIDDLEWARE=[]):
    floor = FloorHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The entry point for gunicorn."""
    handler = floor if environ["PATH_INFO"].startswith("/floor/") else product
    return handler(environ, start_response)
