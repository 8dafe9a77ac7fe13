"""One command to a working system."""

import argparse
from typing import Any

from django.core.management.base import CommandParser
from django.urls import reverse

from inboxops.demo import serve
from inboxops.demo.prepare import Prepared, prepare
from workspaces.management.base import OpsCommand, add_json_option


class Command(OpsCommand):
    help = """Prepare a demonstration and serve it: one command to a working system.

Makes the tables, a workspace (ws-123) with three members and sixty tickets of a fictional shop, a staff user for the
back office and an API token, then serves them on loopback until Ctrl-C. Data lives in INBOXOPS_DATA_DIR (SQLite), or in
the database that DATABASE_URL names.

Run it as often as you like: the demonstration is made once; password and token are new each time, and the token of the
run before ends. A database that holds other workspaces is left alone unless you say --force.

To serve others than this machine (--bind), set SECRET_KEY and INBOXOPS_ALLOWED_HOSTS first."""
    examples = """  manage.py quickstart
  manage.py quickstart --port 8080
  manage.py quickstart --no-serve --json
  SECRET_KEY=… INBOXOPS_ALLOWED_HOSTS=desk.local manage.py quickstart --bind 0.0.0.0"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="Prepare everything, then end.")
        parser.add_argument("--port", type=_port, default=8000, help="The port to serve on (default: 8000).")
        parser.add_argument("--bind", default="127.0.0.1", help="The address to serve on (default: 127.0.0.1).")
        parser.add_argument(
            "--force", action="store_true", help="Add the demonstration to a database that holds other workspaces."
        )
        add_json_option(parser)

    def handle(
        self, *args: Any, no_serve: bool, port: int, bind: str, force: bool, as_json: bool, **options: Any
    ) -> None:
        place = serve.place_of(bind, port)
        if not no_serve:
            serve.must_be_free(place)
        prepared = prepare(force=force, tell=self.say)
        base_url = serve.base_url_of(place)
        if as_json:
            self.print_json(_as_json(prepared, base_url))
        else:
            self.stdout.write(_as_text(prepared, base_url, serving=not no_serve))
        if not no_serve:
            serve.serve(place, base_url=base_url, output_to_stderr=as_json)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("A port is a number from 1 to 65535.")
    return int(text)


def _admin_url(base_url: str) -> str:
    return base_url + reverse("admin:index")


def _docs_url(base_url: str) -> str:
    return base_url + reverse("api-docs")


def _as_json(prepared: Prepared, base_url: str) -> dict[str, str]:
    return {
        "baseUrl": base_url,
        "docsUrl": _docs_url(base_url),
        "workspaceId": str(prepared.workspace.pk),
        "workspaceSlug": prepared.workspace.slug,
        "token": prepared.token,
        "adminUrl": _admin_url(base_url),
        "staffEmail": prepared.staff_email,
        "staffPassword": prepared.staff_password,
    }


def _as_text(prepared: Prepared, base_url: str, *, serving: bool) -> str:
    slug = prepared.workspace.slug
    return f"""
InboxOps {"is about to serve" if serving else "is ready to be served (manage.py quickstart) at"} {base_url}

  Back office  {_admin_url(base_url)}
               {prepared.staff_email}  {prepared.staff_password}
  Workspace    {slug}  {prepared.workspace.pk}
  API token    {prepared.token}
  Every call   {_docs_url(base_url)}

Try the API:

  curl "{base_url}/v1/workspaces/{slug}/tickets?status=open&limit=5" \\
    -H "Authorization: Bearer {prepared.token}" \\
    -H "x-workspace-id: {slug}"

{"Ctrl-C stops it." if serving else "Serving again makes a new password and a new token."}
"""
