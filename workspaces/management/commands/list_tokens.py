"""Which API tokens there are."""

import datetime as dt
from typing import Any

from django.core.management.base import CommandParser

from inboxops import clock
from workspaces.api.representations import token_json
from workspaces.management.base import OpsCommand, add_json_option, add_workspace_option, workspace_named
from workspaces.models import ApiToken


class Command(OpsCommand):
    help = """List API tokens, oldest first, with what became of them. Secrets are not stored and cannot be shown.

A line is: prefix, state (active, expired, revoked), scope, workspace, member, last use, expiry, label; a dash stands
for never. With --json, one array on one line, in the API's words."""
    examples = """  manage.py list_tokens
  manage.py list_tokens --workspace acme --json"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace_option(parser, required=False)
        add_json_option(parser)

    def handle(self, *args: Any, workspace: str | None, as_json: bool, **options: Any) -> None:
        tokens = ApiToken.objects.select_related("workspace", "user").order_by("created_at", "pk")
        if workspace is not None:
            tokens = tokens.filter(workspace=workspace_named(workspace))
        now = clock.now()
        if as_json:
            self.print_json([_as_json(token, now) for token in tokens])
            return
        for token in tokens:
            self.stdout.write(_as_line(token, now))


def _state(token: ApiToken, now: dt.datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "active"


def _as_json(token: ApiToken, now: dt.datetime) -> dict[str, Any]:
    home = token.workspace
    return {**token_json(token), "state": _state(token, now), "workspaceId": home.pk, "workspaceSlug": home.slug}


def _as_line(token: ApiToken, now: dt.datetime) -> str:
    used, ends = (_minute(moment) for moment in (token.last_used_at, token.expires_at))
    return (
        f"iox_{token.prefix}  {_state(token, now):7}  {token.scope:5}  {token.workspace.slug}  {token.user.email}"
        f"  {used}  {ends}  {token.label}"
    ).rstrip()


def _minute(moment: dt.datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%dT%H:%MZ}"
