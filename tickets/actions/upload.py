"""Files before they belong to a message: announced, uploaded, confirmed."""

import io
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.core.files import File
from django.db import Error

from accounts.actors import Access, Actor
from inboxops import clock
from inboxops.db import in_transaction
from inboxops.errors import Invalid, NotFound
from inboxops.ids import uuid7
from inboxops.rows import insert_rows
from tickets.actions.editing import must_not_be_merged, new_event
from tickets.attachments import find_upload, store_attachment
from tickets.errors import AttachmentUsed, FileTooLarge, NotUploaded, UploadMismatch
from tickets.files.kinds import HEAD_LENGTH, UNKNOWN_TYPE, KindMismatch, agreed_type, clean_content_type
from tickets.files.names import clean_filename
from tickets.files.stores import FileStore, file_store, new_key
from tickets.models import Attachment, Ticket
from tickets.workflow import EventKind

logger = logging.getLogger("inboxops.files")


@in_transaction
def request_upload(
    ticket: Ticket, *, filename: str, content_type: str = UNKNOWN_TYPE, size: int, actor: Actor
) -> Attachment:
    """Announce a file for the ticket: its name (cleaned), its type, and its size in bytes. The room for it is taken.

    Refuses a malformed type (Invalid), a file that is too large (FileTooLarge), one that the workspace has no room for
    (StorageQuotaExceeded), and a merged ticket (TicketMerged). Records nothing: nothing has come of it yet.
    """
    ticket = _uploadable(ticket, actor)
    attachment = _new(ticket, filename, content_type, size, actor)
    store_attachment(attachment)
    return attachment


@dataclass(frozen=True)
class Received:
    """What has arrived, looked at and copied to where no address to upload leads: `key`."""

    key: str
    content_type: str


@contextmanager
def receiving(ticket: Ticket, attachment_id: uuid.UUID, *, actor: Actor) -> Iterator[Received | None]:
    """What goes before and after `confirm_upload`, outside its transaction: bytes are copied and compared.

    Gives None for an attachment that is confirmed already. Raises NotUploaded and UploadMismatch; NotFound for an
    attachment of another ticket. Whatever becomes of the block, no copy is left that no row knows.
    """
    actor.must(Access.WRITE, ticket.workspace_id)
    attachment = find_upload(ticket, attachment_id)
    if attachment.confirmed_at is not None:
        yield None
        return
    store, key = file_store(), new_key(ticket.workspace_id)
    with _kept_if_known(store, attachment, key):
        yield _received(store, attachment, key)
    try:
        store.retire(attachment.upload_key)
    except Exception:
        # It is the file all the same; `purge` sweeps what is left.
        logger.exception("What was uploaded for %s is left behind", attachment.pk)


@in_transaction
def confirm_upload(ticket: Ticket, attachment_id: uuid.UUID, *, received: Received | None, actor: Actor) -> Attachment:
    """Make what was uploaded the file of the attachment. Twice is harmless.

    `received` comes from `receiving`. Refuses an attachment of another ticket (NotFound), and a merged ticket
    (TicketMerged). Records `attachment.uploaded`.
    """
    actor.must(Access.WRITE, ticket.workspace_id)
    attachment = find_upload(ticket, attachment_id, locking=True)
    if attachment.confirmed_at is not None:
        return attachment
    if received is None:
        raise NotUploaded
    ticket = _uploadable(ticket, actor)
    attachment.key, attachment.content_type = received.key, received.content_type
    attachment.confirmed_at = clock.now()
    attachment.save(update_fields=["key", "content_type", "confirmed_at"])
    _record(attachment, ticket, actor)
    return attachment


@in_transaction
def discard_upload(attachment: Attachment, *, actor: Actor) -> None:
    """Remove a file, or the announcement of one, that belongs to no message. Its bytes go, its room is given back.

    Refuses one that belongs to a message (AttachmentUsed). Records `attachment.discarded` where it was announced.
    """
    actor.must(Access.WRITE, attachment.workspace_id)
    locked = (
        Attachment.objects.select_for_update(of=("self",))
        .select_related("ticket")
        .filter(workspace_id=attachment.workspace_id, pk=attachment.pk)
        .first()
    )
    if locked is None:
        raise NotFound
    if locked.message_id is not None:
        raise AttachmentUsed
    told = {"attachmentId": str(locked.pk), "filename": locked.filename}
    locked.delete()
    insert_rows([new_event(locked.ticket, EventKind.ATTACHMENT_DISCARDED, actor, clock.now(), told)])


