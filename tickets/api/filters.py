"""Which tickets a list shows: filters, search and order, each a filter backend.

A backend does its work in two steps: `read` what the request asks, as part of a question (see `inboxops.compiled`), and
`narrow` the rows to those that answer it. The second is only done when a question of this shape is compiled.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import django_filters
from django import forms
from django.db import models
from django.db.models import Count, Exists, OuterRef
from django.http import QueryDict
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from accounts.addresses import address_key, clean_address
from inboxops.api import fields
from inboxops.api.pagination import Sort, SortKey, by_moment, parse_sort, sort_parameter, whole_number
from inboxops.api.query import MAX_VALUES, Parameter
from inboxops.compiled import Question, Term
from inboxops.errors import FieldError, Invalid
from inboxops.ids import parse_uuid
from tickets import search
from tickets.api.inputs import TAG_PATTERN
from tickets.models import Contact, Ticket, TicketTag
from tickets.querysets import TicketQuerySet
from tickets.texts import tag_key
from tickets.workflow import Priority, Status
from workspaces.api.base import WorkspaceViewSet


class SeveralWidget(forms.Widget):
    """Reads a parameter that may be repeated, or hold several values with commas between them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str] | None:
        if name not in data:
            return None
        values = data.getlist(name) if isinstance(data, QueryDict) else [data[name]]
        return [part.strip() for value in values for part in value.split(",") if part.strip()]


class SeveralField(forms.Field):
    """One or more values; the names of a set of choices where a `kind` is given."""

    widget = SeveralWidget

    def __init__(self, *, kind: type[models.Choices] | None = None, **kwargs: Any) -> None:
        self.choices = None if kind is None else fields.names_of(kind)
        super().__init__(**kwargs)

    def clean(self, value: list[str] | None) -> list[str] | None:
        if value == []:
            raise forms.ValidationError("This must name at least one value.", code="blank")
        unknown = [item for item in value or [] if self.choices is not None and item not in self.choices]
        if unknown:
            raise forms.ValidationError(f"Each must be one of {', '.join(self.choices or [])}.", code="unknown_choice")
        if len(value or []) > MAX_VALUES:
            raise forms.ValidationError(f"At most {MAX_VALUES} values.", code="too_many")
        # What is asked twice is asked once, in one order: of the same shape.
        return None if value is None else sorted(set(value))


# Up to so many tags that must all be there are a condition each, which an index knows. With many more, PostgreSQL would
# spend seconds on how to join them.
FEW_TAGS = 3


@dataclass(frozen=True)
class Kind:
    """A kind of value: how it is read (None: it cannot be), what to say then, and its JSON schema."""

    parse: Callable[[str], Any]
    hint: str
    schema: Mapping[str, Any]


