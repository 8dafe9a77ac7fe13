import pytest

from accounts.actors import operator
from tickets.actions import Changes, append_message, merge_tickets, update_ticket
from tickets.models import Delivery, Message
from workspaces.actions import create_mailbox


@pytest.fixture
def long_ticket(ticket, actor):
    """A ticket with three messages and all that a split hands on."""
    update_ticket(ticket, changes=Changes(tags=["vip"], ccs=["boss@x.example"]), actor=actor)
    for body in ("second", "third"):
        append_message(ticket, body=body, send_email=body == "third", actor=actor)
    return ticket


def ids(ticket):
    return [str(pk) for pk in Message.objects.filter(ticket=ticket).values_list("pk", flat=True)]


def split(api, ticket, message_ids, **body):
    return api.post(f"tickets/{ticket.pk}/split", {"messageIds": message_ids, **body})


def test_named_messages_move_into_a_new_ticket(api, long_ticket):
    first, second, third = ids(long_ticket)
    response = split(api, long_ticket, [second, third], newSubject="Split thread")

    assert response.status_code == 201
    answer = response.json()
    assert answer["movedCount"] == 2
    new = api.get(f"tickets/{answer['ticket']['id']}").json()
    assert (new["subject"], new["ticketNumber"], new["status"]) == ("Split thread", 2, "open")
    assert [message["id"] for message in new["messages"]] == [second, third]
    assert ids(long_ticket) == [first]


def test_the_new_ticket_inherits_what_matters(api, long_ticket):
    new = split(api, long_ticket, ids(long_ticket)[1:2]).json()["ticket"]

    old = api.get(f"tickets/{long_ticket.pk}").json()
    for name in ("subject", "requester", "ccs", "priority", "tags", "mailboxId"):
        assert new[name] == old[name]
    assert new["splitFromId"] == old["id"]
    assert new["assigneeId"] is None
    assert [row["id"] for row in api.get("tickets", {"tags": "vip", "tagsMatch": "all"}).json()]


def test_the_mailbox_goes_along(api, long_ticket, workspace):
    long_ticket.mailbox = create_mailbox(workspace, address="help@acme.example", actor=operator())
    long_ticket.save(update_fields=["mailbox"])

    assert split(api, long_ticket, ids(long_ticket)[:1]).json()["ticket"]["mailboxId"] == str(long_ticket.mailbox.pk)


def test_deliveries_and_message_ids_move_along(api, long_ticket):
    third = ids(long_ticket)[2]
    before = Message.objects.get(pk=third).internet_message_id
    new = split(api, long_ticket, [third]).json()["ticket"]

    message = Message.objects.get(pk=third)
    assert (str(message.ticket_id), message.internet_message_id) == (new["id"], before)
    assert Delivery.objects.get().message_id == message.pk
    assert message.origin_ticket_id == long_ticket.pk


def test_counts_and_times_follow_the_messages(api, long_ticket):
    times = list(Message.objects.filter(ticket=long_ticket).values_list("created_at", flat=True))
    new = split(api, long_ticket, ids(long_ticket)[1:]).json()["ticket"]

    long_ticket.refresh_from_db()
    assert (long_ticket.message_count, long_ticket.last_message_at) == (1, times[0])
    assert (new["messageCount"], new["lastMessageAt"]) == (2, times[2].isoformat().replace("+00:00", "Z"))


def test_naming_a_message_twice_moves_it_once(api, long_ticket):
    second = ids(long_ticket)[1]

    assert split(api, long_ticket, [second, second]).json()["movedCount"] == 1


def test_an_empty_list_is_refused(api, long_ticket, problem):
    problem(split(api, long_ticket, []), 400, "empty")


def test_a_message_of_another_ticket_is_refused_by_its_place(api, long_ticket, outsider_ticket, problem):
    foreign = ids(outsider_ticket)[0]
    document = problem(split(api, long_ticket, [ids(long_ticket)[0], foreign]), 400, "invalid")

    assert [(e["pointer"], e["code"]) for e in document["errors"]] == [("/messageIds/1", "unknown_message")]
    assert len(ids(long_ticket)) == 3


def test_all_messages_cannot_leave(api, long_ticket, problem):
    problem(split(api, long_ticket, ids(long_ticket)), 409, "split_would_empty")


def test_both_timelines_tell_of_it(api, long_ticket):
    new = split(api, long_ticket, ids(long_ticket)[:1]).json()["ticket"]

    for ticket_id, role in ((long_ticket.pk, "original"), (new["id"], "new")):
        (event,) = [e for e in api.get(f"tickets/{ticket_id}/events").json() if e["kind"] == "ticket.split"]
        assert event["data"]["role"] == role


def test_merging_back_undoes_it(api, long_ticket, actor):
    before = ids(long_ticket)
    new = split(api, long_ticket, before[1:2]).json()["ticket"]
    from tickets.models import Ticket

    merge_tickets(Ticket.objects.get(pk=new["id"]), long_ticket, actor=actor)

    assert ids(long_ticket) == before


def test_search_finds_the_words_where_they_are_now(api, long_ticket):
    new = split(api, long_ticket, ids(long_ticket)[1:2]).json()["ticket"]

    assert [row["id"] for row in api.get("tickets", {"search": "second"}).json()] == [new["id"]]
