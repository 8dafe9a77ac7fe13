"""One attempt: from a claim to the servers' words. Reads rows, then sends; never both at once."""

import logging
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.core.mail import EmailMessage
from django.db import connection

from accounts.addresses import wire_address
from tickets.actions.dispatch import Claim
from tickets.mail.compose import NEEDED, CannotCompose, compose
from tickets.mail.transport import Transport, transport_for
from tickets.models import Delivery
from tickets.verdicts import Verdict, permanent, temporary
from tickets.workflow import RecipientState
from workspaces.models import Mailbox

logger = logging.getLogger("inboxops.mail")


class Postman:
    """Sends deliveries. Connections to mail servers are kept for the next mail of the same mailbox."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[uuid.UUID, list[Transport]] = defaultdict(list)

    def deliver(self, claim: Claim) -> Mapping[str, Verdict]:
        """Send a delivery to all whom it has not reached, and answer what became of each, by address."""
        deliveries = Delivery.objects.select_related("mailbox", *NEEDED)
        delivery = deliveries.get(workspace_id=claim.workspace_id, pk=claim.delivery_id)
        addresses = [
            str(recipient["address"])
            for recipient in delivery.recipients
            if recipient["state"] == RecipientState.QUEUED
        ]
        try:
            mail = compose(delivery)
        except CannotCompose as error:
            return dict.fromkeys(addresses, permanent(str(error)))
        except Exception as error:
            # The store of files may be away; or it is a mistake of ours, which may be mended.
            logger.exception("The mail of delivery %s cannot be composed", delivery.pk)
            return dict.fromkeys(addresses, temporary(f"The mail cannot be composed now: {type(error).__name__}."))
        assert delivery.mailbox is not None, "What has no mailbox cannot be composed."
        mail.metadata = {"delivery": str(delivery.pk)}
        sent = {address: wire_address(address) for address in addresses}
        verdicts = self._send(delivery.mailbox, mail, list(sent.values()))
        return {address: verdicts[wire] for address, wire in sent.items()}

    def close(self) -> None:
        """Take leave of all servers."""
        with self._lock:
            idle = [transport for transports in self._idle.values() for transport in transports]
            self._idle.clear()
        for transport in idle:
            transport.close()

    def _send(self, mailbox: Mailbox, mail: EmailMessage, recipients: Sequence[str]) -> Mapping[str, Verdict]:
        # No connection to the database is held, and no transaction waits, while a server thinks.
        assert not connection.in_atomic_block, "No mail leaves within a transaction."
        connection.close()
        with self._lock:
            transport = self._idle[mailbox.pk].pop() if self._idle[mailbox.pk] else None
        transport = transport or transport_for(mailbox)
        try:
            return transport.send(mail, sender=wire_address(mailbox.address), recipients=recipients)
        finally:
            with self._lock:
                self._idle[mailbox.pk].append(transport)
