"""What becomes of outgoing mail, by whoever says so: a worker, a provider, a person."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.actors import Access, Actor
from inboxops.db import in_transaction
from inboxops.errors import NotFound
from tickets.actions.archive import bring_back
from tickets.actions.editing import TicketEdit, lock_ticket
from tickets.actions.transition import reopen
from tickets.errors import NothingToResend, NotMailed, TooLateToCancel
from tickets.models import Delivery, Message, Ticket
from tickets.outbox import wake_workers
from tickets.recipients import change_recipient, recipient_of, requeue, settle_recipients
from tickets.workflow import FINAL_DELIVERY_STATES, DeliveryState, EventKind, News

# Somebody has to look: the ticket is opened again for its assignee.
_FAILURES = (DeliveryState.FAILED, DeliveryState.BOUNCED)
_RESENDABLE = (DeliveryState.HELD, DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.CANCELLED)


@in_transaction
def settle_delivery(delivery: Delivery, *, state: DeliveryState, detail: str = "", actor: Actor) -> Delivery:
    """Note the final state of a delivery. A delivery that has one keeps it, but what was sent may still bounce.

    A failure opens the ticket again and takes it out of the archive. Records `delivery.settled` on the ticket that
    holds the message now, merged or not.
    """
    assert state in FINAL_DELIVERY_STATES, "Only a final state settles a delivery."
    with editing_delivery(delivery, actor=actor) as (edit, locked):
        if _may_follow(DeliveryState(locked.state), state):
            settle_recipients(locked, state, detail, edit.now)
            settle(edit, locked, state, detail)
    return locked


@in_transaction
def cancel_delivery(message: Message, *, actor: Actor) -> Delivery:
    """Stop the mail of a message for certain. Twice is harmless.

    Refuses a message that is not mailed (NotMailed), and one of which an attempt to send was begun (TooLateToCancel).
    Records `delivery.settled`.
    """
    with editing_delivery(_delivery_of(message, actor), actor=actor) as (edit, delivery):
        if delivery.state == DeliveryState.CANCELLED:
            return delivery
        if delivery.state not in (DeliveryState.QUEUED, DeliveryState.HELD) or delivery.attempts:
            raise TooLateToCancel(state=delivery.state)
        settle_recipients(delivery, DeliveryState.CANCELLED, "", edit.now)
        settle(edit, delivery, DeliveryState.CANCELLED, "")
    return delivery


@in_transaction
def resend_delivery(message: Message, *, actor: Actor) -> Delivery:
    """Send the mail of a message again to whoever has not got it: after a failure, a bounce, a stop, or while held.

    It is the same mail, with the same Message-ID. Refuses a message that is not mailed (NotMailed), and one that waits
    or has arrived (NothingToResend). Records `delivery.queued`.
    """
    with editing_delivery(_delivery_of(message, actor), actor=actor) as (edit, delivery):
        if delivery.state not in _RESENDABLE:
            raise NothingToResend(state=delivery.state)
        before = delivery.state
        requeue(delivery, edit.now)
        edit.record(EventKind.DELIVERY_QUEUED, messageId=str(message.pk), deliveryId=str(delivery.pk), before=before)
        wake_workers()
    return delivery


@in_transaction
def track_delivery(
    delivery: Delivery, *, address: str, news: News, code: int | None = None, detail: str = "", actor: Actor
) -> Delivery:
    """Note what a provider tells of one recipient. Twice is harmless, and so is another order.

    A bounce settles the delivery as bounced, which opens the ticket again; what was delivered may bounce all the same.
    A complaint is a mark beside the state. An address that is no recipient changes nothing. Records
    `delivery.settled` for a bounce, `delivery.complained` for a complaint, nothing for an arrival.
    """
    with editing_delivery(delivery, actor=actor) as (edit, locked):
        recipient = recipient_of(locked, address)
        if recipient is None:
            return locked
        told = {"messageId": str(locked.message_id), "deliveryId": str(locked.pk), "address": recipient["address"]}
        if news == News.COMPLAINED:
            if locked.complained_at is None:
                locked.complained_at = edit.now
                edit.record(EventKind.DELIVERY_COMPLAINED, **told)
            return locked
        is_over = locked.state in (DeliveryState.SENT, DeliveryState.FAILED)
        if change_recipient(recipient, news, code, detail, edit.now) and news == News.BOUNCED and is_over:
            settle(edit, locked, DeliveryState.BOUNCED, f"{recipient['address']}: {detail}")
    return locked


@contextmanager
def editing_delivery(delivery: Delivery, *, actor: Actor) -> Iterator[tuple[TicketEdit, Delivery]]:
    """The delivery, locked and read anew, with an edit of the ticket that holds its message now; both saved at the end.

    The ticket comes first: whatever locks both must do so in one order.
    """
    actor.must(Access.WRITE, delivery.workspace_id)
    edit = TicketEdit(_lock_ticket_of(delivery), actor)
    locked = (
        Delivery.objects.select_for_update(no_key=True).filter(workspace_id=delivery.workspace_id, pk=delivery.pk).get()
    )
    yield edit, locked
    locked.save()
    edit.save()


def settle(edit: TicketEdit, delivery: Delivery, state: DeliveryState, detail: str) -> None:
    """Within an edit: the final state, its event, and what follows for the ticket."""
    delivery.state, delivery.detail, delivery.settled_at = state, detail, edit.now
    delivery.run_at = delivery.claimed_by = None
    edit.record(
        EventKind.DELIVERY_SETTLED,
        messageId=str(delivery.message_id),
        deliveryId=str(delivery.pk),
        state=state,
        detail=detail,
    )
    if state in _FAILURES:
        reopen(edit, "A reply did not arrive.")
        bring_back(edit, reason="A reply did not arrive.")


def _may_follow(present: DeliveryState, state: DeliveryState) -> bool:
    return present not in FINAL_DELIVERY_STATES or (present, state) == (DeliveryState.SENT, DeliveryState.BOUNCED)


def _delivery_of(message: Message, actor: Actor) -> Delivery:
    """Raises NotFound for a message that is not there, NotMailed for one without a delivery."""
    actor.must(Access.WRITE, message.workspace_id)
    delivery = Delivery.objects.filter(workspace_id=message.workspace_id, message_id=message.pk).first()
    if delivery is not None:
        return delivery
    if not Message.objects.filter(workspace_id=message.workspace_id, pk=message.pk).exists():
        raise NotFound
    raise NotMailed


def _lock_ticket_of(delivery: Delivery) -> Ticket:
    """Lock the ticket that holds the message now: a merge or split may have moved it since we were given it."""
    messages = Message.objects.filter(workspace_id=delivery.workspace_id, pk=delivery.message_id)
    while True:
        ticket_id = messages.values_list("ticket_id", flat=True).get()
        ticket = lock_ticket(delivery.workspace_id, ticket_id)
        if messages.filter(ticket_id=ticket_id).exists():
            return ticket
