"""What gunicorn is told beyond its arguments when quickstart serves: `--config python:inboxops.demo.gunicorn_hooks`."""

import signal


def post_worker_init(worker: object) -> None:
    """Leave Ctrl-C to the master, which ends its workers.

    A terminal sends it to all of them. A worker that hears of it twice, from both, can wait for itself: its handler for
    the second signal wants the lock that the one it interrupted holds, and only the master's patience ends it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
