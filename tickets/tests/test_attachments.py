"""Files from their announcement to their download, as programs on the API go through it."""

import datetime as dt
import errno
import io
import os
import re
import uuid
from urllib.parse import urlsplit

import pytest

from inboxops import clock
from inboxops.tests.factories import TicketFactory
from inboxops.tests.uploads import PNG, announce, bytes_of, confirm, download, fetch, put, upload
from tickets.actions import merge_tickets, split_ticket, unmerge_ticket
from tickets.files.stores import file_store
from tickets.models import Attachment, Delivery, FileUsage, Message, Ticket
from workspaces.models import Scope


def reply(api, ticket, *attachments, **kwargs):
    body = {"body": "See the file.", "attachmentIds": [attachment["id"] for attachment in attachments], **kwargs}
    return api.post(f"tickets/{ticket.pk}/messages", body)


def test_a_file_goes_all_the_way(api, ticket):
    where = announce(api, ticket, PNG, "lamp.png").json()
    assert put(api, where).status_code == 204
    confirmed = confirm(api, ticket, where["attachmentId"]).json()
    assert confirmed["filename"] == "lamp.png"
    assert (confirmed["size"], confirmed["contentType"], confirmed["messageId"]) == (len(PNG), "image/png", None)

    message = reply(api, ticket, confirmed).json()

    assert [attachment["id"] for attachment in message["attachments"]] == [where["attachmentId"]]
    assert message["attachments"][0]["messageId"] == message["id"]
    detail = api.get(f"tickets/{ticket.pk}").json()
    assert detail["messages"][-1]["attachments"] == message["attachments"]
    assert api.get(f"tickets/{ticket.pk}/messages").json()[-1]["attachments"] == message["attachments"]
    assert api.get(f"messages/{message['id']}/attachments").json() == message["attachments"]
    assert api.get(f"tickets/{ticket.pk}/attachments").json() == message["attachments"]
    assert bytes_of(download(api, where["attachmentId"])) == PNG


class TestAnnouncing:
    def test_the_answer_tells_everything_that_is_needed(self, api, ticket):
        answer = announce(api, ticket, PNG)

        assert answer.status_code == 201
        told = answer.json()
        assert told["method"] == "PUT"
        assert told["uploadUrl"].startswith("http://testserver/files/upload?token=")
        assert told["headers"] == {"Content-Type": "image/png", "Content-Length": str(len(PNG))}
        left = dt.datetime.fromisoformat(told["expiresAt"]) - clock.now()
        assert dt.timedelta(minutes=59) < left <= dt.timedelta(hours=1)

    def test_a_file_may_be_as_large_as_the_limit_and_no_larger(self, api, ticket, settings, problem):
        assert announce(api, ticket, size=settings.MAX_FILE_SIZE).status_code == 201
        document = problem(announce(api, ticket, size=settings.MAX_FILE_SIZE + 1), 413, "file_too_large")
        assert document["limit"] == settings.MAX_FILE_SIZE == 25 * 1024 * 1024

    @pytest.mark.parametrize("size", [0, -1, 1.5, 1e300, "12", True, None, 2**63])
    def test_a_size_is_a_whole_number_of_bytes(self, api, ticket, size, problem):
        document = problem(announce(api, ticket, size=size), 400, "invalid")
        assert [error["pointer"] for error in document["errors"]] == ["/size"]

    @pytest.mark.parametrize("content_type", ["", "png", "image/", "image/png\r\nX: y", "a/b/c", "image/" + "x" * 200])
    def test_a_type_is_a_type_and_a_subtype(self, api, ticket, content_type, problem):
        document = problem(announce(api, ticket, contentType=content_type), 400, "invalid")
        assert [error["pointer"] for error in document["errors"]] == ["/contentType"]

    def test_parameters_of_a_type_and_its_case_do_not_count(self, api, ticket):
        told = announce(api, ticket, contentType="Text/Plain; charset=utf-8").json()
        assert told["headers"]["Content-Type"] == "text/plain"

    def test_without_a_type_the_content_tells_it(self, api, ticket):
        body = {"filename": "lamp", "size": len(PNG)}
        where = api.post(f"tickets/{ticket.pk}/attachments/upload-url", body).json()
        put(api, where)
        assert confirm(api, ticket, where["attachmentId"]).json()["contentType"] == "image/png"

    def test_the_secret_in_the_answer_is_not_stored_for_a_repeat(self, api, ticket, problem):
        body, key = {"filename": "a.txt", "size": 1}, {"Idempotency-Key": "k"}
        path = f"tickets/{ticket.pk}/attachments/upload-url"
        assert api.post(path, body, headers=key).status_code == 201
        problem(api.post(path, body, headers=key), 409, "secret_not_repeatable")
        assert Attachment.objects.count() == 1

    def test_nothing_is_recorded_and_nothing_shown_of_what_may_never_come(self, api, ticket):
        before = api.get(f"tickets/{ticket.pk}").json(), api.get(f"tickets/{ticket.pk}/events").json()
        announce(api, ticket)
        assert (api.get(f"tickets/{ticket.pk}").json(), api.get(f"tickets/{ticket.pk}/events").json()) == before
        assert api.get(f"tickets/{ticket.pk}/attachments").json() == []


