"""From text to search tokens: the one place that decides which spellings are the same word. Pure: no database.

A token holds letters, digits and the marks that belong to them, in one case and without accents: never a space, a
quote or any other punctuation. Both stores rely on that: their literals need no escaping.

- Case, accents, compatibility forms (`ﬁ`, `Ａ`, `½`), digits of any script and letters such as `ø`, `ß` or `ł` are
  folded away. Invisible characters vanish, everything else separates words.
- Whatever is written without spaces is a run of tokens: `ann@shop.example` is `ann shop example`, `ORD-698958` and
  `ORD698958` are `ord 698958`. A query for the whole is a phrase of its parts, so whole and parts are both found.
- Scripts without spaces between words (Chinese, Japanese, Thai …, and Korean, whose words carry their particles) are
  cut into overlapping pairs of characters.

The time taken grows with the length of the text and nothing else; see `_pieces` for the one place that needs care.
"""

import unicodedata
from collections.abc import Iterator

# A longer word is cut, in documents and queries alike: it is a hash or an encoded file, not a word anyone types.
TOKEN_LENGTH = 64

_PIECE_LENGTH = 1_000
_BREAKS = (" ", "\n", "。", "、", "，")
_TABLE_SIZE = 50_000

# Letters that Unicode does not take apart, though people without the key for them write the plain ones.
_PLAIN = {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i",
    "ƒ": "f", "ƶ": "z", "ɨ": "i", "ʉ": "u", "ƀ": "b", "ǥ": "g", "ĸ": "k",
    # Apostrophes that pass for letters; the plain apostrophe separates words too (`l'hôtel` is found by `hotel`).
    "ʹ": " ", "ʻ": " ", "ʼ": " ", "ʽ": " ",
    # Letters that are only there to stretch a word or to fill an empty place.
    "ـ": "", "\u115f": "", "\u1160": "",
}  # fmt: skip

# Marks without a combining class that carry no sound.
_SILENT_MARKS = frozenset("\u034f\u180b\u180c\u180d\u180f")


class _Table(dict[int, str]):
    """What becomes of each character of decomposed, case-folded text; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        # All of Unicode would be a hundred megabytes; a text in many scripts needs a few thousand.
        if len(self) < _TABLE_SIZE:
            self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] in "LN":
        return character
    if category[0] == "M":
        return "" if _is_accent(character, category) else character
    return "" if category == "Cf" else " "


def _is_accent(mark: str, category: str) -> bool:
    """Whether the word stays the same without the mark.

    Accents, Hebrew points and Arabic vowel signs are; vowels of Indian and Thai writing and the voicing marks of
    kana are not, and their combining classes tell them apart (Unicode Standard, section 4.3).
    """
    order = unicodedata.combining(mark)
    return (
        category == "Me"
        or order == 1
        or 10 <= order <= 36
        or order >= 200
        or mark in _SILENT_MARKS
        or unicodedata.name(mark, "").startswith("VARIATION SELECTOR")
    )


_table = _Table()


def _pieces(text: str) -> Iterator[str]:
    """The text in short pieces, cut between words where possible.

    Putting combining marks in order takes time that grows with the square of their number in one row: a mail of
    nothing but marks would keep the process busy for minutes. In pieces it cannot.
    """
    start = 0
    while start < len(text):
        end = start + _PIECE_LENGTH
        if end < len(text):
            end = max(text.rfind(mark, start, end) for mark in _BREAKS) + 1 or end
        yield text[start:end]
        start = end


def _fold(piece: str) -> str:
    """The piece in one spelling: tokens (and runs of unspaced script) separated by spaces."""
    if piece.isascii():
        return piece.lower().translate(_table)
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", piece).casefold())
    # Composed again, for the syllables of Hangul and the voiced kana.
    return unicodedata.normalize("NFC", decomposed.translate(_table))


def _is_unspaced(character: str) -> bool:
    """Whether the character belongs to a script that is cut into pairs."""
    return character >= "\u0e00" and (
        "\u0e00" <= character <= "\u0eff"  # Thai, Lao
        or "\u1000" <= character <= "\u109f"  # Burmese
        or "\u1100" <= character <= "\u11ff"  # Hangul letters
        or "\u1780" <= character <= "\u17ff"  # Khmer
        or ("\u2e80" <= character <= "\ud7ff" and not "\ua000" <= character <= "\ua95f")  # Han, kana, Hangul
        or "\U0001aff0" <= character <= "\U0001b16f"  # kana, the rest
        or "\U00020000" <= character <= "\U0003ffff"  # Han, the rest
    )


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """The words of the text, each with whether it is a run of unspaced script."""
    for piece in _pieces(text):
        for word in _fold(piece).split():
            if word.isascii() or max(word) < "\u0e00":
                yield word, False
                continue
            start, unspaced = 0, _is_unspaced(word[0])
            for place, character in enumerate(word):
                if _is_unspaced(character) != unspaced:
                    yield word[start:place], unspaced
                    start, unspaced = place, not unspaced
            yield word[start:], unspaced


def number_suffix(word: str) -> int:
    """Where the digits at the end of `word` begin, if there is nothing but letters before them; else 0."""
    letters = word.rstrip("0123456789")
    return len(letters) if len(letters) < len(word) and letters.isalpha() else 0


def _spaced_tokens(word: str) -> Iterator[str]:
    """`ord698958` in the same two tokens as `ORD-698958`. Not `mp3`: a single digit belongs to its word."""
    word = word[:TOKEN_LENGTH]
    place = number_suffix(word) if word[-1].isdigit() else 0
    if place and len(word) - place >= 2:
        yield word[:place]
        yield word[place:]
    else:
        yield word


def _pairs(run: str) -> Iterator[str]:
    """Overlapping pairs, and the last character alone: so a single character is the beginning of some token."""
    for place in range(len(run)):
        yield run[place : place + 2]


def index_tokens(text: str) -> Iterator[str]:
    """The tokens of a text to be found, in their order, one at each successive position. Lazy: stop when you like."""
    for run, unspaced in _runs(text):
        yield from _pairs(run) if unspaced else _spaced_tokens(run)


def query_tokens(text: str) -> tuple[list[str], bool]:
    """The tokens that a text holding `text` has in a row, and whether the last one may be just the beginning of one.

    They differ from `index_tokens` at the very end: a run of unspaced script may go on in the document.
    """
    tokens: list[str] = []
    unspaced = False
    for run, unspaced in _runs(text):
        tokens += _pairs(run) if unspaced else _spaced_tokens(run)
    if not unspaced:
        return tokens, False
    if len(run) == 1:
        return tokens, True
    return tokens[:-1], False
