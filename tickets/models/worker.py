"""Workers: the background processes that there are, as far as they say so."""

import uuid

from django.db import models

from inboxops import clock


class Worker(models.Model):
    """A `manage.py work`, of any machine. It says again and again that it lives: `seen_at`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, help_text="The machine and the process.")
    started_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name