class TestUploading:
    def test_it_works_once(self, api, ticket, problem):
        where = announce(api, ticket).json()
        assert put(api, where).status_code == 204
        problem(put(api, where), 409, "already_uploaded")

    def test_it_works_no_second_time_after_confirming_and_changes_nothing(self, api, ticket, problem):
        where = announce(api, ticket).json()
        put(api, where)
        confirm(api, ticket, where["attachmentId"])
        problem(put(api, where, PNG[:-1] + b"!"), 409, "already_uploaded")
        assert bytes_of(download(api, where["attachmentId"])) == PNG

    def test_one_byte_more_is_refused_before_any_is_stored(self, api, ticket, problem):
        where = announce(api, ticket).json()
        problem(put(api, where, PNG + b"!", **{"Content-Length": str(len(PNG) + 1)}), 413, "file_too_large")
        problem(confirm(api, ticket, where["attachmentId"]), 409, "not_uploaded")
        assert put(api, where).status_code == 204

    def test_one_byte_less_is_refused(self, api, ticket, problem):
        where = announce(api, ticket).json()
        problem(put(api, where, PNG[:-1], **{"Content-Length": str(len(PNG) - 1)}), 400, "bad_request")

    def test_half_an_upload_leaves_nothing_and_can_be_repeated(self, api, ticket, problem):
        where = announce(api, ticket).json()
        problem(put(api, where, PNG[:1000]), 400, "bad_request")
        problem(confirm(api, ticket, where["attachmentId"]), 409, "not_uploaded")
        assert [file.key for file in file_store().listed("uploads/") if where["attachmentId"] in file.key] == []
        assert put(api, where).status_code == 204
        assert confirm(api, ticket, where["attachmentId"]).status_code == 200

    def test_more_bytes_than_are_said_stay_unread(self, api, ticket):
        where = announce(api, ticket).json()
        assert put(api, where, PNG + b"more", **{"Content-Length": str(len(PNG))}).status_code == 204
        confirm(api, ticket, where["attachmentId"])
        assert bytes_of(download(api, where["attachmentId"])) == PNG

    def test_another_type_is_refused(self, api, ticket, problem):
        where = announce(api, ticket).json()
        problem(put(api, where, **{"Content-Type": "text/html"}), 415, "unsupported_media_type")

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({}, 409, "already_uploaded"),
            ({"Content-Type": "text/html"}, 415, "unsupported_media_type"),
        ],
    )
    def test_a_refusal_waits_until_all_was_sent_so_that_it_can_be_read(
        self, api, ticket, settings, changes, status, code, problem
    ):
        """More than of any other body: whoever repeats a large upload must hear that it has worked."""
        content = b"x" * settings.MAX_FILE_SIZE
        where = announce(api, ticket, content, content_type="text/plain").json()
        put(api, where, content)
        stream = io.BytesIO(content)
        problem(put(api, where, content, stream=stream, **changes), status, code)
        assert stream.tell() == len(content)

    def test_a_length_is_needed(self, api, ticket, problem):
        where = announce(api, ticket).json()
        problem(put(api, where, **{"Content-Length": ""}), 411, "length_required")

    def test_it_must_begin_in_time(self, api, ticket, problem):
        with clock.at(clock.now() - dt.timedelta(hours=1, seconds=1)):
            late = announce(api, ticket).json()
        problem(put(api, late), 403, "address_invalid")

    def test_any_change_of_the_address_is_refused(self, api, ticket, problem):
        where = announce(api, ticket).json()
        url = where["uploadUrl"]
        place = url.index("token=") + 6
        for index in range(place, len(url), 7):
            other = "A" if url[index] != "A" else "B"
            problem(put(api, where, url=url[:index] + other + url[index + 1 :]), 403, "address_invalid")
        problem(put(api, where, url=url[:place]), 403, "address_invalid")
        problem(put(api, where, url=url[: place - 7]), 403, "address_invalid")

    def test_an_address_to_download_uploads_nothing_and_the_other_way_round(self, api, ticket, problem):
        done = upload(api, ticket)
        told = api.get(f"attachments/{done['id']}/download", headers={"Accept": "application/json"}).json()
        where = announce(api, ticket).json()
        problem(put(api, where, url=told["url"].replace("download?", "upload?")), 403, "address_invalid")
        problem(fetch(api, where["uploadUrl"].replace("upload?", "download?")), 403, "address_invalid")

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
    def test_nothing_else_is_done_there(self, api, ticket, method):
        where = announce(api, ticket).json()
        answer = put(api, {**where, "method": method})
        assert (answer.status_code, answer["Allow"]) == (405, "PUT")


