"""A whole installation for the scripts of this folder: prepared by `quickstart`, served by it, asked, and stopped.

The database is SQLite in a folder, or what DATABASE_URL names: an empty one, as from `.ci/with-postgres`.
"""

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
KEYS = {"baseUrl", "docsUrl", "workspaceId", "workspaceSlug", "token", "adminUrl", "staffEmail", "staffPassword"}
COMMAND_SECONDS = 120
START_SECONDS = 60
STOP_SECONDS = 20


class Failed(Exception):
    """What is wrong, in words; the script ends with it."""


class Installation:
    """An installation that keeps its data in a folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "INBOXOPS_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **settings}

    def manage(self, *arguments: str) -> str:
        """Run a management command; what it says on standard output. Raises Failed when it does not end well."""
        command = [sys.executable, "manage.py", *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{shlex.join(command)} had not ended after {COMMAND_SECONDS} s.") from None
        if done.returncode != 0:
            raise Failed(
                f"{shlex.join(command)} ended with status {done.returncode};"
                f" standard output:\n{done.stdout}\nstandard error:\n{done.stderr}"
            )
        return done.stdout

    def prepare(self) -> dict[str, str]:
        """Run `quickstart --no-serve --json` and answer what it says."""
        return self._told(self.manage("quickstart", "--no-serve", "--json"))

    @contextlib.contextmanager
    def served(self) -> Iterator["Served"]:
        """Serve with `quickstart --port` until the block ends; then stop as Ctrl-C does, and see that nothing stays."""
        port = _free_port()
        command = [sys.executable, "manage.py", "quickstart", "--port", str(port), "--json"]
        said, log = self.folder / "serve.json", self.folder / "serve.log"
        with said.open("wb") as output, log.open("wb") as errors:
            server = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
                # Where this script was started with Ctrl-C switched off (by a shell, in the background), the server
                # must not inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        try:
            _wait_until_ready(server, port)
            yield Served(port, self._told(said.read_text()), log)
            os.killpg(server.pid, signal.SIGINT)
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                raise Failed(f"{shlex.join(command)} had not ended {STOP_SECONDS} s after Ctrl-C.") from None
            _wait_until_gone(server.pid)
        except (Failed, OSError) as error:
            raise Failed(f"{error}\nThe end of the server's output:\n{_end_of(log)}") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        if not _port_is_free(port):
            raise Failed(f"quickstart was stopped, but something still listens on port {port}.")

    def _told(self, output: str) -> dict[str, str]:
        try:
            answer = json.loads(output)
        except ValueError:
            raise Failed(
                f"quickstart must print JSON and nothing else on standard output; it printed:\n{output}"
            ) from None
        if not isinstance(answer, dict) or not answer.keys() >= KEYS:
            raise Failed(f"quickstart must answer an object with {', '.join(sorted(KEYS))}; it answered:\n{output}")
        return {key: str(value) for key, value in answer.items()}


@dataclass(frozen=True)
class Served:
    """A running server: its port, what quickstart told of it, and its log."""

    port: int
    told: Mapping[str, str]
    log: Path

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Ask for a page."""
        return _get(self.port, path, headers or {})


def run(name: str, main: Callable[[], str]) -> None:
    """Run a script: print what it answers, or end with what failed. SIGTERM and Ctrl-C unwind, so nothing is left."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        print(f"{name}: {main()}")
    except Failed as failure:
        sys.exit(f"{name}: {failure}")


def _stop(signum: int, frame: object) -> NoReturn:
    sys.exit(128 + signum)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    answer = "nothing answered"
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Failed(f"quickstart ended with status {server.returncode} instead of serving.")
        try:
            status, body = _get(port, "/readyz", {})
        except OSError as error:
            answer = str(error)
        else:
            if status == 200:
                return
            answer = f"{status} {body!r}"
        time.sleep(0.2)
    raise Failed(f"/readyz was not 200 after {START_SECONDS} s; last: {answer}.")


def _wait_until_gone(group: int) -> None:
    """Every process of the group: a worker that outlives its server would keep the port and the database."""
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise Failed(f"quickstart ended, but left processes behind for {STOP_SECONDS} s.")


def _get(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    # Without the environment's proxies: the address is loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=dict(headers))
    try:
        with opener.open(request, timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _port_is_free(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def _end_of(log: Path) -> str:
    return "".join(log.read_text(errors="replace").splitlines(keepends=True)[-100:])
