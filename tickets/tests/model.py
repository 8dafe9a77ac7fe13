"""Tickets as the design describes them, in memory: no database, no locks, nothing that is stored to be quick.

`test_properties` does everything twice, with the actions and with this model, and compares. So this is written from
the design's words and not from the code: why a ticket has a tag is a set of reasons, when it was first answered is
looked up in its messages, and what a refused action must leave alone is a copy.
"""

import copy
import datetime as dt
import functools
import uuid
from dataclasses import dataclass, field

MOVES = {"open": {"pending", "closed"}, "pending": {"open", "closed"}, "closed": {"open"}}
# The reason for a tag or a CC that is not there because of a merge.
OWN = "own"


class Refused(Exception):
    """The action must be refused, with one of these codes."""

    def __init__(self, *codes, **extra):
        super().__init__(" or ".join(sorted(codes)))
        self.codes, self.extra = set(codes), extra


def folded(text):
    return text.strip().lower()


class Words(dict):
    """Tags or addresses in order: how each was first written, and why it is there."""

    @classmethod
    def of(cls, texts):
        words = cls()
        for text in texts:
            words.setdefault(folded(text), (text, {OWN}))
        return words

    def shown(self):
        return [text for text, _ in self.values()]

    def replaced_by(self, texts, *, keep_spelling):
        """A whole new list from somebody's hand: what stays keeps its reasons, what is new needs no other."""
        new = Words()
        for text in texts:
            spelled, why = self.get(folded(text), (text, {OWN}))
            new.setdefault(folded(text), (spelled if keep_spelling else text, why))
        return new

    def join(self, texts, because):
        """What a merge brings along. What is there by itself stays for that reason alone."""
        for text in texts:
            _, why = self.setdefault(folded(text), (text, set()))
            if OWN not in why:
                why.add(because)

    def leave(self, because):
        """Without what was there for this reason only."""
        for _, why in self.values():
            why.discard(because)
        for key in [key for key, (_, why) in self.items() if not why]:
            del self[key]


@dataclass
class Message:
    id: uuid.UUID
    origin: uuid.UUID
    author: str
    is_internal: bool
    at: dt.datetime
    # To and Cc of the mail that was queued for it.
    mailed: tuple | None = None
    files: set = field(default_factory=set)


@dataclass
class Contact:
    email: str
    name: str


@dataclass
class Ticket:
    id: uuid.UUID
    number: int
    subject: str
    created_at: dt.datetime
    requester: str | None = None
    tags: Words = field(default_factory=Words)
    ccs: Words = field(default_factory=Words)
    priority: str = "normal"
    assignee: uuid.UUID | None = None
    status: str = "open"
    closed_at: dt.datetime | None = None
    archived_at: dt.datetime | None = None
    merged_into: uuid.UUID | None = None
    split_from: uuid.UUID | None = None
    messages: list = field(default_factory=list)
    last_message_at: dt.datetime | None = None
    first_replied_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    version: int = 1

    def look_at_messages(self):
        """What follows from the messages. Of a ticket without any, the time of the last one stays what it was."""
        self.messages.sort(key=lambda message: (message.at, message.id))
        if self.messages:
            self.last_message_at = self.messages[-1].at
        asked, self.first_replied_at = False, None
        for message in self.messages:
            if message.author == "customer":
                asked = True
            elif asked and message.author == "agent" and not message.is_internal:
                self.first_replied_at = message.at
                break


@dataclass
class Merge:
    id: uuid.UUID
    source: uuid.UUID
    target: uuid.UUID
    moved: list
    status: str
    closed_at: dt.datetime | None
    split_off: set = field(default_factory=set)


def all_or_nothing(method):
    """An action that is refused half-way has changed nothing."""

    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        before = copy.deepcopy(vars(self))
        try:
            return method(self, *args, **kwargs)
        except Refused:
            vars(self).update(before)
            raise

    return wrapper


