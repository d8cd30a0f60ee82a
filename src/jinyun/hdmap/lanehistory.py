"""The lane of a participant in view of where it was: one forward step of a hidden Markov model, in numba.

States are the lanes near the place, the observation is place and heading, the transition says how well one lane leads
to the other over the way gone. Scores are natural logarithms, the best one 0. After P. Newson and J. Krumm, Hidden
Markov map matching through noise and sparseness, ACM GIS 2009, with lanes for roads and without looking back. Imported
at the first question (see :mod:`jinyun.hdmap.lanegrid`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap.lanegrid import (
    CELL_M,
    EAST,
    EMPTY,
    LENGTH,
    NORTH,
    REACH_M,
    RINGS,
    S,
    X,
    Y,
    blocks_about,
    key,
    names_none,
    slot,
)
from jinyun.hdmap.nearest import FARTHEST_OUT_M, WIDTH_M, Floats, Ints

CANDIDATES = 12
"""Lanes weighed for one place; where there are more, the least likely give way."""
KEEPING_SD_M = 0.9
"""How far drivers keep from the middle of their lane, one standard deviation."""
SHARPNESS = 1.702
"""Makes the logistic curve that of the normal distribution, within 0.01."""
HEADING_WEIGHT = 30.0
"""Score lost against a lane across the heading: that of a standard deviation of 10 degrees."""
CHANGE, BACK, JUMP, LOST = -4.0, -1.0, -9.0, -30.0
"""Score of a change to the lane beside, of rolling back over a lane's beginning, of a lane that no way leads to; the
score below which a lane is given up."""
ALONE_SDS, TRACKED_SDS = 3.0, 4.0
"""A lane is weighed whose border lies no more standard deviations of noise from the place."""
WAY_SD_M = 1.0
"""How well the way gone along lanes agrees with the way gone through the air, apart from the noise."""
FARTHEST_WAY_M = 80.0
"""After a longer way unseen, a participant is as new."""
MOST_HOPS, MOST_LOOKED = 4, 256
"""How many lanes a way from one place to the next may pass, and how many are looked at for it."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _log_share(distance: float) -> float:
    """Return the logarithm of the share of a normal distribution below ``distance`` standard deviations."""
    over = -SHARPNESS * distance
    if abs(over) > 7:  # within 0.001 of the curve
        return -over if over > 0 else 0.0
    return float(-np.log1p(np.exp(over)))


@_compiled
def _near(
    px: float, py: float, beyond_m: float, half: Floats, wanted: NDArray[np.bool_],
    pieces: Floats, lane_of: Ints, cells: NDArray[np.int64], named: Ints, blocks: NDArray[np.int64],
    bits: NDArray[np.int64], lane: Ints, piece_of: Ints, square: Floats,
) -> int:  # fmt: skip
    """Enter the lanes near a place, the nearest piece of each and the square of its distance; return how many.

    Near are the nearest lane and those that have the place no farther than ``beyond_m`` outside their borders.
    """
    rings = min(max(int(np.ceil((WIDTH_M / 2 + beyond_m - REACH_M) / CELL_M)), 0), RINGS)
    i0, j0 = int(np.floor(px / CELL_M)), int(np.floor(py / CELL_M))
    many, least = 0, np.inf
    for ring in range(RINGS + 1):
        if ring > rings and many > 0:
            break
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
                for k in range(cells[at, 1], cells[at, 1] + cells[at, 2]):
                    p = named[k]
                    row = lane_of[p]
                    if not wanted[row]:
                        continue
                    piece = pieces[p]
                    rx, ry = px - piece[X], py - piece[Y]
                    along = min(max(rx * piece[EAST] + ry * piece[NORTH], 0.0), piece[LENGTH])
                    dx, dy = rx - along * piece[EAST], ry - along * piece[NORTH]
                    away = dx * dx + dy * dy
                    reach = half[row] + beyond_m
                    if away > reach * reach and away >= least:
                        continue
                    least = min(least, away)
                    c = 0
                    while c < many and lane[c] != row:
                        c += 1
                    if c == CANDIDATES:
                        c = int(np.argmax(square))
                    elif c == many:
                        many += 1
                        square[c] = np.inf
                    if away < square[c]:
                        lane[c], piece_of[c], square[c] = row, p, away
    kept = 0
    for c in range(many):
        if square[c] <= max(least, (half[lane[c]] + beyond_m) ** 2):
            lane[kept], piece_of[kept], square[kept] = lane[c], piece_of[c], square[c]
            kept += 1
    return kept


