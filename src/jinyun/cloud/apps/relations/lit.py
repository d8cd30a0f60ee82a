"""Which light each vehicle comes to (前方信号灯): its stop line, the metres to it and the signal group of its way.

By the lanes of all likely ways, and beyond these along the lanes as long as only one follows. Where the ways of one vehicle
obey different lights, the likeliest holds and ``certainty`` says how likely. The map's signal programs tell how long a
light lasts after the present one (:func:`program`); nothing is told of a group that is green twice in a cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.lanes import Located
from jinyun.cloud.prediction import Paths
from jinyun.cloud.prediction.roadway import Floats, Ints, Roads
from jinyun.hdmap import Map
from jinyun.shapes import Light

FARTHEST_M = 400.0
MOST_LANES = 16
MOST_OPTIONS = 12
LEAST_PRIOR = 0.2
"""A way on that is taken less often (turning round) does not make a light doubtful."""
GREEN = (Light.FLASHING_GREEN, Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN)
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Lit:
    """Columns in the order of the tracks; ``lane`` is the lane that ends at the line, -1 where none is ahead."""

    lane: Ints
    line_m: Floats  # from the front of the body to the line, NaN none
    group: Ints  # row of the map's groups, -1 for none or unknown
    certainty: Floats


def lit(located: Located, paths: Paths, roads: Roads, half_length_m: Floats, asked: NDArray[np.bool_]) -> Lit:
    """Return the light ahead of each of those ``asked``."""
    n = len(located.lane)
    found = Lit(np.full(n, -1, np.int32), np.full(n, np.nan), np.full(n, -1, np.int32), np.zeros(n))
    if n:
        _look(
            asked, located.lane, located.s_m, paths.first, paths.lane, paths.probability, roads.extent_m, roads.line,
            roads.line_m, roads.after_first.astype(np.int64), roads.after, roads.group, roads.prior, roads.ridden,
            half_length_m, found.lane, found.line_m, found.group, found.certainty,
        )  # fmt: skip
    return found


@_compiled
def _look(
    asked: NDArray[np.bool_], own: Ints, station: Floats, first: NDArray[np.int64], way: Ints,
    probability: NDArray[np.float32], extent_m: Floats, line: Ints, line_m: Floats, after_first: NDArray[np.int64],
    after: Ints, group: Ints, prior: Floats, ridden: NDArray[np.bool_], half: Floats, to_lane: Ints, to_m: Floats,
    to_group: Ints, certainty: Floats,
) -> None:  # fmt: skip
    options, weights = np.empty(MOST_OPTIONS, np.int64), np.empty(MOST_OPTIONS)
    lanes, metres, best = np.empty(MOST_OPTIONS, np.int64), np.empty(MOST_OPTIONS), np.empty(MOST_OPTIONS)
    for i in range(len(own)):
        if not asked[i] or own[i] < 0:
            continue
        many, whole = 0, 0.0
        for p in range(first[i], first[i + 1]):
            lane = way[p, 0]
            at = station[i]
            if lane != own[i]:
                at = station[i] * extent_m[lane] / max(extent_m[own[i]], 0.1)
            before, k = -at, 0
            while line[lane] < 0 and k < MOST_LANES and before < FARTHEST_M:
                onward = way[p, k + 1] if k + 1 < way.shape[1] else -1
                if onward < 0 or k >= way.shape[1]:
                    onward = -1
                    for row in range(after_first[lane], after_first[lane + 1]):
                        if ridden[after[row]]:
                            continue
                        onward = after[row] if onward == -1 else -2
                if onward < 0:
                    break
                before += extent_m[lane]
                lane, k = onward, k + 1
            whole += probability[p]
            to = before + line_m[lane] - half[i]
            if line[lane] < 0 or to > FARTHEST_M or to < -2.0:
                continue
            follows = way[p, k + 1] if k + 1 < way.shape[1] else -1
            heaviest = 0.0
            for row in range(after_first[lane], after_first[lane + 1]):
                if not ridden[after[row]]:
                    heaviest += prior[row] if prior[row] >= LEAST_PRIOR else 0.0
            for row in range(after_first[lane], after_first[lane + 1]):
                if ridden[after[row]] or (follows >= 0 and after[row] != follows):
                    continue
                if follows < 0 and (prior[row] < LEAST_PRIOR or heaviest <= 0):
                    continue
                part = probability[p] * (1.0 if follows >= 0 else prior[row] / heaviest)
                m = 0
                while m < many and options[m] != group[row]:
                    m += 1
                if m == many:
                    if many == MOST_OPTIONS:
                        continue
                    options[m], weights[m], best[m], many = group[row], 0.0, 0.0, many + 1
                weights[m] += part
                if part > best[m]:
                    best[m], lanes[m], metres[m] = part, lane, to
        most = -1
        for m in range(many):
            if most < 0 or weights[m] > weights[most]:
                most = m
        if most >= 0:
            to_lane[i], to_m[i], to_group[i] = lanes[most], metres[most], options[most]
            certainty[i] = weights[most] / max(whole, 1e-9)


@dataclass(frozen=True, slots=True)
class Program:
    """By signal group of the map: seconds of its cycle, its green and its yellow; NaN where no program says so."""

    cycle_s: Floats
    green_s: Floats
    yellow_s: Floats


_last: list[tuple[Map, Program]] = []


def program(map: Map) -> Program:
    """Return the programs of a map's groups; that of the last map asked for is kept."""
    if _last and _last[0][0] is map:
        return _last[0][1]
    n = len(map.groups["junction"])
    cycle, green, yellow = (np.full(n, np.nan) for _ in range(3))
    junctions, steps, lights = map.junctions, map.steps, map.lights["light"]
    for j in np.flatnonzero(junctions["steps"] > 0).tolist():
        rows = slice(int(junctions["first_step"][j]), int(junctions["first_step"][j] + junctions["steps"][j]))
        lasts, at = steps["duration_s"][rows], steps["first_light"][rows].astype(np.int64)
        for k in range(int(junctions["groups"][j])):
            group = int(junctions["first_group"][j]) + k
            shown = lights[at + k]
            open_ = np.isin(shown, GREEN)
            if (open_ & ~np.roll(open_, 1)).sum() == 1:
                cycle[group], green[group] = lasts.sum(), lasts[open_].sum()
                yellow[group] = lasts[shown == Light.YELLOW].sum()
    _last[:] = [(map, Program(cycle, green, yellow))]
    return _last[0][1]
