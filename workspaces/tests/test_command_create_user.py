import json
import sys
from io import StringIO

import pytest

from accounts.models import User
from inboxops import env
from inboxops.checks import misspelt_settings
from inboxops.tests.factories import WorkspaceFactory
from workspaces.models import Membership, Role
from workspaces.tests.command_line import parsed, refused, run

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch):
    monkeypatch.delenv("INBOXOPS_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", StringIO())


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on which these answers are typed, in turn."""

    def typed(*answers):
        waiting = list(answers)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("getpass.getpass", lambda prompt: waiting.pop(0))
        return waiting

    return typed


def create(*more, workspace="acme", email="new@acme.example", role="agent"):
    return run("create_user", "--workspace", workspace, "--email", email, "--role", role, *more)


def test_a_user_is_created_with_a_role(workspace):
    done = create("--name", "Nora New")
    membership = Membership.objects.get(user__email="new@acme.example")
    assert (membership.workspace, membership.role, membership.user.name) == (workspace, "agent", "Nora New")
    assert done.stdout == "new@acme.example is agent of acme\n"


def test_the_workspace_may_be_named_by_its_id(workspace):
    create(workspace=str(workspace.pk))
    assert Membership.objects.get().workspace == workspace


def test_the_password_comes_from_the_environment(workspace, monkeypatch):
    monkeypatch.setenv("INBOXOPS_PASSWORD", PASSWORD)
    create()
    assert User.objects.get().check_password(PASSWORD)


def test_the_variable_is_known_to_the_check_for_misspelt_settings(workspace, monkeypatch):
    monkeypatch.setenv("INBOXOPS_PASSWORD", PASSWORD)
    create()
    assert "INBOXOPS_PASSWORD" in env.KNOWN
    assert not [found for found in misspelt_settings(None) if "INBOXOPS_PASSWORD" in found.msg]


def test_without_terminal_and_variable_the_user_has_no_password(workspace):
    done = create()
    assert not User.objects.get().has_usable_password()
    assert "cannot log in" in done.stderr


def test_the_password_is_asked_for_twice_on_a_terminal(workspace, terminal):
    waiting = terminal(PASSWORD, PASSWORD)
    create()
    assert not waiting
    assert User.objects.get().check_password(PASSWORD)


def test_passwords_that_differ_make_no_user(workspace, terminal):
    terminal(PASSWORD, "something else")
    assert "differ" in refused("create_user", "--workspace", "acme", "--email", "n@acme.example", "--role", "agent")
    assert not User.objects.exists()


def test_an_empty_answer_means_no_password(workspace, terminal):
    terminal("")
    create()
    assert not User.objects.get().has_usable_password()


def test_a_weak_password_is_refused_and_makes_no_user(workspace, monkeypatch):
    monkeypatch.setenv("INBOXOPS_PASSWORD", "12345")
    words = refused("create_user", "--workspace", "acme", "--email", "n@acme.example", "--role", "agent")
    assert words.startswith("password: ")
    assert not User.objects.exists()


def test_a_user_of_another_workspace_becomes_a_member_and_stays_who_they_are(
    workspace, outsider, monkeypatch, terminal
):
    user, name, password = outsider.user, outsider.user.name, outsider.user.password
    monkeypatch.setenv("INBOXOPS_PASSWORD", PASSWORD)
    waiting = terminal("never asked for")
    done = create("--name", "Another Name", email=user.email.upper())
    user.refresh_from_db()
    assert (user.name, user.password, waiting) == (name, password, ["never asked for"])
    assert Membership.objects.get(workspace=workspace).user == user
    assert Membership.objects.get(workspace=outsider.workspace).role == Role.ADMIN
    assert "as they were" in done.stderr


def test_repeating_it_changes_nothing(workspace):
    first = json.loads(create("--json").stdout)
    second = json.loads(create("--json").stdout)
    assert second == {**first, "created": False}
    assert "was already agent of acme" in create().stdout
    assert User.objects.count() == 1


def test_a_member_with_another_role_is_refused_and_keeps_it(viewer):
    words = refused("create_user", "--workspace", "acme", "--email", viewer.user.email, "--role", "admin", "--staff")
    assert "as viewer" in words
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER
    assert not User.objects.get(pk=viewer.user_id).is_staff


def test_staff_may_enter_the_back_office(workspace):
    create("--staff", email="boss@acme.example", role="admin")
    create(email="other@acme.example")
    assert list(User.objects.filter(is_staff=True).values_list("email", flat=True)) == ["boss@acme.example"]


def test_an_existing_user_can_be_made_staff(agent):
    create("--staff", email=agent.user.email)
    assert User.objects.get(pk=agent.user_id).is_staff


def test_an_unknown_workspace_is_refused(db, terminal):
    waiting = terminal(PASSWORD)
    WorkspaceFactory(slug="other")
    assert "'acme'" in refused("create_user", "--workspace", "acme", "--email", "n@acme.example", "--role", "agent")
    assert waiting == [PASSWORD]


def test_a_malformed_address_is_refused_in_words(workspace):
    words = refused("create_user", "--workspace", "acme", "--email", "not an address", "--role", "agent")
    assert words.startswith("email: ")


def test_an_unknown_role_is_a_usage_error():
    assert parsed("create_user", "--workspace", "a", "--email", "n@acme.example", "--role", "boss") == 2
