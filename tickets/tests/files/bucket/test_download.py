"""What an address to download gives: this file, under this name, as this type, for a while."""

import pytest

from tickets.files.s3 import BucketStore
from tickets.tests.files.bucket.conftest import MINUTE, send


@pytest.fixture
def url(store, stored):
    return store.download_url(stored, filename="report.txt", content_type="text/plain", lifetime=MINUTE)


def fetch(url, **headers):
    return send(url, method="GET", headers=headers)


def test_the_file_comes_as_an_attachment_of_its_name_and_type(url):
    status, headers, body = fetch(url)

    assert (status, body) == (200, b"as it was")
    assert headers["Content-Disposition"] == 'attachment; filename="report.txt"'
    assert headers["Content-Type"].partition(";")[0] == "text/plain"


def test_an_address_works_more_than_once(url):
    assert [fetch(url)[0], fetch(url)[0]] == [200, 200]


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [("bytes=0-1", 206, b"as"), ("bytes=3-", 206, b"it was"), ("bytes=-3", 206, b"was"), ("bytes=99-", 416, None)],
)
def test_a_part_can_be_asked_for(url, asked, status, expected):
    answer, headers, body = fetch(url, Range=asked)

    assert answer == status
    if expected is not None:
        assert (body, headers["Content-Range"].rpartition("/")[2]) == (expected, "9")


HOSTILE = {
    'a"; filename="b.exe': 'attachment; filename="a\\"; filename=\\"b.exe"',
    "a\\": 'attachment; filename="a\\\\"',
    "a\r\nSet-Cookie: x=1": "attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x%3D1",
    "грамота.pdf": "attachment; filename*=utf-8''%D0%B3%D1%80%D0%B0%D0%BC%D0%BE%D1%82%D0%B0.pdf",
    "a&response-content-type=text/html": 'attachment; filename="a&response-content-type=text/html"',
    "a%0d%0ab": 'attachment; filename="a%0d%0ab"',
    "a+b c": 'attachment; filename="a+b c"',
}


@pytest.mark.parametrize("filename", HOSTILE)
def test_a_name_stays_a_name(store, stored, filename):
    url = store.download_url(stored, filename=filename, content_type="text/plain", lifetime=MINUTE)
    status, headers, _ = fetch(url)

    assert status == 200
    assert headers.get_all("Content-Disposition") == [HOSTILE[filename]]
    assert headers["Content-Type"].partition(";")[0] == "text/plain"
    assert "Set-Cookie" not in headers


ALTERATIONS = {
    "another key": lambda url: url.replace("/uploads/", "/files/", 1),
    "shown instead of saved": lambda url: url.replace("attachment", "inline"),
    "another name": lambda url: url.replace("report.txt", "report.htm"),
    "another type": lambda url: url.replace("text%2Fplain", "text%2Fhtml"),
    "something added": lambda url: url + "&response-cache-control=public",
    "a second type": lambda url: url + "&response-content-type=text%2Fhtml",
    "a longer life": lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
    "no signature": lambda url: url.partition("&X-Amz-Signature")[0],
    "nothing but the path": lambda url: url.partition("?")[0] + "?",
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_an_altered_address_is_refused(url, what):
    altered = ALTERATIONS[what](url)

    assert altered != url
    status, _, body = fetch(altered)
    assert status in (400, 403)
    assert b"as it was" not in body


def test_what_another_key_has_signed_is_refused(options, stored):
    forger = BucketStore(**{**options, "secret_key": "guessed"})

    assert fetch(forger.download_url(stored, filename="a", content_type="a/b", lifetime=MINUTE))[0] == 403


def test_an_address_to_download_does_nothing_else(store, url, stored):
    assert [send(url, method=method, headers={"Content-Length": "0"})[0] for method in ("PUT", "DELETE")] == [403, 403]
    assert store.size(stored) == 9


def test_an_address_ends(store, stored, signing_at):
    signing_at(-1.01 * MINUTE)
    late = store.download_url(stored, filename="a", content_type="text/plain", lifetime=MINUTE)
    signing_at(-0.5 * MINUTE)
    in_time = store.download_url(stored, filename="a", content_type="text/plain", lifetime=MINUTE)

    assert [fetch(late)[0], fetch(in_time)[0]] == [403, 200]
