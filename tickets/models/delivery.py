"""Deliveries: the outbox. A row is born in the transaction of the reply it sends."""

from typing import Any

from django.db import models
from django.db.models import Q

from inboxops import clock
from tickets.models.message import Message
from tickets.workflow import WAITING_DELIVERY_STATES, DeliveryState
from workspaces.models import Mailbox, TenantModel


class Delivery(TenantModel):
    """One message on its way out by mail. Its Message-ID is fixed at birth, so that a retry is the same mail.

    `recipients` are `{address, kind ("to" or "cc"), state, code, detail, at}`: what became of each, with the server's
    reply code and words. `attempts` are `{at, seconds, detail}`, the last of them. `run_at` is when a worker may take
    it: the next attempt, or while one is at it (`claimed_by`) the end of its lease. Nobody takes what is held or over.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="delivery")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.RESTRICT, null=True, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    internet_message_id = models.CharField(max_length=998)
    recipients = models.JSONField(default=list)
    attempts = models.JSONField(default=list)
    queued_at = models.DateTimeField(default=clock.now, help_text="When it was last put into the queue by somebody.")
    tries = models.PositiveIntegerField(default=0, help_text="Failed attempts since then.")
    run_at = models.DateTimeField(null=True)
    claimed_by = models.UUIDField(null=True)
    provider_message_id = models.CharField(max_length=255, blank=True)
    detail = models.TextField(blank=True, help_text="Why it stands where it stands, in the server's words.")
    created_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True, help_text="When a recipient called it spam.")

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["workspace", "state", "created_at"], name="delivery_by_state"),
            # Workers take what is due of any workspace.
            models.Index(fields=["run_at"], name="delivery_due", condition=Q(run_at__isnull=False)),
            models.Index(
                fields=["workspace", "provider_message_id"],
                name="delivery_by_provider",
                condition=~Q(provider_message_id=""),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "internet_message_id"], name="delivery_message_id_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=WAITING_DELIVERY_STATES, run_at__isnull=False)
                | (~Q(state__in=WAITING_DELIVERY_STATES) & Q(run_at__isnull=True)),
                name="delivery_due_while_waiting",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENDING, claimed_by__isnull=False)
                | (~Q(state=DeliveryState.SENDING) & Q(claimed_by__isnull=True)),
                name="delivery_claimed_while_sending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {', '.join(self.addresses('to'))}"

    def addresses(self, kind: str) -> list[str]:
        """The addresses of one kind of recipients."""
        return addresses_of(self.recipients, kind)


def addresses_of(recipients: list[dict[str, Any]], kind: str) -> list[str]:
    """The addresses of one kind (`to` or `cc`) among the recipients of a delivery."""
    return [recipient["address"] for recipient in recipients if recipient["kind"] == kind]
