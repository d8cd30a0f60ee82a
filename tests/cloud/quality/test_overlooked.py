"""The cells of the street by which the road's silence is weighed: spread evenly, and bounded whatever is claimed."""

import numpy as np
import pytest

from jinyun.cloud.live import LONG_WINDOW_US
from jinyun.cloud.quality import overlooked
from jinyun.cloud.quality.claims import PARTS
from jinyun.cloud.quality.overlooked import CELL_M, DOUBT, Cells

MOST = 1 << 14


def drive(cells: Cells, x_m: np.ndarray, y_m: np.ndarray, asking: int = 1) -> None:
    """Let trusted vehicles, seen by the road, be asked about at their places, a thousand a time."""
    for first in range(0, len(x_m), 1000):
        x, y = x_m[first : first + 1000], y_m[first : first + 1000]
        rows = np.arange(len(x))
        yes, no = np.ones(len(x), np.bool_), np.zeros(len(x), np.bool_)
        cells.make_room(len(x))
        doubts = np.zeros(len(x), DOUBT)
        overlooked.ask(
            rows, rows.astype(np.uint64) + 1, x, y, yes, no, yes, asking, doubts, cells.keys, cells.values, cells.used
        )


def count_at(cells: Cells, x_m: float, y_m: float) -> float:
    return float(
        cells.values[
            overlooked._place(cells.keys, int(x_m // CELL_M) << 32 | (int(y_m // CELL_M) & 0xFFFFFFFF), cells.used), 1
        ]
    )


def test_places_claimed_all_over_the_earth_fill_no_more_than_the_bound_and_the_driven_street_stays() -> None:
    rng = np.random.default_rng(5)
    cells = Cells(most=MOST)
    street = np.arange(400) * CELL_M + 1.0
    for turn in range(12):
        for _ in range(5):
            drive(cells, street, np.full(400, 7.0))
        drive(cells, *rng.uniform(-150_000, 150_000, (2, 5_000)))
        assert len(cells) <= MOST + 1000
        assert len(cells.keys) <= 4 * MOST
        counts = [count_at(cells, x, 7.0) for x in street]
        assert min(counts) >= 5 * (turn + 1)


@pytest.mark.parametrize("way", ["east", "north", "across"])
def test_cells_along_any_road_are_found_in_few_steps(way: str) -> None:
    along = np.arange(4_000) * CELL_M + 1.0
    cells = Cells()
    still = np.full(len(along), 3.0)
    drive(cells, along if way != "north" else still, along if way != "east" else still)
    (full,) = np.nonzero(cells.keys != overlooked._FREE)
    assert len(full) == len(along)
    runs = np.split(full, np.flatnonzero(np.diff(full) > 1) + 1)  # as long as the longest search
    assert max(map(len, runs)) < 64


def test_everybody_is_asked_about_before_the_next_asking_begins() -> None:
    assert (PARTS + 1) * LONG_WINDOW_US < 1_000_000
