"""What holds of files when many do things to them at once: on PostgreSQL, with real threads, through the API.

As in `test_concurrency.py`, each race is run again and again, and judged by what is stored and by what is in the store.
"""

import datetime as dt
import io
from functools import partial

import pytest
from django.db.models import Sum

from accounts.actors import operator
from inboxops import clock
from inboxops.tests.factories import TicketFactory, WorkspaceFactory
from inboxops.tests.parallel import at_once, separate
from inboxops.tests.uploads import PNG, announce, confirm, put, upload
from tickets import actions, leftovers
from tickets.files.stores import file_store
from tickets.invariants import broken_invariants, lost_files
from tickets.leftovers import remove_unconfirmed
from tickets.models import Attachment, FileUsage, TicketEvent
from tickets.tests.test_concurrency import codes
from tickets.workflow import EventKind

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

LONG_AGO = dt.timedelta(hours=25)


@pytest.fixture(autouse=True)
def _no_rate_limit(settings):
    settings.RATE_LIMIT = None


@pytest.fixture(autouse=True)
def _empty_store(settings, tmp_path):
    """These tests look at all there is."""
    local = settings.STORAGES["attachments"]
    options = {**local["OPTIONS"], "location": tmp_path}
    settings.STORAGES = {**settings.STORAGES, "attachments": {**local, "OPTIONS": options}}


@pytest.fixture(autouse=True)
def _sound_in_the_end(_no_rate_limit, _empty_store, transactional_db):
    """Rows, counters and files agree, whoever came first."""
    yield
    assert broken_invariants() == []
    assert lost_files(file_store()) is None
    known = set(Attachment.objects.exclude(key="").values_list("key", flat=True))
    assert {file.key for file in file_store().listed("files/")} == known, "A race leaves no file without its row."


def uploaded(ticket, age=dt.timedelta()):
    """An upload that has arrived, perhaps long ago."""
    with clock.at(clock.now() - age):
        attachment = actions.request_upload(
            ticket, filename="lamp.png", content_type="image/png", size=len(PNG), actor=operator()
        )
    file_store().receive(attachment.upload_key, io.BytesIO(PNG).read, len(PNG))
    return attachment


def reply(api, ticket, attachment_id):
    return api.post(f"tickets/{ticket.pk}/messages", {"body": "See the file.", "attachmentIds": [str(attachment_id)]})


def test_a_quota_is_never_exceeded_however_many_ask_at_once(api, ticket, settings):
    settings.FILES_QUOTA = 21 * len(PNG) - 1
    for _ in range(3):
        answers = at_once([partial(announce, separate(api), ticket) for _ in range(30)])
        assert codes(answers) == {201: 20, (409, "storage_quota_exceeded"): 10}
        assert FileUsage.objects.get(workspace=api.workspace).size == 20 * len(PNG)
        Attachment.objects.all().delete()
        assert FileUsage.objects.get(workspace=api.workspace).size == 0


def test_room_is_counted_right_while_it_is_taken_and_given_back(api, ticket, settings):
    settings.FILES_QUOTA = 40 * len(PNG)
    for _ in range(5):
        for _ in range(20):
            uploaded(ticket, LONG_AGO)
        at_once([*(partial(announce, separate(api), ticket) for _ in range(12)), *[remove_unconfirmed] * 3])
        sizes = Attachment.objects.aggregate(all=Sum("size"))["all"]
        assert FileUsage.objects.get(workspace=api.workspace).size == sizes <= settings.FILES_QUOTA
        Attachment.objects.all().delete()


