"""Files that nobody will ever ask for: announced and never confirmed, or without a row that knows them.

Rows and bytes are in two places, and between writing the one and the other a machine can fail. The order is always such
that a file may be left without a row, never a row without its file; here is what finds those files.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet

from inboxops import clock
from inboxops.ids import parse_uuid
from tickets.files.stores import FILES, UPLOADS, FileStore, Stored
from tickets.models import Attachment, FileUsage

# Longer than any upload takes, and any request between copying a file and storing the row that knows it.
AGE = dt.timedelta(hours=24)
_BATCH = 500


def unconfirmed_attachments() -> QuerySet[Attachment]:
    """Attachments that were announced long ago and never confirmed."""
    # None of them has a message; said so, an index finds them.
    return Attachment.objects.filter(message=None, confirmed_at=None, created_at__lt=clock.now() - AGE)


def remove_unconfirmed() -> int:
    """Remove them, with what was uploaded for them; answers how many there were. One confirmed meanwhile stays."""
    removed = 0
    while batch := _remove_some_unconfirmed():
        removed += batch
    return removed


@transaction.atomic
def _remove_some_unconfirmed() -> int:
    batch = unconfirmed_attachments().select_for_update(skip_locked=True).order_by("pk")
    found = dict(batch.values_list("pk", "workspace_id")[:_BATCH])
    # The counters in one order, before the rows take them in theirs: two of these could wait for each other for ever.
    list(FileUsage.objects.select_for_update().filter(pk__in=set(found.values())).order_by("pk"))
    return Attachment.objects.filter(pk__in=found).delete()[0]


def leftover_files(store: FileStore) -> Iterator[Stored]:
    """Files in the store that no row knows, and empty markers of uploads that nobody can repeat any more."""
    for found in _batches(store, FILES):
        known = set(Attachment.objects.filter(key__in=[file.key for file in found]).values_list("key", flat=True))
        yield from (file for file in found if file.key not in known)
    for found in _batches(store, UPLOADS):
        attachments = {file.key: _attachment_id(file.key) for file in found}
        waiting = set(
            Attachment.objects.filter(
                pk__in=[attachment_id for attachment_id in attachments.values() if attachment_id], confirmed_at=None
            ).values_list("pk", flat=True)
        )
        yield from (file for file in found if attachments[file.key] not in waiting)


def _batches(store: FileStore, prefix: str) -> Iterator[list[Stored]]:
    """Files that have not been touched for long, some at a time."""
    before = clock.now() - AGE
    files = (file for file in store.listed(prefix) if file.modified_at < before)
    while batch := list(islice(files, _BATCH)):
        yield batch


def _attachment_id(key: str) -> uuid.UUID | None:
    """Whose upload stands under this key; None for half of one."""
    return parse_uuid(key.rpartition("/")[2])
