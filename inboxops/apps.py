from django.apps import AppConfig
from django.db.backends.signals import connection_created


class InboxOpsConfig(AppConfig):
    """The project itself: settings, checks and the commands that need every app."""

    name = "inboxops"

    def ready(self) -> None:
        from inboxops import checks, timestamps  # noqa: F401 - registers the checks

        connection_created.connect(timestamps.use_quick_loader, dispatch_uid="quick_timestamps")
