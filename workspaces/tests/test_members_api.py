"""Members: who they are, which role they have, and how a membership ends."""

import uuid

import pytest

from accounts.actors import operator
from accounts.models import User
from inboxops.tests.factories import MembershipFactory, TicketFactory
from tickets.actions import append_message, transition_ticket
from tickets.models import TicketEvent
from tickets.workflow import Status
from workspaces.models import ApiToken, Membership, Role, WorkspaceEvent


@pytest.fixture
def url(agent):
    return f"members/{agent.user_id}"


def test_the_members_are_a_bare_array_in_the_order_in_which_they_joined(api, workspace_admin, agent, viewer):
    response = api.get("members")

    assert [member["role"] for member in response.json()] == [
        membership.role for membership in Membership.objects.order_by("created_at", "id")
    ]
    assert {
        "id": str(agent.user_id),
        "email": "agent@acme.example",
        "name": agent.user.name,
        "role": "agent",
    } in response.json()


def test_a_member_is_known_by_the_id_of_the_user(api, agent, ticket):
    """The id in this list is the one that a ticket takes as its assignee."""
    [me] = api.get("members").json()

    assert api.patch(f"tickets/{ticket.pk}", {"assigneeId": me["id"]}).json()["assigneeId"] == str(agent.user_id)


def test_nothing_is_told_of_a_user_who_is_no_member(admin_api, outsider, problem):
    assert all(member["email"] != outsider.user.email for member in admin_api.get("members").json())
    nobody = problem(admin_api.patch(f"members/{uuid.uuid4()}", {"role": "agent"}), 404, "not_found")
    stranger = problem(admin_api.patch(f"members/{outsider.user_id}", {"role": "agent"}), 404, "not_found")

    assert {**nobody, "requestId": ""} == {**stranger, "requestId": ""}


def test_a_membership_has_no_id_of_its_own_in_the_api(admin_api, agent, problem):
    problem(admin_api.patch(f"members/{agent.pk}", {"role": "viewer"}), 404, "not_found")


# Roles


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_an_admin_changes_a_role(admin_api, agent, url, role):
    response = admin_api.patch(url, {"role": role})

    assert response.status_code == 200
    assert (response.json()["id"], response.json()["role"]) == (str(agent.user_id), role)
    agent.refresh_from_db()
    assert agent.role == role
    assert WorkspaceEvent.objects.get(kind="member.role_changed").data == {
        "userId": str(agent.user_id),
        "before": "agent",
        "after": role,
    }


def test_the_same_role_again_changes_nothing(admin_api, url):
    assert admin_api.patch(url, {"role": "agent"}).status_code == 200
    assert not WorkspaceEvent.objects.filter(kind="member.role_changed").exists()


@pytest.mark.parametrize("field", ["name", "email", "password", "is_staff", "isActive", "id", "userId"])
def test_an_admin_changes_nothing_of_the_person(admin_api, agent, url, problem, field):
    before = User.objects.filter(pk=agent.user_id).values().get()

    document = problem(admin_api.patch(url, {"role": "viewer", field: "x"}), 400, "invalid")

    assert document["errors"][0]["pointer"] == f"/{field}"
    assert User.objects.filter(pk=agent.user_id).values().get() == before
    agent.refresh_from_db()
    assert agent.role == Role.AGENT


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "required"),
        ({"role": None}, "null"),
        ({"role": "owner"}, "unknown_choice"),
        ({"role": 1}, "unknown_choice"),
    ],
)
def test_a_role_that_is_none_is_refused(admin_api, url, problem, sent, code):
    [error] = problem(admin_api.patch(url, sent), 400, "invalid")["errors"]

    assert (error["pointer"], error["code"]) == ("/role", code)


def test_who_becomes_a_viewer_loses_the_tickets_that_are_not_closed(admin_api, api, agent, url):
    active, closed = _assigned_tickets(agent)

    admin_api.patch(url, {"role": "viewer"})

    _released(active, closed, agent, admin_api)
    assert api.get("tickets").status_code == 200


# Leaving


def test_a_member_who_is_removed_is_gone_and_what_they_wrote_stays(admin_api, agent, actor, ticket, url):
    message = append_message(ticket, body="My last words.", actor=actor)

    response = admin_api.delete(url)

    assert (response.status_code, response.content) == (204, b"")
    assert not Membership.objects.filter(pk=agent.pk).exists()
    shown = admin_api.get(f"tickets/{ticket.pk}").json()["messages"][-1]
    assert (shown["id"], shown["author"]["email"]) == (str(message.pk), "agent@acme.example")
    assert User.objects.get(pk=agent.user_id).is_active


