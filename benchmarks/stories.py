"""The life of a ticket, told as the rows that the product's actions would have written for it."""

import datetime as dt
import uuid
from collections import defaultdict
from random import Random
from typing import Any

from django.db.models import Model

from accounts.actors import Door
from benchmarks.desks import Desk, Member, some_tags, uuid7_at
from benchmarks.words import RARE_WORD, some_text, some_words
from inboxops.timestamps import in_iso
from tickets.models import Contact, Delivery, Message, Ticket, TicketEvent, TicketTag
from tickets.workflow import AuthorKind, Channel, DeliveryState, EventKind, Priority, Status

LONG_TICKET_MESSAGES = 500
# In how many tickets of a workspace the rare word stands.
RARE_TICKETS = 10

Rows = dict[type[Model], list[Any]]


class Story:
    """One ticket with its messages and events, from its first message to its last. The rows go into `rows`."""

    def __init__(self, desk: Desk, number: int, moment: dt.datetime, chance: Random) -> None:
        self.desk, self.chance, self.now = desk, chance, moment
        self.rows: Rows = defaultdict(list)
        self._made = 0
        by_mail = chance.random() < 0.6
        self.customer = desk.customer(chance) if by_mail or chance.random() < 0.9 else None
        self.ticket = Ticket(
            id=self._id(),
            workspace_id=desk.workspace_id,
            number=number,
            subject=" ".join(some_words(chance, chance.randint(3, 9))).capitalize(),
            status=Status.OPEN.value,
            priority=chance.choices((Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT), (15, 65, 15, 5))[
                0
            ].value,
            requester=self.customer,
            ccs=[desk.customer(chance).email] if chance.random() < 0.1 else [],
            tags=some_tags(chance),
            mailbox_id=desk.mailbox_id if by_mail else None,
            channel=(Channel.EMAIL if by_mail else Channel.API).value,
            message_count=0,
            last_message_at=moment,
            created_at=moment,
            updated_at=moment,
            version=1,
        )
        self.rows[Ticket].append(self.ticket)
        self.rows[TicketTag] += [
            TicketTag(id=self._id(), workspace_id=desk.workspace_id, ticket_id=self.ticket.pk, key=tag)
            for tag in self.ticket.tags
        ]

    def tell(self, length: int, *, rare: bool, ends: bool) -> None:
        """The whole story: so many messages, with a rare word in the first one; closed at the end, if it `ends`."""
        self._begin(rare)
        if self.chance.random() < 0.8:
            self._assign(self.desk.someone(self.chance))
        pause = dt.timedelta(hours=6 if length < LONG_TICKET_MESSAGES else 1)
        for _ in range(length - 1):
            self.now += dt.timedelta(minutes=2) + pause * self.chance.expovariate(1)
            self._go_on()
        if ends and self.chance.random() < 0.85:
            self._end()

    def _begin(self, rare: bool) -> None:
        ticket = self.ticket
        by_mail = ticket.channel == Channel.EMAIL
        message = self._message(self.customer, author=self.desk.members[0], is_internal=False)
        if rare:
            message.body += f" {RARE_WORD}."
            message.size = len(message.body)
        self._event(
            EventKind.CREATED,
            None if by_mail else self.desk.members[0],
            subject=ticket.subject,
            status=ticket.status,
            priority=Priority(ticket.priority).label,
            assigneeId=None,
            requester=self.customer.email if self.customer else None,
            tags=ticket.tags,
            ccs=ticket.ccs,
            messageId=str(message.pk),
        )

    def _go_on(self) -> None:
        kind = self.chance.random()
        if kind < 0.35 and self.customer is not None:
            self._customer_writes()
        else:
            self._agent_writes(is_internal=kind > 0.85)

    def _customer_writes(self) -> None:
        message = self._message(self.customer, author=None, is_internal=False)
        author = None if self.ticket.channel == Channel.EMAIL else self.desk.members[0]
        self._added(message, author, sent=False)
        if self.ticket.status == Status.PENDING:
            self._set_status(Status.OPEN, author, "The customer wrote.")
        self._changed()

    def _agent_writes(self, *, is_internal: bool) -> None:
        ticket, author = self.ticket, self.desk.someone(self.chance)
        message = self._message(None, author=author, is_internal=is_internal)
        sent = ticket.channel == Channel.EMAIL and not is_internal
        if sent:
            message.internet_message_id = f"<{message.pk.hex}.{ticket.pk.hex}@{self.desk.slug}.example>"
        self._added(message, author, sent=sent)
        if not is_internal:
            if ticket.first_replied_at is None and self.customer is not None:
                ticket.first_replied_at = self.now
            if ticket.status == Status.OPEN and self.chance.random() < 0.5:
                self._set_status(Status.PENDING, author, "")
        self._changed()
        if sent:
            self._deliver(message)

    def _addressees(self) -> list[tuple[str, str]]:
        assert self.customer is not None
        ccs = [cc for cc in self.ticket.ccs if cc != self.customer.email]
        return [(self.customer.email, "to"), *((cc, "cc") for cc in ccs)]

    def _deliver(self, message: Message) -> None:
        assert self.customer is not None
        assert message.internet_message_id is not None
        states = (DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.FAILED)
        state = self.chance.choices(states, (97, 2, 1))[0]
        queued_at, self.now = self.now, self.now + dt.timedelta(seconds=5)
        delivery = Delivery(
            id=self._id(),
            workspace_id=self.desk.workspace_id,
            message_id=message.pk,
            state=state.value,
            internet_message_id=message.internet_message_id,
            recipients=[
                {
                    "address": address,
                    "kind": kind,
                    "state": state.value,
                    "code": 250 if state == DeliveryState.SENT else 550,
                    "detail": "",
                    "at": in_iso(self.now),
                }
                for address, kind in self._addressees()
            ],
            attempts=[{"at": in_iso(queued_at), "seconds": 0.2, "detail": ""}],
            created_at=queued_at,
            queued_at=queued_at,
            settled_at=self.now,
        )
        self.rows[Delivery].append(delivery)
        self._event(
            EventKind.DELIVERY_SETTLED,
            None,
            messageId=str(message.pk),
            deliveryId=str(delivery.pk),
            state=state.value,
            detail="",
        )
        self._changed()

    def _assign(self, member: Member) -> None:
        self.ticket.assignee_id = member.user_id
        self._event(EventKind.ASSIGNED, member, before=None, after=str(member.user_id))
        self._changed()

    def _end(self) -> None:
        member = self.desk.someone(self.chance)
        self.now += dt.timedelta(hours=1)
        self._set_status(Status.CLOSED, member, "")
        self.ticket.closed_at = self.now
        self._changed()
        if self.chance.random() < 0.2:
            self.now += dt.timedelta(hours=1)
            self.ticket.archived_at = self.now
            self._event(EventKind.ARCHIVED, member)
            self._changed()

    # What the chapters share

    def _id(self) -> uuid.UUID:
        self._made += 1
        return uuid7_at(self.now, self._made, self.chance.getrandbits(62))

    def _message(self, customer: Contact | None, *, author: Member | None, is_internal: bool) -> Message:
        ticket = self.ticket
        body = some_text(self.chance, self.chance.randint(20, 90))
        message = Message(
            id=self._id(),
            workspace_id=ticket.workspace_id,
            ticket_id=ticket.pk,
            origin_ticket_id=ticket.pk,
            author_kind=(AuthorKind.CUSTOMER if customer else AuthorKind.AGENT).value,
            user_id=None if customer or author is None else author.user_id,
            contact_id=customer.pk if customer else None,
            is_internal=is_internal,
            channel=ticket.channel,
            body=body,
            size=len(body),
            created_at=self.now,
        )
        self.rows[Message].append(message)
        ticket.message_count += 1
        ticket.last_message_at = self.now
        return message

    def _added(self, message: Message, author: Member | None, *, sent: bool) -> None:
        self._event(
            EventKind.MESSAGE_ADDED,
            author,
            messageId=str(message.pk),
            author=message.author_kind,
            isInternal=message.is_internal,
            sendEmail=sent,
        )

    def _set_status(self, status: Status, by: Member | None, reason: str) -> None:
        self._event(EventKind.STATUS_CHANGED, by, before=self.ticket.status, after=status.value, reason=reason)
        self.ticket.status = status.value

    def _event(self, kind: EventKind, by: Member | None, /, **data: Any) -> None:
        """Something that a member did by the API, or nobody in particular by mail."""
        made = self._id()
        self.rows[TicketEvent].append(
            TicketEvent(
                id=made,
                workspace_id=self.desk.workspace_id,
                ticket_id=self.ticket.pk,
                kind=kind.value,
                data=data,
                door=(Door.API if by else Door.MAIL).value,
                actor_id=by.user_id if by else None,
                actor_label=by.email if by else "mail",
                token_id=self.desk.token_id if by else None,
                request_id=made.hex if by else "",
                created_at=self.now,
            )
        )

    def _changed(self) -> None:
        """At the end of each transaction but the first."""
        self.ticket.version += 1
        self.ticket.updated_at = self.now
