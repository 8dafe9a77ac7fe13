"""What must hold of everything that is stored, each as one query for rows that break it.

`manage.py check_invariants` runs them; so do the tests, after every storm. A new rule is a function in `INVARIANTS`
that answers a query: whatever it finds is wrong.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from inboxops.db import is_postgresql
from tickets import constraints, search
from tickets.files.stores import FILES, FileStore
from tickets.models import (
    Attachment,
    Delivery,
    FileUsage,
    Merge,
    MergedMessage,
    Message,
    SearchDocument,
    Ticket,
    TicketCounter,
    TicketEvent,
    TicketTag,
)
from tickets.workflow import ACTIVE, FINAL_DELIVERY_STATES, AuthorKind, EventKind, Status
from workspaces.models import ASSIGNABLE_ROLES, ApiToken, Membership, Workspace
from workspaces.tenancy import tenant_models

Rows = QuerySet[Any, Any]

_SHOWN = 5


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold: how many rows break it, and the keys of the first few."""

    name: str
    rule: str
    count: int
    examples: list[str]


def broken_invariants() -> list[Broken]:
    """Check everything; an empty list is a sound store."""
    return list(_broken())


def _broken() -> Iterator[Broken]:
    lacking = [*constraints.missing(connection), *search.missing(connection)]
    if lacking:
        yield Broken("rules_installed", "Every constraint and trigger is in place.", len(lacking), lacking[:_SHOWN])
    for name, (rule, rows) in INVARIANTS.items():
        found = list(rows()[: _SHOWN + 1])
        if found:
            count = len(found) if len(found) <= _SHOWN else rows().count()
            yield Broken(name, rule, count, [str(key) for key in found[:_SHOWN]])
    for reference in _foreign_references():
        found = list(reference.rows()[: _SHOWN + 1])
        if found:
            yield Broken(
                reference.name, "No reference leads into another workspace.", len(found), [str(k) for k in found]
            )


@dataclass(frozen=True)
class _ForeignReference:
    name: str
    rows: Callable[[], Rows]


def _foreign_references() -> Iterator[_ForeignReference]:
    """One query per reference between two tenant tables, from the models."""
    tenants = set(tenant_models())
    for model in sorted(tenants, key=lambda m: m._meta.label):
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model in tenants:
                name = f"{model._meta.db_table}.{field.column}_same_workspace"
                rows = model._default_manager.exclude(**{f"{field.name}__workspace": F("workspace")}).exclude(
                    **{f"{field.name}__isnull": True}
                )
                yield _ForeignReference(name, lambda rows=rows: rows.values_list("pk", flat=True))  # type: ignore[misc]


def keys(rows: Rows, column: str = "pk") -> Rows:
    """The keys of the rows, in a fixed order."""
    return rows.order_by(column).values_list(column, flat=True)


def _messages(ticket: str) -> QuerySet[Message]:
    """Within a query of rows with a workspace: the messages of the ticket in this column. Indexes need both."""
    return Message.objects.filter(workspace=OuterRef("workspace"), ticket=OuterRef(ticket))


def numbers_have_gaps() -> Rows:
    counters = TicketCounter.objects.filter(workspace=OuterRef("workspace")).values("last_number")
    found = (
        Ticket.objects.order_by()
        .values("workspace")
        .annotate(tickets=Count("pk"), highest=Max("number"), counter=Subquery(counters))
        .filter(~Q(tickets=F("highest")) | Q(counter__isnull=True) | ~Q(highest=F("counter")))
    )
    return found.order_by("workspace").values_list("workspace", flat=True)


def message_counts_differ() -> Rows:
    counted = _messages("pk").order_by().values("ticket").annotate(n=Count("pk"))
    return keys(
        Ticket.objects.annotate(found=Coalesce(Subquery(counted.values("n")), 0)).exclude(message_count=F("found"))
    )


def last_messages_differ() -> Rows:
    last = _messages("pk").order_by().values("ticket").annotate(at=Max("created_at"))
    found = Ticket.objects.annotate(found=Subquery(last.values("at"))).filter(found__isnull=False)
    return keys(found.exclude(last_message_at=F("found")))


