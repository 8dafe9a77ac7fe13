"""What a mail answers, and what it quotes."""

import re

import pytest

from accounts.actors import operator
from tickets.actions import (
    Changes,
    Person,
    append_message,
    merge_tickets,
    settle_delivery,
    split_ticket,
    unmerge_ticket,
    update_ticket,
)
from tickets.models import Message, Ticket
from tickets.tests.mail.mails import attach, bytes_of, files, html, sent, text
from tickets.workflow import DeliveryState


def references(delivery):
    mail = sent(delivery)
    found = (mail["References"] or "").split()
    assert mail["In-Reply-To"] == (found[-1] if found else None)
    return found


# What it answers


def test_a_mail_answers_the_last_one_and_names_those_before(reply, customer_mail, ticket, actor):
    customer_mail(message_id="<one@customer.example>")
    append_message(ticket, body="note", is_internal=True, actor=actor)
    second = reply()
    append_message(ticket, body="on the phone", as_requester=True, actor=actor)
    customer_mail(message_id="<three@customer.example>")

    assert references(reply()) == [
        "<one@customer.example>",
        second.internet_message_id,
        "<three@customer.example>",
    ]


def test_what_came_later_is_not_answered(reply, customer_mail):
    customer_mail(message_id="<one@customer.example>")
    delivery = reply()
    customer_mail(message_id="<later@customer.example>")

    assert references(delivery) == ["<one@customer.example>"]


@pytest.mark.parametrize("state", [DeliveryState.CANCELLED, DeliveryState.FAILED])
def test_a_mail_that_never_left_is_not_answered_nor_quoted(reply, state):
    first = reply(body="Never seen")
    settle_delivery(first, state=state, actor=operator())

    mail = sent(reply())
    assert mail["References"] is None
    assert "Never seen" not in text(mail)


