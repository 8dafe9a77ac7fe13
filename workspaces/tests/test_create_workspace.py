import pytest

from accounts.actors import operator
from inboxops.errors import Invalid
from workspaces.actions import create_workspace
from workspaces.errors import SlugTaken
from workspaces.models import Membership, Workspace, WorkspaceEvent

pytestmark = pytest.mark.django_db


def test_a_new_workspace_is_empty_and_has_an_event():
    made = create_workspace(slug=" ws-123 ", name=" Acme ", actor=operator())

    assert (made.slug, made.name) == ("ws-123", "Acme")
    assert not Membership.objects.filter(workspace=made).exists()
    event = WorkspaceEvent.objects.get(workspace=made)
    assert (event.kind, event.data) == ("workspace.created", {"slug": "ws-123", "name": "Acme"})
    assert (event.door, event.actor_label) == ("command", "command line")


@pytest.mark.parametrize("slug", ["a", "7", "a-b", "x" * 63, "currently", "a--b"])
def test_a_slug_is_small_letters_digits_and_inner_hyphens(slug):
    assert create_workspace(slug=slug, name="Acme", actor=operator()).slug == slug


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a b", "a_b", "ä", "a/b", "x" * 64, "a.b"])
def test_any_other_slug_is_refused(slug):
    with pytest.raises(Invalid) as refused:
        create_workspace(slug=slug, name="Acme", actor=operator())

    assert [error.pointer for error in refused.value.errors] == ["/slug"]


@pytest.mark.parametrize("slug", ["current", "01999999-9999-7999-8999-999999999999", "0" * 32])
def test_a_slug_cannot_be_taken_for_an_id_or_for_current(slug):
    with pytest.raises(Invalid):
        create_workspace(slug=slug, name="Acme", actor=operator())


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_is_needed_and_bounded(name):
    with pytest.raises(Invalid) as refused:
        create_workspace(slug="acme", name=name, actor=operator())

    assert [error.pointer for error in refused.value.errors] == ["/name"]


def test_a_slug_is_taken_once(workspace):
    with pytest.raises(SlugTaken):
        create_workspace(slug=workspace.slug, name="Another", actor=operator())

    assert Workspace.objects.count() == 1
