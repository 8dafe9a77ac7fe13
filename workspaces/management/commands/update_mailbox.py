"""Changes to a mailbox."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.actors import operator
from workspaces.actions import update_mailbox
from workspaces.api.representations import mailbox_json
from workspaces.mailboxes import MailboxChanges
from workspaces.management.base import OpsCommand, add_json_option, add_workspace_option, workspace_named
from workspaces.management.mailbox_options import SMTP_OPTIONS, add_mailbox_options, properties_of
from workspaces.management.provisioning import mailbox_with


class Command(OpsCommand):
    help = """Change a mailbox. What is not named stays; what is the same as before is no change.

The password for its mail server is read from the environment variable INBOXOPS_SMTP_PASSWORD; without it, it is asked
for on a terminal when host or user name is named. One that is there stays only while host and user name do: another
server is never sent it."""
    examples = """  manage.py update_mailbox --workspace acme support@acme.example --signature "Acme Support" --default
  INBOXOPS_SMTP_PASSWORD='correct horse battery' manage.py update_mailbox --workspace acme sales@acme.example
  manage.py update_mailbox --workspace acme sales@acme.example --no-smtp"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace_option(parser)
        parser.add_argument("mailbox", metavar="ADDRESS", help="The mailbox, by its present address.")
        parser.add_argument("--address", dest="new_address", metavar="ADDRESS", help="Another address for it.")
        add_mailbox_options(parser)
        parser.add_argument("--no-smtp", action="store_true", help="Take its mail server away, with the password.")
        add_json_option(parser)

    def handle(
        self,
        *args: Any,
        workspace: str,
        mailbox: str,
        new_address: str | None,
        no_smtp: bool,
        as_json: bool,
        **options: Any,
    ) -> None:
        home = workspace_named(workspace)
        before = mailbox_with(home, mailbox)
        if before is None:
            raise CommandError(f"{home.slug} has no mailbox {mailbox}. To see them: manage.py list_mailboxes")
        if no_smtp and any(options[f"smtp_{name}"] is not None for name in SMTP_OPTIONS):
            raise CommandError("Either --no-smtp or a mail server.")
        properties = properties_of(options, before=before)
        if no_smtp:
            properties["smtp"] = None
        if new_address is not None:
            properties["address"] = new_address
        after = update_mailbox(before, changes=MailboxChanges(**properties), actor=operator())
        if as_json:
            self.print_json(mailbox_json(after))
        else:
            self.stdout.write(f"{after.address} {after.pk}")
        if before.has_password and not after.has_password:
            self.say("It has no password for a mail server any more.")
