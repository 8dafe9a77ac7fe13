"""A new API token."""

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.actors import operator
from accounts.addresses import address_key
from workspaces.actions import create_token
from workspaces.api.representations import token_json
from workspaces.management.base import (
    OpsCommand,
    add_json_option,
    add_workspace_option,
    moment_or_duration,
    workspace_named,
)
from workspaces.models import Membership, Scope


class Command(OpsCommand):
    help = """Create an API token that acts as a member of a workspace.

The token is shown now and never again: only its digest is stored. It does what its scope says, and never more than the
member's role allows at that moment: read (viewer), write (agent), admin. Every run makes another token; earlier ones
stay valid until they expire or are revoked (list_tokens, revoke_token).

Standard output is the token alone, or one line of JSON."""
    examples = """  TOKEN=$(manage.py create_token --workspace acme --user ann@acme.example --scope write --label CRM)
  manage.py create_token --workspace acme --user ann@acme.example --scope read --expires 90d --json
  manage.py create_token --workspace acme --user ann@acme.example --scope read --expires 2027-01-31T00:00:00Z"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace_option(parser)
        parser.add_argument("--user", metavar="EMAIL", required=True, help="The member it acts as.")
        parser.add_argument("--scope", required=True, choices=Scope.values, help="How far it reaches.")
        parser.add_argument(
            "--expires",
            type=moment_or_duration,
            help="When it ends: ISO 8601, or a duration such as 12h, 90d, 8w. Without it, never.",
        )
        parser.add_argument("--label", default="", help="What it is for; shown in lists.")
        add_json_option(parser)

    def handle(
        self,
        *args: Any,
        workspace: str,
        user: str,
        scope: str,
        expires: dt.datetime | None,
        label: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        membership = _member(workspace, user)
        row, token = create_token(membership, scope=Scope(scope), label=label, expires_at=expires, actor=operator())
        if as_json:
            home = membership.workspace
            self.print_json({**token_json(row), "workspaceId": home.pk, "workspaceSlug": home.slug, "token": token})
        else:
            self.stdout.write(token)
            self.say("Keep it safe: it cannot be shown again.")


def _member(workspace: str, email: str) -> Membership:
    home = workspace_named(workspace)
    members = Membership.objects.select_related("workspace", "user").filter(workspace=home)
    membership = members.filter(user__email__lower=address_key(email)).first()
    if membership is None:
        raise CommandError(f"{email} is not a member of {home.slug}. To make them one: manage.py create_user --help")
    return membership
