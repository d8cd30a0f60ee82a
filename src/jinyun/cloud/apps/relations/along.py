"""How each goes along its lane (沿车道运动): the lane's course abreast, speed along and across it, and whether it keeps to it.

Who does not keep to its lane (beyond its border, athwart, heading or speed unknown) is told nothing by what follows from lanes:
a heading that contradicts the lane is as often a mirrored input as a wrong-way driver, and one frame cannot tell the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.lanes import Located
from jinyun.cloud.prediction.roadway import Roads

Floats = NDArray[np.float64]

BORDER_M = 0.3
"""The middle of a body may be so far beyond its lane's border."""
KEEPS_RAD = 0.6
"""Who heads no farther from its lane's course keeps to it."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Along:
    """Columns in the order of the tracks; NaN and False where no lane or no motion is known."""

    course_rad: Floats  # of the lane, abreast
    forward_mps: Floats  # negative: against the lane
    aside_mps: Floats  # across it, to the right
    inside: NDArray[np.bool_]  # the middle of the body lies within the lane's borders
    keeps: NDArray[np.bool_]  # inside, and heads along the lane


def along(tracks: NDArray[np.void], located: Located, roads: Roads) -> Along:
    """Return how each track goes along the lane it is on."""
    course = np.full(len(tracks), np.nan)
    if len(tracks) and len(roads.first):
        _course(located.lane, located.s_m, roads.first, roads.points, roads.s, roads.heading, course)
    speed, heading = tracks["speed_mps"].astype(np.float64), tracks["heading_rad"].astype(np.float64)
    turn = heading - course
    with np.errstate(invalid="ignore"):
        half = np.append(roads.half_m, np.nan)[located.lane]
        inside = np.abs(located.offset_m) <= half + BORDER_M
        keeps = inside & (np.cos(turn) >= np.cos(KEEPS_RAD)) & np.isfinite(speed)
    return Along(course, speed * np.cos(turn), speed * np.sin(turn), inside, keeps)


@_compiled
def _course(
    lane: NDArray[np.int32], station: Floats, first: NDArray[np.int64], points: NDArray[np.int64], s: Floats,
    heading: Floats, course: Floats,
) -> None:  # fmt: skip
    for i in range(len(lane)):
        here = lane[i]
        if here < 0 or points[here] < 2 or not np.isfinite(station[i]):
            continue
        low, high = first[here], first[here] + points[here] - 2
        while low < high:
            middle = (low + high + 1) // 2
            if s[middle] <= station[i]:
                low = middle
            else:
                high = middle - 1
        share = min(max((station[i] - s[low]) / max(s[low + 1] - s[low], 1e-9), 0.0), 1.0)
        course[i] = heading[low] + share * (heading[low + 1] - heading[low])
