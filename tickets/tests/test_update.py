import pytest

from accounts.actors import operator
from inboxops.errors import VersionMismatch
from inboxops.tests.factories import MembershipFactory, TicketFactory
from tickets.actions import UNSET, Changes, Person, merge_tickets, update_ticket
from tickets.models import Ticket, TicketEvent, TicketTag
from tickets.workflow import Priority
from workspaces.actions import change_role, remove_member
from workspaces.models import Role


def kinds(ticket):
    return [event.kind for event in TicketEvent.objects.filter(ticket=ticket)][1:]


def test_the_contract_example_assigns_and_tags(api, ticket, agent):
    response = api.patch(f"tickets/{ticket.pk}", {"assigneeId": str(agent.user_id), "tags": ["billing"]})

    assert response.status_code == 200
    assert (response.json()["assigneeId"], response.json()["tags"]) == (str(agent.user_id), ["billing"])


def test_null_takes_the_assignee_off(api, ticket, agent):
    api.patch(f"tickets/{ticket.pk}", {"assigneeId": str(agent.user_id)})

    assert api.patch(f"tickets/{ticket.pk}", {"assigneeId": None}).json()["assignee"] is None


def test_only_what_changed_is_an_event(ticket, actor, agent):
    same = Changes(subject=ticket.subject, priority=Priority.NORMAL, tags=[], ccs=[], assignee_id=None)
    assert update_ticket(ticket, changes=same, actor=actor).version == 1

    update_ticket(ticket, changes=Changes(priority=Priority.LOW, assignee_id=agent.user_id), actor=actor)

    assert kinds(ticket) == ["ticket.assigned", "ticket.priority_changed"]


def test_an_event_tells_before_and_after(ticket, actor):
    update_ticket(ticket, changes=Changes(subject="Lamp explodes"), actor=actor)

    event = TicketEvent.objects.get(kind="ticket.subject_changed")
    assert event.data == {"before": "Broken lamp", "after": "Lamp explodes"}


def test_a_tag_keeps_the_spelling_it_was_first_given(ticket, actor):
    update_ticket(ticket, changes=Changes(tags=["Billing"]), actor=actor)
    again = update_ticket(ticket, changes=Changes(tags=["BILLING", "new"]), actor=actor)

    assert again.tags == ["Billing", "new"]
    assert sorted(TicketTag.objects.values_list("key", flat=True)) == ["billing", "new"]


def test_tags_are_the_whole_list(ticket, actor):
    update_ticket(ticket, changes=Changes(tags=["a", "b"]), actor=actor)

    assert update_ticket(ticket, changes=Changes(tags=["b", "c"]), actor=actor).tags == ["b", "c"]
    assert sorted(TicketTag.objects.values_list("key", flat=True)) == ["b", "c"]


def test_the_requester_can_be_changed_and_removed(ticket, actor):
    changed = update_ticket(ticket, changes=Changes(requester=Person("new@shop.example", "New")), actor=actor)
    assert changed.requester.email == "new@shop.example"

    assert update_ticket(ticket, changes=Changes(requester=None), actor=actor).requester is None
    assert kinds(ticket) == ["ticket.requester_changed"] * 2


def test_another_name_for_the_requester_shows_in_a_new_version(api, ticket, contact):
    response = api.patch(f"tickets/{ticket.pk}", {"requester": {"email": contact.email, "name": "Carla C."}})

    assert response.json()["requester"]["name"] == "Carla C."
    assert response.json()["version"] == 2


def test_the_status_changes_elsewhere(api, ticket, problem):
    document = problem(api.patch(f"tickets/{ticket.pk}", {"status": "closed"}), 400, "invalid")

    (error,) = document["errors"]
    assert (error["pointer"], error["code"]) == ("/status", "use_status_endpoint")
    assert "/status" in error["detail"]


def test_an_empty_change_is_no_change(api, ticket):
    assert api.patch(f"tickets/{ticket.pk}", {}).json()["version"] == 1
    assert Changes() == Changes(priority=UNSET)


def test_a_stale_version_is_refused(ticket, actor):
    update_ticket(ticket, changes=Changes(priority=Priority.HIGH), actor=actor, if_version=1)

    with pytest.raises(VersionMismatch):
        update_ticket(ticket, changes=Changes(priority=Priority.LOW), actor=actor, if_version=1)


def test_whoever_leaves_or_becomes_a_viewer_loses_their_active_tickets(workspace, ticket, actor):
    for leave in (
        lambda m: remove_member(m, actor=operator()),
        lambda m: change_role(m, role=Role.VIEWER, actor=operator()),
    ):
        leaver = MembershipFactory(workspace=workspace)
        update_ticket(ticket, changes=Changes(assignee_id=leaver.user_id), actor=actor)

        leave(leaver)

        ticket.refresh_from_db()
        assert ticket.assignee_id is None
        event = TicketEvent.objects.filter(ticket=ticket, kind="ticket.assigned").last()
        assert event.data == {"before": str(leaver.user_id), "after": None}


def test_whoever_leaves_many_tickets_leaves_in_a_few_statements(workspace, actor, django_assert_max_num_queries):
    leaver = MembershipFactory(workspace=workspace)
    TicketFactory.create_batch(30, workspace=workspace, assignee_id=leaver.user_id)

    with django_assert_max_num_queries(20):
        remove_member(leaver, actor=operator())

    assert not Ticket.objects.filter(assignee_id=leaver.user_id).exists()
    assert TicketEvent.objects.filter(kind="ticket.assigned").count() == 30


def test_a_ticket_with_too_many_tags_from_merges_can_lose_them_one_by_one(workspace, actor):
    first, second = (
        TicketFactory(workspace=workspace, tags=[f"{half}{number}" for number in range(50)]) for half in "ab"
    )
    merge_tickets(first, second, actor=actor)
    second.refresh_from_db()
    assert len(second.tags) == 100

    assert len(update_ticket(second, changes=Changes(tags=second.tags[1:]), actor=actor).tags) == 99
