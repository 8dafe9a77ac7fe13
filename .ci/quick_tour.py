"""The quick tour, made with a client that was generated from the OpenAPI document: see `.ci/tour`.

Every answer is asked for by its type. BASE, TOKEN and WORKSPACE come from the environment.
"""

import os
import uuid
from typing import Any, TypeVar

from inboxops_client import AuthenticatedClient
from inboxops_client.api.api_tokens import create_api_token, list_api_tokens, revoke_api_token
from inboxops_client.api.members import list_members
from inboxops_client.api.tickets import (
    append_message,
    archive_ticket,
    create_ticket,
    get_ticket,
    list_events,
    list_messages,
    list_tickets,
    merge_ticket,
    split_ticket,
    transition_ticket,
    unarchive_ticket,
    unmerge_ticket,
    update_ticket,
)
from inboxops_client.api.workspace import get_current_workspace
from inboxops_client.models import (
    ApiToken,
    AppendMessage,
    CreateApiToken,
    CreateTicket,
    Event,
    ListTicketsSort,
    Member,
    MergedTicket,
    MergeTicket,
    Message,
    NewApiToken,
    Priority,
    Problem,
    Requester,
    Role,
    Scope,
    Split,
    SplitTicket,
    Status,
    Ticket,
    TicketDetail,
    TransitionTicket,
    UnmergedTicket,
    UpdateTicket,
    Workspace,
)
from inboxops_client.types import Response

T = TypeVar("T")

client = AuthenticatedClient(base_url=os.environ["BASE"], token=os.environ["TOKEN"], raise_on_unexpected_status=True)
slug = os.environ["WORKSPACE"]
carla = Requester(email="carla@customer.example", name="Carla Customer")


def main() -> None:
    """Everything a newcomer tries, in the order in which they try it."""
    find_the_workspace()
    ticket = create(CreateTicket(subject="Broken lamp", body="It flickers.", requester=carla, tags=["lamps"]))
    read_lists(ticket)
    talk(ticket)
    change(ticket)
    merge_and_back(ticket)
    split(ticket)
    archive_and_back(ticket)
    see_failures(ticket)
    make_a_token()


def got(response: Response[Problem | T], kind: type[T], status: int) -> T:
    """The answer, which is of this kind and has this status."""
    assert response.status_code == status, response
    assert isinstance(response.parsed, kind), response
    return response.parsed


def rows(response: Response[Problem | list[T]], kind: type[T]) -> list[T]:
    """The rows of a list, all of this kind."""
    found = got(response, list, 200)
    assert all(isinstance(row, kind) for row in found), found
    return found


def refused(response: Response[Any], status: int, code: str) -> Problem:
    """The problem that the answer is."""
    problem = response.parsed
    assert isinstance(problem, Problem), response
    assert (response.status_code, problem.status, problem.code) == (status, status, code), problem
    return problem


def find_the_workspace() -> None:
    """A client that knows only its token."""
    workspace = got(get_current_workspace.sync_detailed(client=client), Workspace, 200)
    assert workspace.slug == slug


def create(body: CreateTicket) -> Ticket:
    """A new ticket; sent twice, as after a lost answer, it is one all the same."""
    key = str(uuid.uuid4())
    first, again = (
        create_ticket.sync_detailed(slug, client=client, x_workspace_id=slug, idempotency_key=key, body=body)
        for _ in range(2)
    )
    ticket = got(first, Ticket, 201)
    assert got(again, Ticket, 201).id == ticket.id
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Location"].endswith(str(ticket.id))
    return ticket


