"""Changes to a ticket's properties."""

import uuid
from collections.abc import Set
from dataclasses import dataclass

from accounts.actors import Access, Actor
from accounts.addresses import address_key
from inboxops.db import in_transaction
from inboxops.rows import insert_rows
from inboxops.unset import UNSET, UnsetType
from tickets.actions.assign import assign, must_be_assignable
from tickets.actions.editing import TicketEdit, editing
from tickets.contacts import Person, contact_for, lock_contact
from tickets.models import Contact, Merge, Ticket, TicketTag
from tickets.texts import clean_addresses, clean_subject, clean_tags, tag_key
from tickets.workflow import EventKind, Priority


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What to change; whatever is UNSET stays. `assignee_id` and `requester` may be None, for nobody."""

    assignee_id: uuid.UUID | UnsetType | None = UNSET
    priority: Priority | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    requester: Person | UnsetType | None = UNSET
    ccs: list[str] | UnsetType = UNSET


@in_transaction
def update_ticket(ticket: Ticket, *, changes: Changes, actor: Actor, if_version: int | None = None) -> Ticket:
    """Change properties of the ticket. Only what really differs is written, and is one event each.

    Refuses an assignee who is not an agent or admin here, malformed tags, addresses or subjects (Invalid), and a
    merged ticket (TicketMerged). Records `ticket.assigned`, `ticket.priority_changed`, `ticket.tags_changed`,
    `ticket.subject_changed`, `ticket.requester_changed`, `ticket.ccs_changed`.
    """
    actor.must(Access.WRITE, ticket.workspace_id)
    if isinstance(changes.requester, Person):
        lock_contact(ticket, changes.requester)
    with editing(ticket, actor=actor, if_version=if_version) as edit:
        apply_changes(edit, changes)
    return edit.ticket


def apply_changes(edit: TicketEdit, changes: Changes) -> None:
    """Within an edit: make the changes."""
    ticket = edit.ticket
    if changes.assignee_id is not UNSET:
        if changes.assignee_id is not None and changes.assignee_id != ticket.assignee_id:
            must_be_assignable(ticket.workspace_id, changes.assignee_id)
        assign(edit, changes.assignee_id)
    if changes.priority is not UNSET and changes.priority != ticket.priority:
        edit.record(EventKind.PRIORITY_CHANGED, before=Priority(ticket.priority).label, after=changes.priority.label)
        edit.set(priority=changes.priority)
    if changes.tags is not UNSET:
        set_tags(edit, clean_tags(changes.tags, known=ticket.tags))
    if changes.subject is not UNSET:
        subject = clean_subject(changes.subject)
        if subject != ticket.subject:
            edit.record(EventKind.SUBJECT_CHANGED, before=ticket.subject, after=subject)
            edit.set(subject=subject)
    if changes.requester is not UNSET:
        _set_requester(edit, changes.requester)
    if changes.ccs is not UNSET:
        set_ccs(edit, clean_addresses(changes.ccs, "/ccs"))


def set_tags(edit: TicketEdit, tags: list[str]) -> None:
    """Within an edit: these tags (already clean) and no others, in the ticket and in the rows that the filter reads."""
    ticket, before = edit.ticket, edit.ticket.tags
    if tags == before:
        return
    edit.record(EventKind.TAGS_CHANGED, before=before, after=tags)
    edit.set(tags=tags)
    old, new = {tag_key(tag) for tag in before}, {tag_key(tag) for tag in tags}
    rows = TicketTag.objects.filter(workspace_id=ticket.workspace_id, ticket_id=ticket.pk)
    rows.filter(key__in=old - new).delete()
    insert_rows(tag_rows(ticket, new - old))
    _forget_additions(ticket, tags=old - new)


def set_ccs(edit: TicketEdit, ccs: list[str]) -> None:
    """Within an edit: these CCs (already clean) and no others."""
    ticket, before = edit.ticket, edit.ticket.ccs
    if ccs == before:
        return
    edit.record(EventKind.CCS_CHANGED, before=before, after=ccs)
    edit.set(ccs=ccs)
    _forget_additions(ticket, ccs={address_key(cc) for cc in before} - {address_key(cc) for cc in ccs})


def tag_rows(ticket: Ticket, keys: set[str]) -> list[TicketTag]:
    """Rows that are not yet stored."""
    return [TicketTag(workspace_id=ticket.workspace_id, ticket_id=ticket.pk, key=key) for key in sorted(keys)]


def _set_requester(edit: TicketEdit, person: Person | None) -> None:
    ticket = edit.ticket
    before: Contact | None = ticket.requester
    after = None if person is None else contact_for(ticket.workspace_id, person, rename=True)
    if after == before:
        # The same person under another name: what the ticket shows has changed with the contact.
        if after is not None and before is not None and after.name != before.name:
            edit.record(EventKind.REQUESTER_CHANGED, before=before.name, after=after.name)
            edit.set(requester=after)
        return
    edit.record(
        EventKind.REQUESTER_CHANGED, before=before.email if before else None, after=after.email if after else None
    )
    edit.set(requester=after)


def _forget_additions(ticket: Ticket, *, tags: Set[str] = frozenset(), ccs: Set[str] = frozenset()) -> None:
    """What somebody took off by hand is no longer the merge's to take off: it may come back for another reason."""
    if not tags and not ccs:
        return
    merges = Merge.objects.filter(workspace_id=ticket.workspace_id, target_id=ticket.pk, undone_at=None)
    for merge in merges.order_by("pk"):
        merge.added_tags = [key for key in merge.added_tags if key not in tags]
        merge.added_ccs = [key for key in merge.added_ccs if key not in ccs]
        merge.save(update_fields=["added_tags", "added_ccs"])