@_compiled
def _weigh(
    px: float, py: float, headed: bool, east: float, north: float, sd_m: float, half: Floats, extent: Floats,
    piece: Floats, row: int, found: Floats,
) -> None:  # fmt: skip
    """Enter score, offset and station of a place on a lane.

    The lane is taken for a strip on which drivers keep to the middle; the place is where one is, plus noise.
    """
    rx, ry = px - piece[X], py - piece[Y]
    raw = rx * piece[EAST] + ry * piece[NORTH]
    along = min(max(raw, 0.0), piece[LENGTH])
    right = rx * piece[NORTH] - ry * piece[EAST]
    dx, dy = rx - along * piece[EAST], ry - along * piece[NORTH]
    away = np.sqrt(dx * dx + dy * dy)  # hypot is ten times as slow
    station = piece[S] + along
    before, after = station, extent[row] - station
    aside = away
    if raw < 0 and before < 1e-3:
        before, aside = raw, abs(right)
    elif raw > piece[LENGTH] and after < 1e-3:
        after, aside = piece[LENGTH] - raw, abs(right)
    score = _log_share((half[row] - aside) / sd_m) - min(
        aside * aside / (2 * (KEEPING_SD_M * KEEPING_SD_M + sd_m * sd_m)), 20.0
    )
    if before < 4 * sd_m:
        score += _log_share(before / sd_m)
    if after < 4 * sd_m:
        score += _log_share(after / sd_m)
    if headed:
        score -= HEADING_WEIGHT * (1 - east * piece[EAST] - north * piece[NORTH])
    found[0], found[1], found[2] = score, (away if right >= 0 else -away), station


@_compiled
def _ahead(
    start: int, goal: int, from_m: float, to_m: float, most_m: float, length: Floats, first: Ints, follows: Ints,
    lane: Ints, turn: Ints, gone: Floats,
) -> float:  # fmt: skip
    """Return the way from a station on a lane to one on a lane ahead of it, within a few lanes; NaN where none is."""
    best = np.nan
    depth, looked = 0, 0
    lane[0], turn[0], gone[0] = start, 0, length[start] - from_m
    while depth >= 0 and looked < MOST_LOOKED:
        looked += 1
        here = lane[depth]
        row = first[here] + turn[depth]
        if row >= first[here + 1] or gone[depth] > most_m:
            depth -= 1
            continue
        turn[depth] += 1
        onward = follows[row]
        if onward == goal:
            way = gone[depth] + to_m
            if not best <= way:
                best = way
        elif depth + 1 < MOST_HOPS:
            depth += 1
            lane[depth], turn[depth], gone[depth] = onward, 0, gone[depth - 1] + length[onward]
    return float(best)


@_compiled
def _apart(way_m: float, gone_m: float, sd_m: float) -> float:
    """Return the score of a way along lanes when the participant went ``gone_m``."""
    off = (way_m - gone_m) / (WAY_SD_M + 2 * sd_m)
    return -float(min(0.5 * off * off, -JUMP))


@_compiled
def leads(
    start: int, goal: int, from_m: float, to_m: float, gone_m: float, sd_m: float,
    length: Floats, left: Ints, right: Ints, first: Ints, follows: Ints, lane: Ints, turn: Ints, way_m: Floats,
) -> float:  # fmt: skip
    """Return the score of having come from one lane to another."""
    slack = 3 * (WAY_SD_M + 2 * sd_m)
    if start == goal:
        return float(_apart(abs(to_m - from_m), gone_m, sd_m))
    if goal == left[start] or goal == right[start]:
        share = length[start] / max(length[goal], 0.1)
        return float(CHANGE + _apart(abs(to_m * share - from_m), gone_m, sd_m))
    way = _ahead(start, goal, from_m, to_m, gone_m + slack, length, first, follows, lane, turn, way_m)
    if np.isfinite(way):
        return float(_apart(way, gone_m, sd_m))
    if from_m <= slack:
        way = _ahead(goal, start, to_m, from_m, slack, length, first, follows, lane, turn, way_m)
        if np.isfinite(way):
            return float(BACK + _apart(way, gone_m, sd_m))
    best = JUMP
    for beside in (left[start], right[start]):
        if beside >= 0:
            scaled = from_m * length[beside] / max(length[start], 0.1)
            way = _ahead(beside, goal, scaled, to_m, gone_m + slack, length, first, follows, lane, turn, way_m)
            if np.isfinite(way):
                best = max(best, CHANGE + _apart(way, gone_m, sd_m))
    return float(best)


