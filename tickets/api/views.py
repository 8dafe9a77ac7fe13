"""The ticket API. Each handler parses, fetches, calls one action and answers; the rules are in `tickets.actions`."""

import uuid
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.actors import Access
from inboxops.api import pagination
from inboxops.api.answers import answer, nothing
from inboxops.api.failures import Failure, refusal
from inboxops.api.pagination import paginate
from inboxops.api.preconditions import etag, expected_version, is_unchanged
from inboxops.api.renderers import to_json
from inboxops.errors import NotFound
from tickets import actions
from tickets.api import inputs
from tickets.api.base import MERGED, TIMELINE, TicketBaseViewSet
from tickets.api.filters import FILTER_BACKENDS, FILTER_PARAMETERS, SEARCH_PARAMETER, SORT_PARAMETER, sort_of
from tickets.api.listings import EVENTS, MESSAGES, TICKETS
from tickets.api.outputs import (
    EventOutput,
    MergedTicketOutput,
    MessageOutput,
    SplitOutput,
    TicketDetailOutput,
    TicketOutput,
    UnmergedTicketOutput,
)
from tickets.api.representations import (
    Json,
    conversation_json,
    find_ticket_json,
    stored_message_json,
)
from tickets.errors import (
    AlreadyMerged,
    ConversationMovedOn,
    MailTooLarge,
    MergeIntoItself,
    NotMerged,
    SplitWouldEmpty,
    TargetMerged,
    TooManyAttachments,
    TransitionNotAllowed,
    UnmergeFirst,
)
from tickets.workflow import Priority, Status
from workspaces.api.calls import Call

_NOT_ALLOWED = refusal(TransitionNotAllowed, "currentStatus", "allowedTransitions")
_NOT_ASSIGNABLE = Failure(400, "not_assignable", "The assignee is no agent or admin of the workspace.")


