import pytest

from accounts.actors import operator
from inboxops.errors import Forbidden, NotFound
from inboxops.tests.factories import UserFactory
from workspaces.actions import add_member
from workspaces.errors import AlreadyMember
from workspaces.models import Membership, Role, WorkspaceEvent
from workspaces.permissions import member_actor


@pytest.mark.parametrize("role", Role)
def test_a_user_becomes_a_member_with_a_role(workspace, workspace_admin, role):
    user = UserFactory()
    made = add_member(workspace, user=user, role=role, actor=member_actor(workspace_admin, "admin"))

    assert (made.workspace, made.user, made.role) == (workspace, user, role)
    event = WorkspaceEvent.objects.filter(kind="member.added").latest("created_at")
    assert event.data == {"userId": str(user.pk), "role": role}


def test_nobody_is_a_member_twice(workspace, agent):
    with pytest.raises(AlreadyMember):
        add_member(workspace, user=agent.user, role=Role.ADMIN, actor=operator())

    agent.refresh_from_db()
    assert agent.role == Role.AGENT


def test_a_member_elsewhere_can_be_one_here(workspace, outsider):
    add_member(workspace, user=outsider.user, role=Role.VIEWER, actor=operator())

    assert Membership.objects.filter(user=outsider.user).count() == 2


def test_an_agent_cannot(workspace, actor):
    with pytest.raises(Forbidden):
        add_member(workspace, user=UserFactory(), role=Role.AGENT, actor=actor)


def test_an_outsider_finds_nothing(workspace, outsider):
    with pytest.raises(NotFound):
        add_member(workspace, user=outsider.user, role=Role.ADMIN, actor=member_actor(outsider, "admin"))
