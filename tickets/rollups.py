"""The columns of a ticket that follow from its messages, computed in one place."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Subquery

from inboxops.compiled import CompiledQuery
from tickets.models import Message
from tickets.workflow import AuthorKind


@dataclass(frozen=True)
class Rollups:
    """What the messages of a ticket say about it."""

    message_count: int
    last_message_at: dt.datetime | None
    first_replied_at: dt.datetime | None


def _counted(workspace_id: uuid.UUID, ticket_id: uuid.UUID) -> QuerySet[Message, Any]:
    """Count, last moment and first reply; no row where there are no messages."""
    messages = Message.objects.filter(workspace_id=workspace_id, ticket_id=ticket_id)
    asked = messages.filter(author_kind=AuthorKind.CUSTOMER).order_by("created_at", "id")
    asked_at = Subquery(asked.values("created_at")[:1])
    later = Q(created_at__gt=asked_at) | Q(created_at=asked_at, id__gt=Subquery(asked.values("id")[:1]))
    replied = Min("created_at", filter=Q(later, author_kind=AuthorKind.AGENT, is_internal=False))
    grouped = messages.order_by().values("ticket_id")
    return grouped.annotate(count=Count("id"), last=Max("created_at"), replied=replied).values_list(
        "count", "last", "replied"
    )


_COUNTED = CompiledQuery(_counted, Message._meta.get_field("workspace_id"), Message._meta.get_field("ticket_id"))


def rollups_of(ticket_id: uuid.UUID, workspace_id: uuid.UUID) -> Rollups:
    """Count the messages now in the ticket: one statement.

    `first_replied_at` is the first public message of an agent after the first one of a customer. Where clocks
    disagree, two messages may bear one moment: then their ids tell which was first, as in every list of them.
    """
    return Rollups(*(_COUNTED.first(workspace_id, ticket_id) or (0, None, None)))
