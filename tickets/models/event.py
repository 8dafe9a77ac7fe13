"""The timeline of a ticket."""

from django.db import models

from accounts.events import EventBase
from tickets.models.ticket import Ticket
from workspaces.models import TenantModel


class TicketEvent(EventBase, TenantModel):
    """Something that happened to a ticket: append-only, the same rows for API, admin and commands."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events", db_index=False)

    class Meta(EventBase.Meta):
        indexes = [models.Index(fields=["workspace", "ticket", "created_at", "id"], name="ticket_event_timeline")]
