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


def page(name: str, lines: str) -> DemoFile:
    """A page of typewriting as PDF (ISO 32000-1): an invoice, say."""
    typed = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in cleandoc(lines).splitlines()]
    text = "BT /F1 11 Tf 72 770 Td 15 TL " + " ".join(f"({line}) '" for line in typed) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
        "<< /Font << /F1 5 0 R >> >>",
    ]
    content, places = "%PDF-1.4\n", []
    for number, item in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{item}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    content += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}"
    content += f"trailer << /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{content.index('xref')}\n%%EOF\n"
    return DemoFile(name, "application/pdf", content.encode("latin-1"))


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
