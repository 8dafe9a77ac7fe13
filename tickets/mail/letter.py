"""A mail as it goes over the wire: its envelope, checked, and its bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.mail import EmailMessage

from tickets.verdicts import Verdict, permanent

# What may stand between < and > in a command: ASCII without controls, and blanks and brackets in quotes only. Addresses
# were checked when they came in. This is the second wall: behind it, a line break begins a command of its own.
_ADDRESS = re.compile(r'(?:"(?:[ !#-\[\]-~]|\\[ -~])*"|[!#-;=?A-\[\]-~]+)@[!#-;=?A-\[\]-~]+')


@dataclass
class Letter:
    """A mail and its envelope."""

    sender: str
    recipients: list[str]
    # The verdicts of recipients whose address may stand in no command.
    refused: dict[str, Verdict]
    data: bytes
    # Whether the server may have got it.
    has_left: bool = False

    @classmethod
    def of(cls, mail: EmailMessage, sender: str, recipients: Sequence[str]) -> "Letter":
        """Every line of the data ends with CR LF, which stands nowhere else.

        Raises ValueError for a sender, or a header, that must not go over the wire.
        """
        if sender and not _ADDRESS.fullmatch(sender):
            raise ValueError("The sender's address cannot be sent.")
        safe = [address for address in dict.fromkeys(recipients) if _ADDRESS.fullmatch(address)]
        refused = {address: permanent("This address cannot be sent.") for address in recipients if address not in safe}
        message = mail.message()
        for name in ("Bcc", "Resent-Bcc"):
            del message[name]
        lines = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        data = (lines if lines.endswith(b"\n") else lines + b"\n").replace(b"\n", b"\r\n")
        return cls(sender, safe, refused, data)
