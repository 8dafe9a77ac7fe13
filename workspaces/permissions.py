"""What a member may do: the role in the workspace, narrowed by the scope of the token."""

from accounts.actors import Access, Actor, Door
from accounts.models import User
from inboxops import request_id
from workspaces.models import ApiToken, Membership, Role, Scope


def token_actor(token: ApiToken, role: str | None) -> Actor:
    """The member that the token acts as, never with more rights than the role they have now."""
    role_access = Access.NONE if role is None else Role(role).access
    return Actor(
        door=Door.API,
        access=min(role_access, Scope(token.scope).access),
        workspace_id=token.workspace_id,
        user_id=token.user_id,
        label=token.user.email,
        token_id=token.pk,
        request_id=request_id.current.get(),
    )


def member_actor(membership: Membership, door: Door) -> Actor:
    """The member themselves, through the back office or a command."""
    return Actor(
        door=door,
        access=Role(membership.role).access,
        workspace_id=membership.workspace_id,
        user_id=membership.user_id,
        label=membership.user.email,
        request_id=request_id.current.get(),
    )


def may_enter_back_office(user: User) -> bool:
    """Platform staff who are active. What they see there is decided by their memberships."""
    return user.is_active and user.is_staff
