"""For supervisors and load balancers: is the process alive, and may it be given work?"""

import logging
import tempfile
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from tickets.actions.dispatch import outbox_status

logger = logging.getLogger("inboxops.health")

_migrated = threading.Event()


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all; asks nothing of anyone else."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and storage are as they must be, else 503. The log tells why."""
    results = {name: _holds(name, check) for name, check in CHECKS.items()}
    ready = all(results.values())
    return JsonResponse(
        {
            "status": "ok" if ready else "unavailable",
            "checks": {k: "ok" if v else "failed" for k, v in results.items()},
            # For people: the web server is ready without anybody who sends.
            "mail": _mail() if results["database"] and results["migrations"] else "unknown",
        },
        status=200 if ready else 503,
    )


def _mail() -> str:
    """Whether mail is sent: `ok`, `no worker`, or `late`."""
    try:
        status = outbox_status()
    except Exception:  # whatever it is, a probe must get its answer
        logger.exception("The outbox cannot be looked at")
        return "unknown"
    if status.is_served:
        return "ok"
    return "late" if status.workers else "no worker"


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever it is, the check does not hold, and a probe must get its answer
        logger.exception("The check %s failed", name)
        return False


def _database_answers() -> bool:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _migrations_are_applied() -> bool:
    # Once they are, they stay so for the life of this process, which began with the newest code it will ever have.
    if not _migrated.is_set():
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.set()
    return True


def _storage_is_writable() -> bool:
    # A bucket is not asked: while it is away, everything but files goes on.
    in_folder = settings.STORAGES["attachments"]["BACKEND"] == "tickets.files.local.LocalStore"
    # A folder that is gone is not made anew: what was to be mounted there may not be.
    for folder in {settings.DATA_DIR, settings.FILES_DIR if in_folder else settings.DATA_DIR}:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ready?")
    return True


PROBES: dict[str, Callable[[HttpRequest], JsonResponse]] = {"/healthz": healthz, "/readyz": readyz}

CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _migrations_are_applied,
    "storage": _storage_is_writable,
}
