"""Where and with what it was measured."""

import datetime as dt
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from django.db import connection

from benchmarks.state import State

PACKAGES = ("Django", "djangorestframework", "psycopg", "orjson", "gunicorn")


def describe(loaded: State, command: str) -> dict[str, str]:
    """Date, command, data, versions, machine: what stands above a table."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0].split()[0]
        cursor.execute("SELECT current_setting('shared_buffers'), current_setting('fsync')")
        buffers, fsync = cursor.fetchone()
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": " ".join(["python", "-m", f"benchmarks.{command}", *sys.argv[1:]]),
        "tickets": f"{loaded.tickets:,}",
        "versions": ", ".join([f"Python {platform.python_version()}", *packages, f"PostgreSQL {server}"]),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB",
        "postgresql": f"shared_buffers {buffers}, fsync {fsync}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
