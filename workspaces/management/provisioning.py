"""What the commands make, in the form that can be repeated: the second time, and on a second machine, all is there.

Each function answers what there is now and whether it had to be made.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import IntegrityError

from accounts.actions import create_user, grant_staff
from accounts.actors import Actor
from accounts.addresses import address_key, wire_address
from accounts.models import User
from inboxops.db import in_transaction
from inboxops.errors import Refused
from workspaces.actions import add_member, create_mailbox, create_workspace
from workspaces.errors import AlreadyMember, SlugTaken
from workspaces.models import Mailbox, Membership, Role, Workspace

P = ParamSpec("P")
R = TypeVar("R")


def _once_more(function: Callable[P, R]) -> Callable[P, R]:
    """Two machines that make the same thing at once: the second one is refused, and then finds what the first has made.

    By the action or by the database, as it happens. Whatever is refused for another reason is refused again.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (IntegrityError, Refused):
            return function(*args, **kwargs)

    return wrapper


@_once_more
@in_transaction
def ensure_workspace(*, slug: str, name: str, actor: Actor) -> tuple[Workspace, bool]:
    """The workspace with this slug and name. Refuses one that has the slug but another name (SlugTaken)."""
    workspace = Workspace.objects.filter(slug=slug.strip()).first()
    if workspace is None:
        return create_workspace(slug=slug, name=name, actor=actor), True
    if workspace.name != name.strip():
        raise SlugTaken(f"There is already a workspace {workspace.slug}; its name is {workspace.name!r}.")
    return workspace, False


@_once_more
@in_transaction
def ensure_member(
    workspace: Workspace,
    *,
    email: str,
    role: Role,
    name: str = "",
    password: str | None = None,
    is_staff: bool = False,
    actor: Actor,
) -> tuple[Membership, bool]:
    """The user with this address as a member of the workspace, in this role.

    A user who exists keeps name and password; `is_staff` lets them into the back office, and never takes that away.
    Refuses a member who has another role (AlreadyMember).
    """
    user = user_with(email)
    if user is None:
        user = create_user(email=email, name=name, password=password, is_staff=is_staff, actor=actor)
    elif is_staff:
        user = grant_staff(user, actor=actor)
    membership = Membership.objects.select_related("workspace", "user").filter(workspace=workspace, user=user).first()
    if membership is None:
        return add_member(workspace, user=user, role=role, actor=actor), True
    if membership.role != role:
        raise AlreadyMember(f"{user.email} is already a member of {workspace.slug}, as {membership.role}.")
    return membership, False


@_once_more
@in_transaction
def ensure_mailbox(workspace: Workspace, *, address: str, actor: Actor, **properties: Any) -> tuple[Mailbox, bool]:
    """The mailbox with this address. One that exists stays as it is, whatever its properties."""
    mailbox = mailbox_with(workspace, address)
    if mailbox is None:
        return create_mailbox(workspace, address=address, actor=actor, **properties), True
    return mailbox, False


def mailbox_with(workspace: Workspace, address: str) -> Mailbox | None:
    """The mailbox with this address, however that is spelled."""
    try:
        key = address_key(wire_address(address))
    except ValueError:
        return None
    return Mailbox.objects.select_related("workspace").filter(workspace=workspace, address__lower=key).first()


def user_with(email: str) -> User | None:
    """The user who logs in with this address, however it is spelled."""
    return User.objects.with_email(email).first()