def test_a_disk_that_is_full_is_nobodys_error_but_a_moments(api, ticket, monkeypatch, problem):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    where = announce(api, ticket).json()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert problem(put(api, where), 503, "unavailable")
    assert put(api, where).status_code == 204
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert problem(confirm(api, ticket, where["attachmentId"]), 503, "unavailable")
    assert confirm(api, ticket, where["attachmentId"]).status_code == 200


class TestConfirming:
    def test_twice_is_harmless(self, api, ticket):
        done = upload(api, ticket)
        assert confirm(api, ticket, done["id"]).json() == done
        events = [event for event in api.get(f"tickets/{ticket.pk}/events").json() if "attachment" in event["kind"]]
        assert [(event["kind"], event["data"]["attachmentId"]) for event in events] == [
            ("attachment.uploaded", done["id"])
        ]

    def test_with_a_key_it_is_answered_again(self, api, ticket):
        where = announce(api, ticket).json()
        put(api, where)
        first, second = (
            confirm(api, ticket, where["attachmentId"], headers={"Idempotency-Key": "k"}) for _ in range(2)
        )
        assert (first.content, second["Idempotency-Replayed"]) == (second.content, "true")

    def test_before_the_upload_there_is_nothing_to_confirm(self, api, ticket, problem):
        where = announce(api, ticket).json()
        problem(confirm(api, ticket, where["attachmentId"]), 409, "not_uploaded")

    def test_content_of_another_type_is_refused_and_leaves_no_copy(self, api, ticket, problem):
        html = b"<html><script>alert(1)</script></html>"
        where = announce(api, ticket, html).json()
        put(api, where, html)
        before = list(file_store().listed("files/"))
        document = problem(confirm(api, ticket, where["attachmentId"]), 409, "upload_mismatch")
        assert document["found"] == "text/html"
        assert list(file_store().listed("files/")) == before
        problem(reply(api, ticket, {"id": where["attachmentId"]}), 400, "invalid")

    def test_a_store_that_took_another_size_is_found_out(self, api, ticket, problem):
        where = announce(api, ticket).json()
        put(api, where)
        upload_key = Attachment.objects.get().upload_key
        file_store().retire(upload_key)
        document = problem(confirm(api, ticket, where["attachmentId"]), 409, "upload_mismatch")
        assert document["found"] == "0"

    def test_of_another_ticket_it_does_not_exist(self, api, ticket, outsider_api, outsider_ticket, problem):
        other = api.post("tickets", {"subject": "S", "body": "B"}).json()
        where = announce(api, ticket).json()
        put(api, where)
        path = f"attachments/{where['attachmentId']}/confirm"
        problem(api.post(f"tickets/{other['id']}/{path}"), 404, "not_found")
        problem(outsider_api.post(f"tickets/{outsider_ticket.pk}/{path}"), 404, "not_found")
        problem(outsider_api.post(f"tickets/{ticket.pk}/{path}"), 404, "not_found")
        assert Attachment.objects.get().confirmed_at is None

    def test_it_changes_neither_the_ticket_nor_its_version(self, api, ticket):
        before = api.get(f"tickets/{ticket.pk}")
        upload(api, ticket)
        assert api.get(f"tickets/{ticket.pk}").content == before.content


