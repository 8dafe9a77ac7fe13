"""An API token ended."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.actors import operator
from inboxops.ids import parse_uuid
from workspaces.actions import revoke_token
from workspaces.api.representations import token_json
from workspaces.management.base import OpsCommand, add_json_option
from workspaces.models import ApiToken
from workspaces.tokens import prefix_of


class Command(OpsCommand):
    help = """Revoke an API token: it fails from the next request on, for good.

Name it by its prefix (iox_ and ten characters, as list_tokens shows it), by its id, or by the whole token, as where one
was found in a place it should not be. Revoking twice changes nothing."""
    examples = """  manage.py revoke_token iox_4fQ2mZkD81"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token", help="Prefix, id, or the token itself.")
        add_json_option(parser)

    def handle(self, *args: Any, token: str, as_json: bool, **options: Any) -> None:
        row = revoke_token(_token_named(token.strip()), actor=operator())
        if as_json:
            self.print_json(token_json(row))
        else:
            self.stdout.write(f"iox_{row.prefix} is revoked")


def _token_named(name: str) -> ApiToken:
    pk, tokens = parse_uuid(name), ApiToken.objects.select_related("workspace", "user")
    found = tokens.filter(pk=pk) if pk else tokens.filter(prefix=prefix_of(name) or name.removeprefix("iox_"))
    token = found.first()
    if token is None:
        # Not repeated: it may be a secret with a typing error.
        raise CommandError("There is no such token. manage.py list_tokens shows those there are.")
    return token
