"""The files of the demonstration, made here: what people send to a shop for lamps."""

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc


@dataclass(frozen=True)
class DemoFile:
    """A file with its name and the type that the sender's program says."""

    name: str
    content_type: str
    content: bytes


def text_file(name: str, text: str, content_type: str = "text/plain") -> DemoFile:
    """A text without the indentation it has in the script."""
    return DemoFile(name, content_type, cleandoc(text).encode() + b"\n")


def photograph(name: str, shade: tuple[int, int, int], *, cracked: bool = False) -> DemoFile:
    """A round lamp in the dark, in its own light of this colour; `cracked` across the middle."""
    side = 240

    def pixel(x: int, y: int) -> tuple[int, ...]:
        if cracked and abs(y - side / 2 - 9 * math.sin(x / 11)) < 1.6:
            return (20, 20, 24)
        away = math.hypot(x - side / 2, y - side / 2)
        light = 1.0 if away < 62 else math.exp(-(away - 62) / 38)
        return tuple(int(20 + (value - 20) * light) for value in shade)

    return DemoFile(name, "image/png", _png(side, pixel))


def _png(side: int, pixel: Callable[[int, int], tuple[int, ...]]) -> bytes:
    """A square picture (PNG, third edition, section 5)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(value for x in range(side) for value in pixel(x, y)) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
