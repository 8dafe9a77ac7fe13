"""ETags of tickets (RFC 9110, section 13): lost updates refused, unchanged answers not sent again.

A tag is `"<version>-<digest of what is shown>"`. If-Match compares the version, which changes with every write to the
ticket; If-None-Match compares the whole, as names, files and delivery states can change what is shown without it.
"""

import hashlib
import re

from django.http import HttpRequest

from inboxops.api.problems import ApiError

# What surrounds a header's value and its parts (RFC 9110, section 5.6.3).
_BLANKS = " \t"
_ENTITY_TAG = re.compile(r'[ \t]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*')
_OWN_TAG = re.compile(r"(\d{1,9})-[0-9a-f]{16}(?:[-;]gzip)?")
# The version that no ticket has: an If-Match that can match nothing.
NO_VERSION = 0


def etag(version: int, body: bytes) -> str:
    """The strong entity tag of an answer."""
    return f'"{version}-{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def parse_tags(header: str, name: str) -> list[tuple[bool, str]]:
    """The entity tags in a header as (weak, opaque). Raises ApiError 400 for what is not a list of tags.

    An empty list is none: whoever lost their tag on the way would write over what others wrote.
    """
    tags, position = [], 0
    while position < len(header):
        match = _ENTITY_TAG.match(header, position)
        if match is None:
            break
        tags.append((match[1] is not None, match[2]))
        position = match.end()
        if position == len(header):
            return tags
        if header[position] != ",":
            break
        position += 1
    raise ApiError(400, "invalid_header", f'{name} must be * or a list of entity tags such as "3-0123456789abcdef".')


def expected_version(request: HttpRequest) -> int | None:
    """The version that If-Match asks for; None without the header or with `*` (there is a ticket: it matches).

    Of several tags, the latest version counts: a ticket has passed all the others. A weak or foreign tag never
    matches (strong comparison); the ending that Apache adds to tags of what it has compressed is overlooked.
    """
    header = request.headers.get("If-Match", "*").strip(_BLANKS)
    if header == "*":
        return None
    versions = [
        int(match[1])
        for weak, opaque in parse_tags(header, "If-Match")
        if not weak and (match := _OWN_TAG.fullmatch(opaque))
    ]
    return max(versions, default=NO_VERSION)


def is_unchanged(request: HttpRequest, current: str) -> bool:
    """Whether If-None-Match says that the client has exactly this answer (weak comparison)."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    if header.strip(_BLANKS) == "*":
        return True
    return any(f'"{opaque}"' == current for _, opaque in parse_tags(header, "If-None-Match"))
