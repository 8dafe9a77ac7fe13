"""The columns of a ticket that follow from its messages, computed in one place."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q, Subquery

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

    `first_replied_at` is the first public message of an agent after the first one of a customer. Where clocks
    disagree, two messages may bear one moment: then their ids tell which was first, as in every list of them.
    """
    messages = Message.objects.filter(workspace_id=workspace_id, ticket_id=ticket_id)
    found = messages.aggregate(
        count=Count("id"),
        last=Max("created_at"),
        asked=Min("created_at", filter=Q(author_kind=AuthorKind.CUSTOMER)),
    )
    replied = None
    if found["asked"] is not None:
        first = messages.filter(author_kind=AuthorKind.CUSTOMER).order_by("created_at", "id").values("id")[:1]
        later = Q(created_at__gt=found["asked"]) | Q(created_at=found["asked"], id__gt=Subquery(first))
        replies = messages.filter(later, author_kind=AuthorKind.AGENT, is_internal=False)
        replied = replies.aggregate(first=Min("created_at"))["first"]
    return Rollups(found["count"], found["last"], replied)
