"""The grid behind the lane match: cells that name the pieces of lanes near them, and the search in it, in numba.

A cell names every piece within :data:`REACH_M` of it, so most places are answered from their own cell; the rings of
cells around follow only where no lane is that near. Only cells that name something take room, however far apart the
lanes lie: they stand in a table with open addressing. A second one of blocks of eight by eight cells says by a bit for each
which of them name something: rings around a place far from every lane are passed over without a look at their cells.
Imported at the first question, for numba takes a second to load.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap.nearest import AGAINST_M, FARTHEST_M, FARTHEST_OUT_M, Floats, Ints

CELL_M = 5.0
"""Side of a grid cell."""
REACH_M = 3.5
"""A cell names the pieces so near to it: a lane's half width and some."""
RINGS = int(np.ceil((FARTHEST_M - REACH_M) / CELL_M))
"""With so many rings of cells every piece within ``FARTHEST_M`` has been seen: each ring adds a cell's side."""
SIDE = 3
"""A block has two to this power cells a side; rings around a cell reach no farther than the blocks beside its own."""
X, Y, EAST, NORTH, LENGTH, S = range(6)
"""Columns of a piece: where it begins, its unit vector, its length, its station on the lane."""
EMPTY = np.int64(-(2**63))
MIX = np.uint64(0x9E3779B97F4A7C15)
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


def grid(pieces: Floats) -> tuple[NDArray[np.int64], Ints, NDArray[np.int64]]:
    """Return the cells as an open-addressed table of (key, begin, count), the pieces that they name, and their blocks."""
    slots = 1 << max(len(pieces).bit_length() + 1, 4)
    while True:
        cells = np.zeros((slots, 3), np.int64)
        cells[:, 0] = EMPTY
        entries = count(pieces, cells)
        if entries >= 0:
            break
        slots *= 2
    cells[:, 1] = np.cumsum(cells[:, 2]) - cells[:, 2]
    cells[:, 2] = 0
    named = np.empty(entries, np.int32)
    fill(pieces, cells, named)
    return cells, named, _blocks(cells)


@_compiled
def key(i: int, j: int) -> int:
    return i * 4294967296 + j


@_compiled
def slot(cells: NDArray[np.int64], wanted: int) -> int:
    """Return the row of the cell with the key, or of the empty row where it would stand."""
    mask = len(cells) - 1
    at = int((np.uint64(wanted) * MIX) >> np.uint64(20)) & mask
    while cells[at, 0] != wanted and cells[at, 0] != EMPTY:
        at = (at + 1) & mask
    return at


@_compiled
def _beside(piece: Floats, i: int, j: int) -> bool:
    """Return whether the piece comes within reach of the cell (or of the circle around it, which is a little more)."""
    px, py = (i + 0.5) * CELL_M - piece[X], (j + 0.5) * CELL_M - piece[Y]
    along = min(max(px * piece[EAST] + py * piece[NORTH], 0.0), piece[LENGTH])
    dx, dy = px - along * piece[EAST], py - along * piece[NORTH]
    return bool(dx * dx + dy * dy <= (REACH_M + CELL_M * 0.70711) ** 2)


@_compiled
def _box(piece: Floats) -> tuple[int, int, int, int]:
    x1, y1 = piece[X] + piece[EAST] * piece[LENGTH], piece[Y] + piece[NORTH] * piece[LENGTH]
    return (
        int(np.floor((min(piece[X], x1) - REACH_M) / CELL_M)),
        int(np.floor((max(piece[X], x1) + REACH_M) / CELL_M)),
        int(np.floor((min(piece[Y], y1) - REACH_M) / CELL_M)),
        int(np.floor((max(piece[Y], y1) + REACH_M) / CELL_M)),
    )


@_compiled
def count(pieces: Floats, cells: NDArray[np.int64]) -> int:
    """Enter each cell and how many pieces it names; return their sum, or -1 where the table is too small."""
    entries, used = 0, 0
    for p in range(len(pieces)):
        i0, i1, j0, j1 = _box(pieces[p])
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                if not _beside(pieces[p], i, j):
                    continue
                at = slot(cells, key(i, j))
                if cells[at, 0] == EMPTY:
                    cells[at, 0] = key(i, j)
                    used += 1
                    if 2 * used > len(cells):
                        return -1
                cells[at, 2] += 1
                entries += 1
    return entries


@_compiled
def fill(pieces: Floats, cells: NDArray[np.int64], named: Ints) -> None:
    for p in range(len(pieces)):
        i0, i1, j0, j1 = _box(pieces[p])
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                if _beside(pieces[p], i, j):
                    at = slot(cells, key(i, j))
                    named[cells[at, 1] + cells[at, 2]] = p
                    cells[at, 2] += 1


