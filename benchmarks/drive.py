"""`python -m benchmarks.drive`: serve the database of DATABASE_URL with gunicorn, drive the API, write the figures.

Each operation is driven in rounds, product and floor in turns. Whatever is answered with anything but 2xx is an error,
and errors make the run fail (exit code 1). Nothing else should use the machine, or this PostgreSQL, meanwhile.
"""

import argparse
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.db import connections

from benchmarks import state
from benchmarks.client import Client
from benchmarks.figures import Round, figure_of, percentile
from benchmarks.machine import describe
from benchmarks.operations import Operation, Requests, log_in, operations_of
from benchmarks.server import Database, Server, served
from tickets import search
from tickets.models import Ticket

WARM_UP = 32
ERRORS_KEPT = 5


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drive", description=__doc__)
    parser.add_argument("--state", type=Path, help="What benchmarks.load has written.")
    parser.add_argument("--seconds", type=float, default=4, help="For each round (default: 4).")
    parser.add_argument("--requests", type=int, help="For each round, instead of --seconds.")
    parser.add_argument("--rounds", type=int, default=3, help="For each operation (default: 3).")
    parser.add_argument("--concurrency", type=int, default=8, help="Connections, kept alive (default: 8).")
    parser.add_argument("--only", metavar="WORDS", default="", help="Only operations whose name holds this.")
    parser.add_argument("--output", type=Path, help="Where to write the figures as JSON.")
    options = parser.parse_args(arguments)
    loaded = state.read(options.state or state.default_path())
    session = log_in(loaded.staff_email)
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    try:
        with served() as server:
            # Other tickets than the last time, which has changed those it had.
            chance = Random()
            operations = operations_of(loaded, cookie, server.port, chance)
            chosen = [operation for operation in operations if options.only in operation.name]
            driver = Driver(server, options.concurrency, options.seconds, options.requests)
            results = [measured(operation, driver, options.rounds) for operation in chosen]
    finally:
        session.delete()
        index_what_the_floor_wrote(loaded)
        connections.close_all()
    path = options.output or state.FOLDER / f"result-{loaded.tickets}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": describe(loaded, "drive"), "operations": results}, indent=1))
    print(path)
    errors = [
        error for result in results for side in ("product", "floor") for r in result[side] for error in r["errors"]
    ]
    if errors:
        raise SystemExit(f"{len(errors)} errors, the first one: {errors[0]}")


class Driver:
    """Drives requests at a server, over so many connections at once, and measures both sides."""

    def __init__(self, server: Server, concurrency: int, seconds: float, requests: int | None) -> None:
        self.server, self.database = server, Database()
        self.concurrency, self.seconds, self.requests = concurrency, seconds, requests

    def round(self, requests: Requests, numbers: Iterator[int]) -> Round:
        """Warm up, then measure. `numbers` go on from round to round: what writes needs fresh tickets."""
        clients = [Client(self.server.port) for _ in range(self.concurrency)]
        warm_up = Burst(requests, numbers, limit=min(WARM_UP, self.requests or WARM_UP))
        warm_up.run(clients)
        web, database = self.server.cpu_seconds(), self.database.cpu_seconds()
        burst = Burst(requests, numbers, limit=self.requests, seconds=None if self.requests else self.seconds)
        burst.run(clients)
        web_used, database_now = self.server.cpu_seconds() - web, self.database.cpu_seconds()
        for client in clients:
            client.close()
        done = max(1, len(burst.times))
        return Round(
            requests=len(burst.times),
            seconds=burst.elapsed,
            p50=percentile(burst.times, 0.50) * 1000,
            p95=percentile(burst.times, 0.95) * 1000,
            p99=percentile(burst.times, 0.99) * 1000,
            web_cpu=web_used / done * 1000,
            database_cpu=None if database is None or database_now is None else (database_now - database) / done * 1000,
            memory=max(self.server.memory()),
            errors=[*warm_up.errors, *burst.errors][:ERRORS_KEPT],
        )


class Burst:
    """Requests, one after the other on each connection, until there are enough."""

    def __init__(
        self, requests: Requests, numbers: Iterator[int], *, limit: int | None = None, seconds: float | None = None
    ) -> None:
        self.requests, self.numbers, self.seconds = requests, numbers, seconds
        self._tickets = iter(range(limit)) if limit is not None else itertools.repeat(0)
        self.times: list[float] = []
        self.errors: list[str] = []
        self.elapsed = 0.0

    def run(self, clients: Sequence[Client]) -> None:
        """One thread for each connection. Returns when all are done."""
        started = time.perf_counter()
        self._deadline = started + self.seconds if self.seconds else None
        threads = [threading.Thread(target=self._work, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.elapsed = time.perf_counter() - started

    def _work(self, client: Client) -> None:
        # Both iterators are C code: each step is one for all threads.
        for _ in self._tickets:
            started = time.perf_counter()
            if self._deadline is not None and started >= self._deadline:
                return
            try:
                answer = client.send(self.requests(next(self.numbers)))
            except (OSError, SystemExit) as error:
                self.errors.append(str(error))
                return
            self.times.append(time.perf_counter() - started)
            if not answer.is_good:
                self.errors.append(f"{answer.status} {answer.body[:300].decode(errors='replace')}")


def measured(operation: Operation, driver: Driver, rounds: int) -> dict[str, Any]:
    """The rounds of an operation as they go into the result file."""
    sides = {"product": operation.request} | ({"floor": operation.floor} if operation.floor else {})
    numbers = {side: itertools.count() for side in sides}
    found: dict[str, list[Round]] = {"product": [], "floor": []}
    for _ in range(rounds):
        for side, requests in sides.items():
            found[side].append(driver.round(requests, numbers[side]))
    for side in sides:
        figure = figure_of(found[side])
        errors = sum(len(r.errors) for r in found[side])
        print(
            f"{operation.name:40} {side:8} {figure.per_second:7.1f}/s  p50 {figure.p50:7.1f} ms"
            f"  CPU {figure.web_cpu:6.2f} ms{f'  {errors} errors' if errors else ''}",
            file=sys.stderr,
        )
    return {"name": operation.name, **{side: [asdict(r) for r in rows] for side, rows in found.items()}}


def index_what_the_floor_wrote(loaded: state.State) -> None:
    """The floor makes no search documents; the product would miss them (`check_invariants`)."""
    tickets = Ticket.objects.in_workspace(loaded.big.workspace_id).filter(search_document=None)
    for ticket in tickets.select_related("requester"):
        search.rebuild(ticket)


if __name__ == "__main__":
    main()
