"""What goes over the wire is what was written."""

import re

import pytest

from tickets.tests.mail.transport.conftest import CARLA, DORA, SENDER


@pytest.fixture
def arrived(server, transport_to, mail):
    """Sends the mail and answers it as it arrived."""

    def send():
        transport_to(server).send(mail, sender=SENDER, recipients=[CARLA])
        return server.mails[-1]

    return send


def text_of(received):
    return received.message.get_body(("plain",)).get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "body",
    [
        "It is on its way.",
        ".\n..\n.hidden\n\n.\nend",
        "From here\nFrom there",
        "Schöne Grüße aus 東京 🙂\n.\n",
        "x" * 5_000,
        "ü" * 5_000,
        "word " * 2_000,
        "",
        "\n\n\n",
    ],
    ids=range(9),
)
@pytest.mark.parametrize("hidden", [[], ["8BITMIME"]], ids=["8bit", "7bit"])
def test_a_text_arrives_as_it_was_written(server, arrived, mail, body, hidden):
    mail.body, server.hidden = body, hidden

    received = arrived()

    assert text_of(received).rstrip("\n") == body.rstrip("\n")
    assert ("BODY=8BITMIME" in received.options) == (not hidden and not received.data.isascii())


@pytest.mark.parametrize(
    "body", ["a\nb\r\nc\rd", "ä\nb\r\nc\rd", "\r\n.\r\nMAIL FROM:<x@evil.example>\r\n", "\n.\r.\n"]
)
def test_every_line_ends_alike(server, arrived, mail, body):
    mail.body = body

    received = arrived()

    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", received.data)
    assert received.data.endswith(b"\r\n")
    assert [line.split()[0] for _, line in server.commands] == ["EHLO", "MAIL", "RCPT", "DATA"]


def test_html_and_files_arrive(arrived, mail):
    mail.attach_alternative("<p>Schöne Grüße</p>", "text/html")
    mail.attach("Rechnung 東京.pdf", bytes(range(256)) * 10, "application/pdf")
    mail.attach("list.csv", "Größe,1\n" * 3, "text/csv")

    message = arrived().message

    assert message.get_body(("html",)).get_content().strip() == "<p>Schöne Grüße</p>"
    pdf, csv = message.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content()) == ("Rechnung 東京.pdf", bytes(range(256)) * 10)
    assert (csv.get_filename(), csv.get_content()) == ("list.csv", "Größe,1\r\n" * 3)


def test_a_mail_that_is_attached_stays_as_it_is(arrived, mail):
    inner = (
        b"Subject: Hello\nContent-Type: text/plain; charset=latin-1\nContent-Transfer-Encoding: 8bit\n\nGr\xfc\xdfe\n"
    )
    mail.attach("mail.eml", inner, "message/rfc822")

    received = arrived()

    assert b"Gr\xfc\xdfe" in received.data
    assert "BODY=8BITMIME" in received.options


def test_headers_arrive_as_they_were_written(arrived, mail):
    ids = [f"<{n:064}@acme.example>" for n in range(40)]
    mail.subject = "Größe und Farbe [#123]"
    mail.from_email = f"Jürgen Müller <{SENDER}>"
    mail.extra_headers |= {"References": " ".join(ids)}

    received = arrived()

    assert received.data.partition(b"\r\n\r\n")[0].isascii()
    assert received.message["Subject"] == "Größe und Farbe [#123]"
    assert received.message["From"] == f"Jürgen Müller <{SENDER}>"
    assert received.message["References"].split() == ids


def test_nobody_is_told_of_a_blind_copy(server, arrived, mail):
    mail.bcc = [DORA]
    mail.extra_headers |= {"Bcc": DORA, "Resent-Bcc": DORA}

    received = arrived()

    assert received.recipients == (CARLA,)
    assert DORA.encode() not in received.data
    assert not any(DORA in line for _, line in server.commands)
