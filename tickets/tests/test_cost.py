"""What a call costs in statements: the same however long the conversation is, and known.

A number that rises needs a reason. One that falls is written down here.
"""

import pytest
from django.db import connection

from inboxops.tests.factories import TicketFactory
from tickets.actions import append_message

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
    # the same as for a reply, and the mailbox and the delivery
    "append and send": ("POST", "tickets/{id}/messages", {"body": "Hello.", "sendEmail": True}, 12, 13),
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
