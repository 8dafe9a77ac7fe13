"""What a mailbox is made of: what may be said of it, checked and put into its row. Nothing is stored here."""

from dataclasses import dataclass, field
from typing import Any

from accounts.addresses import clean_address, wire_address
from inboxops.errors import Invalid
from inboxops.unset import UNSET, UnsetType
from workspaces.mail_servers import clean_host, is_listed, must_be_permitted
from workspaces.models import Mailbox, SmtpSecurity

NAME_LENGTH = 200
SIGNATURE_LENGTH = 10_000
MAX_RATE = 100_000
USERNAME_LENGTH = 254
PASSWORD_LENGTH = 1_000


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """The mail server through which a mailbox sends, all of it.

    The password alone may be UNSET: then it is as before, if host and user name are, and else there is none.
    """

    host: str
    port: int
    security: SmtpSecurity
    username: str = ""
    password: str | UnsetType | None = field(default=UNSET, repr=False)


@dataclass(frozen=True, kw_only=True)
class MailboxChanges:
    """What to change; whatever is UNSET stays. No `smtp`: the installation's own transport."""

    address: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    rate_per_minute: int | UnsetType | None = UNSET
    smtp: SmtpServer | UnsetType | None = UNSET


def apply_changes(mailbox: Mailbox, changes: MailboxChanges) -> None:
    """Put the changes into the row. Raises Invalid for what is malformed or not allowed."""
    if changes.address is not UNSET:
        mailbox.address = _clean_address(changes.address)
    if changes.name is not UNSET:
        # One line: it stands in the header of a mail.
        mailbox.name = _bounded(" ".join(changes.name.split()), "/name", NAME_LENGTH)
    if changes.signature is not UNSET:
        mailbox.signature = _bounded(changes.signature.strip(), "/signature", SIGNATURE_LENGTH)
    if changes.is_default is not UNSET:
        mailbox.is_default = changes.is_default
    if changes.rate_per_minute is not UNSET:
        if changes.rate_per_minute is not None and not 1 <= changes.rate_per_minute <= MAX_RATE:
            raise Invalid.at("/ratePerMinute", "out_of_range", f"From 1 to {MAX_RATE}, or null.")
        mailbox.rate_per_minute = changes.rate_per_minute
    if changes.smtp is not UNSET:
        _set_server(mailbox, changes.smtp)


def told_of(mailbox: Mailbox) -> dict[str, Any]:
    """What events tell of a mailbox: all but its password."""
    return {
        "address": mailbox.address,
        "name": mailbox.name,
        "signature": mailbox.signature,
        "isDefault": mailbox.is_default,
        "ratePerMinute": mailbox.rate_per_minute,
        "smtpHost": mailbox.smtp_host,
        "smtpPort": mailbox.smtp_port,
        "smtpSecurity": mailbox.smtp_security,
        "smtpUsername": mailbox.smtp_username,
    }


def _set_server(mailbox: Mailbox, server: SmtpServer | None) -> None:
    account_before = (mailbox.smtp_host, mailbox.smtp_username)
    if server is None:
        mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security, mailbox.smtp_username = "", None, "", ""
        mailbox.smtp_secret = ""
        return
    if not 1 <= server.port <= 65_535:
        raise Invalid.at("/smtp/port", "out_of_range", "From 1 to 65535.")
    mailbox.smtp_host = clean_host(server.host)
    must_be_permitted(mailbox.smtp_host, server.port)
    mailbox.smtp_port, mailbox.smtp_security = server.port, server.security
    mailbox.smtp_username = _bounded(server.username, "/smtp/username", USERNAME_LENGTH)
    if server.password is not UNSET:
        mailbox.set_smtp_password(_bounded(server.password or "", "/smtp/password", PASSWORD_LENGTH))
    elif account_before != (mailbox.smtp_host, mailbox.smtp_username):
        # Another server, or somebody else's account there, must never be sent this password.
        mailbox.smtp_secret = ""
    _must_guard_password(mailbox)


def _must_guard_password(mailbox: Mailbox) -> None:
    if not mailbox.has_password:
        return
    if not mailbox.smtp_username:
        raise Invalid.at("/smtp/username", "required", "A password is nobody's without a user name.")
    if mailbox.smtp_security == SmtpSecurity.NONE and not is_listed(mailbox.smtp_host):
        raise Invalid.at("/smtp/security", "not_allowed", "A password travels encrypted: starttls or tls.")


def _clean_address(text: str) -> str:
    try:
        address = wire_address(clean_address(text))
    except ValueError as error:
        raise Invalid.at("/address", "invalid", str(error)) from None
    # Replies come back to variants of it: support+…@acme.example.
    if '"' in address or address.endswith("]"):
        raise Invalid.at("/address", "invalid", "An address without quotation marks, at a domain.")
    return address


def _bounded(text: str, pointer: str, limit: int) -> str:
    if len(text) > limit:
        raise Invalid.at(pointer, "too_long", f"At most {limit} characters.")
    return text
