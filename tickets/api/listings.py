"""The lists of the ticket API: which rows answer a question, and how they are shown."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from inboxops.api.pagination import Listing, by_moment
from inboxops.compiled import Question
from tickets.api.filters import FILTER_BACKENDS, SORT_KEYS
from tickets.api.representations import (
    ATTACHMENT_COLUMNS,
    EVENT_COLUMNS,
    MESSAGE_COLUMNS,
    TICKET_COLUMNS,
    attachment_json,
    complete_messages,
    event_json,
    message_json,
    ticket_json,
)
from tickets.models import Attachment, Message, Ticket, TicketEvent
from tickets.querysets import TicketQuerySet

CREATED = {"createdAt": by_moment("createdAt", "created_at")}


def _tickets(question: Question) -> TicketQuerySet:
    tickets = Ticket.objects.in_workspace(question["workspace"])
    for backend in FILTER_BACKENDS:
        tickets = backend().narrow(tickets, question)
    return tickets


def _of_ticket(model: type[Message] | type[TicketEvent]) -> Callable[[Question], QuerySet[Any]]:
    return lambda asked: model._default_manager.filter(workspace=asked["workspace"], ticket=asked["ticket"])


def files_of_ticket(asked: Question) -> QuerySet[Any]:
    """Those of its messages, and those that wait for one: its own, and those of tickets merged into it.

    In three parts, each of which an index answers: of parts with `or` between them, none does.
    """
    workspace, ticket = asked["workspace"], asked["ticket"]
    attachments = Attachment.objects.filter(workspace=workspace)
    waiting = attachments.filter(message=None, confirmed_at__isnull=False)
    found = attachments.filter(message__workspace=workspace, message__ticket=ticket).values("pk")
    found = found.union(
        waiting.filter(ticket=ticket, ticket__merged_into=None).values("pk"),
        waiting.filter(ticket__workspace=workspace, ticket__merged_into=ticket).values("pk"),
        all=True,
    )
    return attachments.filter(pk__in=found)


# Words that are searched for shape the question itself, and are seldom the same twice.
TICKETS = Listing(_tickets, TICKET_COLUMNS, ticket_json, SORT_KEYS, searches=("search",))
MESSAGES = Listing(_of_ticket(Message), MESSAGE_COLUMNS, message_json, CREATED, complete=complete_messages)
TICKET_ATTACHMENTS = Listing(files_of_ticket, ATTACHMENT_COLUMNS, attachment_json, CREATED)
MESSAGE_ATTACHMENTS = Listing(
    lambda asked: Attachment.objects.filter(workspace=asked["workspace"], message=asked["message"]),
    ATTACHMENT_COLUMNS,
    attachment_json,
    CREATED,
)
EVENTS = Listing(_of_ticket(TicketEvent), EVENT_COLUMNS, event_json, CREATED)
