import pytest
from django.core.management import CommandError, call_command

from accounts.models import AccountEvent

PASSWORD = "correct horse battery"


def test_a_password_is_set_on_the_record(agent, monkeypatch, capsys):
    monkeypatch.setenv("INBOXOPS_PASSWORD", PASSWORD)

    call_command("set_password", "--user", agent.user.email.upper())

    agent.user.refresh_from_db()
    assert agent.user.check_password(PASSWORD)
    assert AccountEvent.objects.filter(user=agent.user, kind="user.password_changed").exists()
    assert PASSWORD not in capsys.readouterr().out


@pytest.mark.parametrize(("user", "password"), [("nobody@acme.example", PASSWORD), (None, "short"), (None, "")])
def test_what_cannot_be_done_is_refused_in_words(agent, monkeypatch, user, password):
    monkeypatch.setenv("INBOXOPS_PASSWORD", password)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    before = agent.user.password

    with pytest.raises(CommandError, match=r"no user|too short|No password"):
        call_command("set_password", "--user", user or agent.user.email)

    agent.user.refresh_from_db()
    assert agent.user.password == before
