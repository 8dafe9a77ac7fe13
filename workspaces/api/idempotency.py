"""`Idempotency-Key`: a POST that is sent again is answered again, not done again.

The key is stored in the transaction of the work it protects. A parallel duplicate therefore waits at the unique index
until the first one has committed, and then finds its answer; a request that fails leaves no trace and may be tried
again under the same key.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable

from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from inboxops import clock
from inboxops.api.problems import ApiError
from inboxops.db import in_transaction, is_lock_failure
from inboxops.rows import insert_rows, update_row
from workspaces.models import ApiToken, StoredAnswer

KEPT_FOR = dt.timedelta(hours=24)
# The draft (draft-ietf-httpapi-idempotency-key-header) writes a quoted string, most clients a bare one.
_KEY = re.compile(r'(?P<quote>"?)([!#-~]{1,255})(?P=quote)')
_STORED_HEADERS = ("ETag", "Location")


def key_of(request: Request) -> str | None:
    """The key that the client gave; None without the header. Raises ApiError 400 for an unusable one."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    match = _KEY.fullmatch(header.strip(" \t"))
    if match is None:
        raise ApiError(
            400,
            "invalid_header",
            "Idempotency-Key must be 1 to 255 printable ASCII characters, none of them a blank or a quote.",
        )
    return match[2]


def fingerprint_of(request: Request, body: bytes) -> str:
    """What makes two requests the same: method, address and body, to the byte."""
    parts = (request.method or "", request.get_full_path(), hashlib.sha256(body).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def answer_once(
    *, token: ApiToken, key: str, fingerprint: str, handler: Callable[[], HttpResponse], is_secret: bool
) -> HttpResponse:
    """Run the handler, or give the answer that it gave to this key before.

    Raises ApiError: 422 for another request under the same key, 409 when the first one is still running after the
    database's lock time-out, 409 when the answer held a secret and was therefore not kept.
    """

    @in_transaction
    def attempt() -> HttpResponse:
        row, is_new = _claim(token, key, fingerprint)
        if not is_new:
            return _replay(row, fingerprint)
        response = handler()
        row.status = response.status_code
        row.headers = {name: response[name] for name in _STORED_HEADERS if name in response}
        row.body = None if is_secret else response.content
        row.is_secret = is_secret
        update_row(row, {"status", "headers", "body", "is_secret"})
        return response

    return attempt()


def expired_answers() -> QuerySet[StoredAnswer]:
    """The answers that nobody can ask for any more."""
    return StoredAnswer.objects.filter(created_at__lt=clock.now() - KEPT_FOR)


def _claim(token: ApiToken, key: str, fingerprint: str) -> tuple[StoredAnswer, bool]:
    """The row of this key, and whether it is ours to fill."""
    mine = StoredAnswer(
        workspace_id=token.workspace_id, token=token, key=key, fingerprint=fingerprint, created_at=clock.now()
    )
    rows = StoredAnswer.objects.filter(workspace_id=token.workspace_id, token=token, key=key)
    try:
        # The insertion waits for whoever inserts the same key just now. A row that has expired makes way, then again.
        while not insert_rows([mine], unless_there=True):
            row = rows.first()
            if row is not None and row.created_at >= mine.created_at - KEPT_FOR:
                return row, False
            rows.filter(created_at__lt=mine.created_at - KEPT_FOR).delete()
    except OperationalError as error:
        if not is_lock_failure(error):
            raise
        raise ApiError(
            409,
            "idempotency_in_progress",
            "A request with this Idempotency-Key is still running.",
            headers={"Retry-After": "2"},
        ) from None
    return mine, True


def _replay(row: StoredAnswer, fingerprint: str) -> HttpResponse:
    if row.fingerprint != fingerprint:
        raise ApiError(
            422, "idempotency_key_reused", "This Idempotency-Key was used for another request. Take a new one."
        )
    if row.is_secret or row.status is None:
        raise ApiError(
            409,
            "secret_not_repeatable",
            "This was done before, but its answer held a secret that is not kept. Revoke what it made and begin anew.",
        )
    headers = {**row.headers, "Idempotency-Replayed": "true"}
    return HttpResponse(bytes(row.body or b""), status=row.status, content_type="application/json", headers=headers)
