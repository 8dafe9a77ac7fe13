"""What became of an outgoing mail."""

from accounts.actors import Actor
from inboxops.db import in_transaction
from tickets.actions.editing import TicketEdit, lock_tickets
from tickets.models import Delivery
from tickets.workflow import FINAL_DELIVERY_STATES, DeliveryState, EventKind


@in_transaction
def settle_delivery(delivery: Delivery, *, state: DeliveryState, detail: str = "", actor: Actor) -> Delivery:
    """Note the final state of a delivery. A delivery that has one keeps it: the first word counts.

    Records `delivery.settled` on the ticket that holds the message now, merged or not.
    """
    assert state in FINAL_DELIVERY_STATES, "Only a final state settles a delivery."
    message = delivery.message
    ticket = lock_tickets(delivery.workspace_id, [message.ticket_id])[message.ticket_id]
    delivery = Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
    if delivery.state in FINAL_DELIVERY_STATES:
        return delivery
    edit = TicketEdit(ticket, actor)
    delivery.state, delivery.detail, delivery.settled_at = state, detail, edit.now
    delivery.save(update_fields=["state", "detail", "settled_at"])
    edit.record(
        EventKind.DELIVERY_SETTLED, messageId=str(message.pk), deliveryId=str(delivery.pk), state=state, detail=detail
    )
    edit.save()
    return delivery
