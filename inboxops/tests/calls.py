"""How to call each route so that it succeeds: made of the world of one workspace, by the names of what it takes.

A new path parameter needs a maker in `MAKERS`, a new POST or PATCH a body in `BODIES`.
"""

import io
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from accounts.actors import operator
from accounts.models import User
from inboxops.tests.declared import DeclaredClient
from inboxops.tests.factories import MembershipFactory, TicketFactory
from tickets.actions import add_file, append_message, cancel_delivery, merge_tickets, request_upload
from tickets.files.stores import file_store
from tickets.models import Attachment, Message, Ticket
from workspaces.actions import create_mailbox, create_token
from workspaces.models import ApiToken, Mailbox, Membership, Role, Scope, Workspace


class World:
    """A workspace with everything a route can ask for. Whatever it makes is new, so that calls do not get in each
    other's way.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def ticket(self, **kwargs):
        return TicketFactory(workspace=self.workspace, **kwargs)

    def conversation(self):
        """A ticket of three messages, the last of them with two files."""
        ticket = self.ticket()
        append_message(ticket, body="We look into it.", actor=operator())
        files = [self.attachment(ticket).pk for _ in range(2)]
        append_message(ticket, body="It is on its way.", attachment_ids=files, actor=operator())
        return ticket

    def merged_ticket(self):
        source = self.ticket()
        merge_tickets(source, self.ticket(), actor=operator())
        return source

    def message(self, ticket=None) -> Message:
        return Message.objects.filter(ticket=ticket or self.conversation()).order_by("created_at", "id").last()

    def attachment(self, ticket=None) -> Attachment:
        """A file that can be attached to a message."""
        return add_file(ticket or self.ticket(), filename="lamp.txt", content=io.BytesIO(b"A lamp."), actor=operator())

    def uploaded(self, ticket=None) -> Attachment:
        """A file that has arrived and waits to be confirmed."""
        ticket = ticket or self.ticket()
        attachment = request_upload(ticket, filename="lamp.txt", content_type="text/plain", size=7, actor=operator())
        file_store().receive(attachment.upload_key, io.BytesIO(b"A lamp.").read, 7)
        return attachment

    def member(self, role=Role.AGENT) -> Membership:
        return MembershipFactory(workspace=self.workspace, role=role)

    def token(self) -> ApiToken:
        return create_token(self.member(), scope=Scope.READ, actor=operator())[0]

    def mailbox(self) -> Mailbox:
        return create_mailbox(self.workspace, address=f"box-{uuid.uuid4().hex[:8]}@mail.example", actor=operator())

    def ids(self) -> list[uuid.UUID]:
        """One id of every kind of row there is here, and the workspace's own."""
        found = [self.workspace.pk]
        for model in tables_with_workspace():
            rows = model.objects.filter(workspace=self.workspace)
            found += rows.values_list("pk", flat=True)[:1]
        found += User.objects.filter(memberships__workspace=self.workspace).values_list("pk", flat=True)[:1]
        return [row_id for row_id in found if isinstance(row_id, uuid.UUID)]

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of the workspace in every table, all columns, and its members as users."""
        members = Membership.objects.filter(workspace=self.workspace).values("user")
        rows = {
            model._meta.label: list(model.objects.filter(workspace=self.workspace).order_by("pk").values())
            for model in tables_with_workspace()
        }
        rows["workspace"] = list(Workspace.objects.filter(pk=self.workspace.pk).values())
        rows["users"] = list(User.objects.filter(pk__in=members).order_by("pk").values())
        return rows


def tables_with_workspace():
    """Every model with a column that says whose row it is."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if any(field.related_model is Workspace for field in model._meta.concrete_fields)
    ]


# Path parameters by name. Each makes a row of its kind in the world and answers its id.
MAKERS: dict[str, Callable[[World], object]] = {
    "workspaceId": lambda world: world.workspace.pk,
    "ticketId": lambda world: world.conversation().pk,
    "sourceTicketId": lambda world: world.conversation().pk,
    "messageId": lambda world: world.message().pk,
    "attachmentId": lambda world: world.attachment().pk,
    "userId": lambda world: world.member().user_id,
    "tokenId": lambda world: world.token().pk,
    "mailboxId": lambda world: world.mailbox().pk,
}

Parts = dict[str, object]


def _append(world: World, path: Parts) -> Parts:
    return {
        "body": "Thank you.",
        "bodyHtml": "<p>Thank you.</p>",
        "isInternal": False,
        "sendEmail": True,
        "toAddresses": ["a@customer.example"],
        "ccAddresses": ["b@customer.example"],
        "attachmentIds": [str(world.attachment(Ticket.objects.get(pk=path["ticketId"])).pk)],
        "asRequester": False,
        "lastSeenMessageId": str(world.message(path["ticketId"]).pk),
        "status": "pending",
        "assigneeId": str(world.member().user_id),
        "priority": "high",
        "tags": ["billing"],
    }


def _create(world: World, path: Parts) -> Parts:
    return {
        "subject": "Support request",
        "body": "Initial message text.",
        "bodyHtml": "<p>Initial</p>",
        "requester": {"email": "new@customer.example", "name": "New"},
        "ccs": ["cc@customer.example"],
        "priority": "high",
        "tags": ["billing"],
        "assigneeId": str(world.member().user_id),
    }


