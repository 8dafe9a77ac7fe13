"""The whole way of a file, with a bucket behind the API: what a client sends goes straight there."""

import datetime as dt
import json

import pytest
from django.core.management import call_command

from inboxops import clock
from inboxops.tests.uploads import PNG, announce, confirm
from tickets.files.s3 import BucketStore
from tickets.files.stores import file_store
from tickets.models import Attachment
from tickets.tests.files.bucket.conftest import send

LONG_AGO = dt.timedelta(hours=25)


@pytest.fixture(autouse=True)
def _in_a_bucket(settings, options):
    settings.STORAGES = {
        **settings.STORAGES,
        "attachments": {"BACKEND": "tickets.files.s3.BucketStore", "OPTIONS": options},
    }


def put(where, content=PNG):
    return send(where["uploadUrl"], method=where["method"], headers=where["headers"], body=content)[0]


def told(api, attachment_id):
    return api.get(f"attachments/{attachment_id}/download", headers={"Accept": "application/json"}).json()["url"]


@pytest.fixture
def done(api, ticket):
    """A file that was uploaded and confirmed: its id, and where it was uploaded to."""
    where = announce(api, ticket, filename='Rechnung "März".png').json()
    assert put(where) == 200
    answer = confirm(api, ticket, where["attachmentId"])
    assert answer.status_code == 200, answer.content
    return where


def test_a_file_goes_all_the_way(api, ticket, done):
    body = {"body": "See the file.", "attachmentIds": [done["attachmentId"]]}
    assert api.post(f"tickets/{ticket.pk}/messages", body).status_code == 201

    status, headers, content = send(told(api, done["attachmentId"]), method="GET")

    assert (status, content) == (200, PNG)
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"] == "attachment; filename*=utf-8''Rechnung%20%22M%C3%A4rz%22.png"


def test_the_address_to_upload_changes_nothing_any_more(api, done):
    assert put(done, PNG[:-1] + b"!") == 412
    assert send(told(api, done["attachmentId"]), method="GET")[2] == PNG


def test_what_has_not_arrived_cannot_be_confirmed(api, ticket, problem):
    where = announce(api, ticket).json()
    problem(confirm(api, ticket, where["attachmentId"]), 409, "not_uploaded")
    short = {**where, "headers": {**where["headers"], "Content-Length": "100"}}
    assert put(short, PNG[:100]) == 403
    problem(confirm(api, ticket, where["attachmentId"]), 409, "not_uploaded")


def test_what_is_something_else_is_refused_and_leaves_no_copy(api, ticket, problem):
    html = b"<html><script>alert(1)</script></html>"
    where = announce(api, ticket, html).json()
    assert put(where, html) == 200
    problem(confirm(api, ticket, where["attachmentId"]), 409, "upload_mismatch")
    assert not list(file_store().listed(f"files/{ticket.workspace_id}"))


def test_purge_finds_what_is_left(api, ticket, done, capsys, monkeypatch, django_capture_on_commit_callbacks):
    kept = Attachment.objects.get().key
    orphan = f"files/{ticket.workspace_id}/orphan"
    file_store().copy(kept, orphan)
    with clock.at(clock.now() - LONG_AGO):
        waiting = announce(api, ticket).json()
    # Its address is as old as the announcement; the bytes came in time.
    file_store().copy(kept, Attachment.objects.get(pk=waiting["attachmentId"]).upload_key)
    listed = BucketStore.listed

    def of_ours(self, prefix):
        for file in listed(self, prefix):
            if str(ticket.workspace_id) in file.key:
                yield type(file)(file.key, file.size, file.modified_at - LONG_AGO)

    monkeypatch.setattr(BucketStore, "listed", of_ours)

    with django_capture_on_commit_callbacks(execute=True):
        call_command("purge", "--json", "--unconfirmed")
    assert json.loads(capsys.readouterr().out)["unconfirmedUploads"] == 1
    call_command("purge", "--json", "--orphans")
    # The copy, and the empty marker of what was confirmed.
    assert json.loads(capsys.readouterr().out)["orphanFiles"] == 2

    left = {file.key for prefix in ("uploads/", "files/") for file in file_store().listed(prefix)}
    assert left == {kept}


def test_a_bucket_that_is_away_is_unavailable_and_the_rest_goes_on(api, ticket, done, settings, problem):
    elsewhere = {**settings.STORAGES["attachments"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:9"}
    attachments = {"BACKEND": "tickets.files.s3.BucketStore", "OPTIONS": elsewhere}
    where = announce(api, ticket).json()
    settings.STORAGES = {**settings.STORAGES, "attachments": attachments}

    problem(confirm(api, ticket, where["attachmentId"]), 503, "unavailable")

    assert api.get(f"tickets/{ticket.pk}").status_code == 200
    assert api.get(f"attachments/{done['attachmentId']}/download").status_code == 302
