"""What is left where something ends half-way: never a row without its file, and of files just what `purge` finds."""

import datetime as dt
import io
import uuid

import pytest
from django.core.management import call_command
from django.db import OperationalError

from inboxops import clock
from inboxops.tests.uploads import PNG, announce, bytes_of, confirm, download, put, upload
from tickets import attachments
from tickets.actions import add_file, append_message, confirm_upload
from tickets.actions.upload import receiving
from tickets.files.local import LocalStore
from tickets.files.stores import file_store
from tickets.leftovers import leftover_files, remove_unconfirmed
from tickets.models import Attachment, FileUsage


class Killed(BaseException):
    """As if the process was: nothing of ours catches it, and what would tidy up is kept from it below."""


@pytest.fixture(autouse=True)
def _empty_store(settings, tmp_path):
    """These tests look at all there is."""
    local = settings.STORAGES["attachments"]
    options = {**local["OPTIONS"], "location": tmp_path}
    settings.STORAGES = {**settings.STORAGES, "attachments": {**local, "OPTIONS": options}}


@pytest.fixture
def bystanders(api, ticket, actor):
    """Whatever is swept up, these stay: used, confirmed, uploaded, and announced only."""
    used, waiting = upload(api, ticket), upload(api, ticket)
    append_message(ticket, body="See the file.", attachment_ids=[uuid.UUID(used["id"])], actor=actor)
    announce(api, ticket)
    arrived = announce(api, ticket).json()
    put(api, arrived)
    markers = {
        Attachment(workspace_id=ticket.workspace_id, pk=uuid.UUID(id_["id"])).upload_key for id_ in (used, waiting)
    }
    for marker in markers:
        file_store().delete(marker)
    return keys()


@pytest.fixture
def leftovers(monkeypatch):
    """What `purge` would find in a day: the store's clock is the machine's."""
    listed = LocalStore.listed

    def aged(self, prefix):
        for file in listed(self, prefix):
            yield type(file)(file.key, file.size, file.modified_at - dt.timedelta(hours=25))

    def find():
        with monkeypatch.context() as patch:
            patch.setattr(LocalStore, "listed", aged)
            return {file.key for file in leftover_files(file_store())}

    return find


def keys():
    return {file.key for file in file_store().listed("")}


def never(*args, **kwargs):
    raise Killed


def no_row_lacks_its_file():
    return all(file_store().exists(key) for key in Attachment.objects.exclude(key="").values_list("key", flat=True))


def uploaded(api, ticket):
    where = announce(api, ticket).json()
    put(api, where)
    return where["attachmentId"]


def test_between_the_copy_and_the_row(api, ticket, actor, bystanders, leftovers, monkeypatch):
    attachment_id = uploaded(api, ticket)
    with monkeypatch.context() as patch:
        patch.setattr("tickets.actions.upload._delete_unless_known", never)
        with pytest.raises(Killed), receiving(ticket, uuid.UUID(attachment_id), actor=actor):
            raise Killed
    [copy] = keys() - bystanders - {Attachment.objects.get(pk=attachment_id).upload_key}

    assert leftovers() == {copy}

    assert confirm(api, ticket, attachment_id).status_code == 200
    assert no_row_lacks_its_file()


def test_between_the_row_and_the_retiring(api, ticket, bystanders, leftovers, monkeypatch, problem):
    where = announce(api, ticket).json()
    put(api, where)
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "retire", lambda self, key: (_ for _ in ()).throw(OSError("gone")))
        assert confirm(api, ticket, where["attachmentId"]).status_code == 200

    problem(put(api, where, PNG[:-1] + b"!"), 409, "already_uploaded")
    assert leftovers() == {Attachment.objects.get(pk=where["attachmentId"]).upload_key}
    file_store().delete(leftovers().pop())
    assert bytes_of(download(api, where["attachmentId"])) == PNG


