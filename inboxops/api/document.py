"""The OpenAPI document, and the page that shows it. Neither needs a token, nor anything from outside.

The document is generated from the code (see `workspaces.api.schema`), once in a process. The copy in
`docs/api/openapi.json` is for reviews: a test holds it to what is generated.
"""

import hashlib
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition
from drf_spectacular.generators import SchemaGenerator

from inboxops.api.problems import ApiError, exception_handler
from inboxops.api.renderers import to_json

View = Callable[[HttpRequest], HttpResponse]


@cache
def document() -> dict[str, Any]:
    """The document as it is served."""
    generated: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return generated


@cache
def _serialised() -> tuple[bytes, str]:
    """The document's bytes and their entity tag."""
    body = to_json(document())
    return body, f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def _only_read(view: View) -> View:
    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request)
        allowed = "GET, HEAD"
        return exception_handler(
            ApiError(405, "method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
        )

    return checked


@_only_read
@cache_control(public=True, max_age=300)
@condition(etag_func=lambda request: _serialised()[1])
def openapi_json(request: HttpRequest) -> HttpResponse:
    """The document (OpenAPI 3.1)."""
    return HttpResponse(_serialised()[0], content_type="application/json")


@_only_read
def docs(request: HttpRequest) -> HttpResponse:
    """The document for people: every call with what it takes and gives, to be tried with a token."""
    return render(request, "api_docs.html")
