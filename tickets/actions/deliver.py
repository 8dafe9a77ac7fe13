"""What became of an outgoing mail."""

from accounts.actors import Access, Actor
from inboxops.db import in_transaction
from tickets.actions.editing import TicketEdit, lock_ticket
from tickets.models import Delivery, Message, Ticket
from tickets.workflow import FINAL_DELIVERY_STATES, DeliveryState, EventKind


@in_transaction
def settle_delivery(delivery: Delivery, *, state: DeliveryState, detail: str = "", actor: Actor) -> Delivery:
    """Note the final state of a delivery. A delivery that has one keeps it, but what was sent may still bounce.

    Records `delivery.settled` on the ticket that holds the message now, merged or not.
    """
    assert state in FINAL_DELIVERY_STATES, "Only a final state settles a delivery."
    actor.must(Access.WRITE, delivery.workspace_id)
    message = delivery.message
    ticket = _lock_ticket_of(message)
    delivery = Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
    if not _may_follow(DeliveryState(delivery.state), state):
        return delivery
    edit = TicketEdit(ticket, actor)
    delivery.state, delivery.detail, delivery.settled_at = state, detail, edit.now
    delivery.save(update_fields=["state", "detail", "settled_at"])
    edit.record(
        EventKind.DELIVERY_SETTLED, messageId=str(message.pk), deliveryId=str(delivery.pk), state=state, detail=detail
    )
    edit.save()
    return delivery


def _may_follow(present: DeliveryState, state: DeliveryState) -> bool:
    return present not in FINAL_DELIVERY_STATES or (present, state) == (DeliveryState.SENT, DeliveryState.BOUNCED)


def _lock_ticket_of(message: Message) -> Ticket:
    """Lock the ticket that holds the message now: a merge or split may have moved it since we were given it."""
    messages = Message.objects.filter(workspace_id=message.workspace_id, pk=message.pk)
    while True:
        ticket_id = messages.values_list("ticket_id", flat=True).get()
        ticket = lock_ticket(message.workspace_id, ticket_id)
        if messages.filter(ticket_id=ticket_id).exists():
            return ticket
