"""The rows of attachments: which may be used, how much room they take, and what is left when one goes.

Called by the actions, in their transaction. The bytes themselves are in `tickets.files`.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from inboxops.errors import FieldError, Invalid, NotFound
from inboxops.rows import insert_rows
from tickets.errors import StorageQuotaExceeded, TooManyAttachments
from tickets.files.stores import file_store
from tickets.models import Attachment, FileUsage, Message, Ticket


def uploads_for(ticket_id: uuid.UUID) -> Q:
    """The attachments that were announced for this ticket, or for one that was merged into it."""
    return Q(ticket=ticket_id) | Q(ticket__merged_into=ticket_id)


def find_upload(ticket: Ticket, attachment_id: uuid.UUID, *, locking: bool = False) -> Attachment:
    """An attachment that was announced for this ticket, or for one merged into it. Raises NotFound."""
    attachments = Attachment.objects.filter(uploads_for(ticket.pk), workspace_id=ticket.workspace_id)
    if locking:
        attachments = attachments.select_for_update(of=("self",))
    attachment = attachments.filter(pk=attachment_id).first()
    if attachment is None:
        raise NotFound
    return attachment


def usable_attachments(ticket: Ticket, attachment_ids: Sequence[uuid.UUID]) -> list[Attachment]:
    """The attachments of these ids, locked: announced for this ticket, confirmed, and of no message yet.

    Raises TooManyAttachments, and Invalid with the place of each id that is not such a one.
    """
    limit = settings.FILES_PER_MESSAGE
    if len(attachment_ids) > limit:
        raise TooManyAttachments(f"A message takes {limit} files at most.", limit=limit)
    uploads = Attachment.objects.filter(uploads_for(ticket.pk), workspace_id=ticket.workspace_id)
    locked = uploads.filter(pk__in=attachment_ids).select_for_update(of=("self",)).order_by("pk")
    found = {attachment.pk: attachment for attachment in locked}
    errors = []
    for index, attachment_id in enumerate(attachment_ids):
        attachment, pointer = found.get(attachment_id), f"/attachmentIds/{index}"
        if attachment is None:
            errors.append(
                FieldError("unknown_attachment", "This is not an attachment uploaded for this ticket.", pointer)
            )
        elif attachment.message_id is not None or attachment_id in attachment_ids[:index]:
            errors.append(FieldError("attachment_used", "It is named twice, or belongs to a message already.", pointer))
        elif attachment.confirmed_at is None:
            errors.append(
                FieldError("attachment_not_confirmed", "Upload this attachment and confirm it first.", pointer)
            )
    if errors:
        raise Invalid(*errors)
    return list(found.values())


def attach(attachments: Sequence[Attachment], message: Message) -> None:
    """Give locked attachments to a message that is stored."""
    Attachment.objects.filter(
        workspace_id=message.workspace_id, pk__in=[attachment.pk for attachment in attachments]
    ).update(message=message)


def store_attachment(attachment: Attachment) -> None:
    """Store a new row, and take the room it needs. Raises StorageQuotaExceeded when the workspace has not so much."""
    usage = FileUsage.objects.filter(workspace_id=attachment.workspace_id)
    if settings.FILES_QUOTA:
        usage = usage.filter(size__lte=settings.FILES_QUOTA - attachment.size)
    insert_rows([FileUsage(workspace_id=attachment.workspace_id)], unless_there=True)
    if not usage.update(size=F("size") + attachment.size):
        raise StorageQuotaExceeded(
            f"The files of this workspace would take more than {settings.FILES_QUOTA} bytes.",
            limit=settings.FILES_QUOTA,
        )
    insert_rows([attachment])


def leave_nothing_behind(*, instance: Attachment, **kwargs: Any) -> None:
    """When a row goes, by whatever way, its room is given back, and its bytes go once that is certain."""
    FileUsage.objects.filter(workspace_id=instance.workspace_id).update(size=F("size") - instance.size)
    keys = [key for key in (instance.upload_key, instance.key) if key]
    transaction.on_commit(lambda: _delete_files(keys), robust=True)


def _delete_files(keys: Sequence[str]) -> None:
    store = file_store()
    for key in keys:
        store.delete(key)
