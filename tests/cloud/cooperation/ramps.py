"""A main road to the north that a ramp joins from the right, for the tests of merging."""

from __future__ import annotations

from functools import cache

import numpy as np

from jinyun.hdmap import Map
from tests.hdmap.drawn import lanes_of

BEFORE_M = 300.0
"""Lanes 0 (main road) and 1 (ramp) are so long before the junction; 2 leads on, 3 and 4 lie in the junction."""


@cache
def ramp() -> Map:
    """Return the road: the main road at x = 0, the ramp comes in at a sixth of a right angle."""
    a = np.radians(15)
    end = np.array([6.0, -24.0])
    start = end - BEFORE_M * np.array([-np.sin(a), np.cos(a)])
    bow = [(6.0 - 6.0 * (3 * t**2 - 2 * t**3), -24.0 + 48.0 * t) for t in np.linspace(0, 1, 17)]
    lines = [
        [(0.0, -24.0 - BEFORE_M), (0.0, -24.0)], [tuple(start), tuple(end)], [(0.0, 24.0), (0.0, 324.0)],
        [(0.0, -24.0), (0.0, 24.0)], bow,
    ]  # fmt: skip
    return lanes_of(
        lines, edge=[0, 1, 2, 3, 4], kind=[0, 0, 0, 4, 4], junction=[-1, -1, -1, 0, 0], speed_mps=22.0,
        after=[(0, 3), (3, 2), (1, 4), (4, 2)],
        tables={
            "edges": {"start": [-1, -1, 0, -1, -1], "end": [0, 0, -1, -1, -1]},
            "links": {"start": [0, 1], "end": [2, 2], "via": [3, 4], "turn": [1, 1], "group": [-1, -1]},
            "junctions": {
                "id": ["R"], "node": [1], "x_m": [0.0], "y_m": [0.0], "signalised": [False], "control": ["priority"],
                "zh": [""], "en": [""], "cycle_s": [0.0], "offset_s": [0.0], "first_group": [0], "groups": [0],
                "first_step": [0], "steps": [0],
            },
        },
    )  # fmt: skip