@_compiled
def _enter_blocks(cells: NDArray[np.int64], blocks: NDArray[np.int64]) -> int:
    """Enter (key, bits) of every block with a cell that names something; return how many, at most half of the table."""
    used = 0
    for row in range(len(cells)):
        if cells[row, 0] == EMPTY:
            continue
        i = (cells[row, 0] + 2147483648) >> 32
        j = cells[row, 0] - i * 4294967296
        its = key(i >> SIDE, j >> SIDE)
        at = slot(blocks, its)
        if blocks[at, 0] == EMPTY:
            if 2 * (used + 1) > len(blocks):
                return used + 1
            used += 1
            blocks[at, 0] = its
        blocks[at, 1] |= 1 << (((i & 7) << SIDE) | (j & 7))
    return used


def _blocks(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the blocks of a table of cells as an open-addressed table of (key, bits)."""
    slots = 16
    while True:
        blocks = np.zeros((slots, 2), np.int64)
        blocks[:, 0] = EMPTY
        if 2 * _enter_blocks(cells, blocks) <= slots:
            return blocks
        slots *= 4


@_compiled
def blocks_about(blocks: NDArray[np.int64], i: int, j: int, bits: NDArray[np.int64]) -> bool:
    """Enter the bits of the nine blocks about a cell; return whether any cell there names something."""
    any_bits = 0
    for a in range(3):
        for b in range(3):
            at = slot(blocks, key((i >> SIDE) + a - 1, (j >> SIDE) + b - 1))
            bits[3 * a + b] = blocks[at, 1] if blocks[at, 0] != EMPTY else 0
            any_bits |= bits[3 * a + b]
    return bool(any_bits != 0)


@_compiled
def names_none(bits: NDArray[np.int64], i0: int, j0: int, i: int, j: int) -> bool:
    """Return whether cell (i, j), near cell (i0, j0) whose blocks ``bits`` are, names nothing."""
    block = 3 * ((i >> SIDE) - (i0 >> SIDE) + 1) + (j >> SIDE) - (j0 >> SIDE) + 1
    return bool((bits[block] >> (((i & 7) << SIDE) | (j & 7))) & 1 == 0)


@_compiled
def nearest(
    x: Floats, y: Floats, heading: Floats, wanted: NDArray[np.bool_],
    pieces: Floats, lane_of: Ints, cells: NDArray[np.int64], named: Ints, blocks: NDArray[np.int64],
    lane: Ints, offset: Floats, s: Floats,
) -> None:  # fmt: skip
    """Fill ``lane``, ``offset``, ``s`` for places that lie near a wanted lane; leave the others."""
    bits = np.empty(9, np.int64)
    for n in range(len(x)):
        px, py = x[n], y[n]
        if not (np.isfinite(px) and np.isfinite(py)) or abs(px) > FARTHEST_OUT_M or abs(py) > FARTHEST_OUT_M:
            continue
        headed = np.isfinite(heading[n])
        east, north = (np.sin(heading[n]), np.cos(heading[n])) if headed else (0.0, 0.0)
        i0, j0 = int(np.floor(px / CELL_M)), int(np.floor(py / CELL_M))
        best, least = -1, np.inf
        for ring in range(RINGS + 1):
            if ring == 1 and not blocks_about(blocks, i0, j0, bits):
                break
            for i in range(i0 - ring, i0 + ring + 1):
                step = 1 if i == i0 - ring or i == i0 + ring or ring == 0 else 2 * ring
                for j in range(j0 - ring, j0 + ring + 1, step):
                    if ring > 0 and names_none(bits, i0, j0, i, j):
                        continue
                    at = slot(cells, key(i, j))
                    if cells[at, 0] == EMPTY:
                        continue
                    begin = cells[at, 1]
                    for k in range(begin, begin + cells[at, 2]):
                        p = named[k]
                        piece = pieces[p]
                        rx, ry = px - piece[X], py - piece[Y]
                        along = min(max(rx * piece[EAST] + ry * piece[NORTH], 0.0), piece[LENGTH])
                        dx, dy = rx - along * piece[EAST], ry - along * piece[NORTH]
                        square = dx * dx + dy * dy
                        if square > least * least or square > FARTHEST_M * FARTHEST_M or not wanted[lane_of[p]]:
                            continue
                        cost = np.sqrt(square)
                        if headed:
                            cost += AGAINST_M * (1 - east * piece[EAST] - north * piece[NORTH])
                        if cost < least or (cost == least and lane_of[p] < lane_of[best]):
                            best, least = p, cost
            if least <= REACH_M + ring * CELL_M:
                break
        if best < 0:
            continue
        piece = pieces[best]
        rx, ry = px - piece[X], py - piece[Y]
        along = min(max(rx * piece[EAST] + ry * piece[NORTH], 0.0), piece[LENGTH])
        dx, dy = rx - along * piece[EAST], ry - along * piece[NORTH]
        away = np.sqrt(dx * dx + dy * dy)
        lane[n] = lane_of[best]
        offset[n] = away if rx * piece[NORTH] - ry * piece[EAST] >= 0 else -away
        s[n] = piece[S] + along
