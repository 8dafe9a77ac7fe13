import pytest

from accounts.actors import operator
from inboxops.errors import Forbidden, NotFound
from inboxops.tests.factories import TicketFactory
from workspaces.actions import create_token, remove_member, revoke_token
from workspaces.errors import LastAdmin
from workspaces.models import ApiToken, Membership, Scope, WorkspaceEvent
from workspaces.permissions import member_actor


def test_the_tokens_end_in_the_same_step(agent):
    tokens = [create_token(agent, scope=Scope.READ, actor=operator())[0] for _ in range(2)]
    revoke_token(tokens[0], actor=operator())

    remove_member(agent, actor=operator())

    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert WorkspaceEvent.objects.filter(kind="token.revoked").count() == 2
    event = WorkspaceEvent.objects.get(kind="member.removed")
    assert event.data == {"userId": str(agent.user_id), "role": "agent"}


def test_the_last_admin_stays(workspace_admin):
    with pytest.raises(LastAdmin):
        remove_member(workspace_admin, actor=operator())

    assert Membership.objects.filter(pk=workspace_admin.pk).exists()


def test_a_failure_half_way_leaves_everything_as_it_was(workspace, agent, monkeypatch):
    ticket = TicketFactory(workspace=workspace, assignee_id=agent.user_id)
    token, _ = create_token(agent, scope=Scope.READ, actor=operator())

    def break_down(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("workspaces.actions.Membership.delete", break_down)
    with pytest.raises(RuntimeError):
        remove_member(agent, actor=operator())

    ticket.refresh_from_db()
    token.refresh_from_db()
    assert (ticket.assignee_id, token.revoked_at) == (agent.user_id, None)
    assert not WorkspaceEvent.objects.filter(kind="member.removed").exists()


def test_a_membership_that_ended_meanwhile_is_not_found(agent):
    stale = Membership.objects.get(pk=agent.pk)
    remove_member(agent, actor=operator())

    with pytest.raises(NotFound):
        remove_member(stale, actor=operator())


def test_an_agent_cannot(viewer, actor):
    with pytest.raises(Forbidden):
        remove_member(viewer, actor=actor)


def test_an_outsider_finds_nothing(agent, outsider):
    with pytest.raises(NotFound):
        remove_member(agent, actor=member_actor(outsider, "admin"))
