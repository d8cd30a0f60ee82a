"""Who drives ahead (前车): the next one on the lanes that a vehicle follows, over as many lanes as its way has.

Ahead is whose body is in the way: who rides or stands so far aside that the follower passes it without touching is not.
In a junction so is who has gone the first metres of another way from the same lane: there the ways are still one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.lanes import Located
from jinyun.cloud.prediction import Manner, Paths
from jinyun.cloud.prediction.roadway import Roads

FARTHEST_M = 250.0
"""Nobody is looked for farther ahead."""
WIDTH_M = 1.8
"""Width of who does not state it."""
CLEAR_M, CREEPS_MPS, CHANGE_S = 6.0, 1.0, 1.5
"""One that leaves a way is clear of it so far beyond where ways part, does not leave it slower than this, and takes so long
to change over to the lane beside."""
PARTED_M = 6.0
"""Whose rear is so far into a junction has parted from the other ways of its lane."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Ahead:
    """Columns in the order of the tracks: who is ahead (row, -1 nobody), bumper to bumper, and how fast the gap closes."""

    row: NDArray[np.int32]
    gap_m: NDArray[np.float64]  # NaN for nobody; negative where they overlap
    closing_mps: NDArray[np.float64]  # positive where the gap shrinks, along the follower's lane

    @property
    def ttc_s(self) -> NDArray[np.float64]:
        """Time to collision at these speeds; infinity where the gap does not shrink (Hayward 1972)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ttc = np.where(self.closing_mps > 0, np.maximum(self.gap_m, 0) / self.closing_mps, np.inf)
        return np.where(np.isfinite(self.gap_m), ttc, np.inf)


@dataclass(frozen=True, slots=True)
class Occupied:
    """Who is on each lane, ordered by station: ``row[first[lane] : first[lane + 1]]``."""

    first: NDArray[np.int64]
    row: NDArray[np.int64]


def occupied(located: Located, lanes: int, among: NDArray[np.bool_] | None = None) -> Occupied:
    """Return who is on each lane, ``among`` some."""
    lane = located.lane if among is None else np.where(among, located.lane, np.int32(-1))
    return Occupied(*_ordered(lane, located.s_m, lanes))


@_compiled
def _ordered(
    lane: NDArray[np.int32], station: NDArray[np.float64], lanes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first = np.zeros(lanes + 1, np.int64)
    for i in range(len(lane)):
        if lane[i] >= 0:
            first[lane[i] + 1] += 1
    for k in range(lanes):
        first[k + 1] += first[k]
    at, row = first[:-1].copy(), np.empty(first[lanes], np.int64)
    for i in range(len(lane)):
        here = lane[i]
        if here < 0:
            continue
        k = at[here]
        while k > first[here] and station[row[k - 1]] > station[i]:
            row[k] = row[k - 1]
            k -= 1
        row[k] = i
        at[here] += 1
    return first, row


def leaves_s(
    follower: NDArray[np.int64],
    leader: NDArray[np.int32],
    located: Located,
    paths: Paths,
    roads: Roads,
    speed_mps: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """Return after how many seconds each leader has left its follower's way by its own likeliest one; infinity: it stays."""
    first = paths.first[:-1]
    when = np.full(len(follower), np.inf)
    changes = paths.manner == Manner.CHANGE
    _leave(
        first[follower], first[leader], leader, paths.lane, changes, located.s_m, np.append(roads.extent_m, 0.0), speed_mps,
        when,
    )  # fmt: skip
    return when


@_compiled
def _leave(
    mine: NDArray[np.int64], theirs: NDArray[np.int64], leader: NDArray[np.int32], way: NDArray[np.int32],
    changes: NDArray[np.bool_], station: NDArray[np.float64], extent_m: NDArray[np.float64],
    speed: NDArray[np.float64], when: NDArray[np.float64],
) -> None:  # fmt: skip
    most = way.shape[1]
    for n in range(len(mine)):
        p, q, j = mine[n], theirs[n], leader[n]
        begin = 0
        while begin < most and way[p, begin] != way[q, 0]:
            begin += 1
        if begin == most:
            if way[q, 0] >= 0 and changes[q]:
                when[n] = CHANGE_S
            continue
        gone, k = -station[j], 0
        while begin + k < most and way[q, k] >= 0 and way[p, begin + k] == way[q, k]:
            gone += extent_m[way[q, k]]
            k += 1
        parts = begin + k < most and way[q, k] >= 0 and way[p, begin + k] >= 0
        if parts and speed[j] > CREEPS_MPS:
            when[n] = (max(gone, 0.0) + CLEAR_M) / speed[j]


