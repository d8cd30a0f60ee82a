"""What lies ahead of one vehicle (下游): the lanes of its way and those beside, how far and how likely; for few vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.lanes import Located
from jinyun.cloud.prediction import Paths
from jinyun.cloud.prediction.roadway import Floats, Ints, Roads
from jinyun.cloud.upstream import Backwards

LEAST_SHARE = 0.1
MOST_BESIDE = 8
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Downstream:
    """By lane of the map: metres from the vehicle's middle to the lane's beginning (negative on its own lane, NaN where it
    does not get), the probability that it gets there, and whether the lane is only beside one on which it does."""

    metres: Floats
    probability: Floats
    beside: NDArray[np.bool_]


def downstream(row: int, located: Located, paths: Paths, roads: Roads, back: Backwards, reach_m: float) -> Downstream:
    """Return the lanes ahead of the track in a row of the frame, as far as ``reach_m``."""
    lanes = len(roads.first)
    found = Downstream(np.full(lanes, np.nan), np.zeros(lanes), np.zeros(lanes, np.bool_))
    rows = slice(int(paths.first[row]), int(paths.first[row + 1]))
    if located.lane[row] >= 0:
        _forward(
            int(located.lane[row]), float(located.s_m[row]), paths.lane[rows], paths.probability[rows], roads.extent_m,
            roads.after_first.astype(np.int64), roads.after, back.share, roads.left, roads.right, roads.ridden, reach_m,
            found.metres, found.probability, found.beside,
        )  # fmt: skip
    return found


@_compiled
def _forward(
    own: int, station: float, way: Ints, probability: NDArray[np.float32], extent_m: Floats,
    after_first: NDArray[np.int64], after: Ints, share: Floats, left: Ints, right: Ints, ridden: NDArray[np.bool_],
    reach_m: float, metres: Floats, chance: Floats, beside: NDArray[np.bool_],
) -> None:  # fmt: skip
    lanes = len(extent_m)
    queue, carried, at = np.empty(lanes + 8, np.int64), np.empty(lanes + 8), np.empty(lanes + 8)
    count = 0
    for p in range(len(way)):
        begin = way[p, 0]
        if begin < 0:
            continue
        before = -station if begin == own else -station * extent_m[begin] / max(extent_m[own], 0.1)
        for k in range(way.shape[1]):
            lane = way[p, k]
            if lane < 0 or before > reach_m:
                break
            if np.isnan(metres[lane]) or before < metres[lane]:
                metres[lane] = before
            chance[lane] += probability[p]
            before += extent_m[lane]
            if (k + 1 == way.shape[1] or way[p, k + 1] < 0) and count < len(queue):
                queue[count], carried[count], at[count], count = lane, probability[p], before, count + 1
    head = 0
    while head < count:  # beyond what is predicted: as the ways part usually
        lane, part, before = queue[head], carried[head], at[head]
        head += 1
        if before > reach_m:
            continue
        for row in range(after_first[lane], after_first[lane + 1]):
            onward, its = after[row], part * share[row]
            if its < LEAST_SHARE or ridden[onward]:
                continue
            if np.isnan(metres[onward]) or before < metres[onward]:
                metres[onward] = before
            chance[onward] += its
            if count < len(queue):
                queue[count], carried[count], at[count], count = onward, its, before + extent_m[onward], count + 1
    for lane in range(lanes):
        if np.isnan(metres[lane]) or beside[lane]:
            continue
        for side in range(2):
            other, n = left[lane] if side == 0 else right[lane], 0
            while other >= 0 and n < MOST_BESIDE:
                if not ridden[other]:
                    scale = extent_m[other] / max(extent_m[lane], 0.1)
                    if np.isnan(metres[other]):
                        metres[other], beside[other] = metres[lane] if metres[lane] > 0 else metres[lane] * scale, True
                        chance[other] = chance[lane]
                    elif beside[other]:
                        chance[other] = max(chance[other], chance[lane])
                other, n = left[other] if side == 0 else right[other], n + 1
