"""What the messages say: words that come as often as words do, so that an index has common and rare ones."""

from itertools import accumulate
from random import Random

_ENGLISH = """
the to i and you a is it of my for in not that on have with this we be are your but can was me please at order an as
if when from our will would so what do no has they now there just or get back still again time only by all how did out
one been see does need could help account more which after any got says then were us up about new find tried two where
try here want first thanks today email day know hello work working should may make email before other also who than
money every send sent received week last few already called waiting yesterday nothing something page screen button
message error number address name phone card bank paid price cost change wrong right found open closed old same next
customer service team support agent reply answer question problem issue reason information details copy form file
refund invoice delivery parcel shipping tracking warranty return exchange voucher discount subscription renewal payment
password login reset update version browser app device printer cable charger battery lamp chair desk shelf kettle
""".split()
_SYLLABLES = (
    "ba be bo da de di fa fe fi ga go ka ke ki la le lo ma me mo na ne no pa pe po ra re ro sa se so ta te to".split()
)
_SIZE = 30_000

# What the benchmark searches for: two words that stand in about a fifth of all tickets, and one that stands in ten.
COMMON_WORDS = ("refund", "invoice")
RARE_WORD = "heliotrope"


def _vocabulary() -> list[str]:
    """English first, in about the order of its frequency, then words that are none."""
    words = dict.fromkeys(_ENGLISH)
    number = 0
    while len(words) < _SIZE:
        number += 1
        rest, syllables = number * 7919 % len(_SYLLABLES) ** 4, []
        for _ in range(4):
            rest, place = divmod(rest, len(_SYLLABLES))
            syllables.append(_SYLLABLES[place])
        words["".join(syllables)] = None
    return list(words)


WORDS = _vocabulary()
# Zipf's law, with Mandelbrot's correction for the most frequent words.
_WEIGHTS = list(accumulate(1 / (rank + 2.7) for rank in range(1, len(WORDS) + 1)))


def some_words(chance: Random, count: int) -> list[str]:
    """So many words, independent of each other."""
    return chance.choices(WORDS, cum_weights=_WEIGHTS, k=count)


def some_text(chance: Random, count: int) -> str:
    """So many words, in sentences of eleven."""
    words = some_words(chance, count)
    return ". ".join(" ".join(words[start : start + 11]) for start in range(0, count, 11)) + "."
