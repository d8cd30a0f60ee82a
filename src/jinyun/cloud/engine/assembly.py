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
from jinyun.rows import taken

_compiled: Any = njit(cache=True)

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
    _spoken: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # the picture's numbers
    _speaker: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # the partition that spoke of it

    def take(self, beliefs: NDArray[np.void], now_us: int) -> NDArray[np.void]:
        """Return the picture's TRACK rows of ``now_us`` by id, from the BELIEF rows of all partitions in any order."""
        key = beliefs["part"].astype(np.int64) << 32 | beliefs["track"]["id"].astype(np.int64)
        rows = beliefs
        if (key[1:] < key[:-1]).any():
            order = np.argsort(key, kind="stable")
            rows, key = taken(beliefs, order), key[order]
        tracks, owned = rows["track"], np.ascontiguousarray(rows["owned"])
        x_m, y_m = np.ascontiguousarray(tracks["x_m"]), np.ascontiguousarray(tracks["y_m"])
        part = key >> 32
        shared = np.flatnonzero(self.tiling.shared(x_m, y_m))
        group = np.arange(len(rows))
        if len(shared):
            group[shared] = shared[_together(taken(rows, shared))]
        number, self.next_id = _number(key, group, self._keys, self._numbers, self._spoken, self._speaker, self.next_id)
        touches = self.tiling.touches(x_m, y_m, part, BORDER_M)
        chosen = _choose(part, group, number, owned, touches, self._spoken, self._speaker)
        recent = now_us - self._said_us <= FORGOTTEN_US
        self._keys, self._numbers, self._said_us = _renewed(
            self._keys, self._numbers, self._said_us, recent, key, number, now_us
        )
        self._spoken, self._speaker = _remembered(
            self._spoken, self._speaker, self._numbers, number[chosen], part[chosen]
        )
        self.merged = len(rows) - int((group == np.arange(len(group))).sum())
        chosen = chosen[np.argsort(number[chosen], kind="stable")]
        picture = taken(tracks, chosen)
        picture["id"] = number[chosen]
        return picture


@_compiled
def _slots(count: int) -> NDArray[np.int64]:
    """Return an empty table for so many keys: rows by :func:`_place`, -1 free."""
    size = 16
    while size < 2 * count:
        size *= 2
    return np.full(size, -1, np.int64)


@_compiled
def _place(slots: NDArray[np.int64], keys: NDArray[np.int64], key: int) -> int:
    """Return the place of a key in a table of rows of ``keys``, or the free one where it would be."""
    mask = len(slots) - 1
    at = (key * 0x9E3779B97F4A7C1 >> 20) & mask
    while slots[at] >= 0 and keys[slots[at]] != key:
        at = (at + 1) & mask
    return at


