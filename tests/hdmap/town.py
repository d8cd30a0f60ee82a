"""A good little town for tests of rules: one signal, two ways in, two out, a crossing, a stop; and how to spoil it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jinyun.hdmap import Map
from tests.hdmap.drawn import lanes_of

GREEN, RED = 6, 3


def town() -> Map:
    """Return the town.

    Lanes 0 and 1 come from the west, 2 and 3 lead on east, 4 comes from the south, 5 leads north; 6 and 7 go straight on
    through the junction from the west, 8 from the south, 9 turns left from the west; 10 is the crossing over the western
    arm and 11 where people wait for it.
    """
    left = [(-15 + 16.75 * np.sin(a), -1.75 + 16.75 * (1 - np.cos(a))) for a in np.linspace(0, np.pi / 2, 19)]
    lines = [
        [(-200, -5.25), (-100, -5.25), (-15, -5.25)], [(-200, -1.75), (-100, -1.75), (-15, -1.75)],
        [(15, -5.25), (100, -5.25), (200, -5.25)], [(15, -1.75), (100, -1.75), (200, -1.75)],
        [(1.75, -200), (1.75, -100), (1.75, -15)], [(1.75, 15), (1.75, 100), (1.75, 200)],
        [(-15, -5.25), (0, -5.25), (15, -5.25)], [(-15, -1.75), (0, -1.75), (15, -1.75)],
        [(1.75, -15), (1.75, 0), (1.75, 15)], left, [(-12, -10), (-12, 3)], [(-12, -14), (-12, -10)],
    ]  # fmt: skip
    fringe = ["west", "east", "south", "north"]
    return lanes_of(
        lines,
        edge=[0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 8], index=[0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0],
        kind=[0] * 6 + [4] * 4 + [6, 5], junction=[-1] * 6 + [0] * 6,
        after=[(0, 6), (6, 2), (1, 7), (7, 3), (4, 8), (8, 5), (1, 9), (9, 5), (11, 10)],
        tables={
            "edges": {"start": [1, 0, 3, 0, -1, -1, -1, -1, -1], "end": [0, 2, 0, 4, -1, -1, -1, -1, -1]},
            "links": {"start": [0, 1, 1, 4, 11], "end": [2, 3, 5, 5, 10], "via": [6, 7, 9, 8, -1],
                      "turn": [1, 1, 2, 1, 1], "group": [0, 0, 0, 1, 2]},
            "junctions": {
                "id": ["J", *fringe], "node": range(1, 6), "x_m": [0.0, -200, 200, 0, 0], "y_m": [0.0, -3, -3, -200, 200],
                "signalised": [True] + [False] * 4, "control": ["signal"] + ["fringe"] * 4, "zh": [""] * 5, "en": [""] * 5,
                "cycle_s": [60.0, 0, 0, 0, 0], "offset_s": [0.0] * 5, "first_group": [0] * 5, "groups": [3, 0, 0, 0, 0],
                "first_step": [0] * 5, "steps": [2, 0, 0, 0, 0],
            },
            "groups": {"junction": [0] * 3, "phase": [1, 2, 3], "walkers": [False, False, True], "turns": [3, 1, 0],
                       "heading_rad": [np.pi / 2, 0.0, 0.0]},
            "steps": {"junction": [0, 0], "duration_s": [30.0, 30.0], "first_light": [0, 3]},
            "lights": {"light": [GREEN, RED, RED, RED, GREEN, GREEN]},
            "heads": {"x_m": [20.0, 2, -12], "y_m": [-3.0, 20, 4], "z_m": [5.0, 5, 3], "heading_rad": [1.57, 0.0, 0.0],
                      "junction": [0] * 3, "phase": [1, 2, 3]},
            "stop_lines": {
                "x1_m": [-16.0, -16, 0], "y1_m": [-3.5, 0, -16], "x2_m": [-16.0, -16, 3.5], "y2_m": [-7.0, -3.5, -16],
                "junction": [0] * 3, "phase": [1, 1, 2], "turn": [1, 3, 1], "lane": [0, 1, 4],
            },
            "crossings": {"id": ["west"], "lane": [10], "first": [0], "count": [2], "width_m": [4.0], "junction": [0],
                          "phase": [3], "smart": [False]},
            "crossing_points": {"x_m": [-12.0, -12], "y_m": [-10.0, 3]},
            "stops": {"id": ["S1"], "lane": [2], "start_m": [50.0], "end_m": [70.0], "x_m": [75.0], "y_m": [-5.25]},
        },
    )  # fmt: skip


def changed(map: Map, table: str, row: int | slice | list[int], **values: Any) -> Map:
    """Return the map with values of one table's rows changed."""
    columns = {name: column.copy() for name, column in getattr(map, table).items()}
    for name, value in values.items():
        if columns[name].dtype.kind == "U":
            columns[name] = columns[name].astype("<U40")
        columns[name][row] = value
    return replace(map, **{table: columns})


def without(map: Map, table: str, row: int) -> Map:
    """Return the map without one row of a table that no other names."""
    return replace(map, **{table: {name: np.delete(column, row) for name, column in getattr(map, table).items()}})


def points_of(map: Map, lane: int) -> slice:
    """Return a lane's rows of points."""
    first = int(map.lanes["first"][lane])
    return slice(first, first + int(map.lanes["count"][lane]))


def moved(map: Map, lane: int, east_m: float, north_m: float, up_m: float = 0.0) -> Map:
    """Return the map with a lane, borders and all, moved."""
    rows, by = points_of(map, lane), {"x": east_m, "y": north_m, "z": up_m}
    return changed(
        map, "points", rows, **{name: map.points[name][rows] + by[name[-3]] for name in map.points if name != "s_m"}
    )


def parted(map: Map, pairs: list[tuple[int, int]]) -> Map:
    """Return the map in which these pairs of lanes no longer follow each other."""
    from jinyun.hdmap import adjacency

    first = map.successors_first["row"]
    before = np.repeat(np.arange(len(first) - 1), np.diff(first))
    kept = [
        (int(a), int(b)) for a, b in zip(before, map.successors["lane"], strict=True) if (int(a), int(b)) not in pairs
    ]
    return replace(map, **adjacency.following(kept, len(first) - 1))
