"""Reads of tickets that chain and read as English."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from tickets.models import Ticket  # noqa: F401 - for the annotation below


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Tickets, always of one workspace before anything else."""

    def in_workspace(self, workspace_id: uuid.UUID) -> TicketQuerySet:
        """Those of this workspace."""
        return self.filter(workspace_id=workspace_id)

    def not_archived(self) -> TicketQuerySet:
        """Those in the inbox."""
        return self.filter(archived_at=None)

    def not_merged(self) -> TicketQuerySet:
        """Those that carry a conversation on themselves."""
        return self.filter(merged_into=None)
