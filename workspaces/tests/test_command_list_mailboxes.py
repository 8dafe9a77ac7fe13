import json

import pytest

from accounts.actors import operator
from workspaces.actions import create_mailbox
from workspaces.mailboxes import SmtpServer
from workspaces.models import SmtpSecurity
from workspaces.tests.command_line import run

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _mailboxes(workspace, outsider):
    server = SmtpServer(
        host="smtp.acme.example", port=465, security=SmtpSecurity.TLS, username="help", password=PASSWORD
    )
    create_mailbox(workspace, address="help@acme.example", name="Acme Support", smtp=server, actor=operator())
    create_mailbox(workspace, address="sales@acme.example", rate_per_minute=30, actor=operator())
    create_mailbox(outsider.workspace, address="help@rival.example", actor=operator())


def test_a_line_is_a_mailbox():
    assert run("list_mailboxes").stdout.splitlines() == [
        "help@acme.example  default  acme  smtp.acme.example:465/tls  help  -  Acme Support",
        "sales@acme.example  -        acme  -  -  30",
        "help@rival.example  default  rival  -  -  -",
    ]


def test_json_is_an_array_of_one_workspace(workspace):
    printed = run("list_mailboxes", "--workspace", "acme", "--json").stdout

    assert PASSWORD not in printed
    first, second = json.loads(printed)
    assert (first["address"], first["smtp"]["hasPassword"]) == ("help@acme.example", True)
    assert (second["workspaceSlug"], second["smtp"]) == ("acme", None)
