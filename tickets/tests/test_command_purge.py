import datetime as dt
import io
import json
import os
import time

import pytest
from django.core.management import CommandError, call_command

from inboxops import clock
from inboxops.tests.uploads import PNG, announce, confirm, keep_files_in, put, upload
from tickets.files.local import LocalStore
from tickets.files.stores import file_store, new_key
from tickets.models import Attachment, FileUsage
from workspaces.models import StoredAnswer

LONG_AGO = dt.timedelta(hours=25)


@pytest.fixture(autouse=True)
def _empty_store(settings, tmp_path):
    """These tests look at all there is."""
    keep_files_in(settings, tmp_path)


@pytest.fixture
def purge(capsys, django_capture_on_commit_callbacks):
    def run(*options):
        with django_capture_on_commit_callbacks(execute=True):
            call_command("purge", *options, "--json")
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def a_day_later(monkeypatch):
    """What stands in the store now is old: its own clock is the machine's."""
    store = file_store()
    listed = LocalStore.listed

    def aged(self, prefix):
        for file in listed(self, prefix):
            yield type(file)(file.key, file.size, file.modified_at - LONG_AGO)

    monkeypatch.setattr(LocalStore, "listed", aged)
    return store


def keys(prefix=""):
    return {file.key for file in file_store().listed(prefix)}


def post(api, key):
    assert api.post("tickets", {"subject": "S", "body": "B"}, headers={"Idempotency-Key": key}).status_code == 201


def test_only_answers_older_than_a_day_are_removed(api, capsys):
    with clock.at(clock.now() - LONG_AGO):
        post(api, "old")
    post(api, "new")

    call_command("purge", "--answers", "--dry-run")
    assert capsys.readouterr().out == "1 stored answers would be removed.\n"
    assert StoredAnswer.objects.count() == 2

    call_command("purge")
    assert capsys.readouterr().out.splitlines() == [
        "1 stored answers removed.",
        "0 unconfirmed uploads removed.",
        "0 files without an attachment removed.",
    ]
    assert StoredAnswer.objects.get().key == "new"


def test_unconfirmed_uploads_go_after_a_day_with_their_bytes_and_their_room(api, ticket, purge):
    with clock.at(clock.now() - LONG_AGO):
        announce(api, ticket)
        arrived = announce(api, ticket).json()
        put(api, arrived)
        kept = upload(api, ticket)
    fresh = announce(api, ticket).json()

    assert purge("--unconfirmed", "--dry-run") == {"unconfirmedUploads": 2, "dryRun": True}
    assert Attachment.objects.count() == 4
    assert purge("--unconfirmed") == {"unconfirmedUploads": 2, "dryRun": False}

    assert {str(pk) for pk in Attachment.objects.values_list("pk", flat=True)} == {kept["id"], fresh["attachmentId"]}
    assert not [key for key in keys("uploads/") if arrived["attachmentId"] in key]
    assert FileUsage.objects.get().size == 2 * len(PNG)
    assert purge("--unconfirmed") == {"unconfirmedUploads": 0, "dryRun": False}


def test_a_file_without_a_row_goes_and_every_file_with_one_stays(api, ticket, purge, a_day_later):
    used, waiting = upload(api, ticket), announce(api, ticket).json()
    put(api, waiting)
    key = Attachment.objects.get(pk=used["id"]).key
    left_by_a_crash = new_key(ticket.workspace_id)
    file_store().copy(key, left_by_a_crash)

    # The empty marker of the confirmed upload goes, too: its address is long dead.
    assert purge("--orphans", "--dry-run") == {"orphanFiles": 2, "dryRun": True}
    assert left_by_a_crash in keys()
    assert purge("--orphans") == {"orphanFiles": 2, "dryRun": False}

    assert keys() == {key, Attachment.objects.get(pk=waiting["attachmentId"]).upload_key}
    assert confirm(api, ticket, waiting["attachmentId"]).status_code == 200


def test_half_an_upload_goes_in_the_end(ticket, purge, a_day_later, tmp_path):
    part = tmp_path / "uploads" / str(ticket.workspace_id) / "01980000-0000-7000-8000-000000000000.0011.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(PNG[:100])
    assert purge("--orphans")["orphanFiles"] == 1
    assert keys() == set()


def test_what_is_not_yet_a_day_old_may_be_somebodys_work(api, ticket, purge):
    upload(api, ticket)
    Attachment.objects.all()._raw_delete("default")
    assert purge("--orphans")["orphanFiles"] == 0
    assert len(keys()) == 2


def test_the_age_of_a_copy_is_its_own(api, ticket, tmp_path):
    """The bytes may have arrived long before they are confirmed; the copy without a row is a moment old."""
    where = announce(api, ticket).json()
    put(api, where)
    attachment = Attachment.objects.get()
    old = time.time() - 100_000
    os.utime(tmp_path / attachment.upload_key, (old, old))
    copied = new_key(ticket.workspace_id)
    file_store().copy(attachment.upload_key, copied)
    (found,) = file_store().listed("files/")
    assert clock.now() - found.modified_at < dt.timedelta(minutes=1)


@pytest.mark.usefixtures("a_day_later")
def test_one_file_is_enough_for_a_database_without_any(ticket, purge):
    file_store().save(new_key(ticket.workspace_id), io.BytesIO(b"x"))
    for options in (["--dry-run"], []):
        with pytest.raises(CommandError, match="most of the store"):
            purge("--orphans", *options)
    assert len(keys()) == 1


def test_a_store_that_another_database_knows_is_not_emptied(api, ticket, purge, a_day_later):
    used = upload(api, ticket)
    for _ in range(11):
        file_store().save(new_key(ticket.workspace_id), io.BytesIO(b"x"))
    with pytest.raises(CommandError, match="most of the store"):
        purge("--orphans")
    assert len(keys("files/")) == 12
    # And the empty marker of what was uploaded.
    assert purge("--orphans", "--force")["orphanFiles"] == 12
    assert keys() == {Attachment.objects.get(pk=used["id"]).key}
