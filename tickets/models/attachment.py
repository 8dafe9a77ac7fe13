"""Attachments: files that came with a message, or that will."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from inboxops import clock
from tickets.models.message import Message
from tickets.models.ticket import Ticket
from workspaces.models import TenantModel, Workspace

FILENAME_LENGTH = 255
CONTENT_TYPE_LENGTH = 127


class Attachment(TenantModel):
    """A file. It is announced, uploaded, confirmed, and then belongs to one message for good: it goes where that goes.

    `ticket` is the one it was announced for. `size` and `content_type` are what was announced, and once it is confirmed
    what was found. `key` is where the bytes are then (see `tickets.files.stores`).
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="uploads", db_index=False)
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="attachments", db_index=False
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    filename = models.CharField(max_length=FILENAME_LENGTH)
    content_type = models.CharField(max_length=CONTENT_TYPE_LENGTH)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    key = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "message", "id"], name="attachment_of_message", condition=Q(message__isnull=False)
            ),
            models.Index(fields=["workspace", "ticket", "id"], name="attachment_waiting", condition=Q(message=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="attachment_key_once", condition=~Q(key="")),
            models.CheckConstraint(
                condition=Q(key="", confirmed_at__isnull=True) | (~Q(key="") & Q(confirmed_at__isnull=False)),
                name="attachment_key_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(message__isnull=True) | Q(confirmed_at__isnull=False), name="attachment_confirmed_first"
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def upload_key(self) -> str:
        """Where the bytes arrive."""
        return f"uploads/{self.workspace_id}/{self.pk}"


class FileUsage(models.Model):
    """How many bytes of files a workspace has, those announced among them: what its quota is held against."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    size = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.size)
