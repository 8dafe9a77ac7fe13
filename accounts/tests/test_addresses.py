import pytest

from accounts.addresses import address_key, clean_address, delivery_keys, unique_addresses, wire_address


@pytest.mark.parametrize("text", ["a@b.example", "first.last+tag@b.example", "a@bücher.example", "a@[127.0.0.1]"])
def test_an_address_is_kept_as_it_is_written(text):
    assert clean_address(f" {text}\t") == text


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "a@", "@b.example", "a@b", "a@@b.example", "a@b.example,c@d.example", "Eve <a@b.example>"),
        *("a@b.example\nBcc: c@d.example", "a\r\n@b.example", '"a\r\nb"@b.example', "a@b.example\x00", "a@b..example"),
        *("a" * 243 + "@b.example.x", "a;b@c.example d", "x" * 65 + "@b.example", "jörg@b.example", "\u212a@b.example"),
        *('"a\x01"@b.example', "a@b\u2028.example", "a@\ud800ü.example", "a@💩.example", "a@ü-.example"),
    ],
    ids=lambda text: repr(text[:30]),
)
def test_anything_else_is_none(text):
    with pytest.raises(ValueError, match="address"):
        clean_address(text)


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


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("A.b+C@B.Example", "A.b+C@B.Example"),
        ("a@Bücher.example", "a@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        # Another domain than fass.example, which the rules of 2003 made of it.
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
        ('"a\\ b"@c.example', '"a\\ b"@c.example'),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
    ],
)
def test_over_the_wire_goes_ascii(address, sent):
    assert clean_address(address) == address
    assert wire_address(address) == sent


def test_what_is_sent_has_to_fit_as_well():
    # Each of these letters is written with seven characters.
    domain = "ü." * 28 + "example"
    assert len(f"{'x' * 30}@{domain}") < 100
    assert wire_address(f"{'x' * 23}@{domain}").endswith("xn--tda.example")

    assert clean_address(f"{'x' * 22}@{domain}")
    with pytest.raises(ValueError, match="254"):
        clean_address(f"{'x' * 30}@{domain}")


def test_a_mail_may_lead_to_whatever_stands_before_a_plus():
    assert delivery_keys("Help+EU+7@BÜCHER.example") == [
        "help+eu+7@xn--bcher-kva.example",
        "help+eu@xn--bcher-kva.example",
        "help@xn--bcher-kva.example",
    ]
    assert delivery_keys("help@b.example") == ["help@b.example"]
