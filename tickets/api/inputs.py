"""What the ticket API takes: one class per request body, named after its action."""

from typing import Any

from rest_framework import serializers

from inboxops.api.fields import Choice, Flag, Id, Several, Text
from inboxops.api.inputs import Input
from tickets.actions import Changes, Person
from tickets.contacts import NAME_LENGTH
from tickets.models.message import BODY_LENGTH, HTML_LENGTH
from tickets.models.ticket import SUBJECT_LENGTH, TAG_LENGTH
from tickets.texts import MAX_ADDRESSES, MAX_TAGS, REASON_LENGTH
from tickets.workflow import Priority, Status

PRIORITIES = [priority.label for priority in Priority]


class Strings(Several):
    """A list of strings."""

    def __init__(self, *, each: int, at_most: int, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=each, allow_blank=True), max_length=at_most, **kwargs)


def tags_field(**kwargs: Any) -> Strings:
    """Tags, as many as a ticket may have."""
    # What is trimmed away does not count towards the length, so the rule itself is the action's.
    return Strings(each=4 * TAG_LENGTH, at_most=4 * MAX_TAGS, **kwargs)


def addresses_field(**kwargs: Any) -> Strings:
    """E-mail addresses."""
    return Strings(each=320, at_most=4 * MAX_ADDRESSES, **kwargs)


class RequesterInput(Input):
    """The customer a ticket is for."""

    email = Text(max_length=320)
    name = Text(required=False, allow_blank=True, max_length=NAME_LENGTH)


class CreateInput(Input):
    """A new ticket."""

    subject = Text(max_length=SUBJECT_LENGTH)
    body = Text(max_length=BODY_LENGTH)
    bodyHtml = Text(required=False, allow_blank=True, max_length=HTML_LENGTH)
    requester = RequesterInput(required=False, allow_null=True)
    ccs = addresses_field(required=False)
    priority = Choice(choices=PRIORITIES, required=False)
    tags = tags_field(required=False)
    assigneeId = Id(required=False, allow_null=True)


class StatusElsewhere(serializers.Field[Any, Any, Any, Any]):
    """A field that clients look for here but that belongs to the transition call."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is serializers.empty:
            return super().run_validation(data)
        raise serializers.ValidationError("The status changes by POST to …/status.", code="use_status_endpoint")


class UpdateInput(Input):
    """Properties to change; what is absent stays."""

    assigneeId = Id(required=False, allow_null=True)
    priority = Choice(choices=PRIORITIES, required=False)
    tags = tags_field(required=False)
    subject = Text(required=False, max_length=SUBJECT_LENGTH)
    requester = RequesterInput(required=False, allow_null=True)
    ccs = addresses_field(required=False)
    status = StatusElsewhere()


class AppendInput(Input):
    """A reply, a note, or a customer's words."""

    body = Text(max_length=BODY_LENGTH)
    bodyHtml = Text(required=False, allow_blank=True, max_length=HTML_LENGTH)
    isInternal = Flag(required=False)
    sendEmail = Flag(required=False)
    toAddresses = addresses_field(required=False)
    ccAddresses = addresses_field(required=False)
    attachmentIds = Several(child=Id(), required=False, max_length=100)
    asRequester = Flag(required=False)
    lastSeenMessageId = Id(required=False, allow_null=True)
    status = Choice(choices=Status.values, required=False)
    assigneeId = Id(required=False, allow_null=True)
    priority = Choice(choices=PRIORITIES, required=False)
    tags = tags_field(required=False)


class TransitionInput(Input):
    """A move to another status."""

    toStatus = Choice(choices=Status.values)
    reason = Text(required=False, allow_blank=True, max_length=REASON_LENGTH)


class MergeInput(Input):
    """Where to merge into."""

    targetTicketId = Id()


class SplitInput(Input):
    """Which messages to move into a new ticket."""

    messageIds = Several(child=Id(), max_length=10_000)
    newSubject = Text(required=False, allow_null=True, max_length=SUBJECT_LENGTH)


class NothingInput(Input):
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