def add_file(
    ticket: Ticket, *, filename: str, content_type: str = UNKNOWN_TYPE, content: IO[bytes], actor: Actor
) -> Attachment:
    """Store a file that is at hand (from a mail, an import) as a confirmed attachment of the ticket.

    `content` can be read and sought. Its type is what it says itself where that contradicts the claim: nobody is there
    to correct it. Refuses what `request_upload` refuses. Records `attachment.uploaded`.
    """
    ticket = _uploadable(ticket, actor)
    attachment = _new(ticket, filename, content_type, content.seek(0, io.SEEK_END), actor)
    attachment.key, attachment.confirmed_at = new_key(ticket.workspace_id), attachment.created_at
    content.seek(0)
    store = file_store()
    with _kept_if_known(store, attachment, attachment.key):
        store.save(attachment.key, File(content))
        try:
            attachment.content_type = _agreed_type(store, attachment, attachment.key)
        except KindMismatch as mismatch:
            attachment.content_type = mismatch.detected
        _store_confirmed(attachment, ticket, actor)
    return attachment


@in_transaction
def _store_confirmed(attachment: Attachment, ticket: Ticket, actor: Actor) -> None:
    store_attachment(attachment)
    _record(attachment, ticket, actor)


def _uploadable(ticket: Ticket, actor: Actor) -> Ticket:
    """The ticket as it is stored. Raises NotFound and TicketMerged."""
    actor.must(Access.WRITE, ticket.workspace_id)
    stored = Ticket.objects.in_workspace(ticket.workspace_id).filter(pk=ticket.pk).first()
    if stored is None:
        raise NotFound
    must_not_be_merged(stored)
    return stored


def _new(ticket: Ticket, filename: str, content_type: str, size: int, actor: Actor) -> Attachment:
    """A row that is not yet stored. Raises Invalid and FileTooLarge."""
    try:
        cleaned_type = clean_content_type(content_type)
    except ValueError as error:
        raise Invalid.at("/contentType", "invalid", str(error)) from None
    if size < 1:
        raise Invalid.at("/size", "out_of_range", "A file has at least one byte.")
    if size > settings.MAX_FILE_SIZE:
        raise FileTooLarge(f"A file may have {settings.MAX_FILE_SIZE} bytes at most.", limit=settings.MAX_FILE_SIZE)
    return Attachment(
        id=uuid7(),
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.pk,
        uploaded_by_id=actor.user_id,
        filename=clean_filename(filename),
        content_type=cleaned_type,
        size=size,
        created_at=clock.now(),
    )


def _record(attachment: Attachment, ticket: Ticket, actor: Actor) -> None:
    """The timeline tells of it; the ticket itself is as it was, so its version stays."""
    told = {
        "attachmentId": str(attachment.pk),
        "filename": attachment.filename,
        "contentType": attachment.content_type,
        "size": attachment.size,
    }
    insert_rows([new_event(ticket, EventKind.ATTACHMENT_UPLOADED, actor, clock.now(), told)])


def _received(store: FileStore, attachment: Attachment, key: str) -> Received | None:
    """What has arrived, copied to `key`. None when another one was quicker. Raises NotUploaded and UploadMismatch."""
    try:
        return _copied(store, attachment, key)
    except (NotUploaded, UploadMismatch):
        # Whoever confirms first leaves an empty marker where the bytes were.
        mine = Attachment.objects.filter(workspace_id=attachment.workspace_id, pk=attachment.pk)
        if mine.filter(confirmed_at__isnull=False).exists():
            return None
        raise


def _copied(store: FileStore, attachment: Attachment, key: str) -> Received:
    """Copy first, then look: what is looked at can no longer change. Raises NotUploaded and UploadMismatch."""
    try:
        store.copy(attachment.upload_key, key)
        size = store.size(key)
    except FileNotFoundError:
        raise NotUploaded from None
    if size != attachment.size:
        raise UploadMismatch(f"{attachment.size} bytes were announced, {size} have arrived.", found=str(size))
    try:
        return Received(key, _agreed_type(store, attachment, key))
    except KindMismatch as mismatch:
        raise UploadMismatch(
            f"{attachment.content_type} was announced, the content is {mismatch.detected}. Announce it anew, as that"
            f" or as {UNKNOWN_TYPE}: this address is used up.",
            found=mismatch.detected,
        ) from None


def _agreed_type(store: FileStore, attachment: Attachment, key: str) -> str:
    return agreed_type(attachment.content_type, store.head(key, HEAD_LENGTH), attachment.filename)


@contextmanager
def _kept_if_known(store: FileStore, attachment: Attachment, key: str) -> Iterator[None]:
    """Whatever happens in the block: without a row that knows it, the file goes. If that fails, `purge` finds it."""
    try:
        yield
    except (Error, SystemExit, KeyboardInterrupt):
        # Whoever lost the database in the moment of the commit cannot know whether there is a row, or will be.
        raise
    except BaseException:
        _delete_unless_known(store, attachment, key)
        raise
    _delete_unless_known(store, attachment, key)


def _delete_unless_known(store: FileStore, attachment: Attachment, key: str) -> None:
    try:
        if not Attachment.objects.filter(workspace_id=attachment.workspace_id, key=key).exists():
            store.delete(key)
    except Exception:
        logger.exception("The file %s may be left behind", key)
