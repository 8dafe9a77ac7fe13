"""What the ticket API takes: one class per request body, named after its action."""

from typing import Any, ClassVar

from inboxops.api.fields import ADDRESS, NO_NUL, NOT_BLANK, Choice, Flag, Id, Refused, Several, Text, Whole
from inboxops.api.inputs import Examples, Input
from tickets.actions import Changes, Person
from tickets.contacts import NAME_LENGTH
from tickets.files.kinds import TYPE_PATTERN
from tickets.models.attachment import CONTENT_TYPE_LENGTH
from tickets.models.message import BODY_LENGTH, HTML_LENGTH
from tickets.models.ticket import SUBJECT_LENGTH, TAG_LENGTH
from tickets.texts import MAX_ADDRESSES, MAX_TAGS, REASON_LENGTH
from tickets.workflow import Priority, Status

# Something, and no comma: that separates tags in the filter.
TAG_PATTERN = r"^[^,\u0000]*([^,\s\u0000\u001c-\u001f\u0085]|\ufeff)[^,\u0000]*$"

# Parameters are of no use here, and left out.
CONTENT_TYPE_PATTERN = rf"^[ \t]*{TYPE_PATTERN}[ \t]*(;[^\u0000]*)?$"


def tags_field(**kwargs: Any) -> Several:
    """Tags, as many as a ticket may have."""
    # What is trimmed away does not count towards the length, so the rule itself is the action's.
    tag = Text(max_length=4 * TAG_LENGTH, allow_blank=True, schema={"maxLength": TAG_LENGTH, "pattern": TAG_PATTERN})
    return Several(child=tag, max_length=4 * MAX_TAGS, schema={"maxItems": MAX_TAGS}, **kwargs)


def addresses_field(**kwargs: Any) -> Several:
    """E-mail addresses."""
    address = Text(max_length=320, allow_blank=True, schema=ADDRESS)
    return Several(child=address, max_length=4 * MAX_ADDRESSES, schema={"maxItems": MAX_ADDRESSES}, **kwargs)


class RequesterInput(Input):
    """The customer a ticket is for."""

    email = Text(max_length=320, schema=ADDRESS)
    name = Text(required=False, allow_blank=True, max_length=NAME_LENGTH, help_text="Absent: as known already.")


class CreateTicketInput(Input):
    """A new ticket."""

    examples: ClassVar[Examples] = {
        "short": {"subject": "Support request", "body": "Initial message text."},
        "for a customer": {
            "subject": "Broken lamp",
            "body": "It flickers.",
            "requester": {"email": "carla@customer.example", "name": "Carla Customer"},
            "priority": "high",
            "tags": ["lamps"],
        },
    }

    subject = Text(max_length=SUBJECT_LENGTH, schema=NOT_BLANK, help_text="One line.")
    body = Text(max_length=BODY_LENGTH, schema=NOT_BLANK, help_text="The first message, as plain text.")
    bodyHtml = Text(required=False, allow_blank=True, max_length=HTML_LENGTH, help_text="The same in HTML; sanitised.")
    requester = RequesterInput(
        required=False, allow_null=True, help_text="Whose words the first message holds; nobody: the caller's."
    )
    ccs = addresses_field(required=False, help_text="Who gets a copy of every reply.")
    priority = Choice(Priority, required=False, help_text="Absent: `normal`.")
    tags = tags_field(required=False)
    assigneeId = Id(required=False, allow_null=True, help_text="An agent or admin of the workspace.")


class UpdateTicketInput(Input):
    """Properties to change; what is absent stays."""

    examples: ClassVar[Examples] = {
        "triage": {"assigneeId": None, "priority": "high", "tags": ["billing", "urgent"]},
        "correct": {"subject": "Broken lamp", "requester": {"email": "carla@customer.example"}},
    }

    assigneeId = Id(required=False, allow_null=True, help_text="An agent or admin of the workspace; `null`: nobody.")
    priority = Choice(Priority, required=False)
    tags = tags_field(required=False, help_text="All of them: those not named are taken off.")
    subject = Text(required=False, max_length=SUBJECT_LENGTH, schema=NOT_BLANK)
    requester = RequesterInput(required=False, allow_null=True, help_text="`null`: nobody.")
    ccs = addresses_field(required=False, help_text="All of them.")
    # Clients look for it here.
    status = Refused("The status changes by POST to …/status.", code="use_status_endpoint")


