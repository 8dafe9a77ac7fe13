import pytest

from inboxops.errors import NotFound
from inboxops.tests.factories import TicketFactory
from tickets.actions import (
    Changes,
    Person,
    append_message,
    archive_ticket,
    merge_tickets,
    transition_ticket,
    update_ticket,
)
from tickets.errors import AlreadyMerged, MergeIntoItself, TargetMerged
from tickets.models import Delivery, Message, Ticket
from tickets.workflow import Status


@pytest.fixture
def make(workspace, actor):
    def make_ticket(**kwargs):
        return TicketFactory(workspace=workspace, actor=actor, **kwargs)

    return make_ticket


@pytest.fixture
def other(make):
    return make(
        subject="Lamp again", requester=Person("dora@customer.example"), tags=["urgent"], ccs=["boss@x.example"]
    )


def merge(api, source, target):
    return api.post(f"tickets/{source.pk}/merge", {"targetTicketId": str(target.pk)})


def test_the_answer_is_the_target_with_what_happened(api, ticket, other):
    response = merge(api, ticket, other)

    assert response.status_code == 200
    answer = response.json()
    assert answer["id"] == str(other.pk)
    assert (answer["merge"]["sourceTicketId"], answer["merge"]["movedCount"]) == (str(ticket.pk), 1)
    assert answer["messageCount"] == 2


def test_messages_move_as_they_are(api, ticket, other, actor):
    sent = append_message(ticket, body="On its way", send_email=True, actor=actor)
    before = {m["id"]: m for m in api.get(f"tickets/{ticket.pk}").json()["messages"]}
    merge(api, ticket, other)

    after = {m["id"]: m for m in api.get(f"tickets/{other.pk}").json()["messages"]}
    for message_id, message in before.items():
        assert after[message_id] == {**message, "ticketId": str(other.pk), "originTicketId": str(ticket.pk)}
    assert Delivery.objects.get().message_id == sent.pk


def test_the_source_is_closed_empty_and_points_to_the_target(api, ticket, other):
    merge(api, ticket, other)

    source = api.get(f"tickets/{ticket.pk}")
    assert source.status_code == 200
    shown = source.json()
    assert (shown["status"], shown["mergedIntoId"], shown["messages"]) == ("closed", str(other.pk), [])
    assert (shown["messageCount"], shown["allowedTransitions"]) == (0, [])


def test_tags_and_people_are_united(ticket, other, actor):
    update_ticket(ticket, changes=Changes(tags=["Urgent", "vip"]), actor=actor)
    merge_tickets(ticket, other, actor=actor)

    other.refresh_from_db()
    assert other.tags == ["urgent", "vip"]
    assert other.ccs == ["boss@x.example", "carla@customer.example"]
    assert other.requester.email == "dora@customer.example"


def test_the_targets_requester_is_not_copied(make, actor):
    same = Person("ann@shop.example")
    first, second = make(requester=same), make(requester=same)
    merge_tickets(first, second, actor=actor)

    second.refresh_from_db()
    assert second.ccs == []


def test_an_open_source_brings_back_a_closed_archived_target(ticket, other, actor):
    transition_ticket(other, to=Status.CLOSED, actor=actor)
    archive_ticket(other, actor=actor)
    merge_tickets(ticket, other, actor=actor)

    other.refresh_from_db()
    assert (other.status, other.archived_at) == (Status.OPEN, None)


def test_a_closed_source_leaves_a_closed_target_closed(ticket, other, actor):
    for each in (ticket, other):
        transition_ticket(each, to=Status.CLOSED, actor=actor)
    merge_tickets(ticket, other, actor=actor)

    other.refresh_from_db()
    assert other.status == Status.CLOSED


def test_chains_are_flattened(make, actor):
    first, second, third = make(), make(), make()
    merge_tickets(first, second, actor=actor)
    merge_tickets(second, third, actor=actor)

    assert set(Ticket.objects.exclude(merged_into=None).values_list("merged_into", flat=True)) == {third.pk}
    assert Message.objects.filter(ticket=third).count() == 3


