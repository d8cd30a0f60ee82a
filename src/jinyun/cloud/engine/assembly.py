"""Assembly (汇合): one picture of what all partitions believe, with one number for one participant wherever it goes.

A participant near a border is believed in by each partition that hears of it. Beliefs are of one participant when a sender
calls both by the same number, or, where no sender links them, when they lie on each other. The partition that owns the place
speaks; at the very border, where each may think that the other does, the one that spoke before goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.engine.tiles import Tiling

NEAR_M = 6.0
"""Beliefs that share a sender's number and lie farther apart are of two: numbers are given anew."""
ON_M, ON_MPS = 1.5, 2.0
"""Beliefs of two partitions that share no sender's number lie on each other within this much place and speed."""
BORDER_M = 5.0
"""A partition goes on speaking of a participant this far beyond its tiles, where nobody else does."""
FORGOTTEN_US = 3_000_000
"""A partition's number for a track is remembered this long after it was last said."""


@dataclass(slots=True)
class Assembly:
    """Who is who: the picture's number for each partition's own number, and which partition spoke of it last."""

    tiling: Tiling
    next_id: int = 1
    merged: int = 0  # beliefs that were another's, in the last picture
    _keys: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # part << 32 | its id, ascending
    _numbers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # the picture's, beside the keys
    _said_us: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # when the key was said last
    _spoken: NDArray[np.int64] = field(
        default_factory=lambda: np.empty(0, np.int64)
    )  # the picture's numbers, ascending
    _speaker: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # the partition that spoke of it

    def take(self, beliefs: NDArray[np.void], now_us: int) -> NDArray[np.void]:
        """Return the picture's TRACK rows of ``now_us`` by id, from the BELIEF rows of all partitions in any order."""
        rows = beliefs[np.lexsort((beliefs["track"]["id"], beliefs["part"]))]
        tracks = rows["track"]
        shared = np.flatnonzero(self.tiling.shared(tracks["x_m"], tracks["y_m"]))
        group = np.arange(len(rows))
        if len(shared):
            group[shared] = shared[_together(rows[shared])]
        part = rows["part"].astype(np.int64)
        number, spoke = self._number(part, tracks["id"].astype(np.int64), group, now_us)
        owned = rows["owned"]
        spoke &= self.tiling.touches(tracks["x_m"], tracks["y_m"], part, BORDER_M)
        # Of a group its owner speaks; of two owners, or where each thinks the other is, the one that spoke last.
        order = np.lexsort((part, -(owned * 2 + spoke), group))
        chosen = order[_firsts(group[order])]
        chosen = chosen[owned[chosen] | spoke[chosen]]  # who is in a rim alone, its owner does not believe in
        self._remember_speakers(number[chosen], part[chosen])
        self.merged = len(rows) - len(np.unique(group))
        picture = tracks[chosen].copy()
        picture["id"] = number[chosen]
        found: NDArray[np.void] = picture[np.argsort(picture["id"], kind="stable")]
        return found

    def _number(
        self, part: NDArray[np.int64], id: NDArray[np.int64], group: NDArray[np.int64], now_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return (the picture's number of each belief, whether its partition spoke of that number last).

        A group keeps the number that one of its beliefs had: of several the speaker's, else the oldest; a number is one
        group's, and a group without one gets a new one.
        """
        keys = part << 32 | id
        had = _found(self._keys, self._numbers, keys)
        spoke = _found(self._spoken, self._speaker, had, -1) == part
        known = np.flatnonzero(had)
        order = known[np.lexsort((had[known], ~spoke[known], group[known]))]
        best = order[_firsts(group[order])]  # of each group
        best = best[np.lexsort((group[best], ~spoke[best], had[best]))]
        best = best[_firsts(had[best])]  # of each number
        of = np.zeros(len(keys), np.int64)
        of[group[best]] = had[best]
        new = np.unique(group)
        new = new[of[new] == 0]
        of[new] = (self.next_id - 1 + np.arange(len(new))) % 0xFFFF_FFFF + 1
        self.next_id = (self.next_id - 1 + len(new)) % 0xFFFF_FFFF + 1
        number = of[group]
        old = ~np.isin(self._keys, keys) & (now_us - self._said_us <= FORGOTTEN_US)
        keys = np.concatenate([self._keys[old], keys])
        order = np.argsort(keys)
        self._keys = keys[order]
        self._numbers = np.concatenate([self._numbers[old], number])[order]
        self._said_us = np.concatenate([self._said_us[old], np.full(len(number), now_us)])[order]
        return number, _found(self._spoken, self._speaker, number, -1) == part

    def _remember_speakers(self, number: NDArray[np.int64], part: NDArray[np.int64]) -> None:
        old = ~np.isin(self._spoken, number) & np.isin(self._spoken, self._numbers)
        spoken = np.concatenate([self._spoken[old], number])
        order = np.argsort(spoken)
        self._spoken = spoken[order]
        self._speaker = np.concatenate([self._speaker[old], part])[order]


def _firsts(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each of the ordered values is the first of its kind."""
    return np.append(True, np.diff(values) != 0)[: len(values)]


def _found(
    keys: NDArray[np.int64], values: NDArray[np.int64], wanted: NDArray[np.int64], absent: int = 0
) -> NDArray[np.int64]:
    """Return the value of each wanted key (``keys`` ascending), ``absent`` where there is none."""
    if not len(keys):
        return np.full(len(wanted), absent, np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], absent)


def _together(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """Return for each belief the first row of those that are of the same participant (BELIEF rows by partition and id)."""
    tracks = rows["track"]
    numbers = rows["numbers"]
    who, column = np.nonzero(numbers)
    said = numbers[who, column]
    order = np.lexsort((who, said))
    first: NDArray[np.int64] = _join(
        who[order], said[order], rows["part"].astype(np.int64), tracks["x_m"].copy(), tracks["y_m"].copy(),
        tracks["speed_mps"].astype(np.float64), tracks["kind"].astype(np.int64),
    )  # fmt: skip
    return first


@njit(cache=True)
def _root(up: NDArray[np.int64], i: int) -> int:
    while up[i] != i:
        up[i] = up[up[i]]
        i = up[i]
    return i


@njit(cache=True)
def _unite(up: NDArray[np.int64], ring: NDArray[np.int64], part: NDArray[np.int64], i: int, j: int) -> None:
    """Make two groups one, unless some partition believes in both as two; ``ring`` leads round the members of each."""
    a, b = _root(up, i), _root(up, j)
    if a == b:
        return
    m = i
    while True:
        n = j
        while True:
            if part[m] == part[n]:
                return
            n = ring[n]
            if n == j:
                break
        m = ring[m]
        if m == i:
            break
    up[max(a, b)] = min(a, b)
    ring[i], ring[j] = ring[j], ring[i]


@njit(cache=True)
def _join(
    who: NDArray[np.int64],
    said: NDArray[np.uint64],
    part: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    speed: NDArray[np.float64],
    kind: NDArray[np.int64],
) -> Any:
    up, ring = np.arange(len(x)), np.arange(len(x))
    for i in range(1, len(who)):
        a, b = who[i - 1], who[i]
        if said[i] == said[i - 1] and part[a] != part[b] and (x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2 < NEAR_M**2:
            _unite(up, ring, part, a, b)
    by_x = np.argsort(x)
    for n in range(len(by_x)):  # nobody links them: the nearest of another partition that lies on it
        a = by_x[n]
        best, nearest = -1, ON_M**2
        for step in (-1, 1):
            m = n + step
            while 0 <= m < len(by_x) and abs(x[by_x[m]] - x[a]) < ON_M:
                b = by_x[m]
                off = (x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2
                alike = kind[a] == kind[b] or kind[a] == 0 or kind[b] == 0
                if part[a] != part[b] and alike and off < nearest and abs(speed[a] - speed[b]) < ON_MPS:
                    best, nearest = b, off
                m += step
        if best >= 0:
            _unite(up, ring, part, a, best)
    for i in range(len(up)):
        up[i] = _root(up, i)
    return up
