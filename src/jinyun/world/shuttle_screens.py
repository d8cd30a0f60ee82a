"""Parked buses that hide who steps out (鬼探头): where one at the kerb blocks the car's view and leaves the road's free.

A bus stands beside the shuttle's lane with its nose just short of a place; who walks from its far side before its nose is
behind it for whoever comes along the lane. Places count only where a roadside unit sees that walk from beginning to end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline
from jinyun.world.street import BODIES, DOING, Snapshot

ASIDE_M = 3.3
"""Offset of the bus's middle from the guideline."""
NOSE_M = 1.0
"""Its nose is so far short of where somebody walks."""
FROM_M, OUT_M = 5.6, 2.4
"""Offsets between which who walks before its nose is hidden from the lane."""
EVERY_M = 10.0
MARK_M = 30.0
"""So far from stop lines, junctions and stops buses stand."""
STRAIGHT_1PM = 0.005
BEHIND_M, BEYOND_M = 30.0, 10.0
"""The way is straight from so far before a place until so far beyond."""
DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
FREE_M = 0.2
"""A bus stays so far off every lane that is driven on."""
Floats = NDArray[np.float64]
Sees = Callable[[Snapshot], NDArray[np.bool_]]


def screens(line: Guideline, map: Map, road_sees: Sees) -> tuple[float, ...]:
    """Return stations before which a bus can stand and where the road sees whom it hides; ``road_sees`` by row."""
    marks = [at.s_m for at in line.stop_lines] + [at.end_m for at in line.stop_lines] + [h.s_m for h in line.halts]
    span = np.arange(-int(BEHIND_M / STEP_M), int(BEYOND_M / STEP_M))
    found = []
    for s in np.arange(0.0, line.length_m - BEYOND_M, EVERY_M).tolist():
        k = (int(s / STEP_M) + span) % len(line.x_m)
        near = min(min(line.ahead(s, mark), line.ahead(mark, s)) for mark in marks)
        if near < MARK_M or line.inside[k].any() or np.abs(line.curvature[k]).max() > STRAIGHT_1PM:
            continue
        if _off_lanes(line, map, s) and _seen_all_the_way(line, s, road_sees):
            found.append(s)
    return tuple(found)


def columns(
    body: str, x_m: Floats, y_m: Floats, heading_rad: Floats, speed_mps: Floats, slot: Sequence[int],
    number: Sequence[int],
) -> dict[str, Any]:  # fmt: skip
    """Return guests of one kind of body as columns of a snapshot."""
    of, n = BODIES[body], len(x_m)
    return {
        "slot": np.array(slot, np.int64), "number": np.array(number, np.uint32),
        "kind": np.full(n, of.kind, np.uint8), "classification": np.full(n, of.classification, np.uint8),
        "x_m": x_m, "y_m": y_m, "heading_rad": heading_rad % (2 * np.pi), "speed_mps": speed_mps,
        "accel_mps2": np.zeros(n), "yaw_rate_rps": np.zeros(n), "length_m": np.full(n, of.length_m),
        "width_m": np.full(n, of.width_m), "height_m": np.full(n, of.height_m), "doing": np.zeros(n, DOING),
    }  # fmt: skip


def parked(line: Guideline, stations: Sequence[float], slot: Sequence[int], number: Sequence[int]) -> dict[str, Any]:
    """Return the buses that stand before stations as columns of a snapshot."""
    middle = np.asarray(stations, np.float64) - NOSE_M - BODIES["bus"].length_m / 2
    x, y, heading = line.place(middle, np.full(len(middle), ASIDE_M))
    return columns("bus", x, y, heading, np.zeros(len(middle)), slot, number)


def _off_lanes(line: Guideline, map: Map, s_m: float) -> bool:
    """Return whether a bus before a station leaves every lane that is driven on to others, the shuttle's too."""
    along = s_m - NOSE_M - np.linspace(0.0, BODIES["bus"].length_m, 5)
    half = BODIES["bus"].width_m / 2
    own = line.right_m[(along / STEP_M).astype(np.int64) % len(line.x_m)]
    if ASIDE_M - half < float(own.max()) + FREE_M:
        return False
    x, y, _ = line.place(along, np.full(len(along), ASIDE_M))
    row, off, _ = map.nearest_lane(x, y, None, DRIVEN)
    return bool((np.abs(off) > map.lanes["width_m"][row] / 2 + half).all())


def _seen_all_the_way(line: Guideline, s_m: float, road_sees: Sees) -> bool:
    offsets = np.linspace(FROM_M, OUT_M, 5)
    x, y, heading = line.place(np.full(len(offsets), s_m), offsets)
    people = columns("walker", x, y, heading - np.pi / 2, np.ones(len(offsets)), range(1, 6), range(2, 7))
    bus = parked(line, [s_m], [0], [1])
    both = {name: np.concatenate([bus[name], people[name]]) for name in bus}
    return bool(road_sees(Snapshot(time_s=0.0, vehicles=1, persons=len(offsets), **both))[1:].all())
