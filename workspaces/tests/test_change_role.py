import pytest

from accounts.actors import operator
from inboxops.errors import Forbidden, NotFound
from inboxops.tests.factories import MembershipFactory, TicketFactory
from workspaces.actions import change_role
from workspaces.errors import LastAdmin
from workspaces.models import Membership, Role, WorkspaceEvent
from workspaces.permissions import member_actor


@pytest.mark.parametrize(("role", "kept"), [(Role.ADMIN, True), (Role.VIEWER, False)])
def test_only_who_becomes_a_viewer_loses_their_tickets(workspace, agent, role, kept):
    ticket = TicketFactory(workspace=workspace, assignee_id=agent.user_id)

    change_role(agent, role=role, actor=operator())

    ticket.refresh_from_db()
    assert (ticket.assignee_id == agent.user_id) is kept


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_the_last_admin_is_not_demoted(workspace_admin, role):
    with pytest.raises(LastAdmin):
        change_role(workspace_admin, role=role, actor=operator())

    assert not WorkspaceEvent.objects.filter(kind="member.role_changed").exists()


def test_one_of_two_admins_is(workspace, workspace_admin):
    MembershipFactory(workspace=workspace, role=Role.ADMIN)

    assert change_role(workspace_admin, role=Role.VIEWER, actor=operator()).role == Role.VIEWER


def test_what_counts_is_the_role_stored_and_not_the_one_in_hand(workspace_admin):
    stale = Membership.objects.get(pk=workspace_admin.pk)
    stale.role = Role.AGENT

    with pytest.raises(LastAdmin):
        change_role(stale, role=Role.VIEWER, actor=operator())


def test_a_membership_that_ended_meanwhile_is_not_found(agent):
    stale = Membership.objects.get(pk=agent.pk)
    agent.delete()

    with pytest.raises(NotFound):
        change_role(stale, role=Role.ADMIN, actor=operator())


def test_an_agent_cannot_promote_themselves(agent, actor):
    with pytest.raises(Forbidden):
        change_role(agent, role=Role.ADMIN, actor=actor)


def test_an_outsider_finds_nothing(agent, outsider):
    with pytest.raises(NotFound):
        change_role(agent, role=Role.VIEWER, actor=member_actor(outsider, "admin"))