def test_of_a_long_conversation_the_oldest_and_the_latest_are_named(reply, customer_mail):
    ids = [f"<{number:040}@customer.example>" for number in range(60)]
    for message_id in ids:
        customer_mail(message_id=message_id)
    delivery = reply()

    found = references(delivery)
    assert found == [ids[0], *ids[-(len(found) - 1) :]]
    assert 10 < len(found) < 20
    assert len(" ".join(found)) < 998 - len("References: ")
    assert max(map(len, bytes_of(delivery).split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "message_id",
    [
        "<a b@x>",
        "<a@x> <b@x>",
        "<a@x>\r\nBcc: eve@x.example",
        "<a\n@x>",
        "a@x",
        "<ü@x>",
        "<>",
        f"<{'a' * 400}@x>",
        "<\x00>",
    ],
    ids=range(9),
)
def test_what_is_no_message_id_is_not_repeated(reply, customer_mail, message_id):
    customer_mail(message_id="<good@customer.example>")
    message = customer_mail()
    if "\x00" not in message_id:
        Message.objects.filter(pk=message.pk).update(internet_message_id=message_id)

    assert references(reply()) == ["<good@customer.example>"]


def test_after_a_merge_both_conversations_go_on(reply, customer_mail, ticket, actor, api):
    customer_mail(message_id="<one@customer.example>")
    other = Ticket.objects.get(
        pk=api.post(
            "tickets", {"subject": "Lamp", "body": "B", "requester": {"email": "carla@customer.example"}}
        ).json()["id"]
    )
    customer_mail(message_id="<two@customer.example>", on=other)
    merge_tickets(ticket, other, actor=actor)
    delivery = reply(on=other)
    assert references(delivery) == ["<one@customer.example>", "<two@customer.example>"]

    unmerge_ticket(ticket, actor=actor)
    assert references(delivery) == ["<two@customer.example>"]


def test_after_a_split_what_moved_is_answered_where_it_is(reply, customer_mail, ticket, actor):
    customer_mail(message_id="<one@customer.example>")
    moved = customer_mail(message_id="<two@customer.example>")
    split = split_ticket(ticket, message_ids=[moved.pk], actor=actor)

    assert references(reply(on=split.ticket)) == ["<two@customer.example>"]
    assert references(reply()) == ["<one@customer.example>"]


def test_a_mail_that_came_to_two_mailboxes_is_named_once(reply, customer_mail):
    customer_mail(message_id="<one@customer.example>")
    customer_mail(message_id="<one@customer.example>")

    assert references(reply()) == ["<one@customer.example>"]


# What it quotes


def test_the_last_mails_are_quoted_newest_first(reply, customer_mail):
    for number in range(3):
        customer_mail(body=f"Question {number}")
    answer = reply(body="An answer\n\n> nested\n>> deeper")
    mail = sent(reply(body="Hello"))

    when = f"On {answer.message.created_at:%Y-%m-%d at %H:%M} UTC, "
    assert text(mail).startswith(
        f"Hello\n\n{when}Acme Support wrote:\n> An answer\n>\n>> nested\n>>> deeper\n\n"
        f"{when}carla@customer.example wrote:\n> Question 2\n\n"
    )
    assert "Question 1" in text(mail)
    assert "Question 0" not in text(mail)
    assert "It flickers." not in text(mail)
    assert html(mail).index("An answer") < html(mail).index("Question 2") < html(mail).index("Question 1")
    assert html(mail).count('<blockquote type="cite"') == 3


def test_html_is_quoted_as_html_unless_it_is_long(reply):
    reply(body="short text", body_html="<b>short</b>")
    reply(body="long text", body_html=f"<b>{'long ' * 3000}</b>")
    mail = sent(reply())

    assert "<b>short</b></div></blockquote>" in html(mail)
    assert ">long text</div></blockquote>" in html(mail)
    assert "long long" not in html(mail)


def test_what_is_quoted_is_bounded(reply, customer_mail):
    for _ in range(3):
        customer_mail(body="x" * 200_000)
    mail = sent(reply(body="Hello"))

    assert len(re.findall("x{10000} ", text(mail))) == len(re.findall("x{10000} ", html(mail))) == 3
    assert "x" * 10_001 not in text(mail) + html(mail)
    assert text(mail).count(" […]") == 3


@pytest.fixture
def secrets(ticket, actor, customer_mail):
    """What must never leave: a note, a file of it, and what was only written down here."""
    note = append_message(
        ticket,
        body="SECRET note",
        body_html="<p>SECRET html</p>",
        is_internal=True,
        attachment_ids=[attach(ticket, actor, "SECRET name.txt", b"SECRET file")],
        actor=actor,
    )
    append_message(ticket, body="SECRET of the phone", as_requester=True, actor=actor)
    append_message(ticket, body="SECRET of the page", actor=actor)
    return note


@pytest.mark.usefixtures("secrets")
def test_notes_and_what_was_said_elsewhere_never_leave(reply, customer_mail, ticket, actor):
    customer_mail(body="A question")
    mail = sent(reply(attachment_ids=[attach(ticket, actor, "own.txt", b"Own.")]), quote_anyway=True)

    assert "A question" in text(mail)
    assert [name for name, _, _ in files(mail)] == ["own.txt"]
    everything = "".join(found.get_payload(decode=True).decode() for found in mail.walk() if not found.is_multipart())
    assert "SECRET" not in everything + str(mail.items())


def test_a_note_that_a_merge_brings_stays_where_it_was(reply, secrets, customer_mail, ticket, actor, api):
    other = Ticket.objects.get(pk=api.post("tickets", {"subject": "Lamp", "body": "B"}).json()["id"])
    merge_tickets(ticket, other, actor=actor)

    assert "SECRET" not in text(sent(reply(on=other, to_addresses=["carla@customer.example"])))


@pytest.fixture
def stranger():
    return "supplier@lamps.example"


def test_to_a_stranger_nothing_is_quoted_unless_asked_for(reply, customer_mail, stranger):
    customer_mail(body="My address is Main Street 1")
    for kwargs in ({"to_addresses": [stranger]}, {"cc_addresses": [stranger]}):
        delivery = reply(**kwargs)
        assert "Main Street" not in text(sent(delivery)) + html(sent(delivery))
        assert "Main Street" in text(sent(delivery, quote_anyway=True))
        assert "Main Street" in html(sent(delivery, quote_anyway=True))


def test_a_stranger_sees_no_message_id_but_ours(reply, customer_mail, stranger):
    customer_mail(message_id="<pc-of-carla@home.example>")
    first = reply()
    customer_mail(message_id="<pc-of-carla-again@home.example>")

    assert references(reply(to_addresses=[stranger])) == [first.internet_message_id]


def test_what_passed_with_a_stranger_is_quoted_to_nobody_else(reply, customer_mail, stranger):
    reply(body="What does Carla's lamp cost us?", to_addresses=[stranger])
    customer_mail(body="Next to nothing.", sender=stranger)
    customer_mail(body="Where is it?")
    mail = sent(reply())

    assert "Where is it?" in text(mail)
    assert "cost us" not in text(mail) + html(mail)
    assert "Next to nothing" not in text(mail) + html(mail)


@pytest.mark.parametrize("address", ["boss@customer.example", "colleague@ACME.example", "CARLA@customer.example"])
def test_ccs_and_members_take_part(reply, customer_mail, ticket, colleague, address):
    update_ticket(ticket, changes=Changes(ccs=["Boss@customer.example"]), actor=operator())
    customer_mail(body="A question")

    assert "A question" in text(sent(reply(to_addresses=[address], cc_addresses=[])))


def test_what_passed_between_colleagues_is_not_quoted_to_customers(reply, customer_mail, ticket, colleague):
    customer_mail(body="A question")
    reply(body="Is she serious?", to_addresses=["colleague@acme.example"])
    both = ["carla@customer.example", "colleague@acme.example"]

    assert "serious" in text(sent(reply(body="1", to_addresses=["colleague@acme.example"])))
    for to in (both, both[:1]):
        mail = sent(reply(body="2", to_addresses=to))
        assert "serious" not in text(mail) + html(mail)
    # Once they are to have copies of everything, it is the same; and a colleague may be the customer.
    update_ticket(ticket, changes=Changes(ccs=["colleague@acme.example"]), actor=operator())
    assert "serious" not in text(sent(reply(body="3")))


def test_a_colleague_who_asks_is_a_customer(reply, customer_mail, ticket, colleague):
    update_ticket(
        ticket,
        changes=Changes(requester=Person("colleague@acme.example"), ccs=["boss@customer.example"]),
        actor=operator(),
    )
    customer_mail(body="A question")

    assert "A question" in text(sent(reply()))


def test_whoever_left_the_workspace_takes_no_part(reply, customer_mail, colleague):
    customer_mail(body="A question")
    colleague.user.is_active = False
    colleague.user.save(update_fields=["is_active"])

    assert "A question" not in text(sent(reply(to_addresses=["colleague@acme.example"])))


def test_members_of_other_workspaces_take_no_part(reply, customer_mail, outsider):
    customer_mail(body="A question")

    assert "A question" not in text(sent(reply(to_addresses=[outsider.user.email])))
