"""Stored secrets under the present SECRET_KEY."""

from typing import Any

from django.core.management.base import CommandError

from accounts.actors import operator
from inboxops.sealed import Unreadable
from workspaces.actions import reseal_mailbox
from workspaces.management.base import OpsCommand
from workspaces.models import Mailbox


class Command(OpsCommand):
    help = """Encrypt the passwords of mailboxes anew, under the present SECRET_KEY.

Run it after SECRET_KEY was changed, while the former key stands in SECRET_KEY_FALLBACKS; afterwards nothing stored
needs that key. Running it again changes nothing. A password that no key opens is named and stays as it is: the mailbox
cannot log in until somebody enters the password again."""
    examples = """  manage.py reseal_secrets"""

    def handle(self, *args: Any, **options: Any) -> None:
        resealed, lost = 0, []
        for mailbox in Mailbox.objects.select_related("workspace").exclude(smtp_secret="").order_by("pk"):
            try:
                resealed += reseal_mailbox(mailbox, actor=operator())
            except Unreadable:
                lost.append(f"{mailbox.workspace.slug}: {mailbox.address}")
        self.stdout.write(f"{resealed} encrypted anew")
        if lost:
            raise CommandError(f"No key opens the passwords of {', '.join(lost)}. To enter one: update_mailbox --help")
