from django.apps import AppConfig


class InboxOpsConfig(AppConfig):
    """The project itself: settings, checks and the commands that need every app."""

    name = "inboxops"

    def ready(self) -> None:
        from inboxops import checks  # noqa: F401 - registers the checks
