"""E-mail addresses as people type them: checked, compared without regard to case, and as they go over the wire."""

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MAX_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
LOCAL_LENGTH = 64  # section 4.5.3.1.1


def clean_address(text: str) -> str:
    """`text` without surrounding blanks. Raises ValueError unless it is one bare address of at most 254 characters.

    So many it must have in every form: as written, as compared, and as sent.
    """
    address = text.strip()
    # The compared form is stored, too, and lower case can be longer: one İ becomes two characters.
    if max(len(address), len(address_key(address))) > MAX_LENGTH:
        raise ValueError(f"An e-mail address has at most {MAX_LENGTH} characters.")
    try:
        validate_email(address)
        sent = wire_address(address)
    except (ValidationError, ValueError):
        raise ValueError("This is not an e-mail address.") from None
    if len(sent) > MAX_LENGTH:
        raise ValueError(f"An e-mail address has at most {MAX_LENGTH} characters, its domain written as {sent[-40:]}.")
    return address


def wire_address(address: str) -> str:
    """A checked address as every mail server takes it: ASCII, an international domain in its `xn--` form.

    Domains as IDNA 2008 has them (UTS 46, non-transitional): the older rules, which Python's own codec follows, make
    another domain of `faß.example`. Raises ValueError for what cannot be sent so. What stands before the @ must be
    ASCII: not every server on the way would take anything else (RFC 6531).
    """
    local, _, domain = address.rpartition("@")
    # Django's pattern lets controls pass in quotes, and ignores case by Unicode's rules: K and ſ are letters to it.
    if not (0 < len(local) <= LOCAL_LENGTH and local.isascii() and local.isprintable()):
        raise ValueError("The part before the @ cannot be sent.")
    if not domain.isascii():
        # idna.IDNAError is a ValueError.
        domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}@{domain}"


def address_key(address: str) -> str:
    """What two spellings of one address share. Only case is folded: dots and tags mean something to some servers."""
    return address.strip().lower()


def delivery_keys(address: str) -> list[str]:
    """Keys of the mailboxes that a checked address may lead to: its own, and those without what a `+` begins.

    Two spellings of one domain have the same key here. `help+eu+7@x.example` may be `help+eu` or `help` of x.example.
    """
    local, _, domain = address_key(wire_address(address)).rpartition("@")
    parts = local.split("+")
    return [f"{'+'.join(parts[:count])}@{domain}" for count in range(len(parts), 0, -1)]


def unique_addresses(addresses: list[str]) -> list[str]:
    """The addresses in their order, each once, as first written."""
    first: dict[str, str] = {}
    for address in addresses:
        first.setdefault(address_key(address), address)
    return list(first.values())
