"""One ticket becomes two."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.actors import Access, Actor
from inboxops.db import in_transaction
from inboxops.errors import FieldError, Invalid
from inboxops.ids import uuid7
from inboxops.rows import insert_rows
from tickets import search
from tickets.actions.create import insert_with_next_number
from tickets.actions.editing import (
    TicketEdit,
    lock_structure,
    lock_ticket,
    must_have_version,
    must_not_be_merged,
    new_event,
)
from tickets.actions.update import tag_rows
from tickets.errors import SplitWouldEmpty
from tickets.models import MergedMessage, Message, Ticket
from tickets.rollups import rollups_of
from tickets.texts import clean_subject, tag_key
from tickets.workflow import EventKind


@dataclass(frozen=True)
class Split:
    """The new ticket and how many messages it was given."""

    ticket: Ticket
    moved_count: int


@in_transaction
def split_ticket(
    ticket: Ticket,
    *,
    message_ids: Sequence[uuid.UUID],
    new_subject: str | None = None,
    actor: Actor,
    if_version: int | None = None,
) -> Split:
    """Move messages of the ticket into a new one, which inherits requester, CCs, priority, tags and mailbox.

    Message-IDs and deliveries move along, so that a later reply finds the new ticket. Merging back undoes it.
    Refuses an empty list, a message of another ticket (Invalid), all messages of the ticket (SplitWouldEmpty) and a
    merged ticket (TicketMerged). Records `ticket.split` on both.
    """
    actor.must(Access.WRITE, ticket.workspace_id)
    subject = None if new_subject is None else clean_subject(new_subject, "/newSubject")
    if not message_ids:
        raise Invalid.because("/messageIds", "empty", "Name at least one message.")
    lock_structure(ticket.workspace_id)
    ticket = lock_ticket(ticket.workspace_id, ticket.pk)
    must_not_be_merged(ticket)
    must_have_version(ticket, if_version)
    moving = _messages_of(ticket, message_ids)
    edit = TicketEdit(ticket, actor)
    new = Ticket(
        id=uuid7(),
        workspace_id=ticket.workspace_id,
        subject=subject or ticket.subject,
        priority=ticket.priority,
        requester=ticket.requester,
        ccs=ticket.ccs,
        tags=ticket.tags,
        mailbox_id=ticket.mailbox_id,
        channel=ticket.channel,
        split_from=ticket,
        created_at=edit.now,
        updated_at=edit.now,
    )
    Message.objects.filter(workspace_id=ticket.workspace_id, pk__in=moving).update(ticket_id=new.pk)
    # They leave the ticket for good: no unmerge takes them along any more.
    MergedMessage.objects.filter(workspace_id=ticket.workspace_id, message_id__in=moving, merge__undone_at=None).update(
        split_off=True
    )
    insert_rows(tag_rows(new, {tag_key(tag) for tag in new.tags}))
    rollups = rollups_of(new.pk, new.workspace_id)
    new.message_count, new.first_replied_at = rollups.message_count, rollups.first_replied_at
    new.last_message_at = rollups.last_message_at or edit.now
    told = {"messageIds": [str(pk) for pk in moving], "movedCount": len(moving)}
    insert_rows(
        [new_event(new, EventKind.SPLIT, actor, edit.now, {"role": "new", "splitFromId": str(ticket.pk), **told})]
    )
    rollups = rollups_of(ticket.pk, ticket.workspace_id)
    edit.set(message_count=rollups.message_count, first_replied_at=rollups.first_replied_at)
    edit.set(last_message_at=rollups.last_message_at)
    edit.record(EventKind.SPLIT, role="original", newTicketId=str(new.pk), **told)
    edit.save()
    search.rebuild(ticket)
    # All creations of the workspace queue for the number: as little as can be comes after it.
    insert_with_next_number(new)
    search.rebuild(new)
    return Split(new, len(moving))


def _messages_of(ticket: Ticket, message_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """The ids, each once. Raises Invalid for those of no message in the ticket, SplitWouldEmpty for all of them."""
    wanted = list(dict.fromkeys(message_ids))
    messages = Message.objects.filter(workspace_id=ticket.workspace_id, ticket_id=ticket.pk)
    found = set(messages.filter(pk__in=wanted).values_list("pk", flat=True))
    errors = [
        FieldError("unknown_message", "This is not a message of this ticket.", f"/messageIds/{index}")
        for index, message_id in enumerate(message_ids)
        if message_id not in found
    ]
    if errors:
        raise Invalid(*errors)
    if len(found) == ticket.message_count:
        raise SplitWouldEmpty
    return wanted
