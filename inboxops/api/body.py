"""Reading a request's body: bounded, JSON only, and with an error that says where it hurts."""

import contextlib
import re
from collections.abc import Iterable
from typing import Any, Protocol

import orjson
from django.http import HttpRequest

from inboxops.api.problems import ApiError
from inboxops.errors import FieldError, Invalid

MAX_BYTES = 2 * 1024 * 1024
# How much of a body that is too large is read and thrown away, so that the client gets to read our answer instead of
# a broken pipe.
DRAIN_BYTES = 8 * 1024 * 1024
MAX_NESTING = 20


class Readable(Protocol):
    """A request, or the server's own stream."""

    def read(self, size: int, /) -> bytes: ...


_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?;?', re.IGNORECASE)


def read_body(request: HttpRequest) -> bytes:
    """The bytes of the body, however they were framed.

    Raises ApiError 413 for more than 2 MiB (having read up to 8 MiB), 411 for a body of unknown length on a server
    that cannot read one, 400 when the client went away half way.
    """
    # Noted on the request itself, for `discard_body` behind the view.
    request.body_was_read = True  # type: ignore[attr-defined]
    try:
        data, seen = _read(request)
    except ApiError:
        raise
    except Exception as error:
        # Whatever the server's own reader raises, in classes of its own: a connection that broke, a chunk without
        # a length. The one who sent it is to blame, and most likely gone.
        raise ApiError(400, "bad_request", "The body cannot be read to its end.") from error
    if seen > MAX_BYTES:
        raise ApiError(413, "body_too_large", f"A body may have {MAX_BYTES // 1024 // 1024} MiB at most.")
    return data


def _read(request: HttpRequest) -> tuple[bytes, int]:
    """The body, as far as it may go, and how much of it was read."""
    if _is_chunked(request):
        stream = _chunks(request)
    else:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            raise ApiError(400, "bad_request", "Content-Length is not a number.") from None
        data = request.body if length <= MAX_BYTES else b""
        seen = len(data) or _drain(request, min(length, DRAIN_BYTES))
        if seen < min(length, DRAIN_BYTES):
            # What arrived may well be JSON; but it is not what was meant to be sent.
            raise ApiError(400, "bad_request", "The body ended before it was complete.")
        return data, seen
    data = stream.read(MAX_BYTES + 1)
    seen = len(data)
    if seen > MAX_BYTES:
        seen += _drain(stream, DRAIN_BYTES - seen)
    return bytes(data), seen


def _is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def _chunks(request: HttpRequest) -> Any:
    """The server's own stream. Raises ApiError 411 where the server cannot tell its end."""
    # Django trusts Content-Length alone and would see nothing; servers that can tell the end of a chunked body
    # say so (PEP 3333 leaves it out, gunicorn and mod_wsgi set this key).
    if not request.META.get("wsgi.input_terminated"):
        raise ApiError(411, "length_required", "Send the body with a Content-Length.")
    return request.META["wsgi.input"]


def discard_body(request: HttpRequest, at_most: int = DRAIN_BYTES) -> None:
    """Read and throw away a body that nobody asked for, or what is left of it: 8 MiB, unless told otherwise.

    A server that closes a connection on which bytes wait makes the client's system drop the answer unread: whoever
    sends a long message with a token that has expired would see a broken pipe instead of 401.
    """
    if getattr(request, "body_was_read", False):
        return
    request.body_was_read = True  # type: ignore[attr-defined]  # a note of ours on the request
    with contextlib.suppress(Exception):
        _drain(_chunks(request) if _is_chunked(request) else request, at_most)


def _drain(stream: Readable, size: int) -> int:
    """Read up to `size` bytes and forget them; answers how many there were."""
    seen = 0
    while seen < size and (part := stream.read(min(65536, size - seen))):
        seen += len(part)
    return seen


def json_object(raw: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object in a body; empty where there is no body at all.

    Raises ApiError 415 (another media type) and Invalid (not JSON, not an object, NUL, nested too deep).
    """
    if not raw:
        return {}
    if not _JSON_TYPE.fullmatch(content_type.strip()):
        raise ApiError(
            415, "unsupported_media_type", "Send application/json in UTF-8.", headers={"Accept": "application/json"}
        )
    data = parse_json(raw)
    if not isinstance(data, dict):
        raise Invalid.because("", "not_an_object", "The body must be a JSON object.")
    return data


def parse_json(raw: bytes) -> Any:
    """The value in `raw` (RFC 8259). Raises Invalid, with a pointer where one can be given."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            FieldError(code="bad_json", detail=f"The body is not JSON: {error}.", pointer=""),
            detail="The body is not JSON.",
            code="bad_json",
        ) from None
    _inspect(data, [])
    return data


def _inspect(value: Any, path: list[str | int]) -> None:
    """Refuse what no field of ours can hold: NUL (no database text can) and nesting beyond `MAX_NESTING`."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid.at(_pointer(path), "nul_character", "NUL characters are not allowed.")
    elif isinstance(value, dict | list):
        if len(path) >= MAX_NESTING:
            raise Invalid.because(_pointer(path), "nested_too_deep", f"At most {MAX_NESTING} levels of nesting.")
        items: Iterable[tuple[str | int, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            # One path for all: a pointer made for each of a million items below a key of a megabyte takes minutes.
            path.append(key)
            _inspect(item, path)
            path.pop()


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{escape_pointer(str(part))}" for part in path)


def escape_pointer(part: str) -> str:
    """One part of a JSON pointer (RFC 6901, section 3)."""
    return part.replace("~", "~0").replace("/", "~1")
