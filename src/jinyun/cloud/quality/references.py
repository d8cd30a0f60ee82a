"""Cars that report themselves as references (参照): where each was, and which look of a roadside sender is which of them.

A pair is a look and a car within :data:`GATE_M` that agree in speed, carried to the look's instant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.shapes import Kind

_MOTOR = int(Kind.MOTOR)
SLOT_US = 100_000
"""Cars' places are known once in so long; a look is carried by half of it at most."""
GATE_M, GATE_MPS = 6.0, 4.0
ALIKE_LENGTH_M = 1.5
"""A lorry is not the car beside it."""
HASH_M = 8.0
REFERENCE_SD_M = 3.0
"""A car that states or is believed to know its place worse than this is no reference."""

REFERENCE = np.dtype(
    [("slot", np.int64), ("car", np.int64), ("t_us", np.int64), ("x_m", np.float64), ("y_m", np.float64),
     ("speed_mps", np.float64), ("heading_rad", np.float64), ("length_m", np.float64), ("width_m", np.float64)]
)  # fmt: skip


def at_slots(own: NDArray[np.void], from_us: int, slots: int) -> tuple[NDArray[np.void], NDArray[np.uint64]]:
    """Return (REFERENCE rows, cars): where each car that reports itself was at the middle of each slot.

    ``own`` are SIGHTING rows of cars; only those with a place, a speed and a heading that can be relied on serve.
    """
    rows, cars = np.zeros(len(own) * min(slots, 3), REFERENCE), np.empty(len(own), np.uint64)  # 3: of one report
    count, met = _refer(own, from_us, slots, rows, cars)
    return rows[:count], cars[:met]


@njit(cache=True)
def hashed(slot: int, cx: int, cy: int, mask: int) -> int:
    """Return where the list of a slot's cell begins."""
    return (slot * 83_492_791 ^ cx * 73_856_093 ^ cy * 19_349_663) & mask


@njit(cache=True)
def chained(slot: Any, x_m: Any, y_m: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (heads, next) of a hash grid of places: cells of :data:`HASH_M`, one grid a slot."""
    size = 16
    while size < 2 * len(x_m):
        size *= 2
    heads, following = np.full(size, -1, np.int64), np.full(len(x_m), -1, np.int64)
    for i in range(len(x_m)):
        at = hashed(slot[i], int(np.floor(x_m[i] / HASH_M)), int(np.floor(y_m[i] / HASH_M)), size - 1)
        following[i], heads[at] = heads[at], i
    return heads, following


@njit(cache=True)
def nearest(
    refs: Any, heads: NDArray[np.int64], following: NDArray[np.int64], slot: int, t_us: int, x: float, y: float,
    speed: float, length: float, gate_m: float, gate_mps: float,
) -> tuple[int, float]:  # fmt: skip
    """Return (row of ``refs``, metres) of the car nearest to a place at an instant, -1 where none is in the gate."""
    best, least = -1, gate_m * gate_m
    mask = len(heads) - 1
    cx, cy = int(np.floor(x / HASH_M)), int(np.floor(y / HASH_M))
    for i in range(cx - 1, cx + 2):
        for j in range(cy - 1, cy + 2):
            at = heads[hashed(slot, i, j, mask)]
            while at >= 0:
                ref = refs[at]
                alike = not abs(ref.speed_mps - speed) > gate_mps and not abs(ref.length_m - length) > ALIKE_LENGTH_M
                if ref.slot == slot and alike:
                    way = ref.speed_mps * (t_us - ref.t_us) / 1e6
                    dx = x - ref.x_m - way * np.sin(ref.heading_rad)
                    dy = y - ref.y_m - way * np.cos(ref.heading_rad)
                    apart = dx * dx + dy * dy
                    if apart < least:
                        best, least = at, apart
                at = following[at]
    return best, np.sqrt(least)


@njit(cache=True)
def pair(
    looks: Any, refs: Any, heads: NDArray[np.int64], following: NDArray[np.int64], from_us: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return (row of ``refs`` or -1, metres) of each look."""
    found, apart = np.full(len(looks), -1, np.int64), np.full(len(looks), np.inf)
    for i in range(len(looks)):
        look = looks[i]
        if look.kind == 1 or look.kind == 0:
            slot = (look.event_us - from_us) // SLOT_US
            found[i], apart[i] = nearest(
                refs,
                heads,
                following,
                slot,
                look.event_us,
                look.x_m,
                look.y_m,
                look.speed_mps,
                look.length_m,
                GATE_M,
                GATE_MPS,
            )
    return found, apart


@njit(cache=True)
def keyed(source: int, participant: Any, mask: int) -> int:
    """Return where a table is first looked in for a participant's number at a source."""
    mixed = (np.uint64(participant) + np.uint64(source) * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    return int(mixed >> np.uint64(33)) & mask


@njit(cache=True, nogil=True)
def _refer(own: Any, from_us: int, slots: int, rows: Any, cars: NDArray[np.uint64]) -> tuple[int, int]:
    """Fill ``rows`` by slot and car and ``cars`` in ascending order; return how many there are of each.

    Of each car and slot the report nearest in time to the slot's middle serves, of two as near the later.
    """
    size = 64
    while size < 2 * len(own):
        size *= 2
    place = np.full(size, -1, np.int64)
    best = np.full((len(own), slots), -1, np.int32)
    met = 0
    for i in range(len(own)):
        one = own[i]
        if one.kind != _MOTOR or one.position_sd_m > REFERENCE_SD_M:
            continue
        if not (np.isfinite(one.speed_mps) and np.isfinite(one.heading_rad)):
            continue
        middle = (one.event_us - from_us) // SLOT_US
        if middle < -1 or middle > slots:
            continue
        at = keyed(0, one.participant, size - 1)
        while place[at] >= 0 and cars[place[at]] != one.participant:
            at = (at + 1) & (size - 1)
        if place[at] < 0:
            place[at], cars[met] = met, one.participant
            met += 1
        its = best[place[at]]
        for slot in range(max(middle - 1, 0), min(middle + 2, slots)):
            t_us = from_us + slot * SLOT_US + SLOT_US // 2
            off, old = abs(one.event_us - t_us), its[slot]
            if off > SLOT_US:
                continue
            if old >= 0:
                was = abs(own[old].event_us - t_us)
                if off > was or (off == was and one.event_us < own[old].event_us):
                    continue
            its[slot] = i
    order = np.argsort(cars[:met])
    count = 0
    for slot in range(slots):
        t_us = from_us + slot * SLOT_US + SLOT_US // 2
        for k in range(met):
            i = best[order[k], slot]
            if i < 0:
                continue
            one, row = own[i], rows[count]
            dt = (t_us - one.event_us) / 1e6
            count += 1
            row.slot, row.car, row.t_us = slot, k, t_us
            row.speed_mps, row.heading_rad = one.speed_mps, one.heading_rad
            row.x_m = one.x_m + one.speed_mps * np.sin(one.heading_rad) * dt
            row.y_m = one.y_m + one.speed_mps * np.cos(one.heading_rad) * dt
            row.length_m, row.width_m = one.length_m, one.width_m
    cars[:met] = cars[:met][order]
    return count, met
