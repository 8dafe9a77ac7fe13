"""Every failure of the API as one shape: RFC 9457 `application/problem+json`.

Domain errors know no status codes; `STATUS` is where the two worlds meet.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, NotSupportedError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf

from inboxops import errors, request_id
from inboxops.api.renderers import to_json
from inboxops.db import is_lock_failure, is_outdated_plan, is_statement_timeout
from inboxops.errors import FieldError

logger = logging.getLogger("inboxops.api")

CONTENT_TYPE = "application/problem+json"
# So many errors are shown at once: a body can hold a hundred thousand, and nobody reads them.
MAX_ERRORS = 100

STATUS: dict[type[errors.DomainError], int] = {
    errors.Invalid: 400,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Refused: 409,
    errors.VersionMismatch: 412,
    errors.TooLarge: 413,
    errors.Unavailable: 503,
}


class ApiError(Exception):
    """A failure that only HTTP knows (a missing header, a media type): status, code, words and headers at once."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field_errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.field_errors, self.headers, self.extra = field_errors, headers or {}, extra
        super().__init__(detail)


def problem_response(
    *,
    status: int,
    code: str,
    detail: str,
    field_errors: Sequence[FieldError] = (),
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer for one failure."""
    body = problem_of(status=status, code=code, detail=detail, field_errors=field_errors, extra=extra)
    return HttpResponse(to_json(body), status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def problem_of(
    *,
    status: int,
    code: str,
    detail: str,
    field_errors: Sequence[FieldError] = (),
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body for one failure. `title` is the status' standard phrase, `type` a URN made of the stable `code`."""
    return {
        "type": f"urn:inboxops:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [error.as_dict() for error in field_errors[:MAX_ERRORS]],
        "requestId": request_id.current.get(),
        **(extra or {}),
    }


def exception_handler(exc: Exception, context: Mapping[str, Any] | None = None) -> HttpResponse:
    """The one place where exceptions become answers. Nothing passes through: the unknown is a logged 500."""
    match exc:
        case ApiError():
            return problem_response(
                status=exc.status,
                code=exc.code,
                detail=exc.detail,
                field_errors=exc.field_errors,
                extra=exc.extra,
                headers=exc.headers,
            )
        case errors.DomainError():
            status = next(STATUS[cls] for cls in type(exc).__mro__ if cls in STATUS)
            field_errors = exc.errors if isinstance(exc, errors.Invalid) else ()
            headers = {"Retry-After": "5"} if status == 503 else {}
            return problem_response(
                status=status,
                code=exc.code,
                detail=exc.detail,
                field_errors=field_errors,
                extra=exc.extra,
                headers=headers,
            )
        case Http404():
            return exception_handler(errors.NotFound())
        case PermissionDenied():
            return exception_handler(errors.Forbidden())
        case SuspiciousOperation():
            return problem_response(status=400, code="bad_request", detail="The request cannot be read.")
        case OperationalError() | InterfaceError():
            return _database_failure(exc)
        case NotSupportedError() if is_outdated_plan(exc):
            # Somebody migrates while we serve.
            return _database_failure(exc)
        case drf.APIException():
            return _framework_failure(exc)
    logger.error("Unhandled error", exc_info=exc)
    return unexpected_failure(500)


def unexpected_failure(status: int) -> HttpResponse:
    """The answer when all we know is the status."""
    if status == 404:
        return unknown_address()
    if status < 500:
        return problem_response(status=status, code="bad_request", detail="The request cannot be read.")
    return problem_response(
        status=status,
        code="internal_error",
        detail="Something went wrong on our side. Quote the requestId when you report it.",
    )


def _database_failure(exc: Exception) -> HttpResponse:
    if is_statement_timeout(exc):
        return problem_response(
            status=503,
            code="timed_out",
            detail="The question took too long to answer. Narrow it down, for example with more words or filters.",
            headers={"Retry-After": "5"},
        )
    logger.error("The database did not answer", exc_info=exc)
    if is_lock_failure(exc):
        return problem_response(
            status=503,
            code="busy",
            detail="Others are changing this right now. Nothing was changed; try again shortly.",
            headers={"Retry-After": "2"},
        )
    return problem_response(
        status=503,
        code="unavailable",
        # The connection may have gone in the very moment of the commit.
        detail="The database does not answer. Try again shortly, a POST with the same Idempotency-Key as before.",
        headers={"Retry-After": "5"},
    )


_FRAMEWORK_CODES = {
    401: "not_authenticated",
    403: "insufficient_scope",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "rate_limited",
}


def _framework_failure(exc: drf.APIException) -> HttpResponse:
    wait = getattr(exc, "wait", None)
    headers = {} if wait is None else {"Retry-After": str(int(wait))}
    return problem_response(
        status=exc.status_code,
        code=_FRAMEWORK_CODES.get(exc.status_code, "bad_request"),
        detail=str(exc.detail),
        headers=headers,
    )


# Without the exemption, a POST to a misspelt address would be told about cookies.
@csrf_exempt
def unknown_url(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The answer to every path below `/v1` that no route knows."""
    return unknown_address()


def unknown_address() -> HttpResponse:
    """404 for an address, as opposed to 404 for an object."""
    return exception_handler(errors.NotFound("There is no such address in this API."))
