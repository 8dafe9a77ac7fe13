"""The vocabulary of the demonstration: a conversation is how it began and what happened then.

Times are "DAY HH:MM" on a calendar of 21 days whose last one ends at 17:00; the player moves that end to now. The team
works from 08:00 to 18:00 and has days 6, 7, 13, 14, 20 off. Texts are wrapped as plain-text mail is.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import cleandoc

from inboxops.demo.files import DemoFile
from tickets.workflow import Channel, DeliveryState, Priority, Status
from workspaces.models import Role

DAYS = 21
END = dt.timedelta(days=DAYS, hours=17)

AGENT, ADMIN = Role.AGENT, Role.ADMIN
OPEN, PENDING, CLOSED = Status.OPEN, Status.PENDING, Status.CLOSED
LOW, NORMAL, HIGH, URGENT = Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT
SENT, BOUNCED, FAILED = DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.FAILED


def time_of(text: str) -> dt.timedelta:
    """ "3 09:14" as the distance from the beginning of day 0. Raises ValueError for anything else."""
    match = re.fullmatch(r"(\d{1,2}) (\d\d):(\d\d)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a time such as '3 09:14'.")
    return dt.timedelta(days=int(match[1]), hours=int(match[2]), minutes=int(match[3]))


@dataclass(frozen=True)
class Character:
    """A customer. All of them are borrowed from old books."""

    name: str
    email: str


@dataclass(frozen=True)
class Step:
    """Something that happens in a conversation."""

    at: str


@dataclass(frozen=True)
class Reply(Step):
    """The team answers by mail; `settled` and `words` are what became of the mail."""

    text: str
    by: Role = AGENT
    html: str = ""
    files: Sequence[DemoFile] = ()
    then: Status | None = None
    settled: DeliveryState = DeliveryState.SENT
    words: str = ""


@dataclass(frozen=True)
class Note(Step):
    """The team among themselves."""

    text: str
    by: Role = AGENT
    files: Sequence[DemoFile] = ()


@dataclass(frozen=True)
class Said(Step):
    """The customer again: by mail, or on the phone with `by` taking it down."""

    text: str
    html: str = ""
    by: Role | None = None
    files: Sequence[DemoFile] = ()


@dataclass(frozen=True)
class Assign(Step):
    """Somebody takes it, or gives it to somebody, or to nobody."""

    to: Role | None
    by: Role = AGENT


@dataclass(frozen=True)
class Move(Step):
    """Another status."""

    to: Status
    reason: str = ""
    by: Role = AGENT


@dataclass(frozen=True)
class Rank(Step):
    """Another priority."""

    priority: Priority
    by: Role = AGENT


@dataclass(frozen=True)
class Tag(Step):
    """Other tags."""

    tags: Sequence[str]
    by: Role = AGENT


@dataclass(frozen=True)
class Copy(Step):
    """Other people in copy."""

    ccs: Sequence[str]
    by: Role = AGENT


@dataclass(frozen=True)
class Archive(Step):
    """Out of the inbox."""

    by: Role = AGENT


@dataclass(frozen=True)
class Merge(Step):
    """This conversation goes on in another one, named by its key."""

    into: str
    by: Role = AGENT


@dataclass(frozen=True)
class Unmerge(Step):
    """The merge was a mistake."""

    by: Role = AGENT


@dataclass(frozen=True)
class Split(Step):
    """Some messages, counted from 0 in the order of the script, become a conversation of their own."""

    messages: Sequence[int]
    key: str
    subject: str
    by: Role = AGENT
    steps: Sequence[Step] = ()


@dataclass(frozen=True)
class Conversation:
    """One ticket from its first message on. Without a character, a member of the team wrote it: `by`."""

    key: str
    at: str
    who: Character | None
    subject: str
    text: str
    html: str = ""
    channel: Channel = Channel.EMAIL
    by: Role = AGENT
    priority: Priority = Priority.NORMAL
    tags: Sequence[str] = ()
    ccs: Sequence[str] = ()
    assignee: Role | None = None
    steps: Sequence[Step] = field(default_factory=tuple)


def prose(text: str) -> str:
    """A text of the script without the indentation it has there."""
    return cleandoc(text)
