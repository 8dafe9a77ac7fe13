"""What the program itself does with the bucket."""

import datetime as dt
import io
import tracemalloc

import pytest
from django.core.files.base import ContentFile, File

from tickets.tests.files.bucket.conftest import content

MIB = 1024 * 1024


class Zeros(io.RawIOBase):
    """A long file that lies nowhere."""

    def __init__(self, length):
        self.left = length

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(len(buffer), self.left)
        buffer[:size] = bytes(size)
        self.left -= size
        return size


def peak(call):
    """The most memory that a call needs at once, in bytes."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_is_saved_is_found(store, key):
    assert store.save(key, ContentFile(b"x" * 1000)) == key

    assert (store.exists(key), store.size(key), content(store, key)) == (True, 1000, b"x" * 1000)


def test_a_file_is_read_as_files_are(store, key):
    store.save(key, ContentFile(b"one\ntwo\nthree"))

    with store.open(key) as file:
        assert file.size == 13
        assert [*file] == [b"one\n", b"two\n", b"three"]
    with store.open(key) as file:
        assert (file.read(2), b"".join(file.chunks(5))) == (b"on", b"e\ntwo\nthree")


def test_a_file_is_opened_for_reading_only(store, stored):
    with pytest.raises(ValueError, match="save"):
        store.open(stored, "wb")
    assert content(store, stored) == b"as it was"


def test_what_is_long_is_neither_sent_nor_read_at_once(store, key):
    store.save(f"{key}-first", ContentFile(b"warms up"))

    saving = peak(lambda: store.save(key, File(io.BufferedReader(Zeros(40 * MIB)))))
    assert store.size(key) == 40 * MIB

    def read():
        with store.open(key) as file:
            assert sum(len(chunk) for chunk in file.chunks()) == 40 * MIB

    reading, beginning = peak(read), peak(lambda: store.head(key, 100))
    assert (saving < 25 * MIB, reading < MIB, beginning < MIB) == (True, True, True), (saving, reading, beginning)


def test_the_head_is_no_more_than_was_asked_for(store, stored):
    assert [store.head(stored, length) for length in (1, 5, 9, 4096)] == [b"a", b"as it", b"as it was", b"as it was"]


def test_the_head_of_nothing_is_nothing(store, stored):
    store.retire(stored)

    assert store.head(stored, 100) == b""


def test_a_copy_stands_by_itself(store, stored):
    target = stored.replace("uploads/", "files/")

    store.copy(stored, target)
    store.retire(stored)

    assert (content(store, target), content(store, stored)) == (b"as it was", b"")


def test_a_long_file_is_copied(store, key):
    store.save(key, File(io.BufferedReader(Zeros(20 * MIB))))

    store.copy(key, f"{key}-copy")

    assert store.size(f"{key}-copy") == 20 * MIB


def test_what_is_deleted_is_gone_and_can_be_deleted_again(store, stored):
    store.delete(stored)
    store.delete(stored)

    assert not store.exists(stored)


MISSING = {
    "size": lambda store, key: store.size(key),
    "open": lambda store, key: store.open(key),
    "head": lambda store, key: store.head(key, 10),
    "copy": lambda store, key: store.copy(key, f"{key}-copy"),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_a_file_not_found(store, key, what):
    with pytest.raises(FileNotFoundError, match=key):
        MISSING[what](store, key)


def test_all_files_under_a_prefix_are_listed(store, key):
    for number in range(3):
        store.save(f"{key}/{number}", ContentFile(b"x" * number))
    store.save(f"{key}-beside", ContentFile(b""))

    found = list(store.listed(f"{key}/"))

    assert [(item.key, item.size) for item in found] == [(f"{key}/{number}", number) for number in range(3)]
    assert all(abs(dt.datetime.now(dt.UTC) - item.modified_at) < dt.timedelta(minutes=5) for item in found)


def test_a_list_goes_on_beyond_a_page(store, key, monkeypatch):
    for number in range(5):
        store.save(f"{key}/{number}", ContentFile(b""))
    asked = []
    store.client.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: asked.append(params.setdefault("MaxKeys", 2))
    )

    assert len(list(store.listed(f"{key}/"))) == 5
    assert len(asked) == 3


def test_nothing_is_listed_where_nothing_is(store, key):
    assert list(store.listed(f"{key}/")) == []