def test_an_upload_that_is_sent_many_times_at_once_arrives_once_and_whole(api, ticket):
    for _ in range(10):
        where = announce(api, ticket, size=100_000, contentType="text/plain").json()
        contents = [bytes([65 + number]) * 100_000 for number in range(6)]
        answers = at_once([partial(put, separate(api), where, content) for content in contents])
        assert codes(answers) == {204: 1, (409, "already_uploaded"): 5}
        winner = next(content for content, answer in zip(contents, answers, strict=True) if answer.status_code == 204)
        assert confirm(api, ticket, where["attachmentId"]).status_code == 200
        with file_store().open(Attachment.objects.get(pk=where["attachmentId"]).key) as file:
            assert file.read() == winner


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "same"}])
def test_confirmed_many_times_at_once_it_is_so_once(api, ticket, headers):
    for number in range(10):
        attachment = uploaded(ticket)
        named = {name: f"{value}-{number}" for name, value in headers.items()}
        answers = at_once([partial(confirm, separate(api), ticket, attachment.pk, headers=named) for _ in range(6)])
        assert codes(answers) == {200: 6}
        assert len({answer.content for answer in answers}) == 1
    assert TicketEvent.objects.filter(kind=EventKind.ATTACHMENT_UPLOADED).count() == 10


def test_an_upload_is_confirmed_or_swept_up_never_half_of_each(api, ticket):
    def sweep_up(after):
        # Something to do first, more each time: so that now the one is quicker, now the other.
        mine = separate(api)
        for _ in range(after):
            mine.get("tickets")
        return remove_unconfirmed()

    seen = set()
    for round_ in range(60):
        attachment = uploaded(ticket, LONG_AGO)
        answer, removed = at_once(
            [partial(confirm, separate(api), ticket, attachment.pk), partial(sweep_up, round_ % 6)]
        )
        is_there = Attachment.objects.filter(pk=attachment.pk, confirmed_at__isnull=False).exists()
        # Swept up in the midst of it, the bytes may be gone before the row is asked for.
        assert (answer.status_code, removed, is_there) in {(200, 0, True), (404, 1, False), (409, 1, False)}
        seen.add(answer.status_code)
    assert {200, 404} <= seen, "Nobody was ever late: this proves nothing."


def test_a_file_given_to_many_messages_at_once_belongs_to_one(api, ticket):
    for _ in range(10):
        done = upload(api, ticket)
        answers = at_once([partial(reply, separate(api), ticket, done["id"]) for _ in range(6)])
        assert codes(answers) == {201: 1, (400, "invalid"): 5}


def test_a_file_of_the_source_is_used_once_while_the_merge_is_made_and_undone(api, workspace):
    source, target = TicketFactory(workspace=workspace), TicketFactory(workspace=workspace)
    for round_ in range(30):
        done = upload(api, source)
        if round_ % 2:
            actions.merge_tickets(source, target, actor=operator())
        change = ("unmerge", {}) if round_ % 2 else ("merge", {"targetTicketId": str(target.pk)})
        changed, *replies = at_once(
            [
                partial(separate(api).post, f"tickets/{source.pk}/{change[0]}", change[1]),
                partial(reply, separate(api), source, done["id"]),
                partial(reply, separate(api), target, done["id"]),
            ]
        )
        assert changed.status_code == 200
        assert set(codes(replies)) <= {201, (400, "invalid"), (409, "ticket_merged")}
        assert codes(replies)[201] <= 1
        if not round_ % 2:
            actions.unmerge_ticket(source, actor=operator())
        attachment = Attachment.objects.select_related("message").get(pk=done["id"])
        if attachment.message is None:
            assert reply(api, source, done["id"]).status_code == 201, "What nobody could use, its own ticket can."
        else:
            written = next(answer.json() for answer in replies if answer.status_code == 201)
            assert written["id"] == str(attachment.message_id)


def test_two_purges_at_once_wait_for_nothing_for_ever(ticket, monkeypatch):
    """Each takes the counters of workspaces in the order of its own rows: a deadlock, which nobody may ever see."""
    monkeypatch.setattr(leftovers, "_BATCH", 8)
    tickets = [TicketFactory(workspace=WorkspaceFactory()) for _ in range(4)]
    for _ in range(8):
        for number in range(64):
            one = tickets[number % 4] if number % 16 < 8 else tickets[3 - number % 4]
            uploaded(one, LONG_AGO)
        assert sum(at_once([remove_unconfirmed] * 4)) == 64
        assert set(FileUsage.objects.values_list("size", flat=True)) == {0}
