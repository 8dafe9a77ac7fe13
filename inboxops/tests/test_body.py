"""Request bodies: what cannot be right is refused by name and place, and nothing that is sent makes us fall over."""

import io
import json
import time
from urllib.parse import quote

import pytest

from inboxops.api import body as body_module
from inboxops.api.inputs import read_input
from inboxops.errors import Invalid
from inboxops.tests.calls import World, prepare, replaced
from inboxops.tests.routes import routes
from tickets.api.inputs import CreateTicketInput

WITH_BODY = [route for route in routes() if route.method in ("POST", "PATCH", "PUT")]

MIB = 1024 * 1024
SOME_ID = "01999999-9999-7999-8999-999999999999"


@pytest.fixture
def world(workspace):
    return World(workspace)


def at(document):
    return {error["pointer"]: error["code"] for error in document["errors"]}


def leaves(value, pointer=()):
    """Every place in a body, outermost first, with what stands there."""
    if pointer:
        yield pointer, value
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*pointer, key))


def text_of(pointer):
    return "".join(f"/{part}" for part in pointer)


# JSON itself


@pytest.mark.parametrize(
    "raw",
    [
        *(b"{", b"nonsense", b"{'a': 1}", b'{"a": 1,}', b'{"a": 1} {"b": 2}', b"\xff\xfe", b"\xef\xbb\xbf{}", b" "),
        *(b'{"subject": NaN}', b'{"subject": Infinity}', b'{"subject": -Infinity}', b'{"subject": 1e999}'),
        *(b'{"subject": "\\ud800"}', b'{"subject": "\xed\xa0\x80"}', b'{"subject": "\x00"}', b'{"subject": 01}'),
        *(b'{"subject": ' + b"9" * 5_000 + b"}", b"[" * 100_000, b'{"a":' * 100_000),
    ],
    ids=lambda raw: repr(raw[:24]),
)
@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_what_is_not_json_is_refused(route, raw, world, admin_api, problem):
    problem(prepare(route, world).send(admin_api, body=raw), 400, "bad_json")


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"text"', b"true", b"[{}]"])
@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_a_body_is_an_object(route, raw, world, admin_api, problem):
    problem(prepare(route, world).send(admin_api, body=raw), 400, "not_an_object")


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_an_unknown_member_is_named(route, world, admin_api, problem):
    call = prepare(route, world)
    before = world.dump()

    document = problem(call.send(admin_api, body={**call.body, "subjct": 1}), 400, "invalid")

    assert at(document) == {"/subjct": "unknown_field"}
    assert world.dump()["tickets.Ticket"] == before["tickets.Ticket"]


def test_an_unknown_member_within_a_member_is_named(api, problem):
    sent = {"subject": "s", "body": "b", "requester": {"email": "a@b.example", "phone": "1"}}

    assert at(problem(api.post("tickets", sent), 400, "invalid")) == {"/requester/phone": "unknown_field"}


WRONG = {
    "a number": 7,
    "a fraction": 1.5,
    "a huge number": 2**63 - 1,
    "a huge fraction": 1e308,
    "true": True,
    "an object": {"a": {"b": 1}},
    "a list of lists": [[1], [[2]]],
    "null in a list": [None],
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("route", [r for r in WITH_BODY if r.name not in ("ticket-archive",)], ids=str)
def test_a_member_of_the_wrong_type_is_named(route, wrong, world, admin_api, problem):
    call = prepare(route, world)

    for pointer, value in leaves(call.body):
        if type(value) is type(WRONG[wrong]) and not isinstance(value, list | dict):
            continue
        response = call.send(admin_api, body=replaced(call.body, pointer, WRONG[wrong]))
        document = problem(response, 400, "invalid")
        assert any(error["pointer"].startswith(text_of(pointer)) for error in document["errors"]), document


@pytest.mark.parametrize("text", ["yes", "1", "true", ""])
def test_a_word_is_not_a_flag(api, ticket, problem, text):
    sent = {"body": "b", "isInternal": text}

    assert at(problem(api.post(f"tickets/{ticket.pk}/messages", sent), 400, "invalid")) == {"/isInternal": "invalid"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "nonsense", "{}", "0" * 32, f"urn:uuid:{SOME_ID}", f"{{{SOME_ID}}}", f" {SOME_ID}", f"{SOME_ID}\n"),
        "\uff10" * 8 + "-0000-0000-0000-000000000000",
    ],
)
def test_a_malformed_id_in_a_body_is_named_and_in_a_path_is_not_found(api, ticket, problem, text):
    sent = {"messageIds": [text]}
    assert at(problem(api.post(f"tickets/{ticket.pk}/split", sent), 400, "invalid")) == {"/messageIds/0": "invalid"}

    sent = {"targetTicketId": text}
    assert at(problem(api.post(f"tickets/{ticket.pk}/merge", sent), 400, "invalid")) == {"/targetTicketId": "invalid"}

    if text:
        problem(api.post(f"tickets/{quote(text, safe='')}/archive"), 404, "not_found")


