"""The ticket: one conversation, with the properties that lists sort and filter by."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.models.contact import Contact
from tickets.querysets import TicketQuerySet
from tickets.workflow import Channel, Priority, Status
from workspaces.models import Mailbox, TenantModel, Workspace

SUBJECT_LENGTH = 500
TAG_LENGTH = 50
# What nearly every list asks of a ticket, whatever its order.
_ASKED_BESIDES = ("status", "archived_at", "merged_into")


class Ticket(TenantModel):
    """A conversation with a customer, or about one.

    `tags` and `ccs` are lists of strings as first written; `TicketTag` repeats the tags for filtering.
    `message_count`, `last_message_at` and `first_replied_at` follow from the messages (`tickets.rollups`).
    """

    number = models.PositiveBigIntegerField()
    subject = models.CharField(max_length=SUBJECT_LENGTH)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    requester = models.ForeignKey(Contact, on_delete=models.RESTRICT, null=True, related_name="tickets", db_index=False)
    ccs = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.RESTRICT, null=True, related_name="+", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    message_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField()
    first_replied_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.RESTRICT, null=True, related_name="merged_tickets", db_index=False
    )
    split_from = models.ForeignKey("self", on_delete=models.RESTRICT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = TicketQuerySet.as_manager()

    class Meta:
        # Which index serves which list: docs/performance.md; tests/test_plans.py holds each of them to it. The fields
        # behind the id are what lists ask besides: so the index alone passes over the tickets that are not to be shown.
        indexes = [
            # The list that everybody looks at, and what is still to be done: small, whatever an old workspace has kept.
            models.Index(
                fields=["workspace", "last_message_at", "id"],
                name="ticket_inbox",
                condition=Q(archived_at=None, merged_into=None),
            ),
            models.Index(
                fields=["workspace", "last_message_at", "id", *_ASKED_BESIDES],
                name="ticket_active",
                condition=~Q(status=Status.CLOSED),
            ),
            # The other lists of all tickets, one for each order.
            models.Index(
                fields=["workspace", "last_message_at", "id", "created_at", "updated_at", *_ASKED_BESIDES],
                name="ticket_by_last_message",
            ),
            models.Index(fields=["workspace", "created_at", "id", *_ASKED_BESIDES], name="ticket_by_created"),
            models.Index(fields=["workspace", "updated_at", "id", *_ASKED_BESIDES], name="ticket_by_updated"),
            models.Index(fields=["workspace", "priority", "id", *_ASKED_BESIDES], name="ticket_by_priority"),
            # The lists of somebody's tickets.
            models.Index(
                fields=["workspace", "assignee", "last_message_at", "id", "priority", *_ASKED_BESIDES],
                name="ticket_by_assignee",
            ),
            models.Index(
                fields=["workspace", "requester", "last_message_at", "id", *_ASKED_BESIDES],
                name="ticket_by_requester",
            ),
            models.Index(
                fields=["workspace", "merged_into"], name="ticket_by_target", condition=Q(merged_into__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="ticket_number_once"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="ticket_status_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="ticket_priority_known"),
            models.CheckConstraint(condition=Q(number__gte=1), name="ticket_number_from_one"),
            models.CheckConstraint(
                condition=Q(status=Status.CLOSED, closed_at__isnull=False)
                | (~Q(status=Status.CLOSED) & Q(closed_at__isnull=True)),
                name="ticket_closed_at_with_status",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(status=Status.CLOSED), name="ticket_merged_is_closed"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="ticket_not_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    @property
    def is_merged(self) -> bool:
        """Whether another ticket carries on this conversation."""
        return self.merged_into_id is not None


class TicketTag(TenantModel):
    """One tag of one ticket as it is compared (trimmed, lower-cased): what the tag filter looks up."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="tag_rows", db_index=False)
    key = models.CharField(max_length=2 * TAG_LENGTH)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "key"], name="ticket_tag_once")]
        indexes = [models.Index(fields=["workspace", "key", "ticket"], name="ticket_tag_lookup")]

    def __str__(self) -> str:
        return self.key


class TicketCounter(models.Model):
    """The last ticket number given out in a workspace: locked last, by the transaction that takes the next."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_number)
