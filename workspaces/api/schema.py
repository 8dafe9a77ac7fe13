"""The OpenAPI document, made of the calls that the view sets declare.

drf-spectacular walks the URL table and turns serializers into JSON schemas; what is said of each call is its `Call`,
the docstring of its handler, and what holds for every call of its kind.
"""

import inspect
from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent, append_meta

from inboxops.api.failures import Failure, failures_of
from inboxops.api.fields import NO_NUL, Choice, Refused, Text
from inboxops.api.inputs import Input
from inboxops.api.outputs import Output, ProblemOutput
from inboxops.api.problems import CONTENT_TYPE
from workspaces.api.base import WORKSPACE_HEADER, WorkspaceViewSet
from workspaces.api.calls import Call, call_of

Json = dict[str, Any]
# Path, the path as a regular expression, method, view.
Endpoint = tuple[str, str, str, Any]

METHODS = ("GET", "POST", "PATCH", "DELETE")

_TEXT = {"type": "string"}
# RFC 9110, sections 8.8.3 and 13.1.
_TAG = r'(W/)?"[!#-~\u0080-\u00ff]*"'
_TAGS = {"type": "string", "pattern": rf"^(\*|{_TAG}([ \t]*,[ \t]*{_TAG})*)$"}
_TRUE = {"type": "string", "enum": ["true"]}
_UUID = {"type": "string", "format": "uuid"}

PATH_PARAMETERS: dict[str, tuple[str, Json]] = {
    "workspaceId": ("The workspace's slug or id: the token's own.", {"type": "string", "example": "ws-123"}),
    "ticketId": ("The ticket.", _UUID),
    "sourceTicketId": ("The ticket whose messages move, or moved.", _UUID),
    "messageId": ("The message.", _UUID),
    "attachmentId": ("The attachment.", _UUID),
    "userId": ("The member, by the user's id.", _UUID),
    "tokenId": ("The token.", _UUID),
    "mailboxId": ("The mailbox.", _UUID),
}

HEADERS: dict[str, tuple[str, Json]] = {
    "X-Request-Id": ("Yours if you sent a sane one; also in the log and on events.", _TEXT),
    "RateLimit": ("How many requests the token has left, and for how many seconds.", _TEXT),
    "RateLimit-Policy": ("The limit of the token.", _TEXT),
    "ETag": ("Version and digest of what is shown; for If-Match and If-None-Match.", _TEXT),
    "Location": ("The address of what was made.", {"type": "string", "format": "uri"}),
    "Idempotency-Replayed": ("`true` where this answer was given before and nothing was done now.", _TRUE),
    "X-Total-Count": ("How many rows there are, as far as they were counted.", {"type": "integer", "minimum": 0}),
    "X-Total-Count-Capped": ("`true` where there are more than were counted.", _TRUE),
    "X-Next-Cursor": ("What to send as `cursor` for the next page; absent on the last one.", _TEXT),
    "Link": ("RFC 8288: `first`, `prev`, `next`, `last` where known, and `next-cursor`.", _TEXT),
    "Retry-After": ("After how many seconds to try again.", {"type": "integer", "minimum": 0}),
    "WWW-Authenticate": ("How to authenticate (RFC 6750).", _TEXT),
}
EVERY_ANSWER = ("X-Request-Id", "RateLimit", "RateLimit-Policy")
ANSWER_IN_PAGES = ("X-Total-Count", "X-Total-Count-Capped", "X-Next-Cursor", "Link")
FAILURE_HEADERS = {401: ("WWW-Authenticate",), 409: ("Retry-After",), 429: ("Retry-After",), 503: ("Retry-After",)}

_REQUEST_HEADERS: dict[str, tuple[str, Json]] = {
    "Idempotency-Key": (
        "Any text of your own: the same request sent again under it is answered again, not done again, for 24 hours.",
        {"type": "string", "pattern": '^([!#-~]{1,255}|"[!#-~]{1,255}")$'},
    ),
    "If-Match": ("An `ETag`: refused with 412 if someone wrote since.", _TAGS),
    "If-None-Match": ("An `ETag`: answered with 304 if nothing changed.", _TAGS),
}


def in_order(endpoints: list[Endpoint]) -> list[Endpoint]:
    """The addresses as in the URL table, the methods of each in one order: the framework has them in a set."""
    paths = list(dict.fromkeys(path for path, *_ in endpoints))
    return sorted(endpoints, key=lambda endpoint: (paths.index(endpoint[0]), METHODS.index(endpoint[2])))


def answers_to(method: str, path: str, call: Call) -> Iterable[Failure]:
    """Every failure that a call can answer with, by status and code."""
    general = failures_of(
        has_path="workspaceId" in path,
        has_body=method in ("POST", "PATCH"),
        is_repeatable=method == "POST",
        is_conditional=call.if_match,
        reads_conditionally=call.if_none_match,
        gives_secret=call.gives_secret,
    )
    by_code = {(failure.status, failure.code): failure for failure in (*general, *call.failures)}
    return [by_code[key] for key in sorted(by_code)]


