"""A junction of four arms for the tests of what happens at junctions, one lane each way, with or without lights."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from jinyun.cloud.apps.scene import Scene
from jinyun.hdmap import Map
from jinyun.shapes import REPORT
from tests.cloud.apps.roads import at, own
from tests.hdmap.drawn import lanes_of

GREEN, RED = 6, 3
LEFT_LAMP, RIGHT_LAMP, HAZARD = ({"lights": 1 << bit} for bit in (6, 5, 4))
EDGE_M = 12.0
NORTH_SOUTH, EAST_WEST = 1, 2
"""Phases of the lights."""


def said(application: ModuleType, found: Scene) -> dict[tuple[int, int], np.void]:
    """Return the advice of an application in a scene by (receiver, about)."""
    rows = application.advise(found, own(application.ABOUT.id))
    keys = list(zip(rows["receiver"].tolist(), rows["about"].tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, rows, strict=True))


def spoilt(found: Scene, row: int, **values: float) -> Scene:
    """Return the scene when columns of one track say something else, matched and (in view of the lamps) predicted anew."""
    from jinyun.cloud.lanes import Lanes
    from jinyun.cloud.prediction import Lamp, predict

    tracks = found.tracks.copy()
    for name, value in values.items():
        tracks[name][row] = value
    lights = found.reports["lights"]
    told = found.reports["vehicle_id"] > 0
    left, right = (lights & LEFT_LAMP["lights"]) > 0, (lights & RIGHT_LAMP["lights"]) > 0
    lamps = np.select([~told, left & ~right, right & ~left], [Lamp.UNKNOWN, Lamp.LEFT, Lamp.RIGHT], Lamp.OFF)
    lanes = Lanes(found.map)
    located = lanes.step(tracks)
    paths = predict(tracks, found.signals, found.roadway, found.t_us, lamps=lamps, history=lanes.history)
    reports = found.reports if len(found.reports) else np.zeros(len(tracks), REPORT)
    return Scene(found.t_us, tracks, located, paths, found.signals, reports, found.map, found.roadway, found.units)


def bad(found: Scene, row: int) -> Iterable[Scene]:
    """Yield scenes in which one of the two that matter says what nothing can be made of."""
    for name in ("heading_rad", "speed_mps", "x_m"):
        yield spoilt(found, row, **{name: np.nan})


def _arc(cx: float, cy: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    return [(cx + radius * np.cos(a), cy + radius * np.sin(a)) for a in np.linspace(start, end, 13)]


@cache
def crossroads(signalised: bool = False, without: tuple[int, ...] = ()) -> Map:
    """Return the junction around the origin: lanes 0 to 3 come in to the north, east, south and west, 4 to 7 lead on so.

    8 to 11 go straight on, 12 to 15 turn right, 16 to 19 turn left, each in the same order. Phase 1 is north and south.
    Some may be missing: their links are (of 8 to 19), and their lines lie where nobody drives.
    """
    e, half = EDGE_M, 1.75
    shapes: list[list[tuple[float, float]]] = [
        [(half, -200.0), (half, -100.0), (half, -e)], [(half, e), (half, 100.0), (half, 200.0)],
        [(half, -e), (half, 0.0), (half, e)],
        _arc(e, -e, e - half, np.pi, np.pi / 2), _arc(-e, -e, e + half, 0.0, np.pi / 2),
    ]  # fmt: skip
    lines = [[at(x, y, 90.0 * d) for x, y in shape] for shape in shapes for d in range(4)]
    lines = [[(x + 5000.0, y) for x, y in line] if row in without else line for row, line in enumerate(lines)]
    there = [row for row in range(8, 20) if row not in without]
    to = [4 + ((row - 8) % 4 + (0, 1, 3)[(row - 8) // 4]) % 4 for row in there]
    start = [(row - 8) % 4 for row in there]
    via, turn = there, [(1, 4, 2)[(row - 8) // 4] for row in there]
    group = [d % 2 for d in start] if signalised else [-1] * len(via)
    stop: dict[str, list[Any]] = {
        "x1_m": [], "y1_m": [], "x2_m": [], "y2_m": [], "junction": [0] * 4, "phase": [1, 2, 1, 2], "turn": [7] * 4,
        "lane": [0, 1, 2, 3],
    }  # fmt: skip
    for d in range(4):
        for k, x in ((1, half - 1.75), (2, half + 1.75)):
            px, py = at(x, -e - 1.0, 90.0 * d)
            stop[f"x{k}_m"].append(px)
            stop[f"y{k}_m"].append(py)
    return lanes_of(
        lines, edge=list(range(20)), kind=[0] * 8 + [4] * 12, junction=[-1] * 8 + [0] * 12, speed_mps=14.0,
        after=[*zip(start, via, strict=True), *zip(via, to, strict=True)],
        tables={
            "edges": {"start": [-1] * 4 + [0] * 4 + [-1] * 12, "end": [0] * 4 + [-1] * 16},
            "links": {"start": start, "end": to, "via": via, "turn": turn, "group": group},
            "junctions": {
                "id": ["J"], "node": [1], "x_m": [0.0], "y_m": [0.0], "signalised": [signalised],
                "control": ["signal" if signalised else "priority"], "zh": [""], "en": [""], "cycle_s": [60.0],
                "offset_s": [0.0], "first_group": [0], "groups": [2 if signalised else 0], "first_step": [0], "steps": [0],
            },
            "groups": {"junction": [0, 0], "phase": [1, 2], "walkers": [False] * 2, "turns": [7, 7],
                       "heading_rad": [0.0, np.pi / 2]} if signalised else {},
            "stop_lines": stop if signalised else {},
        },
    )  # fmt: skip


def lights_for(green: int) -> list[dict[str, int]]:
    """Return the lights of the junction with one phase green and the other red."""
    from tests.cloud.apps.roads import light

    return [light(phase, GREEN if phase == green else RED, 20.0) for phase in (NORTH_SOUTH, EAST_WEST)]
