"""The id of the request being answered: in the response, in the log line, on the event it caused."""

import json
import logging
import re
from contextvars import ContextVar

from inboxops.ids import uuid7

HEADER = "X-Request-Id"

current: ContextVar[str] = ContextVar("inboxops_request_id", default="")

_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


def accept_or_make(offered: str) -> str:
    """The client's own id when it is short and printable, else a new one."""
    return offered if _SANE.fullmatch(offered) else str(uuid7())


class RequestIdFilter(logging.Filter):
    """Puts the current request's id on every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get() or "-"
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "requestId": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