class AppendMessageInput(Input):
    """A reply, a note, or a customer's words."""

    examples: ClassVar[Examples] = {
        "reply": {"body": "Thanks for reaching out.", "isInternal": False, "sendEmail": True},
        "note": {"body": "Called them, no answer.", "isInternal": True},
        "customer's words": {"body": "It came today.", "asRequester": True},
        "reply and wait": {"body": "Which model is it?", "status": "pending"},
    }

    body = Text(max_length=BODY_LENGTH, schema=NOT_BLANK, help_text="Plain text.")
    bodyHtml = Text(required=False, allow_blank=True, max_length=HTML_LENGTH, help_text="The same in HTML; sanitised.")
    isInternal = Flag(
        required=False, help_text="A note, which never leaves by mail, whatever else is set. Absent: `false`."
    )
    sendEmail = Flag(required=False, help_text="Queue one mail with this message. Absent: `false`.")
    toAddresses = addresses_field(
        required=False, help_text="Absent or empty: the requester. No mailbox of the workspace."
    )
    ccAddresses = addresses_field(required=False, help_text="Absent: the ticket's. A list, even `[]`: exactly these.")
    attachmentIds = Several(
        child=Id(), required=False, max_length=1_000, help_text="Files uploaded for this ticket and confirmed."
    )
    asRequester = Flag(
        required=False, help_text="What the customer said elsewhere, on the phone for example. Absent: `false`."
    )
    lastSeenMessageId = Id(
        required=False,
        allow_null=True,
        help_text="The newest message you had read: refused with 409 if the customer wrote since.",
    )
    status = Choice(Status, required=False, help_text="Move the ticket, in the same transaction.")
    assigneeId = Id(required=False, allow_null=True, help_text="`null`: nobody; absent: as before.")
    priority = Choice(Priority, required=False, help_text="Absent: as before.")
    tags = tags_field(required=False, help_text="All of them: those not named are taken off. Absent: as before.")


class TransitionTicketInput(Input):
    """A move to another status."""

    examples: ClassVar[Examples] = {
        "close": {"toStatus": "closed", "reason": "Solved."},
        "reopen": {"toStatus": "open"},
    }

    toStatus = Choice(Status)
    reason = Text(required=False, allow_blank=True, max_length=REASON_LENGTH, help_text="Kept with the event.")


class MergeTicketInput(Input):
    """Where to merge into."""

    examples: ClassVar[Examples] = {"merge": {"targetTicketId": "0192f3c8-1122-7334-9556-778899aabbcc"}}

    targetTicketId = Id(help_text="The ticket that carries on.")


class SplitTicketInput(Input):
    """Which messages to move into a new ticket."""

    examples: ClassVar[Examples] = {
        "split": {"messageIds": ["0192f3c9-7a11-7c85-a1b2-c3d4e5f60718"], "newSubject": "Split thread"}
    }

    messageIds = Several(child=Id(), max_length=10_000, schema={"minItems": 1}, help_text="At least one, not all.")
    newSubject = Text(
        required=False, allow_null=True, max_length=SUBJECT_LENGTH, schema=NOT_BLANK, help_text="Absent: as before."
    )


class RequestUploadInput(Input):
    """A file that is to be uploaded."""

    examples: ClassVar[Examples] = {
        "picture": {"filename": "lamp.jpg", "contentType": "image/jpeg", "size": 182044},
    }

    filename = Text(
        max_length=1_000,
        schema={"minLength": 1, **NO_NUL},
        help_text="As it is to be shown; a path and what cannot be seen is left out.",
    )
    contentType = Text(
        max_length=4 * CONTENT_TYPE_LENGTH,
        required=False,
        schema={"pattern": CONTENT_TYPE_PATTERN},
        help_text="Held against the content on confirmation. Absent: `application/octet-stream`, then told by it.",
    )
    size = Whole(min_value=1, max_value=2**53, help_text="In bytes, exactly.")


class EmptyBodyInput(Input):
    """For calls without a body: an empty object will do."""


def changes_of(data: dict[str, Any]) -> Changes:
    """The changes that a validated body asks for."""
    given: dict[str, Any] = {}
    if "assigneeId" in data:
        given["assignee_id"] = data["assigneeId"]
    if "priority" in data:
        given["priority"] = Priority.named(data["priority"])
    if "requester" in data:
        given["requester"] = person_of(data["requester"])
    given.update({name: data[name] for name in ("tags", "subject", "ccs") if name in data})
    return Changes(**given)


def person_of(data: dict[str, Any] | None) -> Person | None:
    """The person that a requester object names."""
    return None if data is None else Person(data["email"], data.get("name", ""))
