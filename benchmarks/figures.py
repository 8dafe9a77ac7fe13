"""What was measured, in numbers. Pure: no database."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Round:
    """One operation for some seconds. Times are milliseconds; CPU is that of all processes, per request."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    web_cpu: float
    database_cpu: float | None
    memory: int
    errors: list[str]

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Figure:
    """One operation over all rounds: the median of what a clock says, and the least CPU: noise only adds to it."""

    per_second: float
    p50: float
    p95: float
    p99: float
    web_cpu: float
    database_cpu: float | None
    memory: int


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed. NaN of nothing."""
    if not values:
        return math.nan
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def figure_of(rounds: Sequence[Round]) -> Figure:
    """What the table shows of these rounds."""

    def middle(value: Callable[[Round], float]) -> float:
        return median(map(value, rounds))

    seen = [r.database_cpu for r in rounds if r.database_cpu is not None]
    return Figure(
        per_second=middle(lambda r: r.per_second),
        p50=middle(lambda r: r.p50),
        p95=middle(lambda r: r.p95),
        p99=middle(lambda r: r.p99),
        web_cpu=min(r.web_cpu for r in rounds),
        database_cpu=min(seen) if seen else None,
        memory=max(r.memory for r in rounds),
    )
