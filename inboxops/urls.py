"""Every address of the product, but for the probes (`inboxops.health`), which are answered before any of this."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from inboxops.api.document import docs, openapi_json
from inboxops.api.problems import unknown_url
from tickets.files.views import download, upload
from tickets.mail.tracking import tracking_webhook

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    # Where the API sends whoever uploads or downloads, if files are kept on this machine.
    path("files/upload", upload, name="file-upload"),
    path("files/download", download, name="file-download"),
    path("v1/openapi.json", openapi_json, name="openapi"),
    path("v1/docs", docs, name="api-docs"),
    path("webhooks/<str:provider>/tracking", tracking_webhook, name="tracking"),
    # In the order of the OpenAPI document.
    path("v1/workspaces/<str:workspaceId>/", include("tickets.api.urls")),
    path("v1/workspaces/", include("workspaces.api.urls")),
    re_path(r"^v1(?:/.*)?\Z", unknown_url),
]
