"""What a query is understood to mean, before any store sees it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.search.query import TERMS, TOKENS, Phrase, parse

HOSTILE = st.text(
    st.one_of(st.sampled_from(list("\"-*#or OR(){}:&|!<>'\\^+\x00\u200b“”東é1a ")), st.characters(codec=None)),
    max_size=80,
)


def shown(text):
    """The query in a short notation: `+` wanted, `-` unwanted, `/` between spellings, `|` between clauses."""

    def phrase(phrase):
        return "_".join(phrase.tokens) + "*" * phrase.is_prefix

    def term(sign, spellings):
        return sign + "/".join(map(phrase, spellings))

    return " | ".join(
        " ".join([term("+", t) for t in clause.wanted] + [term("-", t) for t in clause.unwanted])
        for clause in parse(text).clauses
    )


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("refund invoice", "+refund +invoice"),
        ('"exact phrase" -not', "+exact_phrase -not"),
        ('-"no thanks" yes', "+yes -no_thanks"),
        ("a or b c or -d", "+a | +b +c | -d"),
        ("or", "+or"),
        ("a or", "+a +or"),
        ("or a", "+or +a"),
        ("a or or b", "+a +or | +b"),
        ("a or ! b", "+a | +b"),
        ("a or !", "+a +or"),
        ('a "or" b', "+a +or +b"),
        ("refun*", "+refun*"),
        ("r*", "+r"),
        ("-refun*", "-refun*"),
        ("ord6*", "+ord6*/ord_6*"),
        ("ord-69*", "+ord_69*/ord69*"),
        ("ann@shop.exam*", "+ann_shop_exam*"),
        ("東", "+東*"),
        ("東京", "+東京"),
        ("東京 大阪*", "+東京 +大阪*"),
        ('"東京 tower"', "+東京_京_tower"),
        ('"unclosed phrase', "+unclosed +phrase"),
        ('a "b c" "d', "+a +b_c +d"),
        ('5" x 7"', "+5 +x +7"),
        ("- a -- b --c", "+a +b +c"),
        ("-", ""),
        ("!?", ""),
        ('"!" -"?" **', ""),
        ("#123", "+123"),
    ],
)
def test_meaning(text, meaning):
    assert shown(text) == meaning


@given(HOSTILE)
def test_any_text_is_a_query(text):
    query = parse(text)
    assert bool(query) == bool(query.clauses)
    assert all(clause.wanted or clause.unwanted for clause in query.clauses)
    assert all(isinstance(p, Phrase) and p.tokens for p in query.wanted_phrases())


@pytest.mark.parametrize(
    "text",
    ["a " * 100_000, '"' * 200_000, "-" * 200_000, "a or " * 50_000, "東" * 200_000, "a-" * 100_000, '"a ' * 70_000,
     "\u0301\u0323" * 100_000, "\ufdfa" * 200_000, "a* " * 70_000, "-a " * 70_000],
    ids=lambda text: ascii(text[:5]),
)  # fmt: skip
def test_a_huge_query_becomes_a_small_one_at_once(text):
    started = time.process_time()
    query = parse(text)
    assert time.process_time() - started < 1
    terms = [term for clause in query.clauses for term in (*clause.wanted, *clause.unwanted)]
    assert len(terms) <= TERMS
    assert sum(max(len(phrase.tokens) for phrase in term) for term in terms) <= TOKENS


def test_of_a_phrase_that_is_too_long_the_beginning_is_sought():
    assert shown(f'"{"a " * (TOKENS + 5)}"') == "+" + "_".join(["a"] * TOKENS)
