from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, pre_migrate


class TicketsConfig(AppConfig):
    """What happens."""

    name = "tickets"

    def ready(self) -> None:
        from tickets import attachments, constraints
        from tickets.models import Attachment
        from workspaces.signals import member_stops_working

        pre_migrate.connect(constraints.drop_before_migrate, sender=self)
        post_migrate.connect(constraints.install_after_migrate, sender=self)
        post_delete.connect(attachments.leave_nothing_behind, sender=Attachment, dispatch_uid="leave_nothing_behind")
        member_stops_working.connect(_release_tickets, dispatch_uid="release_tickets")


def _release_tickets(*, membership: Any, actor: Any, **kwargs: Any) -> None:
    from tickets.actions.assign import release_tickets_of

    release_tickets_of(membership, actor=actor)
