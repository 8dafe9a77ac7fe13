"""Whatever the texts are: a mail holds exactly the headers that were set, on 7 bits, and comes back as it was."""

import email
import email.policy
import email.utils
import io
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tickets.files.names import clean_filename
from tickets.html import text_to_html
from tickets.mail.compose import subject_of
from tickets.mail.headers import one_line
from tickets.mail.mime import ComposedMail, file_part
from tickets.models import Ticket
from tickets.tests.mail.mails import files, header, html, parsed, text

MESSAGE_ID = "<abc@acme.example>"
# Everything that text may be, and more of what means something in a header.
anything = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from("\r\n\t =?_\"\\<>@,;:().%*'-\x00\x0b\x85\u2028")
    ),
    max_size=300,
)
# As they are stored: one line, without a NUL.
lines = anything.map(lambda text: " ".join(text.replace("\x00", "").split()))
HOSTILE = [
    "x\r\nBcc: eve@evil.example",
    "x\nBcc: eve@evil.example\n\nbody",
    "=?utf-8?q?x=0D=0ABcc:_eve@evil.example?=",
    '"><Bcc: eve@evil.example>',
    "x\u2028Bcc: eve@evil.example",
    "x" * 3000,
    "--=_0\r\n.\r\n",
    "<>",
    '"quoted"',
]


def hostile(function):
    for text_ in HOSTILE:
        function = example(text_, text_, text_, text_)(function)
    return function


def composed(name="Acme", subject="Lamp", body="Hello.", filename=None):
    mail = ComposedMail(
        sender=(name, "support@acme.example"),
        answers_to=(name, "support+t.abc@acme.example"),
        subject=subject,
        body=body,
        to=["carla@customer.example"],
        cc=["a@customer.example", "b@customer.example"],
        headers={"Date": "Tue, 03 Mar 2026 14:05:09 +0000", "Message-ID": MESSAGE_ID, "References": "<a@x> <b@x>"},
    )
    mail.attach_alternative(text_to_html(body), "text/html")
    if filename is not None:
        mail.attach(file_part("text/plain", filename, io.BytesIO(b"A lamp.")))
    return mail.message().as_bytes(linesep="\r\n")


NAMES = ["Content-Type", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "References", "MIME-Version"]
PART_NAMES = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"}


@hostile
@given(name=anything, subject=lines, body=anything, filename=anything)
@settings(deadline=None)
def test_whatever_is_typed_the_mail_has_these_headers_and_this_content(name, subject, body, filename):
    subject = subject_of(Ticket(number=7, subject=subject), is_reply=True)
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    filename = clean_filename(filename)
    data = composed(name, subject, body, filename)
    mail = parsed(data)

    assert mail.keys() == NAMES
    assert all(set(part.keys()) <= PART_NAMES for part in list(mail.walk())[1:])
    assert [part.get_content_type() for part in mail.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain")
    ]
    assert data.isascii()
    assert not set(data) & {*range(9), 11, 12, *range(14, 32), 127}
    assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= 998

    assert header(mail, "Subject") == subject
    assert email.utils.parseaddr(mail["From"])[1] == "support@acme.example"
    assert [address for _, address in email.utils.getaddresses([mail["To"], mail["Cc"]])] == [
        *("carla@customer.example", "a@customer.example", "b@customer.example")
    ]
    assert (mail["Message-ID"], mail["References"].split()) == (MESSAGE_ID, ["<a@x>", "<b@x>"])
    assert text(mail) == body
    assert html(mail) == text_to_html(body)
    assert files(mail) == [(filename, "text/plain", b"A lamp.")]


@given(name=anything, subject=lines)
@settings(deadline=None)
def test_another_reader_reads_the_same(name, subject):
    mail = email.message_from_bytes(composed(name, subject), policy=email.policy.default)

    assert mail["Subject"] == one_line(subject)
    (sender,) = mail["From"].addresses
    assert sender.addr_spec == "support@acme.example"
    # This one keeps the blank between two encoded words of a name, which RFC 2047, section 6.2, leaves out.
    assert sender.display_name.replace(" ", "") == one_line(name).replace(" ", "")
    assert [defect for item in mail.values() for defect in getattr(item, "defects", ())] == []


def test_plain_text_stays_readable():
    data = composed("Acme Support", "Re: [#7] " + "Broken lamp " * 20, "Hello, world.\n", "lamp.txt")

    assert b'From: "Acme Support"\r\n <support@acme.example>\r\n' in data
    assert b"\r\nSubject: Re: [#7] Broken lamp" in data
    assert b"\r\n\r\nHello, world.\r\n" in data
    assert b'filename="lamp.txt"' in data
    assert max(map(len, data.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("body", "encoding"),
    [("Schöne Grüße aus der Werkstatt, bis morgen!\n", b"quoted-printable"), ("電気スタンド\n", b"base64")],
    ids=["german", "japanese"],
)
def test_the_shorter_encoding_is_taken(body, encoding):
    data = composed(body=body * 50)

    assert data.count(b"Content-Transfer-Encoding: " + encoding) == 2
    assert text(parsed(data)) == body * 50


LONG = {
    "letters": "x" * 200_000,
    "ends of lines": "\n" * 200_000,
    "equal signs": "=" * 200_000,
    "blanks": " " * 200_000,
    "brackets": "<" * 200_000,
    "emoji": "💡" * 200_000,
    "dots": "\n." * 100_000,
    "boundaries": "\n--=_" * 40_000,
}


@pytest.mark.parametrize("body", LONG.values(), ids=LONG)
def test_the_longest_texts_take_no_time(body):
    start = time.process_time()
    data = composed(body=body)
    assert time.process_time() - start < 1

    assert text(parsed(data)) == body


def test_the_longest_headers_take_no_time():
    start = time.process_time()
    data = composed(name="ö" * 10_000, subject='" =?' * 10_000, filename="ö" * 10_000)
    assert time.process_time() - start < 1

    assert max(map(len, data.split(b"\r\n"))) <= 998
