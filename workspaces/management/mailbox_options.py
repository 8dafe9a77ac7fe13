"""What the commands about mailboxes share: their options, and what those say of a mail server."""

import argparse
from typing import Any

from django.core.management.base import CommandError, CommandParser

from inboxops import env
from inboxops.unset import UNSET
from workspaces.mailboxes import SmtpServer
from workspaces.management.base import ask_for_password
from workspaces.models import Mailbox, SmtpSecurity

SMTP_OPTIONS = ("host", "port", "security", "username")
_PORTS = {SmtpSecurity.NONE: 25, SmtpSecurity.STARTTLS: 587, SmtpSecurity.TLS: 465}


def add_mailbox_options(parser: CommandParser) -> None:
    """What can be said of a mailbox, new or not; whatever is not given is None, and `password` empty."""
    parser.add_argument("--name", help="What recipients see beside the address.")
    parser.add_argument("--signature", metavar="TEXT", help="Plain text below each reply.")
    parser.add_argument("--default", action="store_true", help="Make it the workspace's default.")
    parser.add_argument("--rate", type=_rate, metavar="NUMBER", help="Mails in a minute at most, or none.")
    parser.add_argument("--smtp-host", metavar="HOST", help="Its own mail server; else it sends as the installation.")
    parser.add_argument("--smtp-port", type=int, metavar="PORT", help="25, 465, 587 or 2525; by default as security.")
    parser.add_argument("--smtp-security", choices=SmtpSecurity.values, help="How to connect; starttls by default.")
    parser.add_argument("--smtp-username", metavar="NAME", help="As whom to log in there.")
    # Read here and not later: the check for misspelt settings runs before `handle`.
    parser.set_defaults(password=env.text("INBOXOPS_SMTP_PASSWORD"))


def properties_of(options: dict[str, Any], *, before: Mailbox | None = None) -> dict[str, Any]:
    """What the options say of a mailbox, beside its address, as the actions take it; `before` is as it is now.

    Raises CommandError where a mail server has no host.
    """
    given = {name: options[name] for name in ("name", "signature") if options[name] is not None}
    if options["default"]:
        given["is_default"] = True
    if options["rate"] is not None:
        given["rate_per_minute"] = options["rate"] or None
    server = _server_of(options, before)
    if server is not None:
        given["smtp"] = server
    return given


def _server_of(options: dict[str, Any], before: Mailbox | None) -> SmtpServer | None:
    named = {name: options[f"smtp_{name}"] for name in SMTP_OPTIONS}
    given = {name: value for name, value in named.items() if value is not None}
    password: str = options["password"]
    if not password and ("host" in given or "username" in given):
        password = ask_for_password()
    if not given and not password:
        return None
    known = _known_of(before)
    security = SmtpSecurity(given.get("security", known.get("security", SmtpSecurity.STARTTLS)))
    server = {"port": _PORTS[security], **known, **given, "security": security}
    if "host" not in server:
        raise CommandError("Which mail server? Add --smtp-host.")
    return SmtpServer(**server, password=password or UNSET)


def _known_of(mailbox: Mailbox | None) -> dict[str, Any]:
    if mailbox is None or not mailbox.smtp_host:
        return {}
    return {
        "host": mailbox.smtp_host,
        "port": mailbox.smtp_port,
        "security": mailbox.smtp_security,
        "username": mailbox.smtp_username,
    }


def _rate(text: str) -> int:
    """For argparse: a number from 1 on, and 0 for `none`."""
    if text == "none":
        return 0
    if not text.isascii() or not text.isdigit() or int(text[:9]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number from 1 on nor none.")
    return int(text[:9])
