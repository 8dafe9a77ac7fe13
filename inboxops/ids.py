"""Identifiers: UUIDv7, made in the application (RFC 9562, section 5.7)."""

import os
import re
import time
import uuid

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def uuid7() -> uuid.UUID:
    """A new time-ordered id: 48 bits of Unix milliseconds, 12 bits of their fraction, 62 random bits.

    The fraction (RFC 9562, section 6.2, method 3) keeps ids of one process in the order they were made.
    """
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random)


def parse_uuid(text: str) -> uuid.UUID | None:
    """The UUID written in `text`, or None unless it is the canonical form of 36 characters.

    `uuid.UUID` also takes braces, URNs and bare hex; one spelling per id keeps links and logs comparable.
    """
    return uuid.UUID(text) if _CANONICAL_UUID.fullmatch(text) else None
