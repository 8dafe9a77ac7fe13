import pytest

from accounts.actors import operator
from inboxops.errors import Forbidden, Invalid, NotFound
from workspaces.actions import create_mailbox
from workspaces.errors import MailboxTaken
from workspaces.models import Mailbox, WorkspaceEvent
from workspaces.permissions import member_actor


def test_the_first_mailbox_is_the_default_and_a_new_default_replaces_it(workspace):
    first = create_mailbox(workspace, address=" Help@acme.example ", name=" Help ", actor=operator())
    second = create_mailbox(workspace, address="sales@acme.example", actor=operator())
    third = create_mailbox(workspace, address="vip@acme.example", is_default=True, actor=operator())

    assert (first.address, first.name, first.is_default) == ("Help@acme.example", "Help", True)
    assert second.is_default is False
    assert list(Mailbox.objects.filter(is_default=True)) == [third]
    assert WorkspaceEvent.objects.filter(kind="mailbox.created").count() == 3


def test_an_address_is_taken_once_whatever_its_case(workspace):
    create_mailbox(workspace, address="help@acme.example", actor=operator())

    with pytest.raises(MailboxTaken):
        create_mailbox(workspace, address="HELP@Acme.example", actor=operator())


def test_another_workspace_may_have_the_same_address(workspace, outsider):
    create_mailbox(workspace, address="help@acme.example", actor=operator())

    assert create_mailbox(outsider.workspace, address="help@acme.example", actor=operator()).is_default


@pytest.mark.parametrize("address", ["", "help", "help@", "a b@acme.example", "a@b.example, c@d.example", "x" * 255])
def test_what_is_no_address_is_refused(workspace, address):
    with pytest.raises(Invalid):
        create_mailbox(workspace, address=address, actor=operator())


def test_an_agent_cannot(workspace, actor):
    with pytest.raises(Forbidden):
        create_mailbox(workspace, address="help@acme.example", actor=actor)


def test_an_outsider_finds_nothing(workspace, outsider):
    with pytest.raises(NotFound):
        create_mailbox(workspace, address="help@acme.example", actor=member_actor(outsider, "admin"))
