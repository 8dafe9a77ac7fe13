import pytest

from inboxops.errors import NotFound
from inboxops.tests.factories import TicketFactory
from tickets.actions import append_message, merge_tickets, settle_delivery
from tickets.models import Delivery, TicketEvent
from tickets.workflow import DeliveryState
from workspaces.permissions import member_actor


@pytest.fixture
def delivery(ticket, actor):
    append_message(ticket, body="Hello", send_email=True, actor=actor)
    return Delivery.objects.get()


def test_the_outcome_shows_on_the_message_and_in_the_timeline(api, ticket, delivery, actor):
    settle_delivery(delivery, state=DeliveryState.FAILED, detail="550 No such user", actor=actor)

    shown = api.get(f"tickets/{ticket.pk}").json()["messages"][-1]["delivery"]
    assert (shown["state"], shown["detail"]) == ("failed", "550 No such user")
    assert shown["settledAt"] is not None
    assert TicketEvent.objects.get(kind="delivery.settled").data["state"] == "failed"


def test_the_first_outcome_counts(delivery, actor):
    settle_delivery(delivery, state=DeliveryState.FAILED, actor=actor)

    assert settle_delivery(delivery, state=DeliveryState.SENT, actor=actor).state == DeliveryState.FAILED
    assert TicketEvent.objects.filter(kind="delivery.settled").count() == 1


def test_what_was_sent_may_still_bounce(delivery, actor):
    settle_delivery(delivery, state=DeliveryState.SENT, actor=actor)

    assert settle_delivery(delivery, state=DeliveryState.BOUNCED, actor=actor).state == DeliveryState.BOUNCED


def test_the_event_lands_where_the_message_is_now(workspace, ticket, delivery, actor):
    # The caller may have read the delivery, with its message, long before.
    assert delivery.message.ticket_id == ticket.pk
    other = TicketFactory(workspace=workspace)
    merge_tickets(ticket, other, actor=actor)

    settle_delivery(delivery, state=DeliveryState.SENT, actor=actor)

    assert TicketEvent.objects.get(kind="delivery.settled").ticket_id == other.pk


def test_an_outsider_settles_nothing(delivery, outsider):
    with pytest.raises(NotFound):
        settle_delivery(delivery, state=DeliveryState.SENT, actor=member_actor(outsider, "api"))
