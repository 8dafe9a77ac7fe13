import math

import pytest

from benchmarks import uploads
from benchmarks.figures import Figure, Round, figure_of, percentile
from benchmarks.soak import Soak, Waits, complaints_about
from benchmarks.table import growth_row, page, result_of, verdict
from benchmarks.uploads import MIB, Transfers, Way


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.95, 95), (0.99, 99), (1.0, 100)]
)
def test_percentile_is_the_smallest_value_that_so_many_do_not_exceed(share, value):
    assert percentile([*range(100, 0, -1)], share) == value


def test_percentile_of_nothing_is_not_a_number():
    assert math.isnan(percentile([], 0.5))


def a_round(**changes):
    values = {"requests": 100, "seconds": 2.0, "p50": 4.0, "p95": 8.0, "p99": 9.0, "web_cpu": 3.0, "database_cpu": 1.0}
    return Round(**{**values, "memory": 2**20, "errors": [], **changes})


def test_a_figure_takes_the_median_of_times_and_the_least_cpu():
    rounds = [
        a_round(requests=100, p50=4, web_cpu=3.5, database_cpu=None, memory=1),
        a_round(requests=300, p50=9, web_cpu=3.0, database_cpu=2.0, memory=3),
        a_round(requests=200, p50=5, web_cpu=9.0, database_cpu=1.5, memory=2),
    ]

    figure = figure_of(rounds)

    assert figure == Figure(per_second=100, p50=5, p95=8, p99=9, web_cpu=3.0, database_cpu=1.5, memory=3)


def test_a_database_elsewhere_has_no_cpu():
    assert figure_of([a_round(database_cpu=None)]).database_cpu is None


@pytest.mark.parametrize(
    ("ratio", "target", "said"),
    [
        (2.5, 3.0, "met: at most 3"),
        (3.0, 3.0, "met: at most 3"),
        (3.1, 3.0, "**missed**: at most 3"),
        (None, 3.0, ""),
        (2.0, None, ""),
    ],
)
def test_a_ratio_is_held_against_its_target(ratio, target, said):
    assert verdict(ratio, target) == said


def a_result(tickets, **changes):
    row = a_round(**changes)
    about = dict.fromkeys(("date", "command", "versions", "machine", "postgresql"), "x") | {"tickets": tickets}
    return result_of(
        {
            "about": about,
            "operations": [
                {"name": "list 20", "product": [vars(row)], "floor": [vars(a_round(web_cpu=1.5))]},
                {"name": "status", "product": [vars(row)], "floor": []},
            ],
        }
    )


def test_the_page_shows_each_operation_beside_its_floor():
    text = page([a_result("100")])

    assert "| list 20 | 50 | 4.0 | 8.0 | 9.0 | 3.00 | 1.00 | 1.50 | 1.00 | 2.00 | met: at most 3 |" in text
    assert "| status | 50 | 4.0 | 8.0 | 9.0 | 3.00 | 1.00 | - | - | - |  |" in text
    assert "against" not in text


def test_the_page_of_two_results_shows_the_growth():
    text = page([a_result("100"), a_result("1,000", web_cpu=4.5, p50=8.0)])

    assert "## 1,000 tickets against 100" in text
    assert "| list 20 | 1.50 | 1.38 | 2.00 | **missed**: at most 1.3 |" in text
    assert "| status | 1.50 | 1.38 | 2.00 |  |" in text


def test_growth_without_a_database_in_sight():
    before, after = figure_of([a_round(database_cpu=None)]), figure_of([a_round()])

    assert growth_row("append", before, after) == "| append | 1.00 | - | 1.00 | met: at most 1.3 |"


def a_soak(*, errors=(), memory=(50, 100, 100, 100), small_p95=100.0):
    waits = [Waits("big", 10, 50.0, 100.0, 200.0), Waits("small", 10, 50.0, small_p95, 200.0)]
    return Soak(clients=2, seconds=1.0, waits=waits, memory=list(memory), errors=list(errors))


def test_a_good_soak_has_no_complaints():
    assert complaints_about(a_soak()) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"errors": ["GET /: 500"]}, "errors"),
        ({"memory": (50, 100, 105, 120)}, "grew"),
        ({"small_p95": 160.0}, "waits"),
        ({"small_p95": math.nan}, "waits"),
    ],
)
def test_each_criterion_of_the_soak_can_fail(wrong, word):
    (complaint,) = complaints_about(a_soak(**wrong))

    assert word in complaint


def transfers(*, errors=(), peaks=(40, 20, 0), after=(130, 132, 133)):
    ways = [Way("in", 800, 5.0, 4.0, 125 * MIB, peak * MIB, end * MIB) for peak, end in zip(peaks, after, strict=True)]
    return Transfers(files=100, size=20, clients=8, ways=ways, errors=list(errors))


def test_good_transfers_have_no_complaints():
    assert uploads.complaints_about(transfers()) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"errors": ["file 3: 500"]}, "errors"),
        ({"peaks": (40, 20, 160)}, "it may by 48.0 MiB"),
        ({"after": (130, 140, 150)}, "from 130.0 MiB to 150.0 MiB"),
    ],
)
def test_each_criterion_of_the_transfers_can_fail(wrong, word):
    (complaint,) = uploads.complaints_about(transfers(**wrong))

    assert word in complaint
