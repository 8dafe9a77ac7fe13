"""Merges: what moved and what was added, kept so that each can be undone."""

from django.db import models
from django.db.models import F, Q

from tickets.models.message import Message
from tickets.models.ticket import Ticket
from workspaces.models import TenantModel


class Merge(TenantModel):
    """One merge of `source` into `target`. Active until `undone_at` is set.

    `added_tags` (keys) and `added_ccs` (address keys) are what the target has because of merges, this one among them:
    it leaves the target with the last of those, unless a hand took it off before. `source_before` holds what the source
    gets back.
    """

    source = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_index=False)
    target = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_index=False)
    moved_count = models.PositiveIntegerField()
    added_tags = models.JSONField(default=list)
    added_ccs = models.JSONField(default=list)
    source_before = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "target"], name="merge_by_target")]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source"], condition=Q(undone_at=None), name="merge_one_active_per_source"
            ),
            models.CheckConstraint(condition=~Q(source=F("target")), name="merge_not_into_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} into {self.target_id}"


class MergedMessage(TenantModel):
    """A message that a merge moved. `split_off` once it has left the target by a split: then it stays away."""

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="moved", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+", db_index=False)
    split_off = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merge", "message"], name="merged_message_once")]
        indexes = [models.Index(fields=["workspace", "message"], name="merged_message_by_message")]

    def __str__(self) -> str:
        return f"{self.message_id} by {self.merge_id}"
