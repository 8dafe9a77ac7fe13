"""What people write, made fit to store: trimmed, bounded, sanitised. Raises Invalid with a pointer to the field."""

from collections.abc import Collection, Iterable, Sequence

from accounts.addresses import address_key, clean_address, delivery_keys, unique_addresses
from inboxops.errors import FieldError, Invalid
from tickets.html import sanitise_html
from tickets.models.message import BODY_LENGTH, HTML_LENGTH
from tickets.models.ticket import SUBJECT_LENGTH, TAG_LENGTH

MAX_TAGS = 50
MAX_ADDRESSES = 100
REASON_LENGTH = 2000


def clean_text(text: str, pointer: str, *, limit: int) -> str:
    """`text` as it is. Refuses one that is blank or longer than `limit` characters."""
    if "\x00" in text:
        raise Invalid.at(pointer, "nul_character", "NUL characters are not allowed.")
    if not text.strip():
        raise Invalid.at(pointer, "blank", "This must not be blank.")
    if len(text) > limit:
        raise Invalid.at(pointer, "too_long", f"At most {limit} characters.")
    return text


def clean_subject(text: str, pointer: str = "/subject") -> str:
    """A subject is one line: white space of any kind becomes single blanks."""
    return clean_text(" ".join(text.split()), pointer, limit=SUBJECT_LENGTH)


def clean_body(text: str) -> str:
    """The plain text of a message."""
    return clean_text(text, "/body", limit=BODY_LENGTH)


def clean_html(html: str) -> str:
    """The HTML of a message, sanitised; empty when nothing is left of it."""
    if len(html) > HTML_LENGTH:
        raise Invalid.at("/bodyHtml", "too_long", f"At most {HTML_LENGTH} characters.")
    if not html:
        return ""
    try:
        clean = sanitise_html(html)
    except ValueError as error:
        raise Invalid.because("/bodyHtml", "nested_too_deep", str(error)) from None
    if len(clean) > HTML_LENGTH:
        raise Invalid.at("/bodyHtml", "too_long", f"At most {HTML_LENGTH} characters, made well-formed.")
    return clean


def tag_key(tag: str) -> str:
    """What two spellings of one tag share."""
    return tag.strip().lower()


def clean_tags(tags: Iterable[str], *, known: Sequence[str] = ()) -> list[str]:
    """The tags trimmed and each once. A tag in `known` keeps the spelling it has there: as first written.

    Refuses blank tags, tags over 50 characters or with a comma (which separates tags in the filter), and more than 50.
    """
    spelled = {tag_key(tag): tag for tag in known}
    chosen: dict[str, str] = {}
    errors: list[FieldError] = []
    for index, tag in enumerate(tags):
        trimmed, pointer = " ".join(tag.split()), f"/tags/{index}"
        if not trimmed:
            errors.append(FieldError("blank", "A tag must not be blank.", pointer))
        elif len(trimmed) > TAG_LENGTH:
            errors.append(FieldError("too_long", f"A tag has at most {TAG_LENGTH} characters.", pointer))
        elif "," in trimmed:
            errors.append(FieldError("invalid", "A tag cannot contain a comma.", pointer))
        else:
            key = tag_key(trimmed)
            chosen.setdefault(key, spelled.get(key, trimmed))
    # A merge may have brought more together: they can be taken off one by one.
    if not errors and len(chosen) > max(MAX_TAGS, len(known)):
        errors.append(FieldError("too_many", f"At most {MAX_TAGS} tags.", "/tags"))
    if errors:
        raise Invalid(*errors)
    return list(chosen.values())


def clean_addresses(addresses: Iterable[str], pointer: str, *, mailboxes: Collection[str] = ()) -> list[str]:
    """Bare e-mail addresses, each once. Refuses malformed ones, by their place in the list, and more than 100.

    Refuses as well what leads to one of the `mailboxes` (keys of their addresses).
    """
    cleaned: list[str] = []
    errors: list[FieldError] = []
    for index, text in enumerate(addresses):
        try:
            address = clean_address(text)
        except ValueError as error:
            errors.append(FieldError("invalid", str(error), f"{pointer}/{index}"))
            continue
        if leads_to(address, mailboxes):
            errors.append(FieldError("own_mailbox", "This is a mailbox of the workspace itself.", f"{pointer}/{index}"))
        cleaned.append(address)
    if not errors and len(cleaned) > MAX_ADDRESSES:
        errors.append(FieldError("too_many", f"At most {MAX_ADDRESSES} addresses.", pointer))
    if errors:
        raise Invalid(*errors)
    return unique_addresses(cleaned)


def leads_to(address: str, mailboxes: Collection[str]) -> bool:
    """Whether mail to this address comes to one of the mailboxes (keys), with or without a `+` and what follows it."""
    return bool(mailboxes) and not set(delivery_keys(address)).isdisjoint(mailboxes)


def without_addresses(addresses: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Those of `addresses` that are not in `taken`, whatever their spelling."""
    keys = {address_key(address) for address in taken}
    return [address for address in addresses if address_key(address) not in keys]
