"""The mail that is made of a reply."""

import email.policy
import email.utils
import io

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import operator, system
from inboxops import clock
from tickets.actions import Changes, Person, add_file, append_message, update_ticket
from tickets.files.stores import file_store
from tickets.mail.addresses import ticket_of_reply_address
from tickets.mail.compose import NEEDED, CannotCompose, compose
from tickets.models import Attachment, Delivery, Message, Ticket
from tickets.outbox import mail_size
from tickets.tests.mail.mails import attach, bytes_of, files, header, html, parsed, sent, text
from workspaces.actions import create_mailbox
from workspaces.models import Mailbox


def test_these_headers_and_no_others(reply, ticket, customer_mail):
    ccs = ["boss@customer.example", "clerk@customer.example"]
    update_ticket(ticket, changes=Changes(ccs=ccs), actor=operator())
    customer_mail(message_id="<first@customer.example>")
    delivery = reply()
    mail = sent(delivery)

    assert mail.keys() == [
        *("Content-Type", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
        "MIME-Version",
    ]
    assert header(mail, "From") == '"Acme Support" <support@acme.example>'
    assert header(mail, "To") == "carla@customer.example"
    assert header(mail, "Cc") == "boss@customer.example, clerk@customer.example"
    assert header(mail, "Subject") == f"Re: [#{ticket.number}] Broken lamp"
    assert email.utils.parsedate_to_datetime(mail["Date"]) == delivery.message.created_at.replace(microsecond=0)
    assert mail["Message-ID"] == delivery.internet_message_id
    assert mail["In-Reply-To"] == mail["References"] == "<first@customer.example>"
    assert mail["MIME-Version"] == "1.0"
    assert mail.get_content_type() == "multipart/alternative"
    name, address = email.utils.parseaddr(header(mail, "Reply-To"))
    assert name == "Acme Support"
    assert ticket_of_reply_address(address, workspace_id=ticket.workspace_id) == ticket.pk


def test_parts_have_what_they_need_and_no_more(reply, ticket, actor):
    mail = sent(reply(attachment_ids=[attach(ticket, actor, "a.txt", b"A lamp.")]))

    assert [(found.get_content_type(), found.keys()) for found in mail.walk()][1:] == [
        ("multipart/alternative", ["Content-Type"]),
        ("text/plain", ["Content-Type", "Content-Transfer-Encoding"]),
        ("text/html", ["Content-Type", "Content-Transfer-Encoding"]),
        ("text/plain", ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"]),
    ]


def test_a_retry_is_the_same_mail(reply, ticket, actor):
    delivery = reply(body="Grüße", attachment_ids=[attach(ticket, actor, "a.txt", b"A lamp.")])
    first = bytes_of(delivery)
    append_message(ticket, body="Later.", as_requester=True, actor=actor)

    with clock.at(clock.now().replace(year=2040)):
        assert bytes_of(delivery) == first


def test_what_anymail_sends_is_in_the_attributes(reply, ticket, actor):
    delivery = reply(cc_addresses=["b@bücher.example"], attachment_ids=[attach(ticket, actor, "a.txt", b"A lamp.")])
    mail = compose(delivery)

    assert isinstance(mail, EmailMultiAlternatives)
    assert mail.from_email == '"Acme Support" <support@acme.example>'
    assert mail.recipients() == ["carla@customer.example", "b@xn--bcher-kva.example"]
    assert mail.subject == f"Re: [#{ticket.number}] Broken lamp"
    assert mail.body.startswith("Thank you.")
    assert [kind for _, kind in mail.alternatives] == ["text/html"]
    assert set(mail.extra_headers) == {"Date", "Message-ID"}
    assert "\n" not in "".join([mail.subject, mail.from_email, *mail.reply_to, *mail.extra_headers.values()])


def test_only_what_a_machine_wrote_says_so(reply, ticket):
    assert sent(reply())["Auto-Submitted"] is None
    assert sent(reply(by=system()))["Auto-Submitted"] == "auto-generated"


def test_nobodys_name_or_id_leaves_but_the_mailboxs(reply, ticket, agent, workspace, customer_mail):
    update_ticket(
        ticket,
        changes=Changes(requester=Person("carla@customer.example", "Carla (difficult)"), assignee_id=agent.user_id),
        actor=operator(),
    )
    customer_mail()
    reply()
    data = bytes_of(reply())

    for secret in ("difficult", agent.user.name, agent.user.email, str(agent.user_id), agent.user_id.hex):
        assert secret.encode() not in data
    for identifier in (ticket.pk, workspace.pk):
        assert str(identifier).encode() not in data


def test_a_mailbox_without_a_name_is_called_like_the_workspace(reply, mailbox):
    Mailbox.objects.update(name="")

    assert header(sent(reply()), "From") == '"Acme Support" <support@acme.example>'


def test_it_leaves_from_the_mailbox_of_the_ticket(reply, ticket, workspace):
    ticket.mailbox = create_mailbox(workspace, address="hilfe@bücher.example", name='Bücher, "Hilfe"', actor=operator())
    ticket.save(update_fields=["mailbox"])
    mail = sent(reply())

    assert email.utils.parseaddr(mail["From"])[1] == "hilfe@xn--bcher-kva.example"
    assert header(mail, "From").startswith('Bücher, "Hilfe" ')
    assert email.utils.parseaddr(mail["Reply-To"])[1].endswith("@xn--bcher-kva.example")


def test_a_mail_nobody_can_make_says_why(reply, ticket, actor):
    with_file = reply(attachment_ids=[attach(ticket, actor, "a.txt", b"A lamp.")])
    file_store().delete(Attachment.objects.get().key)
    with pytest.raises(CannotCompose, match=r"a\.txt is gone"):
        compose(with_file)

    note = reply()
    note.message.is_internal = True
    with pytest.raises(CannotCompose, match="note"):
        compose(note)

    without = reply()
    Delivery.objects.update(mailbox=None)
    with pytest.raises(CannotCompose, match="no mailbox"):
        compose(Delivery.objects.get(pk=without.pk))


# The subject


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Broken lamp", "Re: [#1] Broken lamp"),
        ("Re: Broken lamp", "Re: [#1] Broken lamp"),
        ("RE: AW: Sv: re:Broken lamp", "Re: [#1] Broken lamp"),
        ("Re: [#1] Broken lamp", "Re: [#1] Broken lamp"),
        ("[#1] Re: [#1] Broken [#1] lamp", "Re: [#1] Broken lamp"),
        ("[[#1]#1] lamp", "Re: [#1] [ #1] lamp"),
        ("[#12] Fwd: lamp", "Re: [#1] [#12] Fwd: lamp"),
        ("Re:", "Re: [#1]"),
        ("Recipe: lamp", "Re: [#1] Recipe: lamp"),
        ("Kaputte Lampe für Jörg", "Re: [#1] Kaputte Lampe für Jörg"),
        ("=?utf-8?q?Bcc=3A?= x", "Re: [#1] =?utf-8?q?Bcc=3A?= x"),
        ("x" * 500, "Re: [#1] " + "x" * 500),
        ("🙂" * 500, "Re: [#1] " + "🙂" * 500),
    ],
    ids=lambda value: ascii(value[:24]),
)
def test_the_subject_has_the_number_once_and_one_re(reply, ticket, subject, shown):
    Ticket.objects.update(subject=subject)

    assert header(sent(reply()), "Subject") == shown


def test_the_first_mail_of_a_ticket_of_ours_answers_nothing(reply, api, actor):
    ticket = Ticket.objects.get(pk=api.post("tickets", {"subject": "Recall", "body": "B"}).json()["id"])
    first = reply(on=ticket, to_addresses=["carla@customer.example"])
    second = reply(on=ticket, to_addresses=["carla@customer.example"])

    assert header(sent(first), "Subject") == f"[#{ticket.number}] Recall"
    assert sent(first)["In-Reply-To"] is sent(first)["References"] is None
    assert header(sent(second), "Subject") == f"Re: [#{ticket.number}] Recall"
    assert sent(second)["In-Reply-To"] == first.internet_message_id


# Text, HTML, signature


def test_text_alone_becomes_html_that_looks_like_it(reply):
    mail = sent(reply(body="Hello <b>you</b> & all,\r\n\r\n  two  blanks\rend\n"))

    assert text(mail) == "Hello <b>you</b> & all,\n\n  two  blanks\nend\n"
    assert (
        '<div dir="auto">Hello &lt;b&gt;you&lt;/b&gt; &amp; all,<br>\n<br>\n&nbsp; two&nbsp; blanks<br>\nend</div>'
        in html(mail)
    )


def test_html_of_its_own_goes_as_it_was_stored_without_pictures(reply):
    delivery = reply(body="Hello", body_html='<p>Hello <b>you</b><img src="cid:logo"></p><script>x()</script>')

    assert text(sent(delivery)) == "Hello\n"
    assert '<div dir="auto"><p>Hello <b>you</b></p></div>' in html(sent(delivery))


def test_nothing_in_a_mail_is_fetched_from_elsewhere(reply):
    delivery = reply()
    # What no way in would have let pass.
    Message.objects.filter(pk=delivery.message_id).update(
        body_html='<img src="https://spy.example/p.png"><link rel=stylesheet href="https://spy.example/a.css">'
        '<p style="background:url(https://spy.example/x)" onclick="x()">Hi</p></div></body>'
    )

    assert "spy.example" not in html(sent(delivery))
    assert '<div dir="auto"><p>Hi</p></div>' in html(sent(delivery))


@pytest.fixture
def signature(monkeypatch):
    monkeypatch.setattr("tickets.mail.compose.signature_of", lambda mailbox: "\nAcme <Support>\r\nMain Street 1\n")


@pytest.mark.usefixtures("signature")
def test_the_signature_stands_below_its_mark_and_above_the_history(reply, customer_mail):
    customer_mail()
    mail = sent(reply(body="Hello\n\n"))

    assert text(mail).startswith("Hello\n\n-- \nAcme <Support>\nMain Street 1\n\nOn ")
    assert "-- <br>\nAcme &lt;Support&gt;<br>\nMain Street 1</div>" in html(mail)


# Files


def test_files_go_along_byte_for_byte(reply, ticket, actor):
    contents = {
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 1000,
        "lines.txt": b"one\r\ntwo\nthree\r. \n.\nFrom here\n",
        "empty-ish.bin": b"\0",
    }
    mail = sent(reply(attachment_ids=[attach(ticket, actor, name, data) for name, data in contents.items()]))

    assert mail.get_content_type() == "multipart/mixed"
    assert {name: data for name, _, data in files(mail)} == contents
    assert [kind for _, kind, _ in files(mail)] == ["image/png", "text/plain", "application/octet-stream"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "plain.txt",
            'quo"te\\d.txt',
            "Übersicht 2026.txt",
            "請求書.txt",
            "=?utf-8?q?x.exe?=.txt",
            "semi;colon=x.txt",
        ),
        *("l" * 251 + ".txt", "ö" * 251 + ".txt", "😀" * 251 + ".txt", "%41''*.txt", "a  b.txt"),
    ],
    ids=range(11),
)
def test_a_name_arrives_as_it_is(reply, ticket, actor, name):
    file = add_file(ticket, filename=name, content=io.BytesIO(b"A lamp."), actor=actor)
    data = bytes_of(reply(attachment_ids=[file.pk]))

    assert [found for found, _, _ in files(parsed(data))] == [file.filename]
    modern = email.message_from_bytes(data, policy=email.policy.default)
    assert [found.get_filename() for found in modern.iter_attachments()] == [file.filename]
    assert max(map(len, data.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("stored", "as_sent"),
    [
        ("application/pdf", "application/pdf"),
        ("text/plain", "text/plain"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("message/external-body", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
    ],
)
def test_no_file_is_taken_for_a_part_or_a_page(reply, ticket, actor, stored, as_sent):
    delivery = reply(attachment_ids=[attach(ticket, actor, "a", b"A lamp.")])
    Attachment.objects.update(content_type=stored)

    assert files(sent(delivery)) == [("a", as_sent, b"A lamp.")]


def test_a_store_that_gives_little_at_a_time_changes_nothing(reply, ticket, actor, monkeypatch):
    content = bytes(range(256)) * 9
    delivery = reply(attachment_ids=[attach(ticket, actor, "a.bin", content)])
    monkeypatch.setattr("tickets.mail.mime._CHUNK", 100)

    assert files(sent(delivery))[0][2] == content


def test_a_mail_that_servers_would_refuse_is_refused_before(api, ticket, actor, mailbox, settings, problem):
    settings.MAX_MAIL_SIZE = 3 * 1024 * 1024
    small, large = attach(ticket, actor, "a.bin", b"\0" * 1_000_000), attach(ticket, actor, "b.bin", b"\0" * 1_600_000)
    path = f"tickets/{ticket.pk}/messages"

    document = problem(
        api.post(path, {"body": "x", "sendEmail": True, "attachmentIds": [str(large)]}), 413, "mail_too_large"
    )
    assert document["limit"] == 3 * 1024 * 1024
    assert api.post(path, {"body": "x", "sendEmail": True, "attachmentIds": [str(small)]}).status_code == 201
    # What is not mailed may be as large as files may be.
    assert api.post(path, {"body": "x", "attachmentIds": [str(large)]}).status_code == 201


LONGEST = ["\n" * 199_998, "&" * 199_998, "\U0001f4a1" * 199_998, "a " * 99_999, "é\n" * 99_999, ". \n" * 66_666]


@pytest.mark.usefixtures("signature")
@pytest.mark.parametrize("middle", LONGEST, ids=range(len(LONGEST)))
def test_no_mail_is_larger_than_was_reckoned(reply, ticket, actor, customer_mail, middle):
    body = f"a{middle[:199_998]}a"
    for _ in range(3):
        customer_mail(body=body)
    file = add_file(ticket, filename="a.bin", content=io.BytesIO(b"\xff" * 100_003), actor=actor)
    delivery = reply(body=body, attachment_ids=[file.pk])

    assert len(bytes_of(delivery)) <= mail_size(delivery.message, [file])


def test_a_mail_costs_the_same_however_long_the_conversation_is(reply, ticket, actor, customer_mail):
    def cost(delivery):
        delivery = Delivery.objects.select_related(*NEEDED).get(pk=delivery.pk)
        with CaptureQueriesContext(connection) as captured:
            compose(delivery)
        return len(captured)

    few = cost(reply(attachment_ids=[attach(ticket, actor, "a.txt", b"A lamp.")]))
    for number in range(12):
        customer_mail(message_id=f"<{number}@customer.example>")
        append_message(ticket, body="note", is_internal=True, actor=actor)
        reply()
    assert cost(reply(attachment_ids=[attach(ticket, actor, f"{n}.txt", b"A lamp.") for n in range(5)])) <= few + 2