def test_an_id_may_be_written_in_capitals(api, ticket):
    assert api.get(f"tickets/{str(ticket.pk).upper()}").status_code == 200


@pytest.mark.parametrize(
    ("path", "sent", "pointer"),
    [
        ("tickets", {"subject": "s", "body": "b", "priority": "urgentest"}, "/priority"),
        ("tickets", {"subject": "s", "body": "b", "priority": ""}, "/priority"),
        ("tickets", {"subject": "s", "body": "b", "priority": "HIGH"}, "/priority"),
        ("status", {"toStatus": "solved"}, "/toStatus"),
        ("messages", {"body": "b", "status": "Closed"}, "/status"),
    ],
)
def test_an_unknown_choice_is_named_with_those_there_are(api, ticket, problem, path, sent, pointer):
    document = problem(api.post(path if path == "tickets" else f"tickets/{ticket.pk}/{path}", sent), 400, "invalid")

    assert at(document) == {pointer: "unknown_choice"}
    assert "This must be one of " in document["errors"][0]["detail"]


def test_an_unknown_choice_is_not_sent_back(api, ticket, problem):
    response = api.patch(f"tickets/{ticket.pk}", {"priority": "x" * MIB})

    problem(response, 400, "invalid")
    assert len(response.content) < 1_000


@pytest.mark.parametrize("value", ["closed", "open", "nonsense", None, 1, {}])
def test_a_status_in_a_patch_points_to_where_it_can_be_changed(api, ticket, problem, value):
    document = problem(api.patch(f"tickets/{ticket.pk}", {"status": value}), 400, "invalid")

    assert at(document) == {"/status": "use_status_endpoint"}


# Characters and sizes


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_a_nul_is_refused_at_its_place(route, world, admin_api, problem):
    call = prepare(route, world)

    for pointer, value in leaves(call.body):
        if isinstance(value, str):
            document = problem(call.send(admin_api, body=replaced(call.body, pointer, f"{value}\x00")), 400, "invalid")
            assert at(document) == {text_of(pointer): "nul_character"}


@pytest.mark.parametrize(
    ("path", "extra", "pointer", "code"),
    [
        ("tickets", {"subject": "x" * 501}, "/subject", "too_long"),
        ("tickets", {"body": "x" * 200_001}, "/body", "too_long"),
        ("tickets", {"bodyHtml": "x" * 500_001}, "/bodyHtml", "too_long"),
        ("tickets", {"tags": [f"t{n}" for n in range(51)]}, "/tags", "too_many"),
        ("tickets", {"tags": [f"t{n}" for n in range(999)]}, "/tags", "too_many"),
        ("tickets", {"tags": ["ok", "x" * 51]}, "/tags/1", "too_long"),
        ("tickets", {"tags": ["x" * 9_999]}, "/tags/0", "too_long"),
        ("tickets", {"ccs": [f"c{n}@x.example" for n in range(101)]}, "/ccs", "too_many"),
        ("tickets", {"ccs": [f"c{n}@x.example" for n in range(999)]}, "/ccs", "too_many"),
        ("tickets", {"ccs": ["x" * 250 + "@x.example"]}, "/ccs/0", "invalid"),
        ("status", {"toStatus": "closed", "reason": "x" * 2_001}, "/reason", "too_long"),
        ("split", {"messageIds": [SOME_ID] * 10_001}, "/messageIds", "too_many"),
        ("split", {"messageIds": [SOME_ID], "newSubject": "x" * 501}, "/newSubject", "too_long"),
    ],
    ids=lambda value: f"{len(str(value))} characters" if isinstance(value, dict) else value,
)
def test_too_much_is_refused_at_its_place(api, ticket, problem, path, extra, pointer, code):
    if path == "tickets":
        response = api.post("tickets", {"subject": "s", "body": "b", **extra})
    else:
        response = api.post(f"tickets/{ticket.pk}/{path}", extra)

    document = problem(response, 400, "invalid")

    assert at(document) == {pointer: code}


