"""The server that is measured: gunicorn as `deploy/inboxops.service` has it, and what it costs, from /proc."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

WORKERS, THREADS = 2, 8
START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Server:
    """A running gunicorn."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self._process = port, process

    @property
    def pids(self) -> list[int]:
        """The master and its workers."""
        pid = self._process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def cpu_seconds(self) -> float:
        """What all of its processes have used so far."""
        return sum(own_cpu_seconds(pid) for pid in self.pids)

    def memory(self) -> list[int]:
        """The resident bytes of each worker."""
        return [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE for pid in self.pids[1:]]

    def own_memory(self) -> int:
        """The bytes of all workers together, what several of them share counted once (PSS)."""
        return sum(_kib(f"/proc/{pid}/smaps_rollup", "Pss") for pid in self.pids[1:])

    def forget_peak(self) -> None:
        """From now on, `peak_memory` tells of what comes now."""
        for pid in self.pids[1:]:
            # See proc(5).
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_memory(self) -> int:
        """The most that each worker has been resident with at any moment, together."""
        return sum(_kib(f"/proc/{pid}/status", "VmHWM") for pid in self.pids[1:])


def _kib(path: str, name: str) -> int:
    """A line of a file in /proc, in bytes."""
    values = dict(line.split(":", 1) for line in Path(path).read_text().splitlines() if ":" in line)
    return int(values[name].split()[0]) * 1024


@contextmanager
def served(**variables: str) -> Iterator[Server]:
    """Start gunicorn on a free port of loopback, without a rate limit; stop it at the end.

    `variables` are put into its environment.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "benchmarks.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)]
    command += ["--limit-request-line", "8190", "--no-control-socket", "--log-level", "warning"]
    # What `inboxops.wsgi` would set if this package had not read the settings before it.
    environment = {"INBOXOPS_STATEMENT_TIMEOUT": "15", **os.environ, "INBOXOPS_RATE_LIMIT": "", **variables}
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_ready(port, process)
        yield Server(port, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 10):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("gunicorn did not start; to see why: gunicorn benchmarks.wsgi")


def own_cpu_seconds(pid: int) -> float:
    """User and system time of a process, without its children. 0 for one that is gone."""
    return _cpu(pid, 11)


def _cpu(pid: int, first: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # Behind the name, which may hold anything; see proc(5) for what stands where.
    user, system = stat.rpartition(")")[2].split()[first : first + 2]
    return (int(user) + int(system)) / _TICKS


class Database:
    """The processes of PostgreSQL that work for our database, if they are on this machine."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._own = cursor.fetchone()[0]
        self._postmaster = self._parent()

    def _parent(self) -> int | None:
        try:
            stat = Path(f"/proc/{self._own}/stat").read_text()
        except OSError:
            return None
        name, _, rest = stat.rpartition(")")
        return int(rest.split()[1]) if name.endswith("(postgres") else None

    def cpu_seconds(self) -> float | None:
        """What they have used so far; None where it cannot be seen.

        Those that have ended count with their parent, and so do other databases' that ended: leave the server alone.
        """
        if self._postmaster is None:
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            pids = [row[0] for row in cursor.fetchall()]
        return sum(map(own_cpu_seconds, pids)) + _cpu(self._postmaster, 13)
