"""Whose ways cross at a junction (路口交叉), and somebody put on the street so that both are at the place at once.

The place where two ways cross is the map's (``conflicts``). The one that comes across is a guest (:mod:`.guests`); on the way
there its speed is led so that it meets the other, as long as that drives on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.conflicts import CROSSING
from jinyun.world.staging import guests
from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import NO_CHECKS, Stage
from jinyun.world.street import STEP_S

SOON_S = 3.4, 7.0
"""So long before the place the deed begins."""
SLOW_MPS, FAST_MPS = 7.0, 14.0
LED_MPS2 = 2.0
REACTS_S = 0.6, 1.3
"""So long before the place somebody brakes."""
BRAKING_MPS2 = 8.0
BEYOND_M = 14.0
REDS = "rRyYuoO"
"""SUMO's letters of lights at which nobody comes across."""


class Approach(NamedTuple):
    """The link that a vehicle takes next (row of the map), the way to the end of its lane, its light and its direction."""

    link: int
    far_m: float
    state: str
    direction: str
    priority: bool


class Crossing(NamedTuple):
    """A link whose way crosses another's: its row, and how far the place is beyond the ends of the two lanes."""

    link: int
    own_m: float
    other_m: float


def approach(stage: Stage, id: str) -> Approach | None:
    """Return what a vehicle comes to, None in a junction and where its lane leads nowhere."""
    if stage.lane_of(id) < 0:
        return None
    links = stage.vehicle.getNextLinks(id)
    if not links:
        return None
    _, priority, _, _, via, state, direction, _ = links[0]
    if not via:
        return None
    rows = np.flatnonzero(stage.map.links["via"] == stage.map.lane_row(via))
    return Approach(int(rows[0]), stage.to_end_m(id), state, direction, bool(priority)) if len(rows) else None


def crossings(map: Map, link: int) -> list[Crossing]:
    """Return the links of motor vehicles from other roads whose ways cross that of a link."""
    c, found = map.conflicts, []
    for row in np.flatnonzero(((c["first"] == link) | (c["second"] == link)) & (c["kind"] == CROSSING)).tolist():
        first = int(c["first"][row]) == link
        other = int(c["second" if first else "first"][row])
        if map.lanes["kind"][map.links["start"][other]] == LaneKind.CAR and map.links["via"][other] >= 0:
            own_m, other_m = (
                float(c[f"{name}_s_m"][row]) for name in (("first", "second") if first else ("second", "first"))
            )
            found.append(Crossing(other, own_m - _line_m(map, link), other_m - _line_m(map, other)))
    return found


def _line_m(map: Map, link: int) -> float:
    """Return how far the stop line of the lane that a link leaves is before that lane's end (m)."""
    lane = int(map.links["start"][link])
    for row in np.flatnonzero(map.stop_lines["lane"] == lane).tolist():
        x, y = ((map.stop_lines[f"{axis}1_m"][row] + map.stop_lines[f"{axis}2_m"][row]) / 2 for axis in "xy")
        return float(np.hypot(*(map.lane_line(lane)[-1] - (x, y))))
    return 0.0


def somebody_across(stage: Stage, id: str, its: Approach, pace_mps: float, among: list[Crossing]) -> Possible | None:
    """Return the deed of going on at a pace, with somebody who comes across by one of ``among``; None where nobody can."""
    for k in stage.rng.permutation(len(among)).tolist():
        crossing = among[k]
        meets_s = (its.far_m + crossing.own_m) / pace_mps
        if not SOON_S[0] < meets_s < SOON_S[1]:
            continue
        start = int(stage.map.links["start"][crossing.link])
        limit = float(stage.map.lanes["speed_limit_mps"][start])
        speed = float(np.clip(limit * stage.rng.uniform(0.7, 0.95), SLOW_MPS, FAST_MPS))
        away = speed * meets_s - crossing.other_m
        if _light(stage, crossing.link) in REDS:
            continue
        other = guests.enter(stage, crossing.link, away, speed)
        if other:
            act = _meet(stage, id, f"v{other}", pace_mps, its.far_m + crossing.own_m, away + crossing.other_m)
            return Possible(other, act)
    return None


def _light(stage: Stage, link: int) -> str:
    """Return SUMO's letter of a link's light or right of way."""
    map = stage.map
    via = str(map.lanes["id"][map.links["via"][link]])
    for one in stage.street.api.lane.getLinks(str(map.lanes["id"][map.links["start"][link]])):
        if one[4] == via:
            return str(one[5])
    return "r"


def _meet(stage: Stage, id: str, other: str, pace_mps: float, own_m: float, other_m: float) -> Act:
    """Let both drive to the place at once; shortly before it the one brakes, or the other, or nobody."""
    reacts_s, who = float(stage.rng.uniform(*REACTS_S)), int(stage.rng.choice(3, p=[0.5, 0.25, 0.25]))
    brakes = (id, other, "")[who]
    left = {id: own_m, other: other_m}
    stage.hold(id, pace_mps, NO_CHECKS)
    for _ in range(round(12 / STEP_S)):
        if not (stage.there(other) and stage.there(id)) or min(left.values()) < -BEYOND_M:
            break
        speeds = {one: stage.speed(one) for one in left}
        in_s = max(left[id], 0.0) / max(speeds[id], 0.5)
        if in_s > reacts_s:
            wanted = float(np.clip(left[other] / max(in_s, 0.3), 4.0, FAST_MPS + 2))
            change = float(np.clip(wanted - speeds[other], -LED_MPS2 * STEP_S, LED_MPS2 * STEP_S))
            stage.hold(other, speeds[other] + change, NO_CHECKS)
        elif brakes:
            stage.slower(brakes, BRAKING_MPS2)
            if speeds[brakes] < 0.2 and min(left.values()) < -4.0:
                break
        yield
        left = {one: left[one] - speeds[one] * STEP_S for one in left}
    for one in (id, other):
        stage.behave(one)
