"""Doing things at once, for tests of what must hold whoever comes first.

    answers = at_once([partial(alice.post, url), partial(bob.post, url)])

Jobs wait for each other at a barrier, so that they start together; each has a thread and so a database connection of
its own. Nothing here waits for ever: a deadlock is a failed test that shows where every thread stands.
"""

import copy
import sys
import threading
import traceback

from django.db import close_old_connections, connections
from django.test import Client

TIMEOUT = 60


def at_once(jobs, *, timeout=TIMEOUT):
    """Run the callables in parallel; their results in order. Raises what the first of them raised, if any did."""
    results = attempts_at_once(jobs, timeout=timeout)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def attempts_at_once(jobs, *, timeout=TIMEOUT):
    """The same, for jobs of which some are to be refused: their exceptions stand among the results."""
    jobs = list(jobs)
    results = [None] * len(jobs)
    barrier = threading.Barrier(len(jobs))

    def run(number, job):
        try:
            barrier.wait(timeout)
            results[number] = job()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            results[number] = error
        finally:
            # A connection that a thread leaves open keeps the test database from being dropped.
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number, job), daemon=True) for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    hanging = [thread for thread in threads if thread.is_alive()]
    assert not hanging, f"{len(hanging)} of {len(jobs)} threads hang after {timeout} s:\n{_stacks(hanging)}"
    return results


class ThreadClient(Client):
    """Gives the connection back to the pool after each request, as a server does and the test client does not."""

    def __init__(self):
        super().__init__(raise_request_exception=False)

    def request(self, **request):
        try:
            return super().request(**request)
        finally:
            close_old_connections()


def separate(api):
    """The same caller with a client of its own: Django's test client keeps the last answer's state in itself."""
    mine = copy.copy(api)
    mine.client = ThreadClient()
    return mine


def _stacks(threads):
    frames = sys._current_frames()
    return "\n".join(
        f"{thread.name}:\n{''.join(traceback.format_stack(frames[thread.ident]))}"
        for thread in threads
        if thread.ident in frames
    )
