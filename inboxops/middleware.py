"""Middleware around every request: its id and log line, and the promise that `/v1` speaks only JSON."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from inboxops import request_id
from inboxops.api.body import discard_body
from inboxops.api.problems import CONTENT_TYPE, problem_response, unexpected_failure
from inboxops.health import PROBES

logger = logging.getLogger("inboxops.request")

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestLogMiddleware:
    """Gives the request its id, answers with it, and logs one line when it is done."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_id.current.set(request_id.accept_or_make(request.headers.get(request_id.HEADER, "")))
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response[request_id.HEADER] = request_id.current.get()
            # The path alone: a query can hold a customer's address. repr() keeps one request to one line.
            logger.info(
                "%s %s %s %.1fms",
                request.method,
                ascii(request.path)[1:-1],
                response.status_code,
                (time.perf_counter() - started) * 1000,
            )
            return response
        finally:
            request_id.current.reset(token)


class ProbeMiddleware:
    """Answers `/healthz` and `/readyz` before anything else is asked: a probe comes by address and over plain HTTP."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path)
        return probe(request) if probe else self.get_response(request)


class ApiBoundaryMiddleware:
    """Answers in the API's own error shape where Django itself would answer `/v1` with a page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api_path(request.path):
            return self.get_response(request)
        try:
            request.get_host()
        except DisallowedHost:
            return problem_response(
                status=400,
                code="host_not_allowed",
                detail="This host name is not served here. The operator lists it in INBOXOPS_ALLOWED_HOSTS.",
            )
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            # A redirect would teach the client to send its token in the clear first, every time.
            return problem_response(status=403, code="https_required", detail="This API is served by HTTPS only.")
        response = self.get_response(request)
        if response.status_code >= 400:
            discard_body(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != CONTENT_TYPE:
            # Django's own page, or its plain text where the client does not take HTML, for something that failed
            # before or behind our views.
            return unexpected_failure(response.status_code)
        return response


def is_api_path(path: str) -> bool:
    """Whether the path belongs to the REST API, known or not, or is another one for programs."""
    return path == "/v1" or path.startswith(("/v1/", "/files/", "/webhooks/"))
