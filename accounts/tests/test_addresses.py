import pytest

from accounts.addresses import address_key, ascii_address, clean_address, unique_addresses


@pytest.mark.parametrize("text", ["a@b.example", "first.last+tag@b.example", "a@bücher.example", "a@[127.0.0.1]"])
def test_an_address_is_kept_as_it_is_written(text):
    assert clean_address(f" {text}\t") == text


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "a@", "@b.example", "a@b", "a@@b.example", "a@b.example,c@d.example", "Eve <a@b.example>"),
        *("a@b.example\nBcc: c@d.example", "a\r\n@b.example", '"a\r\nb"@b.example', "a@b.example\x00", "a@b..example"),
        *("a" * 243 + "@b.example.x", "a;b@c.example d"),
    ],
    ids=lambda text: repr(text[:30]),
)
def test_anything_else_is_none(text):
    with pytest.raises(ValueError, match="address"):
        clean_address(text)


@pytest.mark.parametrize(
    ("address", "travels_as"),
    [
        ("Eve.X@Bücher.example", "Eve.X@xn--bcher-kva.example"),
        # Not fass.example, which is somebody else's.
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("a@B.example", "a@B.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
    ],
)
def test_an_international_domain_travels_in_ascii(address, travels_as):
    assert ascii_address(address) == travels_as


@pytest.mark.parametrize("address", [f"a@{'ü' * 63}.example", f"a@{'ü.' * 60}example", "a@\u0301b.example"])
def test_a_domain_that_cannot_travel_is_refused(address):
    with pytest.raises(ValueError, match="address"):
        ascii_address(address)


def test_addresses_are_compared_without_case_and_nothing_more():
    assert address_key(" Eve.X+tag@B.example") == "eve.x+tag@b.example"
    assert address_key("eve.x@b.example") != address_key("evex@b.example")


def test_of_two_spellings_the_first_stays_in_its_place():
    assert unique_addresses(["B@x.example", "a@x.example", "b@X.example"]) == ["B@x.example", "a@x.example"]


def test_the_compared_form_has_to_fit_as_well():
    domain = ".".join(["İ" * 20] * 10) + ".example"
    assert len(f"a@{domain}") <= 254 < len(address_key(f"a@{domain}"))

    with pytest.raises(ValueError, match="254"):
        clean_address(f"a@{domain}")
