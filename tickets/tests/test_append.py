import pytest

from accounts.actors import operator
from inboxops.errors import Invalid
from tickets.actions import append_message, archive_ticket, merge_tickets, transition_ticket, update_ticket
from tickets.actions.update import Changes
from tickets.errors import TicketMerged
from tickets.models import Delivery, Message
from tickets.workflow import AuthorKind, Status
from workspaces.actions import create_mailbox


def reply(api, ticket, **body):
    return api.post(f"tickets/{ticket.pk}/messages", {"body": "Thanks for reaching out.", **body})


def test_the_contract_example_queues_a_mail_to_the_requester(api, ticket):
    response = reply(api, ticket, isInternal=False, sendEmail=True)

    assert response.status_code == 201
    message = response.json()
    assert message["toAddresses"] == ["carla@customer.example"]
    assert message["delivery"]["state"] == "queued"
    assert message["delivery"]["internetMessageId"].startswith("<")
    assert (message["authorType"], message["isInternal"]) == ("agent", False)


def test_the_message_is_stored_even_if_nobody_is_mailed(api, ticket):
    message = reply(api, ticket).json()

    assert message["delivery"] is None
    assert (message["toAddresses"], message["ccAddresses"]) == ([], [])
    assert api.get(f"tickets/{ticket.pk}").json()["messages"][-1] == message


def test_a_note_never_leaves_by_mail_whatever_is_asked(api, ticket):
    message = reply(api, ticket, isInternal=True, sendEmail=True, toAddresses=["boss@shop.example"]).json()

    assert message["isInternal"] is True
    assert message["delivery"] is None
    assert not Delivery.objects.exists()


def test_absent_ccs_are_the_tickets_and_given_ones_are_exact(api, ticket, actor):
    update_ticket(ticket, changes=Changes(ccs=["boss@customer.example"]), actor=actor)

    assert reply(api, ticket, sendEmail=True).json()["ccAddresses"] == ["boss@customer.example"]
    assert reply(api, ticket, sendEmail=True, ccAddresses=[]).json()["ccAddresses"] == []
    assert reply(api, ticket, sendEmail=True, ccAddresses=["x@y.example"]).json()["ccAddresses"] == ["x@y.example"]


def test_nobody_gets_the_mail_twice(api, ticket):
    message = reply(
        api,
        ticket,
        sendEmail=True,
        toAddresses=["a@x.example", "A@X.example"],
        ccAddresses=["a@x.example", "b@x.example"],
    ).json()

    assert (message["toAddresses"], message["ccAddresses"]) == (["a@x.example"], ["b@x.example"])


def test_without_anybody_to_send_to_nothing_is_written(api, workspace, problem):
    ticket = api.post("tickets", {"subject": "S", "body": "B"}).json()
    document = problem(
        api.post(f"tickets/{ticket['id']}/messages", {"body": "Hi", "sendEmail": True}), 400, "no_recipient"
    )

    assert document["errors"][0]["pointer"] == "/toAddresses"
    assert Message.objects.count() == 1


def test_the_message_id_is_below_the_mailboxs_domain(api, ticket, workspace):
    create_mailbox(workspace, address="help@acme.example", actor=operator())

    assert reply(api, ticket, sendEmail=True).json()["delivery"]["internetMessageId"].endswith("@acme.example>")


def test_the_first_public_answer_to_a_customer_is_remembered(ticket, actor):
    append_message(ticket, body="note", is_internal=True, actor=actor)
    ticket.refresh_from_db()
    assert ticket.first_replied_at is None

    first = append_message(ticket, body="hello", actor=actor)
    append_message(ticket, body="again", actor=actor)

    ticket.refresh_from_db()
    assert ticket.first_replied_at == first.created_at


def test_an_agents_own_ticket_has_no_first_reply(api):
    ticket = api.post("tickets", {"subject": "S", "body": "B"}).json()
    api.post(f"tickets/{ticket['id']}/messages", {"body": "more"})

    assert api.get(f"tickets/{ticket['id']}").json()["firstRepliedAt"] is None


