"""A new mailbox."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.actors import operator
from workspaces.api.representations import mailbox_json
from workspaces.management.base import OpsCommand, add_json_option, add_workspace_option, workspace_named
from workspaces.management.mailbox_options import add_mailbox_options, properties_of
from workspaces.management.provisioning import ensure_mailbox, mailbox_with


class Command(OpsCommand):
    help = """Create a mailbox: an address from which a workspace's replies leave.

The first one of a workspace is its default: replies leave from it where the ticket names no other. Without a mail
server of its own, it sends as the whole installation does.

The password for its mail server is read from the environment variable INBOXOPS_SMTP_PASSWORD, so that it stands neither
in the process list nor in the shell's history; without it, it is asked for on a terminal. It is stored encrypted.

Repeating the command changes nothing: update_mailbox does."""
    examples = """  manage.py create_mailbox --workspace acme --address support@acme.example --name "Acme Support"
  INBOXOPS_SMTP_PASSWORD='correct horse battery' manage.py create_mailbox \\
      --workspace acme --address sales@acme.example --smtp-host smtp.acme.example --smtp-username sales"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace_option(parser)
        parser.add_argument("--address", required=True, help="The address of the mailbox.")
        add_mailbox_options(parser)
        add_json_option(parser)

    def handle(self, *args: Any, workspace: str, address: str, as_json: bool, **options: Any) -> None:
        home = workspace_named(workspace)
        properties = properties_of(options) if mailbox_with(home, address) is None else {}
        mailbox, made = ensure_mailbox(home, address=address, actor=operator(), **properties)
        if as_json:
            self.print_json({**mailbox_json(mailbox), "workspaceId": home.pk, "created": made})
        else:
            self.stdout.write(f"{mailbox.address} {mailbox.pk}{'' if made else ' (was there already)'}")
        if not made:
            self.say("It is as it was. To change it: manage.py update_mailbox --help")
