"""`manage.py rebuild_search`: make the search index anew from what is stored."""

import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection

from inboxops.db import in_transaction
from tickets import search
from tickets.actions.editing import lock_tickets
from tickets.models import Ticket
from workspaces.management.base import OpsCommand, workspace_named
from workspaces.models import Workspace

_BATCH = 100


class Command(OpsCommand):
    help = (
        "Write the search document of every ticket anew, a hundred at a time, while the product goes on working.\n"
        "Safe to interrupt and to repeat. Needed after a restore that left the index out, or when check_invariants\n"
        "says that tickets cannot be found."
    )
    examples = "  manage.py rebuild_search\n  manage.py rebuild_search --workspace ws-123"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="Only this one: its slug or its id. Default: all.")

    def handle(self, *args: Any, **options: Any) -> None:
        workspaces = Workspace.objects.order_by("pk")
        if options["workspace"]:
            workspaces = workspaces.filter(pk=workspace_named(options["workspace"]).pk)
        done = 0
        for workspace_id in workspaces.values_list("pk", flat=True):
            ids = Ticket.objects.in_workspace(workspace_id).order_by("pk").values_list("pk", flat=True)
            for batch in batches(ids.iterator(chunk_size=2000)):
                rebuild(workspace_id, batch)
                done += len(batch)
                self.say(f"{done} tickets indexed")
        search.tidy(connection)
        self.stdout.write(f"{done} tickets indexed.")


def batches(ids: Iterable[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    """The ids, a hundred at a time."""
    remaining = iter(ids)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


@in_transaction
def rebuild(workspace_id: uuid.UUID, batch: list[uuid.UUID]) -> None:
    """Index these tickets from what is stored now."""
    # Under lock: an action that is just adding a message must not be overwritten by what was read before it.
    for ticket in lock_tickets(workspace_id, batch).values():
        search.rebuild(ticket)
