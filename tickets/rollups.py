"""The columns of a ticket that follow from its messages, computed in one place."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q

from tickets.models import Message
from tickets.workflow import AuthorKind


@dataclass(frozen=True)
class Rollups:
    """What the messages of a ticket say about it."""

    message_count: int
    last_message_at: dt.datetime | None
    first_replied_at: dt.datetime | None


def rollups_of(ticket_id: uuid.UUID, workspace_id: uuid.UUID) -> Rollups:
    """Count the messages now in the ticket: two queries.

    `first_replied_at` is the first public message of an agent after the first one of a customer.
    """
    messages = Message.objects.filter(workspace_id=workspace_id, ticket_id=ticket_id)
    found = messages.aggregate(
        count=Count("id"),
        last=Max("created_at"),
        asked=Min("created_at", filter=Q(author_kind=AuthorKind.CUSTOMER)),
    )
    replied = None
    if found["asked"] is not None:
        replied = messages.filter(
            author_kind=AuthorKind.AGENT, is_internal=False, created_at__gte=found["asked"]
        ).aggregate(first=Min("created_at"))["first"]
    return Rollups(found["count"], found["last"], replied)
