"""What the workspace API takes."""

from typing import ClassVar

from inboxops.api.fields import NOT_BLANK, Choice, Id, Moment, Text
from inboxops.api.inputs import Examples, Input
from workspaces.models import LABEL_LENGTH, Role, Scope


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
