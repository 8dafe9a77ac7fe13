"""Another password for a user."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.actions import change_password
from accounts.actors import operator
from workspaces.management.base import OpsCommand, add_password_variable, ask_for_password
from workspaces.management.provisioning import user_with


class Command(OpsCommand):
    help = """Give a user another password, or their first one. It is on record as user.password_changed.

The password is read from the environment variable INBOXOPS_PASSWORD; without it, it is asked for on a terminal.
Sessions that are open under the old password end. Tokens stay."""
    examples = """  manage.py set_password --user ann@acme.example
  INBOXOPS_PASSWORD='correct horse battery' manage.py set_password --user ann@acme.example"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", metavar="EMAIL", required=True, help="The address with which they log in.")
        add_password_variable(parser)

    def handle(self, *args: Any, user: str, password: str, **options: Any) -> None:
        found = user_with(user)
        if found is None:
            raise CommandError(f"There is no user {user}. To make one: manage.py create_user --help")
        password = password or ask_for_password()
        if not password:
            raise CommandError("No password was given: set INBOXOPS_PASSWORD, or run this on a terminal.")
        change_password(found, password=password, actor=operator())
        self.stdout.write(f"{found.email} has another password.")
