import json
from threading import Barrier, Thread

import pytest
from django.db import connection

from workspaces.models import Workspace, WorkspaceEvent
from workspaces.tests.command_line import parsed, refused, run


def create(*more, slug="fresh", name="Fresh & Co"):
    return run("create_workspace", "--slug", slug, "--name", name, *more)


def test_a_workspace_is_created_by_the_operator(db):
    done = create()
    workspace = Workspace.objects.get(slug="fresh")
    assert done.stdout == f"fresh {workspace.pk}\n"
    assert workspace.name == "Fresh & Co"
    event = WorkspaceEvent.objects.get(workspace=workspace)
    assert (event.kind, event.door) == ("workspace.created", "command")


def test_json_is_one_line(db):
    done = create("--json")
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert answer["id"] == str(Workspace.objects.get(slug="fresh").pk)
    assert (answer["slug"], answer["name"], answer["created"]) == ("fresh", "Fresh & Co", True)


def test_repeating_it_changes_nothing(db):
    first = json.loads(create("--json").stdout)
    second = json.loads(create("--json").stdout)
    assert second == {**first, "created": False}
    assert "was there already" in create().stdout
    assert WorkspaceEvent.objects.count() == 1


def test_a_slug_with_another_name_is_refused(workspace):
    assert "Acme Support" in refused("create_workspace", "--slug", "acme", "--name", "Somebody else")
    assert Workspace.objects.get().name == "Acme Support"


@pytest.mark.parametrize("slug", ["Upper", "a b", "a-", "current", "a" * 64, ""])
def test_a_malformed_slug_is_refused_in_words(slug, db):
    assert refused("create_workspace", "--slug", slug, "--name", "X").startswith("slug: ")
    assert not Workspace.objects.exists()


def test_a_missing_name_is_a_usage_error():
    assert parsed("create_workspace", "--slug", "fresh") == 2


@pytest.mark.parametrize(
    "command", ["create_workspace", "create_user", "create_token", "list_tokens", "revoke_token", "quickstart"]
)
def test_help_teaches_with_examples_and_exit_codes(command, capsys):
    assert parsed(command, "--help") == 0
    text = capsys.readouterr().out
    assert f"manage.py {command}" in text.partition("examples:")[2]
    assert "exit codes: 0 done, 1 refused, 2 called wrongly" in text


@pytest.mark.django_db(transaction=True)
def test_two_machines_at_once_make_one_workspace():
    start, results = Barrier(2), []

    def machine():
        try:
            start.wait(10)
            results.append(json.loads(create("--json").stdout))
        finally:
            connection.close()

    threads = [Thread(target=machine) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2
    assert sorted(result["created"] for result in results) == [False, True]
    assert Workspace.objects.count() == 1