def test_the_tokens_of_a_removed_member_end_at_once(admin_api, api, agent, url, problem):
    assert api.get("tickets").status_code == 200
    admin_api.delete(url)

    problem(api.get("tickets"), 401, "invalid_token")
    assert ApiToken.objects.get(pk=api.row.pk).revoked_at is not None
    kinds = list(WorkspaceEvent.objects.filter(door="api").order_by("created_at", "id").values_list("kind", flat=True))
    assert sorted(kinds) == ["member.removed", "token.revoked"]


def test_a_member_who_comes_back_finds_the_old_tokens_ended(admin_api, api, workspace, agent, url, problem):
    admin_api.delete(url)
    MembershipFactory._create(Membership, workspace=workspace, user=agent.user, role=Role.AGENT)

    problem(api.get("tickets"), 401, "invalid_token")


def test_the_tickets_of_a_removed_member_are_released_with_events(admin_api, agent, url):
    active, closed = _assigned_tickets(agent)

    admin_api.delete(url)

    _released(active, closed, agent, admin_api)


def test_the_memberships_of_a_user_elsewhere_are_not_touched(admin_api, agent, url, outsider, api_of):
    elsewhere = MembershipFactory._create(Membership, workspace=outsider.workspace, user=agent.user, role=Role.AGENT)
    there = api_of(elsewhere)
    TicketFactory(workspace=outsider.workspace, assignee_id=agent.user_id)

    admin_api.delete(url)

    assert len(there.get("tickets", {"assignee": "me"}).json()) == 1


def test_removing_twice_finds_nobody(admin_api, url, problem):
    admin_api.delete(url)

    problem(admin_api.delete(url), 404, "not_found")


# The last admin


@pytest.mark.parametrize("change", ["demote to agent", "demote to viewer", "remove"])
def test_the_last_admin_stays_one(admin_api, workspace_admin, api, problem, change):
    url = f"members/{workspace_admin.user_id}"

    if change == "remove":
        problem(admin_api.delete(url), 409, "last_admin")
    else:
        problem(admin_api.patch(url, {"role": change.rpartition(" ")[2]}), 409, "last_admin")

    assert admin_api.patch(url, {"role": "admin"}).status_code == 200
    assert Membership.objects.get(pk=workspace_admin.pk).role == Role.ADMIN


def test_an_admin_who_cannot_log_in_does_not_count(admin_api, workspace, workspace_admin, problem):
    sleeper = MembershipFactory(workspace=workspace, role=Role.ADMIN)
    User.objects.filter(pk=sleeper.user_id).update(is_active=False)

    problem(admin_api.delete(f"members/{workspace_admin.user_id}"), 409, "last_admin")


def test_one_of_two_admins_may_leave(admin_api, workspace, workspace_admin, problem):
    MembershipFactory(workspace=workspace, role=Role.ADMIN)

    assert admin_api.delete(f"members/{workspace_admin.user_id}").status_code == 204
    problem(admin_api.get("members"), 401, "invalid_token")


def test_an_admin_of_another_workspace_does_not_count(admin_api, workspace_admin, outsider, problem):
    MembershipFactory._create(Membership, workspace=outsider.workspace, user=workspace_admin.user, role=Role.ADMIN)

    problem(admin_api.delete(f"members/{workspace_admin.user_id}"), 409, "last_admin")


def _assigned_tickets(agent):
    """Tickets of the agent: an open, a pending and an archived one, and a closed one."""
    made = [TicketFactory(workspace=agent.workspace, assignee_id=agent.user_id) for _ in range(4)]
    transition_ticket(made[1], to=Status.PENDING, actor=operator())
    transition_ticket(made[3], to=Status.CLOSED, actor=operator())
    return made[:3], made[3]


def _released(active, closed, agent, admin_api):
    """Assert that the active ones have no assignee now, by an event of this admin, and the closed one kept theirs."""
    for ticket in active:
        ticket.refresh_from_db()
        assert ticket.assignee_id is None
        event = TicketEvent.objects.get(ticket=ticket, kind="ticket.assigned")
        assert event.data == {"before": str(agent.user_id), "after": None}
        assert (event.actor_id, event.door) == (admin_api.membership.user_id, "api")
    closed.refresh_from_db()
    assert closed.assignee_id == agent.user_id
