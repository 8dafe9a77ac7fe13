"""Range requests (RFC 9110, section 14), as far as a file needs them: one range of bytes."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*", re.ASCII)


class NotSatisfiable(Exception):
    """No byte of the file is within the range."""


@dataclass(frozen=True)
class Part:
    """`length` bytes from `start` on, of `size` in all."""

    start: int
    length: int
    size: int

    @property
    def content_range(self) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


def asked_part(header: str, size: int) -> Part | None:
    """The part that a Range header asks for; None for the whole: no header, one of several ranges, or a senseless one.

    Raises NotSatisfiable (416) for a range that begins behind the end.
    """
    match = _RANGE.fullmatch(header)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        length = min(int(suffix), size)
        if not length:
            raise NotSatisfiable
        return Part(size - length, length, size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise NotSatisfiable
    end = min(int(last), size - 1) if last else size - 1
    return Part(start, end - start + 1, size)
