"""How a worker that waits is woken: PostgreSQL tells it, SQLite has to be looked at."""

import logging
import threading
from types import TracebackType

import psycopg
from django.db import connections

from inboxops.db import is_postgresql
from tickets.outbox import CHANNEL

logger = logging.getLogger("inboxops.mail")

# Where nobody tells, and in case that what was told got lost.
LOOK_EVERY = 1.0
# Where PostgreSQL tells, this is for what becomes due by itself.
LOOK_AT_LEAST_EVERY = 5.0


class Wakeup:
    """Something to wait at. `set` wakes from within, a `NOTIFY` from anywhere."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._ended = threading.Event()
        self._listens = False
        self._thread = threading.Thread(target=self._listen, name="wakeup", daemon=True)

    def __enter__(self) -> "Wakeup":
        if is_postgresql():
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=3)

    def set(self) -> None:
        """Wake up whoever waits, or will."""
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Until something may be there to do, for so many seconds at most, and never for very long."""
        self._event.wait(max(0.0, min(seconds, LOOK_AT_LEAST_EVERY if self._listens else LOOK_EVERY)))
        self._event.clear()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen_once()
            except psycopg.Error as error:
                # Until it can be listened again, the worker looks by itself.
                logger.warning("Cannot listen for new mail: %s", error)
            self._listens = False
            self._ended.wait(LOOK_EVERY)

    def _listen_once(self) -> None:
        """On a connection of its own, until that breaks or this ends."""
        parameters = {
            name: value
            for name, value in connections["default"].get_connection_params().items()
            if name in ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "service")
        }
        with psycopg.connect(**parameters, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._listens = True
            # What was told before we listened.
            self.set()
            while not self._ended.is_set():
                for _ in connection.notifies(timeout=1, stop_after=1):
                    self.set()
