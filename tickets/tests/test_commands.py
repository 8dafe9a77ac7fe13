import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tickets.models import SearchDocument, Ticket


def run(capsys, *arguments):
    call_command(*arguments)
    return capsys.readouterr().out.strip()


def test_a_sound_store_passes(ticket, capsys):
    assert run(capsys, "check_invariants").startswith("All ")
    assert json.loads(run(capsys, "check_invariants", "--json")) == {"ok": True, "broken": []}


def test_what_is_broken_is_named(ticket, capsys):
    Ticket.objects.filter(pk=ticket.pk).update(message_count=7)

    with pytest.raises(CommandError, match="1 invariants are broken"):
        call_command("check_invariants", "--json")
    (broken,) = json.loads(capsys.readouterr().out)["broken"]
    assert (broken["name"], broken["examples"]) == ("message_count", [str(ticket.pk)])


def test_a_lost_index_is_noticed_and_rebuilt(api, ticket, outsider_ticket, capsys):
    SearchDocument.objects.all().delete()
    with pytest.raises(CommandError):
        call_command("check_invariants")
    assert "searchable" in capsys.readouterr().out
    assert api.get("tickets", {"search": "flickers"}).json() == []

    assert run(capsys, "rebuild_search") == "2 tickets indexed."

    assert len(api.get("tickets", {"search": "flickers"}).json()) == 1
    assert run(capsys, "check_invariants").startswith("All ")


def test_one_workspace_can_be_rebuilt_alone(workspace, ticket, outsider_ticket, capsys):
    assert run(capsys, "rebuild_search", "--workspace", workspace.slug) == "1 tickets indexed."
    with pytest.raises(CommandError, match="no workspace"):
        call_command("rebuild_search", "--workspace", "unheard-of")


def test_a_lost_rule_is_noticed(ticket, capsys):
    lost = "tickets_message_ticket_id_tenant"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE tickets_message DROP CONSTRAINT {lost}")
        else:
            lost += "_insert"
            cursor.execute(f"DROP TRIGGER {lost}")

    with pytest.raises(CommandError):
        call_command("check_invariants")
    assert lost in capsys.readouterr().out
