"""Outgoing mail as rows: who will get a reply, and the delivery that is stored with it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from inboxops.compiled import CompiledQuery
from inboxops.db import is_postgresql
from inboxops.errors import Invalid
from inboxops.ids import uuid7
from inboxops.rows import insert_rows
from tickets.models import Delivery, Message, Ticket
from tickets.texts import MAX_ADDRESSES, clean_addresses, without_addresses
from tickets.workflow import DeliveryState, RecipientState
from workspaces.models import Mailbox


@dataclass(frozen=True)
class Recipients:
    """Who gets a mail, and the Message-ID it will have however often it is tried."""

    to: list[str]
    cc: list[str]
    internet_message_id: str
    mailbox: Mailbox | None


def resolve_recipients(
    ticket: Ticket, to_addresses: Sequence[str] | None, cc_addresses: Sequence[str] | None, *, sending: bool
) -> Recipients | None:
    """To: the addresses given, else the requester. Cc: the addresses given, else the ticket's CCs. None if not sending.

    Malformed addresses are refused even if nothing is sent; so is sending to nobody or to more than 100 (Invalid).
    """
    to = clean_addresses(to_addresses or (), "/toAddresses")
    cc = ticket.ccs if cc_addresses is None else clean_addresses(cc_addresses, "/ccAddresses")
    if not sending:
        return None
    if not to:
        if ticket.requester is None:
            raise Invalid.because("/toAddresses", "no_recipient", "Nobody to send to: the ticket has no requester.")
        to = [ticket.requester.email]
    cc = without_addresses(cc, to)
    if len(to) + len(cc) > MAX_ADDRESSES:
        raise Invalid.at("/ccAddresses", "too_many", f"At most {MAX_ADDRESSES} addresses: choose the CCs.")
    mailbox = ticket.mailbox or _DEFAULT_MAILBOX.first(ticket.workspace_id)
    return Recipients(to, cc, make_message_id(ticket, mailbox), mailbox)


_DEFAULT_MAILBOX = CompiledQuery(
    lambda workspace_id: Mailbox.objects.filter(workspace_id=workspace_id, is_default=True),
    Mailbox._meta.get_field("workspace_id"),
)


def make_message_id(ticket: Ticket, mailbox: Mailbox | None) -> str:
    """A new Message-ID (RFC 5322, section 3.6.4) below the domain of the mailbox that sends."""
    domain = mailbox.address.rpartition("@")[2] if mailbox else settings.MAIL_DOMAIN
    return f"<{uuid7().hex}.{ticket.pk.hex}@{domain}>"


def queue_delivery(message: Message, recipients: Recipients, *, now: dt.datetime) -> Delivery:
    """Store the delivery of a message, in the transaction that stores the message."""
    people = [*((address, "to") for address in recipients.to), *((address, "cc") for address in recipients.cc)]
    delivery = Delivery(
        workspace_id=message.workspace_id,
        message=message,
        mailbox=recipients.mailbox,
        state=DeliveryState.QUEUED,
        internet_message_id=recipients.internet_message_id,
        recipients=[
            {"address": address, "kind": kind, "state": RecipientState.QUEUED, "code": None, "detail": "", "at": None}
            for address, kind in people
        ],
        created_at=now,
        queued_at=now,
        run_at=now + settings.SEND_DELAY,
    )
    insert_rows([delivery])
    wake_workers()
    return delivery


CHANNEL = "inboxops_outbox"


def wake_workers() -> None:
    """Tell the workers, at commit, that there is something to do. Those on SQLite look by themselves."""
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
