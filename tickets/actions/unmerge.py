"""A merge undone: each ticket gets back what was its own."""

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass

from accounts.actors import Access, Actor
from accounts.addresses import address_key
from inboxops.db import in_transaction
from tickets import search
from tickets.actions.assign import release_if_unassignable
from tickets.actions.editing import TicketEdit, lock_structure, lock_tickets, must_have_version
from tickets.actions.merge import redirect
from tickets.errors import NotMerged, UnmergeFirst
from tickets.models import Merge, MergedMessage, Message, Ticket, TicketTag
from tickets.rollups import rollups_of
from tickets.texts import tag_key
from tickets.workflow import EventKind, Status


@dataclass(frozen=True)
class Unmerged:
    """What came of undoing a merge: `stayed` are messages that had left the target by a split meanwhile."""

    source: Ticket
    target: Ticket
    merge: Merge
    moved_count: int
    stayed: list[uuid.UUID]


@in_transaction
def unmerge_ticket(source: Ticket, *, actor: Actor, if_version: int | None = None) -> Unmerged:
    """Undo the merge of this ticket.

    Exactly the messages that the merge moved go back, without those split off since. Tags and CCs that the target
    has only because of this merge leave it. The source gets its status back; assignee, tags and archive flag were
    kept with it. The target's status, and everything that came later, stay. Tickets merged into the source before
    point at it again.

    Refuses a ticket that is not merged (NotMerged), and one whose target was merged on later (UnmergeFirst, with the
    ticket to begin with). Records `ticket.unmerged` on source and target, `ticket.merged` on redirected tickets.
    """
    actor.must(Access.WRITE, source.workspace_id)
    workspace_id = source.workspace_id
    lock_structure(workspace_id)
    merges = Merge.objects.filter(workspace_id=workspace_id, undone_at=None)
    merge = merges.filter(source_id=source.pk).first()
    if merge is None:
        raise NotMerged
    _must_be_last(merge)
    followers = _followers(source.pk, merge.target_id, workspace_id)
    tickets = lock_tickets(workspace_id, [source.pk, merge.target_id, *followers])
    source, target = tickets.pop(source.pk), tickets.pop(merge.target_id)
    must_have_version(source, if_version)

    to_source, from_target = TicketEdit(source, actor), TicketEdit(target, actor)
    to_source.now = from_target.now = max(to_source.now, from_target.now)
    moved = MergedMessage.objects.filter(workspace_id=workspace_id, merge=merge)
    stayed = list(moved.filter(split_off=True).values_list("message_id", flat=True))
    moved_count = Message.objects.filter(
        workspace_id=workspace_id, ticket_id=target.pk, pk__in=moved.filter(split_off=False).values("message_id")
    ).update(ticket_id=source.pk)
    _take_back_tags(from_target, merge)
    _take_back_ccs(from_target, merge)
    for edit in (to_source, from_target):
        rollups = rollups_of(edit.ticket.pk, workspace_id)
        edit.set(message_count=rollups.message_count, first_replied_at=rollups.first_replied_at)
        if rollups.last_message_at is not None:
            edit.set(last_message_at=rollups.last_message_at)
    told = {"mergeId": str(merge.pk), "movedCount": moved_count, "stayedMessageIds": [str(pk) for pk in stayed]}
    from_target.record(EventKind.UNMERGED, role="target", sourceTicketId=str(source.pk), **told)
    to_source.record(EventKind.UNMERGED, role="source", targetTicketId=str(target.pk), **told)
    _restore(to_source, merge)
    to_source.save()
    for follower in tickets.values():
        redirect(follower, source, because=source, actor=actor)
    from_target.save()
    merge.undone_at = to_source.now
    merge.save(update_fields=["undone_at"])
    search.rebuild(source)
    search.rebuild(target)
    return Unmerged(source, target, merge, moved_count, stayed)


def _must_be_last(merge: Merge) -> None:
    """Raises UnmergeFirst, with the ticket that can be unmerged now, when the target was merged on."""
    merges = Merge.objects.filter(workspace_id=merge.workspace_id, undone_at=None)
    outermost = None
    following = merges.filter(source_id=merge.target_id).first()
    while following is not None:
        outermost = following
        following = merges.filter(source_id=following.target_id).first()
    if outermost is not None:
        raise UnmergeFirst(ticketId=outermost.source_id)


def _followers(source_id: uuid.UUID, root_id: uuid.UUID, workspace_id: uuid.UUID) -> list[uuid.UUID]:
    """The tickets that ended in the source, directly or through others, before it was merged into the root."""
    sources_of = defaultdict(list)
    for merge in Merge.objects.filter(workspace_id=workspace_id, undone_at=None, source__merged_into=root_id):
        sources_of[merge.target_id].append(merge.source_id)
    found: list[uuid.UUID] = []
    waiting = [source_id]
    while waiting:
        direct = sources_of[waiting.pop()]
        found += direct
        waiting += direct
    return found


def _restore(to_source: TicketEdit, merge: Merge) -> None:
    closed_at = merge.source_before["closedAt"]
    to_source.set(
        merged_into=None,
        status=merge.source_before["status"],
        closed_at=None if closed_at is None else dt.datetime.fromisoformat(closed_at),
    )
    if to_source.ticket.status != Status.CLOSED:
        # The assignee was kept, but may have left the workspace meanwhile.
        release_if_unassignable(to_source)


def _take_back_tags(from_target: TicketEdit, merge: Merge) -> None:
    target = from_target.ticket
    leaving = _leaving(merge, "added_tags")
    staying = [tag for tag in target.tags if tag_key(tag) not in leaving]
    if staying != target.tags:
        from_target.set(tags=staying)
        TicketTag.objects.filter(workspace_id=target.workspace_id, ticket=target, key__in=leaving).delete()


def _take_back_ccs(from_target: TicketEdit, merge: Merge) -> None:
    target = from_target.ticket
    leaving = _leaving(merge, "added_ccs")
    staying = [cc for cc in target.ccs if address_key(cc) not in leaving]
    if staying != target.ccs:
        from_target.set(ccs=staying)


def _leaving(merge: Merge, column: str) -> set[str]:
    """Of what the merge added, what no other merge into the target added, too."""
    others = Merge.objects.filter(workspace_id=merge.workspace_id, target_id=merge.target_id, undone_at=None)
    kept = {key for keys in others.exclude(pk=merge.pk).values_list(column, flat=True) for key in keys}
    return set(getattr(merge, column)) - kept