def test_what_just_fits_is_taken(api):
    sent = {
        "subject": "\U0001f4a1" * 500,
        "body": "\U0001f4a1" * 200_000,
        "tags": [f"{n:\U0001f4a1>50}" for n in range(50)],
        "ccs": [f"c{n}@x.example" for n in range(100)],
    }
    response = api.post("tickets", json.dumps(sent, ensure_ascii=False).encode())

    assert response.status_code == 201, response.content[:500]
    assert response.json()["subject"] == sent["subject"]


def test_twenty_levels_are_read_and_one_more_is_not(api, problem):
    def nested(levels):
        return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    assert at(problem(api.post("tickets", nested(20)), 400, "invalid"))["/a"] == "unknown_field"
    document = problem(api.post("tickets", nested(21)), 400, "nested_too_deep")
    assert document["errors"][0]["pointer"] == "/a" + "/0" * 19


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("tickets", b'{"' + b"k" * MIB + b'":[' + b",".join([b"0"] * 400_000) + b"]}"),
        ("tickets", b"{" + b",".join(b'"%x":0' % n for n in range(150_000)) + b"}"),
        ("split", b'{"messageIds":[' + b",".join([b"0"] * 900_000) + b"]}"),
        ("tickets", b'{"tags":[' + b",".join([b"0"] * 900_000) + b"]}"),
        ("tickets", b'{"ccs":[' + b",".join([b"{}"] * 600_000) + b"]}"),
    ],
    ids=["long key", "many members", "many ids", "many tags", "many addresses"],
)
def test_the_worst_body_of_two_mebibytes_is_refused_within_a_moment(api, ticket, problem, path, raw):
    started = time.process_time()
    response = api.post(path if path == "tickets" else f"tickets/{ticket.pk}/{path}", raw)

    # It was seven to forty seconds of work and up to seventy megabytes of answer before each of these was bounded.
    assert time.process_time() - started < 5
    assert len(response.content) < 2 * MIB
    problem(response, 400, "invalid")


def test_two_mebibytes_are_read_and_a_byte_more_is_not(api, problem):
    def padded(size):
        raw = b'{"subject": "s", "body": "b"}'
        return raw + b" " * (size - len(raw))

    assert api.post("tickets", padded(2 * MIB)).status_code == 201
    problem(api.post("tickets", padded(2 * MIB + 1)), 413, "body_too_large")


def test_a_body_beyond_the_limit_is_read_to_its_end_and_not_further_than_eight(api, problem):
    seen = []

    class Spy(io.BytesIO):
        def __init__(self, size):
            super().__init__()
            self.left = size

        def read(self, size=-1):
            part = min(size, self.left)
            self.left -= part
            seen.append(part)
            return b" " * part

    for size, expected in ((3 * MIB, 3 * MIB), (20 * MIB, 8 * MIB)):
        seen.clear()
        response = api.post(
            "tickets", **{"wsgi.input": Spy(size), "CONTENT_LENGTH": str(size), "CONTENT_TYPE": "application/json"}
        )
        problem(response, 413, "body_too_large")
        assert sum(seen) == expected


# Media types and framing


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", 'application/json ;charset="UTF-8"'],
)
def test_json_in_utf8_is_taken(api, content_type):
    assert api.post("tickets", {"subject": "s", "body": "b"}, content_type=content_type).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json", ";"),
        *("application/jsonp", "application/json; charset=latin-1", "application/merge-patch+json", "application/*"),
        "application/json, text/plain",
    ],
)
def test_any_other_media_type_is_refused(api, problem, content_type):
    response = api.post("tickets", {"subject": "s", "body": "b"}, content_type=content_type)

    problem(response, 415, "unsupported_media_type")
    assert response["Accept"] == "application/json"


