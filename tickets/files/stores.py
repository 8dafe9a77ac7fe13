"""Where the bytes of files are: a store behind Django's storage API that also gives out addresses.

Bytes arrive under `uploads/<workspace>/<attachment>`. Once they are confirmed, a copy under
`files/<workspace>/<random>` is the file, and nothing that was ever given out to upload leads there. No database row is
written here: a file that no row knows is left over, and `manage.py purge --orphans` finds it.
"""

import datetime as dt
import secrets
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from django.core.files.storage import Storage, storages

UPLOADS = "uploads/"
FILES = "files/"


@dataclass(frozen=True)
class UploadRequest:
    """How a client sends the bytes: the headers must be sent exactly so. The URL may lack scheme and host: our own."""

    url: str
    method: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Stored:
    """A file in the store."""

    key: str
    size: int
    modified_at: dt.datetime


class FileStore(Storage, ABC):
    """A store of files. Django's own `open`, `save`, `size`, `delete` and `exists` besides."""

    def url(self, name: str | None) -> str:
        """No file has an address that is not signed for somebody: see `download_url`."""
        raise ValueError("Files have no address of their own.")

    @abstractmethod
    def upload_request(self, key: str, *, size: int, content_type: str, lifetime: dt.timedelta) -> UploadRequest:
        """Where to send exactly `size` bytes of this type, once; the address works for `lifetime`."""

    @abstractmethod
    def download_url(self, key: str, *, filename: str, content_type: str, lifetime: dt.timedelta) -> str:
        """An address that gives the file, as an attachment of this name, for `lifetime`."""

    @abstractmethod
    def copy(self, source: str, target: str) -> None:
        """Make the bytes of `source` stand under `target`, too. Raises FileNotFoundError when there are none."""

    @abstractmethod
    def retire(self, key: str) -> None:
        """Put an empty marker in the place of what is under `key`: nothing can be uploaded there any more."""

    @abstractmethod
    def head(self, key: str, length: int) -> bytes:
        """The first `length` bytes, without reading more. Raises FileNotFoundError when there are none."""

    @abstractmethod
    def listed(self, prefix: str) -> Iterator[Stored]:
        """Every file under the prefix, without reading any."""


def file_store() -> FileStore:
    """The store of this installation (`INBOXOPS_FILE_STORE`)."""
    return cast(FileStore, storages["attachments"])


def new_key(workspace_id: uuid.UUID) -> str:
    """A place for a confirmed file that nobody can guess."""
    return f"{FILES}{workspace_id}/{secrets.token_hex(16)}"
