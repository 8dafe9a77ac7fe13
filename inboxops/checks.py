"""System checks: what is set wrong is named before anything is served."""

import os
import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from inboxops import env


@register()
def misspelt_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An `INBOXOPS_…` variable that nothing reads is most likely a typing error."""
    ours = {name for name in os.environ if name.startswith("INBOXOPS_") and not name.startswith("INBOXOPS_TEST_")}
    unknown = sorted(ours - env.KNOWN)
    return [
        Warning(
            f"{name} is set, but nothing reads it.",
            hint="docs/configuration.md lists every variable.",
            id="inboxops.W001",
        )
        for name in unknown
    ]


@register()
def sqlite_version(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Ticket numbers use RETURNING."""
    if settings.USES_SQLITE and sqlite3.sqlite_version_info < (3, 35):
        return [Error(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 is needed.", id="inboxops.E001")]
    return []


@register()
def mail_that_leaves(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A provider without its key would be noticed with the first reply only."""
    try:
        get_connection()
    except ImproperlyConfigured as error:
        hint = "docs/configuration.md, Mail that leaves."
        return [Error(f"Mail cannot be sent: {error}", hint=hint, id="inboxops.E002")]
    return []


@register(deploy=True)
def sqlite_behind_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """SQLite serves a small team well, but not one whose DATABASE_URL got lost on the way."""
    if settings.USES_SQLITE and settings.SERVED_BY_HTTPS:
        database = settings.DATABASES["default"]["NAME"]
        return [
            Info(
                f"The data is in SQLite, in {database}.",
                hint="If that is not meant, DATABASE_URL did not arrive: in a shell, quote a URL with & in it.",
                id="inboxops.I001",
            )
        ]
    return []