class TestAttaching:
    @pytest.fixture
    def done(self, api, ticket):
        return upload(api, ticket)

    def test_an_id_works_once(self, api, ticket, done, problem):
        assert reply(api, ticket, done).status_code == 201
        document = problem(reply(api, ticket, done), 400, "invalid")
        assert [(error["pointer"], error["code"]) for error in document["errors"]] == [
            ("/attachmentIds/0", "attachment_used")
        ]

    def test_nor_twice_in_one_message(self, api, ticket, done, problem):
        document = problem(reply(api, ticket, done, done), 400, "invalid")
        assert [(error["pointer"], error["code"]) for error in document["errors"]] == [
            ("/attachmentIds/1", "attachment_used")
        ]

    def test_every_wrong_id_is_named(self, api, ticket, done, outsider_api, outsider_ticket, problem):
        other = Ticket(pk=api.post("tickets", {"subject": "S", "body": "B"}).json()["id"])
        elsewhere, foreign = upload(api, other), upload(outsider_api, outsider_ticket)
        waiting = {"id": announce(api, ticket).json()["attachmentId"]}
        unknown = {"id": "01980000-0000-7000-8000-000000000000"}
        document = problem(reply(api, ticket, elsewhere, done, foreign, unknown, waiting), 400, "invalid")
        assert [(error["pointer"], error["code"]) for error in document["errors"]] == [
            ("/attachmentIds/0", "unknown_attachment"),
            ("/attachmentIds/2", "unknown_attachment"),
            ("/attachmentIds/3", "unknown_attachment"),
            ("/attachmentIds/4", "attachment_not_confirmed"),
        ]
        assert reply(api, ticket, done).status_code == 201

    def test_so_many_and_no_more(self, api, ticket, done, settings, problem):
        settings.FILES_PER_MESSAGE = 1
        second = upload(api, ticket)
        document = problem(reply(api, ticket, done, second), 413, "too_many_attachments")
        assert document["limit"] == 1
        assert reply(api, ticket, second).status_code == 201

    def test_a_refused_reply_leaves_the_file_for_the_next(self, api, ticket, done, problem):
        problem(reply(api, ticket, done, toAddresses=["nonsense"]), 400, "invalid")
        assert reply(api, ticket, done).status_code == 201

    def test_a_file_on_a_note_never_leaves_by_mail(self, api, ticket, done):
        note = reply(api, ticket, done, isInternal=True, sendEmail=True).json()
        assert note["attachments"][0]["isInternal"] is True
        assert not Delivery.objects.exists()
        assert reply(api, ticket, done, sendEmail=True).status_code == 400

    def test_a_customer_may_have_sent_it(self, api, ticket, done):
        message = reply(api, ticket, done, asRequester=True).json()
        assert (message["authorType"], len(message["attachments"])) == ("customer", 1)

    def test_the_timeline_tells_which(self, api, ticket, done):
        reply(api, ticket, done)
        event = api.get(f"tickets/{ticket.pk}/events").json()[-1]
        assert (event["kind"], event["data"]["attachmentIds"]) == ("message.added", [done["id"]])

    def test_the_detail_has_another_tag(self, api, ticket, done):
        before = api.get(f"tickets/{ticket.pk}")["ETag"]
        reply(api, ticket, done)
        assert api.get(f"tickets/{ticket.pk}")["ETag"] != before

    def test_files_stand_in_the_order_of_their_announcement(self, api, ticket):
        files = [upload(api, ticket, filename=f"{name}.png") for name in "bca"]
        message = reply(api, ticket, *reversed(files)).json()
        assert [file["filename"] for file in message["attachments"]] == ["b.png", "c.png", "a.png"]

    def test_it_is_found_by_its_name(self, api, ticket):
        reply(api, ticket, upload(api, ticket, filename="Lieferschein-4711.png"))
        for words in ("lieferschein", "4711", '"lieferschein 4711"'):
            assert [found["id"] for found in api.get("tickets", {"search": words}).json()] == [str(ticket.pk)]


