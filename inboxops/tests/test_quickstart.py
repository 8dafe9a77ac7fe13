"""`quickstart`, from the outside as a person starts it, and from the inside where a process says too little."""

import contextlib
import importlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from accounts.actors import operator
from accounts.models import User
from inboxops.demo import prepare, serve
from inboxops.demo.prepare import STAFF_EMAIL
from inboxops.tests.factories import MembershipFactory, WorkspaceFactory
from tickets.models import Ticket
from workspaces.actions import create_token
from workspaces.api.authentication import find_credentials
from workspaces.models import ApiToken, Membership, Role, Scope, Workspace
from workspaces.tests.command_line import parsed, refused, run

KEYS = ["baseUrl", "docsUrl", "workspaceId", "workspaceSlug", "token", "adminUrl", "staffEmail", "staffPassword"]
ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60
# Less than gunicorn's patience with a worker that does not end.
STOP_SECONDS = 20


def environment(folder, **more):
    """What a newcomer has set: nothing but the data folder, so that no test can reach a real database."""
    ours = re.compile(r"INBOXOPS_|DATABASE_URL|CACHE_URL|SECRET_KEY|DJANGO_|GUNICORN_|[A-Za-z]+_[Pp][Rr][Oo][Xx][Yy]$")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return {**kept, "INBOXOPS_DATA_DIR": str(folder), **more}


def command(*arguments):
    return [sys.executable, "manage.py", "quickstart", *arguments]


