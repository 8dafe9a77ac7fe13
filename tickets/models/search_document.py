"""What the search index knows of a ticket. The indexed text itself is the store's own (see `tickets.search`)."""

from django.db import models

from tickets.models.ticket import Ticket
from workspaces.models import Workspace


class SearchDocument(models.Model):
    """One ticket in the search index.

    The key is a number because SQLite's FTS5 finds its rows by number. On PostgreSQL the table has columns of type
    tsvector that Django does not know; on SQLite a virtual table beside it holds the words.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="search_document")

    def __str__(self) -> str:
        return str(self.ticket_id)
