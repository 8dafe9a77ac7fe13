"""How mail leaves: through a mailbox's own SMTP server, or the way the installation sends (`EMAIL_URL`, a provider)."""

import functools
import ipaddress
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from inboxops.sealed import Unreadable
from tickets.mail.backends import BackendTransport
from tickets.mail.smtp import Limits, Server, SmtpTransport
from tickets.verdicts import Outcome, Verdict, temporary
from workspaces.mail_servers import permitted_address
from workspaces.models import Mailbox, SmtpSecurity

__all__ = ["Limits", "Outcome", "Server", "SmtpTransport", "Transport", "Verdict", "transport_for"]

_SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


class Transport(Protocol):
    """Gives mail to whoever delivers it. For one thread at a time; connections are kept until `close`."""

    def send(self, mail: EmailMessage, *, sender: str, recipients: Sequence[str]) -> dict[str, Verdict]:
        """Try once. Every recipient has a verdict; whatever a server or a network does, nothing is raised.

        `sender` is the envelope's, and `recipients` alone says who is sent to. The headers stay as they are by SMTP; a
        provider reads from To and Cc who gets the mail, and is given those recipients there.
        """

    def close(self) -> None:
        """Give up the connection. The next `send` makes a new one."""


def transport_for(mailbox: Mailbox) -> Transport:
    """A new transport for the mailbox: through its own server, else the way the installation sends."""
    if mailbox.smtp_host:
        return _transport_of(mailbox)
    shared = installation_server()
    return BackendTransport() if shared is None else SmtpTransport(shared, limits(), name=client_name())


def _transport_of(mailbox: Mailbox) -> Transport:
    """Through the mailbox's own server: to no address but what a workspace may reach."""
    try:
        password = mailbox.smtp_password()
    except Unreadable:
        return _OutOfOrder(f"The password for {mailbox.smtp_host} cannot be read. Enter it again.")
    assert mailbox.smtp_port is not None
    security = SmtpSecurity(mailbox.smtp_security)
    server = Server(mailbox.smtp_host, mailbox.smtp_port, security, mailbox.smtp_username, password)
    permits = functools.partial(permitted_address, server.host)
    return SmtpTransport(server, limits(), name=client_name(), permits=permits)


class _OutOfOrder:
    """What sends nothing until somebody has put something right."""

    def __init__(self, reason: str) -> None:
        self._verdict = temporary(reason)

    def send(self, mail: EmailMessage, *, sender: str, recipients: Sequence[str]) -> dict[str, Verdict]:
        """Every mail has to wait."""
        return dict.fromkeys(recipients, self._verdict)

    def close(self) -> None:
        """There is no connection."""


def installation_server() -> Server | None:
    """The server that everybody sends through; None where the installation sends in another way."""
    if settings.EMAIL_BACKEND != _SMTP_BACKEND:
        return None
    security = SmtpSecurity.STARTTLS if settings.EMAIL_USE_TLS else SmtpSecurity.NONE
    return Server(
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        SmtpSecurity.TLS if settings.EMAIL_USE_SSL else security,
        settings.EMAIL_HOST_USER,
        settings.EMAIL_HOST_PASSWORD,
    )


def limits() -> Limits:
    """How long a mail may take by SMTP: ten times what a step may, enough for attachments on a slow line."""
    return Limits(step=settings.MAIL_TIMEOUT, mail=10 * settings.MAIL_TIMEOUT)


def client_name() -> str:
    """What we call ourselves in EHLO: the host of the installation's address, found without asking the network."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.encode("idna").decode()
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
