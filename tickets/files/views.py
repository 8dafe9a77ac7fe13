"""What a bucket would do: take an upload, give a file. For the local store only; the address itself is the right.

Both ways in chunks, so that no file is ever in memory. Failures are problem documents, as everywhere in the API.
"""

import contextlib
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONE
from csp.decorators import csp
from django.conf import settings
from django.core.files import File
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from inboxops.api.answers import nothing
from inboxops.api.body import discard_body
from inboxops.api.preconditions import is_unchanged
from inboxops.api.problems import ApiError, exception_handler
from inboxops.errors import NotFound
from tickets.files.local import (
    CHUNK,
    AddressInvalid,
    AlreadyUploaded,
    Incomplete,
    LocalStore,
    download_of,
    upload_of,
)
from tickets.files.ranges import NotSatisfiable, Part, asked_part
from tickets.files.stores import file_store

View = Callable[[HttpRequest], HttpResponseBase]


def _answering(*methods: str) -> Callable[[View], View]:
    """A view for these methods whose failures are problem documents."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answered(request: HttpRequest) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    allowed = ", ".join(methods)
                    raise ApiError(405, "method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
                return view(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is answered as a problem, and logged
                # As much as a client may have been told to send; one that is still sending would not read the answer.
                discard_body(request, settings.MAX_FILE_SIZE)
                return exception_handler(error)

        return answered

    return decorate


@_answering("PUT")
def upload(request: HttpRequest) -> HttpResponse:
    """Take the bytes that an address is for: exactly so many, of exactly this type, once."""
    store = _store()
    announced = _signed(upload_of, request)
    _must_be_announced(request, announced)
    try:
        store.receive(announced["key"], _reader(request), announced["size"])
    except AlreadyUploaded:
        raise ApiError(409, "already_uploaded", "A file was uploaded here before. Confirm it.") from None
    except Incomplete:
        raise ApiError(400, "bad_request", "The body ended before it was complete.") from None
    return nothing()


def _must_be_announced(request: HttpRequest, announced: dict[str, Any]) -> None:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or request.headers.get("Transfer-Encoding"):
        raise ApiError(411, "length_required", "Send the file with a Content-Length.")
    if int(length) > announced["size"]:
        raise ApiError(413, "file_too_large", f"This address takes exactly {announced['size']} bytes.")
    if int(length) < announced["size"]:
        raise ApiError(400, "bad_request", f"This address takes exactly {announced['size']} bytes.")
    if request.META.get("CONTENT_TYPE", "").strip().lower() != announced["type"]:
        raise ApiError(415, "unsupported_media_type", f"This address takes {announced['type']} only.")


def _reader(request: HttpRequest) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        # Whatever the server raises where a connection breaks: nothing more will come.
        with contextlib.suppress(OSError):
            return request.read(size)
        return b""

    return read


@_answering("GET", "HEAD")
@csp({"default-src": [NONE], "sandbox": [True]})
def download(request: HttpRequest) -> HttpResponseBase:
    """Give the file that an address is for, or the part of it that is asked for."""
    store = _store()
    wanted = _signed(download_of, request)
    try:
        size = store.size(wanted["key"])
        # Under one key there is always the same file.
        tag = f'"{hashlib.blake2b(wanted["key"].encode(), digest_size=16).hexdigest()}"'
        if is_unchanged(request, tag):
            return nothing(status=304, headers={"ETag": tag})
        part = _part(request, size, tag)
        file = store.open(wanted["key"])
    except FileNotFoundError:
        raise NotFound from None
    shown = part or Part(0, size, size)
    sent = Part(0, 0, size) if request.method == "HEAD" else shown
    response = FileDownload(
        _Portion(file, sent),
        as_attachment=True,
        filename=wanted["name"],
        content_type=wanted["type"],
        status=206 if part else 200,
        headers={"Accept-Ranges": "bytes", "ETag": tag, "Cache-Control": "private, no-cache"},
    )
    response.headers["Content-Length"] = str(shown.length)
    if part:
        response.headers["Content-Range"] = part.content_range
    return response


def _part(request: HttpRequest, size: int, tag: str) -> Part | None:
    """The part of the file that is asked for, None for all of it. Raises ApiError 416."""
    # RFC 9110, section 13.1.5: another file than the one that was begun is sent from its beginning.
    if request.method != "GET" or request.headers.get("If-Range", tag) != tag:
        return None
    try:
        return asked_part(request.headers.get("Range", ""), size)
    except NotSatisfiable:
        raise ApiError(
            416, "range_not_satisfiable", "The file ends before.", headers={"Content-Range": f"bytes */{size}"}
        ) from None


class FileDownload(FileResponse):
    """An answer that is a file, sent in chunks."""

    block_size = CHUNK


class _Portion:
    """A part of an open file, as a file that can be read once."""

    def __init__(self, file: "File[bytes]", part: Part) -> None:
        file.seek(part.start)
        self._file, self._left = file, part.length

    def read(self, size: int) -> bytes:
        data: bytes = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()


def _signed(read: Callable[[dict[str, str]], dict[str, Any]], request: HttpRequest) -> dict[str, Any]:
    """What the address of the request stands for. Raises ApiError 403."""
    try:
        return read(request.GET.dict())
    except AddressInvalid:
        raise ApiError(403, "address_invalid", "This address was altered, or has expired. Ask for a new one.") from None


def _store() -> LocalStore:
    """The local store. Raises NotFound where files are elsewhere."""
    store = file_store()
    if not isinstance(store, LocalStore):
        raise NotFound
    return store
