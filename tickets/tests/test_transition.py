import pytest

from accounts.actors import operator
from inboxops.tests.factories import MembershipFactory
from tickets.actions import Changes, transition_ticket, update_ticket
from tickets.errors import TransitionNotAllowed
from tickets.models import TicketEvent
from tickets.workflow import TRANSITIONS, Status
from workspaces.actions import remove_member


def bring_to(ticket, status, actor):
    if status != Status.OPEN:
        transition_ticket(ticket, to=status, actor=actor)


@pytest.mark.parametrize("start", Status)
@pytest.mark.parametrize("to", Status)
def test_only_the_moves_of_the_workflow_are_made(ticket, actor, start, to):
    bring_to(ticket, start, actor)

    if to == start or to in TRANSITIONS[start]:
        assert transition_ticket(ticket, to=to, actor=actor).status == to
    else:
        with pytest.raises(TransitionNotAllowed):
            transition_ticket(ticket, to=to, actor=actor)


def test_the_contract_example_closes(api, ticket):
    response = api.post(f"tickets/{ticket.pk}/status", {"toStatus": "closed"})

    assert response.status_code == 200
    assert response.json()["status"] == "closed"
    assert response.json()["closedAt"] is not None
    assert response.json()["allowedTransitions"] == ["open"]


def test_reopening_forgets_when_it_was_closed(api, ticket):
    api.post(f"tickets/{ticket.pk}/status", {"toStatus": "closed"})

    assert api.post(f"tickets/{ticket.pk}/status", {"toStatus": "open"}).json()["closedAt"] is None


def test_the_reason_is_kept(api, ticket):
    api.post(f"tickets/{ticket.pk}/status", {"toStatus": "closed", "reason": "Solved by phone."})

    event = TicketEvent.objects.get(kind="ticket.status_changed")
    assert event.data == {"before": "open", "after": "closed", "reason": "Solved by phone."}


def test_the_same_status_again_records_nothing(api, ticket):
    response = api.post(f"tickets/{ticket.pk}/status", {"toStatus": "open"})

    assert (response.status_code, response.json()["version"]) == (200, 1)
    assert not TicketEvent.objects.filter(kind="ticket.status_changed").exists()


def test_a_move_that_is_not_allowed_names_those_that_are(api, ticket, problem):
    api.post(f"tickets/{ticket.pk}/status", {"toStatus": "closed"})

    document = problem(api.post(f"tickets/{ticket.pk}/status", {"toStatus": "pending"}), 409, "transition_not_allowed")
    assert (document["currentStatus"], document["allowedTransitions"]) == ("closed", ["open"])


def test_an_unknown_status_is_bad_input(api, ticket, problem):
    document = problem(api.post(f"tickets/{ticket.pk}/status", {"toStatus": "solved"}), 400, "invalid")

    assert document["errors"][0]["pointer"] == "/toStatus"


def test_reopening_leaves_nobody_assigned_who_is_gone(workspace, ticket, actor):
    leaver = MembershipFactory(workspace=workspace)
    update_ticket(ticket, changes=Changes(assignee_id=leaver.user_id), actor=actor)
    transition_ticket(ticket, to=Status.CLOSED, actor=actor)
    remove_member(leaver, actor=operator())
    ticket.refresh_from_db()
    assert ticket.assignee_id == leaver.user_id

    assert transition_ticket(ticket, to=Status.OPEN, actor=actor).assignee_id is None