def read_lists(ticket: Ticket) -> None:
    """By filters, by words, and page by page."""
    found = list_tickets.sync_detailed(
        slug,
        client=client,
        x_workspace_id=slug,
        status=[Status.OPEN, Status.PENDING],
        tags=["lamps"],
        requester=carla.email,
        search="flickers",
        limit=5,
    )
    assert [row.id for row in rows(found, Ticket)] == [ticket.id]
    assert found.headers["X-Total-Count"] == "1"

    order = ListTicketsSort.TICKET_NUMBER
    page = list_tickets.sync_detailed(slug, client=client, x_workspace_id=slug, limit=40, sort=order)
    numbers = [row.ticket_number for row in rows(page, Ticket)]
    while cursor := page.headers.get("X-Next-Cursor"):
        page = list_tickets.sync_detailed(slug, client=client, x_workspace_id=slug, limit=40, sort=order, cursor=cursor)
        numbers += [row.ticket_number for row in rows(page, Ticket)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 40
    assert numbers[-1] == ticket.ticket_number


def talk(ticket: Ticket) -> None:
    """A reply that is mailed, a note that is not, and both in the ticket."""
    reply = got(append(ticket, AppendMessage(body="A new lamp is on its way.", send_email=True)), Message, 201)
    assert reply.delivery is not None
    assert reply.delivery.state == "queued"
    assert reply.to_addresses == [carla.email]
    note = got(append(ticket, AppendMessage(body="Fragile!", is_internal=True)), Message, 201)
    assert note.delivery is None
    assert note.is_internal

    detail = shown(ticket)
    assert [message.author_type for message in detail.messages] == ["customer", "agent", "agent"]
    assert detail.messages[0].author is not None
    assert detail.messages[0].author.email == carla.email
    assert detail.messages[1].created_at > detail.created_at
    assert not detail.messages_truncated
    unchanged = get_ticket.sync_detailed(
        slug, ticket.id, client=client, x_workspace_id=slug, if_none_match=got_tag(ticket)
    )
    assert unchanged.status_code == 304
    listed = list_messages.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug)
    assert [message.id for message in rows(listed, Message)] == [message.id for message in detail.messages]


def change(ticket: Ticket) -> None:
    """Status and properties; who comes too late hears of it."""
    tag = got_tag(ticket)
    moved = transition_ticket.sync_detailed(
        slug,
        ticket.id,
        client=client,
        x_workspace_id=slug,
        body=TransitionTicket(to_status=Status.PENDING, reason="Waiting."),
    )
    assert got(moved, Ticket, 200).allowed_transitions == [Status.OPEN, Status.CLOSED]

    members = rows(list_members.sync_detailed(slug, client=client, x_workspace_id=slug), Member)
    someone = next(member for member in members if member.role is Role.AGENT)
    body = UpdateTicket(assignee_id=someone.id, priority=Priority.HIGH, tags=["lamps", "urgent"])
    late = update_ticket.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug, if_match=tag, body=body)
    assert refused(late, 412, "version_mismatch").version == shown(ticket).version
    in_time = update_ticket.sync_detailed(
        slug, ticket.id, client=client, x_workspace_id=slug, if_match=got_tag(ticket), body=body
    )
    changed = got(in_time, Ticket, 200)
    assert changed.assignee is not None
    assert (changed.assignee.id, changed.priority, changed.tags) == (someone.id, Priority.HIGH, ["lamps", "urgent"])
    released = update_ticket.sync_detailed(
        slug, ticket.id, client=client, x_workspace_id=slug, body=UpdateTicket(assignee_id=None)
    )
    assert got(released, Ticket, 200).assignee is None


def merge_and_back(target: Ticket) -> None:
    """Two tickets become one, and two again."""
    source = create(CreateTicket(subject="Lamp again", body="Still flickering.", requester=carla))
    merged = merge_ticket.sync_detailed(
        slug, source.id, client=client, x_workspace_id=slug, body=MergeTicket(target_ticket_id=target.id)
    )
    survivor = got(merged, MergedTicket, 200)
    assert (survivor.id, survivor.merge.source_ticket_id, survivor.merge.moved_count) == (target.id, source.id, 1)
    assert shown(source).merged_into_id == target.id
    gone = append(source, AppendMessage(body="Too late."))
    assert refused(gone, 409, "ticket_merged").merged_into_id == target.id

    undone = unmerge_ticket.sync_detailed(slug, source.id, client=client, x_workspace_id=slug)
    back = got(undone, UnmergedTicket, 200)
    assert (back.id, back.merged_into_id, back.unmerge.target_ticket_id) == (source.id, None, target.id)
    assert back.unmerge.stayed_message_ids == []


