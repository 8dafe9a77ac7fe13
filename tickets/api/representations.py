"""How tickets, messages and events look in the API: the one read path.

Each kind of row is a list of columns, fetched as plain tuples (`values_list`), and one function that makes the JSON
object of such a tuple. Lists, details, the answers of actions and the extras of errors all come through here.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F, QuerySet, Sum, Window

from inboxops.api.renderers import represent
from inboxops.compiled import CompiledQuery
from tickets.models import Attachment, Message, Ticket
from tickets.models.delivery import addresses_of
from tickets.workflow import TRANSITIONS, AuthorKind, DeliveryState, Priority, Status

Json = dict[str, Any]

_PRIORITY_NAMES = {priority.value: priority.label for priority in Priority}
_TRANSITION_NAMES = {status.value: [target.value for target in TRANSITIONS[status]] for status in Status}

TICKET_COLUMNS = (
    "id",
    "number",
    "subject",
    "status",
    "priority",
    "assignee_id",
    "assignee__name",
    "assignee__email",
    "requester_id",
    "requester__name",
    "requester__email",
    "ccs",
    "tags",
    "mailbox_id",
    "channel",
    "message_count",
    "last_message_at",
    "first_replied_at",
    "closed_at",
    "archived_at",
    "merged_into_id",
    "split_from_id",
    "created_at",
    "updated_at",
    "version",
)


def ticket_json(row: Sequence[Any]) -> Json:
    """The JSON object of one ticket, from its `TICKET_COLUMNS`."""
    (
        ticket_id,
        number,
        subject,
        status,
        priority,
        assignee_id,
        assignee_name,
        assignee_email,
        requester_id,
        requester_name,
        requester_email,
        ccs,
        tags,
        mailbox_id,
        channel,
        message_count,
        last_message_at,
        first_replied_at,
        closed_at,
        archived_at,
        merged_into_id,
        split_from_id,
        created_at,
        updated_at,
        version,
    ) = row
    return {
        "id": ticket_id,
        "ticketNumber": number,
        "subject": subject,
        "status": status,
        "priority": _PRIORITY_NAMES[priority],
        "assigneeId": assignee_id,
        "assignee": person_json(assignee_id, assignee_name, assignee_email),
        "requester": person_json(requester_id, requester_name, requester_email),
        "ccs": ccs,
        "tags": tags,
        "mailboxId": mailbox_id,
        "channel": channel,
        "messageCount": message_count,
        "lastMessageAt": last_message_at,
        "firstRepliedAt": first_replied_at,
        "closedAt": closed_at,
        "archivedAt": archived_at,
        "mergedIntoId": merged_into_id,
        "splitFromId": split_from_id,
        "createdAt": created_at,
        "updatedAt": updated_at,
        "version": version,
        "allowedTransitions": _TRANSITION_NAMES[status] if merged_into_id is None else [],
    }


_KEY = (Ticket._meta.get_field("workspace_id"), Ticket._meta.get_field("id"))
_TICKET = CompiledQuery(
    lambda workspace_id, ticket_id: Ticket.objects.filter(workspace_id=workspace_id, pk=ticket_id).values_list(
        *TICKET_COLUMNS
    ),
    *_KEY,
)
_TICKET_ID = CompiledQuery(
    lambda workspace_id, ticket_id: Ticket.objects.filter(workspace_id=workspace_id, pk=ticket_id).values_list("id"),
    *_KEY,
)


def find_ticket_json(workspace_id: uuid.UUID, ticket_id: uuid.UUID) -> Json | None:
    """One ticket of the workspace; None where there is none: one statement."""
    row = _TICKET.first(workspace_id, ticket_id)
    return None if row is None else ticket_json(row)


_MESSAGE_ID = CompiledQuery(
    lambda workspace_id, message_id: Message.objects.filter(workspace_id=workspace_id, pk=message_id).values_list("id"),
    *_KEY,
)


def has_message(workspace_id: uuid.UUID, message_id: uuid.UUID) -> bool:
    """Whether the workspace has this message: one statement."""
    return _MESSAGE_ID.first(workspace_id, message_id) is not None


def has_ticket(workspace_id: uuid.UUID, ticket_id: uuid.UUID) -> bool:
    """Whether the workspace has this ticket: one statement."""
    return _TICKET_ID.first(workspace_id, ticket_id) is not None


def person_json(person_id: uuid.UUID | None, name: str, email: str) -> Json | None:
    """A user or contact; None for nobody."""
    return None if person_id is None else {"id": person_id, "name": name, "email": email}


MESSAGE_COLUMNS = (
    "id",
    "ticket_id",
    "origin_ticket_id",
    "author_kind",
    "user_id",
    "user__name",
    "user__email",
    "contact_id",
    "contact__name",
    "contact__email",
    "is_internal",
    "channel",
    "body",
    "body_html",
    "attachment_count",
    "created_at",
    "delivery__id",
    "delivery__state",
    "delivery__detail",
    "delivery__internet_message_id",
    "delivery__recipients",
    "delivery__attempts",
    "delivery__run_at",
    "delivery__created_at",
    "delivery__settled_at",
    "delivery__complained_at",
)


def message_json(row: Sequence[Any]) -> Json:
    """The JSON object of one message, from its `MESSAGE_COLUMNS`, but for its attachments if it has any."""
    (
        message_id,
        ticket_id,
        origin_ticket_id,
        author_kind,
        user_id,
        user_name,
        user_email,
        contact_id,
        contact_name,
        contact_email,
        is_internal,
        channel,
        body,
        body_html,
        attachment_count,
        created_at,
        delivery_id,
        state,
        detail,
        internet_message_id,
        recipients,
        attempts,
        run_at,
        queued_at,
        settled_at,
        complained_at,
    ) = row
    if author_kind == AuthorKind.CUSTOMER:
        author = person_json(contact_id, contact_name, contact_email)
    else:
        author = person_json(user_id, user_name, user_email)
    delivery = None
    if delivery_id is not None:
        delivery = {
            "id": delivery_id,
            "state": state,
            "detail": detail,
            "internetMessageId": internet_message_id,
            "recipients": recipients,
            "attempts": attempts,
            "nextAttemptAt": run_at if state == DeliveryState.QUEUED else None,
            "queuedAt": queued_at,
            "settledAt": settled_at,
            "complainedAt": complained_at,
        }
    return {
        "id": message_id,
        "ticketId": ticket_id,
        "originTicketId": origin_ticket_id,
        "authorType": author_kind,
        "author": author,
        "isInternal": is_internal,
        "channel": channel,
        "body": body,
        "bodyHtml": body_html,
        # Which: `complete_messages` knows.
        "attachments": None if attachment_count else [],
        "toAddresses": addresses_of(recipients, "to") if recipients else [],
        "ccAddresses": addresses_of(recipients, "cc") if recipients else [],
        "delivery": delivery,
        "createdAt": created_at,
    }


ATTACHMENT_COLUMNS = (
    "id",
    "ticket_id",
    "ticket__merged_into_id",
    "message_id",
    "message__ticket_id",
    "message__is_internal",
    "filename",
    "content_type",
    "size",
    "created_at",
)


def attachment_json(row: Sequence[Any]) -> Json:
    """The JSON object of one attachment, from its `ATTACHMENT_COLUMNS`."""
    (
        attachment_id,
        announced_for,
        merged_into,
        message_id,
        message_ticket,
        is_internal,
        filename,
        content_type,
        size,
        created_at,
    ) = row
    return {
        "id": attachment_id,
        "ticketId": message_ticket or merged_into or announced_for,
        "messageId": message_id,
        "isInternal": bool(is_internal),
        "filename": filename,
        "contentType": content_type,
        "size": size,
        "createdAt": created_at,
    }


def complete_messages(workspace_id: uuid.UUID, messages: Sequence[Json]) -> None:
    """Give messages their attachments: one statement, or none where there are none."""
    waiting = {message["id"]: message for message in messages if message["attachments"] is None}
    if not waiting:
        return
    files = Attachment.objects.filter(workspace_id=workspace_id, message_id__in=list(waiting)).order_by("id")
    for message in waiting.values():
        message["attachments"] = []
    for row in files.values_list(*ATTACHMENT_COLUMNS):
        attachment = attachment_json(row)
        waiting[attachment["messageId"]]["attachments"].append(attachment)


def stored_attachment_json(attachment: Attachment) -> Json:
    """An attachment that was just stored, read back: one statement."""
    mine = Attachment.objects.filter(workspace_id=attachment.workspace_id, pk=attachment.pk)
    return attachment_json(mine.values_list(*ATTACHMENT_COLUMNS).get())


def _messages_json(workspace_id: uuid.UUID, rows: Iterable[Sequence[Any]]) -> list[Json]:
    messages = [message_json(row) for row in rows]
    complete_messages(workspace_id, messages)
    return messages


_MESSAGE = CompiledQuery(
    lambda workspace_id, message_id: Message.objects.filter(workspace_id=workspace_id, pk=message_id).values_list(
        *MESSAGE_COLUMNS
    ),
    *_KEY,
)


def stored_message_json(message: Message) -> Json:
    """A message that was just stored, read back: one statement, two if it has attachments."""
    return _messages_json(message.workspace_id, _MESSAGE.rows(message.workspace_id, message.pk))[0]


# A detail shows at most this many messages, and at most this much of them; the rest is in …/messages.
DETAIL_MESSAGES = 500
DETAIL_BYTES = 5 * 1024 * 1024


def newest_that_fit(messages: QuerySet[Message]) -> QuerySet[Message]:
    """The newest of these messages that fit into one answer, oldest first. The others are left out unread."""
    newest_first = [F("created_at").desc(), F("id").desc()]
    sized = messages.annotate(running=Window(Sum("size"), order_by=newest_first)).order_by(*newest_first)
    fitting = sized.filter(running__lte=DETAIL_BYTES).values("id")[:DETAIL_MESSAGES]
    return messages.filter(pk__in=fitting).order_by("created_at", "id")


_CONVERSATION = CompiledQuery(
    lambda workspace_id, ticket_id: newest_that_fit(
        Message.objects.filter(workspace_id=workspace_id, ticket_id=ticket_id)
    ).values_list(*MESSAGE_COLUMNS),
    *_KEY,
    # A plan for any ticket looks through the newest messages once for each of them.
    prepared=False,
)


def conversation_json(workspace_id: uuid.UUID, ticket_id: uuid.UUID) -> list[Json]:
    """The messages that the detail of a ticket shows, oldest first: one statement, two if there are attachments."""
    return _messages_json(workspace_id, _CONVERSATION.rows(workspace_id, ticket_id))


EVENT_COLUMNS = (
    "id",
    "kind",
    "data",
    "door",
    "actor_id",
    "actor_label",
    "token_id",
    "request_id",
    "created_at",
)


def event_json(row: Sequence[Any]) -> Json:
    """The JSON object of one event, from its `EVENT_COLUMNS`."""
    event_id, kind, data, door, actor_id, actor_label, token_id, request_id, created_at = row
    return {
        "id": event_id,
        "kind": kind,
        "data": data,
        "actor": {"door": door, "userId": actor_id, "label": actor_label, "tokenId": token_id},
        "requestId": request_id,
        "createdAt": created_at,
    }


@represent.register
def _(rows: QuerySet) -> list[Json]:  # type: ignore[type-arg]  # singledispatch takes plain classes
    """The messages that an error carries."""
    assert rows.model is Message, f"An error carries {rows.model.__name__}s; say here how they look."
    found = list(newest_that_fit(rows).values_list("workspace_id", *MESSAGE_COLUMNS))
    return _messages_json(found[0][0], [row[1:] for row in found]) if found else []