class TestMoving:
    """Files go where their messages go."""

    @pytest.fixture
    def source(self, workspace, actor):
        return TicketFactory(workspace=workspace, actor=actor)

    def files(self, api, ticket):
        return [file["id"] for file in api.get(f"tickets/{ticket.pk}/attachments").json()]

    def test_merge_and_unmerge_carry_them(self, api, ticket, source, actor):
        sent = upload(api, source)
        message = reply(api, source, sent).json()
        waiting = upload(api, source, filename="waiting.png")

        merge_tickets(source, ticket, actor=actor)

        assert self.files(api, source) == []
        assert self.files(api, ticket) == [sent["id"], waiting["id"]]
        shown = api.get(f"messages/{message['id']}/attachments").json()
        assert [file["ticketId"] for file in shown] == [str(ticket.pk)]

        unmerge_ticket(source, actor=actor)

        assert self.files(api, source) == [sent["id"], waiting["id"]]
        assert self.files(api, ticket) == []

    def test_split_carries_them(self, api, ticket, actor):
        sent = upload(api, ticket)
        message = reply(api, ticket, sent).json()
        new = split_ticket(ticket, message_ids=[uuid.UUID(message["id"])], actor=actor).ticket
        assert (self.files(api, ticket), self.files(api, new)) == ([], [sent["id"]])
        assert bytes_of(download(api, sent["id"])) == PNG

    def test_what_was_uploaded_before_a_merge_is_used_in_the_surviving_ticket(self, api, ticket, source, actor):
        done, where = upload(api, source), announce(api, source).json()
        put(api, where)
        merge_tickets(source, ticket, actor=actor)

        assert confirm(api, ticket, where["attachmentId"]).status_code == 200
        assert reply(api, ticket, done, {"id": where["attachmentId"]}).status_code == 201

    def test_a_merged_ticket_takes_nothing_any_more(self, api, ticket, source, actor, problem):
        where = announce(api, source).json()
        put(api, where)
        merge_tickets(source, ticket, actor=actor)
        document = problem(announce(api, source), 409, "ticket_merged")
        assert document["mergedIntoId"] == str(ticket.pk)
        problem(confirm(api, source, where["attachmentId"]), 409, "ticket_merged")


