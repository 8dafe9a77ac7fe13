import datetime as dt
import json

import pytest

from inboxops import clock
from workspaces.api.authentication import find_credentials
from workspaces.models import ApiToken
from workspaces.tests.command_line import parsed, refused, run

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


def create(membership, *more, scope="read"):
    return run("create_token", "--workspace", "acme", "--user", membership.user.email, "--scope", scope, *more)


def test_standard_output_is_the_token_alone(agent):
    done = create(agent, "--label", "CRM", scope="write")
    credentials = find_credentials(done.stdout.strip())
    assert credentials is not None
    assert (credentials.token.user, credentials.token.scope, credentials.token.label) == (agent.user, "write", "CRM")
    assert "cannot be shown again" in done.stderr


def test_json_is_one_line_with_the_token(agent, workspace):
    done = create(agent, "--json")
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert find_credentials(answer["token"]) is not None
    assert (answer["workspaceSlug"], answer["workspaceId"]) == ("acme", str(workspace.pk))
    assert answer["prefix"] == answer["token"][:14]
    assert answer["expiresAt"] is None


def test_the_member_is_found_however_the_address_is_spelled(agent):
    run("create_token", "--workspace", "acme", "--user", agent.user.email.upper(), "--scope", "read")
    assert ApiToken.objects.get().user == agent.user


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("90d", dt.datetime(2026, 7, 30, 12, tzinfo=dt.UTC)),
        ("2w", dt.datetime(2026, 5, 15, 12, tzinfo=dt.UTC)),
        ("12h", dt.datetime(2026, 5, 2, tzinfo=dt.UTC)),
        ("30m", dt.datetime(2026, 5, 1, 12, 30, tzinfo=dt.UTC)),
        ("2027-01-31", dt.datetime(2027, 1, 31, tzinfo=dt.UTC)),
        ("2027-01-31T09:30:00", dt.datetime(2027, 1, 31, 9, 30, tzinfo=dt.UTC)),
        ("2027-01-31T09:30:00+02:00", dt.datetime(2027, 1, 31, 7, 30, tzinfo=dt.UTC)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_expiry_is_a_moment_or_a_duration(agent, text, ends):
    with clock.at(NOW):
        create(agent, "--expires", text)
    assert ApiToken.objects.get().expires_at == ends


@pytest.mark.parametrize("text", ["soon", "0d", "-3d", "90", "1y", "999999w", "2027-13-01", ""])
def test_an_expiry_that_cannot_be_understood_is_a_usage_error(text):
    arguments = ["--workspace", "acme", "--user", "a@acme.example", "--scope", "read", f"--expires={text}"]
    assert parsed("create_token", *arguments) == 2


def test_an_expiry_in_the_past_is_refused(agent):
    words = refused(
        *("create_token", "--workspace", "acme", "--user", agent.user.email, "--scope", "read"),
        *("--expires", "2020-01-01"),
    )
    assert "future" in words
    assert not ApiToken.objects.exists()


def test_a_scope_beyond_the_role_is_refused(viewer):
    words = refused("create_token", "--workspace", "acme", "--user", viewer.user.email, "--scope", "write")
    assert "viewer" in words


def test_somebody_who_is_no_member_is_refused(workspace, outsider):
    words = refused("create_token", "--workspace", "acme", "--user", outsider.user.email, "--scope", "read")
    assert "not a member of acme" in words


def test_an_overlong_label_is_refused(agent):
    words = refused(
        *("create_token", "--workspace", "acme", "--user", agent.user.email, "--scope", "read"),
        *("--label", "x" * 101),
    )
    assert words.startswith("label: ")


def test_every_run_makes_another_token(agent):
    assert create(agent).stdout != create(agent).stdout
    assert ApiToken.objects.filter(revoked_at=None).count() == 2
