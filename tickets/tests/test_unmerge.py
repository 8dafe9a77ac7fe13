from itertools import pairwise

import pytest

from accounts.actors import operator
from inboxops.tests.factories import MembershipFactory, TicketFactory
from tickets.actions import (
    Changes,
    Person,
    append_message,
    merge_tickets,
    split_ticket,
    transition_ticket,
    unmerge_ticket,
    update_ticket,
)
from tickets.errors import NotMerged, UnmergeFirst
from tickets.models import Message, TicketEvent
from tickets.workflow import Status
from workspaces.actions import remove_member


@pytest.fixture
def make(workspace, actor):
    def make_ticket(**kwargs):
        return TicketFactory(workspace=workspace, actor=actor, **kwargs)

    return make_ticket


@pytest.fixture
def pair(make, actor):
    """A source, merged into a target."""
    source = make(subject="Source", tags=["a", "both"], requester=Person("s@x.example"), ccs=["cc@x.example"])
    target = make(subject="Target", tags=["both"], requester=Person("t@x.example"))
    merge_tickets(source, target, actor=actor)
    return source, target


def bodies(ticket):
    return list(Message.objects.filter(ticket=ticket).values_list("body", flat=True))


def test_everything_goes_back(api, pair):
    source, target = pair
    response = api.post(f"tickets/{source.pk}/unmerge")

    assert response.status_code == 200
    answer = response.json()
    assert (answer["id"], answer["status"], answer["mergedIntoId"]) == (str(source.pk), "open", None)
    assert (answer["tags"], answer["ccs"], answer["messageCount"]) == (["a", "both"], ["cc@x.example"], 1)
    assert answer["unmerge"]["targetTicketId"] == str(target.pk)
    assert (answer["unmerge"]["movedCount"], answer["unmerge"]["stayedMessageIds"]) == (1, [])
    shown = api.get(f"tickets/{target.pk}").json()
    assert (shown["tags"], shown["ccs"], shown["messageCount"]) == (["both"], [], 1)


def test_what_came_later_stays_with_the_target(pair, actor):
    source, target = pair
    append_message(target, body="Later", actor=actor)
    unmerge_ticket(source, actor=actor)

    assert "Later" in bodies(target)
    assert len(bodies(source)) == 1


def test_messages_split_off_since_stay_where_they_are_and_are_named(pair, actor):
    source, target = pair
    moved = Message.objects.get(origin_ticket=source)
    new = split_ticket(target, message_ids=[moved.pk], actor=actor).ticket

    undone = unmerge_ticket(source, actor=actor)

    assert (undone.moved_count, undone.stayed) == (0, [moved.pk])
    assert len(bodies(new)) == 1


def test_a_message_that_was_split_off_stays_even_if_it_came_back(pair, actor):
    source, target = pair
    moved = Message.objects.get(origin_ticket=source)
    new = split_ticket(target, message_ids=[moved.pk], actor=actor).ticket
    merge_tickets(new, target, actor=actor)

    unmerge_ticket(source, actor=actor)
    assert bodies(source) == []
    unmerge_ticket(new, actor=actor)
    assert Message.objects.get(pk=moved.pk).ticket_id == new.pk


def test_merges_are_undone_in_reverse_order(api, make, actor, problem):
    first, second, third = make(), make(), make()
    merge_tickets(first, second, actor=actor)
    merge_tickets(second, third, actor=actor)

    document = problem(api.post(f"tickets/{first.pk}/unmerge"), 409, "unmerge_first")
    assert document["ticketId"] == str(second.pk)

    assert api.post(f"tickets/{second.pk}/unmerge").status_code == 200
    first.refresh_from_db()
    assert first.merged_into_id == second.pk
    assert api.post(f"tickets/{first.pk}/unmerge").status_code == 200
    assert [len(bodies(each)) for each in (first, second, third)] == [1, 1, 1]


def test_in_a_long_chain_the_last_merge_is_named(make, actor):
    tickets = [make() for _ in range(4)]
    for source, target in pairwise(tickets):
        merge_tickets(source, target, actor=actor)

    with pytest.raises(UnmergeFirst) as caught:
        unmerge_ticket(tickets[0], actor=actor)
    assert caught.value.extra == {"ticketId": tickets[2].pk}


def test_twice_is_once_too_often(pair, actor):
    source, _ = pair
    unmerge_ticket(source, actor=actor)

    with pytest.raises(NotMerged):
        unmerge_ticket(source, actor=actor)


def test_the_pair_can_be_merged_again(pair, actor):
    source, target = pair
    unmerge_ticket(source, actor=actor)
    merge_tickets(source, target, actor=actor)
    unmerge_ticket(source, actor=actor)

    assert len(bodies(source)) == len(bodies(target)) == 1


def test_the_targets_status_stays(make, actor):
    source, target = make(), make()
    transition_ticket(target, to=Status.CLOSED, actor=actor)
    merge_tickets(source, target, actor=actor)
    unmerge_ticket(source, actor=actor)

    target.refresh_from_db()
    assert target.status == Status.OPEN


def test_a_closed_source_is_closed_again_since_when_it_was(make, actor):
    source, target = make(), make()
    closed = transition_ticket(source, to=Status.CLOSED, actor=actor)
    merge_tickets(source, target, actor=actor)
    unmerge_ticket(source, actor=actor)

    source.refresh_from_db()
    assert (source.status, source.closed_at) == (Status.CLOSED, closed.closed_at)


def test_a_tag_that_another_merge_brings_too_stays_until_both_are_undone(make, actor):
    first, second, target = make(tags=["x"]), make(tags=["x"]), make()
    merge_tickets(first, target, actor=actor)
    merge_tickets(second, target, actor=actor)

    unmerge_ticket(first, actor=actor)
    target.refresh_from_db()
    assert target.tags == ["x"]
    unmerge_ticket(second, actor=actor)
    target.refresh_from_db()
    assert target.tags == []


def test_a_tag_put_back_by_hand_stays(pair, actor):
    source, target = pair
    update_ticket(target, changes=Changes(tags=["both"]), actor=actor)
    update_ticket(target, changes=Changes(tags=["both", "a"]), actor=actor)
    unmerge_ticket(source, actor=actor)

    target.refresh_from_db()
    assert target.tags == ["both", "a"]


def test_an_assignee_who_left_meanwhile_does_not_come_back(make, workspace, actor):
    leaver = MembershipFactory(workspace=workspace)
    source, target = make(), make()
    update_ticket(source, changes=Changes(assignee_id=leaver.user_id), actor=actor)
    merge_tickets(source, target, actor=actor)
    remove_member(leaver, actor=operator())

    unmerge_ticket(source, actor=actor)
    source.refresh_from_db()
    assert (source.status, source.assignee_id) == (Status.OPEN, None)


def test_both_timelines_tell_of_it(pair, actor):
    source, target = pair
    unmerge_ticket(source, actor=actor)

    for ticket, role in ((source, "source"), (target, "target")):
        assert TicketEvent.objects.get(ticket=ticket, kind="ticket.unmerged").data["role"] == role


def test_a_ticket_that_was_never_merged_is_told_so(api, ticket, problem):
    problem(api.post(f"tickets/{ticket.pk}/unmerge"), 409, "not_merged")
