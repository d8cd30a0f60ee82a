"""A road of two lanes to the north with a crossing without lights at its middle, for the tests of who crosses on foot."""

from __future__ import annotations

from functools import cache

from jinyun.hdmap import Map
from tests.hdmap.drawn import lanes_of

AT_M = 200.0


@cache
def zebra(phase: int = 0) -> Map:
    """Return the road: lanes at x = 0 and x = -3.5, the crossing from x = 3 to x = -6.5 at y = 200."""
    lines = [[(-3.5 * k, 0.0), (-3.5 * k, 400.0)] for k in range(2)]
    return lanes_of(lines, edge=[0, 0], index=[0, 1], speed_mps=14.0, tables={
        "crossings": {"id": ["Z"], "lane": [-1], "first": [0], "count": [2], "width_m": [4.0], "junction": [-1],
                      "phase": [phase], "smart": [False]},
        "crossing_points": {"x_m": [3.0, -6.5], "y_m": [AT_M, AT_M]},
    })  # fmt: skip
