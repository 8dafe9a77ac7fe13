"""What the workspace API takes."""

from inboxops.api.fields import Choice, Id, Moment, Text
from inboxops.api.inputs import Input
from workspaces.models import LABEL_LENGTH, Role, Scope


class RenameInput(Input):
    """Another name for the workspace."""

    name = Text(max_length=200, trim_whitespace=True)


class RoleInput(Input):
    """Another role for a member."""

    role = Choice(choices=Role.values)


class CreateTokenInput(Input):
    """A new API token; for the caller unless another member is named."""

    scope = Choice(choices=Scope.values)
    label = Text(  # type: ignore[assignment]  # the name in the API; the base class has one of its own
        required=False,
        allow_blank=True,
        max_length=LABEL_LENGTH,
    )
    expiresAt = Moment(required=False, allow_null=True)
    userId = Id(required=False)
