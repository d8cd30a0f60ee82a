"""Who is in the lanes beside (邻车道车辆): the nearest ahead and the nearest behind, on the left and on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.apps.relations.ahead import occupied
from jinyun.cloud.lanes import Located
from jinyun.cloud.prediction.roadway import Roads

LEFT, RIGHT = 0, 1
BEYOND_M = 80.0
"""Beyond the lane's beginning and end nobody farther away is looked for."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Beside:
    """Shape (n, 2): left and right. Rows of tracks (-1 nobody), gaps bumper to bumper (negative: abreast, NaN nobody)."""

    lane: NDArray[np.int32]  # the lane beside, -1 none
    ahead: NDArray[np.int32]
    ahead_m: NDArray[np.float64]
    behind: NDArray[np.int32]
    behind_m: NDArray[np.float64]


def beside(
    tracks: NDArray[np.void], located: Located, roads: Roads, half_length_m: NDArray[np.float64],
    before: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None,
) -> Beside:  # fmt: skip
    """Return who is nearest ahead and behind of each track in the lanes beside its own that lead the same way.

    With ``before`` (the map's predecessors, ``first`` and ``lane``) also who is still on the lanes that lead there, or
    already on those that it leads to, within :data:`BEYOND_M`.
    """
    n = len(tracks)
    lane, front, rear = (np.full((n, 2), -1, np.int32) for _ in range(3))
    front_m, rear_m = np.full((n, 2), np.nan), np.full((n, 2), np.nan)
    if n:
        who = occupied(located, len(roads.first))
        if before is None:
            before = np.zeros(len(roads.first) + 1, np.int32), np.empty(0, np.int32)
        _look(
            before[0], before[1], roads.after_first, roads.after,
            located.lane, located.s_m, roads.left, roads.right, roads.extent_m, who.first, who.row, half_length_m,
            lane, front, front_m, rear, rear_m,
        )  # fmt: skip
    return Beside(lane, front, front_m, rear, rear_m)


@_compiled
def _look(
    before_first: NDArray[np.int32], before: NDArray[np.int32], after_first: NDArray[np.int32], after: NDArray[np.int32],
    own: NDArray[np.int32], station: NDArray[np.float64], left: NDArray[np.int32], right: NDArray[np.int32],
    extent_m: NDArray[np.float64], begins: NDArray[np.int64], who: NDArray[np.int64], half: NDArray[np.float64],
    lane: NDArray[np.int32], front: NDArray[np.int32], front_m: NDArray[np.float64], rear: NDArray[np.int32],
    rear_m: NDArray[np.float64],
) -> None:  # fmt: skip
    for i in range(len(own)):
        if own[i] < 0:
            continue
        for side in range(2):
            other = left[own[i]] if side == 0 else right[own[i]]
            lane[i, side] = other
            if other < 0:
                continue
            s = station[i] * extent_m[other] / max(extent_m[own[i]], 0.1)  # abreast: the same share of the lane
            low, high = begins[other], begins[other + 1]
            while low < high:
                middle = (low + high) // 2
                if station[who[middle]] <= s:
                    low = middle + 1
                else:
                    high = middle
            if low < begins[other + 1]:
                j = who[low]
                front[i, side], front_m[i, side] = j, station[j] - s - half[i] - half[j]
            elif len(before) and extent_m[other] - s < BEYOND_M:
                for row in range(after_first[other], after_first[other + 1]):
                    onward = after[row]
                    if begins[onward] == begins[onward + 1]:
                        continue
                    j = who[begins[onward]]
                    gap = extent_m[other] - s + station[j] - half[i] - half[j]
                    if gap < BEYOND_M and j != i and not gap >= front_m[i, side]:
                        front[i, side], front_m[i, side] = j, gap
            if low > begins[other]:
                j = who[low - 1]
                rear[i, side], rear_m[i, side] = j, s - station[j] - half[i] - half[j]
            elif len(before) and s < BEYOND_M:
                for row in range(before_first[other], before_first[other + 1]):
                    up = before[row]
                    if begins[up] == begins[up + 1]:
                        continue
                    j = who[begins[up + 1] - 1]
                    gap = s + extent_m[up] - station[j] - half[i] - half[j]
                    if gap < BEYOND_M and j != i and not gap >= rear_m[i, side]:
                        rear[i, side], rear_m[i, side] = j, gap
