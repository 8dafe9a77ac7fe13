"""Users in the back office, for looking. A user is global, so only superusers see the list of them."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import User

# Rights come from memberships; Django's groups play no part.
admin.site.unregister(Group)
admin.site.site_header = "InboxOps"
admin.site.site_title = "InboxOps"
admin.site.index_title = "Back office"
admin.site.site_url = None  # there is no other site to view


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ("email", "name", "is_staff", "is_superuser", "is_active", "created_at")
    search_fields = ("email", "name")
    fields = readonly_fields = ("email", "name", "is_staff", "is_superuser", "is_active", "created_at", "last_login")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
