"""Puts the conversations on stage: in the order of their times, at their times, through `tickets.actions`."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import count

from accounts.actors import Access, Actor, Door, operator, system
from inboxops import clock
from inboxops.demo.files import DemoFile
from inboxops.demo.script import (
    END,
    Archive,
    Assign,
    Conversation,
    Copy,
    Merge,
    Move,
    Note,
    Rank,
    Reply,
    Said,
    Split,
    Step,
    Tag,
    Unmerge,
    prose,
    time_of,
)
from tickets.actions import (
    Changes,
    Person,
    add_file,
    append_message,
    archive_ticket,
    create_ticket,
    merge_tickets,
    settle_delivery,
    split_ticket,
    transition_ticket,
    unmerge_ticket,
    update_ticket,
)
from tickets.models import Message, Ticket
from tickets.workflow import Channel, DeliveryState
from workspaces.models import Mailbox, Membership, Role, Workspace
from workspaces.permissions import member_actor

WORDS = {DeliveryState.SENT: "250 2.0.0 Ok: queued as {id}"}


def play(
    conversations: Sequence[Conversation],
    *,
    workspace: Workspace,
    team: Mapping[Role, Membership],
    mailbox: Mailbox,
    now: dt.datetime,
) -> None:
    """Play everything into the workspace so that the script ends now. Call it in a transaction: all or nothing."""
    stage = Stage(workspace, team, mailbox)
    for number, (time, key, step) in enumerate(_in_order(conversations)):
        # No two things happen in the same second of their minute, as in life; and every time the same.
        with clock.at(now - END + time + dt.timedelta(seconds=number * 17 % 50)):
            stage.play(key, step)


def _in_order(conversations: Sequence[Conversation]) -> Iterator[tuple[dt.timedelta, str, Conversation | Step]]:
    place = count()
    everything = [
        (time_of(step.at), next(place), conversation.key if key is None else key, step)
        for conversation in conversations
        for key, step in _steps(conversation)
    ]
    return ((time, key, step) for time, _, key, step in sorted(everything, key=lambda row: row[:2]))


def _steps(conversation: Conversation) -> Iterator[tuple[str | None, Conversation | Step]]:
    yield None, conversation
    for step in conversation.steps:
        yield None, step
        if isinstance(step, Split):
            yield from ((step.key, after) for after in step.steps)


class Stage:
    """The tickets so far, by the keys of their conversations."""

    def __init__(self, workspace: Workspace, team: Mapping[Role, Membership], mailbox: Mailbox) -> None:
        self.workspace = workspace
        self.team = team
        self.mailbox = mailbox
        self.desk = {role: member_actor(membership, Door.ADMIN) for role, membership in team.items()}
        self.shop = member_actor(team[Role.ADMIN], Door.API)
        self.post = Actor(door=Door.MAIL, access=Access.WRITE, workspace_id=workspace.pk, label=mailbox.address)
        self.tickets: dict[str, Ticket] = {}
        self.messages: dict[str, list[uuid.UUID]] = {}

    def play(self, key: str, step: Conversation | Step) -> None:
        """Do one step."""
        if isinstance(step, Conversation):
            self._open(step)
            return
        ticket = self.tickets[key]
        match step:
            case Reply():
                self._reply(key, step)
            case Note():
                actor = self.desk[step.by]
                files = self._files(key, step.files, actor)
                message = append_message(
                    ticket, body=prose(step.text), is_internal=True, attachment_ids=files, actor=actor
                )
                self.messages[key].append(message.pk)
            case Said():
                self._say(key, step)
            case Assign():
                assignee = None if step.to is None else self.team[step.to].user_id
                update_ticket(ticket, changes=Changes(assignee_id=assignee), actor=self.desk[step.by])
            case Move():
                transition_ticket(ticket, to=step.to, reason=step.reason, actor=self.desk[step.by])
            case Rank():
                update_ticket(ticket, changes=Changes(priority=step.priority), actor=self.desk[step.by])
            case Tag():
                update_ticket(ticket, changes=Changes(tags=list(step.tags)), actor=self.desk[step.by])
            case Copy():
                update_ticket(ticket, changes=Changes(ccs=list(step.ccs)), actor=self.desk[step.by])
            case Archive():
                archive_ticket(ticket, actor=self.desk[step.by])
            case Merge():
                merge_tickets(ticket, self.tickets[step.into], actor=self.desk[step.by])
            case Unmerge():
                unmerge_ticket(ticket, actor=self.desk[step.by])
            case Split():
                self._split(key, step)
            case _:
                raise TypeError(f"The stage does not know how to play {type(step).__name__}.")

    def _open(self, conversation: Conversation) -> None:
        who = conversation.who
        ticket = create_ticket(
            self.workspace,
            subject=conversation.subject,
            body=prose(conversation.text),
            body_html=prose(conversation.html),
            requester=None if who is None else Person(who.email, who.name),
            ccs=conversation.ccs,
            priority=conversation.priority,
            tags=conversation.tags,
            assignee_id=None if conversation.assignee is None else self.team[conversation.assignee].user_id,
            mailbox=self.mailbox if conversation.channel == Channel.EMAIL else None,
            channel=conversation.channel,
            actor=self._door(conversation),
        )
        self.tickets[conversation.key] = ticket
        self.messages[conversation.key] = [Message.objects.get(workspace=self.workspace, ticket=ticket).pk]

    def _door(self, conversation: Conversation) -> Actor:
        """Through which door a conversation came in."""
        return {
            Channel.EMAIL: self.post,
            Channel.API: self.shop,
            Channel.ADMIN: self.desk[conversation.by],
            Channel.IMPORT: operator("import"),
        }[conversation.channel]

    def _files(self, key: str, files: Sequence[DemoFile], actor: Actor) -> list[uuid.UUID]:
        """Files for the next message, uploaded a moment before it."""
        return [
            add_file(
                self.tickets[key],
                filename=file.name,
                content_type=file.content_type,
                content=BytesIO(file.content),
                actor=actor,
            ).pk
            for file in files
        ]

    def _reply(self, key: str, step: Reply) -> None:
        message = append_message(
            self.tickets[key],
            body=prose(step.text),
            body_html=prose(step.html),
            send_email=True,
            attachment_ids=self._files(key, step.files, self.desk[step.by]),
            to_status=step.then,
            actor=self.desk[step.by],
        )
        self.messages[key].append(message.pk)
        words = step.words or WORDS[step.settled]
        # A queue number as a mail server gives it, the same each time.
        queued_as = f"4F{sum(map(len, self.messages.values())) * 7919:08X}"
        with clock.at(clock.now() + dt.timedelta(seconds=4)):
            settle_delivery(
                message.delivery, state=step.settled, detail=words.format(id=queued_as), actor=system("outbox")
            )

    def _say(self, key: str, step: Said) -> None:
        on_the_phone = step.by is not None
        channel = Channel.ADMIN if on_the_phone else Channel(self.tickets[key].channel)
        actor = self.post if step.by is None else self.desk[step.by]
        message = append_message(
            self.tickets[key],
            body=prose(step.text),
            body_html=prose(step.html),
            as_requester=True,
            attachment_ids=self._files(key, step.files, actor),
            channel=channel,
            actor=actor,
        )
        self.messages[key].append(message.pk)

    def _split(self, key: str, step: Split) -> None:
        moving = [self.messages[key][index] for index in step.messages]
        split = split_ticket(self.tickets[key], message_ids=moving, new_subject=step.subject, actor=self.desk[step.by])
        self.tickets[step.key], self.messages[step.key] = split.ticket, moving
