"""Messages: what was said, by whom, and in which ticket it stands now."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.models.contact import Contact
from tickets.models.ticket import Ticket
from tickets.workflow import AuthorKind, Channel
from workspaces.models import Mailbox, TenantModel

BODY_LENGTH = 200_000
HTML_LENGTH = 500_000


class Message(TenantModel):
    """One message or note. It moves with merges and splits; `origin_ticket` is where it was first written."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages", db_index=False)
    origin_ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_index=False)
    author_kind = models.CharField(max_length=8, choices=AuthorKind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.RESTRICT, null=True, related_name="+", db_index=False)
    is_internal = models.BooleanField(default=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    body = models.TextField()
    body_html = models.TextField(blank=True)
    size = models.PositiveIntegerField(help_text="Bytes of body and body_html, so that a page can be bounded unread.")
    attachment_count = models.PositiveSmallIntegerField(default=0)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.RESTRICT, null=True, related_name="+", db_index=False)
    internet_message_id = models.CharField(max_length=998, null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["workspace", "ticket", "created_at", "id"], name="message_in_ticket"),
            models.Index(
                fields=["workspace", "internet_message_id"],
                name="message_by_message_id",
                condition=Q(internet_message_id__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "mailbox", "internet_message_id"],
                name="message_id_once_per_mailbox",
                condition=Q(internet_message_id__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(author_kind=AuthorKind.CUSTOMER, contact__isnull=False, user__isnull=True)
                | Q(author_kind=AuthorKind.AGENT, contact__isnull=True)
                | Q(author_kind=AuthorKind.SYSTEM, contact__isnull=True, user__isnull=True),
                name="message_has_one_author",
            ),
            models.CheckConstraint(
                condition=~Q(author_kind=AuthorKind.CUSTOMER, is_internal=True), name="message_note_is_ours"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_kind}: {self.body[:60]}"
