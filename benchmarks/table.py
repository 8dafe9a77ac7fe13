"""`python -m benchmarks.table RESULT.json [RESULT2.json]`: the figures as Markdown, held against their targets.

With a second file, of a larger load, also how each operation grows with the number of tickets.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import soak, uploads
from benchmarks.figures import Figure, Round, figure_of

RESULTS = Path(__file__).parent / "RESULTS.md"

# CPU of the web processes, at most, in multiples of the floor's.
TARGETS = {
    "list 20": 3.0,
    "list 100": 2.5,
    "detail, 5 messages": 3.0,
    "detail, 500 messages": 3.0,
    "create": 3.0,
    "append": 3.0,
}
# The same at ten times the tickets, in multiples of itself.
GROWTH_TARGET = 1.3


@dataclass(frozen=True)
class Line:
    """An operation with its figures, and the floor's where it has one."""

    name: str
    product: Figure
    floor: Figure | None

    @property
    def ratio(self) -> float | None:
        """CPU of the web processes, in multiples of the floor's."""
        return None if self.floor is None else _ratio(self.product.web_cpu, self.floor.web_cpu)


@dataclass(frozen=True)
class Result:
    """One run of `benchmarks.drive`."""

    about: dict[str, str]
    lines: list[Line]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument(
        "result", nargs="+", type=Path, help="What benchmarks.drive has written; the smaller one first."
    )
    parser.add_argument("--write", action="store_true", help=f"Write it into {RESULTS.name} as well.")
    parser.add_argument("--soak", action="append", type=Path, default=[], help="What benchmarks.soak has written.")
    parser.add_argument("--uploads", action="append", type=Path, default=[], help="The same of benchmarks.uploads.")
    options = parser.parse_args(arguments)
    more = [_read(path) for path in [*options.soak, *options.uploads]]
    text = page([result_of(_read(path)) for path in options.result], more)
    print(text, end="")
    if options.write:
        RESULTS.write_text(text)


def _read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def result_of(data: dict[str, Any]) -> Result:
    """What a result file says."""
    return Result(data["about"], [_line(item) for item in data["operations"]])


def _line(item: dict[str, Any]) -> Line:
    product, floor = ([Round(**r) for r in item[side]] for side in ("product", "floor"))
    return Line(item["name"], figure_of(product), figure_of(floor) if floor else None)


def page(results: Sequence[Result], more: Sequence[dict[str, Any]] = ()) -> str:
    """Everything, as one page of Markdown; `more` is what the files of other commands say."""
    parts = ["# Results", "", "Written by `python -m benchmarks.table`; [README](README.md) says how to read it.", ""]
    for result in results:
        parts += [*_section(result), ""]
    for larger in results[1:]:
        parts += [*_growth(results[0], larger), ""]
    for data in more:
        parts += [*_further_section(data), ""]
    return "\n".join(parts)


def _further_section(data: dict[str, Any]) -> list[str]:
    about = data["about"]
    if "soak" in data:
        heading = f"Many clients, {about['tickets']} tickets"
        lines = soak.lines_of(soak.soak_of(data["soak"]))
    else:
        heading, lines = "Large files", uploads.lines_of(uploads.transfers_of(data["uploads"]))
    where = f"{about['date']}, `{about['command']}`, on the machine above."
    return [f"## {heading}", "", where, "", *lines]


def _section(result: Result) -> list[str]:
    about = result.about
    memory = max(line.product.memory for line in result.lines) / 2**20
    return [
        f"## {about['tickets']} tickets",
        "",
        f"{about['date']}, `{about['command']}`. {about['machine']}. {about['versions']} ({about['postgresql']}).",
        f"CPU is in milliseconds per request. A web process took {memory:.0f} MiB of memory at most.",
        "",
        "| Operation | Per second | p50 ms | p95 ms | p99 ms | Web CPU | DB CPU | Floor: web | DB | Ratio | Target |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
        *(_row(line) for line in result.lines),
    ]


def _row(line: Line) -> str:
    figure = line.product
    cells = [
        line.name,
        f"{figure.per_second:.0f}",
        f"{figure.p50:.1f}",
        f"{figure.p95:.1f}",
        f"{figure.p99:.1f}",
        f"{figure.web_cpu:.2f}",
        "-" if figure.database_cpu is None else f"{figure.database_cpu:.2f}",
        "-" if line.floor is None else f"{line.floor.web_cpu:.2f}",
        "-" if line.floor is None or line.floor.database_cpu is None else f"{line.floor.database_cpu:.2f}",
        "-" if line.ratio is None else f"{line.ratio:.2f}",
        verdict(line.ratio, TARGETS.get(line.name)),
    ]
    return f"| {' | '.join(cells)} |"


def _growth(smaller: Result, larger: Result) -> list[str]:
    """The operations of both, by how much more they cost with more tickets."""
    before = {line.name: line.product for line in smaller.lines}
    rows = [growth_row(line.name, before[line.name], line.product) for line in larger.lines if line.name in before]
    return [
        f"## {larger.about['tickets']} tickets against {smaller.about['tickets']}",
        "",
        "| Operation | CPU, web | CPU, web and database | p50 | Target for CPU, web |",
        "|---|--:|--:|--:|---|",
        *rows,
    ]


def growth_row(name: str, before: Figure, after: Figure) -> str:
    """How many times what it was; the target is for the operations that have one."""
    web = _ratio(after.web_cpu, before.web_cpu)
    total = None
    if before.database_cpu is not None and after.database_cpu is not None:
        total = _ratio(after.web_cpu + after.database_cpu, before.web_cpu + before.database_cpu)
    shown = ["-" if value is None else f"{value:.2f}" for value in (web, total, _ratio(after.p50, before.p50))]
    return f"| {name} | {' | '.join(shown)} | {verdict(web, GROWTH_TARGET if name in TARGETS else None)} |"


def verdict(ratio: float | None, target: float | None) -> str:
    """Whether the ratio is within its target."""
    if ratio is None or target is None:
        return ""
    return f"{'met' if ratio <= target else '**missed**'}: at most {target:g}"


def _ratio(value: float, of: float) -> float | None:
    return value / of if of else None


if __name__ == "__main__":
    main()
