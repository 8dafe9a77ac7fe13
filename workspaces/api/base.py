"""The base of every view of the API: who is asking, in which workspace, and with what right."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from accounts.actors import Access, Actor
from inboxops.api.answers import nothing
from inboxops.api.body import json_object, read_body
from inboxops.api.inputs import read_input
from inboxops.api.problems import ApiError, exception_handler
from inboxops.api.query import check_parameters
from inboxops.db import in_transaction
from inboxops.errors import NotFound
from workspaces.api.authentication import BearerAuthentication, credentials_of
from workspaces.api.calls import Call, call_of
from workspaces.api.idempotency import answer_once, fingerprint_of, key_of
from workspaces.api.permissions import ScopePermission
from workspaces.api.throttling import TokenThrottle
from workspaces.models import ApiToken, Membership, Workspace

WORKSPACE_HEADER = "x-workspace-id"
OPTIONS = Call("options", Access.READ)


class WorkspaceViewSet(ViewSetMixin, APIView):
    """A view set below `/v1/workspaces/:workspaceId`.

    Each handler carries its `Call`. Before it runs: the method is known (405), JSON is accepted (406), the token is
    valid (401) and within its limit (429), path and header name the token's workspace (400, 404), and role and scope
    suffice (403). A handler parses, fetches, calls one action and answers; whatever it raises becomes a problem
    document.
    """

    authentication_classes = (BearerAuthentication,)
    permission_classes = (ScopePermission,)
    throttle_classes = (TokenThrottle,)

    # The heading in the OpenAPI document.
    tag: ClassVar[str]
    header_required = True
    format_kwarg = None

    workspace: Workspace
    token: ApiToken
    actor: Actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The framework's own order of things, with two more: 405 comes first, and a POST may carry a key."""
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        self.request = drf_request = self.initialize_request(request, *args, **kwargs)
        try:
            handler = self._handler(drf_request)
            self.initial(drf_request, *args, **kwargs)
            response: HttpResponseBase = self._answer(drf_request, handler)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is answered as a problem, and logged
            response = self.handle_exception(exc)
        return self.finalize_response(drf_request, response, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
            request, force=self.call.redirects
        )
        self.perform_authentication(request)
        self.check_throttles(request)
        credentials = credentials_of(request)
        self.token, self.actor = credentials.token, credentials.actor
        self.workspace = self.token.workspace
        self._check_workspace(request)
        self.check_permissions(request)
        check_parameters(request.query_params, self.call.parameters)

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]
        """Straight to our own handler: nothing is to be guessed from authenticators or re-raised."""
        return exception_handler(exc)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """What every answer carries: the framework's headers, where the rate limit stands, and that it is private."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        usage = getattr(request._request, "rate_usage", None)
        if usage is not None:
            for name, value in usage.headers().items():
                response[name] = value
        # Answers depend on who asks; no cache in between may keep them.
        response.headers.setdefault(
            "Cache-Control", "private, no-cache" if request.method in ("GET", "HEAD") else "no-store"
        )
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """The methods that this address knows, in `Allow`."""
        return nothing(headers={"Allow": ", ".join(self.allowed_methods)})

    @property
    def call(self) -> Call:
        """The declaration of the present call."""
        return OPTIONS if self.request.method == "OPTIONS" else call_of(self, self.action or "")

    def input(self) -> dict[str, Any]:
        """The validated body of the request. Raises Invalid, or ApiError for what cannot be read at all."""
        assert self.call.takes is not None, f"{self.call.operation_id} takes no body."
        return read_input(self.call.takes, json_object(self.body, self.request.META.get("CONTENT_TYPE", "")))

    @cached_property
    def body(self) -> bytes:
        """The bytes of the body. Raises ApiError for one that is too large."""
        return read_body(self.request._request)

    def member_of(self, user_id: uuid.UUID) -> Membership | None:
        """The membership of a user in this workspace."""
        return Membership.objects.filter(workspace=self.workspace, user_id=user_id).select_related("user").first()

    def _handler(self, request: Request) -> Callable[..., HttpResponse]:
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is None:
            allowed = ", ".join(self.allowed_methods)
            raise ApiError(405, "method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
        return handler  # type: ignore[no-any-return]

    def _answer(self, request: Request, handler: Callable[..., HttpResponse]) -> HttpResponse:
        def call() -> HttpResponse:
            return handler(request, *self.args, **self.kwargs)

        if request.method not in ("POST", "PATCH", "DELETE"):
            return call()
        # The whole body first: no transaction waits for a slow client.
        body = self.body
        key = key_of(request) if request.method == "POST" else None
        with self.around():
            if key is None:
                # One transaction for the change and the answer that shows it: a failure between leaves nothing done.
                return in_transaction(call)()
            return answer_once(
                token=self.token,
                key=key,
                fingerprint=fingerprint_of(request, body),
                handler=call,
                is_secret=self.call.gives_secret,
            )

    def around(self) -> AbstractContextManager[None]:
        """What a call does before and after its transaction, because it may take long: a view set's own affair."""
        return nullcontext()

    def _check_workspace(self, request: Request) -> None:
        """Path and header name one workspace, the token's. A foreign one looks like one that does not exist."""
        path, header = self.kwargs.get("workspaceId"), request.headers.get(WORKSPACE_HEADER)
        if header is None and self.header_required:
            raise ApiError(
                400, "workspace_header_missing", f"Send {WORKSPACE_HEADER} with the id or slug that is in the path."
            )
        header_is_ours = header is None or self.workspace.is_named(header)
        path_is_ours = path is None or self.workspace.is_named(path)
        if header_is_ours and path_is_ours:
            return
        if header is not None and (header_is_ours or path_is_ours or header.lower() != str(path).lower()):
            raise ApiError(400, "workspace_mismatch", f"{WORKSPACE_HEADER} and the path name different workspaces.")
        raise NotFound
