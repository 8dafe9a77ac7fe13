"""The ticket API. Each handler parses, fetches, calls one action and answers; the rules are in `tickets.actions`."""

import uuid
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from inboxops.api import pagination
from inboxops.api.answers import answer, nothing
from inboxops.api.pagination import by_moment, paginate, parse_sort
from inboxops.api.preconditions import etag, expected_version, is_unchanged
from inboxops.api.renderers import to_json
from inboxops.errors import NotFound
from inboxops.ids import parse_uuid
from tickets import actions
from tickets.api import inputs
from tickets.api.filters import FILTER_PARAMETERS, SearchBackend, TicketFilterBackend, sort_of
from tickets.api.representations import (
    Json,
    events_json,
    find_ticket_json,
    has_ticket,
    messages_json,
    newest_that_fit,
    tickets_json,
)
from tickets.models import Message, Ticket, TicketEvent
from tickets.querysets import TicketQuerySet
from tickets.workflow import Priority, Status
from workspaces.api.base import WorkspaceViewSet

_TIMELINE_KEYS = {"createdAt": by_moment("createdAt", "created_at")}


class TicketViewSet(WorkspaceViewSet):
    """Tickets of the workspace, their messages and events, and everything that can be done with them."""

    filter_backends = (TicketFilterBackend, SearchBackend)
    parameters = {
        "list": (*pagination.PARAMETERS, *FILTER_PARAMETERS, "search", "sort"),
        "list_messages": (*pagination.PARAMETERS, "sort"),
        "list_events": (*pagination.PARAMETERS, "sort"),
    }
    repeatable = ("status", "priority", "tags")

    # Reading

    def list(self, request: Request, **kwargs: str) -> HttpResponse:
        """The tickets that the filters leave, as a bare array."""
        tickets = self.tickets()
        for backend in self.filter_backends:
            tickets = backend().filter_queryset(request, tickets, self)
        page = paginate(request, tickets, sort=sort_of(request.query_params), fetch=tickets_json)
        return answer(page.rows, headers=page.headers)

    def retrieve(self, request: Request, **kwargs: str) -> HttpResponse:
        """One ticket with its messages, unless the client has exactly this answer already."""
        ticket = self.shown(self.ticket_id())
        messages = newest_that_fit(Message.objects.filter(workspace=self.workspace, ticket_id=ticket["id"]))
        ticket["messages"] = messages
        ticket["messagesTruncated"] = len(messages) < ticket["messageCount"]
        body = to_json(ticket)
        tag = etag(ticket["version"], body)
        if is_unchanged(request._request, tag):
            return nothing(status=304, headers={"ETag": tag})
        return HttpResponse(body, content_type="application/json", headers={"ETag": tag})

    def list_messages(self, request: Request, **kwargs: str) -> HttpResponse:
        """The messages of a ticket, oldest first, as a bare array."""
        messages = Message.objects.filter(workspace=self.workspace, ticket_id=self.ticket().pk)
        sort = parse_sort(request.query_params.get("sort", "createdAt"), _TIMELINE_KEYS)
        page = paginate(request, messages, sort=sort, fetch=messages_json)
        return answer(page.rows, headers=page.headers)

    def list_events(self, request: Request, **kwargs: str) -> HttpResponse:
        """What happened to a ticket, oldest first, as a bare array."""
        events = TicketEvent.objects.filter(workspace=self.workspace, ticket_id=self.ticket().pk)
        sort = parse_sort(request.query_params.get("sort", "createdAt"), _TIMELINE_KEYS)
        page = paginate(request, events, sort=sort, fetch=events_json)
        return answer(page.rows, headers=page.headers)

    # Writing

    def create(self, request: Request, **kwargs: str) -> HttpResponse:
        """Create a ticket with its first message."""
        data = self.input(inputs.CreateInput)
        ticket = actions.create_ticket(
            self.workspace,
            subject=data["subject"],
            body=data["body"],
            body_html=data.get("bodyHtml", ""),
            requester=inputs.person_of(data.get("requester")),
            ccs=data.get("ccs", ()),
            priority=Priority.named(data.get("priority", "normal")),
            tags=data.get("tags", ()),
            assignee_id=data.get("assigneeId"),
            actor=self.actor,
        )
        location = request.build_absolute_uri(f"{request.path}/{ticket.pk}")
        return self.answer_ticket(ticket.pk, status=201, headers={"Location": location})

    def partial_update(self, request: Request, **kwargs: str) -> HttpResponse:
        """Change properties of a ticket."""
        ticket = self.ticket()
        changes = inputs.changes_of(self.input(inputs.UpdateInput))
        actions.update_ticket(ticket, changes=changes, actor=self.actor, if_version=self.if_version())
        return self.answer_ticket(ticket.pk)

    def append(self, request: Request, **kwargs: str) -> HttpResponse:
        """Add a message; the answer is the message."""
        ticket = self.ticket()
        data = self.input(inputs.AppendInput)
        message = actions.append_message(
            ticket,
            body=data["body"],
            body_html=data.get("bodyHtml", ""),
            is_internal=data.get("isInternal", False),
            as_requester=data.get("asRequester", False),
            send_email=data.get("sendEmail", False),
            to_addresses=data.get("toAddresses"),
            cc_addresses=data.get("ccAddresses"),
            attachment_ids=data.get("attachmentIds", ()),
            last_seen_message_id=data.get("lastSeenMessageId"),
            to_status=Status(data["status"]) if "status" in data else None,
            changes=inputs.changes_of(data),
            actor=self.actor,
            if_version=self.if_version(),
        )
        return answer(messages_json(Message.objects.filter(workspace=self.workspace, pk=message.pk))[0], status=201)

    def transition(self, request: Request, **kwargs: str) -> HttpResponse:
        """Move a ticket to another status."""
        ticket = self.ticket()
        data = self.input(inputs.TransitionInput)
        actions.transition_ticket(
            ticket,
            to=Status(data["toStatus"]),
            reason=data.get("reason", ""),
            actor=self.actor,
            if_version=self.if_version(),
        )
        return self.answer_ticket(ticket.pk)

    def merge(self, request: Request, **kwargs: str) -> HttpResponse:
        """Merge a ticket into another one; the answer is the target."""
        source = self.ticket()
        target = self.ticket(self.input(inputs.MergeInput)["targetTicketId"])
        merge = actions.merge_tickets(source, target, actor=self.actor, if_version=self.if_version())
        ends_in = merge.target.merged_into_id or merge.target_id
        told = {"id": merge.pk, "sourceTicketId": merge.source_id, "movedCount": merge.moved_count}
        return self.answer_ticket(ends_in, merge=told)

    def unmerge(self, request: Request, **kwargs: str) -> HttpResponse:
        """Undo the merge of a ticket; the answer is the ticket, itself again."""
        source = self.ticket()
        self.input(inputs.NothingInput)
        undone = actions.unmerge_ticket(source, actor=self.actor, if_version=self.if_version())
        told = {
            "mergeId": undone.merge.pk,
            "targetTicketId": undone.target.pk,
            "movedCount": undone.moved_count,
            "stayedMessageIds": undone.stayed,
        }
        return self.answer_ticket(source.pk, unmerge=told)

    def split(self, request: Request, **kwargs: str) -> HttpResponse:
        """Move messages into a new ticket; the answer is the new ticket and how many moved."""
        ticket = self.ticket()
        data = self.input(inputs.SplitInput)
        split = actions.split_ticket(
            ticket,
            message_ids=data["messageIds"],
            new_subject=data.get("newSubject"),
            actor=self.actor,
            if_version=self.if_version(),
        )
        return answer({"ticket": self.shown(split.ticket.pk), "movedCount": split.moved_count}, status=201)

    def archive(self, request: Request, **kwargs: str) -> HttpResponse:
        """Hide a ticket from the inbox."""
        ticket = self.ticket()
        self.input(inputs.NothingInput)
        actions.archive_ticket(ticket, actor=self.actor, if_version=self.if_version())
        return self.answer_ticket(ticket.pk)

    def unarchive(self, request: Request, **kwargs: str) -> HttpResponse:
        """Bring a ticket back into the inbox."""
        ticket = self.ticket()
        self.input(inputs.NothingInput)
        actions.unarchive_ticket(ticket, actor=self.actor, if_version=self.if_version())
        return self.answer_ticket(ticket.pk)

    # What the handlers share

    def tickets(self) -> TicketQuerySet:
        """The tickets that the caller can see."""
        return Ticket.objects.in_workspace(self.workspace.pk)

    def ticket_id(self) -> uuid.UUID:
        """The id in the path. Raises NotFound for a malformed one."""
        ticket_id = parse_uuid(self.kwargs.get("ticketId") or self.kwargs["sourceTicketId"])
        if ticket_id is None:
            raise NotFound
        return ticket_id

    def ticket(self, ticket_id: uuid.UUID | None = None) -> Ticket:
        """The ticket with this id, or the one in the path. Raises NotFound when the caller cannot see one.

        Only its key is read: an action reads the ticket itself, under its lock.
        """
        ticket = Ticket(pk=ticket_id or self.ticket_id(), workspace_id=self.workspace.pk)
        if not has_ticket(self.workspace.pk, ticket.pk):
            raise NotFound
        return ticket

    def if_version(self) -> int | None:
        """The version that the caller insists on, if any."""
        return expected_version(self.request._request)

    def shown(self, ticket_id: uuid.UUID) -> Json:
        """One ticket as the API shows it. Raises NotFound when the caller cannot see one."""
        ticket = find_ticket_json(self.workspace.pk, ticket_id)
        if ticket is None:
            raise NotFound
        return ticket

    def answer_ticket(
        self, ticket_id: uuid.UUID, *, status: int = 200, headers: dict[str, str] | None = None, **extra: Any
    ) -> HttpResponse:
        """The answer of an action: the ticket as it is now, with its ETag."""
        body = to_json({**(ticket := self.shown(ticket_id)), **extra})
        return HttpResponse(
            body,
            status=status,
            content_type="application/json",
            headers={"ETag": etag(ticket["version"], body), **(headers or {})},
        )
