"""Proof that a mail answers one of ours: an id with a signature, in reply addresses and in Message-IDs.

Mail systems may change the case of an address, and some write Message-IDs in their own way: a proof is lower-case
base32 and is read in any case. It holds in one workspace only, and for one purpose. 80 bits of HMAC-SHA256 cannot be
found by sending mails. A former key (`SECRET_KEY_FALLBACKS`) still proves what was sent while it was in use.
"""

import base64
import hmac
import uuid

from django.conf import settings
from django.utils.crypto import salted_hmac

REPLY_ADDRESS = "reply-address"
MESSAGE_ID = "message-id"

_SIGNATURE_BYTES = 10
# Longer than any of ours; nothing longer is looked at.
_MAX_LENGTH = 100


def prove(content: bytes, *, purpose: str, workspace_id: uuid.UUID) -> str:
    """The content, readable, with its signature."""
    return _proof(content, purpose, workspace_id, settings.SECRET_KEY)


def proven(text: str, *, purpose: str, workspace_id: uuid.UUID) -> bytes | None:
    """The content of a proof of ours in any case; None for anything else.

    Each key takes the same time, whichever is right: the whole text is compared, so that nothing can be altered that
    decodes to the same bytes.
    """
    if len(text) > _MAX_LENGTH:
        return None
    try:
        content = base64.b32decode(text.upper() + "=" * (-len(text) % 8))[:-_SIGNATURE_BYTES]
    except ValueError:
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # A list: every key is tried.
    found = [_same(_proof(content, purpose, workspace_id, key), text.lower()) for key in keys]
    return content if any(found) else None


def _proof(content: bytes, purpose: str, workspace_id: uuid.UUID, key: str) -> str:
    # The salt has one length for each purpose, and the workspace always 16 bytes: nothing reads two ways.
    signed = salted_hmac(f"inboxops.{purpose}", workspace_id.bytes + content, secret=key, algorithm="sha256")
    return base64.b32encode(content + signed.digest()[:_SIGNATURE_BYTES]).decode("ascii").rstrip("=").lower()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
