"""Whom a reply may be sent to."""

import pytest

from accounts.actors import operator
from tickets.actions import Changes, Person, append_message, update_ticket
from tickets.models import Delivery, Message
from workspaces.actions import create_mailbox


def send(api, ticket, **body):
    return api.post(f"tickets/{ticket.pk}/messages", {"body": "Hello.", "sendEmail": True, **body})


OWN = [
    "support@acme.example",
    "SUPPORT@Acme.Example",
    "support+t.abc@acme.example",
    "support+a+b@ACME.example",
    "hilfe@xn--bcher-kva.example",
    "Hilfe+x@BÜCHER.example",
    "help+eu@acme.example",
    "help+eu+t.abc@acme.example",
]


@pytest.fixture
def mailboxes(workspace, mailbox):
    create_mailbox(workspace, address="hilfe@bücher.example", actor=operator())
    create_mailbox(workspace, address="help+eu@acme.example", actor=operator())


@pytest.mark.usefixtures("mailboxes")
class TestOwnMailboxes:
    @pytest.mark.parametrize("address", OWN)
    @pytest.mark.parametrize("member", ["toAddresses", "ccAddresses"])
    def test_they_are_refused_with_their_place(self, api, ticket, problem, member, address):
        document = problem(send(api, ticket, **{member: ["carla@customer.example", address]}), 400, "invalid")

        assert [(error["pointer"], error["code"]) for error in document["errors"]] == [(f"/{member}/1", "own_mailbox")]
        assert not Delivery.objects.exists()
        assert Message.objects.count() == 1

    @pytest.mark.parametrize("address", ["supports@acme.example", "support@acme.example.org", "help@acme.example"])
    def test_similar_ones_are_not(self, api, ticket, address):
        assert send(api, ticket, toAddresses=[address]).status_code == 201

    def test_what_is_not_sent_is_not_held_against_them(self, api, ticket):
        assert send(api, ticket, sendEmail=False, ccAddresses=OWN).status_code == 201

    def test_among_the_tickets_ccs_they_get_no_copy(self, api, ticket, actor):
        update_ticket(ticket, changes=Changes(ccs=["boss@customer.example", *OWN]), actor=actor)

        assert send(api, ticket).json()["ccAddresses"] == ["boss@customer.example"]

    def test_as_requesters_they_are_not_written_to(self, api, ticket, actor, problem):
        update_ticket(ticket, changes=Changes(requester=Person("support+x@acme.example")), actor=actor)

        document = problem(send(api, ticket), 400, "invalid")
        assert document["errors"][0]["pointer"] == "/toAddresses"
        assert document["errors"][0]["code"] == "own_mailbox"
        assert send(api, ticket, toAddresses=["carla@customer.example"]).status_code == 201

    def test_those_of_another_workspace_are_customers(self, outsider_api, outsider_ticket):
        assert send(outsider_api, outsider_ticket, toAddresses=["support@acme.example"]).status_code == 201


@pytest.mark.parametrize(
    "address",
    [
        *("x" * 65 + "@b.example", "jörg@b.example", "ſ@b.example", "\u212a@b.example", '"a\tb"@b.example'),
        *(
            '"a\\\tb"@b.example',
            "a@b\u2028c.example",
            "a@-ü.example",
            "a@\U0001f4a9.example",
            "a@ü" + "x" * 62 + ".example",
        ),
        *("a@b.example\r\nBcc: x@y.example", "Eve <a@b.example>", "a@b.example,c@d.example", "", "a@b"),
        "a@" + ".".join(["ü" * 20] * 10) + ".example",
    ],
    ids=lambda address: ascii(address[:24]),
)
def test_what_cannot_be_sent_to_is_refused(api, ticket, problem, address):
    document = problem(send(api, ticket, toAddresses=[address]), 400, "invalid")

    assert (document["errors"][0]["pointer"], document["errors"][0]["code"]) == ("/toAddresses/0", "invalid")


def test_a_hundred_get_a_mail_and_no_more(api, ticket, problem):
    many = [f"c{number}@customer.example" for number in range(100)]

    assert send(api, ticket, toAddresses=many[:50], ccAddresses=many[50:]).status_code == 201
    problem(send(api, ticket, toAddresses=many[:50], ccAddresses=[*many[50:], "one@more.example"]), 400, "invalid")
    problem(send(api, ticket, toAddresses=[*many, "one@more.example"]), 400, "invalid")


def test_a_reply_of_the_mailbox_of_the_ticket_has_its_domain(ticket, workspace, actor):
    create_mailbox(workspace, address="default@acme.example", actor=operator())
    ticket.mailbox = create_mailbox(workspace, address="sales@acme-sales.example", actor=operator())
    ticket.save(update_fields=["mailbox"])

    message = append_message(ticket, body="Hi", send_email=True, actor=actor)
    assert message.internet_message_id.endswith("@acme-sales.example>")
