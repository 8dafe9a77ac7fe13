"""From an empty database to a workspace that can be looked at: tables, demonstration, staff user, token.

Everything can be repeated, after whatever interruption: the demonstration is one transaction, so it is there or not,
and the rest is made anew each time.
"""

import datetime as dt
import secrets
import string
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import locks
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from accounts.actions import change_password
from accounts.actors import Actor, operator
from inboxops import clock
from inboxops.db import in_transaction, is_lock_failure, is_postgresql
from inboxops.demo.conversations import CONVERSATIONS
from inboxops.demo.play import play
from inboxops.demo.script import END
from workspaces.actions import change_role, create_mailbox, create_token, create_workspace, revoke_token
from workspaces.management.provisioning import ensure_member
from workspaces.models import ApiToken, Mailbox, Membership, Role, Scope, Workspace

SLUG = "ws-123"
NAME = "Lantern & Loam"
MAILBOX = "support@ws-123.example"
SIGNATURE = "Lantern & Loam, lamps and herb gardens\nMonday to Friday, 9 to 17 h"
SECOND_MAILBOX = "trade@ws-123.example"
SECOND_SIGNATURE = "Lantern & Loam, trade customers"
TEAM = {
    Role.ADMIN: ("admin@ws-123.example", "Mara Lindqvist"),
    Role.AGENT: ("agent@ws-123.example", "Teo Marsh"),
    Role.VIEWER: ("viewer@ws-123.example", "Ines Albrecht"),
}
STAFF_EMAIL = TEAM[Role.ADMIN][0]
TOKEN_LABEL = "quickstart"  # noqa: S105 - the name of a token, not a token

# A number of our own among PostgreSQL's advisory locks.
_LOCK = 0x10B0_0123
_PASSWORD_LENGTH = 20


class UnusableDataFolder(CommandError):
    """Nothing can be written to the data folder."""


class HoldsOtherWorkspaces(CommandError):
    """The database is somebody's own."""


class AlreadyPreparing(CommandError):
    """Another quickstart is at work on the same database."""


@dataclass(frozen=True)
class Prepared:
    """What one needs to look around. The token and the password exist nowhere else in clear."""

    workspace: Workspace
    token: str
    staff_email: str
    staff_password: str


def prepare(*, force: bool, tell: Callable[[str], None]) -> Prepared:
    """Make everything ready to be served. `tell` hears about each step.

    Refuses a data folder that cannot be written to (UnusableDataFolder) and, unless `force`, a database that holds
    workspaces of others (HoldsOtherWorkspaces), before anything is written. Earlier tokens of quickstart are revoked,
    and the staff user has a new password.
    """
    must_be_usable(settings.DATA_DIR)
    with _alone():
        if not force:
            _must_be_ours()
        tell("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        actor = operator("quickstart")
        if not Workspace.objects.filter(slug=SLUG).exists():
            tell(f"Making the workspace {SLUG} with its tickets …")
            make_demo(actor=actor)
        return _renew_secrets(actor)


def must_be_usable(folder: Path) -> None:
    """Raises UnusableDataFolder unless files can be made in the folder, which is made itself where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"usable?")
    except OSError as error:
        raise UnusableDataFolder(
            f"The data folder {folder} cannot be written to ({error.strerror}). Set INBOXOPS_DATA_DIR to another one."
        ) from error


def make_demo(*, actor: Actor, now: dt.datetime | None = None) -> Workspace:
    """The demonstration, whole or not at all: the workspace, its members, its mailboxes and three weeks of tickets."""
    now = now or clock.now()
    with transaction.atomic():
        with clock.at(now - END):
            workspace = create_workspace(slug=SLUG, name=NAME, actor=actor)
            team = {
                role: ensure_member(workspace, email=email, name=name, role=role, actor=actor)[0]
                for role, (email, name) in TEAM.items()
            }
            mailbox: Mailbox = create_mailbox(
                workspace, address=MAILBOX, name=f"{NAME} Support", signature=SIGNATURE, actor=actor
            )
            create_mailbox(
                workspace,
                address=SECOND_MAILBOX,
                name=f"{NAME} Trade",
                signature=SECOND_SIGNATURE,
                rate_per_minute=30,
                actor=actor,
            )
        play(CONVERSATIONS, workspace=workspace, team=team, mailbox=mailbox, now=now)
    return workspace


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time, on this machine and, on PostgreSQL, on all that share the database."""
    with (settings.DATA_DIR / "quickstart.lock").open("w") as file:
        locks.lock(file, locks.LOCK_EX)
        if not is_postgresql():
            yield
            return
        with connection.cursor() as cursor:
            try:
                cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            except OperationalError as error:
                if is_lock_failure(error):
                    raise AlreadyPreparing(
                        "Another quickstart is preparing this database. Wait until it has finished, then try again."
                    ) from error
                raise
        try:
            yield
        finally:
            # Gone with the connection anyway, where that was lost.
            if connection.connection is not None and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _must_be_ours() -> None:
    tables = connection.introspection.table_names()
    if Workspace._meta.db_table not in tables:
        return
    others = list(Workspace.objects.exclude(slug=SLUG).order_by("slug").values_list("slug", flat=True)[:4])
    if others:
        names = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
        raise HoldsOtherWorkspaces(
            f"This database holds other workspaces ({names}), and quickstart adds a demonstration. Choose an empty one"
            " with INBOXOPS_DATA_DIR or DATABASE_URL, or say --force."
        )
    ours = Membership.objects.filter(workspace__slug=SLUG, user__email__lower=STAFF_EMAIL)
    if Workspace.objects.filter(slug=SLUG).exists() and not ours.exists():
        raise HoldsOtherWorkspaces(
            f"The workspace {SLUG} of this database is not the demonstration: {STAFF_EMAIL} is not a member. Choose an"
            " empty database with INBOXOPS_DATA_DIR or DATABASE_URL, or say --force to be added to it."
        )


@in_transaction
def _renew_secrets(actor: Actor) -> Prepared:
    """The staff user with a new password and a new token; the tokens of earlier runs end."""
    workspace = Workspace.objects.get(slug=SLUG)
    membership = _staff(workspace, actor)
    password = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_PASSWORD_LENGTH))
    user = change_password(membership.user, password=password, actor=actor)
    for earlier in ApiToken.objects.filter(workspace=workspace, user=user, label=TOKEN_LABEL, revoked_at=None).order_by(
        "pk"
    ):
        revoke_token(earlier, actor=actor)
    _, token = create_token(membership, scope=Scope.ADMIN, label=TOKEN_LABEL, actor=actor)
    return Prepared(workspace, token, user.email, password)


def _staff(workspace: Workspace, actor: Actor) -> Membership:
    """The demonstration's admin, whatever somebody has made of them meanwhile."""
    email, name = TEAM[Role.ADMIN]
    membership = (
        Membership.objects.select_related("workspace", "user")
        .filter(workspace=workspace, user__email__lower=email)
        .first()
    )
    if membership is not None:
        change_role(membership, role=Role.ADMIN, actor=actor)
    return ensure_member(workspace, email=email, name=name, role=Role.ADMIN, is_staff=True, actor=actor)[0]
