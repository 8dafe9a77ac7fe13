"""The floor: what the same answers cost in bare Django views with hand-written SQL.

No authentication, no rights, no middleware, no checks of what comes in; writes do the same inserts in one transaction,
but no search index, no tags, and no answer read back. Nothing that does the product's work can cost less in Django.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from inboxops.ids import uuid7

_PRIORITIES = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
_TRANSITIONS = {"open": ["pending", "closed"], "pending": ["open", "closed"], "closed": ["open"]}

_TICKETS = """
    SELECT t.id, t.number, t.subject, t.status, t.priority, t.assignee_id, a.name, a.email, t.requester_id, r.name,
        r.email, t.ccs, t.tags, t.mailbox_id, t.channel, t.message_count, t.last_message_at, t.first_replied_at,
        t.closed_at, t.archived_at, t.merged_into_id, t.split_from_id, t.created_at, t.updated_at, t.version
    FROM tickets_ticket t
    LEFT JOIN accounts_user a ON a.id = t.assignee_id
    LEFT JOIN tickets_contact r ON r.id = t.requester_id
    WHERE t.workspace_id = %s
"""
_LIST = f"""{_TICKETS} AND t.archived_at IS NULL AND t.merged_into_id IS NULL
    ORDER BY t.last_message_at DESC, t.id DESC LIMIT %s"""
_ONE = f"{_TICKETS} AND t.id = %s"
_MESSAGES = """
    SELECT m.id, m.ticket_id, m.origin_ticket_id, m.author_kind, m.user_id, u.name, u.email, m.contact_id, c.name,
        c.email, m.is_internal, m.channel, m.body, m.body_html, m.created_at, d.id, d.state, d.detail,
        d.internet_message_id, d.recipients, d.attempts, d.run_at, d.created_at, d.settled_at, d.complained_at
    FROM tickets_message m
    LEFT JOIN accounts_user u ON u.id = m.user_id
    LEFT JOIN tickets_contact c ON c.id = m.contact_id
    LEFT JOIN tickets_delivery d ON d.message_id = m.id
    WHERE m.workspace_id = %s AND m.ticket_id = %s ORDER BY m.created_at, m.id
"""


def tickets(request: HttpRequest, workspace_id: uuid.UUID) -> HttpResponse:
    """The list: one statement. POST: a new ticket."""
    if request.method == "POST":
        return _create(request, workspace_id)
    rows = _rows(_LIST, [workspace_id, int(request.GET["limit"])])
    return _json([_ticket(row) for row in rows])


def ticket(request: HttpRequest, workspace_id: uuid.UUID, ticket_id: uuid.UUID) -> HttpResponse:
    """A ticket with its messages: two statements."""
    found = _ticket(_rows(_ONE, [workspace_id, ticket_id])[0])
    found["messages"] = [_message(row) for row in _rows(_MESSAGES, [workspace_id, ticket_id])]
    found["messagesTruncated"] = False
    return _json(found)


def _create(request: HttpRequest, workspace_id: uuid.UUID) -> HttpResponse:
    """A ticket, its message, its event, and the counter of numbers."""
    data = orjson.loads(request.body)
    now, ticket_id = dt.datetime.now(dt.UTC), uuid7()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM tickets_contact WHERE workspace_id = %s AND email_key = %s",
            [workspace_id, data["requester"]["email"].lower()],
        )
        requester_id = cursor.fetchone()[0]
        message = _insert_message(cursor, workspace_id, ticket_id, "customer", requester_id, data["body"], now)
        told = {"subject": data["subject"], "messageId": str(message["id"])}
        _insert_event(cursor, workspace_id, ticket_id, "ticket.created", told, now)
        cursor.execute(
            "UPDATE tickets_ticketcounter SET last_number = last_number + 1 WHERE workspace_id = %s"
            " RETURNING last_number",
            [workspace_id],
        )
        number = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO tickets_ticket (id, workspace_id, number, subject, status, priority, requester_id, ccs, tags,"
            " channel, message_count, last_message_at, created_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, 'open', 2, %s, '[]', '[]', 'api', 1, %s, %s, %s, 1)",
            [ticket_id, workspace_id, number, data["subject"], requester_id, now, now, now],
        )
    return _json({"id": ticket_id, "ticketNumber": number, "subject": data["subject"], "createdAt": now}, status=201)


def messages(request: HttpRequest, workspace_id: uuid.UUID, ticket_id: uuid.UUID) -> HttpResponse:
    """POST: a message, its event, and the ticket's own columns."""
    data = orjson.loads(request.body)
    now = dt.datetime.now(dt.UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_ticket SET message_count = message_count + 1, last_message_at = %s, updated_at = %s,"
            " version = version + 1 WHERE workspace_id = %s AND id = %s",
            [now, now, workspace_id, ticket_id],
        )
        message = _insert_message(cursor, workspace_id, ticket_id, "system", None, data["body"], now)
        _insert_event(cursor, workspace_id, ticket_id, "message.added", {"messageId": str(message["id"])}, now)
    return _json(message, status=201)


