import datetime as dt

import pytest

from accounts.actors import operator
from inboxops import clock
from inboxops.errors import Forbidden, Invalid, NotFound
from workspaces import tokens
from workspaces.actions import create_token
from workspaces.models import ApiToken, Role, Scope, WorkspaceEvent
from workspaces.permissions import member_actor


def test_the_row_and_the_secret_belong_together(agent):
    row, secret = create_token(agent, scope=Scope.WRITE, label=" CI ", actor=operator())

    assert (row.workspace_id, row.user_id, row.scope, row.label) == (agent.workspace_id, agent.user_id, "write", "CI")
    assert tokens.prefix_of(secret) == row.prefix
    assert tokens.matches(secret, row.digest)
    assert WorkspaceEvent.objects.get(kind="token.created").data["tokenId"] == str(row.pk)


@pytest.mark.parametrize("member", ["viewer", "agent", "workspace_admin"])
@pytest.mark.parametrize("scope", Scope)
def test_a_scope_reaches_as_far_as_the_role(request, member, scope):
    membership = request.getfixturevalue(member)
    if scope.access <= Role(membership.role).access:
        assert create_token(membership, scope=scope, actor=operator())[0].scope == scope
    else:
        with pytest.raises(Invalid) as refused:
            create_token(membership, scope=scope, actor=operator())
        assert refused.value.code == "scope_exceeds_role"
        assert not ApiToken.objects.exists()


@pytest.mark.parametrize("seconds", [-1, 0])
def test_an_expiry_that_has_come_is_refused(agent, seconds):
    with clock.at(clock.now()), pytest.raises(Invalid):
        create_token(agent, scope=Scope.READ, expires_at=clock.now() + dt.timedelta(seconds=seconds), actor=operator())


def test_an_agent_cannot(agent, actor):
    with pytest.raises(Forbidden):
        create_token(agent, scope=Scope.READ, actor=actor)


def test_an_outsider_finds_nothing(agent, outsider):
    with pytest.raises(NotFound):
        create_token(agent, scope=Scope.READ, actor=member_actor(outsider, "admin"))
