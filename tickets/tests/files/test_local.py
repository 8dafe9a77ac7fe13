"""The folder: what is acknowledged is on disk, and belongs to nobody else."""

import io
import os
import stat

import pytest
from django.core.files import File

from tickets.files.local import LocalStore


@pytest.fixture
def store(tmp_path):
    return LocalStore(location=tmp_path / "files")


@pytest.fixture
def synced(monkeypatch):
    """The files and folders that were made to stay, by their names at that moment."""
    names = []

    def fsync(descriptor):
        names.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))

    monkeypatch.setattr(os, "fsync", fsync)
    return names


WAYS = {
    "save": lambda store: store.save("new/place", File(io.BytesIO(b"x" * 200_000))),
    "receive": lambda store: store.receive("new/place", io.BytesIO(b"x" * 200_000).read, 200_000),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_on_disk_with_its_name_and_its_folder_before_anybody_hears_of_it(store, synced, way):
    WAYS[way](store)
    assert store.size("new/place") == 200_000
    assert synced[-2].startswith("place")
    assert synced[-1] == "new"
    assert "files" in synced[:-2], "A new folder is a name in another one."


@pytest.mark.parametrize("way", WAYS)
def test_nobody_else_can_read_it(store, way):
    WAYS[way](store)
    place = os.path.join(store.location, "new", "place")
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(place)).st_mode) == 0o700


def test_a_copy_is_on_disk_with_its_name(store, synced):
    WAYS["save"](store)
    synced.clear()
    store.copy("new/place", "other/place")
    assert synced == ["files", "other"]
