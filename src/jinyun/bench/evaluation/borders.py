"""Labels of who changes lane regardless (变道类标注): BSW with LCW, from bodies that truly go over the border of a lane.

*Must*: within :data:`BEFORE_S` the body truly crosses the border to a lane that leads the same way, while somebody is abreast
there, close behind, or closing up within :data:`CLOSING_S`. *Clear*: it crosses none within :data:`FREE_S`, and has no lamp on
towards somebody within :data:`FAR_M` or who is there within :data:`SHOWN_S`: whoever shows that he will change is told
rightly, whether he then does or not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.bench.evaluation.labels import Labels, labelled
from jinyun.bench.evaluation.lives import FRAME_S, Floats, Lives
from jinyun.bench.evaluation.others import lately as lately_so
from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind
from jinyun.world.street import HAZARD_LAMPS, LEFT_LAMP, RIGHT_LAMP

BEFORE_S, FREE_S = 2.0, 4.0
CLOSING_S, NEAR_M, FAR_M, SHOWN_S = 1.5, 1.0, 25.0, 3.0
LIT = 10
"""Frames for which a lamp counts as shown after it was lit: turn lamps flash 90 ± 30 times a minute (UN R48)."""
REACHES, BESIDE_M = 60, 4.8
"""Frames within which one behind must truly come abreast of where somebody is, so far sideways, to be behind on a bend."""
OVER_M = 0.15
TOO_LATE_S = 0.3
LEAST_MPS = 3.0
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


def lane_changes(lives: Lives, map: Map) -> Labels:
    """Return the labels of BSW."""
    n, life = len(lives.x_m), lives.life
    lanes = map.lanes
    lane = np.maximum(lives.lane, 0)
    kind = lives.kind[life]
    judged = (kind == Kind.MOTOR) & (lives.lane >= 0) & (lanes["kind"][lane] <= LaneKind.BUS) & (
        lives.speed_mps >= LEAST_MPS)  # fmt: skip
    aside = offsets(lives, map)
    half_lane, half = lanes["width_m"][lane] / 2, lives.width_m[life] / 2
    over = judged & (np.abs(aside) + half > half_lane + OVER_M)
    target = np.where(aside < 0, lanes["left"][lane], lanes["right"][lane])
    begins = over & ~np.append(False, over[:-1] & (life[1:] == life[:-1])) & (target >= 0)
    begins &= np.append(False, np.abs(aside[1:]) > np.abs(aside[:-1]))
    near, far = (np.zeros((n, 2), np.bool_) for _ in range(2))
    _beside(
        lives.at_first, lives.at_row, life, lives.x_m, lives.y_m, lives.heading_rad, lives.speed_mps,
        lives.length_m / 2, lives.width_m / 2, kind, near, far,
    )  # fmt: skip
    side = (aside >= 0).astype(np.int64)  # 0 left, 1 right
    danger = np.zeros(n, np.bool_)
    for row in np.flatnonzero(begins).tolist():
        some = slice(max(row - 5, int(lives.first[life[row]])), min(row + 8, int(lives.first[life[row] + 1])))
        danger[row] = near[some, side[row]].any()
    rows = np.flatnonzero(judged)
    cross = np.where(begins, np.arange(n), n + 1000)
    following = np.minimum.accumulate(cross[::-1])[::-1]
    same = following < lives.first[1:][life]
    wait = np.where(same, following - np.arange(n), 1000)
    it = np.minimum(following, n - 1)
    must = (wait <= BEFORE_S / FRAME_S) & danger[it]
    lamps = lives.doing["lights"]
    single = (lamps & HAZARD_LAMPS) == 0
    lit = [lately_so(lives, single & ((lamps & lamp) > 0), LIT) for lamp in (LEFT_LAMP, RIGHT_LAMP)]
    _behind(
        np.flatnonzero((lit[0] | lit[1]) & (kind == Kind.MOTOR)), lives.frame, lives.at_first, lives.at_row, life, lives.first,
        lives.x_m, lives.y_m, lives.heading_rad, lives.speed_mps, lives.s_m, lives.length_m / 2, lives.width_m / 2, kind,
        far,
    )  # fmt: skip
    shown = (lit[0] & far[:, 0]) | (lit[1] & far[:, 1])
    last = np.maximum.accumulate(np.where(over, np.arange(n), -1))
    lately = (np.arange(n) - last <= 15) & (last >= lives.first[life])
    clear = (wait > FREE_S / FRAME_S) & ~shown & ~lately
    return labelled(
        lives, rows, must[rows], clear[rows], (clear & near.any(axis=1))[rows],
        peak=(lives.frame[rows] + wait[rows] + TOO_LATE_S / FRAME_S),
    )  # fmt: skip


def offsets(lives: Lives, map: Map) -> Floats:
    """Return how far the middle of each body is to the right of the middle line of its lane (m), NaN for none."""
    found = np.full(len(lives.x_m), np.nan)
    first, count = map.lanes["first"].astype(np.int64), map.lanes["count"].astype(np.int64)
    _aside(lives.lane, lives.x_m, lives.y_m, first, count, map.points["x_m"], map.points["y_m"], found)
    return found


@_compiled
def _aside(
    lane: NDArray[np.int32], x: Floats, y: Floats, first: NDArray[np.int64], count: NDArray[np.int64], px: Floats,
    py: Floats, found: Floats,
) -> None:  # fmt: skip
    for row in range(len(lane)):
        if lane[row] < 0:
            continue
        best = np.inf
        for k in range(first[lane[row]], first[lane[row]] + count[lane[row]] - 1):
            ex, ey = px[k + 1] - px[k], py[k + 1] - py[k]
            length = np.sqrt(ex * ex + ey * ey)
            if length < 1e-6:
                continue
            dx, dy = x[row] - px[k], y[row] - py[k]
            u = min(max((dx * ex + dy * ey) / (length * length), 0.0), 1.0)
            far = (dx - u * ex) ** 2 + (dy - u * ey) ** 2
            if far < best:
                best, found[row] = far, (dx * ey - dy * ex) / length


@_compiled
def _beside(
    at_first: NDArray[np.int64], at_row: NDArray[np.int64], life: NDArray[np.int64], x: Floats, y: Floats,
    heading: Floats, speed: Floats, half_length: Floats, half_width: Floats, kind: NDArray[np.uint8],
    near: NDArray[np.bool_], far: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Note whether somebody is dangerously near, or at all near, on the left and on the right of each."""
    for frame in range(len(at_first) - 1):
        for a in range(at_first[frame], at_first[frame + 1]):
            i = at_row[a]
            if kind[i] != Kind.MOTOR:
                continue
            s, c = np.sin(heading[i]), np.cos(heading[i])
            for b in range(at_first[frame], at_first[frame + 1]):
                j = at_row[b]
                dx, dy = x[j] - x[i], y[j] - y[i]
                if i == j or abs(dx) > 60.0 or abs(dy) > 60.0 or kind[j] != Kind.MOTOR:
                    continue
                if np.cos(heading[j] - heading[i]) < 0.9:
                    continue
                along, across = dx * s + dy * c, dx * c - dy * s
                if abs(across) > BESIDE_M or abs(across) < half_width[life[i]] + half_width[life[j]] - 0.3:
                    continue
                side = 0 if across < 0 else 1
                gap = abs(along) - half_length[life[i]] - half_length[life[j]]
                closing = (speed[j] - speed[i]) if along < 0 else 0.0
                behind = along < half_length[life[i]]
                if gap <= 0.0 or (behind and (gap <= FAR_M or gap <= closing * SHOWN_S)):
                    far[i, side] = True
                if gap <= 0.0 or (along < 0 and (gap <= NEAR_M or gap <= closing * CLOSING_S)):
                    near[i, side] = True


