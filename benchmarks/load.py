"""`python -m benchmarks.load`: fill the PostgreSQL of DATABASE_URL with tickets.

What is stored is what the product's own actions would have stored, written in bulk by all cores: tables without their
indexes and keys, COPY, then indexes and keys again, which checks every reference. `check_invariants` has the last word.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TypeVar

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Model

from accounts.actors import operator
from benchmarks import state
from benchmarks.bulk import Bare, copy_models, copy_rows, hurry, run
from benchmarks.desks import END, Desk, open_desk, plans_for
from benchmarks.stories import LONG_TICKET_MESSAGES, RARE_TICKETS, Rows, Story
from inboxops import clock
from inboxops.db import is_postgresql
from tickets.actions import merge_tickets
from tickets.models import Contact, Delivery, Message, SearchDocument, Ticket, TicketCounter, TicketEvent, TicketTag
from tickets.search.document import body_of, head_of
from tickets.search.postgresql import row_of
from workspaces.models import Workspace

A = TypeVar("A")
R = TypeVar("R")

MESSAGES_PER_TICKET = 5
# Tickets that one process makes at a time, of all workspaces, as they would have come: by the clock.
SLICE = 1_000
MERGE_EVERY = 500
SMALL_SHOWN = 8

STORED: list[type[Model]] = [Ticket, Message, TicketEvent, TicketTag, Delivery]
LOADED: list[type[Model]] = [*STORED, Contact, SearchDocument, TicketCounter]
DOCUMENT_COLUMNS = ("workspace_id", "ticket_id", "head", "body", "body_positions", "body_bytes")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000, help="How many, five messages each (default: 100000).")
    parser.add_argument("--seed", type=int, default=1, help="Another one makes other tickets (default: 1).")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="How many at once (default: cores).")
    parser.add_argument("--state", type=Path, help="Where to write what the other commands need.")
    parser.add_argument("--force", action="store_true", help="Into a database that holds other workspaces.")
    parser.add_argument("--no-check", action="store_true", help="Leave out check_invariants.")
    options = parser.parse_args(arguments)
    if options.tickets < 100:
        parser.error("--tickets: 100 at least.")
    prepare(force=options.force)
    with Crew(options.processes) as crew:
        loaded = load(options.tickets, options.seed, crew)
    path = options.state or state.default_path()
    state.save(loaded, path)
    print(path)
    if not options.no_check:
        with told("check_invariants"):
            call_command("check_invariants", stdout=sys.stderr)


def prepare(*, force: bool) -> None:
    """Migrate. Raises SystemExit for a database that is not ours to fill."""
    if not is_postgresql():
        raise SystemExit("Set DATABASE_URL: the benchmarks measure PostgreSQL.")
    tables = connection.introspection
    strange = set(tables.table_names()) - set(tables.django_table_names()) - {"django_migrations"}
    if strange and not force:
        raise SystemExit(f"This database holds something else: {', '.join(sorted(strange)[:5])}. Use an empty one.")
    with told("migrate"):
        call_command("migrate", verbosity=0, interactive=False)
    if Workspace.objects.exists() and not force:
        raise SystemExit("This database holds workspaces. Use an empty one, or say --force.")


class Crew:
    """Processes with a connection each; with a single one, this process itself."""

    def __init__(self, processes: int) -> None:
        self._pool = None if processes == 1 else ProcessPoolExecutor(processes, get_context("spawn"), hurry)

    def __enter__(self) -> "Crew":
        hurry()
        return self

    def __exit__(self, *args: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, function: Callable[[A], R], items: Iterable[A], chunk: int = 1) -> Iterator[R]:
        """The results, in the order of the items."""
        if self._pool is None:
            return map(function, items)
        return self._pool.map(function, items, chunksize=chunk)


def load(tickets: int, seed: int, crew: Crew) -> state.State:
    """Fill the database."""
    plans = plans_for(tickets)
    with told(f"{len(plans)} workspaces"):
        desks = list(crew.map(open_desk, plans, 20))
    with told("indexes and keys off"):
        bare = Bare([model._meta.db_table for model in LOADED])
    with told(f"{tickets} tickets"):
        copy_models(Contact, [desk.contact(number) for desk in desks for number in range(desk.contacts)])
        copy_models(TicketCounter, [TicketCounter(workspace_id=d.workspace_id, last_number=d.tickets) for d in desks])
        slices = max(1, tickets // SLICE)
        jobs = (Slice(seed, number, slices, desks) for number in range(slices))
        for done, _ in enumerate(crew.map(write_slice, jobs), 1):
            progress(done, slices)
    with told("indexes and keys"):
        list(crew.map(run, bare.building.values()))
        run(bare.referring)
        list(crew.map(run, bare.checking.values()))
    with told("ANALYZE"):
        run(["ANALYZE"])
    with told("merges"):
        merge_some(desks[0])
    with told("VACUUM"):
        run(["VACUUM (ANALYZE)"])
    return state.State(
        tickets=tickets,
        seed=seed,
        big=tenant(desks[0]),
        small=[tenant(desk) for desk in desks[1 : SMALL_SHOWN + 1]],
        staff_email=desks[0].members[0].email,
        long_ticket_id=Ticket.objects.get(workspace=desks[0].workspace_id, number=long_ticket_of(desks[0])).pk,
    )


class Slice:
    """All that came in one stretch of time, in every workspace: a job for one process."""

    def __init__(self, seed: int, number: int, slices: int, desks: Sequence[Desk]) -> None:
        self.number, self.slices, self.desks = number, slices, desks
        # The same rows whichever process makes them.
        self.chance = Random(f"{seed}/{number}")

    def stories(self) -> Iterator[Story]:
        """The tickets, by the clock."""
        born = [
            (desk.born_at(number, self.chance), desk, number)
            for desk in self.desks
            for number in range(
                desk.tickets * self.number // self.slices + 1, desk.tickets * (self.number + 1) // self.slices + 1
            )
        ]
        for moment, desk, number in sorted(born, key=lambda item: item[0]):
            story = Story(desk, number, moment, self.chance)
            is_long = desk.number == 0 and number == long_ticket_of(desk)
            is_rare = desk.number == 0 and number % (desk.tickets // RARE_TICKETS) == 0
            length = LONG_TICKET_MESSAGES if is_long else MESSAGES_PER_TICKET
            story.tell(length, rare=is_rare, ends=not is_long)
            yield story


def write_slice(job: Slice) -> None:
    """Make the rows, and store them: one COPY for each table."""
    rows: Rows = {model: [] for model in STORED}
    documents = []
    for story in job.stories():
        for model in STORED:
            rows[model] += story.rows[model]
        documents.append(row_of(story.ticket, head_of(story.ticket), body_of(story.rows[Message])))
    with transaction.atomic():
        for model in STORED:
            copy_models(model, rows[model])
        copy_rows(SearchDocument._meta.db_table, DOCUMENT_COLUMNS, documents)


def long_ticket_of(desk: Desk) -> int:
    """The number of the ticket with very many messages."""
    return desk.tickets // 2


def merge_some(desk: Desk) -> None:
    """Merge a few neighbours, by the product's own action: nothing else could tell so well what a merge leaves."""
    step = min(MERGE_EVERY, desk.tickets // 3)
    numbers = [n for n in range(step // 2, desk.tickets, step) if long_ticket_of(desk) not in (n, n + 1)]
    wanted = Ticket.objects.in_workspace(desk.workspace_id).filter(number__in=[*numbers, *(n + 1 for n in numbers)])
    tickets = {ticket.number: ticket for ticket in wanted}
    with clock.at(END):
        for number in numbers:
            merge_tickets(tickets[number], tickets[number + 1], actor=operator("benchmarks"))


def tenant(desk: Desk) -> state.Tenant:
    """What a client of this workspace needs."""
    return state.Tenant(desk.workspace_id, desk.slug, desk.token)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say on standard error what is being done, and how long it took."""
    print(f"{what} … ", end="", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)


def progress(done: int, of: int) -> None:
    """Ten dots."""
    if done * 10 // of > (done - 1) * 10 // of:
        print(".", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
