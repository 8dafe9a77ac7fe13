"""Which mailboxes there are."""

from typing import Any

from django.core.management.base import CommandParser

from workspaces.api.representations import mailbox_json
from workspaces.management.base import OpsCommand, add_json_option, add_workspace_option, workspace_named
from workspaces.models import Mailbox


class Command(OpsCommand):
    help = """List mailboxes, oldest first. Passwords cannot be shown.

A line is: address, default or a dash, workspace, mail server (a dash: as the installation sends), user name there,
mails in a minute, name; a dash stands for none. With --json, one array on one line, in the API's words."""
    examples = """  manage.py list_mailboxes
  manage.py list_mailboxes --workspace acme --json"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace_option(parser, required=False)
        add_json_option(parser)

    def handle(self, *args: Any, workspace: str | None, as_json: bool, **options: Any) -> None:
        mailboxes = Mailbox.objects.select_related("workspace").order_by("created_at", "pk")
        if workspace is not None:
            mailboxes = mailboxes.filter(workspace=workspace_named(workspace))
        if as_json:
            self.print_json([_as_json(mailbox) for mailbox in mailboxes])
            return
        for mailbox in mailboxes:
            self.stdout.write(_as_line(mailbox))


def _as_json(mailbox: Mailbox) -> dict[str, Any]:
    home = mailbox.workspace
    return {**mailbox_json(mailbox), "workspaceId": home.pk, "workspaceSlug": home.slug}


def _as_line(mailbox: Mailbox) -> str:
    server = f"{mailbox.smtp_host}:{mailbox.smtp_port}/{mailbox.smtp_security}" if mailbox.smtp_host else "-"
    return (
        f"{mailbox.address}  {'default' if mailbox.is_default else '-':7}  {mailbox.workspace.slug}  {server}"
        f"  {mailbox.smtp_username or '-'}  {mailbox.rate_per_minute or '-'}  {mailbox.name}"
    ).rstrip()