class TestDownloading:
    @pytest.fixture
    def done(self, api, ticket):
        return upload(api, ticket)

    def test_a_browser_is_sent_on(self, api, done):
        for accept in ("*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "image/png"):
            answer = api.get(f"attachments/{done['id']}/download", headers={"Accept": accept})
            assert (answer.status_code, answer.content) == (302, b"")
            assert answer["Cache-Control"] == "no-store"
            assert bytes_of(fetch(api, answer["Location"])) == PNG

    def test_a_program_is_told(self, api, done):
        answer = api.get(f"attachments/{done['id']}/download", headers={"Accept": "application/json"})
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        left = dt.datetime.fromisoformat(answer.json()["expiresAt"]) - clock.now()
        assert dt.timedelta(minutes=4) < left <= dt.timedelta(minutes=5)

    def test_it_comes_as_an_attachment_that_nothing_is_guessed_of(self, api, done):
        answer = download(api, done["id"])
        assert answer.status_code == 200
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Length"] == str(len(PNG))
        assert answer["Content-Disposition"] == 'attachment; filename="lamp.png"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert set(answer["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}

    def test_the_head_is_the_same_without_the_bytes(self, api, done):
        told = api.get(f"attachments/{done['id']}/download", headers={"Accept": "application/json"}).json()
        answer = fetch(api, told["url"], "HEAD")
        assert (answer.status_code, answer["Content-Length"]) == (200, str(len(PNG)))

    @pytest.mark.parametrize(
        ("header", "expected", "content_range"),
        [
            ("bytes=0-9", PNG[:10], f"bytes 0-9/{len(PNG)}"),
            ("bytes=10-", PNG[10:], f"bytes 10-{len(PNG) - 1}/{len(PNG)}"),
            ("bytes=-5", PNG[-5:], f"bytes {len(PNG) - 5}-{len(PNG) - 1}/{len(PNG)}"),
            ("bytes=10-999999", PNG[10:], f"bytes 10-{len(PNG) - 1}/{len(PNG)}"),
            ("bytes=-999999", PNG, f"bytes 0-{len(PNG) - 1}/{len(PNG)}"),
        ],
    )
    def test_a_part_can_be_asked_for(self, api, done, header, expected, content_range):
        answer = download(api, done["id"], Range=header)
        assert (answer.status_code, answer["Content-Range"]) == (206, content_range)
        assert answer["Content-Length"] == str(len(expected))
        assert bytes_of(answer) == expected

    @pytest.mark.parametrize("header", ["bytes=9-2", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=1"])
    def test_what_is_no_range_of_ours_is_the_whole(self, api, done, header):
        answer = download(api, done["id"], Range=header)
        assert (answer.status_code, bytes_of(answer)) == (200, PNG)

    @pytest.mark.parametrize("header", [f"bytes={len(PNG)}-", "bytes=99999999999-", "bytes=-0"])
    def test_behind_the_end_there_is_nothing(self, api, done, header, problem):
        answer = download(api, done["id"], Range=header)
        problem(answer, 416, "range_not_satisfiable")
        assert answer["Content-Range"] == f"bytes */{len(PNG)}"

    def test_a_download_is_resumed_only_of_the_same_file(self, api, done):
        tag = download(api, done["id"])["ETag"]
        assert download(api, done["id"], Range="bytes=10-", **{"If-Range": tag}).status_code == 206
        assert download(api, done["id"], Range="bytes=10-", **{"If-Range": '"other"'}).status_code == 200

    def test_who_has_the_file_is_not_sent_it_again(self, api, done):
        tag = download(api, done["id"])["ETag"]
        for known in (tag, f'"other", W/{tag}', "*"):
            answer = download(api, done["id"], **{"If-None-Match": known, "Range": "bytes=0-9"})
            assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert download(api, done["id"], **{"If-None-Match": '"other"'}).status_code == 200

    def test_the_address_works_for_five_minutes(self, api, done, problem):
        with clock.at(clock.now() - dt.timedelta(minutes=5, seconds=1)):
            told = api.get(f"attachments/{done['id']}/download", headers={"Accept": "application/json"}).json()
        problem(fetch(api, told["url"]), 403, "address_invalid")

    def test_no_change_of_the_address_leads_to_any_file(self, api, done, problem):
        told = api.get(f"attachments/{done['id']}/download", headers={"Accept": "application/json"}).json()
        url = told["url"]
        for index in range(url.index("token=") + 6, len(url), 7):
            other = "A" if url[index] != "A" else "B"
            problem(fetch(api, url[:index] + other + url[index + 1 :]), 403, "address_invalid")

    def test_the_secret_of_the_address_stands_in_no_log(self, api, done, caplog):
        caplog.set_level("INFO", "inboxops.request")
        download(api, done["id"])
        assert "/files/download" in caplog.text
        assert "token" not in caplog.text

    def test_unconfirmed_there_is_nothing_to_download(self, api, ticket, problem):
        where = announce(api, ticket).json()
        put(api, where)
        problem(api.get(f"attachments/{where['attachmentId']}/download"), 409, "not_confirmed")

    def test_a_viewer_downloads_and_does_not_upload(self, api_of, viewer, ticket, done, problem):
        viewer_api = api_of(viewer, Scope.READ)
        assert bytes_of(download(viewer_api, done["id"])) == PNG
        assert len(viewer_api.get(f"tickets/{ticket.pk}/attachments").json()) == 1
        problem(announce(viewer_api, ticket), 403, "insufficient_scope")
        problem(confirm(viewer_api, ticket, done["id"]), 403, "insufficient_scope")

    def test_an_outsider_finds_nothing(self, outsider_api, ticket, done, problem):
        problem(outsider_api.get(f"attachments/{done['id']}/download"), 404, "not_found")
        problem(outsider_api.get(f"tickets/{ticket.pk}/attachments"), 404, "not_found")

    def test_a_file_that_is_gone_is_not_found(self, api, done, problem):
        told = api.get(f"attachments/{done['id']}/download", headers={"Accept": "application/json"}).json()
        file_store().delete(Attachment.objects.get().key)
        problem(fetch(api, told["url"]), 404, "not_found")


HOSTILE = [
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\carla\\lamp.png", "lamp.png"),
    ("/", "file"),
    ("..", "file"),
    (".htaccess", "htaccess"),
    ('a"b.png', 'a"b.png'),
    ("a\r\nSet-Cookie: x=y.png", "a Set-Cookie: x=y.png"),
    ("in\u202egnp.exe", "ingnp.exe"),
    ("\u2066a\u2069.txt", "a.txt"),
    ("a\x1b[31m.txt", "a[31m.txt"),
    ("  much   room .txt ", "much room .txt"),
    ("Rechnung März.pdf", "Rechnung März.pdf"),
    ("発票.pdf", "発票.pdf"),
    ("👩\u200d💻.txt", "👩\u200d💻.txt"),
    ("x" * 300 + ".tar.gz", "x" * 252 + ".gz"),
    ("\u200b\u200b", "file"),
]


@pytest.mark.parametrize(("sent", "shown"), HOSTILE)
def test_a_hostile_name_is_shown_clean_and_reaches_neither_path_nor_header(api, ticket, sent, shown):
    done = upload(api, ticket, filename=sent)
    assert done["filename"] == shown
    attachment = Attachment.objects.get()
    assert re.fullmatch(rf"files/{ticket.workspace_id}/[0-9a-f]{{32}}", attachment.key)
    answer = download(api, done["id"])
    header = answer["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename(=\"([^\"\\]|\\.)*\"|\*=utf-8''[\w.%!#$&+^`|~-]*)", header, re.ASCII)
    assert "Set-Cookie" not in answer.headers
    assert bytes_of(answer) == PNG


def test_a_name_with_nul_is_refused_as_everywhere(api, ticket, problem):
    problem(announce(api, ticket, filename="a\x00b"), 400, "invalid")


class TestQuota:
    @pytest.fixture(autouse=True)
    def _small(self, settings):
        settings.FILES_QUOTA = 3 * len(PNG)

    def test_a_workspace_has_so_much_room(self, api, ticket, problem, outsider_api, outsider_ticket):
        for _ in range(3):
            assert announce(api, ticket).status_code == 201
        document = problem(announce(api, ticket, size=1), 409, "storage_quota_exceeded")
        assert document["limit"] == 3 * len(PNG)
        # Another workspace has its own.
        assert announce(outsider_api, outsider_ticket).status_code == 201

    def test_what_goes_gives_its_room_back(self, api, ticket):
        for _ in range(3):
            announce(api, ticket)
        Attachment.objects.first().delete()
        assert FileUsage.objects.get().size == 2 * len(PNG)
        assert announce(api, ticket).status_code == 201

    def test_a_file_larger_than_the_whole_quota_is_refused(self, api, ticket, problem):
        problem(announce(api, ticket, size=3 * len(PNG) + 1), 409, "storage_quota_exceeded")

    def test_none_is_none(self, api, ticket, settings):
        settings.FILES_QUOTA = 0
        for _ in range(4):
            assert announce(api, ticket).status_code == 201


def test_deleting_rows_deletes_their_files(api, ticket, django_capture_on_commit_callbacks):
    done = upload(api, ticket)
    reply(api, ticket, done)
    key = Attachment.objects.get().key
    assert file_store().exists(key)
    with django_capture_on_commit_callbacks(execute=True):
        Message.objects.filter(attachments__isnull=False).get().delete()
    assert not file_store().exists(key)
    assert not [file for file in file_store().listed("uploads/") if done["id"] in file.key]


def test_pages_of_files_go_on(api, ticket):
    files = [upload(api, ticket, filename=f"{number}.png")["id"] for number in range(3)]
    reply(api, ticket, *[{"id": file} for file in files[:2]])
    answer = api.get(f"tickets/{ticket.pk}/attachments", {"limit": 2})
    assert ([file["id"] for file in answer.json()], answer["X-Total-Count"]) == (files[:2], "3")
    following = api.get(f"tickets/{ticket.pk}/attachments", {"cursor": answer["X-Next-Cursor"]})
    assert [file["id"] for file in following.json()] == files[2:]


def test_addresses_are_as_absolute_as_the_request(api, ticket):
    assert urlsplit(announce(api, ticket).json()["uploadUrl"]).netloc == "testserver"


class TestDiscarding:
    def test_what_is_in_no_message_goes_with_its_bytes(self, api, ticket, django_capture_on_commit_callbacks, problem):
        done, where = upload(api, ticket), announce(api, ticket).json()
        key = Attachment.objects.get(pk=done["id"]).key
        with django_capture_on_commit_callbacks(execute=True):
            for attachment_id in (done["id"], where["attachmentId"]):
                assert api.delete(f"attachments/{attachment_id}").status_code == 204
        assert not file_store().exists(key)
        assert FileUsage.objects.get().size == 0
        problem(api.delete(f"attachments/{done['id']}"), 404, "not_found")
        event = api.get(f"tickets/{ticket.pk}/events").json()[-2]
        assert (event["kind"], event["data"]["filename"]) == ("attachment.discarded", "lamp.png")

    def test_what_is_in_a_message_stays(self, api, ticket, problem):
        done = upload(api, ticket)
        reply(api, ticket, done)
        problem(api.delete(f"attachments/{done['id']}"), 409, "attachment_used")
        assert bytes_of(download(api, done["id"])) == PNG
