"""Outgoing mail as rows: who will get a reply, and the delivery that is stored with it."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from accounts.addresses import delivery_keys, wire_address
from inboxops.compiled import CompiledQuery
from inboxops.db import is_postgresql
from inboxops.errors import Invalid
from inboxops.ids import uuid7
from inboxops.rows import insert_rows
from tickets.errors import MailTooLarge
from tickets.html import text_to_html
from tickets.models import Attachment, Delivery, Message, Ticket
from tickets.proofs import MESSAGE_ID, prove
from tickets.texts import MAX_ADDRESSES, clean_addresses, leads_to, without_addresses
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

    Malformed addresses are refused even if nothing is sent; so is sending to nobody, to more than 100, and to a mailbox
    of the workspace itself, which would answer itself (Invalid). Such a mailbox among the ticket's CCs, where whoever
    wrote to several of them has put it, gets no copy.
    """
    mailboxes = _MAILBOXES.rows(ticket.workspace_id) if sending else []
    ours = {delivery_keys(mailbox.address)[0] for mailbox in mailboxes}
    to = clean_addresses(to_addresses or (), "/toAddresses", mailboxes=ours)
    if cc_addresses is None:
        cc = [address for address in ticket.ccs if not leads_to(address, ours)]
    else:
        cc = clean_addresses(cc_addresses, "/ccAddresses", mailboxes=ours)
    if not sending:
        return None
    if not to:
        to = [_requester_of(ticket, ours)]
    cc = without_addresses(cc, to)
    if len(to) + len(cc) > MAX_ADDRESSES:
        raise Invalid.at("/ccAddresses", "too_many", f"At most {MAX_ADDRESSES} addresses: choose the CCs.")
    mailbox = ticket.mailbox or next((mailbox for mailbox in mailboxes if mailbox.is_default), None)
    return Recipients(to, cc, make_message_id(ticket, mailbox), mailbox)


def _requester_of(ticket: Ticket, ours: Collection[str]) -> str:
    if ticket.requester is None:
        raise Invalid.because("/toAddresses", "no_recipient", "Nobody to send to: the ticket has no requester.")
    address: str = ticket.requester.email
    if leads_to(address, ours):
        raise Invalid.at("/toAddresses", "own_mailbox", "The requester is a mailbox of the workspace itself.")
    return address


_MAILBOXES = CompiledQuery(
    lambda workspace_id: Mailbox.objects.filter(workspace_id=workspace_id),
    Mailbox._meta.get_field("workspace_id"),
)


def make_message_id(ticket: Ticket, mailbox: Mailbox | None) -> str:
    """A new Message-ID (RFC 5322, section 3.6.4) below the domain of the mailbox that sends.

    It is signed: whoever answers with it has had a mail of this ticket (`tickets.mail.addresses`).
    """
    domain = wire_address(mailbox.address).rpartition("@")[2] if mailbox else settings.MAIL_DOMAIN
    proof = prove(uuid7().bytes + ticket.pk.bytes, purpose=MESSAGE_ID, workspace_id=ticket.workspace_id)
    return f"<{proof}@{domain}>"


# What surrounds a message in its mail: headers, boundaries, the signature and the history, which are all bounded.
_MAIL_FRAME = 1024 * 1024


def must_fit_a_mail(message: Message, attachments: Sequence[Attachment]) -> None:
    """Raises MailTooLarge when the mail of this message could be larger than mail servers take."""
    limit = settings.MAX_MAIL_SIZE
    if mail_size(message, attachments) > limit:
        raise MailTooLarge(
            f"With these files, the mail would be larger than {limit} bytes, as it is sent: send several.", limit=limit
        )


def mail_size(message: Message, attachments: Sequence[Attachment]) -> int:
    """How many bytes the mail of a message has at most: what is encoded takes 78 bytes for each 57."""
    texts = [message.body, message.body_html or text_to_html(message.body)]
    # An end of line is two characters in a mail.
    parts = [len(text.encode()) + text.count("\n") + text.count("\r") for text in texts]
    parts += [attachment.size for attachment in attachments]
    return _MAIL_FRAME + sum(-(-part // 57) * 78 for part in parts)


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
