"""The addresses of an outgoing mail, and those by which its answers find the ticket again.

A reply address is `support+t.<proof>@acme.example`: whoever was given it may write to that one ticket. A Message-ID of
ours holds a proof of its own (`tickets.outbox`), for mail programs that answer to From or lose what is behind the `+`.
"""

import uuid

from accounts.addresses import LOCAL_LENGTH
from tickets.models import Delivery, Ticket
from tickets.proofs import MESSAGE_ID, REPLY_ADDRESS, prove, proven
from workspaces.models import Mailbox

_MARK = "+t."
_UUID_BYTES = 16


def reply_address(ticket: Ticket, mailbox: Mailbox) -> str:
    """Where answers to mails of this ticket go: the mailbox's address with a proof of the ticket in it.

    An address that has no room for it (more than 19 characters before the @: RFC 5321 allows 64 in all) or is quoted
    stays as it is. Answers then find the ticket by the Message-ID they answer, which is proof as well.
    """
    local, _, domain = mailbox.address.rpartition("@")
    proof = prove(ticket.pk.bytes, purpose=REPLY_ADDRESS, workspace_id=ticket.workspace_id)
    signed = f"{local}{_MARK}{proof}"
    if len(signed) > LOCAL_LENGTH or local.startswith('"'):
        return mailbox.address
    return f"{signed}@{domain}"


def ticket_of_reply_address(address: str, *, workspace_id: uuid.UUID) -> uuid.UUID | None:
    """The ticket that a reply address of this workspace was made for, in any case; None for any other address.

    The ticket may have been merged since.
    """
    local = address.rpartition("@")[0].lower()
    _, mark, proof = local.rpartition(_MARK)
    if not mark:
        return None
    content = proven(proof, purpose=REPLY_ADDRESS, workspace_id=workspace_id)
    return uuid.UUID(bytes=content) if content is not None and len(content) == _UUID_BYTES else None


def ticket_of_message_id(message_id: str, *, workspace_id: uuid.UUID) -> uuid.UUID | None:
    """The ticket in which a mail of ours with this Message-ID was written; None for any other Message-ID.

    Where it is now, after a merge or a split, its message says (`Message.internet_message_id`).
    """
    proof = message_id.strip().removeprefix("<").partition("@")[0]
    content = proven(proof, purpose=MESSAGE_ID, workspace_id=workspace_id)
    # A random half makes each its own, the other is the ticket.
    return uuid.UUID(bytes=content[_UUID_BYTES:]) if content is not None and len(content) == 2 * _UUID_BYTES else None


def to_of(delivery: Delivery) -> list[str]:
    """The addresses in To."""
    return delivery.addresses("to")


def cc_of(delivery: Delivery) -> list[str]:
    """The addresses in Cc."""
    return delivery.addresses("cc")


def mailbox_of(delivery: Delivery) -> Mailbox | None:
    """The mailbox that a delivery leaves from; None where the workspace had none."""
    return delivery.mailbox


def signature_of(mailbox: Mailbox) -> str:
    """The text below every mail of a mailbox."""
    return mailbox.signature
