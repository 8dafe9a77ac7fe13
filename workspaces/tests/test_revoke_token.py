import pytest

from accounts.actors import operator
from inboxops.errors import Forbidden, NotFound
from workspaces.actions import create_token, revoke_token
from workspaces.api.authentication import find_credentials
from workspaces.models import Scope, WorkspaceEvent
from workspaces.permissions import member_actor


@pytest.fixture
def made(agent):
    return create_token(agent, scope=Scope.READ, actor=operator())


def test_a_revoked_token_stands_for_nobody(made):
    row, secret = made
    assert find_credentials(secret).token.pk == row.pk

    revoke_token(row, actor=operator())

    assert find_credentials(secret) is None


def test_twice_is_once(made):
    first = revoke_token(made[0], actor=operator()).revoked_at
    second = revoke_token(made[0], actor=operator()).revoked_at

    assert first == second
    assert WorkspaceEvent.objects.filter(kind="token.revoked").count() == 1


def test_an_agent_cannot_revoke_even_their_own(made, actor):
    with pytest.raises(Forbidden):
        revoke_token(made[0], actor=actor)


def test_an_outsider_finds_nothing(made, outsider):
    with pytest.raises(NotFound):
        revoke_token(made[0], actor=member_actor(outsider, "admin"))
