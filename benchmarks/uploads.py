"""`python -m benchmarks.uploads`: many large files to gunicorn and back, and what that does to its memory.

Straight to gunicorn, so that the web processes themselves take the bytes in and give them out. Exit code 1 when
anything fails, when a file comes back as something else, or when the web processes take more memory than they may.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks import state
from benchmarks.client import Answer, Client, http
from benchmarks.machine import describe
from benchmarks.operations import Caller
from benchmarks.server import THREADS, WORKERS, Server, served
from benchmarks.state import Tenant
from tickets.models import Ticket

MIB = 2**20
# How much more than before all web processes may take at any moment, for each transfer at a time: buffers, of which
# gunicorn's have some MiB. A file held in memory is larger, and found out.
PER_TRANSFER = 6 * MIB
SMALLEST = 8
# How much more than after the first half they may keep in the end.
GROWTH = 1.1


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads", description=__doc__)
    parser.add_argument("--state", type=Path, help="What benchmarks.load has written.")
    parser.add_argument("--files", type=int, default=100, help="How many (default: 100).")
    parser.add_argument("--size", type=int, default=20, help=f"MiB of each, {SMALLEST} at least (default: 20).")
    parser.add_argument("--clients", type=int, default=8, help="Transfers at a time (default: 8).")
    parser.add_argument("--output", type=Path, help="Where to write the figures as JSON.")
    options = parser.parse_args(arguments)
    if options.size < SMALLEST:
        parser.error(f"--size must be {SMALLEST} at least.")
    loaded = state.read(options.state or state.default_path())
    with (
        tempfile.TemporaryDirectory() as folder,
        served(INBOXOPS_FILE_STORE="local", INBOXOPS_FILES_DIR=folder) as server,
    ):
        found = transferred(server, loaded.big, options.files, options.size, options.clients)
    path = options.output or state.FOLDER / f"uploads-{loaded.tickets}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": describe(loaded, "uploads"), "uploads": asdict(found)}, indent=1))
    print("\n".join([*lines_of(found), "", str(path)]))
    if complaints := complaints_about(found):
        raise SystemExit("\n".join(complaints))


@dataclass(frozen=True)
class Way:
    """Files on their way in or out. `before` and `after` are the PSS of all web processes.

    `peak` is how much more than before they were resident with, at most, each at its worst moment.
    """

    name: str
    mib: int
    seconds: float
    cpu_seconds: float
    before: int
    peak: int
    after: int


@dataclass(frozen=True)
class Transfers:
    """What was seen."""

    files: int
    size: int
    clients: int
    ways: list[Way]
    errors: list[str]


def transfers_of(data: dict[str, Any]) -> Transfers:
    """What a file says."""
    return Transfers(**{**data, "ways": [Way(**item) for item in data["ways"]]})


def transferred(server: Server, tenant: Tenant, files: int, size: int, clients: int) -> Transfers:
    """Every file in, then every file out again."""
    crowd = Crowd(server, tenant, size * MIB)
    # What is loaded with the first request to each process and thread is no growth.
    crowd.do(range(-4 * WORKERS * THREADS, 0), WORKERS * THREADS, crowd.warm_up)
    half = files // 2
    ways: list[Way] = []
    for name, numbers, work in (
        ("in, first half", range(half), crowd.send),
        ("in, second half", range(half, files), crowd.send),
        ("out", range(files), crowd.fetch),
    ):
        with _measured(server, name, len(numbers) * size, ways):
            crowd.do(numbers, clients, work)
    return Transfers(files, size, clients, ways, crowd.errors)


@contextmanager
def _measured(server: Server, name: str, mib: int, ways: list[Way]) -> Iterator[None]:
    """Put what the block costs on the list."""
    server.forget_peak()
    resident, before = sum(server.memory()), server.own_memory()
    cpu, started = server.cpu_seconds(), time.monotonic()
    yield
    seconds, cpu = time.monotonic() - started, server.cpu_seconds() - cpu
    ways.append(Way(name, mib, seconds, cpu, before, server.peak_memory() - resident, server.own_memory()))


class Crowd:
    """Clients with files of their own, each as large as the others."""

    def __init__(self, server: Server, tenant: Tenant, size: int) -> None:
        self.errors: list[str] = []
        self._server, self._caller, self._size = server, Caller(tenant), size
        ticket = Ticket.objects.in_workspace(tenant.workspace_id).not_merged().order_by("-number").first()
        if ticket is None:
            raise SystemExit("There are no tickets: load some first.")
        self._attachments = f"tickets/{ticket.pk}/attachments"
        self._ids: dict[int, str] = {}

    def do(self, numbers: Iterable[int], clients: int, work: Callable[[Client, int], None]) -> None:
        """Do something with each number, so many at a time."""
        waiting, lock = iter(numbers), threading.Lock()

        def go_on() -> None:
            client = Client(self._server.port)
            while True:
                with lock:
                    number = next(waiting, None)
                if number is None:
                    break
                try:
                    work(client, number)
                except (OSError, ValueError, KeyError) as error:
                    self.errors.append(f"file {number}: {error!r}")
            client.close()

        threads = [threading.Thread(target=go_on) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def warm_up(self, client: Client, number: int) -> None:
        """Everything once, with a small file."""
        self._send(client, number, b"warm")
        self._fetch(client, number)

    def send(self, client: Client, number: int) -> None:
        """Announce a file, upload it, confirm it."""
        self._send(client, number, self._content(number))

    def fetch(self, client: Client, number: int) -> None:
        """Download it, and see that it is the same. Raises ValueError."""
        if self._fetch(client, number) != self._content(number):
            raise ValueError("came back as something else")

    def _send(self, client: Client, number: int, content: bytes) -> None:
        announced = {"filename": f"{number}.bin", "size": len(content)}
        told = orjson.loads(_good(client.send(self._caller.post(f"{self._attachments}/upload-url", announced))).body)
        head = http(told["method"], _path(told["uploadUrl"]), told["headers"])
        _good(client.send(head + content))
        _good(client.send(self._caller.post(f"{self._attachments}/{told['attachmentId']}/confirm", {})))
        self._ids[number] = told["attachmentId"]

    def _fetch(self, client: Client, number: int) -> bytes:
        moved = client.send(self._caller.get(f"attachments/{self._ids[number]}/download"))
        if moved.status != 302:
            raise ValueError(f"{moved.status} {moved.body[:200]!r}")
        return _good(client.send(http("GET", _path(moved.header("Location")), {}))).body

    def _content(self, number: int) -> bytes:
        return Random(number).randbytes(self._size)


def _good(answer: Answer) -> Answer:
    if not answer.is_good:
        raise ValueError(f"{answer.status} {answer.body[:200]!r}")
    return answer


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def complaints_about(found: Transfers) -> list[str]:
    """What is not as it should be; nothing, if all is well."""
    complaints = []
    if found.errors:
        complaints.append(f"{len(found.errors)} errors, the first one: {found.errors[0]}")
    bound = PER_TRANSFER * found.clients
    for way in found.ways:
        if way.peak > bound:
            complaints.append(f"{way.name.capitalize()}: memory grew by {_mib(way.peak)}; it may by {_mib(bound)}.")
    first, *_, last = found.ways
    if last.after > GROWTH * first.after:
        complaints.append(f"Memory grew from {_mib(first.after)} to {_mib(last.after)}.")
    return complaints


def lines_of(found: Transfers) -> list[str]:
    """What was seen, as Markdown."""
    return [
        f"{found.files} files of {found.size} MiB, {found.clients} at a time, {len(found.errors)} errors.",
        "",
        "| Way | MiB per second | CPU ms per MiB | Memory before | At most | After |",
        "|---|--:|--:|--:|--:|--:|",
        *(
            f"| {way.name} | {way.mib / way.seconds:.0f} | {1000 * way.cpu_seconds / way.mib:.2f} |"
            f" {_mib(way.before)} | + {_mib(way.peak)} | {_mib(way.after)} |"
            for way in found.ways
        ),
        "",
        *(complaints_about(found) or ["No errors, every file came back as it was, memory flat."]),
    ]


def _mib(size: float) -> str:
    return f"{size / MIB:.1f} MiB"


if __name__ == "__main__":
    main()