def split(ticket: Ticket) -> None:
    """The last message becomes a ticket of its own."""
    last = shown(ticket).messages[-1]
    answer = split_ticket.sync_detailed(
        slug,
        ticket.id,
        client=client,
        x_workspace_id=slug,
        body=SplitTicket(message_ids=[last.id], new_subject="Packing"),
    )
    made = got(answer, Split, 201)
    assert (made.moved_count, made.ticket.subject, made.ticket.split_from_id) == (1, "Packing", ticket.id)
    events = list_events.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug)
    kinds = [event.kind for event in rows(events, Event)]
    assert kinds[0] == "ticket.created"
    assert {"ticket.status_changed", "ticket.merged"} & set(kinds)


def archive_and_back(ticket: Ticket) -> None:
    """Out of sight, and back."""
    archived = archive_ticket.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug)
    assert got(archived, Ticket, 200).archived_at is not None
    found = list_tickets.sync_detailed(slug, client=client, x_workspace_id=slug, tags=["lamps"])
    assert ticket.id not in {row.id for row in rows(found, Ticket)}
    back = unarchive_ticket.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug)
    assert got(back, Ticket, 200).archived_at is None


def see_failures(ticket: Ticket) -> None:
    """What is wrong is said in one shape, and where."""
    blank = append(ticket, AppendMessage(body=" "))
    problem = refused(blank, 400, "invalid")
    assert [(error.pointer, error.code) for error in problem.errors] == [("/body", "blank")]
    missing = get_ticket.sync_detailed(slug, uuid.uuid4(), client=client, x_workspace_id=slug)
    assert refused(missing, 404, "not_found").errors == []


def make_a_token() -> None:
    """A token of less power works until it is revoked."""
    answer = create_api_token.sync_detailed(
        slug, client=client, x_workspace_id=slug, body=CreateApiToken(scope=Scope.READ, label="Tour")
    )
    made = got(answer, NewApiToken, 201)
    assert made.token.startswith(made.prefix)
    reader = AuthenticatedClient(base_url=os.environ["BASE"], token=made.token, raise_on_unexpected_status=True)
    assert got(get_current_workspace.sync_detailed(client=reader), Workspace, 200).slug == slug
    forbidden = list_api_tokens.sync_detailed(slug, client=reader, x_workspace_id=slug)
    assert refused(forbidden, 403, "insufficient_scope").needed_access == "admin"

    revoked = revoke_api_token.sync_detailed(slug, made.id, client=client, x_workspace_id=slug)
    assert revoked.status_code == 204
    assert revoked.parsed is None
    refused(get_current_workspace.sync_detailed(client=reader), 401, "invalid_token")
    listed = rows(list_api_tokens.sync_detailed(slug, client=client, x_workspace_id=slug), ApiToken)
    assert next(token for token in listed if token.id == made.id).revoked_at is not None


def append(ticket: Ticket, body: AppendMessage) -> Response[Message | Problem]:
    """Add a message."""
    return append_message.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug, body=body)


def shown(ticket: Ticket) -> TicketDetail:
    """The ticket as it is now."""
    answer = get_ticket.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug)
    detail: TicketDetail = got(answer, TicketDetail, 200)
    return detail


def got_tag(ticket: Ticket) -> str:
    """The entity tag of the ticket as it is now."""
    answer = get_ticket.sync_detailed(slug, ticket.id, client=client, x_workspace_id=slug)
    return answer.headers["ETag"]


if __name__ == "__main__":
    main()
