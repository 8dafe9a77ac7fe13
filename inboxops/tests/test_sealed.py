"""Secrets at rest: what is stored tells nothing, and opens for its own purpose under a known key only."""

import pytest

from inboxops.sealed import Unreadable, is_current, seal, unseal

SECRET = "correct horse battery 漢字"


@pytest.fixture(autouse=True)
def _key(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "first", []


def test_a_secret_is_read_again():
    assert unseal(seal(SECRET, purpose="mailbox 1"), purpose="mailbox 1") == SECRET


def test_what_is_stored_is_ascii_without_the_secret_and_never_twice_the_same():
    first, second = seal(SECRET, purpose="p"), seal(SECRET, purpose="p")

    assert first.isascii()
    assert "horse" not in first
    assert first != second


def test_for_another_purpose_it_cannot_be_read():
    with pytest.raises(Unreadable):
        unseal(seal(SECRET, purpose="mailbox 1"), purpose="mailbox 2")


def test_a_former_key_opens_as_long_as_it_is_a_fallback(settings):
    sealed = seal(SECRET, purpose="p")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "third", ["second", "first"]
    assert unseal(sealed, purpose="p") == SECRET
    assert not is_current(sealed, purpose="p")

    settings.SECRET_KEY_FALLBACKS = ["second"]
    with pytest.raises(Unreadable, match="SECRET_KEY has changed"):
        unseal(sealed, purpose="p")


def test_what_is_sealed_under_the_present_key_is_current():
    assert is_current(seal(SECRET, purpose="p"), purpose="p")


@pytest.mark.parametrize("stored", ["", "abc", "ä", "AAAA", "{}AAAA", "AAAA{}"])
def test_what_was_damaged_is_refused(stored):
    with pytest.raises(Unreadable):
        unseal(stored.format(seal(SECRET, purpose="p")), purpose="p")


def test_a_part_of_it_is_refused():
    with pytest.raises(Unreadable):
        unseal(seal(SECRET, purpose="p")[:-4], purpose="p")
