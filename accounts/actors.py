"""Who is acting, and through which door. Every action takes an `Actor` and stores it with the event it records."""

import uuid
from dataclasses import dataclass
from enum import IntEnum

from django.db import models

from inboxops import request_id
from inboxops.errors import Forbidden, NotFound


class Door(models.TextChoices):
    """The way somebody came in."""

    API = "api"
    ADMIN = "admin"
    MAIL = "mail"
    COMMAND = "command"
    SYSTEM = "system"


class Access(IntEnum):
    """How much someone may do. Each level includes the ones below it."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody acting now. `workspace_id` is where they may act; None means everywhere (ops and the system itself)."""

    door: Door
    access: Access
    workspace_id: uuid.UUID | None
    user_id: uuid.UUID | None = None
    label: str = ""
    token_id: uuid.UUID | None = None
    request_id: str = ""

    def must(self, access: Access, workspace_id: uuid.UUID) -> None:
        """Raises NotFound for another workspace and Forbidden when the rights do not reach `access`."""
        if self.workspace_id is not None and self.workspace_id != workspace_id:
            raise NotFound
        if self.access < access:
            raise Forbidden(f"This needs {access.name.lower()} access.")

    def must_act_everywhere(self) -> None:
        """Raises Forbidden for anybody whose rights end at a workspace: users belong to no single one."""
        if self.workspace_id is not None or self.access < Access.ADMIN:
            raise Forbidden("Only whoever runs the installation may do this.")


def operator(label: str = "command line") -> Actor:
    """Somebody with a shell on the machine, through a management command: may do everything everywhere."""
    return _everywhere(Door.COMMAND, label)


def system(label: str = "system") -> Actor:
    """The program itself, following up on what somebody else did."""
    return _everywhere(Door.SYSTEM, label)


def _everywhere(door: Door, label: str) -> Actor:
    return Actor(door=door, access=Access.ADMIN, workspace_id=None, label=label, request_id=request_id.current.get())
