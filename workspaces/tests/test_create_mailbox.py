import pytest

from accounts.actors import operator
from inboxops.errors import Forbidden, Invalid, NotFound
from workspaces.actions import create_mailbox
from workspaces.errors import MailboxTaken
from workspaces.mailboxes import SmtpServer
from workspaces.models import Mailbox, SmtpSecurity, WorkspaceEvent
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


def test_an_international_domain_is_kept_as_it_travels(workspace):
    mailbox = create_mailbox(workspace, address="Hilfe@Faß.example", actor=operator())

    assert mailbox.address == "Hilfe@xn--fa-hia.example"
    with pytest.raises(MailboxTaken):
        create_mailbox(workspace, address="hilfe@faß.example", actor=operator())


@pytest.mark.parametrize(
    "address",
    [
        *("", "help", "help@", "a b@acme.example", "a@b.example, c@d.example", "x" * 255),
        *('"a b"@acme.example', "a@[127.0.0.1]", "a@" + "ü" * 63 + ".example", f"a@{'ü.' * 60}example"),
    ],
)
def test_what_is_no_address_is_refused(workspace, address):
    with pytest.raises(Invalid):
        create_mailbox(workspace, address=address, actor=operator())


def test_an_agent_cannot(workspace, actor):
    with pytest.raises(Forbidden):
        create_mailbox(workspace, address="help@acme.example", actor=actor)


def test_an_outsider_finds_nothing(workspace, outsider):
    with pytest.raises(NotFound):
        create_mailbox(workspace, address="help@acme.example", actor=member_actor(outsider, "admin"))


@pytest.mark.parametrize(
    ("told", "pointer", "code"),
    [
        ({"name": "x" * 201}, "/name", "too_long"),
        ({"signature": "x" * 10_001}, "/signature", "too_long"),
        ({"rate_per_minute": 0}, "/ratePerMinute", "out_of_range"),
        ({"rate_per_minute": 100_001}, "/ratePerMinute", "out_of_range"),
        ({"smtp": {"host": "a b"}}, "/smtp/host", "invalid"),
        ({"smtp": {"host": "localhost"}}, "/smtp/host", "not_allowed"),
        ({"smtp": {"port": 0}}, "/smtp/port", "out_of_range"),
        ({"smtp": {"port": 22}}, "/smtp/port", "not_allowed"),
        ({"smtp": {"username": "x" * 255}}, "/smtp/username", "too_long"),
        ({"smtp": {"password": "x" * 1_001}}, "/smtp/password", "too_long"),
    ],
    ids=str,
)
def test_what_is_malformed_or_not_allowed_is_refused_in_its_place(workspace, told, pointer, code):
    if "smtp" in told:
        usual = {"host": "smtp.acme.example", "port": 587, "security": SmtpSecurity.TLS, "username": "help"}
        told = {"smtp": SmtpServer(**{**usual, **told["smtp"]})}

    with pytest.raises(Invalid) as caught:
        create_mailbox(workspace, address="help@acme.example", actor=operator(), **told)

    assert [(error.pointer, error.code) for error in caught.value.errors] == [(pointer, code)]
