"""The back office, for looking: workspaces, members, tokens and mailboxes. Changes go through the actions."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.models import User
from workspaces.models import ApiToken, Mailbox, Membership, Role, Workspace, WorkspaceEvent
from workspaces.permissions import may_enter_back_office


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows to look at, of the workspaces that the visitor belongs to; superusers see every workspace.

    Who may look is decided by membership, not by Django's model permissions.
    """

    show_full_result_count = False
    list_per_page = 50
    # The lookup that leads from a row to its workspace.
    workspace_lookup = "workspace"
    # Columns that nobody is shown.
    secrets: tuple[str, ...] = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        user = request.user
        if not isinstance(user, User) or not may_enter_back_office(user):
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        mine = memberships_of(request).values("workspace")
        return rows.filter(**{f"{self.workspace_lookup}__in": mine})

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [field.name for field in self.opts.concrete_fields if field.name not in self.secrets]

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.secrets


def memberships_of(request: HttpRequest) -> QuerySet[Membership]:
    """Where the visitor is a member; nowhere for somebody who has not logged in."""
    user = request.user
    return Membership.objects.filter(user=user) if isinstance(user, User) else Membership.objects.none()


def short(column: str, length: int = 80) -> Callable[[Any], str]:
    """A list column with the beginning of a long text."""

    def shown(row: Any) -> str:
        text = str(getattr(row, column))
        return text if len(text) <= length else text[: length - 1] + "…"

    shown.short_description = column.replace("_", " ")  # type: ignore[attr-defined]
    return shown


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name", "created_at")
    search_fields = ("slug", "name")
    workspace_lookup = "pk"


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "workspace", "role", "created_at")
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "user__name")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "label", "workspace", "user", "scope", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user", "workspace")
    secrets = ("digest",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        # Tokens are the admins' business, here as in the API.
        managed = memberships_of(request).filter(role=Role.ADMIN)
        return rows.filter(workspace__in=managed.values("workspace"))


@admin.register(Mailbox)
class MailboxAdmin(ReadOnlyAdmin):
    list_display = ("address", "name", "workspace", "is_default", "smtp_host", "rate_per_minute")
    list_select_related = ("workspace",)
    search_fields = ("address", "name")
    secrets = ("smtp_secret",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "has_password"]

    @admin.display(boolean=True)
    def has_password(self, mailbox: Mailbox) -> bool:
        """Whether there is a password for its mail server."""
        return mailbox.has_password


@admin.register(WorkspaceEvent)
class WorkspaceEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "workspace", "kind", "door", "actor_label")
    list_select_related = ("workspace",)
    ordering = ("-created_at",)
