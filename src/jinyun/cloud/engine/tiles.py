"""Tiles (瓦片): the map in squares, each in one partition (分区) by a fixed hash; neighbours are told of a rim of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

MOST_PARTS = 1024


@dataclass(frozen=True, slots=True)
class Tiling:
    """How the map is cut: ``parts`` partitions, square tiles of ``tile_m``, a rim of ``rim_m`` that neighbours see as well.

    The rim must be wider than a look can lie from the track that it belongs to; the tile much wider than the rim, because
    what lies in a rim is computed twice.
    """

    parts: int = 16
    tile_m: float = 1000.0
    rim_m: float = 40.0

    def __post_init__(self) -> None:
        if not 1 <= self.parts <= MOST_PARTS:
            raise ValueError(f"{self.parts} partitions: 1 to {MOST_PARTS} are possible")
        if not 0 < 4 * self.rim_m <= self.tile_m:
            raise ValueError(f"a rim of {self.rim_m} m is too wide for tiles of {self.tile_m} m")

    def owner(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the partition of each place."""
        return _owner(np.ascontiguousarray(x_m), np.ascontiguousarray(y_m), self.parts, self.tile_m)

    def split(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (rows, bounds): the places that partition p must be told of are ``rows[bounds[p]:bounds[p + 1]]``.

        A place stands with its own partition and with those whose tiles lie within the rim; one that is no number with none.
        """
        return _split(np.ascontiguousarray(x_m), np.ascontiguousarray(y_m), self.parts, self.tile_m, self.rim_m)

    def shared(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether more than one partition knows of each place, with twice the rim: what two may believe in."""
        return _shared(np.ascontiguousarray(x_m), np.ascontiguousarray(y_m), self.parts, self.tile_m, 2 * self.rim_m)

    def touches(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], part: NDArray[np.int64], within_m: float
    ) -> NDArray[np.bool_]:
        """Return whether each place lies in the tiles of the partition beside it, or that near to them."""
        x_m, y_m = np.ascontiguousarray(x_m), np.ascontiguousarray(y_m)
        return _touches(x_m, y_m, part, self.parts, self.tile_m, within_m)


@njit(cache=True)
def part_of(column: Any, row: Any, parts: int) -> int:
    """Return the partition of a tile: a fixed hash, so that all who know the tiling agree without asking."""
    mixed = np.uint64(column + 0x4000_0000) << np.uint64(32) | np.uint64(row + 0x4000_0000)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ mixed >> np.uint64(31)
    return int(mixed % np.uint64(parts))


@njit(cache=True)
def _owner(x_m: NDArray[np.float64], y_m: NDArray[np.float64], parts: int, tile_m: float) -> NDArray[np.int64]:
    found = np.empty(len(x_m), np.int64)
    for i in range(len(x_m)):
        found[i] = part_of(np.int64(np.floor(x_m[i] / tile_m)), np.int64(np.floor(y_m[i] / tile_m)), parts)
    return found


@njit(cache=True)
def _inside(x: float, y: float, tile_m: float, rim_m: float) -> bool:
    """Return whether a place lies so deep in its tile that no other tile is within the rim."""
    left, below = np.floor(x / tile_m), np.floor(y / tile_m)
    return bool(
        np.floor((x - rim_m) / tile_m) == left
        and np.floor((x + rim_m) / tile_m) == left
        and np.floor((y - rim_m) / tile_m) == below
        and np.floor((y + rim_m) / tile_m) == below
    )


@njit(cache=True)
def _told(x: float, y: float, parts: int, tile_m: float, rim_m: float, out: Any) -> int:
    """Write the partitions that know of a place into ``out``, its own first; return how many."""
    if not (np.isfinite(x) and np.isfinite(y)):
        return 0
    if _inside(x, y, tile_m, rim_m):
        out[0] = part_of(np.int64(np.floor(x / tile_m)), np.int64(np.floor(y / tile_m)), parts)
        return 1
    count = 0
    column, row = np.int64(np.floor(x / tile_m)), np.int64(np.floor(y / tile_m))
    for step_y in (0.0, -rim_m, rim_m):
        below = np.int64(np.floor((y + step_y) / tile_m))
        if step_y != 0.0 and below == row:
            continue
        for step_x in (0.0, -rim_m, rim_m):
            left = np.int64(np.floor((x + step_x) / tile_m))
            if step_x != 0.0 and left == column:
                continue
            part = part_of(left, below, parts)
            known = False
            for n in range(count):
                known = known or out[n] == part
            if not known:
                out[count] = part
                count += 1
    return count


@njit(cache=True)
def _split(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], parts: int, tile_m: float, rim_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    told = np.empty(9, np.int64)
    pairs, place = np.empty(2 * len(x_m) + 9, np.int64), np.empty(2 * len(x_m) + 9, np.int64)
    bounds = np.zeros(parts + 1, np.int64)
    total = 0
    for i in range(len(x_m)):
        count = _told(x_m[i], y_m[i], parts, tile_m, rim_m, told)
        if total + count > len(pairs):
            pairs, place = np.append(pairs, np.empty_like(pairs)), np.append(place, np.empty_like(place))
        for n in range(count):
            pairs[total], place[total] = told[n], i
            bounds[told[n] + 1] += 1
            total += 1
    for p in range(parts):
        bounds[p + 1] += bounds[p]
    rows = np.empty(total, np.int64)
    at = bounds[:-1].copy()
    for k in range(total):
        rows[at[pairs[k]]] = place[k]
        at[pairs[k]] += 1
    return rows, bounds


@njit(cache=True)
def _shared(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], parts: int, tile_m: float, rim_m: float
) -> NDArray[np.bool_]:
    told = np.empty(9, np.int64)
    found = np.zeros(len(x_m), np.bool_)
    for i in range(len(x_m)):
        if not _inside(x_m[i], y_m[i], tile_m, rim_m):
            found[i] = _told(x_m[i], y_m[i], parts, tile_m, rim_m, told) > 1
    return found


@njit(cache=True)
def _touches(
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    part: NDArray[np.int64],
    parts: int,
    tile_m: float,
    within_m: float,
) -> NDArray[np.bool_]:
    told = np.empty(9, np.int64)
    found = np.zeros(len(x_m), np.bool_)
    for i in range(len(x_m)):
        for n in range(_told(x_m[i], y_m[i], parts, tile_m, within_m, told)):
            found[i] = found[i] or told[n] == part[i]
    return found
