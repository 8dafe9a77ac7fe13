"""What the ticket API gives. `representations` makes it; a test holds the one to the other."""

from typing import ClassVar

from rest_framework import serializers

from accounts.actors import Door
from inboxops.api.fields import Choice, Flag, Id, Open, Text
from inboxops.api.outputs import Example, Json, Number, Output, PersonOutput, Time, Values
from tickets.workflow import AuthorKind, Channel, DeliveryState, EventKind, Priority, RecipientState, Status

_AGENT = {"id": "0192f3c7-1c2d-7e3f-8a4b-5c6d7e8f9a0b", "name": "Mara Lindqvist", "email": "mara@acme.example"}
_TICKET_ID = "0192f3c9-7a10-7b21-8c32-9d43ae54bf65"
_OTHER_ID = "0192f3c8-1122-7334-9556-778899aabbcc"
_MESSAGE_ID = "0192f3c9-7a11-7c85-a1b2-c3d4e5f60718"
_ATTACHMENT_ID = "0192f3c9-2f4e-7d10-b1a2-c3d4e5f60719"


class TicketOutput(Output):
    """A ticket, without its messages."""

    example: ClassVar[Example] = {
        "id": _TICKET_ID,
        "ticketNumber": 2,
        "subject": "Support request",
        "status": "open",
        "priority": "high",
        "assigneeId": _AGENT["id"],
        "assignee": _AGENT,
        "requester": PersonOutput.example,
        "ccs": ["partner@customer.example"],
        "tags": ["billing", "urgent"],
        "mailboxId": None,
        "channel": "api",
        "messageCount": 1,
        "lastMessageAt": "2026-11-02T09:31:12.503218Z",
        "firstRepliedAt": None,
        "closedAt": None,
        "archivedAt": None,
        "mergedIntoId": None,
        "splitFromId": None,
        "createdAt": "2026-11-02T09:31:12.503218Z",
        "updatedAt": "2026-11-02T09:40:00.120044Z",
        "version": 2,
        "allowedTransitions": ["pending", "closed"],
    }

    id = Id()
    ticketNumber = Number(help_text="Counts from 1 in each workspace, without gaps.")
    subject = Text()
    status = Choice(Status)
    priority = Choice(Priority)
    assigneeId = Id(allow_null=True)
    assignee = PersonOutput(allow_null=True)
    requester = PersonOutput(allow_null=True, help_text="The customer.")
    ccs = Values(child=Text(), help_text="E-mail addresses that get a copy of every reply.")
    tags = Values(child=Text(), help_text="As first written; case does not count when they are compared.")
    mailboxId = Id(allow_null=True, help_text="The mailbox it came to; `null` where it came in otherwise.")
    channel = Open(Channel, help_text="The way it came in.")
    messageCount = Number(help_text="Notes among them.")
    lastMessageAt = Time()
    firstRepliedAt = Time(allow_null=True, help_text="When an agent first answered the customer.")
    closedAt = Time(allow_null=True)
    archivedAt = Time(allow_null=True)
    mergedIntoId = Id(allow_null=True, help_text="The ticket that carries on the conversation.")
    splitFromId = Id(allow_null=True, help_text="The ticket that its first messages came from.")
    createdAt = Time()
    updatedAt = Time()
    version = Number(help_text="Rises with every change; the first part of the `ETag`.")
    allowedTransitions = Values(child=Choice(Status), help_text="Where the status can go from here; empty once merged.")


class DeliveryRecipientOutput(Output):
    """A recipient of a mail, and what became of it there."""

    address = Text()
    kind = Text(help_text="`to` or `cc`.")
    state = Open(RecipientState)
    code = Number(allow_null=True, help_text="The mail server's reply code (RFC 5321), where there was one.")
    detail = Text(help_text="The mail server's words.")
    at = Time(allow_null=True, help_text="When it came to this.")


class DeliveryAttemptOutput(Output):
    """One time that a mail was sent, or was to be."""

    at = Time()
    seconds = serializers.FloatField(help_text="How long it took.")
    detail = Text(help_text="The mail server's words; of several, those of the worst.")


