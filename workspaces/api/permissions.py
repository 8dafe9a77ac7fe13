"""Who may call what: each call names the access it needs."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from inboxops.errors import Forbidden
from workspaces.api.authentication import credentials_of

if TYPE_CHECKING:
    from workspaces.api.base import WorkspaceViewSet


class ScopePermission(BasePermission):
    """Refuses a caller whose role and scope together do not reach what the call needs."""

    def has_permission(self, request: Request, view: "WorkspaceViewSet") -> bool:  # type: ignore[override]
        needed, access = view.call.access, credentials_of(request).actor.access
        if access < needed:
            raise Forbidden(
                f"This needs {needed.name.lower()} access; role and token scope together give {access.name.lower()}.",
                neededAccess=needed.name.lower(),
            )
        return True
