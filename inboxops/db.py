"""What the two databases do differently, said once: which failures are worth another try, and how to try again."""

import random
import sqlite3
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5

# Whether this thread is in a transaction that `in_transaction` has opened and would try again.
_inside: ContextVar[bool] = ContextVar("inboxops_in_transaction", default=False)


def is_postgresql(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the connection speaks to PostgreSQL (else it is SQLite)."""
    return connections[using].vendor == "postgresql"


def prepared_cursor() -> CursorWrapper:
    """A cursor for statements that vary in nothing but keys and values: PostgreSQL parses and plans each once.

    Django's own cursors write the values into the statement, so that each is new to the server. How often one must be
    sent before it is prepared, and whether it is at all, is `prepare_threshold` in the settings.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    cursor = connection.cursor()
    if connection.vendor == "postgresql":
        cursor.cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]  # psycopg's own
    return cursor


def is_outdated_plan(exc: BaseException) -> bool:
    """Whether a prepared statement was for columns that are of another type now. The next one is prepared anew."""
    return isinstance(exc.__cause__, psycopg.errors.FeatureNotSupported)


def is_statement_timeout(exc: BaseException) -> bool:
    """Whether PostgreSQL ended the statement because it ran too long."""
    return isinstance(exc.__cause__, psycopg.errors.QueryCanceled)


def is_lock_failure(exc: BaseException) -> bool:
    """Whether the statement failed for want of a lock, so that the same thing may succeed in a moment."""
    cause = exc.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        return "locked" in str(cause) or "busy" in str(cause)
    return isinstance(cause, psycopg.errors.LockNotAvailable)


def is_worth_retrying(exc: BaseException) -> bool:
    """Whether PostgreSQL chose this transaction as the victim of a deadlock or a serialisation failure."""
    return isinstance(exc.__cause__, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)


def in_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Run the function in a transaction, and again (up to five times) when the database sacrificed it.

    Only the outermost transaction can be run again: called inside one of these, the function simply takes part in it
    (an exception ends the whole), and inside any other one it gets a savepoint of its own.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if _inside.get():
            return function(*args, **kwargs)
        if connections[DEFAULT_DB_ALIAS].in_atomic_block:
            return run(*args, **kwargs)
        for attempt in range(1, ATTEMPTS):
            try:
                return run(*args, **kwargs)
            except OperationalError as error:
                if not is_worth_retrying(error):
                    raise
            # Two victims that wait equally long meet again; a random pause parts them.
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - nobody gains by guessing it
        return run(*args, **kwargs)

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        token = _inside.set(True)
        try:
            with transaction.atomic():
                return function(*args, **kwargs)
        finally:
            _inside.reset(token)

    return wrapper
