"""What the workspace API gives."""

from typing import ClassVar

from inboxops.api.fields import Choice, Flag, Id, Text
from inboxops.api.outputs import Example, Number, Output, PersonOutput, Time
from workspaces.models import Role, Scope, SmtpSecurity

_MEMBER_ID = "0192f3c7-1c2d-7e3f-8a4b-5c6d7e8f9a0b"


class WorkspaceOutput(Output):
    """A workspace."""

    example: ClassVar[Example] = {
        "id": "0192f3c7-0a1b-7c2d-8e3f-4a5b6c7d8e9f",
        "slug": "ws-123",
        "name": "Acme Support",
        "createdAt": "2026-11-02T09:30:00Z",
    }

    id = Id()
    slug = Text(help_text="Names the workspace in paths and in `x-workspace-id`, as its id does.")
    name = Text()
    createdAt = Time()


class MemberOutput(Output):
    """A member of the workspace."""

    example: ClassVar[Example] = {
        "id": _MEMBER_ID,
        "email": "mara@acme.example",
        "name": "Mara Lindqvist",
        "role": "agent",
    }

    id = Id(help_text="The user's.")
    email = Text()
    name = Text()
    role = Choice(Role)


class ApiTokenOutput(Output):
    """An API token, without its secret."""

    example: ClassVar[Example] = {
        "id": "0192f3c7-2b3c-7d4e-9f50-617283940a1b",
        "label": "Nightly export",
        "prefix": "iox_4fQ2mZkD81",
        "scope": "read",
        "user": {"id": _MEMBER_ID, "name": "Mara Lindqvist", "email": "mara@acme.example"},
        "createdAt": "2026-11-02T09:30:00Z",
        "expiresAt": None,
        "lastUsedAt": "2026-11-20T04:00:12.345678Z",
        "revokedAt": None,
    }

    id = Id()
    label = Text()  # type: ignore[assignment]  # the name in the API; the base class has one of its own
    prefix = Text(help_text="The beginning of the token, to know it by.")
    scope = Choice(Scope)
    user = PersonOutput(help_text="The member as whom it acts.")
    createdAt = Time()
    expiresAt = Time(allow_null=True)
    lastUsedAt = Time(allow_null=True, help_text="To the minute.")
    revokedAt = Time(allow_null=True)


class NewApiTokenOutput(ApiTokenOutput):
    """An API token just made, with its secret."""

    example: ClassVar[Example] = {
        **ApiTokenOutput.example,
        "lastUsedAt": None,
        "token": "iox_4fQ2mZkD81_q7dFf3hYk2m5p8r1t4v7x0z3b6d9",
    }

    token = Text(help_text="The secret. It is shown this once and stored nowhere.")


class SmtpServerOutput(Output):
    """The mail server of a mailbox, without its password."""

    example: ClassVar[Example] = {
        "host": "smtp.acme.example",
        "port": 587,
        "security": "starttls",
        "username": "support@acme.example",
        "hasPassword": True,
    }

    host = Text()
    port = Number()
    security = Choice(SmtpSecurity)
    username = Text(help_text="Empty where there is no login.")
    hasPassword = Flag(help_text="Whether there is a password. It is never shown.")


class MailboxOutput(Output):
    """A mailbox: an address from which replies leave."""

    example: ClassVar[Example] = {
        "id": "0192f3c7-3c4d-7e5f-8061-728394a5b6c7",
        "address": "support@acme.example",
        "name": "Acme Support",
        "signature": "Acme Support\nhttps://acme.example",
        "isDefault": True,
        "ratePerMinute": None,
        "smtp": SmtpServerOutput.example,
        "createdAt": "2026-11-02T09:30:00Z",
    }

    id = Id()
    address = Text(help_text="An international domain in its ASCII form.")
    name = Text(help_text="What recipients see beside the address.")
    signature = Text(help_text="Plain text below each reply.")
    isDefault = Flag(help_text="Whether replies leave from it where the ticket names no other. One of the workspace.")
    ratePerMinute = Number(allow_null=True, help_text="How many mails leave in a minute at most; `null`: no limit.")
    smtp = SmtpServerOutput(allow_null=True, help_text="`null`: mail leaves as the installation sends.")
    createdAt = Time()
