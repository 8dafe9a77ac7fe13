"""What the API gives, declared for the OpenAPI document.

The rows themselves are put together by hand (see the `representations` modules), which is several times as fast; a
test holds them to these declarations, name by name and type by type.
"""

from typing import Any, ClassVar

from rest_framework import serializers

from inboxops.api.fields import Id, Text

Example = dict[str, Any]


class Output(serializers.Serializer[Any]):
    """The base of every object in an answer. Only what is not required may be absent. `example` is one of its kind."""

    example: ClassVar[Example]


class Time(serializers.DateTimeField):
    """ISO 8601 in UTC, with `Z`."""


class Number(serializers.IntegerField):
    """A whole number."""


class Json(serializers.DictField):
    """An object whose members depend."""


class Values(serializers.ListField):
    """A list."""


class FieldErrorOutput(Output):
    """One thing wrong with the request: where (a `pointer` into the body or the `parameter` of the query) and what."""

    pointer = Text(required=False, help_text="RFC 6901, such as `/tags/2`.")
    parameter = Text(required=False, help_text="The name of a query parameter.")
    code = Text(help_text="Never changes its meaning.")
    detail = Text(help_text="For people; the words may change.")


class ProblemOutput(Output):
    """Every failure has this shape (RFC 9457). The members that are not required come with the codes they name."""

    example: ClassVar[Example] = {
        "type": "urn:inboxops:problem:invalid",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid; see errors.",
        "code": "invalid",
        "errors": [{"pointer": "/boddy", "code": "unknown_field", "detail": "There is no such field here."}],
        "requestId": "0192f3c7a1b47cc0a3f6d5b2e8c91d04",
    }
    carried: ClassVar[Example] = {
        "neededAccess": "write",
        "version": 3,
        "mergedIntoId": "0192f3c8-1122-7334-9556-778899aabbcc",
        "ticketId": "0192f3c8-1122-7334-9556-778899aabbcc",
        "currentStatus": "closed",
        "allowedTransitions": ["open"],
        "messages": [],
        "limit": 26_214_400,
        "found": "text/html",
        "state": "sent",
    }

    type = Text(help_text="A URN made of the code.")
    title = Text(help_text="The standard phrase of the status.")
    status = Number()
    detail = Text(help_text="For people; the words may change.")
    code = Text(help_text="For programs; never changes its meaning.")
    errors = FieldErrorOutput(  # type: ignore[assignment]  # the name in the API; the base class has one of its own
        many=True, help_text="Single members or parameters that are to blame, 100 at most."
    )
    requestId = Text(help_text="Also in `X-Request-Id` and in the log.")

    # What a `Failure` may say that it carries. `carried` has an example of each.
    neededAccess = Text(required=False, help_text="With `insufficient_scope`: `read`, `write` or `admin`.")
    version = Number(required=False, help_text="With `version_mismatch`: the ticket's version now.")
    mergedIntoId = Id(
        required=False,
        help_text="With `ticket_merged`, `already_merged` and `target_merged`: the ticket that carries on.",
    )
    ticketId = Id(required=False, help_text="With `unmerge_first`: the ticket to unmerge first.")
    currentStatus = Text(required=False, help_text="With `transition_not_allowed`: where the ticket stands.")
    allowedTransitions = Values(
        child=Text(), required=False, help_text="With `transition_not_allowed`: where it can go from there."
    )
    messages = Values(
        child=Json(),
        required=False,
        help_text="With `conversation_moved_on`: the newer messages, oldest first, as `Message`: the newest 500.",
    )
    limit = Number(
        required=False,
        help_text="With `too_many_attachments`: how many; with `file_too_large`, `mail_too_large`,"
        " `storage_quota_exceeded`: in bytes.",
    )
    state = Text(required=False, help_text="With `too_late_to_cancel` and `nothing_to_resend`: of the delivery.")
    found = Text(required=False, help_text="With `upload_mismatch`: the size or the type of what has arrived.")


class PersonOutput(Output):
    """A user or a customer."""

    example: ClassVar[Example] = {
        "id": "0192f3c7-5b1e-7c44-9d0a-3f1c2b4a5d6e",
        "name": "Carla Customer",
        "email": "carla@customer.example",
    }

    id = Id()
    name = Text(help_text="Empty where nobody has said it.")
    email = Text()
