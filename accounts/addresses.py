"""E-mail addresses as people type them: checked, and compared without regard to case."""

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MAX_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets


def clean_address(text: str) -> str:
    """`text` without surrounding blanks. Raises ValueError unless it is one bare address of at most 254 characters."""
    address = text.strip()
    # The compared form is stored, too, and lower case can be longer: one İ becomes two characters.
    if max(len(address), len(address_key(address))) > MAX_LENGTH:
        raise ValueError(f"An e-mail address has at most {MAX_LENGTH} characters.")
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError("This is not an e-mail address.") from None
    return address


def ascii_address(address: str) -> str:
    """A clean address as it travels: an international domain in its ASCII form (RFC 5891).

    Raises ValueError where the domain has none, and where the address is too long in it.
    """
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return clean_address(f"{local}@{idna.encode(domain, uts46=True).decode()}")
    except idna.IDNAError:
        raise ValueError("The domain of this address cannot exist.") from None


def address_key(address: str) -> str:
    """What two spellings of one address share. Only case is folded: dots and tags mean something to some servers."""
    return address.strip().lower()


def unique_addresses(addresses: list[str]) -> list[str]:
    """The addresses in their order, each once, as first written."""
    first: dict[str, str] = {}
    for address in addresses:
        first.setdefault(address_key(address), address)
    return list(first.values())
