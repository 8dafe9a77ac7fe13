"""A bucket that is dead, mute, foreign or wrong is unavailable: soon, and with a line in the log."""

import io
import socket
import threading
import time
from contextlib import closing

import pytest
from django.core.files.base import ContentFile

from inboxops.errors import Unavailable
from tickets.files import s3
from tickets.files.s3 import BucketStore
from tickets.tests.files.bucket.conftest import MINUTE

CALLS = {
    "size": lambda store: store.size("k"),
    "exists": lambda store: store.exists("k"),
    "delete": lambda store: store.delete("k"),
    "open": lambda store: store.open("k"),
    "save": lambda store: store.save("k", ContentFile(b"x")),
    "copy": lambda store: store.copy("k", "l"),
    "retire": lambda store: store.retire("k"),
    "head": lambda store: store.head("k", 1),
    "listed": lambda store: list(store.listed("k")),
}


@pytest.fixture
def dead_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


@pytest.fixture
def mute_port():
    """Takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def at(options, port):
    return BucketStore(**{**options, "endpoint_url": f"http://127.0.0.1:{port}"})


@pytest.mark.parametrize("what", CALLS)
def test_a_dead_bucket_is_unavailable_and_the_log_says_so(options, dead_port, caplog, what):
    with pytest.raises(Unavailable):
        CALLS[what](at(options, dead_port))

    assert [(record.name, record.levelname) for record in caplog.records if record.name == s3.__name__] == [
        ("tickets.files.s3", "ERROR")
    ]


@pytest.mark.parametrize("what", ["head", "save"])
def test_a_mute_bucket_is_not_waited_for(options, mute_port, monkeypatch, what):
    monkeypatch.setattr(s3, "READ_SECONDS", 0.1)
    store = at(options, mute_port)
    started = time.monotonic()

    with pytest.raises(Unavailable):
        CALLS[what](store)

    assert time.monotonic() - started < 15


def test_nobody_waits_for_a_bucket_longer_than_half_a_minute(store):
    config = store.client.meta.config

    assert config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout) <= 30


def test_signing_asks_no_bucket(options, dead_port):
    store = at(options, dead_port)

    assert store.upload_request("k", size=1, content_type="a/b", lifetime=MINUTE).url
    assert store.download_url("k", filename="a", content_type="a/b", lifetime=MINUTE)


@pytest.mark.parametrize(("option", "value"), [("secret_key", "wrong"), ("access_key", "nobody:here")])
@pytest.mark.parametrize("what", CALLS)
def test_a_wrong_key_is_unavailable(options, what, option, value):
    with pytest.raises(Unavailable):
        CALLS[what](BucketStore(**{**options, option: value}))


@pytest.mark.parametrize("what", ["open", "save", "copy", "head", "retire", "listed"])
def test_a_bucket_that_does_not_exist_is_unavailable(options, what):
    with pytest.raises(Unavailable):
        CALLS[what](BucketStore(**{**options, "bucket_name": "missing"}))


def test_bytes_that_break_off_are_unavailable(options):
    """A file must never end early without anybody noticing."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with closing(listener.accept()[0]) as client:
                client.recv(io.DEFAULT_BUFFER_SIZE)
                client.sendall(answer)

        server = threading.Thread(target=serve)
        server.start()
        with at(options, listener.getsockname()[1]).open("k") as file, pytest.raises(Unavailable):
            file.read()
        server.join()
