"""Labels of who breaks a rule (违规类标注): RLVW at red lights, SLW above the limit.

RLVW. *Must*: the vehicle truly crosses the stop line at red within :data:`RED_S`, or stops only by braking harder than
:data:`HARD_MPS2`, and does not yet. *Clear*: it does not cross at red within :data:`FREE_S` and an everyday deceleration is
enough, or the light, as it truly will be, is not red when it comes there, sooner or later by :data:`SLACK_S`. Nobody is
judged who turns right: at a round red light that is allowed (道路交通安全法实施条例, article 38).

SLW. *Must*: truly above the lane's limit by a tenth and a half for the last :data:`LASTS_S`. *Clear*: not above it by more than
:data:`TOLERATED` now. Inside junctions nobody is judged, nor is who drives to an emergency.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.collisions import way_through
from jinyun.bench.evaluation.contact import BEHIND, Contacts
from jinyun.bench.evaluation.labels import Labels, labelled
from jinyun.bench.evaluation.lives import FRAME_S, Lives
from jinyun.bench.evaluation.others import lately
from jinyun.hdmap import LaneKind, Map, Turn
from jinyun.shapes import Kind, Light

RED_S, FREE_S, SLACK_S = 3.0, 6.0, 1.0
HARD_MPS2, EVERYDAY_MPS2, ENOUGH = 5.5, 3.0, 0.8
BEYOND, BEYOND_MPS, TOLERATED = 1.15, 1.7, 1.07
LASTS_S = 2.0
TOLD_S = 5.0
"""So soon somebody who is too fast should know."""
CALM_FRAMES = 50
"""So long after the siren it is still as fast as before."""
MOVING_MPS = 2.0
REACH_M = 120.0


def red_lights(
    lives: Lives, lights: NDArray[np.uint8], map: Map, found: Contacts, told: NDArray[np.bool_] | None = None
) -> Labels:
    """Return the labels of RLVW; ``lights`` (frames, groups) are the true ones, ``found`` tells who is behind somebody.

    ``told`` says which groups' lights a roadside unit tells of; before others nobody is judged. None: all.
    """
    link, entry = line_ahead(lives, map)
    group = np.where(link >= 0, map.links["group"][np.maximum(link, 0)], -1)
    row = np.arange(len(link))
    kind = lives.kind[lives.life]
    judged = (kind == Kind.MOTOR) & (lives.speed_mps >= MOVING_MPS) & (entry > row) & (group >= 0)
    judged &= (map.links["turn"][np.maximum(link, 0)] & Turn.RIGHT) == 0
    if told is not None:
        judged &= told[group]
    metres = lives.s_m[np.maximum(entry, 0)] - lives.s_m
    rows = np.flatnonzero(judged & (metres <= REACH_M) & (metres > 0) & (lives.doing["siren"] == 0))
    d, v, its = metres[rows], lives.speed_mps[rows], group[rows]
    accel, frame = np.minimum(lives.accel_mps2[rows], 0.0), lives.frame[rows]
    when = lives.frame[entry[rows]]

    def red(at: NDArray[np.float64]) -> NDArray[np.bool_]:
        is_red: NDArray[np.bool_] = lights[np.clip(at, 0, len(lights) - 1).astype(np.int64), its] == Light.RED
        return is_red

    crosses = red(when.astype(np.float64))
    arrival = frame + d / v / FRAME_S
    needed = v**2 / (2 * np.maximum(d, 0.1))
    stops = -accel >= needed
    behind = np.zeros(len(link), np.bool_)
    behind[found.row[np.isfinite(found.near_s[:, BEHIND])]] = True  # whose matter is the one ahead, not the line
    would = red(arrival) & (needed >= HARD_MPS2) & ~stops & ~behind[rows]
    must = (crosses & (when - frame <= RED_S / FRAME_S)) | would
    slack = SLACK_S / FRAME_S
    never = ~red(arrival - slack) & ~red(arrival) & ~red(arrival + slack)
    enough = (needed <= EVERYDAY_MPS2) | (-accel >= ENOUGH * needed)
    clear = ~would & ~(crosses & (when - frame <= FREE_S / FRAME_S)) & (enough | never)
    hard = clear & (red(arrival) | (needed > EVERYDAY_MPS2))
    peak = np.where(crosses, when, arrival)
    return labelled(lives, rows, must, clear, hard, peak=peak, known=arrival + slack < len(lights))


def line_ahead(lives: Lives, map: Map) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for every row the link by which its vehicle next goes into a junction and the row at which it does, however
    much later; -1 where it never does while it is watched."""
    link, entry = way_through(lives, map)
    n, life = len(link), lives.life
    at = np.where(entry == np.arange(n), np.arange(n), n)
    ahead = np.minimum.accumulate(at[::-1])[::-1]
    good = (ahead < n) & (life[np.minimum(ahead, n - 1)] == life)
    return np.where(good, link[np.minimum(ahead, n - 1)], -1), np.where(good, ahead, -1)


def speeding(lives: Lives, map: Map) -> Labels:
    """Return the labels of SLW."""
    lane = np.maximum(lives.lane, 0)
    limit = map.lanes["speed_limit_mps"][lane].astype(np.float64)
    kind = lives.kind[lives.life]
    driven = np.isin(map.lanes["kind"][lane], (LaneKind.CAR, LaneKind.BUS)) & (lives.lane >= 0)
    hurries = lately(lives, lives.doing["siren"] > 0, CALM_FRAMES)
    rows = np.flatnonzero(
        (kind == Kind.MOTOR) & driven & np.isfinite(limit) & (lives.speed_mps > MOVING_MPS) & ~hurries
    )
    beyond = lives.speed_mps > np.maximum(BEYOND * limit, limit + BEYOND_MPS)
    beyond &= driven
    since = np.maximum.accumulate(np.where(beyond, -1, np.arange(len(beyond))))  # the last row at which it was not
    lasted = np.arange(len(beyond)) - np.maximum(since, lives.first[lives.life] - 1)
    must = beyond[rows] & (lasted[rows] >= LASTS_S / FRAME_S)
    clear = lives.speed_mps[rows] <= TOLERATED * limit[rows]
    hard = clear & (lives.speed_mps[rows] > 0.95 * limit[rows])
    return labelled(lives, rows, must, clear, hard, peak=lives.frame[rows] + TOLD_S / FRAME_S)
