"""Changes to a mailbox: what is written, what is refused, and that its password stays where it belongs."""

import pytest
from django.db import DatabaseError, transaction

from accounts.actors import operator
from inboxops.errors import Forbidden, Invalid, NotFound
from inboxops.sealed import Unreadable
from workspaces.actions import create_mailbox, reseal_mailbox, update_mailbox
from workspaces.errors import DefaultNeeded, MailboxTaken
from workspaces.mailboxes import MailboxChanges, SmtpServer
from workspaces.models import Mailbox, SmtpSecurity, WorkspaceEvent
from workspaces.permissions import member_actor

PASSWORD = "correct horse battery"


def server(**changed):
    told = {"host": "smtp.acme.example", "port": 587, "security": SmtpSecurity.STARTTLS, "username": "help"}
    return SmtpServer(**{**told, **changed})


@pytest.fixture
def mailbox(workspace):
    return create_mailbox(
        workspace, address="help@acme.example", smtp=server(password=PASSWORD), rate_per_minute=30, actor=operator()
    )


@pytest.fixture
def second(mailbox, workspace):
    return create_mailbox(workspace, address="sales@acme.example", actor=operator())


@pytest.fixture
def update():
    def change(mailbox, **changes):
        return update_mailbox(mailbox, changes=MailboxChanges(**changes), actor=operator())

    return change


def updates():
    return list(WorkspaceEvent.objects.filter(kind="mailbox.updated").values_list("data", flat=True))


def test_only_what_is_named_changes(mailbox, update):
    changed = update(mailbox, name=" Acme\r\nSupport ", signature="\nAcme\nSupport\n")

    mailbox.refresh_from_db()
    assert (mailbox.name, mailbox.signature) == ("Acme Support", "Acme\nSupport")
    assert (mailbox.address, mailbox.rate_per_minute, mailbox.smtp_host) == (
        "help@acme.example",
        30,
        "smtp.acme.example",
    )
    assert changed.smtp_password() == mailbox.smtp_password() == PASSWORD
    assert updates() == [
        {
            "mailboxId": str(mailbox.pk),
            "before": {"name": "", "signature": ""},
            "after": {"name": "Acme Support", "signature": "Acme\nSupport"},
            "passwordChanged": False,
        }
    ]


def test_what_is_the_same_as_before_is_no_change(mailbox, update):
    update(mailbox)
    update(mailbox, address="help@acme.example", is_default=True, rate_per_minute=30, smtp=server())

    assert updates() == []


def test_the_address_may_change_but_not_to_one_that_is_taken(mailbox, second, update):
    update(mailbox, address="Help@Acme.example")
    with pytest.raises(MailboxTaken):
        update(mailbox, address="SALES@acme.example")

    mailbox.refresh_from_db()
    assert mailbox.address == "Help@Acme.example"


# The default


def test_a_new_default_takes_the_place_of_the_old_one(mailbox, second, update):
    update(second, is_default=True)

    assert list(Mailbox.objects.filter(is_default=True)) == [second]
    assert updates()[0]["after"] == {"isDefault": True}


def test_the_default_cannot_step_down_without_another(mailbox, second, update):
    with pytest.raises(DefaultNeeded):
        update(mailbox, is_default=False, name="Renamed")

    mailbox.refresh_from_db()
    assert (mailbox.is_default, mailbox.name) == (True, "")
    update(second, is_default=False)
    assert updates() == []


# The password


def test_the_password_is_stored_encrypted_and_told_nowhere(mailbox, workspace):
    mailbox.refresh_from_db()

    assert mailbox.smtp_password() == PASSWORD
    assert mailbox.has_password
    assert PASSWORD not in mailbox.smtp_secret
    told = [repr(mailbox), repr(server(password=PASSWORD)), *map(str, WorkspaceEvent.objects.values_list("data"))]
    assert not [text for text in told if PASSWORD in text or mailbox.smtp_secret in text]


def test_another_password_is_an_event_that_does_not_tell_it(mailbox, update):
    assert update(mailbox, smtp=server(password="another")).smtp_password() == "another"

    assert updates() == [{"mailboxId": str(mailbox.pk), "before": {}, "after": {}, "passwordChanged": True}]


