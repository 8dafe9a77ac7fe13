import datetime as dt
import json

import pytest

from accounts.actors import operator
from inboxops import clock
from workspaces.actions import create_token, revoke_token
from workspaces.models import Scope
from workspaces.tests.command_line import refused, run

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def tokens(agent, outsider):
    """Ours: one that works, one that is revoked, one that has expired. Theirs: one."""
    with clock.at(NOW - dt.timedelta(days=10)):
        active, _ = create_token(agent, scope=Scope.WRITE, label="CRM", actor=operator())
        revoked, _ = create_token(agent, scope=Scope.READ, actor=operator())
        ends = NOW - dt.timedelta(days=1)
        expired, _ = create_token(agent, scope=Scope.READ, expires_at=ends, actor=operator())
        theirs, _ = create_token(outsider, scope=Scope.ADMIN, actor=operator())
        revoke_token(revoked, actor=operator())
    return active, revoked, expired, theirs


def test_each_token_has_a_line_with_its_state(tokens):
    with clock.at(NOW):
        lines = run("list_tokens").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        [f"iox_{token.prefix}", state, token.scope]
        for token, state in zip(tokens, ["active", "revoked", "expired", "active"], strict=True)
    ]
    assert lines[0].endswith("CRM")
    assert "2026-04-30T12:00Z" in lines[2]


def test_a_workspace_narrows_the_list(tokens):
    lines = run("list_tokens", "--workspace", "rival").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [f"iox_{tokens[3].prefix}"]


def test_json_is_one_array_on_one_line(tokens):
    with clock.at(NOW):
        done = run("list_tokens", "--workspace", "acme", "--json")
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert [row["state"] for row in answer] == ["active", "revoked", "expired"]
    assert {row["workspaceSlug"] for row in answer} == {"acme"}


def test_no_secret_and_no_digest_is_shown(tokens):
    shown = run("list_tokens").stdout + run("list_tokens", "--json").stdout
    assert tokens[0].digest not in shown
    assert "digest" not in shown


def test_no_tokens_are_an_empty_list(workspace):
    assert run("list_tokens").stdout == ""
    assert json.loads(run("list_tokens", "--json").stdout) == []


def test_an_unknown_workspace_is_refused(db):
    assert "'nowhere'" in refused("list_tokens", "--workspace", "nowhere")
