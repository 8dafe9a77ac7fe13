from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class TicketsConfig(AppConfig):
    """What happens."""

    name = "tickets"

    def ready(self) -> None:
        from tickets import constraints

        pre_migrate.connect(constraints.drop_before_migrate, sender=self)
        post_migrate.connect(constraints.install_after_migrate, sender=self)