@pytest.mark.parametrize(
    "changed", [{"port": 465, "security": SmtpSecurity.TLS}, {"port": 2525}, {"host": "SMTP.Acme.Example"}]
)
def test_the_password_stays_while_host_and_user_name_do(mailbox, update, changed):
    assert update(mailbox, smtp=server(**changed)).smtp_password() == PASSWORD


@pytest.mark.parametrize("changed", [{"host": "smtp.evil.example"}, {"username": "eve"}, {"username": ""}])
def test_another_server_or_account_is_never_sent_the_old_password(mailbox, update, changed):
    after = update(mailbox, smtp=server(**changed))

    assert (after.has_password, after.smtp_password()) == (False, "")
    assert updates()[0]["passwordChanged"] is True
    assert update(mailbox, smtp=server()).smtp_password() == ""


def test_the_password_can_be_taken_away(mailbox, update):
    assert not update(mailbox, smtp=server(password=None)).has_password


def test_a_mailbox_can_go_back_to_the_installations_transport(mailbox, update):
    after = update(mailbox, smtp=None)

    assert (after.smtp_host, after.smtp_port, after.smtp_security) == ("", None, "")
    assert (after.smtp_username, after.smtp_secret) == ("", "")


def test_a_row_that_was_made_to_name_another_server_does_not_open_its_password(mailbox):
    Mailbox.objects.update(smtp_host="smtp.evil.example")
    mailbox.refresh_from_db()

    with pytest.raises(Unreadable):
        mailbox.smtp_password()


def test_a_password_needs_a_user_name(mailbox, update):
    with pytest.raises(Invalid) as caught:
        update(mailbox, smtp=server(username="", password=PASSWORD))

    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/smtp/username", "required")]


def test_a_password_travels_encrypted_unless_the_server_is_our_own(mailbox, update, settings):
    with pytest.raises(Invalid) as caught:
        update(mailbox, smtp=server(security=SmtpSecurity.NONE, port=25))
    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/smtp/security", "not_allowed")]

    assert not update(mailbox, smtp=server(security=SmtpSecurity.NONE, password=None)).has_password
    settings.SMTP_PRIVATE_HOSTS = ["relay"]
    own = server(host="relay", port=1025, security=SmtpSecurity.NONE, password=PASSWORD)
    assert update(mailbox, smtp=own).smtp_password() == PASSWORD


# After a change of SECRET_KEY


def test_a_password_is_encrypted_anew_once(mailbox, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]

    assert reseal_mailbox(mailbox, actor=operator())
    assert not reseal_mailbox(mailbox, actor=operator())

    settings.SECRET_KEY_FALLBACKS = []
    mailbox.refresh_from_db()
    assert mailbox.smtp_password() == PASSWORD


def test_a_mailbox_whose_password_no_key_opens_stays_and_takes_a_new_one(mailbox, update, settings):
    settings.SECRET_KEY = "lost"

    with pytest.raises(Unreadable):
        reseal_mailbox(mailbox, actor=operator())
    assert update(mailbox, name="Help").has_password
    assert update(mailbox, smtp=server(password=PASSWORD)).smtp_password() == PASSWORD


# Who may


def test_an_agent_cannot(mailbox, actor):
    with pytest.raises(Forbidden):
        update_mailbox(mailbox, changes=MailboxChanges(name="Mine"), actor=actor)


def test_an_outsider_finds_nothing(mailbox, outsider):
    with pytest.raises(NotFound):
        update_mailbox(mailbox, changes=MailboxChanges(name="Mine"), actor=member_actor(outsider, "admin"))


def test_keys_are_the_installations_business(mailbox, workspace_admin):
    with pytest.raises(Forbidden):
        reseal_mailbox(mailbox, actor=member_actor(workspace_admin, "admin"))


# What the database itself refuses


@pytest.mark.parametrize(
    "broken",
    [
        {"smtp_host": ""},
        {"smtp_port": None},
        {"smtp_port": 0},
        {"smtp_port": 65_536},
        {"smtp_security": "ssl"},
        {"smtp_security": ""},
        {"smtp_username": ""},
        {"rate_per_minute": 0},
        {"address": "SALES@acme.example"},
    ],
    ids=str,
)
def test_what_must_never_be_false_is_a_rule_of_the_database(mailbox, second, broken):
    with pytest.raises(DatabaseError), transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(**broken)


def test_the_database_knows_one_default(mailbox, second):
    with pytest.raises(DatabaseError), transaction.atomic():
        Mailbox.objects.filter(pk=second.pk).update(is_default=True)
