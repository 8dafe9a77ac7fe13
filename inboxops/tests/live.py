"""A whole installation for a test: data folder, database, and gunicorn with the processes and threads of a real one.

    with Installation(tmp_path).served() as server:
        status, headers, body = server.request("GET", "/readyz")

It has its own SQLite file and environment, whatever store the tests themselves run on. The server is gone at the end
of the block for sure: it is killed as a group if it does not end by itself.
"""

import contextlib
import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 10
COMMAND_SECONDS = 120
ANSWER_SECONDS = 60
# What the caller's own installation is told must not reach this one.
_FOREIGN = (
    "DATABASE_URL",
    "CACHE_URL",
    "SECRET_KEY",
    "EMAIL_URL",
    "ANYMAIL_",
    "INBOXOPS_",
    "DJANGO_",
    "GUNICORN_",
    "PYTEST_",
)


def documented_options():
    """How gunicorn is started in production: what stands behind its name in the unit that operators copy."""
    unit = (ROOT / "deploy" / "inboxops.service").read_text().replace("\\\n", " ")
    return shlex.split(re.search(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)[1])


def _with(options, **changed):
    """The same options but for the values of some: `_with(options, workers=1)`."""
    options = list(options)
    for name, value in changed.items():
        options[options.index(f"--{name}") + 1] = str(value)
    return options


class Installation:
    """A data folder with a migrated database."""

    def __init__(self, data_dir, **settings):
        self.data_dir = Path(data_dir)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        own = {"INBOXOPS_DATA_DIR": str(self.data_dir), "INBOXOPS_RATE_LIMIT": "", "PYTHONUNBUFFERED": "1"}
        self.environment = {**kept, **own, **settings}
        self.manage("migrate", "--verbosity=0")

    def manage(self, *arguments):
        """Run a management command; what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {arguments[0]} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def shell(self, code):
        """Run code inside the installation; the last line that it prints, as JSON."""
        return json.loads(self.manage("shell", "--verbosity=0", "--command", code).splitlines()[-1])

    @contextlib.contextmanager
    def served(self, *, workers=2, threads=4):
        """The installation behind gunicorn on a free port of loopback."""
        log = self.data_dir / "gunicorn.log"
        # The socket is ours and is passed on: there is no moment in which another program could take the port.
        with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
            port = listener.getsockname()[1]
            options = _with(documented_options(), workers=workers, threads=threads, bind=f"fd://{listener.fileno()}")
            server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *options, "--graceful-timeout=5"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        try:
            self._wait_until_ready(server, port, log)
            yield Server(port, log, server.pid)
        finally:
            _stop(server)

    def _wait_until_ready(self, server, port, log):
        deadline, seen = time.monotonic() + START_SECONDS, "nothing answered"
        while time.monotonic() < deadline:
            assert server.poll() is None, f"gunicorn ended instead of serving:\n{log.read_text(errors='replace')}"
            try:
                status, _, body = Server(port, log, server.pid).request("GET", "/readyz", timeout=5)
            except OSError as error:
                seen = str(error)
            else:
                if status == 200:
                    return
                seen = f"{status} {body!r}"
            # The process is not ours to wait on: it says by its answers alone that it is ready.
            time.sleep(0.05)
        raise AssertionError(f"/readyz was not 200 after {START_SECONDS} s: {seen}\n{log.read_text(errors='replace')}")


class Server:
    """Where the installation answers, and the first process of those that do."""

    def __init__(self, port, log, pid):
        self.port = port
        self.log = log
        self.pid = pid

    def request(self, method, path, data=None, headers=None, timeout=ANSWER_SECONDS):
        """One request on a connection of its own: status, headers and body (JSON where there is any)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            body = None if data is None else json.dumps(data)
            sent = {} if data is None else {"Content-Type": "application/json"}
            connection.request(method, path, body, {**sent, **(headers or {})})
            response = connection.getresponse()
            raw = response.read()
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, response.headers, json.loads(raw) if is_json and raw else raw


def _stop(server):
    """First as a supervisor does, then for sure, workers included."""
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(STOP_SECONDS)