@pytest.mark.parametrize("path", ["archive", "unarchive"])
def test_a_call_that_takes_nothing_needs_neither_body_nor_media_type(api, ticket, path):
    assert api.post(f"tickets/{ticket.pk}/{path}", content_type="").status_code == 200
    assert api.post(f"tickets/{ticket.pk}/{path}", {}).status_code == 200


def test_a_chunked_body_is_refused_where_the_server_cannot_read_one(api, problem):
    response = api.post("tickets", {"subject": "s", "body": "b"}, headers={"Transfer-Encoding": "chunked"})

    problem(response, 411, "length_required")


@pytest.mark.parametrize("error", [OSError, ValueError, type("InvalidChunkSize", (Exception,), {})])
def test_a_body_that_breaks_off_is_the_clients_fault(api, problem, error):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise error("broken")

    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": Broken()}
    problem(api.post("tickets", **chunked), 400, "bad_request")

    declared = {"CONTENT_LENGTH": "100", "CONTENT_TYPE": "application/json", "wsgi.input": Broken()}
    problem(api.post("tickets", **declared), 400, "bad_request")

    declared["CONTENT_LENGTH"] = str(body_module.MAX_BYTES + 1)
    problem(api.post("tickets", **declared), 400, "bad_request")


@pytest.mark.parametrize("length", ["-1", "nonsense", "1.5", "9" * 400])
def test_a_length_that_is_none_does_no_harm(api, length):
    response = api.post("tickets", CONTENT_LENGTH=length, CONTENT_TYPE="application/json")

    assert response.status_code in (400, 413)


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "If-Match", "x-workspace-id", "Authorization", "X-Request-Id", "Accept", "Content-Type"]
)
@pytest.mark.parametrize(
    "value", ["a\r\nX-Evil: 1", "\x00", "\u00ff" * 50, "x" * 100_000, "%0d%0aX-Evil: 1", '"', "\x7f"]
)
def test_no_header_makes_us_fall_over_or_comes_back_as_one(api, ticket, name, value):
    response = api.post(f"tickets/{ticket.pk}/archive", {}, headers={name: value})

    assert response.status_code < 500
    assert "X-Evil" not in response.headers
    assert not any("\r" in text or "\n" in text for text in response.headers.values())


BELOW_A_TICKET = [route for route in WITH_BODY if {"ticketId", "sourceTicketId"} & set(route.names)]


@pytest.mark.parametrize("sent", [b"{", b"[]", b'{"nonsense": 1}', b"{}"])
@pytest.mark.parametrize("route", BELOW_A_TICKET, ids=str)
def test_a_ticket_that_is_not_there_comes_before_whatever_is_wrong_with_the_body(
    route, sent, world, admin_api, problem, outsider_ticket
):
    call = prepare(route, world)
    for missing in (SOME_ID, outsider_ticket.pk):
        path = dict.fromkeys(call.path.keys() & {"ticketId", "sourceTicketId"}, missing)

        problem(call.send(admin_api, path=path, body=sent), 404, "not_found")


def test_a_ticket_that_is_not_there_is_not_found_rather_than_merged_into_itself(api, problem):
    problem(api.post(f"tickets/{SOME_ID}/merge", {"targetTicketId": SOME_ID}), 404, "not_found")


def test_reading_one_body_leaves_nothing_for_the_next():
    full = {"subject": "s", "body": "b", "tags": ["x"], "requester": {"email": "a@b.example", "name": "A"}}
    for _ in range(2):
        assert read_input(CreateTicketInput, full) == full
        assert read_input(CreateTicketInput, {"subject": "t", "body": "c"}) == {"subject": "t", "body": "c"}
        with pytest.raises(Invalid) as refused:
            read_input(CreateTicketInput, {"subject": "t", "requester": {"email": 1}})
        assert [error.pointer for error in refused.value.errors] == ["/body", "/requester/email"]
