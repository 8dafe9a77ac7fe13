"""An HTTP client that costs next to nothing, so that on a small machine the server gets the time.

One socket each, requests as bytes made beforehand, answers read up to their length.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    head: bytes
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300

    def header(self, name: str) -> str:
        """A header. Raises ValueError where it is missing."""
        match = re.search(rb"\r\n%s: *([^\r]*)" % re.escape(name.encode()), self.head, re.IGNORECASE)
        if match is None:
            raise ValueError(f"no {name} in {self.head!r}")
        return match[1].decode()


class Client:
    """One connection, kept alive; another one when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> Answer:
        """Send a request and read the answer. Raises OSError for whatever goes wrong on the way, time-outs included."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(request)
            answer = self._read(self._socket)
        except OSError:
            self.close()
            raise
        if _CLOSES.search(answer.head):
            self.close()
        return answer

    def close(self) -> None:
        """The next request opens another connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read(self, connection: socket.socket) -> Answer:
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more(connection)
        head, parts = received[:end], [received[end + 4 :]]
        status, length = int(head[9:12]), _LENGTH.search(head)
        # RFC 9110, section 15.3.5: an answer without a body does not say how long it is.
        if length is None and status != 204:
            raise ConnectionError(f"An answer without its length: {head[:200]!r}")
        missing = int(length[1] if length else 0) - len(parts[0])
        while missing > 0:
            parts.append(self._more(connection))
            missing -= len(parts[-1])
        return Answer(status, head, b"".join(parts))

    @staticmethod
    def _more(connection: socket.socket) -> bytes:
        data = connection.recv(262_144)
        if not data:
            raise ConnectionError("The server closed the connection.")
        return data


def http(method: str, path: str, headers: Mapping[str, str], body: Any = None) -> bytes:
    """A request as bytes; `body` becomes JSON."""
    content = b"" if body is None else orjson.dumps(body)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content
