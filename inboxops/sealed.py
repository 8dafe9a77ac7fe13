"""Secrets of others, such as a mail server's password, as they are stored: encrypted under the installation's own key.

AES-256-GCM, under a key made of `SECRET_KEY` (HKDF, RFC 5869). What was sealed under a former key can be read as long
as that stands in `SECRET_KEY_FALLBACKS`. A secret is bound to its purpose: copied to where it does not belong, say to
the row of another workspace, it cannot be read.
"""

import secrets
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE_LENGTH = 12


class Unreadable(Exception):
    """A sealed secret that no key opens: `SECRET_KEY` was changed, and the former one is no fallback.

    Put the former key into `SECRET_KEY_FALLBACKS`, or enter the secret again.
    """

    def __init__(self) -> None:
        super().__init__("SECRET_KEY has changed since this secret was entered. Enter it again.")


def seal(secret: str, *, purpose: str) -> str:
    """The secret encrypted under the present key, as ASCII. Every time another text."""
    nonce = secrets.token_bytes(_NONCE_LENGTH)
    encrypted = _cipher(settings.SECRET_KEY).encrypt(nonce, secret.encode(), purpose.encode())
    return b64encode(nonce + encrypted).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """The secret. Raises Unreadable unless it was sealed for this purpose, under a key that is still known."""
    return _opened(sealed, purpose, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


def is_current(sealed: str, *, purpose: str) -> bool:
    """Whether it can be read without a fallback."""
    try:
        _opened(sealed, purpose, [settings.SECRET_KEY])
    except Unreadable:
        return False
    return True


def _opened(sealed: str, purpose: str, keys: list[str]) -> str:
    try:
        content = b64decode(sealed, validate=True)
    except ValueError:
        raise Unreadable from None
    for key in keys:
        try:
            found = _cipher(key).decrypt(content[:_NONCE_LENGTH], content[_NONCE_LENGTH:], purpose.encode())
        except (InvalidTag, ValueError):
            continue
        return found.decode()
    raise Unreadable


def _cipher(key: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"inboxops.sealed").derive(key.encode())
    return AESGCM(derived)
