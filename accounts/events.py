"""The shape of an audit row, and how one is made. Each app has its own table of them."""

from typing import Any

from django.conf import settings
from django.db import models

from accounts.actors import Actor, Door
from inboxops import clock
from inboxops.ids import uuid7


class EventBase(models.Model):
    """Something that happened: append-only, written by the action in its own transaction.

    `actor_label` is kept as text so that the row still says who it was when the user is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    door = models.CharField(max_length=16, choices=Door.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    actor_label = models.CharField(max_length=254, blank=True)
    token_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        abstract = True
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.kind


def actor_fields(actor: Actor) -> dict[str, Any]:
    """The columns of an event that say who did it."""
    return {
        "door": actor.door,
        "actor_id": actor.user_id,
        "actor_label": actor.label[:254],
        "token_id": actor.token_id,
        "request_id": actor.request_id,
    }