class Inbox:
    """One workspace. `now` is set by whoever drives it; `workers` are the agents and admins."""

    def __init__(self, now, workers):
        self.now = now
        self.workers = set(workers)
        self.tickets = {}
        self.contacts = {}
        self.merges = {}
        # The ticket that each file was sent for; a message's own says which are used.
        self.files = {}

    # What the actions do

    @all_or_nothing
    def create(self, ids, *, subject, requester, ccs, priority, tags, assignee, author):
        ticket_id, message_id = ids
        if assignee is not None and assignee not in self.workers:
            raise Refused("not_assignable")
        ticket = Ticket(
            id=ticket_id,
            number=len(self.tickets) + 1,
            subject=subject,
            created_at=self.now,
            updated_at=self.now,
            requester=self._contact(requester, rename=False),
            tags=Words.of(tags),
            ccs=Words.of(ccs),
            priority=priority,
            assignee=assignee,
        )
        self.tickets[ticket_id] = ticket
        author = author if requester is None else "customer"
        ticket.messages.append(Message(message_id, ticket_id, author, False, self.now))
        ticket.look_at_messages()

    @all_or_nothing
    def append(
        self,
        ticket_id,
        message_id,
        *,
        author,
        is_internal=False,
        as_requester=False,
        send_email=False,
        to=None,
        cc=None,
        files=(),
        last_seen=None,
        to_status=None,
        changes=None,
        version=None,
    ):
        ticket = self.tickets[ticket_id]
        codes = self._closed_to_writes(ticket, version)
        if len(files) > len(set(files) & self._waiting_in(ticket)):
            codes.add("invalid")
        if as_requester and (is_internal or send_email):
            codes.add("contradiction")
        if as_requester and ticket.requester is None:
            codes.add("no_requester")
        leaves = send_email and not is_internal
        if leaves and not to and ticket.requester is None:
            codes.add("no_recipient")
        if last_seen is not None:
            ids = [message.id for message in ticket.messages]
            if last_seen not in ids:
                codes.add("unknown_message")
            elif any(message.author == "customer" for message in ticket.messages[ids.index(last_seen) + 1 :]):
                codes.add("conversation_moved_on")
        if codes:
            raise Refused(*codes)
        at = self._touch(ticket)
        message = Message(message_id, ticket_id, "customer" if as_requester else author, is_internal, at)
        message.files = set(files)
        if leaves:
            to = Words.of(to or [self.contacts[ticket.requester].email]).shown()
            cc = ticket.ccs.shown() if cc is None else Words.of(cc).shown()
            message.mailed = (to, [address for address in cc if folded(address) not in {folded(a) for a in to}])
        ticket.messages.append(message)
        ticket.look_at_messages()
        if as_requester:
            ticket.archived_at = None
            if ticket.status != "open":
                self._set_status(ticket, "open", at)
        if to_status is not None:
            self._move(ticket, to_status, at)
        self._change(ticket, changes or {})

    @all_or_nothing
    def update(self, ticket_id, changes, version=None):
        ticket = self.tickets[ticket_id]
        if codes := self._closed_to_writes(ticket, version):
            raise Refused(*codes)
        if self._change(ticket, changes):
            self._touch(ticket)

    @all_or_nothing
    def transition(self, ticket_id, to, version=None):
        ticket = self.tickets[ticket_id]
        if codes := self._closed_to_writes(ticket, version):
            raise Refused(*codes)
        if to != ticket.status:
            self._move(ticket, to, self._touch(ticket))

    @all_or_nothing
    def archive(self, ticket_id, archived, version=None):
        ticket = self.tickets[ticket_id]
        if codes := self._closed_to_writes(ticket, version):
            raise Refused(*codes)
        if (ticket.archived_at is not None) != archived:
            at = self._touch(ticket)
            ticket.archived_at = at if archived else None

    @all_or_nothing
    def merge(self, source_id, target_id, merge_id, version=None):
        source, target = self.tickets[source_id], self.tickets[target_id]
        if source is target:
            raise Refused("merge_into_itself")
        if source.merged_into is not None and source.merged_into == (target.merged_into or target.id):
            return
        codes = set()
        if source.merged_into is not None:
            codes.add("already_merged")
        if target.merged_into is not None:
            codes.add("target_merged")
        if version not in (None, source.version):
            codes.add("version_mismatch")
        if codes:
            raise Refused(*codes)
        at = self._touch(source, target)
        self.merges[merge_id] = Merge(
            id=merge_id,
            source=source.id,
            target=target.id,
            moved=[message.id for message in source.messages],
            status=source.status,
            closed_at=source.closed_at,
        )
        target.tags.join(source.tags.shown(), merge_id)
        people = [self.contacts[source.requester].email] if source.requester else []
        people += source.ccs.shown()
        target.ccs.join([person for person in people if folded(person) != target.requester], merge_id)
        target.messages += source.messages
        target.look_at_messages()
        source.messages = []
        if source.status == "open":
            if target.status == "closed":
                self._set_status(target, "open", at)
            if source.archived_at is None:
                target.archived_at = None
        if source.status != "closed":
            source.status, source.closed_at = "closed", at
        for follower in self._pointing_at(source.id):
            self._touch(follower)
            follower.merged_into = target.id
        source.merged_into = target.id

    @all_or_nothing
    def unmerge(self, source_id, version=None):
        """Answers how many messages went back, and those that stayed because they had been split off."""
        source = self.tickets[source_id]
        merge = self._merge_of(source_id)
        if merge is None:
            raise Refused("not_merged")
        outermost = None
        following = self._merge_of(merge.target)
        while following is not None:
            outermost, following = following.source, self._merge_of(following.target)
        if outermost is not None:
            raise Refused("unmerge_first", ticketId=outermost)
        if version not in (None, source.version):
            raise Refused("version_mismatch")
        target = self.tickets[merge.target]
        self._touch(source, target)
        del self.merges[merge.id]
        back = {message_id for message_id in merge.moved if message_id not in merge.split_off}
        source.messages = [message for message in target.messages if message.id in back]
        target.messages = [message for message in target.messages if message.id not in back]
        source.look_at_messages()
        target.look_at_messages()
        target.tags.leave(merge.id)
        target.ccs.leave(merge.id)
        source.merged_into = None
        source.status, source.closed_at = merge.status, merge.closed_at
        if source.status != "closed":
            self._release(source)
        for ticket_id in self._through(source_id):
            self._touch(self.tickets[ticket_id])
            self.tickets[ticket_id].merged_into = source_id
        return len(back), set(merge.split_off)

    @all_or_nothing
    def split(self, ticket_id, new_id, message_ids, subject=None, version=None):
        ticket = self.tickets[ticket_id]
        codes = self._closed_to_writes(ticket, version)
        have, wanted = {message.id for message in ticket.messages}, set(message_ids)
        if not wanted:
            codes.add("empty")
        if not wanted <= have:
            codes.add("invalid")
        elif wanted == have:
            codes.add("split_would_empty")
        if codes:
            raise Refused(*codes)
        at = self._touch(ticket)
        new = Ticket(
            id=new_id,
            number=len(self.tickets) + 1,
            subject=subject or ticket.subject,
            created_at=at,
            updated_at=at,
            requester=ticket.requester,
            tags=Words.of(ticket.tags.shown()),
            ccs=Words.of(ticket.ccs.shown()),
            priority=ticket.priority,
            split_from=ticket_id,
        )
        self.tickets[new_id] = new
        new.messages = [message for message in ticket.messages if message.id in wanted]
        ticket.messages = [message for message in ticket.messages if message.id not in wanted]
        new.look_at_messages()
        ticket.look_at_messages()
        for merge in self.merges.values():
            merge.split_off |= wanted & set(merge.moved)

    def stop_working(self, user_id):
        """The member was removed or can only read now: what is not closed has no assignee any more."""
        self.workers.discard(user_id)
        for ticket in self.tickets.values():
            if ticket.assignee == user_id and ticket.status != "closed":
                self._touch(ticket)
                ticket.assignee = None

    def start_working(self, user_id):
        self.workers.add(user_id)

    def files_in(self, ticket):
        """Those of its messages, and those that wait: a ticket that was merged has none."""
        return {file for message in ticket.messages for file in message.files} | self._waiting_in(ticket)

    # What they share

    def _waiting_in(self, ticket):
        used = {file for other in self.tickets.values() for message in other.messages for file in message.files}
        return {
            file
            for file, sent_for in self.files.items()
            if file not in used and (self.tickets[sent_for].merged_into or sent_for) == ticket.id
        }

    def _closed_to_writes(self, ticket, version):
        codes = set()
        if ticket.merged_into is not None:
            codes.add("ticket_merged")
        if version not in (None, ticket.version):
            codes.add("version_mismatch")
        return codes

    def _touch(self, *tickets):
        """One change of these tickets, at one moment that is before none of their earlier changes."""
        at = max(self.now, *(ticket.updated_at for ticket in tickets))
        for ticket in tickets:
            ticket.updated_at = at
            ticket.version += 1
        return at

    def _contact(self, person, *, rename):
        """A name is given to whoever has none. Another one only if somebody sets out to change it."""
        if person is None:
            return None
        email, name = person
        contact = self.contacts.setdefault(folded(email), Contact(email, name))
        if rename or not contact.name:
            contact.name = name or contact.name
        return folded(email)

    def _move(self, ticket, to, at):
        if to == ticket.status:
            return
        if to not in MOVES[ticket.status]:
            raise Refused("transition_not_allowed")
        self._set_status(ticket, to, at)

    def _set_status(self, ticket, to, at):
        was = ticket.status
        ticket.status, ticket.closed_at = to, at if to == "closed" else None
        if was == "closed":
            self._release(ticket)

    def _release(self, ticket):
        """Nobody has an active ticket who could not be given one."""
        if ticket.assignee not in self.workers:
            ticket.assignee = None

    def _change(self, ticket, changes):
        """Make the changes; answers whether any of them was one."""
        before = self._properties(ticket)
        if "assignee" in changes:
            assignee = changes["assignee"]
            if assignee not in (None, ticket.assignee) and assignee not in self.workers:
                raise Refused("not_assignable")
            ticket.assignee = assignee
        if "priority" in changes:
            ticket.priority = changes["priority"]
        if "subject" in changes:
            ticket.subject = changes["subject"]
        if "tags" in changes:
            ticket.tags = ticket.tags.replaced_by(changes["tags"], keep_spelling=True)
        if "ccs" in changes:
            ticket.ccs = ticket.ccs.replaced_by(changes["ccs"], keep_spelling=False)
        if "requester" in changes:
            ticket.requester = self._contact(changes["requester"], rename=True)
        return self._properties(ticket) != before

    def _properties(self, ticket):
        name = self.contacts[ticket.requester].name if ticket.requester else None
        lists = ticket.tags.shown(), ticket.ccs.shown()
        return ticket.assignee, ticket.priority, ticket.subject, *lists, ticket.requester, name

    def _merge_of(self, source_id):
        return next((merge for merge in self.merges.values() if merge.source == source_id), None)

    def _pointing_at(self, ticket_id):
        return [ticket for ticket in self.tickets.values() if ticket.merged_into == ticket_id]

    def _through(self, ticket_id):
        """The tickets that were merged into this one, and those that were merged into them."""
        direct = [merge.source for merge in self.merges.values() if merge.target == ticket_id]
        return [*direct, *(further for source_id in direct for further in self._through(source_id))]
