"""Names of files as they are shown. A name that was sent is hostile until it has been through here.

What comes out is one line of visible text without any path. It still never becomes part of a path, and stands in a
header only as RFC 6266 has it.
"""

import re
import unicodedata

from tickets.models.attachment import FILENAME_LENGTH

NAMELESS = "file"
# An ending longer than this is no ending.
_ENDING_LENGTH = 20
# Control, format (among them all that turn the direction of text), surrogate and private characters, line separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# What joins emoji and letters of some scripts is wanted where it stands between two characters.
_JOINERS = "\u200c\u200d"
# Letters and signs that are blank all the same: Hangul fillers, a Braille pattern without dots, a joiner of graphemes.
_BLANKS = set("\u115f\u1160\u3164\uffa0\u2800\u034f")
# Neither a beginning nor an end of a name, wherever it was cut.
_EDGES = ". " + _JOINERS


def clean_filename(name: str) -> str:
    """The name without its path and without what cannot be seen, at most 255 characters; `file` if nothing is left."""
    # What stood between two characters that are one may have been invisible.
    visible = unicodedata.normalize("NFC", "".join(map(_shown, name)))
    last = re.split(r"[/\\]", visible.rstrip("/\\ "))[-1]
    cleaned = " ".join(last.split()).strip(_EDGES)
    return _shortened(cleaned) or NAMELESS


def _shown(character: str) -> str:
    if character in _JOINERS:
        return character
    if character.isspace():
        return " "
    return "" if character in _BLANKS or unicodedata.category(character) in _INVISIBLE else character


def _shortened(name: str) -> str:
    """Cut in the middle of the name proper: what it ends in tells what it is."""
    if len(name) <= FILENAME_LENGTH:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > _ENDING_LENGTH:
        return name[:FILENAME_LENGTH].rstrip(_EDGES)
    return f"{stem[: FILENAME_LENGTH - len(ending) - 1].rstrip(_EDGES)}.{ending}"
