"""Two tickets become one."""

from accounts.actors import Access, Actor
from accounts.addresses import address_key
from inboxops.compiled import CompiledQuery
from inboxops.db import in_transaction
from inboxops.errors import NotFound
from inboxops.rows import insert_rows
from tickets import search
from tickets.actions.archive import bring_back
from tickets.actions.editing import TicketEdit, lock_structure, lock_tickets, must_have_version
from tickets.actions.transition import set_status
from tickets.actions.update import tag_rows
from tickets.errors import AlreadyMerged, MergeIntoItself, TargetMerged
from tickets.models import Merge, MergedMessage, Message, Ticket
from tickets.rollups import rollups_of
from tickets.texts import tag_key, without_addresses
from tickets.workflow import EventKind, Status

_FOLLOWERS = CompiledQuery(
    lambda workspace_id, source_id: Ticket.objects.filter(
        workspace_id=workspace_id, merged_into_id=source_id
    ).values_list("id"),
    Ticket._meta.get_field("workspace_id"),
    Ticket._meta.get_field("merged_into_id"),
)


@in_transaction
def merge_tickets(source: Ticket, target: Ticket, *, actor: Actor, if_version: int | None = None) -> Merge:
    """Move everything of the source into the target; the source is closed and points there. Nobody gets mail.

    Tags are united; the source's requester and CCs become CCs of the target; tickets merged into the source earlier
    point at the target, too. An open source reopens a closed target and takes it out of the archive.
    A source that already ends where the target ends changes nothing and answers the merge there is.

    `if_version` is the source's. Refuses the same ticket twice (MergeIntoItself), another workspace (NotFound), a
    source merged elsewhere (AlreadyMerged) and a target that is merged itself (TargetMerged).
    Records `ticket.merged` on source, target and every ticket that points elsewhere now.
    """
    actor.must(Access.WRITE, source.workspace_id)
    if target.workspace_id != source.workspace_id:
        raise NotFound
    if source.pk == target.pk:
        raise MergeIntoItself
    workspace_id = source.workspace_id
    lock_structure(workspace_id)
    followers = [row[0] for row in _FOLLOWERS.rows(workspace_id, source.pk)]
    tickets = lock_tickets(workspace_id, [source.pk, target.pk, *followers])
    source, target = tickets.pop(source.pk), tickets.pop(target.pk)
    if source.merged_into_id is not None:
        if source.merged_into_id == (target.merged_into_id or target.pk):
            return Merge.objects.select_related("target").get(
                workspace_id=workspace_id, source_id=source.pk, undone_at=None
            )
        raise AlreadyMerged(mergedIntoId=source.merged_into_id)
    if target.merged_into_id is not None:
        raise TargetMerged(mergedIntoId=target.merged_into_id)
    must_have_version(source, if_version)

    from_source, into_target = TicketEdit(source, actor), TicketEdit(target, actor)
    into_target.now = from_source.now = max(from_source.now, into_target.now)
    merge = Merge(
        workspace_id=workspace_id,
        source=source,
        target=target,
        source_before={
            "status": source.status,
            "closedAt": None if source.closed_at is None else source.closed_at.isoformat(),
        },
        created_at=from_source.now,
    )
    owed_tags, owed_ccs = _owed_to_merges(target)
    added_tags = _unite_tags(into_target, source, merge, owed_tags)
    added_ccs = _unite_ccs(into_target, source, merge, owed_ccs)
    _move_messages(source, target, merge)
    if source.status == Status.OPEN:
        if target.status == Status.CLOSED:
            set_status(into_target, Status.OPEN, "An open ticket was merged into this one.")
        if source.archived_at is None:
            bring_back(into_target, reason="An open ticket was merged into this one.")
    rollups = rollups_of(target.pk, workspace_id)
    into_target.set(message_count=rollups.message_count, first_replied_at=rollups.first_replied_at)
    if rollups.last_message_at is not None:
        into_target.set(last_message_at=rollups.last_message_at)
    into_target.record(
        EventKind.MERGED,
        role="target",
        mergeId=str(merge.pk),
        sourceTicketId=str(source.pk),
        sourceTicketNumber=source.number,
        movedCount=merge.moved_count,
        addedTags=added_tags,
        addedCcs=added_ccs,
    )
    into_target.save()
    # The followers first: at no moment may a ticket point at one that is merged.
    for follower in tickets.values():
        redirect(follower, target, because=source, actor=actor)
    if source.status != Status.CLOSED:
        from_source.set(status=Status.CLOSED, closed_at=from_source.now)
    from_source.set(merged_into=target, message_count=0)
    from_source.record(
        EventKind.MERGED,
        role="source",
        mergeId=str(merge.pk),
        targetTicketId=str(target.pk),
        targetTicketNumber=target.number,
        movedCount=merge.moved_count,
    )
    from_source.save()
    search.rebuild(target)
    search.rebuild(source)
    return merge


