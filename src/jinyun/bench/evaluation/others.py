"""Labels about somebody abnormal (异常车辆类标注): EVW, AVW and CLW, from who truly comes up to whom.

What a vehicle is, is told by its deed (:mod:`jinyun.world.staging`): it drives to an emergency, stands in its lane for no
reason of traffic, has lost control. *Must*: as the others truly drive on, host and it come near each other within the
horizon. *Clear*: none of the kind is near the host's way for much longer. Who stands without a deed and without a queue, a
light or a junction before it is neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.bench.evaluation.labels import Labels, labelled
from jinyun.bench.evaluation.lives import FRAME_S, Floats, Lives
from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind
from jinyun.world.staging import KINDS, Deed

SAME_WAY = 0.7
"""Cosine of courses that count as the same way."""
COMES_S, COMES_M, AWAY_S, AWAY_M = 5.0, 20.0, 14.0, 350.0
"""EVW: it truly comes so near from behind within that time; it never comes so near within that, but for who meets it."""
MEETS, MEETS_FRAMES, MEETS_MPS = -0.7, 60, 2.0
"""Who drives the other way (cosine of the courses) for so long is clear of it, however near."""
WARNED_S, BEHIND_M, ASIDE_M = 5.0, 220.0, 2.2
STANDS_MPS, LEAST_MPS = 0.3, 4.0
STOOD_S = 5.0
SLOW_MPS, AFTER_FRAMES = 4.0, 50
ODD_S, END_M, CLOSE_M = 4.0, 80.0, 15.0
"""Who stands so long, so far from the end of the lane and with nobody so close ahead may have a reason or not."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


def others(lives: Lives, deeds: list[Deed], begin_s: float, map: Map) -> Mapping[str, Labels]:
    """Return the labels of EVW, AVW and CLW by their ids."""
    stands = doing(lives, deeds, begin_s, "standing") & (lives.speed_mps < STANDS_MPS)
    stood = since(lives, stands) >= STOOD_S / FRAME_S
    lost = doing(lives, deeds, begin_s, "losing_control")
    slow = np.zeros(len(lives.x_m), np.bool_)
    for kind in KINDS:  # whoever creeps or stands because of another deed is abnormal in a way
        slow |= lately(lives, doing(lives, deeds, begin_s, kind), AFTER_FRAMES) & (lives.speed_mps < SLOW_MPS)
    doubtful = (_standing_oddly(lives, map) | slow) & ~stands
    return {
        "EVW": _emergencies(lives, map),
        "AVW": _ahead(lives, map, stood, stands | doubtful, WARNED_S),
        "CLW": _ahead(lives, map, lost, lost | lately(lives, lost, 15), WARNED_S),
    }


def doing(lives: Lives, deeds: list[Deed], begin_s: float, kind: str, both: bool = False) -> NDArray[np.bool_]:
    """Return at which rows their vehicles do a deed of a kind, or with ``both`` have one done to them."""
    does, life_of = np.zeros(len(lives.x_m), np.bool_), {int(n): k for k, n in enumerate(lives.number.tolist())}
    of_kind = [deed for deed in deeds if deed.kind == kind]
    for number, deed in [(one, its) for its in of_kind for one in (its.all if both else (its.by,))]:
        life = life_of.get(number, -1)
        if life < 0:
            continue
        begin = round((deed.begin_s - begin_s) / FRAME_S) + 1
        end = round((deed.end_s - begin_s) / FRAME_S) if np.isfinite(deed.end_s) else lives.frames
        low, high = int(lives.first[life]), int(lives.first[life + 1])
        at = low - int(lives.begin[life])
        does[max(at + begin, low) : min(at + end, high)] = True
    return does


