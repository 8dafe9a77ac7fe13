"""How mail leaves: through a mailbox's own SMTP server, or the way the installation sends (`EMAIL_URL`, a provider)."""

import functools
import ipaddress
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from tickets.mail.backends import BackendTransport
from tickets.mail.smtp import Limits, Security, Server, SmtpTransport
from tickets.mail.verdicts import Outcome, Verdict
from workspaces.models import Mailbox

__all__ = ["Limits", "Outcome", "Security", "Server", "SmtpTransport", "Transport", "Verdict", "transport_for"]

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
    own, shared = own_server(mailbox), installation_server()
    if own is not None:
        return SmtpTransport(own, limits(), name=client_name(), permits=functools.partial(is_permitted, own.host))
    if shared is not None:
        return SmtpTransport(shared, limits(), name=client_name())
    return BackendTransport()


def own_server(mailbox: Mailbox) -> Server | None:
    """The server that the mailbox alone sends through, if it has one."""
    return None


def is_permitted(host: str, address: str) -> bool:
    """Whether mail may be sent to this address, to which the host that a workspace named has led."""
    return False


def installation_server() -> Server | None:
    """The server that everybody sends through; None where the installation sends in another way."""
    if settings.EMAIL_BACKEND != _SMTP_BACKEND:
        return None
    security = Security.STARTTLS if settings.EMAIL_USE_TLS else Security.NONE
    return Server(
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        Security.TLS if settings.EMAIL_USE_SSL else security,
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