def first_replies_differ() -> Rows:
    asked = _messages("ticket").filter(author_kind=AuthorKind.CUSTOMER).order_by("created_at", "id")
    replied = (
        _messages("pk")
        .filter(author_kind=AuthorKind.AGENT, is_internal=False)
        .annotate(asked=Subquery(asked.values("created_at")[:1]), asked_id=Subquery(asked.values("id")[:1]))
        .filter(Q(created_at__gt=F("asked")) | Q(created_at=F("asked"), id__gt=F("asked_id")))
        .order_by()
        .values("ticket")
        .annotate(at=Min("created_at"))
        .values("at")
    )
    found = Ticket.objects.annotate(found=Subquery(replied))
    wrong = (
        Q(first_replied_at__isnull=True, found__isnull=False)
        | Q(first_replied_at__isnull=False, found__isnull=True)
        | Q(first_replied_at__isnull=False) & ~Q(first_replied_at=F("found"))
    )
    return keys(found.filter(wrong, message_count__gt=0))


def pointers_are_not_flat() -> Rows:
    return keys(Ticket.objects.filter(merged_into__merged_into__isnull=False))


def merged_tickets_hold_messages() -> Rows:
    return keys(Ticket.objects.filter(merged_into__isnull=False).filter(Exists(_messages("pk"))))


def merges_and_pointers_differ() -> Rows:
    active = Merge.objects.filter(workspace=OuterRef("workspace"), source=OuterRef("pk"), undone_at=None)
    pointing = Ticket.objects.annotate(recorded=Exists(active))
    return keys(
        pointing.filter(Q(merged_into__isnull=True, recorded=True) | Q(merged_into__isnull=False, recorded=False))
    )


def merges_lead_elsewhere() -> Rows:
    active = Merge.objects.filter(undone_at=None).annotate(root=Coalesce("target__merged_into", "target"))
    return keys(active.exclude(source__merged_into=F("root")))


def merged_messages_strayed() -> Rows:
    active = MergedMessage.objects.filter(merge__undone_at=None, split_off=False)
    return keys(active.exclude(message__ticket=F("merge__source__merged_into")))


def tags_and_rows_differ() -> Rows:
    rows = TicketTag.objects.filter(ticket=OuterRef("pk")).order_by().values("ticket").annotate(n=Count("pk"))
    length = Func(
        F("tags"),
        function="jsonb_array_length" if is_postgresql() else "json_array_length",
        output_field=IntegerField(),
    )
    return keys(
        Ticket.objects.annotate(shown=length, found=Coalesce(Subquery(rows.values("n")), 0)).exclude(shown=F("found"))
    )


def assignees_cannot_work() -> Rows:
    able = Membership.objects.filter(
        workspace=OuterRef("workspace"), user=OuterRef("assignee"), role__in=ASSIGNABLE_ROLES
    )
    return keys(Ticket.objects.filter(status__in=ACTIVE, assignee__isnull=False).exclude(Exists(able)))


def tickets_cannot_be_found() -> Rows:
    return keys(Ticket.objects.exclude(Exists(SearchDocument.objects.filter(ticket=OuterRef("pk")))))


def tickets_have_no_birth() -> Rows:
    born = TicketEvent.objects.filter(
        workspace=OuterRef("workspace"), ticket=OuterRef("pk"), kind__in=(EventKind.CREATED, EventKind.SPLIT)
    )
    return keys(Ticket.objects.exclude(Exists(born)))


def notes_were_mailed() -> Rows:
    return keys(Delivery.objects.filter(Q(message__is_internal=True) | Q(message__author_kind=AuthorKind.CUSTOMER)))


def deliveries_lack_what_they_need() -> Rows:
    settled = Q(state__in=FINAL_DELIVERY_STATES)
    return keys(
        Delivery.objects.filter(
            (settled & Q(settled_at__isnull=True))
            | (~settled & Q(settled_at__isnull=False))
            | Q(recipients=[])
            | ~Q(internet_message_id=F("message__internet_message_id"))
        )
    )


def tokens_without_member() -> Rows:
    members = Membership.objects.filter(workspace=OuterRef("workspace"), user=OuterRef("user"))
    return keys(ApiToken.objects.filter(revoked_at=None).exclude(Exists(members)))


