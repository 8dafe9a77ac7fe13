"""Tickets made directly, without the actions: what is tested here is only what can be found."""

import datetime as dt
import itertools

import pytest

from tickets import search
from tickets.models import Contact, Message, Ticket
from tickets.workflow import AuthorKind, Channel
from workspaces.models import Workspace

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def workspace(db):
    """Where the searching is done."""
    return Workspace.objects.create(slug="here", name="Here")


@pytest.fixture
def other_workspace(db):
    """The neighbour, whose tickets must never turn up."""
    return Workspace.objects.create(slug="elsewhere", name="Elsewhere")


@pytest.fixture
def add_message():
    """Stores one more message of a ticket and indexes it, as the action does."""
    seconds = itertools.count(1)

    def add(ticket, body, *, is_internal=False, index=True):
        moment = START + dt.timedelta(days=1, seconds=next(seconds))
        message = Message.objects.create(
            workspace=ticket.workspace,
            ticket=ticket,
            origin_ticket=ticket,
            author_kind=AuthorKind.AGENT,
            is_internal=is_internal,
            channel=Channel.API,
            body=body,
            size=len(body),
            created_at=moment,
        )
        if index:
            search.index_message(ticket, message)
        return message

    return add


@pytest.fixture
def make_ticket(workspace, add_message):
    """Stores a ticket with its messages and indexes it, as the actions do. The first made is the oldest."""
    numbers = itertools.count(1)

    def make(*bodies, subject="-", number=None, requester=None, tags=(), ccs=(), workspace=workspace):
        number = number or next(numbers)
        moment = START + dt.timedelta(minutes=number)
        contact = None
        if requester:
            name, email = requester
            contact, _ = Contact.objects.get_or_create(
                workspace=workspace, email_key=email.lower(), defaults={"email": email, "name": name}
            )
        ticket = Ticket.objects.create(
            workspace=workspace,
            number=number,
            subject=subject,
            requester=contact,
            tags=list(tags),
            ccs=list(ccs),
            channel=Channel.API,
            last_message_at=moment,
            created_at=moment,
            updated_at=moment,
        )
        first, *rest = bodies or ("-",)
        search.index_new_ticket(ticket, add_message(ticket, first, index=False))
        for body in rest:
            add_message(ticket, body)
        return ticket

    return make


@pytest.fixture
def find(workspace):
    """The numbers of the tickets that a search finds, in order of number."""

    def numbers(text, workspace=workspace):
        return sorted(search.matching(Ticket.objects.all(), workspace.id, text).values_list("number", flat=True))

    return numbers
