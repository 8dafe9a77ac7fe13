"""What our commands share: help that teaches, refusals in words, exit codes, and JSON on one line.

Exit codes: 0 done (or done before), 1 refused, 2 called wrongly. What a script reads goes to standard output;
remarks go to standard error.
"""

import argparse
import datetime as dt
import getpass
import re
import sys
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import InterfaceError, OperationalError, ProgrammingError

from inboxops import clock, env
from inboxops.api.fields import parse_moment
from inboxops.api.renderers import to_json
from inboxops.errors import DomainError, Invalid
from inboxops.ids import parse_uuid
from workspaces.models import Workspace

_DURATION = re.compile(r"([1-9]\d{0,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class _Help(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's order of options, and our description and examples as they were written."""


class OpsCommand(BaseCommand):
    """A command for people who run the installation. `examples` follow the options in `--help`."""

    examples = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = f"examples:\n{self.examples.rstrip()}\n\nexit codes: 0 done, 1 refused, 2 called wrongly"
        return super().create_parser(prog_name, subcommand, formatter_class=_Help, epilog=epilog, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run, and turn what actions refuse and databases cannot into one line without a traceback."""
        try:
            return super().execute(*args, **options)
        except DomainError as error:
            raise CommandError(in_words(error)) from error
        except (InterfaceError, OperationalError, ProgrammingError) as error:
            raise CommandError(_database_trouble(error)) from error

    def say(self, text: str) -> None:
        """A line for a person, on standard error: standard output belongs to the result."""
        self.stderr.write(text, self.style.NOTICE)

    def print_json(self, data: Any) -> None:
        """The result for a program: one line."""
        self.stdout.write(to_json(data).decode())


def in_words(error: DomainError) -> str:
    """What was refused, as one line."""
    if isinstance(error, Invalid) and error.errors:
        return " ".join(f"{(item.pointer or '').strip('/') or 'input'}: {item.detail}" for item in error.errors)
    return error.detail


def _database_trouble(error: Exception) -> str:
    """Raises the error again when it is neither a database that cannot be used nor one without our tables."""
    words = " ".join(str(error).split())
    lacking = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
    if isinstance(error.__cause__, lacking) or words.startswith(("no such table", "no such column")):
        return f"The database is not prepared. Run first: manage.py migrate ({words})"
    if isinstance(error, ProgrammingError):
        raise error
    return f"The database cannot be used: {words}"


def workspace_named(name: str) -> Workspace:
    """The workspace with this slug or id. Raises CommandError where there is none."""
    wanted = parse_uuid(name)
    found = Workspace.objects.filter(pk=wanted) if wanted else Workspace.objects.filter(slug=name)
    workspace = found.first()
    if workspace is None:
        raise CommandError(f"There is no workspace {name!r}. To make one: manage.py create_workspace --slug … --name …")
    return workspace


def add_workspace_option(parser: CommandParser, *, required: bool = True) -> None:
    """`--workspace`, the same for every command."""
    parser.add_argument("--workspace", metavar="SLUG", required=required, help="The workspace: its slug or its id.")


def add_json_option(parser: CommandParser) -> None:
    """`--json`, the same for every command."""
    parser.add_argument(
        "--json", action="store_true", dest="as_json", help="Print the result as JSON on one line, for scripts."
    )


def moment_or_duration(text: str) -> dt.datetime:
    """For argparse: an ISO 8601 moment (UTC where it names no zone), or a duration from now such as `90d`."""
    text = text.strip()
    duration = _DURATION.fullmatch(text)
    try:
        if duration:
            return clock.now() + dt.timedelta(**{_UNITS[duration[2]]: int(duration[1])})
    except OverflowError:
        raise argparse.ArgumentTypeError(f"{text} from now lies beyond the calendar.") from None
    moment = parse_moment(text)
    if moment is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a moment (2027-01-31T09:30:00Z) nor a duration (90d; m, h, d, w)."
        )
    return moment


def add_password_variable(parser: CommandParser) -> None:
    """`INBOXOPS_PASSWORD` as the option `password`, for commands that set one."""
    # Read here and not later: the check for misspelt settings runs before `handle`.
    parser.set_defaults(password=env.text("INBOXOPS_PASSWORD"))


def ask_for_password() -> str:
    """A password typed twice on a terminal; empty where there is no terminal, or nothing is typed."""
    if not sys.stdin.isatty():
        return ""
    password = getpass.getpass("Password (empty for none): ").strip()
    if password and getpass.getpass("Again: ").strip() != password:
        raise CommandError("The two passwords differ; nothing was done.")
    return password
