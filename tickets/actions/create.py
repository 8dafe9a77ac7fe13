"""New tickets."""

import uuid
from collections.abc import Iterable

from django.db import connection

from accounts.actors import Access, Actor
from inboxops import clock
from inboxops.db import in_transaction, prepared_cursor
from inboxops.ids import uuid7
from inboxops.rows import insert_rows
from tickets import search
from tickets.actions.assign import must_be_assignable
from tickets.actions.editing import new_event
from tickets.actions.update import tag_rows
from tickets.contacts import Person, contact_for
from tickets.messages import channel_of, new_message
from tickets.models import Ticket
from tickets.texts import clean_addresses, clean_body, clean_html, clean_subject, clean_tags, tag_key
from tickets.workflow import Channel, EventKind, Priority
from workspaces.models import Mailbox, Workspace


@in_transaction
def create_ticket(
    workspace: Workspace,
    *,
    subject: str,
    body: str,
    body_html: str = "",
    requester: Person | None = None,
    ccs: Iterable[str] = (),
    priority: Priority = Priority.NORMAL,
    tags: Iterable[str] = (),
    assignee_id: uuid.UUID | None = None,
    mailbox: Mailbox | None = None,
    channel: Channel | None = None,
    actor: Actor,
) -> Ticket:
    """Open a ticket with its first message: the requester's words where one is given, else the actor's.

    The number is the workspace's next one, without gaps under any concurrency. Refuses blank, overlong or malformed
    input and an assignee who is not an agent or admin here (Invalid). Records `ticket.created`.
    """
    actor.must(Access.WRITE, workspace.pk)
    subject, body, body_html = clean_subject(subject), clean_body(body), clean_html(body_html)
    clean_ccs, cleaned_tags = clean_addresses(ccs, "/ccs"), clean_tags(tags)
    if assignee_id is not None:
        must_be_assignable(workspace.pk, assignee_id)
    contact = None if requester is None else contact_for(workspace.pk, requester)
    now = clock.now()
    ticket = Ticket(
        id=uuid7(),
        workspace=workspace,
        subject=subject,
        priority=priority,
        assignee_id=assignee_id,
        requester=contact,
        ccs=clean_ccs,
        tags=cleaned_tags,
        mailbox=mailbox,
        channel=channel or channel_of(actor.door),
        message_count=1,
        last_message_at=now,
        created_at=now,
        updated_at=now,
    )
    message = new_message(
        ticket, body=body, body_html=body_html, contact=contact, channel=channel, actor=actor, now=now
    )
    event = new_event(
        ticket,
        EventKind.CREATED,
        actor,
        now,
        {
            "subject": subject,
            "status": ticket.status,
            "priority": priority.label,
            "assigneeId": None if assignee_id is None else str(assignee_id),
            "requester": contact.email if contact else None,
            "tags": cleaned_tags,
            "ccs": clean_ccs,
            "messageId": str(message.pk),
        },
    )
    # Whatever can come before the number does: its row is the one that all creations of the workspace queue for. The
    # references to the ticket are checked at commit.
    insert_rows([message])
    insert_rows([event])
    insert_rows(tag_rows(ticket, {tag_key(tag) for tag in cleaned_tags}))
    insert_with_next_number(ticket)
    search.index_new_ticket(ticket, message)
    return ticket


def insert_with_next_number(ticket: Ticket) -> None:
    """Store a new ticket under the workspace's next number: one row, locked until the transaction ends."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticketcounter (workspace_id, last_number) VALUES (%s, 1)"
            " ON CONFLICT (workspace_id) DO UPDATE SET last_number = tickets_ticketcounter.last_number + 1"
            " RETURNING last_number",
            [ticket.workspace_id if connection.vendor == "postgresql" else ticket.workspace_id.hex],
        )
        ticket.number = cursor.fetchone()[0]
    insert_rows([ticket])
