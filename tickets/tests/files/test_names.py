"""Names that only become hostile on their way, and what must hold of whatever comes out."""

import random
import unicodedata

import pytest

from tickets.files.names import clean_filename
from tickets.models.attachment import FILENAME_LENGTH


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("e\u200b\u0301.txt", "\u00e9.txt"),
        ("a\u202e.txt\n", "a.txt"),
        (".\u200b./.\u2060./lamp.png", "lamp.png"),
        ("/\u200b/", "file"),
        (".\u200b.\u200b", "file"),
        ("\u3164", "file"),
        ("\u2800\u115f\u1160\uffa0\u034f.txt", "txt"),
        ("\ud800.txt", "txt"),
        ("x" * 254 + "." + "y" * 30, "x" * 254),
        ("x" * 254 + "\u200d" + "y" * 30, "x" * 254),
        ("x" * 250 + "\u200d." + "y" * 30 + ".txt", "x" * 250 + ".txt"),
        ("e" + "\u0301" * 300, "\u00e9" + "\u0301" * 254),
    ],
)
def test_a_name_is_as_clean_after_every_step_as_after_one(sent, shown):
    assert clean_filename(sent) == shown


def test_whatever_is_sent_becomes_one_visible_line_without_a_path():
    chance = random.Random(7)
    alphabet = "ab.. /\\\r\n\0\t\u0301\u200b\u200d\u202e\u2028\u3164\ud800\ufeff\U0001f389\U000e0041"
    for _ in range(3_000):
        name = clean_filename("".join(chance.choices(alphabet, k=chance.choice([0, 1, 5, 20, 300]))))
        assert 0 < len(name) <= FILENAME_LENGTH
        assert name == unicodedata.normalize("NFC", name)
        assert not set(name) & set("/\\")
        assert name == name.strip(". \u200d")
        assert all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in name)
        # Once clean, it stays as it is.
        assert clean_filename(name) == name
