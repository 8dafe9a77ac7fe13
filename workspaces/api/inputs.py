"""What the workspace API takes."""

from typing import Any, ClassVar

from inboxops.api.fields import ADDRESS, NO_NUL, NOT_BLANK, Choice, Flag, Id, Moment, Text, Whole
from inboxops.api.inputs import Examples, Input
from workspaces.mail_servers import HOST, HOST_LENGTH
from workspaces.mailboxes import (
    MAX_RATE,
    NAME_LENGTH,
    PASSWORD_LENGTH,
    SIGNATURE_LENGTH,
    USERNAME_LENGTH,
    MailboxChanges,
    SmtpServer,
)
from workspaces.models import LABEL_LENGTH, Role, Scope, SmtpSecurity


class RenameWorkspaceInput(Input):
    """Another name for the workspace."""

    examples: ClassVar[Examples] = {"rename": {"name": "Acme Support"}}

    name = Text(max_length=200, trim_whitespace=True, schema=NOT_BLANK)


class ChangeRoleInput(Input):
    """Another role for a member."""

    examples: ClassVar[Examples] = {"promote": {"role": "admin"}}

    role = Choice(Role)


class CreateApiTokenInput(Input):
    """A new API token; for the caller unless another member is named."""

    examples: ClassVar[Examples] = {
        "read": {"scope": "read", "label": "Nightly export"},
        "until": {"scope": "write", "label": "Web form", "expiresAt": "2030-01-01T00:00:00Z"},
    }

    scope = Choice(Scope, help_text="Never more than the member's role.")
    label = Text(  # type: ignore[assignment]  # the name in the API; the base class has one of its own
        required=False,
        allow_blank=True,
        max_length=LABEL_LENGTH,
        help_text="What it is for.",
    )
    expiresAt = Moment(required=False, allow_null=True, help_text="In the future; absent or `null`: never.")
    userId = Id(required=False, help_text="The member as whom it acts; absent: the caller.")


class SetSmtpServerInput(Input):
    """The mail server of a mailbox, all of it; the password alone may be left out."""

    host = Text(
        max_length=HOST_LENGTH,
        schema={"pattern": f"^{HOST}$"},
        help_text="A name or an IPv4 address, on the public internet.",
    )
    port = Whole(min_value=1, max_value=65_535, help_text="25, 465, 587 or 2525.")
    security = Choice(SmtpSecurity)
    username = Text(required=False, allow_blank=True, max_length=USERNAME_LENGTH, help_text="Absent: no login.")
    password = Text(
        required=False,
        allow_null=True,
        max_length=PASSWORD_LENGTH,
        # A format of one's own leaves out what every text says.
        schema={"minLength": 1, "format": "password", "writeOnly": True, **NO_NUL},
        help_text="Never shown again. Absent: as before, unless host or user name change; `null`: none.",
    )


class CreateMailboxInput(Input):
    """A new mailbox."""

    examples: ClassVar[Examples] = {
        "short": {"address": "support@acme.example"},
        "with a server of its own": {
            "address": "sales@acme.example",
            "name": "Acme Sales",
            "signature": "Acme Sales\nhttps://acme.example",
            "ratePerMinute": 30,
            "smtp": {
                "host": "smtp.acme.example",
                "port": 587,
                "security": "starttls",
                "username": "sales@acme.example",
                "password": "correct horse battery",
            },
        },
    }

    address = Text(max_length=320, schema=ADDRESS, help_text="No other mailbox of the workspace has it.")
    name = Text(required=False, allow_blank=True, max_length=NAME_LENGTH, help_text="One line, shown beside it.")
    signature = Text(
        required=False, allow_blank=True, max_length=SIGNATURE_LENGTH, help_text="Plain text below each reply."
    )
    isDefault = Flag(required=False, help_text="In place of the present default. The first one is, whatever this says.")
    ratePerMinute = Whole(
        required=False, allow_null=True, min_value=1, max_value=MAX_RATE, help_text="`null`: without a limit."
    )
    smtp = SetSmtpServerInput(required=False, allow_null=True, help_text="`null`: as the installation sends.")


class UpdateMailboxInput(CreateMailboxInput):
    """Properties to change; what is absent stays."""

    examples: ClassVar[Examples] = {
        "signature": {"name": "Acme Support", "signature": "Acme Support\nhttps://acme.example"},
        "make it the default": {"isDefault": True},
        "without a server of its own": {"smtp": None},
    }

    address = Text(
        required=False, max_length=320, schema=ADDRESS, help_text="No other mailbox of the workspace has it."
    )
    isDefault = Flag(required=False, help_text="In place of the present default, which cannot say `false` itself.")


def mailbox_of(data: dict[str, Any]) -> dict[str, Any]:
    """The mailbox that a validated body tells of, as `actions.create_mailbox` takes it."""
    names = {"isDefault": "is_default", "ratePerMinute": "rate_per_minute"}
    given = {names.get(name, name): value for name, value in data.items()}
    if given.get("smtp") is not None:
        given["smtp"] = SmtpServer(**{**given["smtp"], "security": SmtpSecurity(given["smtp"]["security"])})
    return given


def mailbox_changes_of(data: dict[str, Any]) -> MailboxChanges:
    """The changes to a mailbox that a validated body asks for."""
    return MailboxChanges(**mailbox_of(data))
