"""Overlooked: what the road's silence says of vehicles that report themselves, as one compiled loop over many.

The street is laid out in cells; of each is known how large a share of the vehicles that report themselves the road sees
there. Who is not seen at several places where nearly everybody is, is not where it says.
"""

from __future__ import annotations

from math import hypot, log
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

CELL_M = 20.0
SURE_SHARE, SURE_COUNT = 0.95, 20
"""A cell where the road sees so many of so many vehicles that report themselves is watched."""
NEXT_CELL_M = 15.0
"""A vehicle is asked about again after it has moved so far: one truck in the way counts once."""
UNSEEN_LOG = -11.0
"""Log-likelihood ratio of having been overlooked so often: one in sixty thousand."""
SEEN_LOG, LEAST_LOG = 1.0, -15.0
"""What being seen speaks for a vehicle, since one that is not there is taken for another now and then; how low doubt goes."""
TRUSTED_PLACES = 3
"""Who leapt is believed again after it was seen at so many places one after the other."""
OFF_ROAD_S = 5
"""Who drives where no lane is for so many seconds does not drive there."""
GROUP_LOG, GROUP_PLACES = -6.0, 2
"""In a group less doubt is enough: that several are overlooked at several places at once is no chance."""

MOST_CELLS = 1 << 18
"""As many cells as a thousand kilometres of road have five times over."""

DOUBT = np.dtype(
    [
        ("vehicle", np.uint64), ("asking", np.int64), ("log", np.float64),
        ("places", np.int64),
        ("seen", np.int64),  # places where it was seen since it was last overlooked
        ("off_road_s", np.int64), ("x_m", np.float64), ("y_m", np.float64),
    ]
)  # fmt: skip
"""What the road's silence says of one sender's vehicle."""
UNSEEN, SUSPICIOUS, OFF_ROAD, TRUSTED = 1, 2, 4, 8
"""Flags of a vehicle that was asked about."""
_FREE = np.iinfo(np.int64).min


class Cells:
    """The cells of the street that were driven through: seen share and vehicles of each, found by a hash.

    Places are what senders claim, so their number is bounded: of more than ``most`` cells those of the fewest vehicles go.
    """

    def __init__(self, size: int = 1 << 12, most: int = MOST_CELLS) -> None:
        self.keys = np.full(size, _FREE, np.int64)
        self.values = np.zeros((size, 2))
        self.used = np.zeros(1, np.int64)
        self._most = most

    def __len__(self) -> int:
        return int(self.used[0])

    def make_room(self, more: int) -> None:
        """Make sure that ``more`` new cells find a place."""
        if 2 * (len(self) + more) <= len(self.keys):
            return
        used = self.keys != _FREE
        keys, values = self.keys[used], self.values[used]
        if len(keys) + more > self._most:
            busiest = np.argsort(-values[:, 1], kind="stable")[: self._most // 2]
            keys, values = keys[busiest], values[busiest]
        size = len(self.keys)
        while 2 * (len(keys) + more) > size:
            size *= 2
        self.keys, self.values, self.used = np.full(size, _FREE, np.int64), np.zeros((size, 2)), np.zeros(1, np.int64)
        _enter(keys, values, self.keys, self.values, self.used)


@njit(cache=True)
def _place(keys: NDArray[np.int64], key: int, used: NDArray[np.int64]) -> int:
    """Return where a cell is kept; it is entered where it is new, and counted."""
    mask = len(keys) - 1
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(32)) * np.uint64(0xBF58476D1CE4E5B9)
    at = int(mixed >> np.uint64(32)) & mask  # east and north are in every bit of it
    while keys[at] != key and keys[at] != _FREE:
        at = (at + 1) & mask
    used[0] += keys[at] == _FREE
    keys[at] = key
    return at


@njit(cache=True)
def _enter(
    keys: NDArray[np.int64], values: NDArray[np.float64], into: NDArray[np.int64], its: NDArray[np.float64],
    used: NDArray[np.int64],
) -> None:  # fmt: skip
    """Enter cells into a table that holds none of them: the street waits for it, and there may be a quarter of a million."""
    for n in range(len(keys)):
        at = _place(into, keys[n], used)
        its[at, 0], its[at, 1] = values[n, 0], values[n, 1]


@njit(cache=True)
def ask(
    row: NDArray[np.int64],
    vehicle: NDArray[np.uint64],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    seen: NDArray[np.bool_],
    away: NDArray[np.bool_],
    trusted: NDArray[np.bool_],
    asking: int,
    doubts: Any,
    keys: NDArray[np.int64],
    values: NDArray[np.float64],
    used: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Return flags of vehicles by what the road's silence says of them; ``doubts`` (DOUBT by ``row``) and cells change.

    ``row`` is each one's sender, ``seen`` whether the road sees it, ``away`` whether it drives where no lane is, ``trusted``
    whether nothing else speaks against it. Askings are numbered one after the other.
    """
    flags = np.zeros(len(row), np.uint8)
    for i in range(len(row)):
        doubt, x, y = doubts[row[i]], x_m[i], y_m[i]
        cell = values[_place(keys, int(x // CELL_M) << 32 | (int(y // CELL_M) & 0xFFFFFFFF), used)]
        if doubt.vehicle != vehicle[i] or doubt.asking != asking - 1:
            doubt.vehicle, doubt.log, doubt.places, doubt.seen, doubt.off_road_s = vehicle[i], 0.0, 0, 0, 0
            doubt.x_m = doubt.y_m = np.nan
        doubt.asking = asking
        if not hypot(x - doubt.x_m, y - doubt.y_m) < NEXT_CELL_M:
            sure = cell[1] >= SURE_COUNT and cell[0] >= SURE_SHARE
            if seen[i]:
                doubt.x_m, doubt.y_m = x, y
                doubt.seen += 1
                if sure:
                    doubt.log = min(doubt.log + SEEN_LOG, 0.0)
            elif sure:
                doubt.x_m, doubt.y_m = x, y
                doubt.log = max(doubt.log + log(max(1.0 - cell[0], 0.02)), LEAST_LOG)
                doubt.places += 1
                doubt.seen = 0
        doubt.off_road_s = doubt.off_road_s + 1 if away[i] else 0
        overlooked = doubt.log < UNSEEN_LOG
        if overlooked:
            flags[i] |= UNSEEN
        elif doubt.log < GROUP_LOG and doubt.places >= GROUP_PLACES:
            flags[i] |= SUSPICIOUS
        if doubt.off_road_s >= OFF_ROAD_S:
            flags[i] |= OFF_ROAD
        if not overlooked and doubt.off_road_s < OFF_ROAD_S and trusted[i]:
            cell[1] = min(cell[1] + 1.0, 200.0)
            cell[0] += ((1.0 if seen[i] else 0.0) - cell[0]) / cell[1]
        if doubt.seen >= TRUSTED_PLACES:
            flags[i] |= TRUSTED
    return flags
