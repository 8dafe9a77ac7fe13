"""Mail by any e-mail backend of Django's: a provider of anymail's, the console, files in a folder."""

import contextlib
import copy
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from accounts.addresses import address_key
from tickets.verdicts import Verdict, accepted, permanent, temporary

# Statuses of HTTP below 500 that say nothing about the mail: a key, a bill, a right or a name that somebody can put
# right, a time-out, too early, too many.
_LATER = {401, 402, 403, 404, 408, 425, 429}


class BackendTransport:
    """Sends through `EMAIL_BACKEND`, with a connection that it keeps. For one thread at a time."""

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None

    def send(self, mail: EmailMessage, *, sender: str, recipients: Sequence[str]) -> dict[str, Verdict]:
        """Try once to send the mail; what became of each recipient. Bounces go where the provider has them go."""
        copied = _addressed(mail, recipients)
        try:
            sent = self._opened().send_messages([copied])
        except AnymailRecipientsRefused:
            sent = 1
        except (AnymailError, ImproperlyConfigured, OSError, ValueError) as error:
            # A connection that failed is not tried again.
            self.close()
            return dict.fromkeys(recipients, _verdict_of(error))
        status = getattr(copied, "anymail_status", None)
        if status is not None and status.status is not None:
            return _verdicts_of(status, recipients)
        if sent:
            return dict.fromkeys(recipients, accepted(""))
        return dict.fromkeys(recipients, temporary("Nothing was sent, and no reason given."))

    def close(self) -> None:
        """Give up the connection."""
        if self._backend is not None:
            with contextlib.suppress(OSError):
                self._backend.close()
            self._backend = None

    def _opened(self) -> BaseEmailBackend:
        if self._backend is None:
            self._backend = get_connection()
            self._backend.open()
        return self._backend


def _addressed(mail: EmailMessage, recipients: Sequence[str]) -> EmailMessage:
    """The mail, to these recipients alone: providers read from To and Cc who gets it, and want somebody in To."""
    wanted = {address_key(address): address for address in recipients}
    copied = copy.copy(mail)
    copied.bcc = []
    copied.to, copied.cc = (
        [entry for entry in entries if wanted.pop(address_key(parseaddr(entry)[1]), None)]
        for entries in (mail.to, mail.cc)
    )
    copied.to += wanted.values()
    if not copied.to:
        copied.to, copied.cc = copied.cc, []
    return copied


def _verdicts_of(status: Any, recipients: Sequence[str]) -> dict[str, Verdict]:
    """The verdicts from anymail's status: what a provider took and says nothing of is as good as queued."""
    said = {address_key(address): entry for address, entry in status.recipients.items()}
    verdicts = {}
    for address in recipients:
        entry = said.get(address_key(address))
        word = getattr(entry, "status", None) or "unknown"
        message_id = str(getattr(entry, "message_id", None) or "")
        is_final = word in ("rejected", "invalid", "failed")
        verdicts[address] = (permanent if is_final else accepted)(f"The provider says: {word}.", provider_id=message_id)
    return verdicts


def _verdict_of(error: Exception) -> Verdict:
    """What an exception means for everybody: an API that is out of reach, or set up wrongly, will be there later."""
    status = _http_status(error)
    if isinstance(error, AnymailAPIError):
        is_final = status is not None and 400 <= status < 500 and status not in _LATER
    else:
        # What anymail or Django cannot put into a mail: an address, a header, something the provider does not do.
        is_final = isinstance(error, (AnymailError, ValueError)) and not isinstance(error, ImproperlyConfigured)
    return (permanent if is_final else temporary)(str(error) or type(error).__name__)


def _http_status(error: Exception) -> int | None:
    """The status of the provider's answer, which Amazon's library has in a place of its own."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None
