"""What an address to upload allows: these bytes in number, of this type, there, now, and once."""

import socket
from urllib.parse import parse_qs, urlsplit

import pytest

from tickets.files.s3 import BucketStore
from tickets.tests.files.bucket.conftest import MINUTE, content, send, upload

BODY = b"hello"


@pytest.fixture
def promised(store, key):
    return store.upload_request(key, size=len(BODY), content_type="text/plain", lifetime=MINUTE)


def test_what_is_sent_as_it_is_said_is_stored(store, key, promised):
    status, _, _ = send(promised.url, method=promised.method, headers=promised.headers, body=BODY)

    assert status == 200
    assert content(store, key) == BODY
    assert store.client.head_object(Bucket=store.bucket_name, Key=key)["ContentType"] == "text/plain"


@pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", 'multipart/x; boundary="a  b"', "image/svg+xml"])
def test_a_type_may_have_parameters(store, key, content_type):
    request = store.upload_request(key, size=5, content_type=content_type, lifetime=MINUTE)

    assert upload(request, BODY) == 200


def test_everything_that_matters_is_signed_and_nothing_else_is_asked_for(promised):
    query = parse_qs(urlsplit(promised.url).query)

    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]
    assert {name.lower() for name in promised.headers} == {"content-length", "content-type", "if-none-match"}
    assert set(query) == {
        *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"),
        *("X-Amz-SignedHeaders", "X-Amz-Signature"),
    }


ALTERED = {
    "a byte less": {"body": b"hell"},
    "a byte more": {"body": b"hello!"},
    "no bytes": {"body": b""},
    "another type": {"Content_Type": "text/html"},
    "a type with more to it": {"Content_Type": "text/plain; charset=utf-8"},
    "no type": {"Content_Type": None},
    "no condition": {"If_None_Match": None},
    "a header of the store's own": {"x_amz_acl": "public-read"},
    "a copy of something": {"x_amz_copy_source": "/inboxops/files/another"},
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_sent_differently_is_refused(store, key, promised, what):
    altered = {"body": BODY, **ALTERED[what]}

    assert upload(promised, **altered) == 403
    assert not store.exists(key)


def test_chunks_without_a_length_are_refused(store, key, promised):
    headers = {"Content_Length": None, "Transfer_Encoding": "chunked"}

    assert upload(promised, b"5\r\nhello\r\n0\r\n\r\n", **headers) in (403, 411)
    assert not store.exists(key)


def test_what_breaks_off_is_not_stored(store, key, promised):
    parts = urlsplit(promised.url)
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in promised.headers.items())

    with socket.create_connection((parts.hostname, parts.port), timeout=30) as client:
        client.sendall(head.encode() + b"\r\n" + BODY[:-1])
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(100)

    assert b" 200 " not in answer
    assert not store.exists(key)


def test_what_is_too_much_is_cut_off(store, key, promised):
    """The length is signed, so more can only be sent beside it."""
    headers = {**promised.headers, "Connection": "close"}

    send(promised.url, headers=headers, body=BODY + b" and more")

    assert content(store, key) == BODY


ALTERATIONS = {
    "another key": lambda url: url.replace("/uploads/", "/files/", 1),
    "another bucket": lambda url: url.replace("/inboxops/", "/inboxopz/", 1),
    "a longer life": lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"),
    "a later date": lambda url: url.replace("X-Amz-Date=2", "X-Amz-Date=3"),
    "fewer signed headers": lambda url: url.replace("content-length%3B", ""),
    "another signature": lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
    "no signature": lambda url: url.partition("&X-Amz-Signature")[0],
    "something added": lambda url: url + "&x-id=PutObject",
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_an_altered_address_is_refused(store, key, promised, what):
    altered = ALTERATIONS[what](promised.url)

    assert altered != promised.url
    assert upload(promised, BODY, url=altered) in (400, 403)
    assert not store.exists(key)


def test_what_another_key_has_signed_is_refused(store, options, key):
    forger = BucketStore(**{**options, "secret_key": "guessed"})
    request = forger.upload_request(key, size=len(BODY), content_type="text/plain", lifetime=MINUTE)

    assert upload(request, BODY) == 403
    assert not store.exists(key)


def test_an_address_to_upload_does_nothing_else(promised, store, key):
    assert upload(promised, BODY) == 200

    assert [send(promised.url, method=method)[0] for method in ("GET", "HEAD", "DELETE")] == [403, 403, 403]
    assert content(store, key) == BODY


def test_an_upload_that_comes_late_is_refused(store, key, signing_at):
    signing_at(-1.01 * MINUTE)
    request = store.upload_request(key, size=len(BODY), content_type="text/plain", lifetime=MINUTE)

    assert upload(request, BODY) == 403
    signing_at(0 * MINUTE)
    assert not store.exists(key)


def test_an_upload_that_comes_just_in_time_is_stored(store, key, signing_at):
    signing_at(-0.5 * MINUTE)
    request = store.upload_request(key, size=len(BODY), content_type="text/plain", lifetime=MINUTE)

    assert upload(request, BODY) == 200


def test_an_address_works_once(store, key, promised):
    assert upload(promised, BODY) == 200

    assert upload(promised, b"other") == 412
    assert content(store, key) == BODY


def test_nothing_replaces_what_is_there(store, stored):
    request = store.upload_request(stored, size=len(BODY), content_type="text/plain", lifetime=MINUTE)

    assert upload(request, BODY) == 412
    assert content(store, stored) == b"as it was"


@pytest.mark.parametrize("uploaded_before", [True, False])
def test_nothing_can_be_uploaded_to_what_is_retired(store, key, promised, uploaded_before):
    if uploaded_before:
        assert upload(promised, BODY) == 200

    store.retire(key)

    assert upload(promised, BODY) == 412
    assert (store.exists(key), store.size(key), content(store, key)) == (True, 0, b"")


def test_an_empty_file_can_be_uploaded(store, key):
    request = store.upload_request(key, size=0, content_type="text/plain", lifetime=MINUTE)

    assert upload(request, BODY) == 403
    assert upload(request, b"") == 200
    assert store.size(key) == 0


HOSTS = {
    "https://bucket.s3.eu-central-1.amazonaws.com/k": {},
    "https://s3.eu-central-1.amazonaws.com/bucket/k": {"addressing_style": "path"},
    "https://s3.example.net/bucket/k": {"endpoint_url": "https://s3.example.net"},
    "https://bucket.s3.example.net/k": {"endpoint_url": "https://s3.example.net", "addressing_style": "virtual"},
}


@pytest.mark.parametrize("address", HOSTS)
def test_an_address_leads_straight_to_the_bucket(address):
    """No bucket of a region is asked by way of another host: a signature does not go on with a redirect."""
    keys = {"access_key": "a", "secret_key": "b"}
    store = BucketStore(bucket_name="bucket", region_name="eu-central-1", **keys, **HOSTS[address])

    request = store.upload_request("k", size=1, content_type="a/b", lifetime=MINUTE)

    assert request.url.partition("?")[0] == address
