"""The states of a ticket and the moves between them. Pure: no database."""

from django.db import models


class Status(models.TextChoices):
    """Where the conversation stands."""

    OPEN = "open"
    PENDING = "pending"
    CLOSED = "closed"


TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    Status.OPEN: (Status.PENDING, Status.CLOSED),
    Status.PENDING: (Status.OPEN, Status.CLOSED),
    Status.CLOSED: (Status.OPEN,),
}

ACTIVE = (Status.OPEN, Status.PENDING)


class Priority(models.IntegerChoices):
    """How urgent."""

    # Stored as numbers, so that sorting is by urgency.
    LOW = 1, "low"
    NORMAL = 2, "normal"
    HIGH = 3, "high"
    URGENT = 4, "urgent"

    @classmethod
    def named(cls, name: str) -> "Priority":
        """The priority called `name`. Raises KeyError for an unknown one."""
        return cls[name.upper()]


class Channel(models.TextChoices):
    """The way a ticket or a message came in."""

    API = "api"
    EMAIL = "email"
    ADMIN = "admin"
    IMPORT = "import"


class AuthorKind(models.TextChoices):
    """Whose words a message holds."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class DeliveryState(models.TextChoices):
    """Where an outgoing mail stands."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"


# A worker will take it, or is at it.
WAITING_DELIVERY_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING)

FINAL_DELIVERY_STATES = (
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.BOUNCED,
    DeliveryState.CANCELLED,
)


class RecipientState(models.TextChoices):
    """What became of a mail for one recipient."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"


class News(models.TextChoices):
    """What a mail provider tells later of a mail that it took."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class EventKind(models.TextChoices):
    """Everything that can stand in a ticket's timeline."""

    CREATED = "ticket.created"
    STATUS_CHANGED = "ticket.status_changed"
    ASSIGNED = "ticket.assigned"
    PRIORITY_CHANGED = "ticket.priority_changed"
    TAGS_CHANGED = "ticket.tags_changed"
    SUBJECT_CHANGED = "ticket.subject_changed"
    REQUESTER_CHANGED = "ticket.requester_changed"
    CCS_CHANGED = "ticket.ccs_changed"
    ARCHIVED = "ticket.archived"
    UNARCHIVED = "ticket.unarchived"
    MERGED = "ticket.merged"
    UNMERGED = "ticket.unmerged"
    SPLIT = "ticket.split"
    MESSAGE_ADDED = "message.added"
    ATTACHMENT_UPLOADED = "attachment.uploaded"
    ATTACHMENT_DISCARDED = "attachment.discarded"
    DELIVERY_SETTLED = "delivery.settled"
    DELIVERY_QUEUED = "delivery.queued"
    DELIVERY_HELD = "delivery.held"
    DELIVERY_COMPLAINED = "delivery.complained"
