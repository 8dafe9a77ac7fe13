"""Attachments in an S3 bucket. Clients send and fetch the bytes there themselves, by addresses that are signed here.

Needs requirements-s3.txt, and is imported only where the settings choose it.
"""

import datetime as dt
import io
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from inboxops.errors import Unavailable
from tickets.files.stores import FileStore, Stored, UploadRequest

logger = logging.getLogger(__name__)

# A bucket that does not answer may hold a worker for no longer than these allow, and a second try.
CONNECT_SECONDS = 3
READ_SECONDS = 10
ATTEMPTS = 2

BUFFER_BYTES = 65_536


class BucketStore(FileStore, S3Storage):
    """A bucket. Its options are those of django-storages: bucket_name, endpoint_url, region_name, access_key, ….

    The bucket must know `If-None-Match: *` on PUT and refuse what differs from a signed header.
    Raises Unavailable, and logs why, when the bucket does not do what it is asked.
    """

    def __init__(self, **options: Any) -> None:
        # Left to itself, boto signs for a host from which Amazon may send clients on to another, with no signature.
        style = options.get("addressing_style") or ("path" if options.get("endpoint_url") else "virtual")
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # Not every bucket knows the checksums that boto adds by itself, and a signed one would be asked of clients.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        # Without threads: they would outlive the deadline of a request.
        transfer = TransferConfig(use_threads=False)
        super().__init__(**{"client_config": config, "transfer_config": transfer, **options})

    @property
    def client(self) -> Any:
        """boto's client, of this thread."""
        return self.connection.meta.client

    def upload_request(self, key: str, *, size: int, content_type: str, lifetime: dt.timedelta) -> UploadRequest:
        """Length, type and `If-None-Match: *` are signed: other bytes in number, or a second upload, are refused."""
        headers = {"Content-Length": str(size), "Content-Type": content_type, "If-None-Match": "*"}
        parameters = {"ContentLength": size, "ContentType": content_type, "IfNoneMatch": "*"}
        return UploadRequest(self._signed("put_object", key, lifetime, parameters), "PUT", headers)

    def download_url(self, key: str, *, filename: str, content_type: str, lifetime: dt.timedelta) -> str:
        """The name and the type are signed, too: nobody turns an attachment into a page."""
        disposition = content_disposition_header(True, filename)
        parameters = {"ResponseContentDisposition": disposition, "ResponseContentType": content_type}
        return self._signed("get_object", key, lifetime, parameters)

    def copy(self, source: str, target: str) -> None:
        """Copies inside the bucket."""
        with _answering("copy", source):
            where = {"Bucket": self.bucket_name, "Key": source}
            self.client.copy_object(CopySource=where, Bucket=self.bucket_name, Key=target)

    def retire(self, key: str) -> None:
        """An empty object: whatever is there, `If-None-Match: *` refuses the next upload."""
        with _answering("retire", key):
            self.client.put_object(Bucket=self.bucket_name, Key=key, Body=b"")

    def head(self, key: str, length: int) -> bytes:
        """Asks for a range; what a bucket might send beyond it is not read."""
        with _answering("read", key):
            try:
                answer = self.client.get_object(Bucket=self.bucket_name, Key=key, Range=f"bytes=0-{length - 1}")
            except ClientError as error:
                if _status(error) == 416:
                    # An empty file has no first byte.
                    return b""
                raise
            with closing(answer["Body"]) as body:
                start: bytes = body.read(length)
                return start

    def listed(self, prefix: str) -> Iterator[Stored]:
        """Page by page."""
        with _answering("list", prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
            for page in pages:
                for item in page.get("Contents", ()):
                    yield Stored(item["Key"], item["Size"], item["LastModified"])

    def size(self, name: str) -> int:
        """Its length in bytes. Raises FileNotFoundError when it is missing."""
        with _answering("measure", name):
            length: int = super().size(name)
            return length

    def exists(self, name: str) -> bool:
        """Whether anything is there, be it an empty marker."""
        with _answering("find", name):
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Remove it. What is missing is removed already."""
        with _answering("delete", name):
            super().delete(name)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """To be read forwards, as the bytes arrive: neither memory nor disk holds the whole."""
        if mode != "rb":
            raise ValueError("A file of a bucket is opened for reading only; save() writes.")
        with _answering("open", name):
            answer = self.client.get_object(Bucket=self.bucket_name, Key=name)
        file = File(io.BufferedReader(_Download(name, answer["Body"]), BUFFER_BYTES), name)
        file.size = answer["ContentLength"]
        return file

    def _save(self, name: str, content: "File[Any]") -> str:
        """Sends in parts what is long."""
        with _answering("save", name):
            saved: str = super()._save(name, content)
            return saved

    def _signed(self, operation: str, key: str, lifetime: dt.timedelta, parameters: dict[str, Any]) -> str:
        address: str = self.client.generate_presigned_url(
            operation,
            Params={"Bucket": self.bucket_name, "Key": key, **parameters},
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return address


class _Download(io.RawIOBase):
    """The body of an answer, whose failures are ours."""

    def __init__(self, key: str, body: Any) -> None:
        self._key = key
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _answering("read", self._key):
            data: bytes = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()


@contextmanager
def _answering(verb: str, key: str) -> Iterator[None]:
    """What goes wrong in the block, in our words: FileNotFoundError, or Unavailable with a line in the log."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and _is_missing(error):
            raise FileNotFoundError(key) from error
        logger.error("The bucket could not %s %s: %s", verb, key, error)
        raise Unavailable("The file store does not answer right now. Try again shortly.") from error


def _is_missing(error: ClientError) -> bool:
    """A bucket that is missing is no missing file, but a wrong setting."""
    return _status(error) == 404 and error.response["Error"]["Code"] != "NoSuchBucket"


def _status(error: ClientError) -> int:
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status
