"""A new user, and what they are in a workspace."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.actors import operator
from workspaces.api.representations import member_json
from workspaces.management.base import (
    OpsCommand,
    add_json_option,
    add_password_variable,
    add_workspace_option,
    ask_for_password,
    workspace_named,
)
from workspaces.management.provisioning import ensure_member, user_with
from workspaces.models import Role


class Command(OpsCommand):
    help = """Create a user and make them a member of a workspace.

The address is the login. Roles: a viewer reads; an agent works on tickets; an admin also manages members, tokens and
mailboxes. Somebody who is a user already becomes a member of this workspace, too; their name and password stay.

The password of a new user is read from the environment variable INBOXOPS_PASSWORD, so that it stands neither in the
process list nor in the shell's history; without it, it is asked for on a terminal; else the user has none: they can own
API tokens, but not log in. Surrounding blanks are not part of a password.

Repeating the command changes nothing, except that --staff lets in who was not; another role is refused."""
    examples = """  manage.py create_user --workspace acme --email ann@acme.example --name "Ann Smith" --role agent
  INBOXOPS_PASSWORD='correct horse battery' manage.py create_user \\
      --workspace acme --email boss@acme.example --role admin --staff"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace_option(parser)
        parser.add_argument("--email", required=True, help="The address with which they log in.")
        parser.add_argument("--role", required=True, choices=Role.values, help="What they are in the workspace.")
        parser.add_argument("--name", default="", help="Their name, as customers see it.")
        parser.add_argument("--staff", action="store_true", help="Let them into the back office at /admin/.")
        add_json_option(parser)
        add_password_variable(parser)

    def handle(
        self,
        *args: Any,
        workspace: str,
        email: str,
        role: str,
        name: str,
        staff: bool,
        password: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        home = workspace_named(workspace)
        known = user_with(email) is not None
        if not known:
            password = password or ask_for_password()
        membership, made = ensure_member(
            home,
            email=email,
            role=Role(role),
            name=name,
            password=password or None,
            is_staff=staff,
            actor=operator(),
        )
        if as_json:
            self.print_json({**member_json(membership), "workspaceId": home.pk, "created": made})
        else:
            what = "is" if made else "was already"
            self.stdout.write(f"{membership.user.email} {what} {membership.role} of {home.slug}")
        if known:
            self.say("There was a user with this address: name and password are as they were.")
            if staff:
                self.say("They may enter the back office.")
        elif not password:
            self.say("They have no password and cannot log in.")
