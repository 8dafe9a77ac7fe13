"""Which tickets a list shows: filters, search and order, each a filter backend."""

import uuid
from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from accounts.addresses import address_key, clean_address
from inboxops.api.fields import parse_moment
from inboxops.api.pagination import Sort, SortKey, by_moment, parse_sort, whole_number
from inboxops.errors import FieldError, Invalid
from inboxops.ids import parse_uuid
from tickets import search
from tickets.models import Contact, Ticket, TicketTag
from tickets.querysets import TicketQuerySet
from tickets.texts import MAX_TAGS, tag_key
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
    """One or more values; of a fixed set where `choices` are given."""

    widget = SeveralWidget

    def __init__(self, *, choices: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.choices = None if choices is None else list(choices)
        super().__init__(**kwargs)

    def clean(self, value: list[str] | None) -> list[str] | None:
        if value == []:
            raise forms.ValidationError("This must name at least one value.", code="blank")
        unknown = [item for item in value or [] if self.choices is not None and item not in self.choices]
        if unknown:
            raise forms.ValidationError(f"Each must be one of {', '.join(self.choices or [])}.", code="unknown_choice")
        # With tagsMatch=all each one is a condition of its own: PostgreSQL plans a thousand of them for minutes.
        if len(value or []) > MAX_TAGS:
            raise forms.ValidationError(f"At most {MAX_TAGS} values.", code="too_many")
        return value


class OneField(forms.CharField):
    """A value that `parse` understands; None from it is an error."""

    def __init__(self, *, parse: Any, hint: str, **kwargs: Any) -> None:
        self.parse, self.hint = parse, hint
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        parsed = self.parse(str(value))
        if parsed is None:
            raise forms.ValidationError(self.hint, code="invalid")
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


def parse_address(text: str) -> str | None:
    """An e-mail address as it is compared."""
    try:
        return address_key(clean_address(text))
    except ValueError:
        return None


def one_of(*names: str) -> Any:
    """A parser for a fixed set of names."""
    return lambda text: text if text in names else None


_MOMENT = {"parse": parse_moment, "hint": "This must be a time in ISO 8601, such as 2026-01-31T09:30:00Z."}


class TicketFilterSet(django_filters.FilterSet):
    """The filters of the ticket list, by the names of their parameters."""

    status = SeveralFilter(choices=Status.values, method="in_status")
    priority = SeveralFilter(choices=[p.label for p in Priority], method="of_priority")
    tags = SeveralFilter(method="with_tags")
    tagsMatch = OneFilter(parse=one_of("any", "all"), hint="This must be any or all.", method="unfiltered")
    assignee = OneFilter(parse=parse_assignee, hint="This must be a user's id, me or none.", method="assigned_to")
    requester = OneFilter(parse=parse_address, hint="This must be an e-mail address.", method="asked_by")
    archived = OneFilter(
        parse=one_of("true", "false", "all"), hint="This must be true, false or all.", method="unfiltered"
    )
    merged = OneFilter(parse=one_of("true", "false"), hint="This must be true or false.", method="unfiltered")
    createdAfter = OneFilter(field_name="created_at", lookup_expr="gt", **_MOMENT)
    createdBefore = OneFilter(field_name="created_at", lookup_expr="lt", **_MOMENT)
    updatedAfter = OneFilter(field_name="updated_at", lookup_expr="gt", **_MOMENT)
    updatedBefore = OneFilter(field_name="updated_at", lookup_expr="lt", **_MOMENT)

    class Meta:
        model = Ticket
        fields: list[str] = []

    def filter_queryset(self, queryset: TicketQuerySet) -> TicketQuerySet:
        """The filters given; archived and merged tickets are left out unless asked for."""
        chosen = self.form.cleaned_data
        queryset = super().filter_queryset(queryset)
        match chosen["archived"]:
            case "true":
                queryset = queryset.filter(archived_at__isnull=False)
            case "false" | None:
                queryset = queryset.not_archived()
        return queryset if chosen["merged"] == "true" else queryset.not_merged()

    def unfiltered(self, queryset: TicketQuerySet, name: str, value: Any) -> TicketQuerySet:
        """For parameters that are read together with others."""
        return queryset

    def in_status(self, queryset: TicketQuerySet, name: str, value: list[str]) -> TicketQuerySet:
        """In any of these statuses."""
        return queryset.filter(status__in=value)

    def of_priority(self, queryset: TicketQuerySet, name: str, value: list[str]) -> TicketQuerySet:
        """Of any of these priorities."""
        return queryset.filter(priority__in=[Priority.named(item) for item in value])

    def with_tags(self, queryset: TicketQuerySet, name: str, value: list[str]) -> TicketQuerySet:
        """With any of these tags, or with `tagsMatch=all` with each of them."""
        keys = list(dict.fromkeys(tag_key(" ".join(item.split())) for item in value))
        groups = [[key] for key in keys] if self.form.cleaned_data["tagsMatch"] == "all" else [keys]
        for group in groups:
            rows = TicketTag.objects.filter(workspace=OuterRef("workspace"), ticket=OuterRef("pk"), key__in=group)
            queryset = queryset.filter(Exists(rows))
        return queryset

    def assigned_to(self, queryset: TicketQuerySet, name: str, value: uuid.UUID | str) -> TicketQuerySet:
        """Of one assignee, of the caller, or of nobody."""
        if value == "none":
            return queryset.filter(assignee=None)
        user_id = self.request.auth.actor.user_id if value == "me" else value
        return queryset.filter(assignee__pk=user_id)

    def asked_by(self, queryset: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        """Of the requester with this address."""
        contacts = Contact.objects.filter(workspace_id=self.request.auth.actor.workspace_id, email_key=value)
        return queryset.filter(requester__in=contacts)


FILTER_PARAMETERS = tuple(TicketFilterSet.base_filters)


class TicketFilterBackend(DjangoFilterBackend):
    """Applies `TicketFilterSet`; its errors name the parameter."""

    def filter_queryset(self, request: Request, queryset: TicketQuerySet, view: WorkspaceViewSet) -> TicketQuerySet:
        query = request.query_params
        if not any(name in query for name in FILTER_PARAMETERS):
            return queryset.not_archived().not_merged()
        filters = TicketFilterSet(query, queryset=queryset, request=request)
        if not filters.is_valid():
            raise Invalid(
                *(
                    FieldError(error.code or "invalid", error.messages[0], parameter=name)
                    for name, errors in filters.errors.as_data().items()
                    for error in errors
                )
            )
        found: TicketQuerySet = filters.qs
        return found


def _priority(value: Any) -> int:
    number = whole_number(value)
    return Priority(number).value


SORT_KEYS = {
    key.name: key
    for key in (
        by_moment("lastMessageAt", "last_message_at"),
        by_moment("createdAt", "created_at"),
        by_moment("updatedAt", "updated_at"),
        SortKey("ticketNumber", "number", int, whole_number),
        SortKey("priority", "priority", lambda name: Priority.named(name).value, _priority),
    )
}


class SearchBackend(BaseFilterBackend):
    """`search`: full text. In the order of relevance unless a `sort` is asked for."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        text = request.query_params.get("search", "").strip()
        if not text:
            return queryset
        find = search.matching if "sort" in request.query_params else search.best_first
        return find(queryset, view.workspace.pk, text)


def sort_of(query: QueryDict) -> Sort | None:
    """The order asked for: newest conversation first by default, by relevance (None) for a search."""
    sort = query.get("sort")
    if sort is None and query.get("search", "").strip():
        return None
    return parse_sort("-lastMessageAt" if sort is None else str(sort), SORT_KEYS)
