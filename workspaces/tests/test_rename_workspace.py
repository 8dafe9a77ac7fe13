import pytest

from inboxops.errors import Forbidden, NotFound
from workspaces.actions import rename_workspace
from workspaces.models import WorkspaceEvent
from workspaces.permissions import member_actor


@pytest.fixture
def admin(workspace_admin):
    return member_actor(workspace_admin, "admin")


def test_the_name_changes_and_the_event_says_from_what(workspace, admin, workspace_admin):
    assert rename_workspace(workspace, name=" Acme Help ", actor=admin).name == "Acme Help"

    event = WorkspaceEvent.objects.get(kind="workspace.renamed")
    assert event.data == {"before": "Acme Support", "after": "Acme Help"}
    assert event.actor_id == workspace_admin.user_id


def test_the_same_name_is_no_event(workspace, admin):
    rename_workspace(workspace, name=workspace.name, actor=admin)

    assert not WorkspaceEvent.objects.filter(kind="workspace.renamed").exists()


def test_an_agent_cannot(workspace, actor):
    with pytest.raises(Forbidden):
        rename_workspace(workspace, name="Mine", actor=actor)


def test_an_outsider_finds_nothing(workspace, outsider):
    with pytest.raises(NotFound):
        rename_workspace(workspace, name="Mine", actor=member_actor(outsider, "admin"))
