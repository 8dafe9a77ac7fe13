"""Every answer that any test gets from the API, held to the OpenAPI document: a client of Django's that looks.

An answer must be declared: its status, the code of its failure, its headers and each member of its body. Whatever a
test provokes is thereby documented, and what is documented is what was seen.
"""

from functools import cache
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve
from jsonschema import Draft202012Validator

from inboxops.api.document import document
from inboxops.api.outputs import ProblemOutput
from workspaces.api.calls import call_of
from workspaces.api.schema import answers_to

# So many rows of a list are looked at: a checker in Python takes its time.
ROWS = 3
# Headers that are there wherever they are declared; the others come now and then.
ALWAYS = ("X-Request-Id", "ETag", "Location", "Link", "WWW-Authenticate")


class DeclaredClient(Client):
    """Asserts of each answer below `/v1` that it is declared."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        assert_declared(response, request["REQUEST_METHOD"], request["PATH_INFO"])
        return response


def assert_declared(response: HttpResponse, method: str, path: str) -> None:
    """Assert that the document has this answer to this call. What is no call has none: other methods, other pages."""
    try:
        found = resolve(path)
    except Resolver404:
        return
    actions = getattr(found.func, "actions", {})
    if method.lower() not in actions or method == "HEAD":
        return
    template = template_of(found.route)
    call = call_of(found.func.cls, actions[method.lower()])
    operation = document()["paths"][template][method.lower()]
    declared = resolved(operation["responses"].get(str(response.status_code)))
    assert declared, f"{call.operation_id} answers {response.status_code}, which is not declared: {response.content!r}"
    missing = {name for name in declared.get("headers", {}) if name in ALWAYS} - set(response.headers)
    assert not missing, f"{call.operation_id} does not send {missing}."
    media = declared.get("content")
    if media is None:
        assert not response.content, f"{call.operation_id} answers {response.content!r}, which is not declared."
        return
    assert list(media) == [response["Content-Type"]], call.operation_id
    body = response.json()
    if response.status_code >= 400:
        failures = {failure.code: failure for failure in answers_to(method, template, call)}
        failure = failures.get(body["code"])
        assert failure, f"{call.operation_id} answers {body['code']}, which is not declared."
        assert failure.status == body["status"]
        assert set(body) - set(ProblemOutput.example) == set(failure.carries), f"{failure} carries other members."
    validator = _validator(template, method.lower(), str(response.status_code))
    validator.validate(body[:ROWS] if isinstance(body, list) else body)


def template_of(route: str) -> str:
    """An address of the URL table as the document writes it."""
    return "/" + route.replace("<str:", "{").replace(">", "}")


def resolved(part: dict[str, Any] | None) -> dict[str, Any]:
    """What a reference into the components leads to, or the part itself."""
    while part and "$ref" in part:
        _, _, kind, name = part["$ref"].split("/")
        part = document()["components"][kind][name]
    return part or {}


@cache
def _validator(template: str, method: str, status: str) -> Draft202012Validator:
    """Checks the body of one answer, strictly: a member that is not declared is an error."""
    operation = document()["paths"][template][method]
    (media,) = resolved(operation["responses"][status])["content"].values()
    schemas = {name: _strict(schema) for name, schema in document()["components"]["schemas"].items()}
    return Draft202012Validator(
        {**media["schema"], "components": {"schemas": schemas}}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without room for more: neither members nor names."""
    members = {name: _closed(member) for name, member in schema.get("properties", {}).items()}
    return {**schema, "properties": members, "additionalProperties": False} if members else schema


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a member, without names that are not told today."""
    known = schema.get("x-extensible-enum")
    return {**schema, "enum": known} if known else schema