def _update(world: World, path: Parts) -> Parts:
    return {
        "assigneeId": str(world.member().user_id),
        "priority": "high",
        "tags": ["billing", "urgent"],
        "subject": "Another subject",
        "requester": {"email": "other@customer.example", "name": "Other"},
        "ccs": ["cc@customer.example"],
    }


def _unmerge(world: World, path: Parts) -> Parts:
    path["sourceTicketId"] = world.merged_ticket().pk
    return {}


def _cancel(world: World, path: Parts) -> Parts:
    path["messageId"] = append_message(world.ticket(), body="Sent.", send_email=True, actor=operator()).pk
    return {}


def _resend(world: World, path: Parts) -> Parts:
    _cancel(world, path)
    cancel_delivery(Message.objects.get(pk=path["messageId"]), actor=operator())
    return {}


def _confirm(world: World, path: Parts) -> Parts:
    path["attachmentId"] = world.uploaded(Ticket.objects.get(pk=path["ticketId"])).pk
    return {}


def _mailbox(world: World, path: Parts) -> Parts:
    return {
        "address": f"box-{uuid.uuid4().hex[:8]}@mail.example",
        "name": "Acme Support",
        "signature": "Acme\nSupport",
        "isDefault": True,
        "ratePerMinute": 30,
        "smtp": {
            "host": "smtp.mail.example",
            "port": 587,
            "security": "starttls",
            "username": "acme",
            "password": "correct horse battery",
        },
    }


# Bodies of POST and PATCH by route: a function of the world and of the path's parameters, which it may replace. It
# answers a body that succeeds and that holds every member with an id in it that the route knows.
BODIES: dict[str, Callable[[World, Parts], Parts]] = {
    "PATCH workspace": lambda world, path: {"name": "Another name"},
    "PATCH member": lambda world, path: {"role": "viewer"},
    "POST api-tokens": lambda world, path: {"scope": "read", "label": "CI", "userId": str(world.member().user_id)},
    "POST mailboxes": _mailbox,
    "PATCH mailbox": _mailbox,
    "POST tickets": _create,
    "PATCH ticket": _update,
    "POST ticket-messages": _append,
    "POST ticket-status": lambda world, path: {"toStatus": "closed", "reason": "Solved."},
    "POST ticket-merge": lambda world, path: {"targetTicketId": str(world.ticket().pk)},
    "POST ticket-unmerge": _unmerge,
    "POST ticket-split": lambda world, path: {"messageIds": [str(world.message(path["ticketId"]).pk)]},
    "POST ticket-archive": lambda world, path: {},
    "POST ticket-unarchive": lambda world, path: {},
    "POST attachment-upload-url": lambda world, path: {"filename": "a.txt", "contentType": "text/plain", "size": 7},
    "POST attachment-confirm": _confirm,
    "POST message-cancel-send": _cancel,
    "POST message-resend": _resend,
}


@dataclass
class Call:
    """One request to a route, ready to be sent, or to be sent with a part of it replaced."""

    route: Any
    path: Parts
    body: Parts | None

    def send(self, api, *, path=None, body=None, query=None, headers=None, **kwargs):
        """Send it as this client; what is given here replaces what was prepared."""
        address = self.route.path({**self.path, **(path or {})})
        chosen = self.body if body is None else body
        raw = b"" if chosen is None else chosen if isinstance(chosen, bytes) else json.dumps(chosen).encode()
        # Whoever does not ask for JSON is sent on from some addresses.
        sent = {"Accept": "application/json", **api.headers, **(headers or {})}
        return api.client.generic(
            self.route.method,
            address,
            raw,
            content_type=kwargs.pop("content_type", "application/json"),
            headers={name: value for name, value in sent.items() if value is not None},
            query_params=query or {},
            **kwargs,
        )


def prepare(route, world: World) -> Call:
    """A call of this route that succeeds, in this world."""
    unknown = [name for name in route.names if name not in MAKERS]
    assert not unknown, f"{route}: add a maker for {unknown} to MAKERS in inboxops/tests/calls.py."
    path = {name: MAKERS[name](world) for name in route.names}
    body = None
    if route.method in ("POST", "PATCH", "PUT"):
        assert str(route) in BODIES, f"{route}: add a body that succeeds to BODIES in inboxops/tests/calls.py."
        body = BODIES[str(route)](world, path)
    return Call(route, path, body)


def anonymous():
    """A client that sends nothing to be known by."""

    class Anonymous:
        client = DeclaredClient(raise_request_exception=False)
        headers: dict[str, str] = {}

    return Anonymous()


def ids_in(value: object, pointer: tuple = ()) -> Iterator[tuple]:
    """Where in a body there is an id."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from ids_in(item, (*pointer, key))
    elif isinstance(value, str):
        try:
            uuid.UUID(value)
        except ValueError:
            return
        yield pointer


def replaced(value: Any, pointer: tuple, new: object) -> Any:
    """A copy of a body with one place replaced."""
    if not pointer:
        return new
    key, *rest = pointer
    copy = value.copy()
    copy[key] = replaced(value[key], tuple(rest), new)
    return copy