class OneField(forms.CharField):
    """A value of some kind."""

    def __init__(self, *, kind: Kind, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        parsed = self.kind.parse(str(value))
        if parsed is None:
            raise forms.ValidationError(self.kind.hint, code="invalid")
        return parsed


class SeveralFilter(django_filters.Filter):
    """A filter over one or more values."""

    field_class = SeveralField


class OneFilter(django_filters.Filter):
    """A filter over one value that is parsed first."""

    field_class = OneField


def parse_assignee(text: str) -> uuid.UUID | str | None:
    """A user's id, `me` or `none`."""
    return text if text in ("me", "none") else parse_uuid(text)


def parse_address(text: str) -> Term | None:
    """An e-mail address as it is compared."""
    try:
        return Term(address_key(clean_address(text)))
    except ValueError:
        return None


def one_of(*names: str) -> Kind:
    """One of some names."""
    listed = f"{', '.join(names[:-1])} or {names[-1]}"
    schema = {"type": "string", "enum": names}
    return Kind(lambda text: text if text in names else None, f"This must be {listed}.", schema)


# JSON has these two words, so a boolean is written as them in a query, too.
TRUE_OR_FALSE = replace(one_of("true", "false"), schema={"type": "boolean"})
MOMENT = Kind(
    fields.parse_moment,
    "This must be a time in ISO 8601, such as 2026-01-31T09:30:00Z.",
    {"type": "string", "format": "date-time"},
)
ASSIGNEE = Kind(
    parse_assignee,
    "This must be a user's id, me or none.",
    {"anyOf": [{"type": "string", "enum": ["me", "none"]}, {"type": "string", "format": "uuid"}]},
)
TAG = {"type": "string", "pattern": TAG_PATTERN}
ADDRESS = Kind(parse_address, "This must be an e-mail address.", {"type": "string", **fields.ADDRESS})


class TicketFilterSet(django_filters.FilterSet):
    """The filters of the ticket list, by the names of their parameters."""

    status = SeveralFilter(kind=Status, method="in_status", help_text="In any of these.")
    priority = SeveralFilter(kind=Priority, method="of_priority", help_text="Of any of these.")
    tags = SeveralFilter(method="with_tags", help_text="With any of these tags, or all: see `tagsMatch`.")
    tagsMatch = OneFilter(
        kind=one_of("any", "all"),
        method="unfiltered",
        help_text="Whether any of `tags` will do, or each is needed.",
    )
    assignee = OneFilter(
        kind=ASSIGNEE, method="assigned_to", help_text="A user's id; `me` for the caller, `none` for nobody."
    )
    requester = OneFilter(kind=ADDRESS, method="asked_by", help_text="The customer's e-mail address.")
    archived = OneFilter(
        kind=one_of("true", "false", "all"),
        method="unfiltered",
        help_text="`false`, the default: those in the inbox; `true`: those in the archive; `all`: both.",
    )
    merged = OneFilter(
        kind=TRUE_OR_FALSE,
        method="unfiltered",
        help_text="Whether to show those merged into another, which are left out by default.",
    )
    createdAfter = OneFilter(field_name="created_at", lookup_expr="gt", kind=MOMENT, help_text="Strictly after.")
    createdBefore = OneFilter(field_name="created_at", lookup_expr="lt", kind=MOMENT, help_text="Strictly before.")
    updatedAfter = OneFilter(field_name="updated_at", lookup_expr="gt", kind=MOMENT, help_text="Strictly after.")
    updatedBefore = OneFilter(field_name="updated_at", lookup_expr="lt", kind=MOMENT, help_text="Strictly before.")

    class Meta:
        model = Ticket
        fields: list[str] = []

    def __init__(self, question: Question, queryset: TicketQuerySet) -> None:
        super().__init__(queryset=queryset)
        self.question = question

    @property
    def qs(self) -> TicketQuerySet:
        """Those that answer the question; archived and merged tickets are left out unless asked for."""
        queryset: TicketQuerySet = self.queryset
        for name, declared in self.filters.items():
            if name in self.question:
                queryset = declared.filter(queryset, self.question[name])
        match self.question.get("archived", "false"):
            case "true":
                queryset = queryset.filter(archived_at__isnull=False)
            case "false":
                queryset = queryset.not_archived()
        return queryset if self.question.get("merged") == "true" else queryset.not_merged()

    def unfiltered(self, queryset: TicketQuerySet, name: str, value: Any) -> TicketQuerySet:
        """For parameters that are read together with others."""
        return queryset

    def in_status(self, queryset: TicketQuerySet, name: str, value: list[str]) -> TicketQuerySet:
        """In any of these statuses."""
        chosen = sorted(set(value))
        if chosen == [status for status in sorted(Status.values) if chosen[0] <= status <= chosen[-1]]:
            # Neighbours in the alphabet (open and pending are): a range says the same, and unlike a list it is judged
            # within an index that keeps the order.
            return queryset.filter(status__range=(chosen[0], chosen[-1]))
        return queryset.filter(status__in=chosen)

    def of_priority(self, queryset: TicketQuerySet, name: str, value: list[str]) -> TicketQuerySet:
        """Of any of these priorities."""
        return queryset.filter(priority__in=[Priority.named(item) for item in value])

    def with_tags(self, queryset: TicketQuerySet, name: str, value: list[Term]) -> TicketQuerySet:
        """With any of these tags, or with `tagsMatch=all` with each of them."""
        all_of_them = self.question.get("tagsMatch") == "all"
        if all_of_them and len(value) > FEW_TAGS:
            tagged = TicketTag.objects.filter(workspace=self.question["workspace"], key__in=value).values("ticket")
            return queryset.filter(pk__in=tagged.annotate(found=Count("*")).filter(found=len(value)).values("ticket"))
        for group in [[key] for key in value] if all_of_them else [value]:
            rows = TicketTag.objects.filter(workspace=OuterRef("workspace"), ticket=OuterRef("pk"), key__in=group)
            queryset = queryset.filter(Exists(rows))
        return queryset

    def assigned_to(self, queryset: TicketQuerySet, name: str, value: uuid.UUID | str) -> TicketQuerySet:
        """Of one assignee, or of nobody."""
        return queryset.filter(assignee=None) if value == "none" else queryset.filter(assignee__pk=value)

    def asked_by(self, queryset: TicketQuerySet, name: str, value: Term) -> TicketQuerySet:
        """Of the requester with this address."""
        contacts = Contact.objects.filter(workspace_id=self.question["workspace"], email_key=value)
        # One value rather than a set: so the index gives their tickets in order.
        return queryset.filter(requester=contacts.values("pk")[:1])


def _parameter(name: str, declared: django_filters.Filter) -> Parameter:
    about = declared.extra
    if isinstance(declared, SeveralFilter):
        # A set of choices is described once, for this and for the members that hold one.
        known = {"$ref": f"#/components/schemas/{about['kind'].__name__}"} if "kind" in about else None
        return Parameter(name, about["help_text"], known or TAG, several=True)
    return Parameter(name, about["help_text"], about["kind"].schema)


FILTER_PARAMETERS = tuple(_parameter(name, declared) for name, declared in TicketFilterSet.base_filters.items())


class QuestionBackend(BaseFilterBackend):
    """A filter backend in two steps."""

    def read(self, request: Request, view: WorkspaceViewSet) -> dict[str, Any]:
        """What the request asks, by the names of the parameters. Raises Invalid, with each error there is."""
        raise NotImplementedError

    def narrow(self, rows: TicketQuerySet, question: Question) -> TicketQuerySet:
        """Those of the rows that answer the question."""
        raise NotImplementedError

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """Both steps at once, as the framework knows them."""
        question = {"workspace": view.workspace.pk, **self.read(request, view)}
        return self.narrow(queryset, question)


class TicketFilterBackend(QuestionBackend):
    """Applies `TicketFilterSet`."""

    def read(self, request: Request, view: WorkspaceViewSet) -> dict[str, Any]:
        query, question, errors = request.query_params, {}, []
        for name, declared in TicketFilterSet.base_filters.items():
            if name not in query:
                continue
            field = declared.field
            try:
                question[name] = field.clean(field.widget.value_from_datadict(query, {}, name))
            except forms.ValidationError as error:
                errors.append(FieldError(error.code or "invalid", error.messages[0], parameter=name))
        if errors:
            raise Invalid(*errors)
        if question.get("assignee") == "me":
            question["assignee"] = view.actor.user_id
        if "tags" in question:
            keys = [Term(tag_key(" ".join(tag.split()))) for tag in question["tags"]]
            question["tags"] = list(dict.fromkeys(keys))
        return question

    def narrow(self, rows: TicketQuerySet, question: Question) -> TicketQuerySet:
        return TicketFilterSet(question, rows).qs


def _priority(value: Any) -> Priority:
    return Priority(whole_number(value))


SORT_KEYS = {
    key.name: key
    for key in (
        by_moment("lastMessageAt", "last_message_at"),
        by_moment("createdAt", "created_at"),
        by_moment("updatedAt", "updated_at"),
        SortKey("ticketNumber", "number", int, whole_number),
        SortKey("priority", "priority", int, _priority),
    )
}


SEARCH_PARAMETER = Parameter(
    "search",
    'Full text: words in any order, `"a phrase"`, `-without`, `or`, `refun*`; case and accents do not count. Without a'
    " `sort`, the best match comes first.",
    {"type": "string", **fields.NO_NUL},
)
_DEFAULT_SORT = "-lastMessageAt"
SORT_PARAMETER = sort_parameter(SORT_KEYS, _DEFAULT_SORT, otherwise="; with `search`, the best match first")


class SearchBackend(QuestionBackend):
    """`search`: full text. In the order of relevance unless a `sort` is asked for. The last of the backends."""

    def read(self, request: Request, view: WorkspaceViewSet) -> dict[str, Any]:
        text = request.query_params.get("search", "").strip()
        return {"search": text} if text else {}

    def narrow(self, rows: TicketQuerySet, question: Question) -> TicketQuerySet:
        if "search" not in question:
            return rows
        find = search.matching if question.get("sort") else search.best_first
        return find(rows, question["workspace"], question["search"])


# In the order in which they narrow.
FILTER_BACKENDS: tuple[type[QuestionBackend], ...] = (TicketFilterBackend, SearchBackend)


def sort_of(query: QueryDict) -> Sort | None:
    """The order asked for: newest conversation first by default, by relevance (None) for a search."""
    sort = query.get("sort")
    if sort is None and query.get("search", "").strip():
        return None
    return parse_sort(_DEFAULT_SORT if sort is None else str(sort), SORT_KEYS)
