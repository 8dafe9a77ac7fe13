"""The worker: takes deliveries that are due, sends them, and says what became of them.

One thread takes (`run`), several send, one says that the worker lives. Nothing is sent within a transaction, and
whatever a worker is at is in the database: killed at any moment, it leaves a lease that runs out, and another goes on.
"""

import datetime as dt
import logging
import os
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections

from inboxops import clock
from tickets.actions.dispatch import (
    Claim,
    claim_due,
    finish_attempt,
    give_back,
    hold_overdue,
    next_due,
    report_alive,
    report_gone,
)
from tickets.mail.sending import Postman
from tickets.mail.wakeup import Wakeup

logger = logging.getLogger("inboxops.mail")

THREADS = 8
# Of these, so many for one mailbox at a time: a server that does not answer must leave some for the others.
THREADS_PER_MAILBOX = 2
PATIENCE = 25.0
HOLD_EVERY = dt.timedelta(seconds=10)
_DATABASE_PAUSE = 1.0

MailboxId = uuid.UUID | None


class MailWorker:
    """A worker of this process. `run` returns once `stop` was called, or, with `once`, when nothing is due."""

    def __init__(self, *, threads: int = THREADS, postman: Postman | None = None) -> None:
        self.id = uuid.uuid4()
        self._threads = threads
        self._postman = postman or Postman()
        self._stopping = threading.Event()
        self._all_sent = threading.Event()
        self._wakeup = Wakeup()
        self._held_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._lock = threading.Lock()
        self._busy: Counter[MailboxId] = Counter()
        self._futures: dict[Future[None], Claim] = {}

    def stop(self) -> None:
        """Begin with nothing more, and end within half a minute."""
        self._stopping.set()
        self._wakeup.set()

    def run(self, *, once: bool = False) -> None:
        """Send what is due, and go on with what becomes due."""
        pulse = threading.Thread(target=self._pulse, name="pulse", daemon=True)
        with self._wakeup, ThreadPoolExecutor(self._threads, thread_name_prefix="send") as pool:
            pulse.start()
            try:
                while not self._stopping.is_set():
                    idle = not self._futures
                    began = self._guarded(lambda: self._begin(pool))
                    if once and idle and not began:
                        break
                    if not began:
                        self._wakeup.wait(self._seconds_to_wait())
            finally:
                self._stopping.set()
                self._end()
                self._all_sent.set()
        pulse.join(timeout=5)
        self._postman.close()

    def _begin(self, pool: ThreadPoolExecutor) -> int:
        """Take what there are threads for, and begin with it. Answers how much that was."""
        # Always before anything is taken after a pause, however long it was; not with each mail.
        if clock.now() - self._held_at > HOLD_EVERY:
            while hold_overdue():
                pass
            self._held_at = clock.now()
        with self._lock:
            free = self._threads - len(self._futures)
            at_work = dict(self._busy)
        if free <= 0:
            return 0
        claims = claim_due(self.id, limit=free, each=THREADS_PER_MAILBOX, at_work=at_work)
        for claim in claims:
            self._submit(pool, claim)
        return len(claims)

    def _submit(self, pool: ThreadPoolExecutor, claim: Claim) -> None:
        with self._lock:
            self._busy[claim.mailbox_id] += 1
            future = pool.submit(self._send, claim)
            self._futures[future] = claim
        future.add_done_callback(self._ended)

    def _ended(self, future: Future[None]) -> None:
        with self._lock:
            claim = self._futures.pop(future)
            self._busy[claim.mailbox_id] -= 1
        self._wakeup.set()

    def _send(self, claim: Claim) -> None:
        try:
            began_at, started = clock.now(), time.monotonic()
            verdicts = self._postman.deliver(claim)
            seconds = time.monotonic() - started
            # Whatever happens to the database now: what was sent must be written down.
            while True:
                try:
                    state = finish_attempt(claim, self.id, verdicts, began_at=began_at, seconds=seconds)
                except (DatabaseError, InterfaceError) as error:
                    logger.warning("Delivery %s: its end cannot be written down yet: %s", claim.delivery_id, error)
                    connection.close()
                    if self._all_sent.wait(_DATABASE_PAUSE):
                        # It was stopped, and its time is over: the lease runs out, and another one sends the same mail.
                        return
                else:
                    logger.info("Delivery %s: %s after %.1fs", claim.delivery_id, state, seconds)
                    return
        except Exception:
            # A mistake of ours: the lease runs out, and it is tried again.
            logger.exception("Delivery %s could not be worked on", claim.delivery_id)
        finally:
            connections.close_all()

    def _guarded(self, work: Callable[[], int]) -> int:
        """Do it; while the database is away, nothing can be done."""
        try:
            return work()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The database does not answer: %s", error)
            connection.close()
            self._stopping.wait(_DATABASE_PAUSE)
            return 0

    def _seconds_to_wait(self) -> float:
        def look() -> int:
            due = next_due()
            if due is None:
                return 3600
            return max(0, int((due - clock.now()).total_seconds() * 1000))

        # What is due already waits for a thread, or for its mailbox's rate: both wake us, or come by the second.
        return max(self._guarded(look) / 1000, 0.05)

    def _end(self) -> None:
        """Give back what was not begun; wait for the rest."""
        with self._lock:
            futures = dict(self._futures)
        waiting = [claim.delivery_id for future, claim in futures.items() if future.cancel()]
        if waiting:
            self._guarded(lambda: give_back(self.id, waiting))
        deadline = time.monotonic() + PATIENCE
        for future in futures:
            if not future.cancelled() and not _finished(future, deadline - time.monotonic()):
                logger.warning("Delivery %s is left to the next worker", futures[future].delivery_id)

    def _pulse(self) -> None:
        """Say that this worker lives, and keep what it is at."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        every = min(10.0, settings.MAIL_LEASE.total_seconds() / 4)
        while True:
            self._guarded(lambda: report_alive(self.id, name))
            if self._stopping.wait(every):
                break
        while not self._all_sent.is_set():
            self._guarded(lambda: report_alive(self.id, name))
            self._all_sent.wait(every)
        self._guarded(lambda: report_gone(self.id))
        connections.close_all()


def _finished(future: Future[None], seconds: float) -> bool:
    try:
        future.result(timeout=max(0.0, seconds))
    except TimeoutError:
        return False
    return True
