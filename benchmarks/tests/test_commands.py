"""The commands as a person runs them, one after the other, on a database of their own."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from benchmarks import table
from benchmarks.load import prepare

pytestmark = pytest.mark.postgresql

# The verdict of the soak is not asked for: a second is too short for one.
SOAK = "import contextlib; from benchmarks import soak\nwith contextlib.suppress(SystemExit): soak.main()"


def url_of(name):
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def database():
    """The name of an empty database, which is gone afterwards."""
    name = f"{connection.settings_dict['NAME']}_benchmarks"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        yield name
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def run(database):
    """Runs Python in that database; answers what it printed."""

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": url_of(database)},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def rules_of(name):
    """Every constraint and index of a database."""
    with psycopg.connect(url_of(name)) as found:
        constraints = found.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
        )
        indexes = found.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
        return {*constraints.fetchall(), *indexes.fetchall()}


def test_load_drive_soak_uploads_and_table(run, database, django_db_setup, tmp_path, capsys):
    state, result = tmp_path / "state.json", tmp_path / "result.json"
    soak, uploads = tmp_path / "soak.json", tmp_path / "uploads.json"
    at = ("--state", str(state))

    assert "invariants hold" in run("-m", "benchmarks.load", "--tickets", "300", "--processes", "1", *at)
    assert state.stat().st_mode & 0o777 == 0o600
    assert rules_of(database) == rules_of(connection.settings_dict["NAME"])

    run("-m", "benchmarks.drive", *at, "--rounds", "1", "--requests", "2", "--output", str(result))
    measured = json.loads(result.read_text())["operations"]
    assert {item["name"] for item in measured if item["floor"]} == set(table.TARGETS)
    for item in measured:
        for one in item["product"] + item["floor"]:
            assert (one["requests"], one["errors"]) == (2, [])

    run("-c", SOAK, *at, "--seconds", "1", "--clients", "6", "--output", str(soak))
    assert json.loads(soak.read_text())["soak"]["errors"] == []

    # This verdict counts: a file that is held in memory anywhere fails it.
    few = ("--files", "32", "--size", "8", "--output", str(uploads))
    assert "memory flat" in run("-m", "benchmarks.uploads", *at, *few)

    run("manage.py", "check_invariants")
    table.main([str(result), "--soak", str(soak), "--uploads", str(uploads)])
    printed = capsys.readouterr().out
    assert "| create |" in printed
    assert "| out |" in printed


def test_a_database_that_holds_a_workspace_is_left_alone(workspace):
    with pytest.raises(SystemExit, match="empty"):
        prepare(force=False)


def test_a_database_that_holds_something_else_is_left_alone(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE recipes (id integer)")

    with pytest.raises(SystemExit, match="recipes"):
        prepare(force=False)
