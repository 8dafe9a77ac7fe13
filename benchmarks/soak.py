"""`python -m benchmarks.soak`: many clients for some minutes, in the big workspace and in several small ones at once.

Exit code 1 when anything was answered with other than 2xx or not in time, when the memory of the web processes grew, or
when the small workspaces waited much longer than the big one.
"""

import argparse
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks import state
from benchmarks.client import Client
from benchmarks.desks import TAGS
from benchmarks.figures import percentile
from benchmarks.machine import describe
from benchmarks.operations import Caller
from benchmarks.server import Server, served
from benchmarks.state import Tenant
from benchmarks.words import COMMON_WORDS, RARE_WORD, some_text
from tickets.models import Ticket
from tickets.workflow import ACTIVE, Priority

# How much more than in the second quarter of the run the web processes may use in the last one.
MEMORY_GROWTH = 1.1
# How much longer than in the big workspace 95 % of the requests may take in a small one.
UNFAIRNESS = 1.5
TICKETS = 500
ERRORS_KEPT = 5


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--state", type=Path, help="What benchmarks.load has written.")
    parser.add_argument("--seconds", type=float, default=120, help="How long (default: 120).")
    parser.add_argument("--clients", type=int, default=64, help="Connections at once (default: 64).")
    parser.add_argument("--output", type=Path, help="Where to write the figures as JSON.")
    options = parser.parse_args(arguments)
    loaded = state.read(options.state or state.default_path())
    with served() as server:
        found = soaked(server, [loaded.big, *loaded.small], options.clients, options.seconds)
    path = options.output or state.FOLDER / f"soak-{loaded.tickets}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": describe(loaded, "soak"), "soak": asdict(found)}, indent=1))
    print("\n".join([*lines_of(found), "", str(path)]))
    if complaints := complaints_about(found):
        raise SystemExit("\n".join(complaints))


@dataclass(frozen=True)
class Waits:
    """How long the requests of one workspace took, in milliseconds."""

    slug: str
    requests: int
    p50: float
    p95: float
    worst: float


