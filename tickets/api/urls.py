"""The addresses of the ticket API, below `/v1/workspaces/<workspaceId>/`."""

from django.urls import path

from tickets.api.attachments import AttachmentViewSet
from tickets.api.deliveries import DeliveryViewSet
from tickets.api.views import TicketViewSet

TICKET = "tickets/<str:ticketId>"
SOURCE = "tickets/<str:sourceTicketId>"

urlpatterns = [
    path("tickets", TicketViewSet.as_view({"get": "list", "post": "create"}), name="tickets"),
    path(TICKET, TicketViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="ticket"),
    path(
        f"{TICKET}/messages", TicketViewSet.as_view({"get": "list_messages", "post": "append"}), name="ticket-messages"
    ),
    path(f"{TICKET}/events", TicketViewSet.as_view({"get": "list_events"}), name="ticket-events"),
    path(f"{TICKET}/status", TicketViewSet.as_view({"post": "transition"}), name="ticket-status"),
    path(f"{SOURCE}/merge", TicketViewSet.as_view({"post": "merge"}), name="ticket-merge"),
    path(f"{SOURCE}/unmerge", TicketViewSet.as_view({"post": "unmerge"}), name="ticket-unmerge"),
    path(f"{TICKET}/split", TicketViewSet.as_view({"post": "split"}), name="ticket-split"),
    path(f"{TICKET}/archive", TicketViewSet.as_view({"post": "archive"}), name="ticket-archive"),
    path(f"{TICKET}/unarchive", TicketViewSet.as_view({"post": "unarchive"}), name="ticket-unarchive"),
    path(
        f"{TICKET}/attachments/upload-url",
        AttachmentViewSet.as_view({"post": "request_upload"}),
        name="attachment-upload-url",
    ),
    path(
        f"{TICKET}/attachments/<str:attachmentId>/confirm",
        AttachmentViewSet.as_view({"post": "confirm"}),
        name="attachment-confirm",
    ),
    path(f"{TICKET}/attachments", AttachmentViewSet.as_view({"get": "list_of_ticket"}), name="ticket-attachments"),
    path(
        "messages/<str:messageId>/attachments",
        AttachmentViewSet.as_view({"get": "list_of_message"}),
        name="message-attachments",
    ),
    path("attachments/<str:attachmentId>", AttachmentViewSet.as_view({"delete": "discard"}), name="attachment"),
    path(
        "attachments/<str:attachmentId>/download",
        AttachmentViewSet.as_view({"get": "download"}),
        name="attachment-download",
    ),
    path(
        "messages/<str:messageId>/cancel-send",
        DeliveryViewSet.as_view({"post": "cancel_send"}),
        name="message-cancel-send",
    ),
    path("messages/<str:messageId>/resend", DeliveryViewSet.as_view({"post": "resend"}), name="message-resend"),
]
