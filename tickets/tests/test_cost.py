"""What a call costs in statements: the same however long the conversation is, and known.

A number that rises needs a reason. One that falls is written down here.
"""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts.actors import operator
from inboxops.ids import uuid7
from inboxops.tests.factories import TicketFactory
from tickets.actions import append_message
from tickets.messages import new_message
from tickets.models import Attachment, Message, Ticket
from tickets.workflow import Channel

# Statements on PostgreSQL and on SQLite, whose search index takes one or two more. Each call counts who is asking and
# the beginning and the end of the transaction; what comes between stands beside it.
WRITES = {
    # message, event, number, ticket, search, answer
    "create": ("POST", "tickets", {"subject": "New", "body": "Hello."}, 9, 10),
    # the same, and the assignee, the contact (asked for, made), the tags
    "create with everything": (
        "POST",
        "tickets",
        {
            "subject": "New",
            "body": "Hello.",
            "requester": {"email": "new@customer.example"},
            "tags": ["a", "b"],
            "ccs": ["cc@customer.example"],
            "assigneeId": "me",
        },
        13,
        14,
    ),
    # ticket, message, whether a customer asked, search, ticket, event, answer
    "append": ("POST", "tickets/{id}/messages", {"body": "Hello."}, 10, 11),
    "append a note": ("POST", "tickets/{id}/messages", {"body": "Hello.", "isInternal": True}, 9, 10),
    # the same as for a reply, and the mailboxes, the delivery, and on PostgreSQL word to the workers
    "append and send": ("POST", "tickets/{id}/messages", {"body": "Hello.", "sendEmail": True}, 13, 13),
    # ticket, ticket, event, answer
    "status": ("POST", "tickets/{id}/status", {"toStatus": "closed"}, 7, 7),
    "archive": ("POST", "tickets/{id}/archive", {}, 7, 7),
    "update": ("PATCH", "tickets/{id}", {"priority": "high"}, 7, 7),
    "nothing new": ("PATCH", "tickets/{id}", {"priority": "normal"}, 5, 5),
    # the workspace, tickets merged before, both tickets, earlier merges; messages, merge, what moved, messages;
    # rollups; ticket and event for each; names of files, messages and search for each; answer
    "merge": ("POST", "tickets/{id}/merge", {"targetTicketId": "other"}, 24, 26),
}


@pytest.fixture
def used(api):
    """A client whose last use was just noted."""
    api.get("tickets")
    return api


@pytest.mark.parametrize("messages", [0, 20])
@pytest.mark.parametrize("name", WRITES)
def test_a_write_costs_the_same_however_much_was_said(
    used, ticket, agent, actor, workspace, name, messages, django_assert_num_queries
):
    method, path, body, on_postgresql, on_sqlite = WRITES[name]
    other = TicketFactory(workspace=workspace)
    for _ in range(messages):
        append_message(ticket, body="Again.", is_internal=True, actor=actor)
        append_message(other, body="Again.", is_internal=True, actor=actor)
    named = {"me": str(agent.user_id), "other": str(other.pk)}
    body = {key: named.get(value, value) if isinstance(value, str) else value for key, value in body.items()}

    with django_assert_num_queries(on_postgresql if connection.vendor == "postgresql" else on_sqlite):
        response = used.request(method, path.format(id=ticket.pk), body)

    assert response.status_code < 300, response.content


def test_a_key_costs_two_statements_more(used, django_assert_num_queries):
    with django_assert_num_queries(11 if connection.vendor == "postgresql" else 12):
        used.post("tickets", {"subject": "New", "body": "Hello."}, headers={"Idempotency-Key": "k"})


READS = {
    # who is asking; ticket, messages, files
    "tickets/{id}": 4,
    # whether there is such a ticket or message; the page with its total; files
    "tickets/{id}/messages?limit=500": 4,
    "tickets/{id}/attachments?limit=500": 3,
    "messages/{message}/attachments": 3,
}


@pytest.mark.parametrize("messages", [1, 500])
def test_a_read_costs_the_same_however_many_files_there_are(used, ticket, actor, messages, django_assert_num_queries):
    said = _say_with_files(ticket, messages, files=1)

    for path, statements in READS.items():
        with django_assert_num_queries(statements):
            response = used.request("GET", path.format(id=ticket.pk, message=said[0].pk))
        assert response.status_code == 200, response.content


@pytest.mark.parametrize("files", [1, 50])
def test_a_reply_costs_the_same_however_many_files_it_has(used, ticket, workspace, files, django_assert_num_queries):
    waiting = _files(ticket, None, files)

    # A reply; the files locked, and given to it; then read back
    with django_assert_num_queries(13 if connection.vendor == "postgresql" else 14):
        body = {"body": "See the files.", "attachmentIds": [str(file.pk) for file in waiting]}
        assert used.post(f"tickets/{ticket.pk}/messages", body).status_code == 201


@pytest.mark.parametrize("messages", [1, 50])
def test_files_cost_nothing_where_messages_move(used, ticket, workspace, messages, django_assert_num_queries):
    source = TicketFactory(workspace=workspace)
    said = _say_with_files(source, messages, files=3)
    on_postgresql, on_sqlite = WRITES["merge"][3:]
    with django_assert_num_queries(on_postgresql if connection.vendor == "postgresql" else on_sqlite):
        assert used.post(f"tickets/{source.pk}/merge", {"targetTicketId": str(ticket.pk)}).status_code == 200
    for call, body in (("unmerge", {}), ("split", {"messageIds": [str(message.pk) for message in said]})):
        with CaptureQueriesContext(connection) as queries:
            assert used.post(f"tickets/{source.pk}/{call}", body).status_code < 300
        assert len(queries) <= 30


def _say_with_files(ticket, messages, files):
    said = [
        new_message(ticket, body="See the file.", channel=Channel.API, actor=operator(), now=ticket.created_at)
        for _ in range(messages)
    ]
    for message in said:
        message.attachment_count = files
    Message.objects.bulk_create(said)
    Ticket.objects.filter(pk=ticket.pk).update(message_count=F("message_count") + messages)
    for message in said:
        _files(ticket, message, files)
    return said


def _files(ticket, message, count):
    rows = [
        Attachment(
            workspace_id=ticket.workspace_id,
            ticket=ticket,
            message=message,
            filename="lamp.png",
            content_type="image/png",
            size=1,
            key=str(uuid7()),
            confirmed_at=ticket.created_at,
        )
        for _ in range(count)
    ]
    return Attachment.objects.bulk_create(rows)
