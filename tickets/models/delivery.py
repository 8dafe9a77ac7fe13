"""Deliveries: the outbox. A row is born in the transaction of the reply it sends."""

from django.db import models
from django.db.models import Q

from inboxops import clock
from tickets.models.message import Message
from tickets.workflow import DeliveryState
from workspaces.models import TenantModel


class Delivery(TenantModel):
    """One message on its way out by mail. Its Message-ID is fixed at birth, so that a retry is the same mail."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="delivery")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    internet_message_id = models.CharField(max_length=998)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    detail = models.TextField(blank=True, help_text="Why it stands where it stands, in the server's words.")
    created_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["workspace", "state", "created_at"], name="delivery_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "internet_message_id"], name="delivery_message_id_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {', '.join(self.to)}"
