"""One attempt: from a claim to the servers' words. Reads rows, then sends; never both at once."""

import logging
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.core.mail import EmailMultiAlternatives
from django.db import connection

from tickets.actions.dispatch import Claim
from tickets.mail.compose import compose, sender_of
from tickets.mail.transport import Transport, transport_for
from tickets.models import Delivery
from tickets.verdicts import Answer, Verdict
from tickets.workflow import RecipientState
from workspaces.models import Mailbox

logger = logging.getLogger("inboxops.mail")


class Postman:
    """Sends deliveries. Connections to mail servers are kept for the next mail of the same mailbox."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[uuid.UUID | None, list[Transport]] = defaultdict(list)

    def deliver(self, claim: Claim) -> Mapping[str, Verdict]:
        """Send a delivery to all whom it has not reached, and answer what became of each."""
        delivery = (
            Delivery.objects.select_related("mailbox", "message__ticket", "message__user", "workspace")
            .filter(workspace_id=claim.workspace_id)
            .get(pk=claim.delivery_id)
        )
        recipients = [
            str(recipient["address"])
            for recipient in delivery.recipients
            if recipient["state"] == RecipientState.QUEUED
        ]
        try:
            mail = compose(delivery)
        except Exception as error:
            # A file that is gone, a mistake of ours: it may be mended, and until then somebody sees it waiting.
            logger.exception("The mail of delivery %s cannot be composed", delivery.pk)
            words = f"The mail cannot be composed: {type(error).__name__}."
            return {address: Verdict(Answer.TEMPORARY, None, words) for address in recipients}
        return self._send(delivery.mailbox, mail, sender_of(delivery), recipients)

    def close(self) -> None:
        """Take leave of all servers."""
        with self._lock:
            idle = [transport for transports in self._idle.values() for transport in transports]
            self._idle.clear()
        for transport in idle:
            transport.close()

    def _send(
        self, mailbox: Mailbox | None, mail: EmailMultiAlternatives, sender: str, recipients: Sequence[str]
    ) -> Mapping[str, Verdict]:
        # No connection to the database is held, and no transaction waits, while a server thinks.
        connection.close()
        key = None if mailbox is None else mailbox.pk
        with self._lock:
            transport = self._idle[key].pop() if self._idle[key] else None
        transport = transport or transport_for(mailbox)
        try:
            return transport.send(mail, sender=sender, recipients=recipients)
        finally:
            with self._lock:
                self._idle[key].append(transport)