def test_a_ticket_is_not_merged_into_itself(api, ticket, problem):
    problem(merge(api, ticket, ticket), 409, "merge_into_itself")


def test_foreign_and_missing_targets_look_the_same(api, ticket, outsider_ticket, problem):
    foreign = problem(merge(api, ticket, outsider_ticket), 404, "not_found")
    missing = problem(
        api.post(f"tickets/{ticket.pk}/merge", {"targetTicketId": "01980000-0000-7000-8000-000000000000"}),
        404,
        "not_found",
    )

    assert {**foreign, "requestId": ""} == {**missing, "requestId": ""}


def test_the_action_itself_crosses_no_border(ticket, outsider_ticket, actor):
    with pytest.raises(NotFound):
        merge_tickets(ticket, outsider_ticket, actor=actor)


def test_a_source_merged_elsewhere_is_refused_with_the_survivor(make, actor):
    first, second, third = make(), make(), make()
    merge_tickets(first, second, actor=actor)

    with pytest.raises(AlreadyMerged) as caught:
        merge_tickets(first, third, actor=actor)
    assert caught.value.extra == {"mergedIntoId": second.pk}


def test_a_merged_target_is_refused_with_the_survivor(api, make, actor, problem):
    first, second, third = make(), make(), make()
    merge_tickets(second, third, actor=actor)

    document = problem(merge(api, first, second), 409, "target_merged")
    assert document["mergedIntoId"] == str(third.pk)


def test_merging_back_into_ones_own_source_is_refused(make, actor):
    first, second = make(), make()
    merge_tickets(first, second, actor=actor)

    with pytest.raises(TargetMerged):
        merge_tickets(second, first, actor=actor)
    with pytest.raises(MergeIntoItself):
        merge_tickets(second, second, actor=actor)


def test_a_merge_that_has_happened_is_answered_again(api, make, actor):
    first, second, third = make(), make(), make()
    answer = merge(api, first, second).json()
    assert merge(api, first, second).json() == answer

    merge(api, second, third)
    repeated = merge(api, first, second)
    assert repeated.status_code == 200
    assert (repeated.json()["id"], repeated.json()["merge"]) == (str(third.pk), answer["merge"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"priority": "high"}),
        ("POST", "/messages", {"body": "x"}),
        ("POST", "/status", {"toStatus": "open"}),
        ("POST", "/archive", None),
        ("POST", "/unarchive", None),
        ("POST", "/split", {"messageIds": ["01980000-0000-7000-8000-000000000000"]}),
    ],
)
def test_writes_to_a_merged_ticket_name_the_survivor(api, ticket, other, problem, method, path, body):
    merge(api, ticket, other)

    document = problem(api.request(method, f"tickets/{ticket.pk}{path}", body), 409, "ticket_merged")
    assert document["mergedIntoId"] == str(other.pk)


def test_merged_tickets_are_listed_only_on_request(api, ticket, other):
    merge(api, ticket, other)

    assert [row["id"] for row in api.get("tickets").json()] == [str(other.pk)]
    assert {row["id"] for row in api.get("tickets", {"merged": "true"}).json()} == {str(ticket.pk), str(other.pk)}


def test_both_timelines_tell_of_it(api, ticket, other):
    merge(api, ticket, other)

    for each, role in ((ticket, "source"), (other, "target")):
        events = [e for e in api.get(f"tickets/{each.pk}/events").json() if e["kind"] == "ticket.merged"]
        assert [event["data"]["role"] for event in events] == [role]


def test_search_finds_the_words_in_the_survivor(api, ticket, other):
    merge(api, ticket, other)

    assert [row["id"] for row in api.get("tickets", {"search": "flickers"}).json()] == [str(other.pk)]


def test_the_first_reply_counts_over_both(ticket, other, actor):
    first = append_message(ticket, body="Hello", actor=actor)
    merge_tickets(ticket, other, actor=actor)

    other.refresh_from_db()
    assert other.first_replied_at == first.created_at
