"""From what a person typed to what is looked for. Pure: no database.

    refund invoice           both words, anywhere in the ticket
    "exact phrase"           these words next to each other, in this order
    -newsletter  -"no thx"   not this one
    refund or return         either side (each side is everything up to the next `or`)
    refun*                   words that begin so (two characters at least)
    #123  ORD-698958         a number, an address, a code: the whole, or any part of it

Nothing is ever an error. What makes no sense as a sign is taken literally: an unclosed quote, a minus alone, an `or`
with nothing on one side. A query without one letter or digit finds nothing; a query of nothing but exclusions finds
every ticket that has none of them. Only the beginning of a very long query is looked at (see the limits below).
"""

from dataclasses import dataclass

from tickets.search.normalise import TOKEN_LENGTH, number_suffix, query_tokens

LENGTH = 1_000
TERMS = 32
TOKENS = 64
PREFIX_LENGTH = 2

# Quotation marks and signs as keyboards of other countries and helpful telephones write them.
_SIGNS = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"－": "-", "＊": "*"})


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens at successive positions; a single word is a phrase of one. With `is_prefix` the last may go on."""

    tokens: tuple[str, ...]
    is_prefix: bool = False


# The ways to spell one thing that is looked for: any of them will do.
Term = tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """What stands between two `or`: all of `wanted`, none of `unwanted`. At least one of them is not empty."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Clauses of which one must hold. None at all: there is nothing to look for, and nothing is found."""

    clauses: tuple[Clause, ...]

    def __bool__(self) -> bool:
        return bool(self.clauses)

    def wanted_phrases(self) -> list[Phrase]:
        """Everything whose presence speaks for a ticket, each once: what a ranking counts."""
        return list(dict.fromkeys(phrase for clause in self.clauses for term in clause.wanted for phrase in term))


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing typed, between spaces or between quotes."""

    text: str
    is_quoted: bool = False
    is_unwanted: bool = False

    @property
    def is_or(self) -> bool:
        return not self.is_quoted and not self.is_unwanted and self.text.lower() == "or"


def parse(text: str) -> Query:
    """What `text` asks for. Any string is a query; see the top of this module."""
    items = _items(text[:LENGTH].translate(_SIGNS))
    terms = [(item, term) for item in items if (term := _term(item))]
    clauses: list[Clause] = []
    wanted: list[Term] = []
    unwanted: list[Term] = []
    room = TOKENS
    for place, (item, term) in enumerate(terms[:TERMS]):
        is_between = bool(wanted or unwanted) and place + 1 < len(terms) and not terms[place + 1][0].is_or
        if item.is_or and is_between:
            clauses.append(Clause(tuple(wanted), tuple(unwanted)))
            wanted, unwanted = [], []
            continue
        cut = tuple(_cut(phrase, room) for phrase in term)
        room -= max(len(phrase.tokens) for phrase in cut)
        (unwanted if item.is_unwanted else wanted).append(cut)
        if not room:
            break
    if wanted or unwanted:
        clauses.append(Clause(tuple(wanted), tuple(unwanted)))
    return Query(tuple(clauses))


def _items(text: str) -> list[_Item]:
    """The things typed, in order. A quote opens a phrase only at the beginning of a word: `5"` is a length."""
    items: list[_Item] = []
    last_quote = text.rfind('"')
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        # Two minus signs are how a command's option is written, and no exclusion.
        is_unwanted = (
            text[place] == "-" and text[place + 1 : place + 2] not in ("", "-") and not text[place + 1].isspace()
        )
        place += is_unwanted
        is_quoted = text[place] == '"' and place < last_quote
        if is_quoted:
            end = text.index('"', place + 1)
            items.append(_Item(text[place + 1 : end], True, is_unwanted))
            place = end + 1
        else:
            end = place
            while end < len(text) and not text[end].isspace():
                end += 1
            items.append(_Item(text[place:end], False, is_unwanted))
            place = end
    return items


def _term(item: _Item) -> Term:
    """What to look for, in each of its spellings; empty when the item holds no letter and no digit."""
    is_prefix = not item.is_quoted and item.text.endswith("*")
    tokens, may_go_on = query_tokens(item.text)
    if not tokens:
        return ()
    last = tokens[-1]
    if may_go_on or not is_prefix or len(last) < PREFIX_LENGTH:
        return (Phrase(tuple(tokens), may_go_on),)
    return _prefix_term(tokens)


def _prefix_term(tokens: list[str]) -> Term:
    """`ord6*` must find `ord698958`, which is two tokens, and `ord6b7c`, which is one; so must `ord69*`, in two."""
    prefix = Phrase(tuple(tokens), True)
    last = tokens[-1]
    if place := number_suffix(last):
        return prefix, Phrase((*tokens[:-1], last[:place], last[place:]), True)
    joined = "".join(tokens[-2:])[:TOKEN_LENGTH]
    if last.isdigit() and number_suffix(joined):
        return prefix, Phrase((*tokens[:-2], joined), True)
    return (prefix,)


def _cut(phrase: Phrase, room: int) -> Phrase:
    return phrase if len(phrase.tokens) <= room else Phrase(phrase.tokens[:room])
