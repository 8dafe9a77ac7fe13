"""What comes through the proxy: the API's own words, and nginx's in the same shape."""

import random
import socket

import pytest
from django.conf import settings

from inboxops.tests.proxy.conftest import Proxy
from inboxops.tests.wire import KIND, MIB

LARGEST = settings.MAX_FILE_SIZE
TICKETS = "/v1/workspaces/acme/tickets"


def refused(answer, status, code):
    assert (answer.status, answer.code) == (status, code)


@pytest.fixture
def send(desk):
    """All of a request at once: the answer."""

    def send(method, path, body=b"", **headers):
        exchange = desk.begin(method, path, {"Content-Length": len(body), **headers})
        exchange.send(body)
        return exchange.answer()

    return send


def test_the_largest_file_passes_and_comes_back(desk):
    content = random.Random("largest").randbytes(LARGEST)
    url = desk.address_of(desk.upload(content))
    assert desk.get(url).answer().body == content
    part = desk.get(url, Range="bytes=1000-1999").answer()
    assert (part.status, part.body) == (206, content[1000:2000])


def test_a_larger_one_is_refused_by_nginx_in_our_words(desk, send):
    told = desk.announce(1)
    refused(desk.put(told, Content_Length=LARGEST + 1).answer(), 413, "file_too_large")
    refused(send("PUT", "/files/upload", bytes(LARGEST + 1)), 413, "file_too_large")


def test_whoever_is_refused_early_can_read_it(send):
    refused(send("PUT", "/files/upload?token=altered", bytes(LARGEST)), 403, "address_invalid")


@pytest.mark.parametrize("size", [3 * MIB, 8 * MIB, 9 * MIB, 9 * MIB + 1, 20 * MIB])
def test_json_that_is_too_large_is_refused_in_one_way(desk, size):
    exchange = desk.begin("POST", TICKETS, {**desk.rights, "Content-Type": "application/json", "Content-Length": size})
    exchange.send(b" " * size)
    refused(exchange.answer(), 413, "body_too_large")


def test_an_expectation_is_met(desk):
    upload = desk.put(desk.announce(5), Expect="100-continue")
    assert upload.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    upload.send(b"hello")
    assert upload.answer().status == 204


def test_an_upload_in_chunks_gets_a_length_from_nginx(desk):
    upload = desk.put(desk.announce(5), Content_Length=None, Transfer_Encoding="chunked")
    upload.send(b"5\r\nhello\r\n0\r\n\r\n")
    assert upload.answer().status == 204


def test_an_upload_that_breaks_off_never_reaches_us(desk, installation):
    told = desk.announce(MIB)
    upload = desk.put(told)
    upload.send(bytes(MIB // 2))
    upload.close()
    again = desk.put(told)
    again.send(bytes(MIB))
    assert again.answer().status == 204
    assert not list(installation.data_dir.rglob("*.part"))


def test_head_says_what_get_would_say(desk):
    url = desk.address_of(desk.upload(b"hello"))
    answer = desk.get(url, method="HEAD").answer()
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "5", b"")


def test_nothing_is_compressed_and_tags_stay_strong(desk):
    ticket = desk.ask(f"tickets/{desk.ticket}", **{"Accept-Encoding": "gzip"}).answer()
    file = desk.get(desk.address_of(desk.upload(b"hello" * 1000)), **{"Accept-Encoding": "gzip"}).answer()
    for answer in (ticket, file):
        assert answer.headers["Content-Encoding"] is None
        assert answer.headers["ETag"].startswith('"')


def test_an_answer_with_a_long_head_passes(desk):
    for _ in range(3):
        desk.tell("tickets", {"subject": "lamp", "body": "lamp"})
    answer = desk.ask("tickets?limit=1&offset=1&search=" + "lamp%20" * 700).answer()
    assert answer.status == 200, answer.body
    # What nginx would take without being told to is less.
    assert len(answer.headers["Link"]) > 8192


def test_addresses_are_those_of_the_outside(desk):
    assert desk.announce(1)["uploadUrl"].startswith("https://support.example.com/files/upload?token=")


def test_a_token_over_plain_http_is_refused_not_redirected(desk_at, proxy):
    refused(desk_at(proxy.http).ask().answer(), 403, "https_required")
    moved = desk_at(proxy.http).begin("GET", "/admin/").answer()
    assert (moved.status, moved.headers["Location"]) == (301, "https://support.example.com/admin/")


def test_what_a_client_says_of_the_scheme_does_not_count(desk_at, proxy):
    lying = desk_at(proxy.http, **{"X-Forwarded-Proto": "https"})
    refused(lying.ask().answer(), 403, "https_required")


@pytest.fixture
def another(_certificate, tmp_path):
    """`another()`: a proxy for one test, whose logs are complete once it has ended."""
    folder, tls = _certificate
    for name in ("fullchain.pem", "privkey.pem"):
        (tmp_path / name).symlink_to(folder / name)
    return Proxy(tmp_path, tls)


@pytest.mark.parametrize(("offered", "kept"), [("mine-1", True), ('"}', False)])
def test_a_request_has_one_id_in_the_answer_and_in_both_logs(desk_at, another, gunicorn, offered, kept):
    with another.in_front_of(gunicorn.port):
        desk = desk_at(another.https, another.tls)
        known_as = desk.ask(**{"X-Request-Id": offered}).answer().headers["X-Request-Id"]
        desk.close()

    assert (known_as == offered) is kept
    for log in (another.logs(), gunicorn.log.read_text()):
        assert known_as in log


@pytest.fixture
def nobody():
    """A port at which nobody answers, for as long as the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_while_nothing_runs_behind_it_nginx_says_so_in_our_words(desk_at, another, nobody):
    with another.in_front_of(nobody):
        desk = desk_at(another.https, another.tls)
        for method, path in (("GET", TICKETS), ("GET", "/files/download?token=secret"), ("DELETE", "/v1/x.html")):
            answer = desk.begin(method, path, {"X-Request-Id": "mine-2"}).answer()
            refused(answer, 503, "unavailable")
            assert (answer.headers["Retry-After"], answer.headers["X-Request-Id"]) == ("5", "mine-2")
        upload = desk.begin("PUT", "/files/upload?token=secret", {"Content-Length": 5, "Content-Type": KIND})
        upload.send(b"hello")
        refused(upload.answer(), 503, "unavailable")
        desk.close()

    assert " PUT /files/upload 503 502 " in another.logs()
    assert "secret" not in another.logs()


def test_no_log_has_the_address_of_a_file(desk_at, another, gunicorn):
    with another.in_front_of(gunicorn.port):
        desk = desk_at(another.https, another.tls)
        url = desk.address_of(desk.upload(b"hello" * 10_000))
        desk.get(url).answer()
        desk.close()

    for log in (another.logs(), gunicorn.log.read_text()):
        assert "/files/upload" in log
        assert "/files/download" in log
        assert "token" not in log
