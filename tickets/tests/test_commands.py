import json
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from inboxops.tests.uploads import announce, upload
from tickets.actions import append_message
from tickets.files.stores import file_store
from tickets.invariants import broken_invariants
from tickets.models import Attachment, FileUsage, Message, SearchDocument, Ticket


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


BREAKS = {
    "a count too high": (
        "attachment_count",
        lambda: Message.objects.filter(attachment_count=1).update(attachment_count=2),
    ),
    "a file deleted": ("attachment_count", lambda: Attachment.objects.exclude(message=None).delete()),
    "a byte too many": ("file_usage", lambda: FileUsage.objects.update(size=F("size") + 1)),
    "no counter": ("file_usage", lambda: FileUsage.objects.all().delete()),
    "a row without its room": ("file_usage", lambda: Attachment.objects.filter(message=None)._raw_delete("default")),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_files_that_are_miscounted_are_noticed(api, ticket, outsider_ticket, actor, broken):
    name, break_it = BREAKS[broken]
    done, _, _ = upload(api, ticket), upload(api, ticket), announce(api, ticket)
    append_message(ticket, body="See the file.", attachment_ids=[uuid.UUID(done["id"])], actor=actor)
    assert broken_invariants() == []
    break_it()
    assert [rule.name for rule in broken_invariants()] == [name]


def test_files_that_are_lost_or_cut_are_noticed_if_one_asks(api, ticket, outsider_ticket, capsys):
    _, lost, cut = (Attachment.objects.get(pk=upload(api, ticket)["id"]) for _ in range(3))
    announce(api, ticket)
    call_command("check_invariants", "--files")
    file_store().delete(lost.key)
    file_store().retire(cut.key)

    assert run(capsys, "check_invariants").splitlines()[-1].startswith("All ")
    with pytest.raises(CommandError, match="1 invariants are broken"):
        call_command("check_invariants", "--files", "--json")
    (broken,) = json.loads(capsys.readouterr().out)["broken"]
    assert (broken["name"], broken["count"]) == ("files", 2)
    assert set(broken["examples"]) == {str(lost.pk), str(cut.pk)}


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
