import json

import pytest

from accounts.actors import operator
from workspaces.actions import create_token
from workspaces.api.authentication import find_credentials
from workspaces.models import Scope, WorkspaceEvent
from workspaces.tests.command_line import refused, run


@pytest.fixture
def token(agent):
    row, row.secret = create_token(agent, scope=Scope.READ, actor=operator())
    return row


@pytest.mark.parametrize(
    "name_of",
    [
        lambda token: f"iox_{token.prefix}",
        lambda token: token.prefix,
        lambda token: str(token.pk),
        lambda token: token.secret,
    ],
    ids=["prefix", "bare prefix", "id", "whole token"],
)
def test_a_token_ends_by_whatever_names_it(token, name_of):
    done = run("revoke_token", name_of(token))
    assert done.stdout == f"iox_{token.prefix} is revoked\n"
    assert find_credentials(token.secret) is None


def test_other_tokens_go_on(token, agent):
    _, other = create_token(agent, scope=Scope.READ, actor=operator())
    run("revoke_token", token.prefix)
    assert find_credentials(other) is not None


def test_revoking_twice_changes_nothing(token):
    first = json.loads(run("revoke_token", token.prefix, "--json").stdout)
    second = json.loads(run("revoke_token", token.prefix, "--json").stdout)
    assert first == second
    assert first["revokedAt"] is not None
    assert WorkspaceEvent.objects.filter(kind="token.revoked").count() == 1


def test_an_unknown_token_is_refused_without_repeating_it(token):
    wrong = token.secret[:-1] + "-"
    assert wrong not in refused("revoke_token", wrong)
    assert find_credentials(token.secret) is not None
