"""What the view sets of the ticket API share."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from inboxops.api import pagination
from inboxops.api.answers import answer
from inboxops.api.failures import refusal
from inboxops.api.pagination import Listing, paginate, parse_sort, sort_parameter
from inboxops.api.problems import ApiError
from inboxops.errors import Invalid, NotFound, Refused
from inboxops.ids import parse_uuid
from tickets.api.listings import CREATED
from tickets.api.representations import has_ticket
from tickets.errors import TicketMerged
from tickets.models import Ticket
from workspaces.api.base import WorkspaceViewSet

# Of every call that answers with `timeline`.
TIMELINE = (*pagination.PARAMETERS, sort_parameter(CREATED, "createdAt"))
MERGED = refusal(TicketMerged, "mergedIntoId")


class TicketBaseViewSet(WorkspaceViewSet):
    """A view set of tickets, or of what belongs to them."""

    tag = "Tickets"

    def _answer(self, request: Request, handler: Callable[..., HttpResponse]) -> HttpResponse:
        """The ticket in the path comes before the body: when something is wrong, it is asked whether that is there."""

        def judged(*args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return handler(*args, **kwargs)
            except (ApiError, Invalid, Refused):
                if self.kwargs.keys() & {"ticketId", "sourceTicketId"}:
                    self.found_ticket()
                raise

        return super()._answer(request, judged)

    def id_in_path(self, *names: str) -> uuid.UUID:
        """The id under the first of these names that the path has. Raises NotFound for a malformed one."""
        found = parse_uuid(next(self.kwargs[name] for name in names if name in self.kwargs))
        if found is None:
            raise NotFound
        return found

    def ticket_id(self) -> uuid.UUID:
        """The ticket's id in the path. Raises NotFound for a malformed one."""
        return self.id_in_path("ticketId", "sourceTicketId")

    def ticket(self, ticket_id: uuid.UUID | None = None) -> Ticket:
        """The ticket with this id, or the one in the path, by its key alone.

        Nothing is read: an action reads the ticket under its lock, and raises NotFound when the workspace has none.
        """
        return Ticket.from_db(None, ("id", "workspace_id"), (ticket_id or self.ticket_id(), self.workspace.pk))

    def found_ticket(self) -> Ticket:
        """The same for the one in the path. Raises NotFound when the caller cannot see one."""
        ticket = self.ticket()
        if not has_ticket(self.workspace.pk, ticket.pk):
            raise NotFound
        return ticket

    def timeline(self, request: Request, listing: Listing, **question: uuid.UUID) -> HttpResponse:
        """A page of what belongs to something of the workspace, in the order of time."""
        sort = parse_sort(request.query_params.get("sort", "createdAt"), listing.keys)
        page = paginate(request, listing, {"workspace": self.workspace.pk, **question}, sort=sort)
        return answer(page.rows, headers=page.headers)
