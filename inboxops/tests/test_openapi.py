"""The OpenAPI document: complete, valid, the same as its copy in the repository, and open to everybody.

That answers match it is seen to by every test that calls the API: see `inboxops.tests.declared`.
"""

import json
import re
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from inboxops.api.document import document
from inboxops.api.fields import NOT_BLANK
from inboxops.api.inputs import read_input
from inboxops.api.outputs import ProblemOutput
from inboxops.tests.declared import resolved, template_of
from inboxops.tests.routes import routes
from workspaces.api.schema import answers_to

ROUTES = routes()
COPY = Path(settings.BASE_DIR) / "docs" / "api" / "openapi.json"
TAKING = [route for route in ROUTES if route.call.takes is not None]
GIVING = [route for route in ROUTES if route.call.gives is not None]
HEADER_PATTERNS = {
    parameter["name"]: parameter["schema"]["pattern"]
    for item in document()["paths"].values()
    for operation in item.values()
    for parameter in operation["parameters"]
    if parameter["in"] == "header" and "pattern" in parameter["schema"]
}


def operation_of(route):
    return document()["paths"][template_of(route.template)][route.method.lower()]


def validator(schema):
    return Draft202012Validator(
        {**schema, "components": document()["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def test_the_document_is_openapi():
    assert document()["openapi"].startswith("3.1")
    validate_schema(document())


def test_the_copy_for_reviews_is_the_document():
    generated = OpenApiJsonRenderer().render(document(), renderer_context={}).decode()

    assert generated == COPY.read_text(), (
        "The contract changed. Look at the difference, then write it down: "
        "python manage.py spectacular --format openapi-json --file docs/api/openapi.json"
    )


def test_every_route_is_an_operation_and_no_other():
    described = {(path, method) for path, item in document()["paths"].items() for method in item}

    assert described == {(template_of(route.template), route.method.lower()) for route in ROUTES}


def test_every_operation_has_a_name_of_its_own():
    names = [operation_of(route)["operationId"] for route in ROUTES]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_an_operation_says_everything(route):
    operation = operation_of(route)

    assert operation["summary"]
    assert len(operation["description"]) > len(operation["summary"])
    assert operation["security"] == [{"token": []}]
    assert operation["parameters"]
    assert all(parameter["description"] for parameter in operation["parameters"])
    assert all(resolved(answer)["description"] for answer in operation["responses"].values())
    for name, answer in operation["responses"].items():
        if name not in ("204", "302", "304"):
            (media,) = resolved(answer)["content"].values()
            assert "$ref" in media["schema"] or "$ref" in media["schema"]["items"]


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_an_operation_names_every_code_of_its_failures(route):
    responses = operation_of(route)["responses"]

    for failure in answers_to(route.method, template_of(route.template), route.call):
        assert str(failure) in resolved(responses[str(failure.status)])["description"]
        assert set(failure.carries) <= set(ProblemOutput().fields), f"ProblemOutput lacks a member of {failure}"


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_failure_is_shown_by_a_problem_with_its_status(route):
    for status, answer in operation_of(route)["responses"].items():
        if int(status) >= 400:
            (media,) = resolved(answer)["content"].values()
            validator(media["schema"]).validate(media["example"])
            assert media["example"]["status"] == int(status)
            assert f"`{media['example']['code']}`" in resolved(answer)["description"].partition("\n")[0]


def test_each_failure_has_one_status_and_one_meaning():
    found = set(
        chain.from_iterable(answers_to(route.method, template_of(route.template), route.call) for route in ROUTES)
    )
    codes = [failure.code for failure in found]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("route", TAKING, ids=str)
def test_the_examples_of_a_body_are_taken(route):
    takes = route.call.takes
    assert takes.examples or not takes().fields, f"{route}: show what a body looks like."

    for example in takes.examples.values():
        assert set(read_input(takes, example)) == set(example)
        validator({"$ref": f"#/components/schemas/{takes.__name__.removesuffix('Input')}"}).validate(example)


@pytest.mark.parametrize("route", GIVING, ids=str)
def test_the_example_of_an_answer_is_one(route):
    (media,) = resolved(operation_of(route)["responses"][str(route.call.status)])["content"].values()

    validator(media["schema"]).validate(media["example"])
    example = media["example"][0] if route.call.many else media["example"]
    assert list(example) == list(route.call.gives().fields)


def test_every_member_says_what_it_is_by_its_type():
    for name, schema in document()["components"]["schemas"].items():
        for member, described in schema.get("properties", {}).items():
            assert {"type", "$ref", "oneOf", "allOf"} & set(described), f"{name}.{member}"


# What is written in patterns is what the code does


def test_blank_means_the_same_to_a_pattern_and_to_the_code():
    characters = [chr(number) for number in range(0x110000)]

    assert [c for c in characters if not re.search(NOT_BLANK["pattern"], c)] == [
        c for c in characters if c == "\x00" or not c.strip()
    ]
    assert not re.search(NOT_BLANK["pattern"], "a\x00")


@pytest.mark.parametrize("value", ["*", '"3-0123456789abcdef"', 'W/"x"', '""', '"a" ,\t W/"\u00e9"', '"a","b"'])
def test_tags_that_are_taken_match_their_pattern(api, ticket, value):
    assert re.search(HEADER_PATTERNS["If-Match"], value)
    assert api.patch(f"tickets/{ticket.pk}", {}, headers={"If-Match": value}).status_code in (200, 412)


@pytest.mark.parametrize("value", ["", "3", '"a', '"a",', '"a" "b"', "**", 'w/"x"', '*, "a"'])
def test_tags_that_are_refused_do_not(api, ticket, value):
    assert not re.search(HEADER_PATTERNS["If-Match"], value)
    assert api.patch(f"tickets/{ticket.pk}", {}, headers={"If-Match": value}).status_code == 400


@pytest.mark.parametrize(
    ("value", "taken"),
    [("x" * 255, True), ('"x"', True), ("x" * 256, False), ("", False), ('""', False), ('"', False), ('a"b', False)],
)
def test_the_pattern_of_keys_is_that_of_the_code(api, value, taken):
    response = api.post("tickets", {"subject": "s", "body": "b"}, headers={"Idempotency-Key": value})

    assert bool(re.search(HEADER_PATTERNS["Idempotency-Key"], value)) == taken == (response.status_code == 201)


# Served to everybody


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/v1/docs"])
def test_no_token_is_needed(path):
    assert Client().get(path).status_code == 200
    assert Client().head(path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/v1/docs"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_they_can_only_be_read(path, method, problem):
    response = Client(enforce_csrf_checks=True).generic(method, path)

    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"


def test_the_document_is_served_as_generated_and_once():
    first = Client().get("/v1/openapi.json")
    again = Client().get("/v1/openapi.json", headers={"If-None-Match": first["ETag"]})

    assert first["Content-Type"] == "application/json"
    assert first.json() == json.loads(json.dumps(document()))
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_loads_nothing_from_outside_and_runs_nothing_of_its_own():
    response = Client().get("/v1/docs")
    page = response.content.decode()
    loaded = re.findall(r'(?:href|src)="([^"]+)"', page)

    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "http" not in "".join(loaded)
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", page)
    files = [path.removeprefix("/static/") for path in loaded if path.startswith("/static/")]
    assert files
    assert all(finders.find(path) for path in files)


def test_the_page_asks_no_validator_outside():
    script = Path(finders.find("inboxops/api_docs.js")).read_text()

    assert "validatorUrl: null" in script