class TicketViewSet(TicketBaseViewSet):
    """Tickets of the workspace, their messages and events, and everything that can be done with them."""

    filter_backends = FILTER_BACKENDS

    # Reading

    @Call(
        "listTickets",
        Access.READ,
        gives=TicketOutput,
        many=True,
        parameters=(*pagination.PARAMETERS, *FILTER_PARAMETERS, SEARCH_PARAMETER, SORT_PARAMETER),
    )
    def list(self, request: Request, **kwargs: str) -> HttpResponse:
        """List tickets.

        The tickets of the inbox that the filters leave, newest conversation first, as a bare array. Filters that take
        several values are repeated, or hold them with commas between. What is archived or merged is left out unless
        asked for.
        """
        question: dict[str, Any] = {"workspace": self.workspace.pk}
        for backend in self.filter_backends:
            question |= backend().read(request, self)
        page = paginate(request, TICKETS, question, sort=sort_of(request.query_params))
        return answer(page.rows, headers=page.headers)

    @Call("getTicket", Access.READ, gives=TicketDetailOutput, headers=("ETag",), if_none_match=True)
    def retrieve(self, request: Request, **kwargs: str) -> HttpResponse:
        """Get a ticket with its messages.

        The newest 500 messages, and 5 MiB of them at most; `messagesTruncated` says whether there are more in
        `…/messages`. A merged ticket still answers: without messages, and with `mergedIntoId`.
        """
        ticket = self.shown(self.ticket_id())
        messages = conversation_json(self.workspace.pk, ticket["id"])
        ticket["messages"] = messages
        ticket["messagesTruncated"] = len(messages) < ticket["messageCount"]
        body = to_json(ticket)
        tag = etag(ticket["version"], body)
        if is_unchanged(request._request, tag):
            return nothing(status=304, headers={"ETag": tag})
        return HttpResponse(body, content_type="application/json", headers={"ETag": tag})

    @Call("listMessages", Access.READ, gives=MessageOutput, many=True, parameters=TIMELINE)
    def list_messages(self, request: Request, **kwargs: str) -> HttpResponse:
        """List the messages of a ticket.

        Oldest first, notes among them, as a bare array.
        """
        return self.timeline(request, MESSAGES, ticket=self.found_ticket().pk)

    @Call("listEvents", Access.READ, gives=EventOutput, many=True, parameters=TIMELINE)
    def list_events(self, request: Request, **kwargs: str) -> HttpResponse:
        """List what happened to a ticket.

        Oldest first, as a bare array. Events are never changed and never deleted.
        """
        return self.timeline(request, EVENTS, ticket=self.found_ticket().pk)

    # Writing

    @Call(
        "createTicket",
        Access.WRITE,
        takes=inputs.CreateTicketInput,
        gives=TicketOutput,
        status=201,
        headers=("ETag", "Location"),
        failures=(_NOT_ASSIGNABLE,),
    )
    def create(self, request: Request, **kwargs: str) -> HttpResponse:
        """Create a ticket with its first message.

        The message is the customer's if a `requester` is given, else the caller's. Send an `Idempotency-Key`, and a
        repeat after a lost answer makes no second ticket.
        """
        data = self.input()
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

    @Call(
        "updateTicket",
        Access.WRITE,
        takes=inputs.UpdateTicketInput,
        gives=TicketOutput,
        headers=("ETag",),
        if_match=True,
        failures=(_NOT_ASSIGNABLE, MERGED),
    )
    def partial_update(self, request: Request, **kwargs: str) -> HttpResponse:
        """Change properties of a ticket.

        Only what changes is recorded. The status has its own call.
        """
        ticket = self.ticket()
        changes = inputs.changes_of(self.input())
        actions.update_ticket(ticket, changes=changes, actor=self.actor, if_version=self.if_version())
        return self.answer_ticket(ticket.pk)

    @Call(
        "appendMessage",
        Access.WRITE,
        takes=inputs.AppendMessageInput,
        gives=MessageOutput,
        status=201,
        if_match=True,
        failures=(
            _NOT_ASSIGNABLE,
            Failure(400, "contradiction", "A customer's words as a note, or by mail."),
            Failure(400, "no_recipient", "A mail to nobody: the ticket has no requester."),
            Failure(400, "no_requester", "`asRequester` on a ticket without one."),
            Failure(400, "unknown_message", "The message is not one of this ticket."),
            MERGED,
            _NOT_ALLOWED,
            refusal(ConversationMovedOn, "messages"),
            refusal(TooManyAttachments, "limit"),
            refusal(MailTooLarge, "limit"),
        ),
    )
    def append(self, request: Request, **kwargs: str) -> HttpResponse:
        """Add a reply, a note, or what the customer said elsewhere.

        The answer is the message. A public message with `sendEmail` is queued for delivery in the same transaction. A
        customer's message opens the ticket again and takes it out of the archive.
        """
        ticket = self.ticket()
        data = self.input()
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
        return answer(stored_message_json(message), status=201)

    @Call(
        "transitionTicket",
        Access.WRITE,
        takes=inputs.TransitionTicketInput,
        gives=TicketOutput,
        headers=("ETag",),
        if_match=True,
        failures=(MERGED, _NOT_ALLOWED),
    )
    def transition(self, request: Request, **kwargs: str) -> HttpResponse:
        """Move a ticket to another status.

        `allowedTransitions` of the ticket says where it can go. The status it has already is answered with 200, and
        nothing is recorded.
        """
        ticket = self.ticket()
        data = self.input()
        actions.transition_ticket(
            ticket,
            to=Status(data["toStatus"]),
            reason=data.get("reason", ""),
            actor=self.actor,
            if_version=self.if_version(),
        )
        return self.answer_ticket(ticket.pk)

    @Call(
        "mergeTicket",
        Access.WRITE,
        takes=inputs.MergeTicketInput,
        gives=MergedTicketOutput,
        headers=("ETag",),
        if_match=True,
        failures=(
            refusal(AlreadyMerged, "mergedIntoId"),
            refusal(MergeIntoItself),
            refusal(TargetMerged, "mergedIntoId"),
        ),
    )
    def merge(self, request: Request, **kwargs: str) -> HttpResponse:
        """Merge a ticket into another one.

        The answer is the target. All messages of the source move there; the source is closed, and answers with
        `mergedIntoId`. Nobody gets mail. A merge can be undone.
        """
        source = self.ticket()
        target = self.ticket(self.input()["targetTicketId"])
        merge = actions.merge_tickets(source, target, actor=self.actor, if_version=self.if_version())
        ends_in = merge.target.merged_into_id or merge.target_id
        told = {"id": merge.pk, "sourceTicketId": merge.source_id, "movedCount": merge.moved_count}
        return self.answer_ticket(ends_in, merge=told)

    @Call(
        "unmergeTicket",
        Access.WRITE,
        takes=inputs.EmptyBodyInput,
        gives=UnmergedTicketOutput,
        headers=("ETag",),
        if_match=True,
        failures=(refusal(NotMerged), refusal(UnmergeFirst, "ticketId")),
    )
    def unmerge(self, request: Request, **kwargs: str) -> HttpResponse:
        """Undo the merge of a ticket.

        The answer is the source, itself again: exactly the messages that the merge moved go back, and what it added to
        the target leaves it. What came later stays where it is.
        """
        source = self.ticket()
        self.input()
        undone = actions.unmerge_ticket(source, actor=self.actor, if_version=self.if_version())
        told = {
            "mergeId": undone.merge.pk,
            "targetTicketId": undone.target.pk,
            "movedCount": undone.moved_count,
            "stayedMessageIds": undone.stayed,
        }
        return self.answer_ticket(source.pk, unmerge=told)

    @Call(
        "splitTicket",
        Access.WRITE,
        takes=inputs.SplitTicketInput,
        gives=SplitOutput,
        status=201,
        if_match=True,
        failures=(
            Failure(400, "empty", "No messages are named."),
            Failure(400, "unknown_message", "The message is not one of this ticket."),
            MERGED,
            refusal(SplitWouldEmpty),
        ),
    )
    def split(self, request: Request, **kwargs: str) -> HttpResponse:
        """Move messages into a new ticket.

        The answer is the new ticket and how many messages moved. Requester, CCs, priority, tags and mailbox are
        inherited. Merging it back is the undo.
        """
        ticket = self.ticket()
        data = self.input()
        split = actions.split_ticket(
            ticket,
            message_ids=data["messageIds"],
            new_subject=data.get("newSubject"),
            actor=self.actor,
            if_version=self.if_version(),
        )
        return answer({"ticket": self.shown(split.ticket.pk), "movedCount": split.moved_count}, status=201)

    @Call(
        "archiveTicket",
        Access.WRITE,
        takes=inputs.EmptyBodyInput,
        gives=TicketOutput,
        headers=("ETag",),
        if_match=True,
        failures=(MERGED,),
    )
    def archive(self, request: Request, **kwargs: str) -> HttpResponse:
        """Archive a ticket.

        It is hidden from lists and search by default. Doing so twice is harmless.
        """
        ticket = self.ticket()
        self.input()
        actions.archive_ticket(ticket, actor=self.actor, if_version=self.if_version())
        return self.answer_ticket(ticket.pk)

    @Call(
        "unarchiveTicket",
        Access.WRITE,
        takes=inputs.EmptyBodyInput,
        gives=TicketOutput,
        headers=("ETag",),
        if_match=True,
        failures=(MERGED,),
    )
    def unarchive(self, request: Request, **kwargs: str) -> HttpResponse:
        """Bring a ticket back from the archive.

        Doing so twice is harmless.
        """
        ticket = self.ticket()
        self.input()
        actions.unarchive_ticket(ticket, actor=self.actor, if_version=self.if_version())
        return self.answer_ticket(ticket.pk)

    # What the handlers share

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
        ticket = self.shown(ticket_id) | extra
        body = to_json(ticket)
        return HttpResponse(
            body,
            status=status,
            content_type="application/json",
            headers={"ETag": etag(ticket["version"], body), **(headers or {})},
        )
