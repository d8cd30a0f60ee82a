"""Times in zones of conflict (冲突区时空预约): who comes first is served first, and nothing is said before it is proven.

Each driver gets the soonest motion for which, wherever its way meets another's (the map's conflicts of links), it is in
the zone before the other comes or after the other has left (reservation: Dresner and Stone, 2008). Then the proof: the
driver's body, with the room it may deviate by, touches nobody's at any instant (:mod:`.bodies`) - neither of those who have
a plan nor of those who have none, wherever these may be with the accelerations they may take. What cannot be proven is
refused. Emergency vehicles are served first, and whoever drives before them in their lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.cooperation import bodies
from jinyun.cloud.cooperation.bodies import clear
from jinyun.cloud.cooperation.motion import STANDS_MPS, Limits, at, first, rolling, standing, stations, when
from jinyun.cloud.cooperation.ways import Way
from jinyun.hdmap import Map
from jinyun.hdmap.precise import Conflict

Floats = NDArray[np.float64]
Parameters = Mapping[str, float]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")

LATER_S = 0.5
"""A motion that cannot be proven is tried so much later."""
MOST_TRIES = 48
MOST_DRIVERS = 24
"""Drivers planned together."""


@dataclass(frozen=True)
class Driver:
    """One that can be told how to drive."""

    track: int
    way: Way
    speed_mps: float
    half_length_m: float
    half_width_m: float
    emergency: bool = False
    leader: int = 0
    """Track of who drives ahead in the same lane and is planned too, 0 nobody."""
    leader_m: float = np.inf
    """How far ahead its middle is."""


@dataclass(frozen=True)
class Other:
    """One that cannot be told: all the ways it may take, and how much it may speed up or slow down."""

    ways: tuple[Way, ...]
    speed_mps: float
    half_length_m: float
    half_width_m: float
    slack_mps2: float
    follows: int = 0
    """Track of who drives ahead in its lane and may get a plan, 0 nobody: behind that one it may have to stop anywhere."""
    follows_m: float = np.inf
    """How far ahead its middle is."""


@dataclass(frozen=True)
class Plan:
    """What is proposed to a driver: a motion, when it is at its line and out of the junction, in seconds from now."""

    driver: Driver
    motion: Floats
    entry_s: float
    out_s: float
    stand_m: float
    """Where it stands if it has to, or its line."""
    here_m: float
    """Where it should be now, by station: 0 when the plan is made."""
    boxes: Floats = field(repr=False)


@dataclass(frozen=True)
class Planned:
    """What came of it: the plans, and the tracks for which there is none."""

    plans: tuple[Plan, ...]
    refused: tuple[int, ...]


def reserve(
    map: Map, drivers: Sequence[Driver], others: Sequence[Other], parameters: Parameters, agreed: Sequence[Plan] = ()
) -> Planned:
    """Return proven plans of drivers; ``agreed`` are those that stand already, their motions counted from now."""
    n = int(parameters["horizon_s"] / bodies.STEP_S)
    free, known = list(others), dict[int, list[Floats]]()
    refused: list[int] = []
    left = list(drivers)
    while True:
        made, failed, sound = _round(map, left, free, parameters, agreed, n, known)
        refused += [driver.track for driver in failed]
        if sound:
            return Planned(tuple(made), tuple(sorted(refused)))
        # one without a plan comes into the way of what was planned before that was known: that is planned again
        left = [driver for driver in left if driver.track not in refused]
        free += [_unplanned(driver, parameters) for driver in failed]


def _unplanned(driver: Driver, parameters: Parameters) -> Other:
    """Return one that gets no plan as what it then is: it does what it likes."""
    return Other(
        (driver.way,), driver.speed_mps, driver.half_length_m, driver.half_width_m, parameters["slack_mps2"],
        driver.leader, driver.leader_m,
    )  # fmt: skip


def _round(
    map: Map,
    drivers: Sequence[Driver],
    others: Sequence[Other],
    parameters: Parameters,
    agreed: Sequence[Plan],
    n: int,
    known: dict[int, list[Floats]],
) -> tuple[list[Plan], list[Driver], bool]:
    """Return plans of drivers in turn, those without one, and whether the plans are proven against these too."""
    tracks = {driver.track for driver in drivers}
    plan_of = {plan.driver.track: plan for plan in agreed}
    waiting = [other for other in others if other.follows in tracks]
    taken: list[tuple[Other | None, Floats]] = [(None, plan.boxes) for plan in agreed]
    for k, other in enumerate(others):
        if other.follows not in tracks:
            if k not in known:
                known[k] = occupied(other, parameters, n, plan_of.get(other.follows))
            taken += [(other, boxes) for boxes in known[k]]
    made: list[Plan] = list(agreed)
    failed: list[Driver] = []
    leader_of = {driver.track: driver.leader for driver in drivers} | {p.driver.track: p.driver.leader for p in agreed}

    def comes_into_the_way(of: list[tuple[Other, Floats]]) -> bool:
        return any(
            not follows(other, plan.driver.track, leader_of) and bodies.touch(plan.boxes, boxes) >= 0
            for other, boxes in of for plan in made[len(agreed) :]
        )  # fmt: skip

    for driver in _in_turn(drivers, parameters):
        boxes_of = [boxes for other, boxes in taken if other is None or not follows(other, driver.track, leader_of)]
        found = None
        if len(made) - len(agreed) < MOST_DRIVERS:
            found = _plan(map, driver, made, np.concatenate([np.empty((n, 0, 6)), *boxes_of], axis=1), parameters, n)
        its = [other for other in waiting if other.follows == driver.track]
        behind = [(other, boxes) for other in its for boxes in occupied(other, parameters, n, found)]
        if found is not None and not comes_into_the_way(behind):  # nor do those who follow it
            made.append(found)
            plan_of[driver.track] = found
            taken += [(None, found.boxes), *behind]
            continue
        failed.append(driver)
        alone = [_unplanned(driver, parameters), *its]
        loose = [
            (other, boxes) for other in alone for boxes in occupied(other, parameters, n, plan_of.get(other.follows))
        ]
        if comes_into_the_way(loose):
            return made[len(agreed) :], failed, False
        taken += loose
    return made[len(agreed) :], failed, True


def follows(other: Other, track: int, leader_of: Mapping[int, int]) -> bool:
    """Return whether one drives behind another in its lane, with whoever is between."""
    ahead, steps = other.follows, 0
    while ahead and steps <= MOST_DRIVERS:
        if ahead == track:
            return True
        ahead, steps = leader_of.get(ahead, 0), steps + 1
    return False


def occupied(other: Other, parameters: Parameters, n: int, lead: Plan | None = None) -> list[Floats]:
    """Return where one without a plan may be, for each of its ways.

    Who drives goes on driving, no slower than a share of its speed: this holds until the next look, half a second later.
    Behind one with a plan it goes on no later than some seconds after that one, and is not beyond it until it has passed its
    line.
    """
    most = max(other.speed_mps, parameters["others_most_mps"])
    least = parameters["others_least"] * other.speed_mps if other.speed_mps > parameters["others_drive_mps"] else 0.0
    starts = lead is not None or other.speed_mps <= parameters["others_drive_mps"]
    up = max(other.slack_mps2, parameters["others_accel_mps2"]) if starts else other.slack_mps2
    floor = roof = np.full(n, np.inf)
    if lead is not None:
        floor, roof = _floor(lead, parameters["others_lag_s"], n), _roof(other, lead, most, n)
    body = other.half_length_m, other.half_width_m, parameters["along_m"], parameters["aside_m"]
    return [
        bodies.anywhere(
            way.line, way.s, other.speed_mps, other.slack_mps2, up, least, most, floor, roof, *body, n
        )
        for way in other.ways
    ]  # fmt: skip


def _floor(lead: Plan, lag_s: float, n: int) -> Floats:
    """Return how far one that follows has come at least: as far as the one ahead has from now until ``lag_s`` before."""
    t = np.maximum((np.arange(n) - 0.5) * bodies.STEP_S - lag_s, 0.0)
    found: Floats = stations(lead.motion, t) - lead.here_m
    return found


def _roof(other: Other, lead: Plan, most_mps: float, n: int) -> Floats:
    """Return how far one can be at each instant that drives behind another with a plan."""
    t = (np.arange(n) + 0.5) * bodies.STEP_S
    s = stations(lead.motion, t)
    roof = other.follows_m + s - lead.here_m - lead.driver.half_length_m - other.half_length_m
    gone = np.flatnonzero(s >= lead.driver.way.line_m + lead.driver.half_length_m)
    if len(gone):
        since = int(gone[0])
        roof[since:] = roof[since] + most_mps * bodies.STEP_S * np.arange(n - since)
    found: Floats = np.maximum(roof, 0.0)
    return found


def limits_of(driver: Driver, parameters: Parameters) -> Limits:
    """Return how a driver may be asked to drive."""
    cap = min(driver.way.cap_mps, parameters["fastest_mps"])
    return Limits(cap, parameters["accel_mps2"], parameters["brake_mps2"])


def _in_turn(drivers: Sequence[Driver], parameters: Parameters) -> list[Driver]:
    """Return drivers in the order in which they are served."""
    key: dict[int, tuple[bool, float]] = {}
    for driver in drivers:
        motion = first(driver.speed_mps, _entry_m(driver), *limits_of(driver, parameters))
        soonest = float(when(motion, _entry_m(driver))) if len(motion) else 0.0
        key[driver.track] = (not driver.emergency, soonest)
    by_track = {driver.track: driver for driver in drivers}
    for _ in drivers:  # a leader is served no later than who follows it
        for driver in drivers:
            if driver.leader in by_track:
                key[driver.leader] = min(key[driver.leader], key[driver.track])
    behind = {track: _rank(by_track, track) for track in by_track}
    return sorted(drivers, key=lambda d: (*key[d.track], behind[d.track], d.track))


def _rank(by_track: Mapping[int, Driver], track: int) -> int:
    rank, seen = 0, {track}
    while (leader := by_track[track].leader) in by_track and leader not in seen:
        rank, track = rank + 1, leader
        seen.add(track)
    return rank


def _entry_m(driver: Driver) -> float:
    return driver.way.line_m - driver.half_length_m


def _plan(map: Map, driver: Driver, made: Sequence[Plan], taken: Floats, parameters: Parameters, n: int) -> Plan | None:
    limits, entry, way = limits_of(driver, parameters), _entry_m(driver), driver.way
    lead = next((plan for plan in made if plan.driver.track == driver.leader), None)
    hold = entry
    if lead is not None:
        room = driver.half_length_m + lead.driver.half_length_m + 2 * parameters["along_m"] + 0.5
        hold = min(entry, driver.leader_m + lead.stand_m - lead.here_m - room)
    zones = [(k, *zone) for k, plan in enumerate(made) for zone in _zones(map, driver, plan, parameters)]
    width = max((len(plan.motion) for plan in made), default=1)
    motions = np.full((len(made), width, 4), np.inf)
    for k, plan in enumerate(made):
        motions[k, : len(plan.motion)] = plan.motion
        motions[k, len(plan.motion) :] = plan.motion[-1]
    body = driver.half_length_m, driver.half_width_m, parameters["along_m"], parameters["aside_m"]
    motion: Floats = _search(
        driver.speed_mps, entry, hold, way.out_m + driver.half_length_m, *limits, way.line, way.s, *body,
        np.array(zones, np.float64).reshape(-1, 5), motions, taken, parameters["latest_s"], parameters["horizon_s"],
    )  # fmt: skip
    if not len(motion):
        return None
    boxes = bodies.driven(way.line, way.s, motion, *body, n)
    out = float(when(motion, way.out_m + driver.half_length_m))
    return Plan(driver, motion, max(float(when(motion, entry)), 0.0), out, _stand_m(motion, entry), 0.0, boxes)


@_compiled
def _late(motion: Floats, its: Floats, mine_from: float, mine_to: float, its_from: float, its_to: float) -> float:
    """Return how much later a motion has to be, 0 where it is in the zone when the other is not."""
    enters, leaves = when(motion, mine_from), when(motion, mine_to)
    comes, goes = when(its, its_from), when(its, its_to)
    if goes <= enters or leaves <= comes:
        return 0.0
    return max(goes - enters, LATER_S) if np.isfinite(goes) else LATER_S


@_compiled
def _search(
    speed: float, entry: float, hold: float, out: float, cap: float, accel: float, brake: float, line: Floats, s: Floats,
    half_length: float, half_width: float, along: float, aside: float, zones: Floats, motions: Floats, taken: Floats,
    latest_s: float, horizon_s: float,
) -> Floats:  # fmt: skip
    """Return the soonest motion that is in no zone with another and touches nobody of ``taken``; no rows for none."""
    none = np.empty((0, 4))
    motion: Floats = none
    soonest = first(speed, entry, cap, accel, brake)
    if not len(soonest):
        return none
    t = when(soonest, entry) if entry > 0 else 0.0
    for attempt in range(MOST_TRIES):
        wait = 0.0
        for manner in range(2):
            if attempt == 0:
                motion = soonest
                if manner == 1:
                    continue
            elif manner == 0:
                motion = rolling(speed, entry, t, cap, accel, brake)
            else:
                motion = standing(speed, entry, hold, t, cap, accel, brake)
            if not len(motion):
                continue
            late = 0.0
            for zone in zones:
                late = max(late, _late(motion, motions[int(zone[0])], zone[1], zone[2], zone[3], zone[4]))
            if late > 0:
                wait = late if wait == 0.0 else min(wait, late)
            elif when(motion, out) <= horizon_s and clear(
                line, s, motion, half_length, half_width, along, aside, taken
            ):
                return motion
        t += max(wait, LATER_S)
        if t > latest_s or entry <= 0:
            return none
    return none


def _stand_m(motion: Floats, entry_m: float) -> float:
    """Return where a motion stands, or the entry."""
    for row in motion:
        if row[2] <= STANDS_MPS and row[3] == 0.0:
            return float(min(row[1], entry_m))
    return entry_m


def _zones(map: Map, driver: Driver, plan: Plan, parameters: Parameters) -> list[tuple[float, float, float, float]]:
    """Return where the way meets a planned one's, as stations of the middle: (mine from, mine to, its from, its to)."""
    mine, its = driver.way, plan.driver.way
    if mine.link < 0 or its.link < 0:
        return []
    wide = driver.half_width_m + plan.driver.half_width_m + parameters["aside_m"]
    back = driver.half_length_m + wide, plan.driver.half_length_m + wide
    if driver.leader == plan.driver.track or mine.link == its.link or mine.lanes[0] == its.lanes[0]:
        return [(_entry_m(driver), np.inf, _entry_m(plan.driver), plan.driver.way.line_m + plan.driver.half_length_m)]
    comes = map.conflicts
    found = []
    for a, b in (("first", "second"), ("second", "first")):
        for row in np.flatnonzero((comes[a] == mine.link) & (comes[b] == its.link)).tolist():
            # conflicts count from the stop line, which lies before where the junction's lanes begin
            here, there = mine.line_m + float(comes[f"{a}_s_m"][row]), its.line_m + float(comes[f"{b}_s_m"][row])
            kind = int(comes["kind"][row])
            if kind in (
                Conflict.CROSSING,
                Conflict.MERGING,
            ):  # once together, the one ahead stays ahead: the proof's part
                found.append((here - back[0], here + back[0], there - back[1], there + back[1]))
            else:
                found.append((_entry_m(driver), here, _entry_m(plan.driver), there + back[1]))
    return found


def remaining(plan: Plan, gone_s: float, parameters: Parameters) -> Plan | None:
    """Return an agreed plan as it is ``gone_s`` later: times from then, stations as they were; None when it is over."""
    if gone_s >= plan.out_s:
        return None
    n = int(parameters["horizon_s"] / bodies.STEP_S)
    motion = plan.motion.copy()
    motion[:, 0] -= gone_s
    driver = plan.driver
    boxes = bodies.driven(
        driver.way.line, driver.way.s, motion, driver.half_length_m, driver.half_width_m,
        parameters["along_m"], parameters["aside_m"], n,
    )  # fmt: skip
    return Plan(
        driver, motion, plan.entry_s - gone_s, plan.out_s - gone_s, plan.stand_m, float(at(motion, 0.0)[0]), boxes
    )


def station(plan: Plan, t_s: float) -> tuple[float, float]:
    """Return (station, speed) at which a plan's driver should be, seconds after it was made."""
    s, v = at(plan.motion, t_s)
    return float(s), float(v)