@_compiled
def _table(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    slots: NDArray[np.int64] = _slots(len(keys))
    for row in range(len(keys)):
        slots[_place(slots, keys, keys[row])] = row
    return slots


@_compiled
def _number(
    key: NDArray[np.int64], group: NDArray[np.int64], keys: NDArray[np.int64], numbers: NDArray[np.int64],
    spoken: NDArray[np.int64], speaker: NDArray[np.int64], next_id: int,
) -> tuple[NDArray[np.int64], int]:  # fmt: skip
    """Return (the picture's number of each belief, the next new one).

    A group keeps the number that one of its beliefs had: of several the speaker's, else the oldest; a number is one
    group's - the speaker's, else the first one's - and a group without one gets a new one.
    """
    n = len(key)
    had, spoke, at = np.zeros(n, np.int64), np.zeros(n, np.bool_), 0
    speakers = _table(spoken)
    for i in range(n):
        while at < len(keys) and keys[at] < key[i]:
            at += 1
        if at < len(keys) and keys[at] == key[i]:
            had[i] = numbers[at]
            row = speakers[_place(speakers, spoken, had[i])]
            spoke[i] = row >= 0 and speaker[row] == key[i] >> 32
    best = np.full(n, -1, np.int64)  # of each group, by its first row
    for i in range(n):
        if had[i]:
            b = best[group[i]]
            if b < 0 or (spoke[i] and not spoke[b]) or (spoke[i] == spoke[b] and had[i] < had[b]):
                best[group[i]] = i
    holders = _slots(n)
    for g in range(n):  # of each number
        if best[g] >= 0:
            place = _place(holders, had, had[best[g]])
            if holders[place] < 0 or (spoke[best[g]] and not spoke[holders[place]]):
                holders[place] = best[g]
    number = np.zeros(n, np.int64)
    for g in range(n):
        if group[g] == g:
            if best[g] >= 0 and holders[_place(holders, had, had[best[g]])] == best[g]:
                number[g] = had[best[g]]
            else:
                number[g] = next_id
                next_id = next_id % 0xFFFF_FFFF + 1
    for i in range(n):
        number[i] = number[group[i]]
    return number, next_id


@_compiled
def _choose(
    part: NDArray[np.int64], group: NDArray[np.int64], number: NDArray[np.int64], owned: NDArray[np.bool_],
    touches: NDArray[np.bool_], spoken: NDArray[np.int64], speaker: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip
    """Return whose belief speaks for each group: its owner's; of two, or where each thinks the other is, who spoke last.

    Who is in a rim alone, its owner does not believe in: nobody speaks for it.
    """
    n = len(part)
    best, weight = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    speakers = _table(spoken)
    for i in range(n):
        row = speakers[_place(speakers, spoken, number[i])]
        weight[i] = owned[i] * 2 + (row >= 0 and speaker[row] == part[i] and touches[i])
        if best[group[i]] < 0 or weight[i] > weight[best[group[i]]]:
            best[group[i]] = i
    found, count = np.empty(n, np.int64), 0
    for g in range(n):
        if best[g] >= 0 and weight[best[g]] > 0:
            found[count] = best[g]
            count += 1
    return found[:count]


@_compiled
def _renewed(
    keys: NDArray[np.int64], numbers: NDArray[np.int64], said_us: NDArray[np.int64], recent: NDArray[np.bool_],
    key: NDArray[np.int64], number: NDArray[np.int64], now_us: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Return keys (ascending), their numbers and when they were said: those of now, and those of lately besides."""
    most = len(keys) + len(key)
    to_key, to_number, to_us = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    a = b = n = 0
    while a < len(keys) or b < len(key):
        if b == len(key) or (a < len(keys) and keys[a] < key[b]):
            if recent[a]:
                to_key[n], to_number[n], to_us[n] = keys[a], numbers[a], said_us[a]
                n += 1
            a += 1
            continue
        if a < len(keys) and keys[a] == key[b]:
            a += 1
        to_key[n], to_number[n], to_us[n] = key[b], number[b], now_us
        n, b = n + 1, b + 1
    return to_key[:n].copy(), to_number[:n].copy(), to_us[:n].copy()


@_compiled
def _remembered(
    spoken: NDArray[np.int64], speaker: NDArray[np.int64], known: NDArray[np.int64], number: NDArray[np.int64],
    part: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Return numbers and who spoke of them last: those of now, and those besides whose keys are remembered."""
    now, all_known = _table(number), _table(known)
    to_number, to_part, n = (
        np.empty(len(spoken) + len(number), np.int64),
        np.empty(len(spoken) + len(number), np.int64),
        0,
    )
    for i in range(len(spoken)):
        if now[_place(now, number, spoken[i])] < 0 and all_known[_place(all_known, known, spoken[i])] >= 0:
            to_number[n], to_part[n] = spoken[i], speaker[i]
            n += 1
    for i in range(len(number)):
        to_number[n], to_part[n] = number[i], part[i]
        n += 1
    return to_number[:n].copy(), to_part[:n].copy()


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


@_compiled
def _root(up: NDArray[np.int64], i: int) -> int:
    while up[i] != i:
        up[i] = up[up[i]]
        i = up[i]
    return i


@_compiled
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


@_compiled
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
