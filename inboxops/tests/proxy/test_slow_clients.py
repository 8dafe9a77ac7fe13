"""Eight slow clients do not stop the others; without the proxy, they do.

Nothing sleeps: everybody is as slow as the test itself, which turns from one to the next. gunicorn gives its threads to
connections in the order in which they came, so that a request behind eight others has none while they are under way.
"""

import random

import pytest

MIB = 1024 * 1024
CLIENTS = 8
PIECES = 8
SIZE = 4 * MIB
# Larger than all the buffers of the sockets on the way.
LARGE = 24 * MIB
# How long a request that has no thread is watched.
A_WHILE = 2


@pytest.fixture
def contents():
    return [random.Random(number).randbytes(SIZE) for number in range(CLIENTS)]


def pieces_of(content):
    size = len(content) // PIECES
    return [content[start : start + size] for start in range(0, len(content), size)]


def bytes_of(desk, attachment_id):
    answer = desk.get(desk.address_of(attachment_id)).answer()
    assert answer.status == 200
    return answer.body


def test_eight_slow_uploaders_hold_nobody_up(desk, contents):
    told = [desk.announce(SIZE) for _ in contents]
    uploads = [desk.put(one) for one in told]
    *rounds, last = zip(*map(pieces_of, contents), strict=True)
    for pieces in rounds:
        for upload, piece in zip(uploads, pieces, strict=True):
            upload.send(piece)
        assert desk.ask().answer().status == 200
        desk.announce(1)

    for upload, piece in zip(uploads, last, strict=True):
        upload.send(piece)

    assert [upload.answer().status for upload in uploads] == [204] * CLIENTS
    for one, content in zip(told, contents, strict=True):
        assert bytes_of(desk, desk.confirm(one)["id"]) == content


def test_past_the_proxy_they_hold_everybody_up(unguarded, contents):
    told = [unguarded.announce(SIZE) for _ in contents]
    uploads = [unguarded.put(one) for one in told]
    for upload, content in zip(uploads, contents, strict=True):
        # No more than buffers of sockets hold, as most of them have no reader.
        upload.send(content[:1000])

    waiting = unguarded.ask()
    assert waiting.is_silent(A_WHILE)

    for upload, content in zip(uploads, contents, strict=True):
        upload.send(content[1000:])
    assert [upload.answer().status for upload in uploads] == [204] * CLIENTS
    assert waiting.answer().status == 200


@pytest.fixture
def film():
    return random.Random("film").randbytes(LARGE)


def test_eight_slow_downloaders_hold_nobody_up(desk, film):
    url = desk.address_of(desk.upload(film))
    downloads = [desk.get(url, receive_buffer=4096) for _ in range(CLIENTS)]
    assert [download.head().status for download in downloads] == [200] * CLIENTS

    assert desk.ask().answer().status == 200
    desk.announce(1)

    assert all(download.answer().body == film for download in downloads)


def test_past_the_proxy_they_hold_everybody_up_too(unguarded, film):
    url = unguarded.address_of(unguarded.upload(film))
    downloads = [unguarded.get(url, receive_buffer=4096) for _ in range(CLIENTS)]

    waiting = unguarded.ask()
    assert waiting.is_silent(A_WHILE)

    assert all(download.answer().body == film for download in downloads)
    assert waiting.answer().status == 200
