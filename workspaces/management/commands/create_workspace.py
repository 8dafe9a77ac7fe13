"""A new tenant."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.actors import operator
from workspaces.api.representations import workspace_json
from workspaces.management.base import OpsCommand, add_json_option
from workspaces.management.provisioning import ensure_workspace


class Command(OpsCommand):
    help = """Create an empty workspace.

A workspace is a tenant: it has its own members, tokens, mailboxes and tickets, and nothing of it is visible from
another one. The slug stands in addresses (/v1/workspaces/SLUG/tickets) and cannot be changed. Repeating the command
with the same slug and name changes nothing; a slug that has another name is refused."""
    examples = """  manage.py create_workspace --slug acme --name "Acme Support"
  manage.py create_workspace --slug acme --name "Acme Support" --json"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slug", required=True, help="Lower-case letters, digits and inner hyphens, 63 at most.")
        parser.add_argument("--name", required=True, help="What people call it.")
        add_json_option(parser)

    def handle(self, *args: Any, slug: str, name: str, as_json: bool, **options: Any) -> None:
        workspace, made = ensure_workspace(slug=slug, name=name, actor=operator())
        if as_json:
            self.print_json({**workspace_json(workspace), "created": made})
        else:
            self.stdout.write(f"{workspace.slug} {workspace.pk}{'' if made else ' (was there already)'}")
