from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """Where you may act."""

    name = "workspaces"
