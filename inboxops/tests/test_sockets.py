"""The conventions that only a real server shows: bytes on a socket, as clients of every kind send them."""

import contextlib
import http.client
import json
import socket

import pytest

from inboxops.tests.live import Installation

MIB = 1024 * 1024

MAKE_TOKEN = """
import json
from accounts.actors import operator
from inboxops.tests.factories import MembershipFactory, WorkspaceFactory
from workspaces.actions import create_token
from workspaces.models import Role, Scope
member = MembershipFactory(workspace=WorkspaceFactory(slug="acme"), role=Role.AGENT)
print(json.dumps(create_token(member, scope=Scope.WRITE, actor=operator())[1]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server, and the head of a request that it answers."""
    installation = Installation(tmp_path_factory.mktemp("site"))
    token = installation.shell(MAKE_TOKEN)
    with installation.served(workers=1, threads=2) as server:
        server.headers = {
            "Host": "localhost",
            "Authorization": f"Bearer {token}",
            "x-workspace-id": "acme",
            "Content-Type": "application/json",
        }
        yield server
    # Whatever was sent, nothing of it was an error of ours.
    log = server.log.read_text()
    assert "Traceback" not in log, log
    assert " 500 " not in log, log


@pytest.fixture
def connection(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    with contextlib.closing(connection):
        yield connection


@pytest.fixture
def send(site):
    """Sends bytes as they are, and reads until the server closes."""

    def exchange(*parts, method="POST", path="/v1/workspaces/acme/tickets", headers=None, half_close=False):
        fields = {**site.headers, "Connection": "close", **(headers or {})}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items() if value is not None
        )
        with socket.create_connection(("127.0.0.1", site.port), timeout=30) as client:
            client.sendall(head.encode("latin-1") + b"\r\n")
            for part in parts:
                client.sendall(part)
            if half_close:
                client.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(client, method=method)
            response.begin()
            return response, response.read()

    return exchange


def problem(answer, status, code):
    response, body = answer
    assert response.status == status, body
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["code"] == code
    assert response.headers["X-Request-Id"] == json.loads(body)["requestId"]


def ticket_of(size):
    raw = b'{"subject": "s", "body": "b"}'
    return raw + b" " * (size - len(raw))


def chunked(raw, size=65_536):
    for start in range(0, len(raw), size):
        part = raw[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("size", [2 * MIB + 1, 3 * MIB, 8 * MIB])
def test_whoever_sends_too_much_can_read_the_answer(send, size):
    problem(send(ticket_of(size), headers={"Content-Length": size}), 413, "body_too_large")


@pytest.mark.parametrize("size", [2 * MIB + 1, 7 * MIB])
def test_whoever_sends_too_much_in_chunks_can_read_the_answer(send, size):
    answer = send(*chunked(ticket_of(size)), headers={"Transfer-Encoding": "chunked"})

    problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("chunk", [1, 7, 65_536])
def test_a_body_in_chunks_is_read(send, chunk):
    response, body = send(*chunked(ticket_of(40), chunk), headers={"Transfer-Encoding": "chunked"})

    assert response.status == 201, body
    assert json.loads(body)["subject"] == "s"


def test_a_body_in_chunks_may_have_two_mebibytes(send):
    response, _ = send(*chunked(ticket_of(2 * MIB)), headers={"Transfer-Encoding": "chunked"})

    assert response.status == 201


@pytest.mark.parametrize("raw", [b"zz\r\n{}\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"5\r\n{}"])
def test_chunks_that_are_none_are_the_clients_fault(send, raw):
    problem(send(raw, headers={"Transfer-Encoding": "chunked"}, half_close=True), 400, "bad_request")


@pytest.mark.parametrize("declared", [200, 3 * MIB])
def test_a_body_that_breaks_off_changes_nothing(site, send, declared):
    before = total(site)
    response, body = send(ticket_of(100), headers={"Content-Length": declared}, half_close=True)

    assert response.status == 400, body
    assert json.loads(body)["code"] == "bad_request"
    assert total(site) == before


def total(site):
    _, headers, _ = site.request("GET", "/v1/workspaces/acme/tickets?limit=1", headers=site.headers)
    return headers["X-Total-Count"]


def test_a_connection_goes_on_after_a_refused_body(site, connection):
    for raw, status in ((ticket_of(3 * MIB), 413), (b"{", 400), (ticket_of(50), 201)):
        connection.request("POST", "/v1/workspaces/acme/tickets", raw, site.headers)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (status, True)


REFUSED_UNREAD = {
    401: {"headers": {"Authorization": "Bearer expired"}},
    400: {"headers": {"x-workspace-id": "another"}},
    404: {"path": "/v1/nope"},
    405: {"method": "PUT"},
    406: {"headers": {"Accept": "text/html"}},
}


@pytest.mark.parametrize("size", [100_000, 2 * MIB, 8 * MIB])
@pytest.mark.parametrize("status", REFUSED_UNREAD)
def test_a_refusal_before_the_body_was_looked_at_can_be_read(send, status, size):
    what = REFUSED_UNREAD[status]
    headers = {**what.get("headers", {}), "Content-Length": size}

    response, body = send(ticket_of(size), **{**what, "headers": headers})

    assert (response.status, json.loads(body)["status"]) == (status, status)


def test_a_connection_goes_on_after_a_refusal_before_the_body_was_looked_at(site, connection):
    for headers, status in (({**site.headers, "Authorization": "Bearer expired"}, 401), (site.headers, 201)):
        connection.request("POST", "/v1/workspaces/acme/tickets", ticket_of(MIB), headers)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (status, True)


def test_an_expectation_is_answered_before_the_body(send, site):
    raw = ticket_of(50)
    response, body = send(raw, headers={"Expect": "100-continue", "Content-Length": len(raw)})

    assert response.status == 201, body


@pytest.mark.parametrize("host", ["evil.example", "a@b", "localhost:port", "..", "localhost, localhost"])
def test_a_foreign_host_is_answered_in_json(send, host):
    problem(send(method="GET", headers={"Host": host}), 400, "host_not_allowed")


@pytest.mark.parametrize(
    "path", ["/v1/%00", "/v1/%0a%0dX-Evil:%201", "/v1/%ff", "/v1/a%2fb", "/v1//", "/v1/..;/admin", "/v1/x?%"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_of_nonsense_is_not_found_in_json(send, method, path):
    answer = send(method=method, path=path)

    problem(answer, 404, "not_found")
    assert "X-Evil" not in answer[0].headers


def test_head_has_the_headers_of_get_and_no_body(site, connection):
    connection.request("HEAD", "/v1/workspaces/acme/tickets", headers=site.headers)
    response = connection.getresponse()

    assert (response.status, response.read()) == (200, b"")
    assert response.headers["X-Total-Count"]
