"""Making messages: whose words they are, and how they came in."""

import datetime as dt

from accounts.actors import Actor, Door
from inboxops.ids import uuid7
from tickets.models import Contact, Message, Ticket
from tickets.workflow import AuthorKind, Channel

_CHANNELS = {Door.API: Channel.API, Door.ADMIN: Channel.ADMIN, Door.MAIL: Channel.EMAIL, Door.COMMAND: Channel.IMPORT}


def channel_of(door: Door) -> Channel:
    """The channel of what comes in through a door, unless it is said otherwise."""
    return _CHANNELS.get(door, Channel.API)


def new_message(
    ticket: Ticket,
    *,
    body: str,
    body_html: str = "",
    contact: Contact | None = None,
    is_internal: bool = False,
    channel: Channel | None = None,
    actor: Actor,
    now: dt.datetime,
) -> Message:
    """A message that is not yet stored: the contact's where one is given, else the acting member's or the system's."""
    if contact is not None:
        author, user_id = AuthorKind.CUSTOMER, None
    else:
        author, user_id = (AuthorKind.AGENT, actor.user_id) if actor.user_id else (AuthorKind.SYSTEM, None)
    return Message(
        id=uuid7(),
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.pk,
        origin_ticket_id=ticket.pk,
        author_kind=author,
        user_id=user_id,
        contact=contact,
        is_internal=is_internal,
        channel=channel or channel_of(actor.door),
        body=body,
        body_html=body_html,
        size=len(body.encode()) + len(body_html.encode()),
        created_at=now,
    )