@_compiled
def _behind(
    rows: NDArray[np.int64], frame: NDArray[np.int64], at_first: NDArray[np.int64], at_row: NDArray[np.int64],
    life: NDArray[np.int64], first: NDArray[np.int64], x: Floats, y: Floats, heading: Floats, speed: Floats, s: Floats,
    half_length: Floats, half_width: Floats, kind: NDArray[np.uint8], far: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Note who is at all near behind on the way that it truly goes, so that bends do not hide it."""
    for i in rows:
        sine, cosine = np.sin(heading[i]), np.cos(heading[i])
        for b in range(at_first[frame[i]], at_first[frame[i] + 1]):
            j = at_row[b]
            if i == j or kind[j] != Kind.MOTOR or abs(x[j] - x[i]) > 60.0 or abs(y[j] - y[i]) > 60.0:
                continue
            if (x[j] - x[i]) * sine + (y[j] - y[i]) * cosine > 0.0:
                continue
            long = half_length[life[i]] + half_length[life[j]]
            for k in range(j, min(first[life[j] + 1], j + REACHES)):
                along = (x[k] - x[i]) * sine + (y[k] - y[i]) * cosine
                if along < 0.0:
                    continue
                across = (x[k] - x[i]) * cosine - (y[k] - y[i]) * sine
                beside = abs(across) <= BESIDE_M and np.cos(heading[k] - heading[i]) >= 0.9
                if beside and abs(across) >= half_width[life[i]] + half_width[life[j]] - 0.3:
                    gap = s[k] - along - s[j] - long
                    if gap <= FAR_M or gap <= (speed[j] - speed[i]) * SHOWN_S:
                        far[i, 0 if across < 0 else 1] = True
                break
