"""The tables of tickets. Rules are in `tickets.actions`; here is only what must never be false."""

from tickets.models.attachment import Attachment, FileUsage
from tickets.models.contact import Contact
from tickets.models.delivery import Delivery
from tickets.models.event import TicketEvent
from tickets.models.merge import Merge, MergedMessage
from tickets.models.message import Message
from tickets.models.search_document import SearchDocument
from tickets.models.ticket import Ticket, TicketCounter, TicketTag
from tickets.models.worker import Worker

__all__ = [
    "Attachment",
    "Contact",
    "Delivery",
    "FileUsage",
    "Merge",
    "MergedMessage",
    "Message",
    "SearchDocument",
    "Ticket",
    "TicketCounter",
    "TicketEvent",
    "TicketTag",
    "Worker",
]
