"""Files in a folder of this machine. What a bucket does by itself is done here and in `views`: signed addresses."""

import datetime as dt
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

from django.core import signing
from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.urls import reverse

from inboxops import clock
from inboxops.errors import Unavailable
from tickets.files.stores import FileStore, Stored, UploadRequest

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)

CHUNK = 64 * 1024
# In the query, because the path stands in the log.
_QUERY = "token"
_UPLOAD, _DOWNLOAD = "inboxops.files.upload", "inboxops.files.download"


class AlreadyUploaded(Exception):
    """Something has arrived there before."""


class Incomplete(Exception):
    """The bytes ended too early."""


class AddressInvalid(Exception):
    """The address was altered, has expired, or never was one of ours."""


def _writing(method: Callable[P, R]) -> Callable[P, R]:
    """Such as a disk that is full: the same failure as that of a bucket. What is missing, or there, is none."""

    @wraps(method)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (FileNotFoundError, FileExistsError):
            raise
        except OSError as error:
            logger.exception("The folder could not %s", method.__name__)
            raise Unavailable("The file store does not answer right now. Try again shortly.") from error

    return answered


class LocalStore(FileStore, FileSystemStorage):
    """A folder, and addresses below `/files/` that are signed with the secret key: whoever has one needs no more."""

    def upload_request(self, key: str, *, size: int, content_type: str, lifetime: dt.timedelta) -> UploadRequest:
        token = _signed({"key": key, "size": size, "type": content_type}, _UPLOAD, lifetime)
        return UploadRequest(
            url=f"{reverse('file-upload')}?{_QUERY}={token}",
            method="PUT",
            headers={"Content-Type": content_type, "Content-Length": str(size)},
        )

    def download_url(self, key: str, *, filename: str, content_type: str, lifetime: dt.timedelta) -> str:
        token = _signed({"key": key, "name": filename, "type": content_type}, _DOWNLOAD, lifetime)
        return f"{reverse('file-download')}?{_QUERY}={token}"

    @_writing
    def receive(self, key: str, read: Callable[[int], bytes], size: int) -> None:
        """Store exactly `size` bytes under the key, a chunk at a time; nothing stands there before all are on disk.

        Raises AlreadyUploaded, and Incomplete when `read` has no more.
        """
        target = self._place(key)
        if target.exists():
            raise AlreadyUploaded
        part = target.with_name(f"{target.name}.{os.urandom(8).hex()}.part")
        try:
            with self._new(part) as file:
                missing = size
                while missing:
                    chunk = read(min(CHUNK, missing))
                    if not chunk:
                        raise Incomplete
                    file.write(chunk)
                    missing -= len(chunk)
                _to_disk(file)
            _place_exclusively(part, target)
            _names_to_disk(target.parent)
        finally:
            part.unlink(missing_ok=True)

    @_writing
    def copy(self, source: str, target: str) -> None:
        place = self._place(target)
        _make_folder(place.parent)
        try:
            # Another name for the same bytes. What retires the first name leaves this one alone.
            os.link(self._place(source), place)
        except FileNotFoundError:
            raise
        except OSError:
            # Not every file system can do that.
            with self.open(source) as old, self._new(place) as new:
                shutil.copyfileobj(old, new, CHUNK)
                _to_disk(new)
        _names_to_disk(place.parent)

    @_writing
    def retire(self, key: str) -> None:
        target = self._place(key)
        marker = target.with_name(f"{target.name}.{os.urandom(8).hex()}.part")
        with self._new(marker):
            pass
        os.replace(marker, target)

    def head(self, key: str, length: int) -> bytes:
        with self.open(key) as file:
            start: bytes = file.read(length)
            return start

    def listed(self, prefix: str) -> Iterator[Stored]:
        root = self._place(prefix)
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder, name)
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue
                # Of its name, not of its content: the copy of an old upload is new.
                modified_at = dt.datetime.fromtimestamp(found.st_ctime, dt.UTC)
                yield Stored(path.relative_to(self.location).as_posix(), found.st_size, modified_at)

    @_writing
    def _save(self, name: str, content: "File[Any]") -> str:
        """Django's own does not wait until it is on disk."""
        place = self._place(name)
        with self._new(place) as file:
            shutil.copyfileobj(content, file, CHUNK)
            _to_disk(file)
        _names_to_disk(place.parent)
        return name

    def _place(self, key: str) -> Path:
        # Keys are ours alone; Django refuses one that leads out of the folder all the same.
        return Path(self.path(key))

    def _new(self, path: Path) -> IO[bytes]:
        _make_folder(path.parent)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _make_folder(folder: Path) -> None:
    """A folder for this user alone, and those above it."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _names_to_disk(folder.parent)


def _to_disk(file: IO[bytes]) -> None:
    """Nothing is acknowledged that a power failure could take back."""
    file.flush()
    os.fsync(file.fileno())


def _names_to_disk(folder: Path) -> None:
    """The same for the names of the files in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _place_exclusively(part: Path, target: Path) -> None:
    """Give a complete file its name. Raises AlreadyUploaded when another one has it: the first wins."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise AlreadyUploaded from None
    except OSError:
        # A file system without links: two that end in the same moment may both be let through, the last one wins.
        os.replace(part, target)


def _signed(content: dict[str, Any], purpose: str, lifetime: dt.timedelta) -> str:
    expires = int((clock.now() + lifetime).timestamp())
    return signing.dumps({**content, "expires": expires}, salt=purpose, compress=True)


def _verified(query: Mapping[str, str], purpose: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = signing.loads(query.get(_QUERY, ""), salt=purpose)
    except signing.BadSignature:
        raise AddressInvalid from None
    if clock.now().timestamp() >= content["expires"]:
        raise AddressInvalid
    return content


def upload_of(query: Mapping[str, str]) -> dict[str, Any]:
    """What an address to upload stands for, by its query: `key`, `size`, `type`. Raises AddressInvalid."""
    return _verified(query, _UPLOAD)


def download_of(query: Mapping[str, str]) -> dict[str, Any]:
    """What an address to download stands for, by its query: `key`, `name`, `type`. Raises AddressInvalid."""
    return _verified(query, _DOWNLOAD)
