"""The bytes of a mail: ASCII throughout, in short lines, and the same however often it is made."""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from email.mime.base import MIMEBase
from email.policy import compat32
from typing import IO, Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import MIMEMixin

from tickets.mail.headers import (
    address_list_header,
    disposition_header,
    id_list_header,
    mailbox_header,
    named,
    text_header,
)

# 57 bytes make a line of base64.
_BASE64_LINE = 57
_CHUNK = 1024 * _BASE64_LINE
# What is put into a part is folded already.
_POLICY = compat32.clone(max_line_length=None)


class Part(MIMEMixin, MIMEBase):  # type: ignore[misc]  # Django's as_bytes takes other arguments than Python's
    """A part of a mail, or all of it, in a form that Django's and anymail's backends send."""

    def __init__(self, content_type: str, **params: str) -> None:
        super().__init__(*content_type.split("/"), policy=_POLICY, **params)
        # It belongs to the mail as a whole.
        del self["MIME-Version"]


class ComposedMail(EmailMultiAlternatives):
    """A mail from and with answers to somebody (name, address). It needs a Message-ID among its headers.

    Django makes new boundaries each time, sends text as 8bit, and takes a subject that looks like an encoded word for
    one. Backends that do not use `message()`, those of anymail, find in the attributes what they send.
    """

    # For providers, who send it back with what they tell later (anymail).
    metadata: dict[str, str]

    def __init__(self, *, sender: tuple[str, str], answers_to: tuple[str, str], **kwargs: Any) -> None:
        super().__init__(from_email=named(*sender), reply_to=[named(*answers_to)], **kwargs)
        self.sender = sender
        self.answers_to = answers_to

    def message(self, *, policy: Any = None) -> Any:
        """All of it, ready to be sent."""
        seed = self.extra_headers["Message-ID"]
        texts = [_text_part("text/plain", str(self.body))]
        texts += [_text_part(str(kind), str(content)) for content, kind in self.alternatives]
        whole = _multipart("multipart/alternative", texts, seed)
        if self.attachments:
            whole = _multipart("multipart/mixed", [whole, *self.attachments], seed)
        for name, value in self._lines():
            whole[name] = value
        return whole

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield "From", mailbox_header(*self.sender)
        yield "To", address_list_header(self.to)
        if self.cc:
            yield "Cc", address_list_header(self.cc)
        yield "Reply-To", mailbox_header(*self.answers_to)
        yield "Subject", text_header(str(self.subject))
        for name, value in self.extra_headers.items():
            yield name, id_list_header(value) if name == "References" else value
        yield "MIME-Version", "1.0"


def file_part(content_type: str, filename: str, file: IO[bytes]) -> Part:
    """A file as part of a mail, encoded while it is read."""
    part = Part(content_type)
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = disposition_header(filename)
    part.set_payload("".join(_base64_lines(file)))
    return part


def _base64_lines(file: IO[bytes]) -> Iterator[str]:
    """The content of a file in lines of base64: only the last is short, whatever a read gives at a time."""
    rest = b""
    while chunk := file.read(_CHUNK):
        rest += chunk
        whole = len(rest) - len(rest) % _BASE64_LINE
        yield base64.encodebytes(rest[:whole]).decode("ascii")
        rest = rest[whole:]
    yield base64.encodebytes(rest).decode("ascii")


def _text_part(content_type: str, text: str) -> Part:
    """Text in whichever encoding is shorter: quoted-printable as a rule, base64 for scripts far from ours."""
    part = Part(content_type, charset="utf-8")
    readable = binascii.b2a_qp(text.encode(), istext=True)
    # To base64, ends of lines are content: they must be those of mail.
    other = base64.encodebytes(text.replace("\n", "\r\n").encode())
    encoding, payload = min([("quoted-printable", readable), ("base64", other)], key=lambda pair: _sent_length(pair[1]))
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(payload.decode("ascii"))
    return part


def _sent_length(payload: bytes) -> int:
    return len(payload) + payload.count(b"\n")


def _multipart(content_type: str, parts: Sequence[Any], seed: str) -> Part:
    """Parts under a boundary that none of them can contain: neither encoding leaves `=_` in what it encodes."""
    digest = hashlib.sha256(f"{content_type} {seed}".encode()).hexdigest()
    whole = Part(content_type, boundary=f"=_{digest[:24]}")
    for part in parts:
        whole.attach(part)
    return whole
