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

pytestmark = pytest.mark.postgresql


@pytest.fixture
def run(tmp_path):
    """Runs a module of the benchmarks on an empty database, which is gone afterwards; answers what it printed."""
    url, name = os.environ["DATABASE_URL"], f"{connection.settings_dict['NAME']}_benchmarks"
    environment = {**os.environ, "DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl()}

    def run(*arguments, returncode=0):
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == returncode, done.stdout + done.stderr
        return done.stdout + done.stderr

    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        yield run
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_load_drive_soak_and_table(run, tmp_path, capsys):
    state, result, soak = tmp_path / "state.json", tmp_path / "result.json", tmp_path / "soak.json"
    at = ("--state", str(state))

    told = run("-m", "benchmarks.load", "--tickets", "300", "--processes", "1", *at)
    assert "All" in told
    assert "invariants hold" in told
    assert state.stat().st_mode & 0o777 == 0o600

    run("-m", "benchmarks.drive", *at, "--rounds", "1", "--requests", "2", "--output", str(result))
    measured = json.loads(result.read_text())["operations"]
    assert {item["name"] for item in measured if item["floor"]} == set(table.TARGETS)
    for item in measured:
        for one in item["product"] + item["floor"]:
            assert (one["requests"], one["errors"]) == (2, [])

    # A second is too short to judge memory and fairness by, so only the answers are looked at.
    run("-m", "benchmarks.soak", *at, "--seconds", "1", "--clients", "6", "--output", str(soak))
    assert json.loads(soak.read_text())["soak"]["errors"] == []

    run("manage.py", "check_invariants")
    table.main([str(result), "--soak", str(soak)])
    assert "| create |" in capsys.readouterr().out
    assert "Use an empty one" in run("-m", "benchmarks.load", "--tickets", "300", returncode=1)