@dataclass(frozen=True)
class Soak:
    """What was seen. `memory` is that of all web processes together in bytes, second by second."""

    clients: int
    seconds: float
    waits: list[Waits]
    memory: list[int]
    errors: list[str]

    @property
    def memory_before(self) -> float:
        """In the second quarter: the first one fills caches and opens connections."""
        quarter = len(self.memory) // 4
        return median(self.memory[quarter : 2 * quarter] or self.memory)

    @property
    def memory_after(self) -> float:
        """In the last quarter."""
        return median(self.memory[-max(1, len(self.memory) // 4) :])


def soak_of(data: dict[str, Any]) -> Soak:
    """What a file says."""
    return Soak(**{**data, "waits": [Waits(**item) for item in data["waits"]]})


def soaked(server: Server, tenants: Sequence[Tenant], clients: int, seconds: float) -> Soak:
    """Let the clients loose: every second one in the first workspace, the others spread over the rest."""
    big, *small = tenants
    places = [small[n // 2 % len(small)] if n % 2 else big for n in range(clients)]
    tickets = {tenant.slug: _some_tickets(tenant) for tenant in tenants}
    deadline = time.monotonic() + seconds
    visitors = [Visitor(server.port, place, *tickets[place.slug], deadline, n) for n, place in enumerate(places)]
    for visitor in visitors:
        visitor.start()
    memory = []
    while any(visitor.is_alive() for visitor in visitors):
        memory.append(sum(server.memory()))
        time.sleep(min(1.0, seconds / 20))
    return Soak(
        clients=clients,
        seconds=seconds,
        waits=[_waits(tenant.slug, visitors) for tenant in tenants if tenant in places],
        memory=memory,
        errors=[error for visitor in visitors for error in visitor.errors],
    )


def _some_tickets(tenant: Tenant) -> tuple[list[str], list[str]]:
    """The newest tickets of the inbox, and those of them that are not closed."""
    inbox = Ticket.objects.in_workspace(tenant.workspace_id).not_archived().not_merged().order_by("-last_message_at")
    active = inbox.filter(status__in=ACTIVE)
    everything, open_ones = (
        [str(pk) for pk in rows.values_list("pk", flat=True)[:TICKETS]] for rows in (inbox, active)
    )
    if not open_ones:
        raise SystemExit(f"There are too few tickets in {tenant.slug}: load more.")
    return everything, open_ones


def _waits(slug: str, visitors: Sequence["Visitor"]) -> Waits:
    times = [seconds * 1000 for visitor in visitors if visitor.slug == slug for seconds in visitor.times]
    return Waits(slug, len(times), percentile(times, 0.5), percentile(times, 0.95), percentile(times, 1.0))


class Visitor(threading.Thread):
    """A client that does what clients do, three reads to one write, without a pause."""

    def __init__(
        self, port: int, tenant: Tenant, tickets: Sequence[str], active: Sequence[str], deadline: float, number: int
    ) -> None:
        super().__init__()
        self.slug = tenant.slug
        self.times: list[float] = []
        self.errors: list[str] = []
        self._client, self._caller, self._chance = Client(port), Caller(tenant), Random(number)
        self._tickets, self._active, self._deadline = tickets, active, deadline
        self._texts = [some_text(self._chance, 55) for _ in range(10)]

    def run(self) -> None:
        while (started := time.monotonic()) < self._deadline and len(self.errors) < ERRORS_KEPT:
            request = self._request()
            try:
                answer = self._client.send(request)
            except OSError as error:
                self.errors.append(f"{self.slug}: {error!r}")
                continue
            self.times.append(time.monotonic() - started)
            if not answer.is_good:
                asked = request.partition(b"\r\n")[0].decode()
                self.errors.append(f"{asked}: {answer.status} {answer.body[:200].decode(errors='replace')}")
        self._client.close()

    def _request(self) -> bytes:
        caller, chance = self._caller, self._chance
        ticket, text, tag = chance.choice(self._tickets), chance.choice(self._texts), chance.choice(TAGS)
        dice = chance.random()
        if dice < 0.30:
            return caller.get("tickets?limit=20")
        if dice < 0.35:
            return caller.get("tickets?limit=100&status=open,pending")
        if dice < 0.40:
            return caller.get(f"tickets?limit=20&tags={tag}")
        if dice < 0.45:
            return caller.get(f"tickets?limit=20&search={chance.choice((*COMMON_WORDS, RARE_WORD))}")
        if dice < 0.75:
            return caller.get(f"tickets/{ticket}")
        if dice < 0.85:
            return caller.post(f"tickets/{ticket}/messages", {"body": text})
        if dice < 0.90:
            return caller.post("tickets", {"subject": text[:60], "body": text, "requester": {"email": "c@d.example"}})
        if dice < 0.95:
            return caller.post(
                f"tickets/{chance.choice(self._active)}/status", {"toStatus": chance.choice(ACTIVE).value}
            )
        return caller.write("PATCH", f"tickets/{ticket}", {"priority": chance.choice(Priority.labels), "tags": [tag]})


def complaints_about(found: Soak) -> list[str]:
    """What is not as it should be; nothing, if all is well."""
    complaints = []
    if found.errors:
        complaints.append(f"{len(found.errors)} errors, the first one: {found.errors[0]}")
    if found.memory_after > MEMORY_GROWTH * found.memory_before:
        complaints.append(f"Memory grew from {_mib(found.memory_before)} to {_mib(found.memory_after)}.")
    big, *small = found.waits
    for waits in small:
        if not waits.p95 <= UNFAIRNESS * big.p95:
            complaints.append(f"{waits.slug} waits {waits.p95:.0f} ms where {big.slug} waits {big.p95:.0f} ms.")
    return complaints


def lines_of(found: Soak) -> list[str]:
    """What was seen, as Markdown."""
    total = sum(waits.requests for waits in found.waits)
    complaints = complaints_about(found)
    return [
        f"{found.clients} clients for {found.seconds:.0f} s: {total} requests, {len(found.errors)} errors.",
        f"Memory of the web processes: {_mib(found.memory_before)}, at the end {_mib(found.memory_after)}.",
        "",
        "| Workspace | Requests | p50 ms | p95 ms | Worst ms |",
        "|---|--:|--:|--:|--:|",
        *(f"| {w.slug} | {w.requests} | {w.p50:.0f} | {w.p95:.0f} | {w.worst:.0f} |" for w in found.waits),
        "",
        *(complaints or ["No errors, memory flat, small workspaces served as quickly as the big one."]),
    ]


def _mib(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


if __name__ == "__main__":
    main()
