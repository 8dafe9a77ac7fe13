import datetime as dt

from django.core.management import call_command

from inboxops import clock
from workspaces.models import StoredAnswer


def post(api, key):
    assert api.post("tickets", {"subject": "S", "body": "B"}, headers={"Idempotency-Key": key}).status_code == 201


def test_only_answers_older_than_a_day_are_removed(api, capsys):
    with clock.at(clock.now() - dt.timedelta(hours=25)):
        post(api, "old")
    post(api, "new")

    call_command("purge", "--dry-run")
    assert capsys.readouterr().out == "1 stored answers would be removed.\n"
    assert StoredAnswer.objects.count() == 2

    call_command("purge")
    assert capsys.readouterr().out == "1 stored answers removed.\n"
    assert StoredAnswer.objects.get().key == "new"