class DeliveryOutput(Output):
    """A message on its way out by mail."""

    id = Id()
    state = Open(DeliveryState)
    detail = Text(help_text="Why it stands where it stands, in the mail server's words.")
    internetMessageId = Text(help_text="The Message-ID of the mail; a retry has the same.")
    recipients = DeliveryRecipientOutput(many=True, help_text="What became of it for each.")
    attempts = DeliveryAttemptOutput(many=True, help_text="The last 30, oldest first.")
    nextAttemptAt = Time(allow_null=True, help_text="When it is to be sent, or sent again, while `queued`.")
    queuedAt = Time(help_text="When the message was written.")
    settledAt = Time(allow_null=True, help_text="When it was over.")
    complainedAt = Time(allow_null=True, help_text="When a recipient called it spam.")


class AttachmentOutput(Output):
    """A file that came with a message, or waits for one."""

    example: ClassVar[Example] = {
        "id": _ATTACHMENT_ID,
        "ticketId": _TICKET_ID,
        "messageId": _MESSAGE_ID,
        "isInternal": False,
        "filename": "lamp.jpg",
        "contentType": "image/jpeg",
        "size": 182044,
        "createdAt": "2026-11-02T09:39:41.730112Z",
    }

    id = Id()
    ticketId = Id(help_text="Where it is now: it goes where its message goes.")
    messageId = Id(allow_null=True, help_text="`null`: it was confirmed and belongs to no message yet.")
    isInternal = Flag(help_text="Whether it belongs to a note.")
    filename = Text(help_text="As it was sent, without any path and without what cannot be seen.")
    contentType = Text(help_text="What the content is, as far as it tells.")
    size = Number(help_text="In bytes.")
    createdAt = Time(help_text="When it was announced.")


class UploadOutput(Output):
    """Where to upload a file, and how."""

    example: ClassVar[Example] = {
        "attachmentId": _ATTACHMENT_ID,
        "uploadUrl": "https://support.acme.example/files/upload?token=eyJrZXkiOiJ1cGxvYWRzLzAxOTJmM2M3…",
        "method": "PUT",
        "headers": {"Content-Type": "image/jpeg", "Content-Length": "182044"},
        "expiresAt": "2026-11-02T10:39:41.730112Z",
    }

    attachmentId = Id()
    uploadUrl = Text(help_text="Keep it to yourself: it takes the bytes from whoever sends them, once.")
    method = Text()
    headers = Json(help_text="To be sent exactly so.")
    expiresAt = Time(help_text="An upload must have begun by then.")


class DownloadOutput(Output):
    """Where to download a file."""

    example: ClassVar[Example] = {
        "url": "https://support.acme.example/files/download?token=eyJrZXkiOiJmaWxlcy8wMTkyZjNjNy0xYzJk…",
        "expiresAt": "2026-11-02T09:45:00.120044Z",
    }

    url = Text(help_text="It gives the file to whoever has it.")
    expiresAt = Time()


class MessageOutput(Output):
    """A message or a note."""

    example: ClassVar[Example] = {
        "id": _MESSAGE_ID,
        "ticketId": _TICKET_ID,
        "originTicketId": _TICKET_ID,
        "authorType": "agent",
        "author": _AGENT,
        "isInternal": False,
        "channel": "api",
        "body": "Thanks for reaching out.",
        "bodyHtml": "",
        "attachments": [AttachmentOutput.example],
        "toAddresses": ["carla@customer.example"],
        "ccAddresses": ["partner@customer.example"],
        "delivery": {
            "id": "0192f3c9-7a12-7d96-b2c3-d4e5f6071829",
            "state": "queued",
            "detail": "",
            "internetMessageId": "<0192f3c97a117c85a1b2c3d4e5f60718@acme.example>",
            "recipients": [
                {
                    "address": "carla@customer.example",
                    "kind": "to",
                    "state": "queued",
                    "code": None,
                    "detail": "",
                    "at": None,
                },
            ],
            "attempts": [],
            "nextAttemptAt": "2026-11-02T09:40:00.120044Z",
            "queuedAt": "2026-11-02T09:40:00.120044Z",
            "settledAt": None,
            "complainedAt": None,
        },
        "createdAt": "2026-11-02T09:40:00.120044Z",
    }

    id = Id()
    ticketId = Id(help_text="Where it stands now.")
    originTicketId = Id(help_text="Where it was first written: another ticket after a merge or a split.")
    authorType = Open(AuthorKind, help_text="`customer`: the author is a contact; `agent`: a user.")
    author = PersonOutput(allow_null=True, help_text="Nobody for `system`, or where the user is gone.")
    isInternal = Flag(help_text="A note, which never leaves by mail.")
    channel = Open(Channel)
    body = Text()
    bodyHtml = Text(help_text="Sanitised; empty where there was none.")
    attachments = AttachmentOutput(many=True)
    toAddresses = Values(child=Text(), help_text="Whom it is mailed to.")
    ccAddresses = Values(child=Text())
    delivery = DeliveryOutput(allow_null=True, help_text="Absent (`null`) where nothing was to be mailed.")
    createdAt = Time()


