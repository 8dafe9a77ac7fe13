import socket
import threading
from contextlib import contextmanager

import pytest

from benchmarks.client import Client, http


@contextmanager
def served(*connections):
    """A server that sends, on each connection in turn, these pieces: one for each request."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        for pieces in connections:
            accepted, _ = listener.accept()
            with accepted:
                for answer in pieces:
                    accepted.recv(65536)
                    for part in answer:
                        accepted.sendall(part)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Client(listener.getsockname()[1])
    finally:
        thread.join()
        listener.close()


def test_an_answer_may_come_in_pieces():
    pieces = [b"HTTP/1.1 200 OK\r\nContent-", b"Length: 6\r\nX-Next-Cursor: abc\r\n\r\nfoo", b"bar"]
    with served([pieces]) as client:
        answer = client.send(http("GET", "/", {}))
        client.close()

    assert (answer.status, answer.body, answer.is_good) == (200, b"foobar", True)
    assert answer.header("x-next-cursor") == "abc"


def test_a_connection_is_kept_until_the_server_closes_it():
    kept = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
    closing = b"HTTP/1.1 204 No Content\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    with served([[kept], [closing]], [[kept]]) as client:
        answers = [client.send(http("GET", "/", {})) for _ in range(3)]
        client.close()

    assert [answer.status for answer in answers] == [500, 204, 500]
    assert [answer.is_good for answer in answers] == [False, True, False]


def test_an_answer_without_its_length_is_an_error():
    with served([[b"HTTP/1.1 200 OK\r\n\r\n"]]) as client, pytest.raises(OSError, match="without its length"):
        client.send(http("GET", "/", {}))


def test_an_answer_without_a_body_needs_no_length():
    with served([[b"HTTP/1.1 204 No Content\r\n\r\n"]]) as client:
        answer = client.send(http("PUT", "/", {}))
        client.close()

    assert (answer.status, answer.body) == (204, b"")


def test_a_request_says_how_long_it_is():
    request = http("POST", "/v1", {"x-workspace-id": "acme"}, {"body": "é"})

    assert request.startswith(b"POST /v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nx-workspace-id: acme\r\n")
    assert request.endswith(b'Content-Length: 13\r\n\r\n{"body":"\xc3\xa9"}')