@pytest.mark.parametrize("status", [Status.PENDING, Status.CLOSED])
def test_a_customers_words_reopen_and_unarchive(api, ticket, actor, status):
    transition_ticket(ticket, to=status, actor=actor)
    archive_ticket(ticket, actor=actor)

    message = reply(api, ticket, asRequester=True).json()

    shown = api.get(f"tickets/{ticket.pk}").json()
    assert (shown["status"], shown["archivedAt"], shown["closedAt"]) == ("open", None, None)
    assert (message["authorType"], message["author"]["email"]) == ("customer", "carla@customer.example")


def test_an_agents_reply_leaves_a_closed_ticket_closed(ticket, actor):
    transition_ticket(ticket, to=Status.CLOSED, actor=actor)
    append_message(ticket, body="For the record.", actor=actor)

    ticket.refresh_from_db()
    assert ticket.status == Status.CLOSED


def test_customers_words_cannot_be_notes_nor_mails(ticket, actor):
    with pytest.raises(Invalid, match="note"):
        append_message(ticket, body="x", as_requester=True, is_internal=True, actor=actor)
    with pytest.raises(Invalid, match="mailed"):
        append_message(ticket, body="x", as_requester=True, send_email=True, actor=actor)


def test_without_a_requester_nobody_can_be_quoted(api, problem):
    ticket = api.post("tickets", {"subject": "S", "body": "B"}).json()

    problem(api.post(f"tickets/{ticket['id']}/messages", {"body": "x", "asRequester": True}), 400, "no_requester")


def test_a_reply_is_refused_when_the_customer_wrote_since(api, ticket, problem):
    seen = api.get(f"tickets/{ticket.pk}").json()["messages"][-1]["id"]
    newer = reply(api, ticket, body="Wait!", asRequester=True).json()

    document = problem(reply(api, ticket, lastSeenMessageId=seen), 409, "conversation_moved_on")
    assert document["messages"] == [newer]
    assert reply(api, ticket, lastSeenMessageId=newer["id"]).status_code == 201


def test_colleagues_messages_do_not_stop_a_reply(api, ticket):
    seen = api.get(f"tickets/{ticket.pk}").json()["messages"][-1]["id"]
    reply(api, ticket, isInternal=True)

    assert reply(api, ticket, lastSeenMessageId=seen).status_code == 201


def test_the_last_message_seen_must_be_one_of_the_ticket(api, ticket, outsider_ticket, problem):
    foreign = Message.objects.get(ticket=outsider_ticket).pk

    for message_id in (foreign, "01980000-0000-7000-8000-000000000000"):
        document = problem(reply(api, ticket, lastSeenMessageId=str(message_id)), 400, "unknown_message")
        assert document["errors"][0]["pointer"] == "/lastSeenMessageId"


def test_properties_ride_along_in_one_version(api, ticket, agent):
    reply(api, ticket, status="pending", assigneeId=str(agent.user_id), priority="high", tags=["vip"])

    shown = api.get(f"tickets/{ticket.pk}").json()
    assert (shown["status"], shown["assigneeId"]) == ("pending", str(agent.user_id))
    assert (shown["priority"], shown["tags"], shown["version"]) == ("high", ["vip"], 2)


def test_a_refused_property_takes_the_message_with_it(api, ticket, problem):
    reply(api, ticket, status="closed")

    problem(reply(api, ticket, body="Never", status="pending"), 409, "transition_not_allowed")
    assert not Message.objects.filter(body="Never").exists()


def test_a_merged_ticket_takes_no_message(ticket, workspace, actor, contact):
    from inboxops.tests.factories import TicketFactory

    other = TicketFactory(workspace=workspace, actor=actor)
    merge_tickets(ticket, other, actor=actor)

    with pytest.raises(TicketMerged) as caught:
        append_message(ticket, body="x", actor=actor)
    assert caught.value.extra == {"mergedIntoId": other.pk}


def test_html_is_stored_sanitised(ticket, actor):
    message = append_message(
        ticket,
        body="x",
        body_html='<a href="javascript:alert(1)" onclick="x()">go</a><img src="https://spy.example/p.png">'
        '<img src="cid:logo"><form><input></form><style>*{}</style>',
        actor=actor,
    )

    assert message.body_html == '<a rel="noopener noreferrer nofollow">go</a><img><img src="cid:logo">'
    assert message.author_kind == AuthorKind.AGENT
