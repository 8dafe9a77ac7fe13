"""The tokens themselves: what both stores take on trust."""

import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.search.normalise import TOKEN_LENGTH, index_tokens, query_tokens

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


def tokens(text):
    return list(index_tokens(text))


@given(ANY_TEXT)
def test_a_token_is_short_and_made_of_letters_digits_and_marks(text):
    for token in tokens(text) + query_tokens(text)[0]:
        assert 0 < len(token) <= TOKEN_LENGTH
        assert all(unicodedata.category(character)[0] in "LNM" for character in token)


def test_every_character_there_is_makes_safe_tokens():
    """The stores write tokens into quoted literals without escaping them."""
    for code in range(sys.maxunicode + 1):
        for token in index_tokens(chr(code)):
            assert not set(token) & set(" '\"\\\x00\u241f")
            assert not token.isascii() or (token.isalnum() and token == token.lower()), hex(code)


@given(ANY_TEXT)
def test_what_is_typed_as_it_was_written_asks_for_what_was_indexed(text):
    indexed = tokens(text)
    asked, may_go_on = query_tokens(text)
    assert asked == indexed[: len(asked)]
    assert len(indexed) - len(asked) in (0, 1)
    assert not may_go_on or len(asked) == len(indexed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Re: Your order!", ["re", "your", "order"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("ann+shop@mail.example", ["ann", "shop", "mail", "example"]),
        ("ORD-698958 ORD698958", ["ord", "698958", "ord", "698958"]),
        ("mp3 a4 b2b 9f86d0", ["mp3", "a4", "b2b", "9f86d0"]),
        ("東京都", ["東京", "京都", "都"]),
        ("東", ["東"]),
        ("iPhone東京15", ["iphone", "東京", "京", "15"]),
        ("ｶﾞﾗｽ", ["ガラ", "ラス", "ス"]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", ["한글", "글"]),
        ("x" * 200, ["x" * TOKEN_LENGTH]),
        ("e\u0301\u0302\u0303", ["e"]),
        ("\u0301\u0302", []),
        ("\ud800\udc00", []),
    ],
)
def test_tokens_of(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301\u0323" * 100_000,
        "\ufdfa" * 200_000,
        "a" * 200_000,
        "a " * 100_000,
        "東" * 200_000,
        "é" * 200_000,
        "a1" * 100_000,
        '"' * 200_000,
        "\u3099\u093c" * 100_000,
        "".join(map(chr, range(0x20, 0x30000))),
    ],
    ids=lambda text: ascii(text[:4]),
)
def test_no_text_takes_long(text):
    started = time.process_time()
    for _ in index_tokens(text):
        pass
    # Linear work is a fraction of a second; the square of it would be minutes.
    assert time.process_time() - started < 5


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["東京", "word", "é", "ไทย", "x1"]), min_size=300, max_size=600))
def test_long_text_is_not_cut_inside_words(words):
    text = " ".join(words)
    assert tokens(text) == [token for word in words for token in index_tokens(word)]