class CallSchema(AutoSchema):
    """One operation of the document."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Json | None:
        self.registry, self.path, self.path_regex, self.path_prefix = registry, path, path_regex, path_prefix
        self.method = method.upper()
        view = self.view
        assert isinstance(view, WorkspaceViewSet), f"{path} is no call of a workspace."
        action = view.action or ""
        call = call_of(view, action)
        summary, _, description = (inspect.getdoc(getattr(view, action)) or "").partition("\n\n")
        operation = {
            "operationId": call.operation_id,
            "tags": [view.tag],
            "summary": summary.rstrip("."),
            "description": f"{description or summary}\n\nNeeds {call.access.name.lower()} access.",
            "parameters": self._call_parameters(view, call),
            "security": [{"token": []}],
            "responses": {**self._successes(call), **self._failures(call)},
        }
        if call.takes is not None:
            operation["requestBody"] = self._body(call.takes)
        return operation

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """The name of a component: that of the class, without how it is used."""
        return type(serializer).__name__.removesuffix("Output").removesuffix("Input")

    def _call_parameters(self, view: WorkspaceViewSet, call: Call) -> list[Json]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        parameters = [_parameter(name, "path", *PATH_PARAMETERS[name], required=True) for name in names]
        header = _parameter(WORKSPACE_HEADER, "header", *PATH_PARAMETERS["workspaceId"], required=view.header_required)
        parameters += [header, *(parameter.as_openapi() for parameter in call.parameters)]
        sent = [
            *(["Idempotency-Key"] if self.method == "POST" else []),
            *(["If-Match"] if call.if_match else []),
            *(["If-None-Match"] if call.if_none_match else []),
        ]
        return parameters + [_parameter(name, "header", *_REQUEST_HEADERS[name], required=False) for name in sent]

    def _body(self, takes: type[Input]) -> Json:
        fields = takes().fields
        content: Json = {"schema": self._schema_of(takes)}
        if fields:
            content["examples"] = {name: {"value": value} for name, value in takes.examples.items()}
        return {
            "required": any(field.required for field in fields.values()),
            "content": {"application/json": content},
        }

    def _successes(self, call: Call) -> Json:
        headers = [
            *EVERY_ANSWER,
            *call.headers,
            *(ANSWER_IN_PAGES if call.many else ()),
            *(["Idempotency-Replayed"] if self.method == "POST" else []),
        ]
        success: Json = {"description": HTTPStatus(call.status).phrase, "headers": self._headers(headers)}
        if call.gives is not None:
            one, example = self._schema_of(call.gives), call.gives.example
            success["content"] = {
                "application/json": {
                    "schema": {"type": "array", "items": one} if call.many else one,
                    "example": [example] if call.many else example,
                }
            }
        answers = {str(call.status): success}
        if call.redirects:
            answers["302"] = {
                "description": "Where it is: for whoever does not ask for JSON.",
                "headers": self._headers([*EVERY_ANSWER, "Location"]),
            }
        if call.if_none_match:
            answers["304"] = {"description": "Nothing changed.", "headers": self._headers([*EVERY_ANSWER, "ETag"])}
        return answers

    def _failures(self, call: Call) -> Json:
        answers = groupby(answers_to(self.method, self.path, call), key=lambda failure: failure.status)
        return {str(status): self._failure(status, list(failures)) for status, failures in answers}

    def _failure(self, status: int, failures: list[Failure]) -> Json:
        answer = {
            "description": "\n".join(f"- {failure}" for failure in failures),
            "headers": self._headers(["X-Request-Id", *FAILURE_HEADERS.get(status, ())]),
            "content": {CONTENT_TYPE: {"schema": self._schema_of(ProblemOutput), "example": failures[0].example()}},
        }
        if status in (400, 409, 413):
            return answer
        # The others are alike wherever they can happen: described once in the document.
        name = HTTPStatus(status).phrase.title().replace(" ", "")
        component = ResolvedComponent(name=name, type=ResolvedComponent.RESPONSE, schema=answer, object=status)
        self.registry.register_on_missing(component)
        return component.ref

    def _headers(self, names: Iterable[str]) -> Json:
        """References to headers, each described once in the document."""
        described = {}
        for name in names:
            description, schema = HEADERS[name]
            component = ResolvedComponent(
                name=name,
                type=ResolvedComponent.HEADER,
                schema={"description": description, "schema": schema},
                object=name,
            )
            self.registry.register_on_missing(component)
            described[name] = component.ref
        return described

    def _schema_of(self, serializer: type[Input] | type[Output]) -> Json:
        found = self.resolve_serializer(serializer, "request" if issubclass(serializer, Input) else "response")
        return found.ref if found else {"type": "object", "additionalProperties": False}

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Json | None:
        if isinstance(field, Refused):
            return None
        if not isinstance(field, Choice):
            schema: Json = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
            return schema
        choices = ResolvedComponent(
            name=field.kind.__name__,
            type=ResolvedComponent.SCHEMA,
            schema={"type": "string", "enum": list(field.choices), "description": inspect.getdoc(field.kind) or ""},
            object=field.kind,
        )
        self.registry.register_on_missing(choices)
        described: Json = append_meta(choices.ref, self._get_serializer_field_meta(field, direction))  # type: ignore[no-untyped-call]
        return described

    def _insert_field_validators(self, field: Any, schema: Json) -> None:
        if isinstance(field, Text):
            if field.max_length is not None:
                schema["maxLength"] = field.max_length
            if isinstance(field.root, Input) and "format" not in field.schema:
                schema.update(NO_NUL)
        else:
            super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        schema.update(getattr(field, "schema", {}))

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Json:
        schema: Json = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        schema["description"] = inspect.getdoc(type(serializer)) or ""
        if isinstance(serializer, Input):
            # What we do not know is refused, so that a typing error is heard of.
            schema["additionalProperties"] = False
        return schema


def _parameter(name: str, place: str, description: str, schema: Json, *, required: bool) -> Json:
    told = {key: value for key, value in schema.items() if key != "example"}
    shown = {"example": schema["example"]} if "example" in schema else {}
    parameter = {"name": name, "in": place, "description": description, "schema": told, **shown}
    return {**parameter, "required": True} if required else parameter
