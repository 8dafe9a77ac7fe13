import pytest

from accounts.actors import operator
from workspaces.actions import create_mailbox
from workspaces.mailboxes import SmtpServer
from workspaces.models import Mailbox, SmtpSecurity
from workspaces.tests.command_line import refused, run


@pytest.fixture
def add(workspace):
    def mailbox(address):
        server = SmtpServer(
            host="smtp.acme.example", port=465, security=SmtpSecurity.TLS, username="help", password=address
        )
        return create_mailbox(workspace, address=address, smtp=server, actor=operator())

    return mailbox


def test_afterwards_the_former_key_is_not_needed(add, workspace, settings):
    add("help@acme.example"), add("sales@acme.example")
    create_mailbox(workspace, address="plain@acme.example", actor=operator())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]

    assert run("reseal_secrets").stdout == "2 encrypted anew\n"
    assert run("reseal_secrets").stdout == "0 encrypted anew\n"

    settings.SECRET_KEY_FALLBACKS = []
    for mailbox in Mailbox.objects.exclude(smtp_host=""):
        assert mailbox.smtp_password() == mailbox.address


def test_what_no_key_opens_is_named_and_the_rest_is_done(add, settings):
    settings.SECRET_KEY, first = "lost", settings.SECRET_KEY
    add("lost@acme.example")
    settings.SECRET_KEY = first
    kept = add("kept@acme.example")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [first]

    words = refused("reseal_secrets")

    assert "acme: lost@acme.example" in words
    assert "kept" not in words
    settings.SECRET_KEY_FALLBACKS = []
    kept.refresh_from_db()
    assert kept.smtp_password() == "kept@acme.example"
