import json

import pytest

from accounts.actors import operator
from workspaces.actions import create_mailbox
from workspaces.mailboxes import SmtpServer
from workspaces.models import Mailbox, SmtpSecurity
from workspaces.tests.command_line import refused, run

PASSWORD = "correct horse battery"


@pytest.fixture
def mailbox(workspace):
    server = SmtpServer(
        host="smtp.acme.example", port=2525, security=SmtpSecurity.STARTTLS, username="help", password=PASSWORD
    )
    return create_mailbox(
        workspace, address="help@acme.example", name="Acme", smtp=server, rate_per_minute=30, actor=operator()
    )


def update(*more):
    return run("update_mailbox", "--workspace", "acme", "HELP@acme.example", *more)


def test_only_what_is_named_changes(mailbox):
    done = update("--signature", "Acme", "--rate", "none", "--address", "support@acme.example")

    mailbox.refresh_from_db()
    assert done.stdout == f"support@acme.example {mailbox.pk}\n"
    assert (mailbox.name, mailbox.signature, mailbox.rate_per_minute) == ("Acme", "Acme", None)
    assert mailbox.smtp_password() == PASSWORD


def test_of_a_server_too(mailbox):
    answer = json.loads(update("--smtp-port", "587", "--json").stdout)

    assert (answer["smtp"]["host"], answer["smtp"]["port"]) == ("smtp.acme.example", 587)
    assert answer["smtp"]["hasPassword"] is True


def test_another_password_comes_from_the_environment(mailbox, monkeypatch):
    monkeypatch.setenv("INBOXOPS_SMTP_PASSWORD", "another")
    done = update()

    mailbox.refresh_from_db()
    assert mailbox.smtp_password() == "another"
    assert "another" not in done.stdout + done.stderr


def test_it_says_when_the_password_does_not_go_along(mailbox):
    done = update("--smtp-host", "smtp.other.example")

    assert "no password" in done.stderr
    assert not Mailbox.objects.get().has_password


def test_the_server_can_be_taken_away(mailbox):
    update("--no-smtp")

    assert Mailbox.objects.get().smtp_host == ""


def test_a_second_one_becomes_the_default(mailbox, workspace):
    create_mailbox(workspace, address="sales@acme.example", actor=operator())
    run("update_mailbox", "--workspace", "acme", "sales@acme.example", "--default")

    assert Mailbox.objects.get(is_default=True).address == "sales@acme.example"


def test_refusals(mailbox):
    at = ("update_mailbox", "--workspace", "acme")
    assert "list_mailboxes" in refused(*at, "nobody@acme.example")
    assert "list_mailboxes" in refused(*at, "a@ü..example")
    assert "--no-smtp" in refused(*at, "help@acme.example", "--no-smtp", "--smtp-port", "25")
    assert "smtp/port" in refused(*at, "help@acme.example", "--smtp-port", "22")