def since(lives: Lives, it: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for how many frames ``it`` has held at each row."""
    row = np.arange(len(it))
    last = np.maximum.accumulate(np.where(it, -1, row))
    return row - np.maximum(last, lives.first[lives.life] - 1)


def lately(lives: Lives, it: NDArray[np.bool_], frames: int) -> NDArray[np.bool_]:
    """Return at which rows ``it`` holds or has held within ``frames``."""
    row = np.arange(len(it))
    last = np.maximum.accumulate(np.where(it, row, -1))
    has: NDArray[np.bool_] = (last >= lives.first[lives.life]) & (row - last <= frames)
    return has


def _standing_oddly(lives: Lives, map: Map) -> NDArray[np.bool_]:
    """Return who has stood for seconds far from the end of its lane with nobody close ahead: nobody knows whether that is
    abnormal."""
    lane = np.maximum(lives.lane, 0)
    on = (lives.lane >= 0) & (map.lanes["kind"][lane] <= LaneKind.BUS) & (lives.kind[lives.life] == Kind.MOTOR)
    end = (map.lanes["first"].astype(np.int64) + map.lanes["count"] - 1)[lane]
    far = np.hypot(map.points["x_m"][end] - lives.x_m, map.points["y_m"][end] - lives.y_m) > END_M
    odd = on & far & (since(lives, lives.speed_mps < STANDS_MPS) >= ODD_S / FRAME_S)
    _alone(np.flatnonzero(odd), lives.frame, lives.x_m, lives.y_m, lives.heading_rad, lives.at_first, lives.at_row, odd)
    alone: NDArray[np.bool_] = odd
    return alone


@_compiled
def _alone(
    rows: NDArray[np.int64], frame: NDArray[np.int64], x: Floats, y: Floats, heading: Floats, at_first: NDArray[np.int64],
    at_row: NDArray[np.int64], odd: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Strike out those who have somebody close ahead."""
    for row in rows:
        for a in range(at_first[frame[row]], at_first[frame[row] + 1]):
            j = at_row[a]
            dx, dy = x[j] - x[row], y[j] - y[row]
            along = dx * np.sin(heading[row]) + dy * np.cos(heading[row])
            aside = abs(dx * np.cos(heading[row]) - dy * np.sin(heading[row]))
            if j != row and 0.0 < along < CLOSE_M and aside < ASIDE_M:
                odd[row] = False
                break


def _hosts(lives: Lives) -> NDArray[np.int64]:
    return np.flatnonzero((lives.kind[lives.life] == Kind.MOTOR) & (lives.frame % 2 == 0))


def _emergencies(lives: Lives, map: Map) -> Labels:
    hurries = lives.doing["siren"] == 2
    rows = _hosts(lives)
    rows = rows[~hurries[rows]]
    comes, away = np.full(len(rows), np.inf), np.full(len(rows), np.inf)
    whom = np.full(len(rows), -1, np.int64)
    horizon = round(AWAY_S / FRAME_S)
    _approach(
        rows, lives.life, lives.frame, lives.first, lives.x_m, lives.y_m, lives.heading_rad, lives.speed_mps, hurries,
        lives.at_first, lives.at_row, horizon, comes, away, whom,
    )  # fmt: skip
    frame = lives.frame[rows]
    must = comes <= COMES_S
    return labelled(
        lives, rows, must, np.isinf(away), np.isinf(away) & np.isfinite(comes), about=whom,
        peak=frame + np.nan_to_num(comes, posinf=horizon) / FRAME_S, known=frame + horizon < lives.frames,
    )  # fmt: skip


@_compiled
def _approach(
    rows: NDArray[np.int64], life: NDArray[np.int64], frame: NDArray[np.int64], first: NDArray[np.int64], x: Floats,
    y: Floats, heading: Floats, speed: Floats, hurries: NDArray[np.bool_], at_first: NDArray[np.int64],
    at_row: NDArray[np.int64], horizon: int, comes: Floats, away: Floats, whom: NDArray[np.int64],
) -> None:  # fmt: skip
    """Find when an emergency vehicle truly comes near each host from behind, on its way, and when it is near at all."""
    for n in range(len(rows)):
        row = rows[n]
        f = frame[row]
        for a in range(at_first[f], at_first[f + 1]):
            it = at_row[a]
            if not hurries[it]:
                continue
            dx, dy = x[row] - x[it], y[row] - y[it]
            far = np.sqrt(dx * dx + dy * dy)
            if far > 600.0:
                continue
            behind = dx * np.sin(heading[it]) + dy * np.cos(heading[it]) > 0.0
            there = min(first[life[row] + 1] - row, first[life[it] + 1] - it, horizon)
            then = min(there - 1, MEETS_FRAMES)
            meets = speed[row] > MEETS_MPS  # who stands may wait to turn before it
            meets = meets and np.cos(heading[row] - heading[it]) < MEETS
            meets = meets and np.cos(heading[row + then] - heading[it + then]) < MEETS
            if meets:
                continue
            for k in range(0, there, 2):
                i, j = row + k, it + k
                ex, ey = x[i] - x[j], y[i] - y[j]
                near = np.sqrt(ex * ex + ey * ey)
                if near < AWAY_M:
                    away[n] = min(away[n], k * FRAME_S)
                ahead = ex * np.sin(heading[j]) + ey * np.cos(heading[j])
                aside = abs(ex * np.cos(heading[j]) - ey * np.sin(heading[j]))
                same = np.cos(heading[i] - heading[j]) > SAME_WAY
                if near < COMES_M and behind and ahead > 0.0 and aside < 5.0 and same and hurries[j] and far > COMES_M:
                    if k * FRAME_S < comes[n]:
                        comes[n], whom[n] = k * FRAME_S, life[it]
                    break


def _ahead(lives: Lives, map: Map, it: NDArray[np.bool_], maybe: NDArray[np.bool_], within_s: float) -> Labels:
    """Return labels of who has one that does ``it`` ahead in its lane; ``maybe`` are those because of whom nothing is clear."""
    rows = _hosts(lives)
    rows = rows[(lives.speed_mps[rows] >= LEAST_MPS) & ~it[rows]]
    sure, near, whom = before(lives, rows, it, maybe)
    frame, v = lives.frame[rows], lives.speed_mps[rows]
    after = sure / v
    must = after <= within_s
    return labelled(
        lives, rows, must, np.isinf(near), np.isinf(near) & (v > 8), about=whom,
        peak=frame + np.minimum(np.nan_to_num(after, posinf=60.0), 60.0) / FRAME_S,
    )  # fmt: skip


def before(
    lives: Lives, rows: NDArray[np.int64], it: NDArray[np.bool_], maybe: NDArray[np.bool_], far_m: float = BEHIND_M
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return for each of ``rows`` the way to the nearest that does ``it`` on its true way (m, infinity for none), 0 where
    one of ``it`` or ``maybe`` is anywhere within ``far_m`` (infinity for none), and the life of the first."""
    sure, near = np.full(len(rows), np.inf), np.full(len(rows), np.inf)
    whom = np.full(len(rows), -1, np.int64)
    _before(
        rows, lives.life, lives.frame, lives.first, lives.x_m, lives.y_m, lives.heading_rad, lives.s_m,
        lives.length_m / 2, it, maybe, lives.at_first, lives.at_row, far_m, sure, near, whom,
    )  # fmt: skip
    return sure, near, whom


@_compiled
def _before(
    rows: NDArray[np.int64], life: NDArray[np.int64], frame: NDArray[np.int64], first: NDArray[np.int64], x: Floats,
    y: Floats, heading: Floats, s: Floats, half: Floats, it: NDArray[np.bool_], maybe: NDArray[np.bool_],
    at_first: NDArray[np.int64], at_row: NDArray[np.int64], far_m: float, sure: Floats, near: Floats,
    whom: NDArray[np.int64],
) -> None:  # fmt: skip
    """Find the nearest one that does it on the way that each host truly goes on, and who may do it anywhere near."""
    for n in range(len(rows)):
        row = rows[n]
        f = frame[row]
        for a in range(at_first[f], at_first[f + 1]):
            j = at_row[a]
            if j == row or not (it[j] or maybe[j]):
                continue
            if (x[j] - x[row]) ** 2 + (y[j] - y[row]) ** 2 > far_m * far_m:
                continue
            near[n] = 0.0
            if not it[j]:
                continue
            for k in range(row, min(first[life[row] + 1], row + 400), 2):
                gone = s[k] - s[row]
                if gone > far_m:
                    break
                dx, dy = x[j] - x[k], y[j] - y[k]
                along = dx * np.sin(heading[k]) + dy * np.cos(heading[k])
                aside = abs(dx * np.cos(heading[k]) - dy * np.sin(heading[k]))
                if aside < ASIDE_M and 0.0 < along < 15.0 and np.cos(heading[j] - heading[k]) > SAME_WAY:
                    gap = gone + along - half[life[row]] - half[life[j]]
                    if gap < sure[n]:
                        sure[n], whom[n] = max(gap, 0.0), life[j]
                    break
