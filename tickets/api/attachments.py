"""The attachment API: announce, confirm, list, download. The bytes go elsewhere, by addresses that are given here."""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.actors import Access
from inboxops import clock
from inboxops.api.answers import answer, nothing
from inboxops.api.failures import refusal
from inboxops.api.negotiation import asks_for_json
from inboxops.errors import NotFound
from tickets import actions
from tickets.actions.upload import Received, receiving
from tickets.api import inputs
from tickets.api.base import MERGED, TIMELINE, TicketBaseViewSet
from tickets.api.listings import MESSAGE_ATTACHMENTS, TICKET_ATTACHMENTS
from tickets.api.outputs import AttachmentOutput, DownloadOutput, UploadOutput
from tickets.api.representations import has_message, stored_attachment_json
from tickets.errors import (
    AttachmentUsed,
    FileTooLarge,
    NotConfirmed,
    NotUploaded,
    StorageQuotaExceeded,
    UploadMismatch,
)
from tickets.files.kinds import UNKNOWN_TYPE
from tickets.files.stores import file_store
from tickets.models import Attachment
from workspaces.api.calls import Call

# Long enough for a slow line to begin with, and for a person to click.
UPLOAD_LIFETIME = dt.timedelta(hours=1)
DOWNLOAD_LIFETIME = dt.timedelta(minutes=5)


class AttachmentViewSet(TicketBaseViewSet):
    """Files of the workspace's tickets."""

    tag = "Files"
    received: Received | None

    def around(self) -> AbstractContextManager[None]:
        """What has arrived is copied and compared before the transaction that makes it the file."""
        return self._receiving() if self.action == "confirm" else nullcontext()

    @contextmanager
    def _receiving(self) -> Iterator[None]:
        with receiving(self.ticket(), self.id_in_path("attachmentId"), actor=self.actor) as self.received:
            yield

    @Call(
        "requestUpload",
        Access.WRITE,
        takes=inputs.RequestUploadInput,
        gives=UploadOutput,
        status=201,
        gives_secret=True,
        failures=(refusal(FileTooLarge, "limit"), refusal(StorageQuotaExceeded, "limit"), MERGED),
    )
    def request_upload(self, request: Request, **kwargs: str) -> HttpResponse:
        """Ask where to upload a file.

        Send the bytes to `uploadUrl`, with the method and the headers that are given, and no others of yours: the
        address itself is the right, for one file of exactly this size and type, once. Then confirm.
        """
        data = self.input()
        attachment = actions.request_upload(
            self.ticket(),
            filename=data["filename"],
            content_type=data.get("contentType", UNKNOWN_TYPE),
            size=data["size"],
            actor=self.actor,
        )
        where = file_store().upload_request(
            attachment.upload_key,
            size=attachment.size,
            content_type=attachment.content_type,
            lifetime=UPLOAD_LIFETIME,
        )
        return answer(
            {
                "attachmentId": attachment.pk,
                "uploadUrl": request.build_absolute_uri(where.url),
                "method": where.method,
                "headers": where.headers,
                "expiresAt": clock.now() + UPLOAD_LIFETIME,
            },
            status=201,
        )

    @Call(
        "confirmUpload",
        Access.WRITE,
        takes=inputs.EmptyBodyInput,
        gives=AttachmentOutput,
        failures=(refusal(NotUploaded), refusal(UploadMismatch, "found"), MERGED),
    )
    def confirm(self, request: Request, **kwargs: str) -> HttpResponse:
        """Confirm that a file was uploaded.

        What has arrived is compared with what was announced, size and type. From then on it can be attached to a
        message, by `attachmentIds`. Doing so twice is harmless.
        """
        self.input()
        attachment = actions.confirm_upload(
            self.ticket(), self.id_in_path("attachmentId"), received=self.received, actor=self.actor
        )
        return answer(stored_attachment_json(attachment))

    @Call("listTicketAttachments", Access.READ, gives=AttachmentOutput, many=True, parameters=TIMELINE)
    def list_of_ticket(self, request: Request, **kwargs: str) -> HttpResponse:
        """List the files of a ticket.

        Those of all its messages, notes among them, and those that were confirmed and belong to no message yet.
        """
        return self.timeline(request, TICKET_ATTACHMENTS, ticket=self.found_ticket().pk)

    @Call("listMessageAttachments", Access.READ, gives=AttachmentOutput, many=True, parameters=TIMELINE)
    def list_of_message(self, request: Request, **kwargs: str) -> HttpResponse:
        """List the files of a message."""
        message_id = self.id_in_path("messageId")
        if not has_message(self.workspace.pk, message_id):
            raise NotFound
        return self.timeline(request, MESSAGE_ATTACHMENTS, message=message_id)

    @Call("discardAttachment", Access.WRITE, status=204, failures=(refusal(AttachmentUsed),))
    def discard(self, request: Request, **kwargs: str) -> HttpResponse:
        """Remove a file that belongs to no message.

        Or the announcement of one. Its room is given back. What belongs to a message stays there.
        """
        attachment_id = self.id_in_path("attachmentId")
        attachment = Attachment.from_db(None, ("id", "workspace_id"), (attachment_id, self.workspace.pk))
        actions.discard_upload(attachment, actor=self.actor)
        return nothing()

    @Call(
        "downloadAttachment",
        Access.READ,
        gives=DownloadOutput,
        redirects=True,
        failures=(refusal(NotConfirmed),),
    )
    def download(self, request: Request, **kwargs: str) -> HttpResponse:
        """Download a file.

        Sends you on to an address that works for five minutes and gives the file, whoever asks; with `Accept:
        application/json` it is told instead. Parts can be asked for with `Range`.
        """
        attachment = Attachment.objects.filter(
            workspace_id=self.workspace.pk, pk=self.id_in_path("attachmentId")
        ).first()
        if attachment is None:
            raise NotFound
        if attachment.confirmed_at is None:
            raise NotConfirmed
        url = request.build_absolute_uri(
            file_store().download_url(
                attachment.key,
                filename=attachment.filename,
                content_type=attachment.content_type,
                lifetime=DOWNLOAD_LIFETIME,
            )
        )
        # The address is a secret while it lasts.
        private = {"Cache-Control": "no-store"}
        if asks_for_json(request.META.get("HTTP_ACCEPT", "")):
            return answer({"url": url, "expiresAt": clock.now() + DOWNLOAD_LIFETIME}, headers=private)
        return nothing(status=302, headers={**private, "Location": url})
