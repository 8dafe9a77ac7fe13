"""Replies, notes and customers' words: a message added to a ticket."""

import uuid
from collections.abc import Sequence

from django.db.models import Q

from accounts.actors import Actor
from inboxops.compiled import CompiledQuery
from inboxops.db import in_transaction
from inboxops.errors import Invalid
from inboxops.rows import insert_rows
from tickets import search
from tickets.actions.archive import bring_back
from tickets.actions.editing import TicketEdit, editing
from tickets.actions.transition import move, reopen
from tickets.actions.update import Changes, apply_changes
from tickets.attachments import attach, usable_attachments
from tickets.errors import ConversationMovedOn
from tickets.messages import new_message
from tickets.models import Attachment, Message, Ticket
from tickets.outbox import Recipients, must_fit_a_mail, queue_delivery, resolve_recipients
from tickets.texts import clean_body, clean_html
from tickets.workflow import AuthorKind, Channel, EventKind, Status


@in_transaction
def append_message(
    ticket: Ticket,
    *,
    body: str,
    body_html: str = "",
    is_internal: bool = False,
    as_requester: bool = False,
    send_email: bool = False,
    to_addresses: Sequence[str] | None = None,
    cc_addresses: Sequence[str] | None = None,
    attachment_ids: Sequence[uuid.UUID] = (),
    last_seen_message_id: uuid.UUID | None = None,
    to_status: Status | None = None,
    changes: Changes | None = None,
    channel: Channel | None = None,
    actor: Actor,
    if_version: int | None = None,
) -> Message:
    """Add a message; `to_status` and `changes` ride along in the same transaction.

    A note (`is_internal`) never leaves by mail, whatever else is asked. A public message with `send_email` queues one
    delivery to `to_addresses` (none given: the requester) and `cc_addresses` (None: the ticket's CCs; a list, even
    an empty one: exactly these). `as_requester` records what the customer said elsewhere: it reopens the ticket and
    takes it out of the archive. The first public message of an agent after a customer's sets `first_replied_at`.

    `attachment_ids` are files that were confirmed for this ticket and belong to no message yet: they belong to this one
    then, for good, and a file of a note is as private as the note.

    Refuses malformed input, a mail to nobody or to a mailbox of the workspace (Invalid), a mail that is too large
    (MailTooLarge), a merged ticket (TicketMerged), and a reply written before the customer's latest message was seen
    (ConversationMovedOn). Records `message.added`.
    """
    body, body_html = clean_body(body), clean_html(body_html)
    _must_make_sense(is_internal=is_internal, as_requester=as_requester, send_email=send_email)
    with editing(ticket, actor=actor, if_version=if_version) as edit:
        ticket = edit.ticket
        if as_requester and ticket.requester is None:
            raise Invalid.because("/asRequester", "no_requester", "This ticket has no requester.")
        if last_seen_message_id is not None:
            _must_have_seen_everything(ticket, last_seen_message_id)
        attachments = usable_attachments(ticket, attachment_ids) if attachment_ids else []
        recipients = resolve_recipients(ticket, to_addresses, cc_addresses, sending=send_email and not is_internal)
        message = new_message(
            ticket,
            body=body,
            body_html=body_html,
            contact=ticket.requester if as_requester else None,
            is_internal=is_internal,
            channel=channel,
            actor=actor,
            now=edit.now,
        )
        if recipients is not None:
            must_fit_a_mail(message, attachments)
        _store(edit, message, recipients, attachments)
        if to_status is not None:
            move(edit, to_status)
        if changes is not None:
            apply_changes(edit, changes)
    return message


def _must_make_sense(*, is_internal: bool, as_requester: bool, send_email: bool) -> None:
    if as_requester and is_internal:
        raise Invalid.because("/isInternal", "contradiction", "A customer's words cannot be an internal note.")
    if as_requester and send_email:
        raise Invalid.because("/sendEmail", "contradiction", "A customer's own words are not mailed to them.")


def _must_have_seen_everything(ticket: Ticket, message_id: uuid.UUID) -> None:
    messages = Message.objects.filter(workspace_id=ticket.workspace_id, ticket_id=ticket.pk)
    seen_at = messages.filter(pk=message_id).values_list("created_at", flat=True).first()
    if seen_at is None:
        raise Invalid.because("/lastSeenMessageId", "unknown_message", "This is not a message of this ticket.")
    newer = messages.filter(Q(created_at__gt=seen_at) | Q(created_at=seen_at, pk__gt=message_id))
    if newer.filter(author_kind=AuthorKind.CUSTOMER).exists():
        raise ConversationMovedOn(messages=newer)


_ASKED = CompiledQuery(
    lambda workspace_id, ticket_id: Message.objects.filter(
        workspace_id=workspace_id, ticket_id=ticket_id, author_kind=AuthorKind.CUSTOMER
    ).values_list("id")[:1],
    Message._meta.get_field("workspace_id"),
    Message._meta.get_field("ticket_id"),
)


def _store(
    edit: TicketEdit, message: Message, recipients: Recipients | None, attachments: Sequence[Attachment]
) -> None:
    """Write the message and everything that follows from it for the ticket."""
    ticket = edit.ticket
    message.attachment_count = len(attachments)
    if recipients is not None:
        message.internet_message_id = recipients.internet_message_id
    insert_rows([message])
    if attachments:
        attach(attachments, message)
    if recipients is not None:
        queue_delivery(message, recipients, now=edit.now)
    edit.set(message_count=ticket.message_count + 1, last_message_at=edit.now)
    edit.record(
        EventKind.MESSAGE_ADDED,
        messageId=str(message.pk),
        author=message.author_kind,
        isInternal=message.is_internal,
        sendEmail=recipients is not None,
        attachmentIds=[str(attachment.pk) for attachment in attachments],
    )
    if message.author_kind == AuthorKind.CUSTOMER:
        reopen(edit, "The customer wrote.")
        bring_back(edit, reason="The customer wrote.")
    elif message.author_kind == AuthorKind.AGENT and not message.is_internal and ticket.first_replied_at is None:
        asked = _ASKED.first(ticket.workspace_id, ticket.pk)
        if asked is not None:
            edit.set(first_replied_at=edit.now)
    search.index_message(ticket, message, [attachment.filename for attachment in attachments])
