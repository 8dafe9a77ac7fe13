"""The floor must do the same work: its answers are the product's, field by field."""

import json

import pytest
from django.test import RequestFactory

from benchmarks import floor
from tickets.actions import append_message, transition_ticket
from tickets.models import Message, Ticket, TicketEvent
from tickets.workflow import Status

pytestmark = pytest.mark.postgresql


@pytest.fixture
def answered(ticket, actor):
    """The ticket with a note, a mailed reply, and a date of closing."""
    append_message(ticket, body="Ask the shop.", is_internal=True, actor=actor)
    append_message(ticket, body="A new one is on its way.", send_email=True, actor=actor)
    return transition_ticket(ticket, to=Status.CLOSED, actor=actor)


def test_the_list_is_the_products(api, answered):
    bare = floor.tickets(RequestFactory().get("/", {"limit": "20"}), api.workspace.pk)

    assert json.loads(bare.content) == api.get("tickets", {"limit": 20}).json()


def test_the_detail_is_the_products(api, answered):
    bare = floor.ticket(RequestFactory().get("/"), api.workspace.pk, answered.pk)

    assert json.loads(bare.content) == api.get(f"tickets/{answered.pk}").json()


def test_a_new_ticket_has_a_number_a_message_and_an_event(api, ticket, contact):
    data = {"subject": "Lamp", "body": "It flickers.", "requester": {"email": contact.email}}

    bare = floor.tickets(RequestFactory().post("/", data, content_type="application/json"), api.workspace.pk)

    made = Ticket.objects.get(pk=json.loads(bare.content)["id"])
    assert (bare.status_code, made.number, made.subject) == (201, ticket.number + 1, "Lamp")
    assert Message.objects.get(ticket=made).body == "It flickers."
    assert TicketEvent.objects.get(ticket=made).kind == "ticket.created"


def test_a_message_changes_the_ticket_and_leaves_an_event(api, ticket):
    request = RequestFactory().post("/", {"body": "More."}, content_type="application/json")

    bare = floor.messages(request, api.workspace.pk, ticket.pk)

    before = ticket.version
    ticket.refresh_from_db()
    assert (bare.status_code, ticket.message_count, ticket.version) == (201, 2, before + 1)
    assert ticket.messages.last().body == "More."
    assert ticket.events.last().kind == "message.added"
