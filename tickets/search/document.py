"""What of a ticket can be found, and how much of it: the same words, in the same order, for both stores.

A document is a stream of tokens, one to a position. `GAP` takes a position that no query can ask for, so no phrase
reaches from one message, or one field, into the next.

It is bounded, because a search index must never make a write fail or a long conversation slow. PostgreSQL counts
positions to 16,383 and holds a megabyte in a tsvector. So the first words of each message and of each ticket have
their positions; later ones are found, but not as part of a phrase (nor of an address or number of several parts);
and when the ticket is full, further messages are not found. `Body.add` is that rule; the stores repeat it when they
append without reading. Within the bounds they differ in one thing: PostgreSQL keeps 256 positions of each word.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from tickets.models import Message, Ticket
from tickets.search.normalise import index_tokens

# A symbol: the normaliser takes it for a separator, so it is part of no token.
GAP = "\u241f"

TITLE_POSITIONS = 500
HEAD_POSITIONS = 1_500
MESSAGE_POSITIONS = 4_000
BODY_POSITIONS = 14_000
FIELD_BYTES = 64 * 1024
MESSAGE_BYTES = 128 * 1024
# A text of 200,000 characters has 40,000 words; only a text made for the purpose has more tokens than this.
TEXT_TOKENS = 100_000
BODY_BYTES = 512 * 1024

# What PostgreSQL needs beside a token's own bytes, at most: its count of positions, aligned; and each position.
_TOKEN_OVERHEAD = 3
_POSITION_BYTES = 2


@dataclass(slots=True)
class Words:
    """The words of some text: a stream with positions, and those beyond it without. `size` is in bytes of tsvector."""

    stream: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    size: int = 0

    def __bool__(self) -> bool:
        return bool(self.size)

    def text(self) -> str:
        """Both, as text of which each word is one token: for a store that counts the positions itself."""
        return " ".join(self.stream + _apart(self.loose))

    def text_without_positions(self) -> str:
        """The same words, none next to another."""
        return " ".join(_apart(dict.fromkeys([token for token in self.stream if token != GAP] + self.loose)))


def _apart(tokens: Iterable[str]) -> list[str]:
    return [part for token in tokens for part in (GAP, token)]


def words_of(texts: Iterable[str], positions: int, size: int) -> Words:
    """The words of the texts, a gap before each text, within so many positions and bytes."""
    words = Words()
    seen: set[str] = set()
    for text in texts:
        if len(words.stream) < positions:
            words.stream.append(GAP)
        for token in islice(index_tokens(text), TEXT_TOKENS):
            is_new = token not in seen
            has_position = len(words.stream) < positions
            cost = is_new * (len(token.encode()) + _TOKEN_OVERHEAD) + has_position * _POSITION_BYTES
            if words.size + cost > size:
                return words
            words.size += cost
            if has_position:
                words.stream.append(token)
            elif is_new:
                words.loose.append(token)
            if is_new:
                seen.add(token)
    return words


@dataclass(slots=True)
class Head:
    """What a ticket says of itself, without its messages: `title` weighs most in a ranking."""

    title: Words
    rest: Words


def head_of(ticket: Ticket) -> Head:
    """Subject and number; then requester, tags and CCs."""
    requester = [ticket.requester.name, ticket.requester.email] if ticket.requester else []
    return Head(
        words_of([ticket.subject, str(ticket.number)], TITLE_POSITIONS, FIELD_BYTES),
        words_of([*requester, *ticket.tags, *ticket.ccs], HEAD_POSITIONS, FIELD_BYTES),
    )


def words_of_message(message: Message, filenames: Iterable[str] = ()) -> Words:
    """Everything by which one message is found: its text, and the names of its files."""
    return words_of([message.body, *filenames], MESSAGE_POSITIONS, MESSAGE_BYTES)


@dataclass(slots=True)
class Body:
    """The words of a ticket's messages so far, and how much of the bounds they have used up."""

    words: Words = field(default_factory=Words)
    used_positions: int = 0
    used_bytes: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no further message can add anything."""
        return self.used_bytes > BODY_BYTES

    def add(self, message: Words) -> None:
        """Take up one more message: with positions if there are enough, else without; not at all once too big."""
        if not message:
            return
        self.used_bytes = min(self.used_bytes + message.size, BODY_BYTES + 1)
        if self.is_full:
            return
        self.words.size = self.used_bytes
        if self.used_positions + len(message.stream) <= BODY_POSITIONS:
            self.used_positions += len(message.stream)
            self.words.stream += message.stream
            self.words.loose += message.loose
        else:
            # Full for phrases from here on, as it is when messages are appended one at a time.
            self.used_positions = BODY_POSITIONS
            self.words.loose += [token for token in message.stream if token != GAP] + message.loose


def body_of(messages: Iterable[Message], filenames: Mapping[uuid.UUID, Sequence[str]] = MappingProxyType({})) -> Body:
    """The words of these messages, in this order, `filenames` by message. Reads no further than the bounds reach."""
    body = Body()
    for message in messages:
        body.add(words_of_message(message, filenames.get(message.pk, ())))
        if body.is_full:
            break
    return body