class TicketDetailOutput(TicketOutput):
    """A ticket with its messages."""

    example: ClassVar[Example] = {
        **TicketOutput.example,
        "messages": [MessageOutput.example],
        "messagesTruncated": False,
    }

    messages = MessageOutput(many=True, help_text="Oldest first: the newest 500, and 5 MiB at most.")
    messagesTruncated = Flag(help_text="Whether there are more, in `…/messages`.")


class MergeOutput(Output):
    """What a merge did."""

    id = Id()
    sourceTicketId = Id()
    movedCount = Number()


class MergedTicketOutput(TicketOutput):
    """The target of a merge."""

    example: ClassVar[Example] = {
        **TicketOutput.example,
        "merge": {"id": "0192f3ca-0001-7aaa-8bbb-0c0d0e0f1011", "sourceTicketId": _OTHER_ID, "movedCount": 3},
    }

    merge = MergeOutput()


class UnmergeOutput(Output):
    """What an unmerge undid."""

    mergeId = Id()
    targetTicketId = Id()
    movedCount = Number()
    stayedMessageIds = Values(child=Id(), help_text="Moved by the merge, split off since: they stay.")


class UnmergedTicketOutput(TicketOutput):
    """The source of a merge, itself again."""

    example: ClassVar[Example] = {
        **TicketOutput.example,
        "unmerge": {
            "mergeId": "0192f3ca-0001-7aaa-8bbb-0c0d0e0f1011",
            "targetTicketId": _OTHER_ID,
            "movedCount": 3,
            "stayedMessageIds": [],
        },
    }

    unmerge = UnmergeOutput()


class SplitOutput(Output):
    """What a split made."""

    example: ClassVar[Example] = {
        "ticket": {**TicketOutput.example, "subject": "Split thread", "splitFromId": _OTHER_ID},
        "movedCount": 1,
    }

    ticket = TicketOutput(help_text="The new one.")
    movedCount = Number()


class EventActorOutput(Output):
    """Who did something, and through which door."""

    door = Open(Door)
    userId = Id(allow_null=True)
    label = Text(help_text="The name as it was then.")  # type: ignore[assignment]  # the name in the API
    tokenId = Id(allow_null=True)


class EventOutput(Output):
    """Something that happened to a ticket."""

    example: ClassVar[Example] = {
        "id": "0192f3c9-7a13-7ea7-83d4-e5f60718293a",
        "kind": "ticket.status_changed",
        "data": {"before": "open", "after": "pending", "reason": ""},
        "actor": {"door": "api", "userId": _AGENT["id"], "label": "Mara Lindqvist", "tokenId": None},
        "requestId": "0192f3c7a1b47cc0a3f6d5b2e8c91d04",
        "createdAt": "2026-11-02T09:40:00.120044Z",
    }

    id = Id()
    kind = Open(EventKind)
    data = Json(help_text="What tells of it: depends on the kind.")  # type: ignore[assignment]  # the name in the API
    actor = EventActorOutput()
    requestId = Text(help_text="The request that did it.")
    createdAt = Time()
