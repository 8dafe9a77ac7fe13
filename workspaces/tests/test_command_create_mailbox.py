import json

import pytest

from workspaces.models import Mailbox
from workspaces.tests.command_line import parsed, refused, run

PASSWORD = "correct horse battery"


def create(*more, address="help@acme.example"):
    return run("create_mailbox", "--workspace", "acme", "--address", address, *more)


@pytest.fixture
def _password(monkeypatch):
    monkeypatch.setenv("INBOXOPS_SMTP_PASSWORD", PASSWORD)


def test_it_prints_address_and_id(workspace):
    done = create("--name", "Acme", "--signature", "Acme\nSupport", "--rate", "30")

    mailbox = Mailbox.objects.get()
    assert done.stdout == f"help@acme.example {mailbox.pk}\n"
    assert (mailbox.name, mailbox.signature, mailbox.rate_per_minute) == ("Acme", "Acme\nSupport", 30)
    assert (mailbox.is_default, mailbox.smtp_host) == (True, "")


@pytest.mark.usefixtures("_password")
def test_the_password_comes_from_the_environment_and_is_printed_nowhere(workspace):
    done = create("--smtp-host", "smtp.acme.example", "--smtp-username", "help", "--json")

    mailbox = Mailbox.objects.get()
    assert mailbox.smtp_password() == PASSWORD
    assert PASSWORD not in done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert (answer["created"], answer["workspaceId"]) == (True, str(workspace.pk))
    assert answer["smtp"] == {
        "host": "smtp.acme.example",
        "port": 587,
        "security": "starttls",
        "username": "help",
        "hasPassword": True,
    }


@pytest.mark.parametrize(("security", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_port_is_the_usual_one(workspace, security, port):
    create("--smtp-host", "smtp.acme.example", "--smtp-security", security)

    assert Mailbox.objects.get().smtp_port == port


def test_without_a_terminal_there_is_no_password(workspace):
    create("--smtp-host", "smtp.acme.example", "--smtp-username", "help")

    assert not Mailbox.objects.get().has_password


def test_a_new_default_takes_the_place_of_the_old_one(workspace):
    create()
    create("--default", address="sales@acme.example")

    assert Mailbox.objects.get(is_default=True).address == "sales@acme.example"


def test_the_second_time_nothing_changes(workspace):
    create("--name", "Acme")
    done = create("--name", "Other", address="Help@acme.example")

    assert done.stdout.endswith(" (was there already)\n")
    assert "update_mailbox" in done.stderr
    assert Mailbox.objects.get().name == "Acme"


def test_refusals(workspace):
    at = ("create_mailbox", "--workspace", "acme", "--address")
    assert refused(*at, "help").startswith("address: ")
    assert "smtp/host" in refused(*at, "a@acme.example", "--smtp-host", "localhost")
    assert "--smtp-host" in refused(*at, "a@acme.example", "--smtp-port", "25")
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("option", [("--rate", "0"), ("--rate", "-1"), ("--rate", "x"), ("--smtp-security", "ssl")])
def test_what_cannot_be_understood_is_a_usage_error(option):
    assert parsed("create_mailbox", "--workspace", "acme", "--address", "a@acme.example", "=".join(option)) == 2
