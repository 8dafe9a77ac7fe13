"""What time it is, for everything that writes.

Actions ask this clock, so that imported and demonstration data can be written through the very same actions
at the moment it is said to have happened.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_moment: ContextVar[dt.datetime | None] = ContextVar("inboxops_clock", default=None)


def now() -> dt.datetime:
    """The current moment, aware and in UTC."""
    return _moment.get() or dt.datetime.now(dt.UTC)


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Within the block, `now()` answers `moment` (aware, in UTC) in this thread."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)
