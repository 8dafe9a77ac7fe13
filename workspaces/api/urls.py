"""The addresses of the workspace API, below `/v1/workspaces/`."""

from django.urls import path

from workspaces.api.views import ApiTokenViewSet, CurrentWorkspaceView, MailboxViewSet, MemberViewSet, WorkspaceView

urlpatterns = [
    path("current", CurrentWorkspaceView.as_view({"get": "retrieve"}), name="current-workspace"),
    path("<str:workspaceId>", WorkspaceView.as_view({"get": "retrieve", "patch": "rename"}), name="workspace"),
    path("<str:workspaceId>/members", MemberViewSet.as_view({"get": "list"}), name="members"),
    path(
        "<str:workspaceId>/members/<str:userId>",
        MemberViewSet.as_view({"patch": "change_role", "delete": "remove"}),
        name="member",
    ),
    path(
        "<str:workspaceId>/mailboxes",
        MailboxViewSet.as_view({"get": "list", "post": "create"}),
        name="mailboxes",
    ),
    path(
        "<str:workspaceId>/mailboxes/<str:mailboxId>",
        MailboxViewSet.as_view({"get": "retrieve", "patch": "update"}),
        name="mailbox",
    ),
    path(
        "<str:workspaceId>/api-tokens",
        ApiTokenViewSet.as_view({"get": "list", "post": "create"}),
        name="api-tokens",
    ),
    path("<str:workspaceId>/api-tokens/<str:tokenId>", ApiTokenViewSet.as_view({"delete": "revoke"}), name="api-token"),
]