def ahead(
    tracks: NDArray[np.void], located: Located, paths: Paths, roads: Roads, half_length_m: NDArray[np.float64],
    half_width_m: NDArray[np.float64] | None = None, among: NDArray[np.bool_] | None = None,
) -> Ahead:  # fmt: skip
    """Return who is ahead of each track on the lanes of its likeliest way; ``among`` are those that are looked for."""
    n = len(tracks)
    row, gap = np.full(n, -1, np.int32), np.full(n, np.nan)
    closing = np.full(n, np.nan)
    if n:
        who = occupied(located, len(roads.first), among)
        if half_width_m is None:
            width = tracks["width_m"].astype(np.float64)
            half_width_m = np.where(width > 0, width, WIDTH_M) / 2
        heading = tracks["heading_rad"].astype(np.float64)
        speed = known(tracks["speed_mps"])
        _look(
            located.lane, located.s_m, paths.first, paths.lane, roads.extent_m, roads.inner, roads.after_first, roads.after,
            who.first, who.row, heading, speed, located.offset_m, half_length_m, half_width_m, row, gap, closing,
        )  # fmt: skip
    return Ahead(row, gap, closing)


@_compiled
def _look(
    lane: NDArray[np.int32], station: NDArray[np.float64], first: NDArray[np.int64], way: NDArray[np.int32],
    extent_m: NDArray[np.float64], inner: NDArray[np.bool_], after_first: NDArray[np.int32], after: NDArray[np.int32],
    begins: NDArray[np.int64], who: NDArray[np.int64], heading: NDArray[np.float64],
    speed: NDArray[np.float64], offset: NDArray[np.float64], half: NDArray[np.float64], wide: NDArray[np.float64],
    row: NDArray[np.int32], gap: NDArray[np.float64], closing: NDArray[np.float64],
) -> None:  # fmt: skip
    for i in range(len(lane)):
        here = lane[i]
        if here < 0:
            continue
        before, last = -station[i], here
        path = first[i] if first[i + 1] > first[i] else -1
        k = 0
        if path >= 0:  # where on its way the lane it is on lies; a way that begins beside it is entered at its start
            for p in range(first[i], first[i + 1]):
                if way[p, 0] == here:
                    path = p
                    break
        while True:
            low, high = begins[here], begins[here + 1]
            if k == 0:
                s = station[i]
                while low < high:
                    middle = (low + high) // 2
                    if station[who[middle]] <= s:
                        low = middle + 1
                    else:
                        high = middle
                high = begins[here + 1]
            own = offset[i] if k == 0 else 0.0
            while low < high:
                j = who[low]
                if j != i and not abs(offset[j] - own) >= wide[i] + wide[j]:
                    break
                low += 1
            j = who[low] if low < high else -1
            if k > 0 and inner[here]:
                for a in range(after_first[last], after_first[last + 1]):
                    side = after[a]
                    if side != here and inner[side] and begins[side] < begins[side + 1]:
                        its = who[begins[side]]
                        if its != i and station[its] - half[its] <= PARTED_M and (j < 0 or station[its] < station[j]):
                            j = its
            if j >= 0:
                row[i] = j
                gap[i] = before + station[j] - half[i] - half[j]
                along = speed[j] * np.cos(heading[j] - heading[i]) if k == 0 else speed[j]
                closing[i] = speed[i] - along
                break
            before += extent_m[here]
            last = here
            k += 1
            if path < 0 or k >= way.shape[1] or before > FARTHEST_M:
                break
            here = way[path, k]
            if here < 0:
                break
