"""Headers of a mail, encoded: whatever a text holds, it comes back as that text and cannot begin another header.

Python's own folding of long or foreign headers has had mistakes of every kind. What stands in ours is either plain
ASCII that can be folded at its blanks, or encoded words (RFC 2047), or extended parameters (RFC 2231): all of them
are cut into short lines here, and nothing is left to fold.
"""

import base64
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote

# With the name of a header before it or a semicolon behind it, a line stays below the 78 characters of RFC 5322.
_LINE = 60
# 45 bytes make 60 characters; an encoded word has at most 75 (RFC 2047, section 2).
_WORD_BYTES = 45


def one_line(text: str) -> str:
    """The text with each run of white space as one blank, and without what cannot be seen or sent."""
    kept = (" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text)
    return " ".join("".join(kept).split())


def text_header(text: str) -> str:
    """A header of free text, such as Subject: the value, folded."""
    text = one_line(text)
    if _is_plain(text) and all(len(word) <= _LINE for word in text.split(" ")):
        return "\n ".join(textwrap.wrap(text, _LINE, break_long_words=False, break_on_hyphens=False))
    return _encoded_words(text)


def mailbox_header(name: str, address: str) -> str:
    """A header of one address with the name of whom it belongs to; the address as it goes over the wire."""
    name = one_line(name)
    if not name:
        return address
    phrase = _quoted(name) if _is_plain(name) and len(name) <= _LINE else _encoded_words(name)
    return f"{phrase}\n <{address}>"


def address_list_header(addresses: Iterable[str]) -> str:
    """A header of bare addresses, as they go over the wire: a line for each."""
    return ",\n ".join(addresses)


def id_list_header(message_ids: str) -> str:
    """A header of Message-IDs separated by blanks: a line for each."""
    return message_ids.replace(" ", "\n ")


def disposition_header(filename: str) -> str:
    """The Content-Disposition of an attachment of this name."""
    filename = one_line(filename)
    # Python's own reader takes quotes and angle brackets off a second time.
    if _is_plain(filename) and len(filename) <= _LINE and set(filename).isdisjoint('"\\<>'):
        return f"attachment;\n filename={_quoted(filename)}"
    parts = list(_extended(filename))
    # One that fits a line has no number (RFC 2231, section 3).
    numbers = [""] if len(parts) == 1 else [f"*{number}" for number in range(len(parts))]
    parts[0] = f"utf-8''{parts[0]}"
    return "attachment;\n " + ";\n ".join(
        f"filename{number}*={part}" for number, part in zip(numbers, parts, strict=True)
    )


def named(name: str, address: str) -> str:
    """An address with its name, as text for people and for the interfaces of mail providers: not encoded."""
    return f"{_quoted(one_line(name))} <{address}>" if one_line(name) else address


def _is_plain(text: str) -> bool:
    """Whether the text can stand in a header as it is. What looks like an encoded word would be decoded."""
    return text.isascii() and text.isprintable() and "=?" not in text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded_words(text: str) -> str:
    words = (base64.b64encode(part).decode("ascii") for part in _cut(text, _WORD_BYTES))
    return "\n ".join(f"=?utf-8?b?{word}?=" for word in words)


def _extended(text: str) -> Iterator[str]:
    # A character of four bytes takes twelve.
    return (quote(part, safe="") for part in _cut(text, _LINE // 3))


def _cut(text: str, size: int) -> Iterator[bytes]:
    """The text in UTF-8, cut between characters into parts of at most so many bytes."""
    part = b""
    for character in text:
        encoded = character.encode()
        if len(part) + len(encoded) > size:
            yield part
            part = b""
        part += encoded
    yield part