def quickstart(folder, *arguments, **more):
    """Run it to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def count(folder, table):
    with contextlib.closing(sqlite3.connect(folder / "inboxops.sqlite3")) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def get(url, headers=None):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers or {}), timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def serving(folder, *arguments):
    """The server, once it answers, with its output in `stdout` and `stderr` files; it must end by Ctrl-C."""
    port = free_port()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            command("--port", str(port), *arguments),
            cwd=ROOT,
            env=environment(folder, PYTHONUNBUFFERED="1"),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        wait_until_ready(process, port, folder)
        yield port
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(STOP_SECONDS) == 0, (folder / "err").read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_ready(process, port, folder):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "err").read_text()
        with contextlib.suppress(OSError):
            if get(f"http://127.0.0.1:{port}/readyz")[0] == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"nothing answered within {SECONDS} s:\n{(folder / 'err').read_text()}")


# From the outside ---------------------------------------------------------------------------------------------------


def test_a_fresh_checkout_is_served_by_one_command_and_the_printed_curl_works(tmp_path):
    with serving(tmp_path) as port:
        text = (tmp_path / "out").read_text()
        assert f"http://127.0.0.1:{port}/admin/" in text
        assert f"http://127.0.0.1:{port}/v1/docs" in text
        assert get(f"http://127.0.0.1:{port}/v1/docs")[0] == 200
        curl = re.search(r'curl "(\S+)" \\\n +-H "([^:]+): ([^"]+)" \\\n +-H "([^:]+): ([^"]+)"', text)
        url, *headers = curl.groups()
        status, body = get(url, dict(zip(headers[::2], headers[1::2], strict=True)))
        assert status == 200
        assert len(json.loads(body)) == 5
        assert get(f"http://127.0.0.1:{port}/admin/login/")[0] == 200


def test_with_json_standard_output_is_one_line_also_while_serving(tmp_path):
    with serving(tmp_path, "--json") as port:
        answer = json.loads((tmp_path / "out").read_text())
        headers = {"Authorization": f"Bearer {answer['token']}", "x-workspace-id": answer["workspaceSlug"]}
        assert get(f"{answer['baseUrl']}/v1/workspaces/ws-123/tickets", headers)[0] == 200
    assert answer["baseUrl"] == f"http://127.0.0.1:{port}"
    assert (tmp_path / "out").read_text().count("\n") == 1
    assert "/v1/workspaces/ws-123/tickets 200" in (tmp_path / "err").read_text()


def test_django_serves_where_gunicorn_does_not_run(tmp_path):
    arguments = json.dumps(["127.0.0.1", free_port()])
    code = (
        "import django, json; django.setup()\n"
        "from inboxops.demo import serve\n"
        "serve.gunicorn_runs = lambda: False\n"
        f"place = serve.place_of(*json.loads({arguments!r}))\n"
        "print(serve.server_arguments(place)[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(tmp_path, DJANGO_SETTINGS_MODULE="inboxops.settings"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("['runserver', '--noreload', '127.0.0.1:")


def test_a_run_killed_half_way_is_completed_by_the_next(tmp_path):
    process = subprocess.Popen(
        command("--no-serve"),
        cwd=ROOT,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process, process.stderr:
        for line in process.stderr:
            if "tickets" in line:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    assert count(tmp_path, "workspaces_workspace") == 0
    done = quickstart(tmp_path, "--no-serve", "--json")
    assert done.returncode == 0, done.stderr
    assert count(tmp_path, "tickets_ticket") == 60


def test_an_occupied_port_is_an_error_before_anything_is_written(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = quickstart(tmp_path, "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"127.0.0.1:{port} cannot be served: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "inboxops.sqlite3").exists()


def test_beyond_loopback_it_says_what_to_set_and_writes_nothing(tmp_path):
    done = quickstart(tmp_path, "--bind", "0.0.0.0", "--port", str(free_port()))
    assert done.returncode == 1
    assert "SECRET_KEY" in done.stderr
    assert "INBOXOPS_ALLOWED_HOSTS" in done.stderr
    assert not (tmp_path / "inboxops.sqlite3").exists()


def test_beyond_loopback_with_everything_set_the_address_is_the_allowed_host(tmp_path):
    done = quickstart(
        *(tmp_path, "--bind", "0.0.0.0", "--port", "8123", "--no-serve", "--json"),
        SECRET_KEY="x" * 50,
        INBOXOPS_ALLOWED_HOSTS="127.0.0.1,desk.example",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["baseUrl"] == "http://desk.example:8123"


def test_a_database_that_was_never_prepared_is_named_without_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "list_tokens"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_does_not_answer_is_named_without_a_traceback(tmp_path):
    # Whoever holds the port does not listen, so nobody answers there.
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        url = f"postgres://nobody@127.0.0.1:{holder.getsockname()[1]}/nothing"
        done = quickstart(tmp_path, "--no-serve", DATABASE_URL=url, SECRET_KEY="x" * 50, INBOXOPS_DB_POOL="0")
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "65536"], ["--port", "x"], ["--speed"]])
def test_what_cannot_be_understood_is_a_usage_error(arguments):
    assert parsed("quickstart", *arguments) == 2


# From the inside ----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, settings, monkeypatch):
    """A data folder of our own, none of the developer's settings, and a short play: two tickets."""
    monkeypatch.setattr(prepare, "CONVERSATIONS", prepare.CONVERSATIONS[:2])
    settings.DATA_DIR = tmp_path
    settings.ALLOWED_HOSTS = [*django_settings.LOOPBACK_HOSTS]
    settings.ONLY_LOOPBACK = True
    for name in ("SECRET_KEY", "INBOXOPS_BASE_URL", "INBOXOPS_ALLOWED_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def go(*more):
    return json.loads(run("quickstart", "--no-serve", "--json", *more).stdout)


def test_json_has_exactly_the_promised_keys(folder, db):
    done = run("quickstart", "--no-serve", "--json", "--port", "8111")
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert list(answer) == KEYS
    assert answer["workspaceId"] == str(Workspace.objects.get(slug="ws-123").pk)
    assert (answer["baseUrl"], answer["adminUrl"]) == ("http://127.0.0.1:8111", "http://127.0.0.1:8111/admin/")


def test_the_staff_user_can_log_in_and_is_the_workspaces_admin(folder, db, client):
    answer = go()
    user = User.objects.get(email=answer["staffEmail"])
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert Membership.objects.get(user=user).role == Role.ADMIN
    assert client.login(username=answer["staffEmail"], password=answer["staffPassword"])


def test_repeating_it_adds_nothing_and_renews_the_secrets(folder, db):
    first = go()
    before = [Ticket.objects.count(), Membership.objects.count(), User.objects.count()]
    second = go()
    assert [Ticket.objects.count(), Membership.objects.count(), User.objects.count()] == before
    assert {key: first[key] == second[key] for key in KEYS} == {
        **dict.fromkeys(KEYS, True),
        "token": False,
        "staffPassword": False,
    }
    assert find_credentials(first["token"]) is None
    assert find_credentials(second["token"]).token.scope == Scope.ADMIN
    assert not User.objects.get(email=STAFF_EMAIL).check_password(first["staffPassword"])


def test_tokens_that_others_made_go_on(folder, db):
    go()
    membership = Membership.objects.get(user__email=STAFF_EMAIL)
    _, own = create_token(membership, scope=Scope.READ, label="my script", actor=operator())
    go()
    assert find_credentials(own) is not None
    assert ApiToken.objects.filter(revoked_at=None).count() == 2


def test_work_done_in_the_demonstration_stays(folder, db):
    go()
    Ticket.objects.filter(number=1).update(subject="Mine now")
    Ticket.objects.filter(number=2).update(priority=4)
    go()
    assert Ticket.objects.get(number=1).subject == "Mine now"


def test_a_demoted_staff_user_is_admin_again(folder, db):
    go()
    MembershipFactory(workspace=Workspace.objects.get(), role=Role.ADMIN)
    Membership.objects.filter(user__email=STAFF_EMAIL).update(role=Role.VIEWER)
    assert find_credentials(go()["token"]).token.user.email == STAFF_EMAIL
    assert Membership.objects.get(user__email=STAFF_EMAIL).role == Role.ADMIN


def test_a_database_with_other_workspaces_is_refused(folder, workspace):
    assert "acme" in refused("quickstart", "--no-serve")
    assert list(Workspace.objects.values_list("slug", flat=True)) == ["acme"]
    assert not User.objects.filter(email=STAFF_EMAIL).exists()


def test_a_database_with_other_workspaces_takes_the_demonstration_when_forced(folder, workspace, ticket):
    answer = go("--force")
    assert Ticket.objects.filter(workspace_id=answer["workspaceId"]).count() == 2
    assert list(Ticket.objects.filter(workspace=workspace)) == [ticket]
    assert refused("quickstart", "--no-serve")


def test_somebody_elses_ws_123_is_refused_and_when_forced_gets_no_tickets(folder, db):
    theirs = MembershipFactory(workspace=WorkspaceFactory(slug="ws-123"), role=Role.ADMIN)
    assert "not the demonstration" in refused("quickstart", "--no-serve")
    go("--force")
    assert Ticket.objects.count() == 0
    assert Membership.objects.filter(workspace=theirs.workspace).count() == 2


def test_an_unusable_data_folder_is_refused_before_anything_is_written(folder, db, settings):
    (folder / "file").write_text("not a folder")
    settings.DATA_DIR = folder / "file" / "data"
    words = refused("quickstart", "--no-serve")
    assert "cannot be written to" in words
    assert "INBOXOPS_DATA_DIR" in words
    assert not Workspace.objects.exists()


def test_the_demonstration_is_there_whole_or_not_at_all(folder, db, monkeypatch):
    def break_off(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(prepare, "play", break_off)
        with pytest.raises(KeyboardInterrupt):
            run("quickstart", "--no-serve")
    assert not Workspace.objects.exists()
    go()
    assert Ticket.objects.count() == 2


@pytest.mark.postgresql
def test_another_machine_at_work_on_the_database_is_waited_for_and_then_named(folder, db):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [prepare._LOCK])
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
        assert "Another quickstart" in refused("quickstart", "--no-serve")
    finally:
        # Closing only returns it to the pool, with its locks.
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
        other.close()


def test_progress_goes_to_standard_error(folder, db):
    done = run("quickstart", "--no-serve")
    assert "Preparing the database" in done.stderr
    assert "Preparing" not in done.stdout
    assert "is ready to be served" in done.stdout


# Where it is served -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bind", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_needs_no_settings(folder, bind):
    assert serve.place_of(bind, 8000).is_loopback


@pytest.mark.parametrize("bind", ["::", "[::]", "0.0.0.0", "192.0.2.1"])
def test_anything_else_needs_a_key_and_allowed_hosts(folder, bind, monkeypatch, settings):
    with pytest.raises(serve.CannotServe, match=r"SECRET_KEY.*INBOXOPS_ALLOWED_HOSTS"):
        serve.place_of(bind, 8000)
    monkeypatch.setenv("SECRET_KEY", "x" * 50)
    with pytest.raises(serve.CannotServe, match=r"Set before: INBOXOPS_ALLOWED_HOSTS"):
        serve.place_of(bind, 8000)
    settings.ONLY_LOOPBACK = False
    assert not serve.place_of(bind, 8000).is_loopback


def test_an_unknown_address_is_refused(folder):
    with pytest.raises(serve.CannotServe, match="not an address"):
        serve.place_of("not an address", 8000)


@pytest.mark.parametrize(
    ("bind", "base_url", "allowed", "expected"),
    [
        ("127.0.0.1", "", "", "http://127.0.0.1:8080"),
        ("::1", "", "", "http://[::1]:8080"),
        ("127.0.0.1", "http://127.0.0.1:9999", "", "http://127.0.0.1:8080"),
        ("127.0.0.1", "https://support.example.com", "support.example.com", "https://support.example.com"),
        ("127.0.0.1", "", "localhost", "http://localhost:8080"),
        ("0.0.0.0", "", "127.0.0.1,desk.example", "http://desk.example:8080"),
        ("0.0.0.0", "", "*", "http://127.0.0.1:8080"),
        ("192.0.2.7", "", "*", "http://192.0.2.7:8080"),
        ("192.0.2.7", "", "desk.example", "http://desk.example:8080"),
    ],
    ids=str,
)
def test_the_address_is_one_that_the_server_answers(folder, settings, monkeypatch, bind, base_url, allowed, expected):
    if allowed:
        settings.ALLOWED_HOSTS = allowed.split(",")
    if base_url:
        settings.BASE_URL = base_url
        monkeypatch.setenv("INBOXOPS_BASE_URL", base_url)
    monkeypatch.setenv("SECRET_KEY", "x" * 50)
    settings.ONLY_LOOPBACK = False
    assert serve.base_url_of(serve.place_of(bind, 8080)) == expected


def test_the_server_is_told_its_address_and_keeps_standard_output_clean(folder, monkeypatch):
    became, moved = [], []
    monkeypatch.setattr(os, "execve", lambda *args: became.append(args))
    monkeypatch.setattr(os, "dup2", lambda *args: moved.append(args))
    monkeypatch.setattr(serve.connections, "close_all", lambda: None)
    monkeypatch.setattr(serve, "start_worker", lambda environment: None)
    place = serve.place_of("127.0.0.1", 8080)
    serve.serve(place, base_url="http://127.0.0.1:8080", output_to_stderr=True)
    [(program, arguments, variables)] = became
    assert (program, moved) == (sys.executable, [(2, 1)])
    assert variables["INBOXOPS_BASE_URL"] == "http://127.0.0.1:8080"
    assert " ".join(arguments[1:4]) == "-m gunicorn inboxops.wsgi"
    assert "--worker-class gthread --workers 2 --threads 4" in " ".join(arguments)
    assert "--access-logfile" not in arguments


def test_ctrl_c_reaches_the_workers_through_their_master_alone():
    arguments = serve.server_arguments(serve.place_of("127.0.0.1", 8000))
    hooks = importlib.import_module(arguments[arguments.index("--config") + 1].removeprefix("python:"))
    before = signal.getsignal(signal.SIGINT)
    try:
        hooks.post_worker_init(None)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
