"""The lists of the ticket API: which rows answer a question, and how they are shown."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from inboxops.api.pagination import Listing, by_moment
from inboxops.compiled import Question
from tickets.api.filters import FILTER_BACKENDS, SORT_KEYS
from tickets.api.representations import (
    EVENT_COLUMNS,
    MESSAGE_COLUMNS,
    TICKET_COLUMNS,
    event_json,
    message_json,
    ticket_json,
)
from tickets.models import Message, Ticket, TicketEvent
from tickets.querysets import TicketQuerySet

TIMELINE_KEYS = {"createdAt": by_moment("createdAt", "created_at")}


def _tickets(question: Question) -> TicketQuerySet:
    tickets = Ticket.objects.in_workspace(question["workspace"])
    for backend in FILTER_BACKENDS:
        tickets = backend().narrow(tickets, question)
    return tickets


def _of_ticket(model: type[Message] | type[TicketEvent]) -> Callable[[Question], QuerySet[Any]]:
    return lambda asked: model._default_manager.filter(workspace=asked["workspace"], ticket=asked["ticket"])


# Words that are searched for shape the question itself, and are seldom the same twice.
TICKETS = Listing(_tickets, TICKET_COLUMNS, ticket_json, SORT_KEYS, searches=("search",))
MESSAGES = Listing(_of_ticket(Message), MESSAGE_COLUMNS, message_json, TIMELINE_KEYS)
EVENTS = Listing(_of_ticket(TicketEvent), EVENT_COLUMNS, event_json, TIMELINE_KEYS)