def closed_merged_sources() -> Rows:
    return keys(Ticket.objects.filter(merged_into__isnull=False).exclude(status=Status.CLOSED))


def attachment_counts_differ() -> Rows:
    rows = Attachment.objects.filter(workspace=OuterRef("workspace"), message=OuterRef("pk"))
    counted = rows.order_by().values("message").annotate(n=Count("pk")).values("n")
    return keys(Message.objects.annotate(found=Coalesce(Subquery(counted), 0)).exclude(attachment_count=F("found")))


def file_usage_differs() -> Rows:
    """Workspaces whose count of bytes is not that of their files, those announced among them."""
    sizes = Attachment.objects.filter(workspace=OuterRef("pk")).order_by().values("workspace").annotate(n=Sum("size"))
    counted = FileUsage.objects.filter(workspace=OuterRef("pk")).values("size")
    found = Workspace.objects.annotate(
        counted=Coalesce(Subquery(counted), 0),
        found=Coalesce(Subquery(sizes.values("n")), 0, output_field=BigIntegerField()),
    )
    return keys(found.exclude(counted=F("found")))


def lost_files(store: FileStore) -> Broken | None:
    """Confirmed attachments whose file is missing, or of another size. The store lists what it has, once."""
    confirmed = Attachment.objects.filter(confirmed_at__isnull=False).order_by("pk")
    lost: list[uuid.UUID] = []
    for workspace_id in Workspace.objects.order_by("pk").values_list("pk", flat=True):
        sizes = {file.key: file.size for file in store.listed(f"{FILES}{workspace_id}/")}
        rows = confirmed.filter(workspace_id=workspace_id).values_list("pk", "key", "size")
        suspects = [row for row in rows.iterator() if sizes.get(row[1]) != row[2]]
        lost += (pk for pk, key, size in suspects if _is_lost(store, pk, key, size))
    if not lost:
        return None
    return Broken("files", "A confirmed attachment has its file.", len(lost), [str(pk) for pk in lost[:_SHOWN]])


def _is_lost(store: FileStore, pk: uuid.UUID, key: str, size: int) -> bool:
    """Asked again: a file may have come or gone since the store was listed."""
    try:
        return store.size(key) != size
    except FileNotFoundError:
        return Attachment.objects.filter(pk=pk).exists()


INVARIANTS: dict[str, tuple[str, Callable[[], Rows]]] = {
    "numbers_without_gaps": ("Ticket numbers of a workspace run from 1 without gaps.", numbers_have_gaps),
    "message_count": ("A ticket counts the messages it has.", message_counts_differ),
    "last_message_at": ("A ticket knows when its last message came.", last_messages_differ),
    "first_replied_at": ("A ticket knows when its customer was first answered.", first_replies_differ),
    "pointers_flat": ("A merged ticket points at one that is not merged.", pointers_are_not_flat),
    "merged_closed": ("A merged ticket is closed.", closed_merged_sources),
    "merged_empty": ("A merged ticket holds no messages.", merged_tickets_hold_messages),
    "merges_recorded": ("A ticket is merged if and only if an active merge says so.", merges_and_pointers_differ),
    "merges_end": ("A merged ticket ends where the target of its merge ends.", merges_lead_elsewhere),
    "moved_messages": ("Messages that a merge moved are where it ends, or were split off.", merged_messages_strayed),
    "tags": ("The rows that the tag filter reads are the tags of the ticket.", tags_and_rows_differ),
    "assignees": ("Whoever has an active ticket is an agent or admin of its workspace.", assignees_cannot_work),
    "searchable": ("Every ticket is in the search index.", tickets_cannot_be_found),
    "births": ("Every timeline tells how the ticket came to be.", tickets_have_no_birth),
    "notes_stay": ("Only public messages of ours leave by mail.", notes_were_mailed),
    "deliveries": (
        "A delivery has recipients, its message's Message-ID, and an end if it is over.",
        deliveries_lack_what_they_need,
    ),
    "attachment_count": ("A message counts the files it has.", attachment_counts_differ),
    "file_usage": ("A workspace counts the bytes of its files, announced ones among them.", file_usage_differs),
    "tokens": ("A token that works belongs to a member.", tokens_without_member),
}
