"""`manage.py rebuild_search`: make the search index anew from what is stored."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inboxops.db import in_transaction
from tickets import search
from tickets.actions.editing import lock_tickets
from tickets.models import Ticket

_BATCH = 100


class Command(BaseCommand):
    help = (
        "Write the search document of every ticket anew, a hundred at a time, while the product goes on working. "
        "Safe to interrupt and to repeat. Needed after a restore that left the index out, or when check_invariants "
        "says that tickets cannot be found."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this workspace (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        tickets = Ticket.objects.order_by("workspace", "pk")
        if options["workspace"]:
            tickets = tickets.filter(workspace__slug=options["workspace"])
        total = tickets.count()
        done = 0
        batch: list[tuple[Any, Any]] = []
        for key in tickets.values_list("workspace", "pk").iterator(chunk_size=2000):
            batch.append(key)
            if len(batch) == _BATCH or done + len(batch) == total:
                rebuild(batch)
                done += len(batch)
                batch = []
                self.stderr.write(f"{done} of {total}")
        if batch:
            rebuild(batch)
            done += len(batch)
        self.stdout.write(f"{done} tickets indexed.")


@in_transaction
def rebuild(batch: list[tuple[Any, Any]]) -> None:
    """Index these tickets, given as (workspace id, ticket id), from what is stored now."""
    for workspace_id in dict.fromkeys(workspace for workspace, _ in batch):
        wanted = [ticket for workspace, ticket in batch if workspace == workspace_id]
        # Under lock: an action that is just adding a message must not be overwritten by what we read before it.
        for ticket in lock_tickets(workspace_id, wanted).values():
            search.rebuild(ticket)