def redirect(follower: Ticket, to: Ticket, *, because: Ticket, actor: Actor) -> None:
    """Point a ticket that is merged already at another root, because the one in between was merged or unmerged."""
    edit = TicketEdit(follower, actor)
    edit.set(merged_into=to)
    edit.record(
        EventKind.MERGED,
        role="redirected",
        sourceTicketId=str(because.pk),
        targetTicketId=str(to.pk),
        targetTicketNumber=to.number,
    )
    edit.save()


def _unite_tags(into_target: TicketEdit, source: Ticket, merge: Merge, owed: set[str]) -> list[str]:
    """Answers the keys of the tags that the target did not have."""
    target = into_target.ticket
    have = {tag_key(tag) for tag in target.tags}
    added = [tag for tag in source.tags if tag_key(tag) not in have]
    if added:
        into_target.set(tags=[*target.tags, *added])
        insert_rows(tag_rows(target, {tag_key(tag) for tag in added}))
    merge.added_tags = [key for key in map(tag_key, source.tags) if key not in have or key in owed]
    return [tag_key(tag) for tag in added]


def _unite_ccs(into_target: TicketEdit, source: Ticket, merge: Merge, owed: set[str]) -> list[str]:
    """Answers the keys of the addresses that the target did not have."""
    target = into_target.ticket
    have = {address_key(cc) for cc in target.ccs}
    people = without_addresses(people_of(source), [target.requester.email] if target.requester else [])
    added = [cc for cc in people if address_key(cc) not in have]
    if added:
        into_target.set(ccs=[*target.ccs, *added])
    merge.added_ccs = [key for key in map(address_key, people) if key not in have or key in owed]
    return [address_key(cc) for cc in added]


_OWED = CompiledQuery(
    lambda workspace_id, target_id: Merge.objects.filter(
        workspace_id=workspace_id, target_id=target_id, undone_at=None
    ).values_list("added_tags", "added_ccs"),
    Merge._meta.get_field("workspace_id"),
    Merge._meta.get_field("target_id"),
)


def _owed_to_merges(target: Ticket) -> tuple[set[str], set[str]]:
    """The tags and CCs that the target has only because of merges.

    Another merge that brings them is one reason more to keep them.
    """
    rows = _OWED.rows(target.workspace_id, target.pk)
    return {key for tags, _ in rows for key in tags}, {key for _, ccs in rows for key in ccs}


def people_of(ticket: Ticket) -> list[str]:
    """The addresses of those who take part from outside: the requester first, then the CCs."""
    return [
        *([ticket.requester.email] if ticket.requester else []),
        *without_addresses(ticket.ccs, [ticket.requester.email] if ticket.requester else []),
    ]


def _move_messages(source: Ticket, target: Ticket, merge: Merge) -> None:
    messages = Message.objects.filter(workspace_id=source.workspace_id, ticket_id=source.pk)
    moved = list(messages.values_list("pk", flat=True))
    merge.moved_count = len(moved)
    insert_rows([merge])
    MergedMessage.objects.bulk_create(
        [MergedMessage(workspace_id=source.workspace_id, merge=merge, message_id=pk) for pk in moved], batch_size=500
    )
    messages.update(ticket_id=target.pk)
