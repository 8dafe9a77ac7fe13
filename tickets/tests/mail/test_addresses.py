import uuid

import pytest

from accounts.actors import operator
from tickets.actions import merge_tickets
from tickets.mail.addresses import reply_address, ticket_of_message_id, ticket_of_reply_address
from tickets.models import Ticket
from tickets.outbox import make_message_id
from tickets.proofs import REPLY_ADDRESS, prove, proven
from workspaces.actions import create_mailbox


@pytest.fixture
def address(ticket, mailbox):
    return reply_address(ticket, mailbox)


def found(address, ticket):
    return ticket_of_reply_address(address, workspace_id=ticket.workspace_id)


def test_a_reply_address_is_the_mailboxs_and_leads_to_the_ticket(address, ticket):
    local, domain = address.split("@")

    assert local.startswith("support+t.")
    assert (len(local), domain) == (len("support+t.") + 42, "acme.example")
    assert found(address, ticket) == ticket.pk
    assert ticket.pk.hex not in address


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title, str.swapcase])
def test_it_is_read_in_any_case(address, ticket, spell):
    assert found(spell(address), ticket) == ticket.pk


def test_nothing_in_it_can_be_altered(address, ticket):
    start = address.index("+t.") + 3
    for place in range(start, address.index("@")):
        for other in "abcdefghijklmnopqrstuvwxyz234567":
            if other != address[place]:
                assert found(address[:place] + other + address[place + 1 :], ticket) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "support@acme.example", "+t.@acme.example", "support+t.@acme.example", "support+t.a@acme.example"),
        *("support+t." + "a" * 42 + "@acme.example", "support+t." + "a" * 100_000 + "@acme.example"),
        *(
            "support+t." + "1" * 42 + "@acme.example",
            "support+t." + "ſ" * 42 + "@x",
            "+t." * 50_000,
            "\ud800+t.\ud800@x",
        ),
    ],
    ids=range(12),
)
def test_any_other_address_leads_nowhere(text, ticket):
    assert found(text, ticket) is None
    assert ticket_of_message_id(text, workspace_id=ticket.workspace_id) is None
    assert ticket_of_message_id(f"<{text}@acme.example>", workspace_id=ticket.workspace_id) is None


def test_it_holds_in_its_workspace_only(address, outsider):
    assert ticket_of_reply_address(address, workspace_id=outsider.workspace.pk) is None


def test_a_former_key_still_proves_and_another_does_not(address, ticket, settings):
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert found(address, ticket) is None
    settings.SECRET_KEY_FALLBACKS = ["older", former]
    assert found(address, ticket) == ticket.pk


def test_every_key_is_tried_whichever_is_right(address, ticket, settings, monkeypatch):
    settings.SECRET_KEY_FALLBACKS = ["older", "oldest"]
    compared = []
    monkeypatch.setattr("tickets.proofs._same", lambda one, other: compared.append(one) or one == other)

    assert found(address, ticket) == ticket.pk
    assert len(compared) == 3


def test_a_proof_is_for_one_purpose(ticket, mailbox):
    content = uuid.uuid4().bytes + ticket.pk.bytes
    as_address = prove(content, purpose=REPLY_ADDRESS, workspace_id=ticket.workspace_id)
    assert proven(as_address, purpose=REPLY_ADDRESS, workspace_id=ticket.workspace_id) == content
    assert ticket_of_message_id(f"<{as_address}@acme.example>", workspace_id=ticket.workspace_id) is None
    # Nor does a longer content of the same purpose pass for a ticket.
    assert found(f"s+t.{as_address}@acme.example", ticket) is None


@pytest.mark.parametrize(
    ("local", "is_signed"),
    [
        ("a" * 19, True),
        ("a" * 20, False),
        ("a" * 64, False),
        ("help+eu", True),
        ("o'neil", True),
    ],
)
def test_a_mailbox_without_room_for_a_proof_is_answered_to_itself(ticket, workspace, local, is_signed):
    mailbox = create_mailbox(workspace, address=f"{local}@acme.example", actor=operator())
    address = reply_address(ticket, mailbox)

    assert len(address.rpartition("@")[0]) <= 64
    assert (found(address, ticket) == ticket.pk) is is_signed
    assert (address == mailbox.address) is not is_signed


def test_a_message_id_of_ours_leads_to_the_ticket_it_was_written_in(ticket, mailbox, outsider):
    one, other = make_message_id(ticket, mailbox), make_message_id(ticket, mailbox)

    assert one != other
    assert one.endswith("@acme.example>")
    for spelled in (one, one.upper(), f" {one} ", one.strip("<>")):
        assert ticket_of_message_id(spelled, workspace_id=ticket.workspace_id) == ticket.pk
    assert ticket_of_message_id(one, workspace_id=outsider.workspace.pk) is None
    assert (
        ticket_of_message_id(one.replace(one[5], "a" if one[5] != "a" else "b", 1), workspace_id=ticket.workspace_id)
        is None
    )


def test_the_message_id_of_a_delivery_is_signed(reply, ticket):
    delivery = reply()

    assert delivery.message.internet_message_id == delivery.internet_message_id
    assert ticket_of_message_id(delivery.internet_message_id, workspace_id=ticket.workspace_id) == ticket.pk


def test_what_a_merged_ticket_gave_out_still_names_it(address, ticket, workspace, actor, api):
    target = Ticket.objects.get(pk=api.post("tickets", {"subject": "S", "body": "B"}).json()["id"])
    merge_tickets(ticket, target, actor=actor)

    assert found(address, ticket) == ticket.pk


def test_the_domain_of_a_message_id_is_ascii(ticket, workspace):
    mailbox = create_mailbox(workspace, address="hilfe@bücher.example", actor=operator())

    assert make_message_id(ticket, mailbox).endswith("@xn--bcher-kva.example>")
    assert make_message_id(ticket, None).endswith("@inboxops.localhost>")