def test_between_the_deletion_of_rows_and_that_of_their_files(
    api, ticket, bystanders, leftovers, monkeypatch, django_capture_on_commit_callbacks
):
    done, waiting = upload(api, ticket), uploaded(api, ticket)
    gone = Attachment.objects.filter(pk__in=[done["id"], waiting])
    files = keys() - bystanders
    assert len(files) == 3, "The file, the marker of its upload, and the upload that waits."
    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(attachments, "_delete_files", lambda keys: None)
        gone.delete()

    assert leftovers() == files
    assert no_row_lacks_its_file()
    assert FileUsage.objects.get().size == 4 * len(PNG)


def test_within_an_upload(api, ticket, bystanders, leftovers, monkeypatch):
    where = announce(api, ticket).json()
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", lambda self, missing_ok: None)
        put(api, where, PNG[:100])
    [part] = keys() - bystanders
    assert leftovers() == {part}
    assert put(api, where).status_code == 204


def test_when_nobody_knows_whether_the_row_was_stored_the_file_stays(api, ticket, actor, bystanders, leftovers):
    """The connection went in the moment of the commit: the row may well appear a moment later."""
    attachment_id = uploaded(api, ticket)
    with pytest.raises(OperationalError), receiving(ticket, uuid.UUID(attachment_id), actor=actor) as received:
        raise OperationalError("server closed the connection unexpectedly")

    assert leftovers() == {received.key}
    # Here it does.
    confirm_upload(ticket, uuid.UUID(attachment_id), received=received, actor=actor)
    assert bytes_of(download(api, attachment_id)) == PNG


def test_any_other_failure_leaves_nothing(api, ticket, actor, bystanders):
    attachment_id = uploaded(api, ticket)
    before = keys()
    with pytest.raises(ZeroDivisionError), receiving(ticket, uuid.UUID(attachment_id), actor=actor):
        raise ZeroDivisionError
    assert keys() == before


def test_a_file_at_hand_of_which_no_row_comes_leaves_nothing(ticket, actor, bystanders, monkeypatch):
    monkeypatch.setattr("tickets.actions.upload._store_confirmed", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        add_file(ticket, filename="a.txt", content=io.BytesIO(b"A lamp."), actor=actor)
    assert keys() == bystanders


def test_an_upload_that_is_swept_up_while_it_is_confirmed_is_not_found(
    api, ticket, actor, bystanders, problem, django_capture_on_commit_callbacks, monkeypatch
):
    with clock.at(clock.now() - dt.timedelta(hours=25)):
        where = announce(api, ticket).json()
        put_late = Attachment.objects.get(pk=where["attachmentId"])
    file_store().receive(put_late.upload_key, io.BytesIO(PNG).read, len(PNG))
    copy = LocalStore.copy

    def copy_and_sweep(self, source, target):
        copy(self, source, target)
        with django_capture_on_commit_callbacks(execute=True):
            assert remove_unconfirmed() == 1

    monkeypatch.setattr(LocalStore, "copy", copy_and_sweep)
    problem(confirm(api, ticket, where["attachmentId"]), 404, "not_found")
    assert keys() == bystanders
    assert FileUsage.objects.get().size == 4 * len(PNG)


def test_purge_sweeps_up_all_of_it_and_nothing_else(api, ticket, bystanders, leftovers, monkeypatch):
    file_store().save(f"files/{ticket.workspace_id}/{'0' * 32}", io.BytesIO(b"x"))
    file_store().save(f"uploads/{ticket.workspace_id}/{uuid.uuid4()}", io.BytesIO(b"x"))
    file_store().save(f"uploads/{ticket.workspace_id}/nonsense", io.BytesIO(b"x"))
    listed = LocalStore.listed

    def aged(self, prefix):
        for file in listed(self, prefix):
            yield type(file)(file.key, file.size, file.modified_at - dt.timedelta(hours=25))

    monkeypatch.setattr(LocalStore, "listed", aged)
    call_command("purge", "--orphans", "--json")
    assert keys() == bystanders
