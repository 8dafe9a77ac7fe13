"""Tickets in the back office, for looking. Changes go through the actions."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tickets.models import Contact, Delivery, Merge, Message, Ticket, TicketEvent
from workspaces.admin import ReadOnlyAdmin, short


class MessageInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Message
    fk_name = "ticket"
    fields = readonly_fields = ("created_at", "author_kind", "user", "contact", "is_internal", "body")
    ordering = ("created_at", "id")
    can_delete = False
    extra = 0
    max_num = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "contact")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may see the ticket may read it."""
        return True


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        short("subject"),
        "workspace",
        "requester",
        "status",
        "priority",
        "assignee",
        "last_message_at",
    )
    list_filter = ("status", "priority")
    list_select_related = ("workspace", "requester", "assignee")
    search_fields = ("subject",)
    # The newest ticket first: ids are in the order of time, and the key is the one index across workspaces.
    ordering = ("-id",)
    inlines = (MessageInline,)


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "workspace", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("email", "name")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "ticket", "author_kind", "is_internal", short("body"))
    list_select_related = ("ticket",)
    ordering = ("-id",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "workspace", "state", "__str__", "settled_at", short("detail"))
    list_select_related = ("workspace",)
    list_filter = ("state",)
    ordering = ("-id",)


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "source", "target", "moved_count", "undone_at")
    list_select_related = ("source", "target")
    ordering = ("-id",)


@admin.register(TicketEvent)
class TicketEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "ticket", "kind", "door", "actor_label")
    list_select_related = ("ticket",)
    ordering = ("-id",)
