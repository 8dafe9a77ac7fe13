"""A folder on a file system that gives a file one name only."""

import io
import os

import pytest

from tickets.files.local import AlreadyUploaded, LocalStore


@pytest.fixture
def store(tmp_path, monkeypatch):
    def link(source, target):
        os.stat(source)
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    return LocalStore(location=tmp_path)


def receive(store, content):
    store.receive("uploads/a", io.BytesIO(content).read, len(content))


def test_a_copy_is_another_file_that_nobody_else_reads(store, tmp_path):
    receive(store, b"A lamp.")

    store.copy("uploads/a", "files/a")
    store.retire("uploads/a")

    assert (store.head("files/a", 100), store.head("uploads/a", 100)) == (b"A lamp.", b"")
    assert (tmp_path / "files" / "a").stat().st_mode & 0o777 == 0o600


def test_of_nothing_there_is_no_copy(store):
    with pytest.raises(FileNotFoundError):
        store.copy("uploads/a", "files/a")
    assert not store.exists("files/a")


def test_what_has_arrived_stays(store):
    receive(store, b"A lamp.")
    with pytest.raises(AlreadyUploaded):
        receive(store, b"Another.")
    assert store.head("uploads/a", 100) == b"A lamp."
