"""Successful answers."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from inboxops.api.renderers import to_json


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """`data` as a JSON answer."""
    return HttpResponse(to_json(data), status=status, content_type="application/json", headers=dict(headers or {}))


def nothing(*, status: int = 204, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer without content."""
    response = HttpResponse(status=status, headers=dict(headers or {}))
    response.headers.pop("Content-Type", None)
    return response
