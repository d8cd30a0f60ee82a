"""Labels of who comes to a jam (拥堵类标注): TJW, from who truly drives up to cars that creep for no light.

*Must*: as it truly drives on, it comes up to the tail of a staged jam within :data:`WARNED_S`. *Clear*: no staged jam is
anywhere near, nor a row of slow cars whose foremost is far from the end of its lane; rows before lights are clear, and the
hard ones are those who come to one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.labels import Labels, labelled
from jinyun.bench.evaluation.lives import FRAME_S, Lives
from jinyun.bench.evaluation.others import before, doing, lately, since
from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind
from jinyun.world.staging import Deed

WARNED_S, LEAST_MPS, FAST_MPS = 6.0, 6.0, 8.0
"""Nothing is due to whom is slower than the last: it comes up to what it sees at the pace of a cycle."""
CREEPS_MPS = 3.0
THERE_S = 5.0
"""Before a staged jam, which begins all at once, has been there for so long, nothing is due."""
FAR_M = 420.0
"""Whoever has none within that distance is clear of it."""
SLOW_MPS, ROW, APART_M, AT_END_M = 5.0, 3, 35.0, 45.0
"""So many slow cars in a lane, so near behind each other, are a row; one whose foremost is so near the end waits there."""
AFTER_FRAMES = 150
"""Frames after which what is left of a staged jam is no more doubtful."""


def jams(lives: Lives, deeds: list[Deed], begin_s: float, map: Map) -> Labels:
    """Return the labels of TJW."""
    tail = doing(lives, deeds, begin_s, "jamming")
    creeps = tail & (lives.speed_mps < CREEPS_MPS) & (since(lives, tail) >= THERE_S / FRAME_S)
    rows_, waits = _rows(lives, map)
    maybe = (tail | lately(lives, tail, AFTER_FRAMES) | (rows_ & ~waits)) & ~creeps
    hosts = np.flatnonzero((lives.kind[lives.life] == Kind.MOTOR) & (lives.frame % 2 == 0) & ~tail)
    hosts = hosts[lives.speed_mps[hosts] >= LEAST_MPS]
    sure, near, whom = before(lives, hosts, creeps, maybe, FAR_M)
    to_light, _, _ = before(lives, hosts, rows_ & waits, np.zeros(len(tail), np.bool_), FAR_M)
    after = sure / lives.speed_mps[hosts]
    must = (after <= WARNED_S) & (after > 0.0) & (lives.speed_mps[hosts] >= FAST_MPS)
    return labelled(
        lives, hosts, must, np.isinf(near), np.isinf(near) & np.isfinite(to_light), about=whom,
        peak=lives.frame[hosts] + np.minimum(np.nan_to_num(after, posinf=60.0), 60.0) / FRAME_S,
    )  # fmt: skip


def _rows(lives: Lives, map: Map) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who is in a row of slow cars, and whose row's foremost is at the end of its lane."""
    n = len(lives.x_m)
    in_row, waits = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    lane = np.maximum(lives.lane, 0)
    slow = (lives.lane >= 0) & (map.lanes["kind"][lane] <= LaneKind.BUS) & (lives.kind[lives.life] == Kind.MOTOR)
    rows = np.flatnonzero(slow & (lives.speed_mps < SLOW_MPS))
    if not len(rows):
        return in_row, waits
    end = (map.lanes["first"].astype(np.int64) + map.lanes["count"] - 1)[lane[rows]]
    left = np.hypot(map.points["x_m"][end] - lives.x_m[rows], map.points["y_m"][end] - lives.y_m[rows])
    order = np.lexsort((left, lane[rows], lives.frame[rows]))
    at, left = rows[order], left[order]
    new = np.ones(len(at), np.bool_)
    new[1:] = (np.diff(lives.frame[at]) != 0) | (np.diff(lives.lane[at]) != 0) | (np.diff(left) > APART_M)
    group = np.cumsum(new) - 1
    in_row[at] = np.bincount(group)[group] >= ROW
    waits[at] = (left[new] < AT_END_M)[group]
    return in_row, waits
