"""Secrets of API tokens: how they look, how they are made and recognised.

    iox_4fQ2mZkD81_f3J…   prefix of ten characters (shown in lists), then a secret of 43 (about 256 bits)

A secret that long needs no slow hash: SHA-256 is stored, looked up by the prefix and compared in constant time.
"""

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass

_ALPHABET = string.ascii_letters + string.digits
_SHAPE = re.compile(r"iox_([A-Za-z0-9]{10})_[A-Za-z0-9]{43}")


@dataclass(frozen=True)
class NewSecret:
    """A secret just made: `token` is shown once, the other two are stored."""

    token: str
    prefix: str
    digest: str


def make_secret() -> NewSecret:
    """A new random token."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    token = f"iox_{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(43))
    return NewSecret(token=token, prefix=prefix, digest=digest_of(token))


def digest_of(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def prefix_of(token: str) -> str | None:
    """The prefix of something that looks like a token; None for anything else."""
    match = _SHAPE.fullmatch(token)
    return match[1] if match else None


def matches(token: str, digest: str) -> bool:
    """Whether the token has this digest, in constant time."""
    return hmac.compare_digest(digest_of(token), digest)
