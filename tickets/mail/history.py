"""What went by mail before a message: what it answers, and what it quotes.

Quoted is only what passed between people who take part in the ticket: its requester, its CCs, and members of the
workspace; to customers, nothing that passed between members alone. Notes have no part in any of this, nor has what was
said elsewhere and only written down here, nor a mail that never left.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.addresses import address_key
from tickets.mail.addresses import cc_of, to_of
from tickets.models import Message, Ticket
from tickets.workflow import AuthorKind, Channel, DeliveryState
from workspaces.models import Membership

# How many mails are quoted at most, the last ones.
QUOTED = 3
# Ours are half as long; what others made is repeated only if it is one, and of a length that any header can hold.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,300}>")
# RFC 5322 bounds a line, and a header of many lines not at all; yet some programs read it as one.
_REFERENCES_LENGTH = 900
_LATEST = 20

_NEVER_LEFT = (DeliveryState.FAILED, DeliveryState.CANCELLED)
_BY_MAIL = Q(author_kind=AuthorKind.CUSTOMER, channel=Channel.EMAIL) | (
    Q(delivery__isnull=False) & ~Q(delivery__state__in=_NEVER_LEFT)
)


@dataclass(frozen=True)
class History:
    """What a mail has to do with those before it."""

    references: list[str]
    """Message-IDs, oldest first; the last one is what it answers."""
    quoted: list[Message]
    """Newest first."""
    is_reply: bool
    """Whether anything was said before that its addressees, or the customer, know of."""


def history_of(message: Message, addressees: Sequence[str], *, quote_anyway: bool = False) -> History:
    """What went before this message, as far as these addressees may learn of it.

    To somebody who does not take part in the ticket nothing is quoted, and only Message-IDs of our own are named: what
    others wrote, and through which servers, is not told to strangers. With `quote_anyway` they are none.
    """
    mails = earlier(message).filter(_BY_MAIL)
    last = list(mails.select_related("contact", "delivery")[:QUOTED])
    people = [_people(mail) for mail in last]
    keys = _keys(addressees)
    circle = _circle_of(message.ticket, keys.union(*people))
    known = circle.everybody | keys if quote_anyway else circle.everybody
    are_strangers = not keys <= known
    found = _references(mails.filter(delivery__isnull=False) if are_strangers else mails) if last else []
    return History(
        references=found,
        quoted=[]
        if are_strangers
        else [
            mail
            for mail, persons in zip(last, people, strict=True)
            # What passed between others is theirs, and what passed between colleagues is not for customers.
            if persons <= known and (keys <= circle.members or not persons <= circle.members)
        ],
        is_reply=bool(found) or earlier(message).filter(author_kind=AuthorKind.CUSTOMER).exists(),
    )


def earlier(message: Message) -> QuerySet[Message]:
    """The public messages before this one where it is now, after merges and splits: the newest first."""
    before = Q(created_at__lt=message.created_at) | Q(created_at=message.created_at, pk__lt=message.pk)
    return Message.objects.filter(
        before, workspace_id=message.workspace_id, ticket_id=message.ticket_id, is_internal=False
    ).order_by("-created_at", "-pk")


def _references(mails: QuerySet[Message]) -> list[str]:
    """The Message-IDs of these mails, oldest first: the oldest of all, and the latest that there is room for.

    The oldest keeps the conversation together for whoever comes into it later, and for programs that look no further.
    """
    ids = mails.filter(internet_message_id__isnull=False).values_list("internet_message_id", flat=True)
    found = [*ids[:_LATEST], *ids.reverse()[:1]]
    # A merge may have brought the same mail twice, once for each mailbox that got it.
    newest_first = list(dict.fromkeys(item for item in found if item and _MESSAGE_ID.fullmatch(item)))
    if not newest_first:
        return []
    *latest, oldest = newest_first
    kept = [oldest]
    room = _REFERENCES_LENGTH - len(oldest)
    for item in latest:
        room -= len(item) + 1
        if room < 0:
            break
        kept.insert(1, item)
    return kept


@dataclass(frozen=True)
class _Circle:
    """Who takes part in a ticket, by the keys of their addresses."""

    everybody: set[str]
    members: set[str]
    """Of the workspace, and not here as the customer."""


def _circle_of(ticket: Ticket, keys: set[str]) -> _Circle:
    """The requester, the CCs, and the members of the workspace that are among these keys, or among the CCs."""
    ccs = _keys(ticket.ccs)
    found = Membership.objects.filter(
        workspace_id=ticket.workspace_id, user__is_active=True, user__email__lower__in=keys | ccs
    )
    members = _keys(found.values_list("user__email", flat=True))
    requester = set() if ticket.requester is None else {ticket.requester.email_key}
    return _Circle(everybody=requester | ccs | members, members=members - requester)


def _people(mail: Message) -> set[str]:
    """The keys of those whom a mail passed between, but for the workspace itself."""
    if mail.contact is not None:
        return {mail.contact.email_key}
    return _keys([*to_of(mail.delivery), *cc_of(mail.delivery)])


def _keys(addresses: Iterable[str]) -> set[str]:
    return {address_key(address) for address in addresses}