@_compiled
def match(
    x: Floats, y: Floats, heading: Floats, sd_m: Floats, half: Floats, extent: Floats, wanted: NDArray[np.bool_],
    pieces: Floats, lane_of: Ints, cells: NDArray[np.int64], named: Ints, blocks: NDArray[np.int64],
    left: Ints, right: Ints, first: Ints, follows: Ints,
    slots: NDArray[np.int64], was_lane: Ints, was_s: Floats, was_score: Floats, was_at: Floats,
    lane: Ints, offset: Floats, s: Floats, certainty: Floats,
) -> None:  # fmt: skip
    """Match places one by one; ``slots`` names each one's row in the history, -1 (or an empty history) for none."""
    near = np.empty(CANDIDATES, np.int32)
    piece_of = np.empty(CANDIDATES, np.int32)
    square = np.empty(CANDIDATES)
    bits = np.empty(9, np.int64)
    found = np.empty((CANDIDATES, 3))
    hop, turn, way_m = np.empty(MOST_HOPS, np.int32), np.empty(MOST_HOPS, np.int32), np.empty(MOST_HOPS)
    kept = was_lane.shape[1]
    for n in range(len(x)):
        px, py, sd = x[n], y[n], sd_m[n]
        if not (np.isfinite(px) and np.isfinite(py)) or abs(px) > FARTHEST_OUT_M or abs(py) > FARTHEST_OUT_M:
            continue
        at = slots[n]
        beyond_m = ALONE_SDS * sd if at < 0 else TRACKED_SDS * sd + 0.5  # who is followed may stray once
        many = _near(
            px, py, beyond_m, half, wanted, pieces, lane_of, cells, named, blocks, bits, near, piece_of, square
        )
        if many == 0:
            continue
        if many == 1 and at < 0:  # nothing to weigh
            piece = pieces[piece_of[0]]
            rx, ry = px - piece[X], py - piece[Y]
            away = np.sqrt(square[0])
            lane[n], certainty[n] = near[0], 1.0
            offset[n] = away if rx * piece[NORTH] - ry * piece[EAST] >= 0 else -away
            s[n] = piece[S] + min(max(rx * piece[EAST] + ry * piece[NORTH], 0.0), piece[LENGTH])
            continue
        headed = np.isfinite(heading[n])
        east, north = (np.sin(heading[n]), np.cos(heading[n])) if headed else (0.0, 0.0)
        for c in range(many):
            _weigh(px, py, headed, east, north, sd, half, extent, pieces[piece_of[c]], near[c], found[c])
        if at >= 0:
            gone = np.sqrt((px - was_at[at, 0]) ** 2 + (py - was_at[at, 1]) ** 2)
            if gone <= FARTHEST_WAY_M and was_lane[at, 0] >= 0:
                for c in range(many):
                    best = JUMP
                    for k in range(kept):
                        if was_lane[at, k] < 0:
                            break
                        if was_score[at, k] <= best:
                            continue
                        score = was_score[at, k] + leads(
                            was_lane[at, k], near[c], was_s[at, k], found[c, 2], gone, sd,
                            extent, left, right, first, follows, hop, turn, way_m,
                        )  # fmt: skip
                        best = max(best, score)
                    found[c, 0] += best
        total, top = 0.0, -np.inf
        for c in range(many):
            top = max(top, found[c, 0])
        for c in range(many):
            found[c, 0] -= top
            total += np.exp(found[c, 0])
        for k in range(min(kept, many)):  # the likeliest first, no farther than the history holds
            best_row = k
            for c in range(k + 1, many):
                if found[c, 0] > found[best_row, 0]:
                    best_row = c
            near[k], near[best_row] = near[best_row], near[k]
            for column in range(3):
                found[k, column], found[best_row, column] = found[best_row, column], found[k, column]
        lane[n], offset[n], s[n] = near[0], found[0, 1], found[0, 2]
        certainty[n] = 1 / total
        if at >= 0:
            was_at[at, 0], was_at[at, 1] = px, py
            for k in range(kept):
                if k < many and found[k, 0] > LOST:
                    was_lane[at, k] = near[k]
                    was_s[at, k], was_score[at, k] = found[k, 2], found[k, 0]
                else:
                    was_lane[at, k] = -1