def _insert_message(
    cursor: Any,
    workspace_id: uuid.UUID,
    ticket_id: uuid.UUID,
    author: str,
    contact_id: uuid.UUID | None,
    body: str,
    now: dt.datetime,
) -> dict[str, Any]:
    message_id = uuid7()
    cursor.execute(
        "INSERT INTO tickets_message (id, workspace_id, ticket_id, origin_ticket_id, author_kind, contact_id,"
        " is_internal, channel, body, body_html, size, attachment_count, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, false, 'api', %s, '', %s, 0, %s)",
        [message_id, workspace_id, ticket_id, ticket_id, author, contact_id, body, len(body), now],
    )
    return {"id": message_id, "ticketId": ticket_id, "authorType": author, "body": body, "createdAt": now}


def _insert_event(
    cursor: Any, workspace_id: uuid.UUID, ticket_id: uuid.UUID, kind: str, told: dict[str, Any], now: dt.datetime
) -> None:
    cursor.execute(
        "INSERT INTO tickets_ticketevent (id, workspace_id, ticket_id, kind, data, door, actor_label, request_id,"
        " created_at) VALUES (%s, %s, %s, %s, %s, 'api', 'floor', '', %s)",
        [uuid7(), workspace_id, ticket_id, kind, orjson.dumps(told).decode(), now],
    )


def _rows(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _json(data: Any, status: int = 200) -> HttpResponse:
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    # Without its length, gunicorn would send the answer in chunks.
    length = {"Content-Length": str(len(body))}
    return HttpResponse(body, status=status, content_type="application/json", headers=length)


def _ticket(row: Sequence[Any]) -> dict[str, Any]:
    return {
        "id": row[0],
        "ticketNumber": row[1],
        "subject": row[2],
        "status": row[3],
        "priority": _PRIORITIES[row[4]],
        "assigneeId": row[5],
        "assignee": row[5] and {"id": row[5], "name": row[6], "email": row[7]},
        "requester": row[8] and {"id": row[8], "name": row[9], "email": row[10]},
        "ccs": orjson.loads(row[11]),
        "tags": orjson.loads(row[12]),
        "mailboxId": row[13],
        "channel": row[14],
        "messageCount": row[15],
        "lastMessageAt": row[16],
        "firstRepliedAt": row[17],
        "closedAt": row[18],
        "archivedAt": row[19],
        "mergedIntoId": row[20],
        "splitFromId": row[21],
        "createdAt": row[22],
        "updatedAt": row[23],
        "version": row[24],
        "allowedTransitions": [] if row[20] else _TRANSITIONS[row[3]],
    }


def _message(row: Sequence[Any]) -> dict[str, Any]:
    author = row[7:10] if row[3] == "customer" else row[4:7]
    recipients = orjson.loads(row[19] or "[]")
    return {
        "id": row[0],
        "ticketId": row[1],
        "originTicketId": row[2],
        "authorType": row[3],
        "author": author[0] and {"id": author[0], "name": author[1], "email": author[2]},
        "isInternal": row[10],
        "channel": row[11],
        "body": row[12],
        "bodyHtml": row[13],
        # What is loaded has no files.
        "attachments": [],
        "toAddresses": [recipient["address"] for recipient in recipients if recipient["kind"] == "to"],
        "ccAddresses": [recipient["address"] for recipient in recipients if recipient["kind"] == "cc"],
        "delivery": row[15]
        and {
            "id": row[15],
            "state": row[16],
            "detail": row[17],
            "internetMessageId": row[18],
            "recipients": recipients,
            "attempts": orjson.loads(row[20]),
            "nextAttemptAt": row[21] if row[16] == "queued" else None,
            "queuedAt": row[22],
            "settledAt": row[23],
            "complainedAt": row[24],
        },
        "createdAt": row[14],
    }


urlpatterns = [
    path("floor/<uuid:workspace_id>/tickets", tickets),
    path("floor/<uuid:workspace_id>/tickets/<uuid:ticket_id>", ticket),
    path("floor/<uuid:workspace_id>/tickets/<uuid:ticket_id>/messages", messages),
]
