"""A store in a real bucket, and what a client does with the addresses that it gives out.

Run by their name, with a bucket: `.ci/with-bucket PYTHON pytest tickets/tests/files/bucket`.
"""

import contextlib
import datetime as dt
import http.client
import os
import uuid
from urllib.parse import urlsplit

import botocore.auth
import pytest
from django.core.files.base import ContentFile

from tickets.files.s3 import BucketStore

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def options():
    """What the settings say of the bucket."""
    assert "INBOXOPS_S3_ENDPOINT" in os.environ, "These tests need a bucket: run them by .ci/with-bucket."
    return {
        "endpoint_url": os.environ["INBOXOPS_S3_ENDPOINT"],
        "region_name": os.environ["INBOXOPS_S3_REGION"],
        "bucket_name": os.environ["INBOXOPS_S3_BUCKET"],
        "access_key": os.environ["INBOXOPS_S3_ACCESS_KEY"],
        "secret_key": os.environ["INBOXOPS_S3_SECRET_KEY"],
        "addressing_style": os.environ["INBOXOPS_S3_ADDRESSING"],
    }


@pytest.fixture
def store(options):
    return BucketStore(**options)


@pytest.fixture
def key():
    """A place of this test alone."""
    return f"uploads/{uuid.uuid4()}/{uuid.uuid4()}"


@pytest.fixture
def stored(store, key):
    """The key of a file that lies in the bucket already."""
    store.save(key, ContentFile(b"as it was"))
    return key


@pytest.fixture
def signing_at(monkeypatch):
    """Signs as if it were another time: `signing_at(-MINUTE)`."""

    def move(by):
        moment = dt.datetime.now(dt.UTC) + by
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: moment)

    return move


def send(url, *, method="PUT", headers=None, body=None):
    """One request with these headers and no other but Host: status, headers and body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, f"{parts.path}?{parts.query}", skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        if body is not None:
            connection.send(body)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def upload(request, body, url=None, **changed):
    """Send as the request says, but for what is changed: the status."""
    headers = {**request.headers, "Content-Length": str(len(body))}
    headers.update({name.replace("_", "-"): value for name, value in changed.items()})
    sent = {name: value for name, value in headers.items() if value is not None}
    return send(url or request.url, method=request.method, headers=sent, body=body)[0]


def content(store, key):
    with store.open(key) as file:
        return file.read()
