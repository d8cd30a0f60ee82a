"""Somebody overtakes into oncoming traffic (逆向超车) on a road of two lanes: over, by the slow one, and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jinyun.hdmap import LaneKind, Map, Turn
from jinyun.world.staging import guests
from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import NO_CHECKS, ONLY_THE_ONE_AHEAD, Stage
from jinyun.world.street import LEFT_LAMP, STEP_S, Snapshot

PACE_MPS, SLOW_MPS, COMES_MPS = (9.0, 11.0), (3.5, 5.0), (8.0, 12.0)
LAMP_S, OUT_S = (1.0, 2.5), 2.0
LIT, COMES = 0.75, 0.75
"""So often the lamp is on before, and so often somebody comes."""
MEETS_S = 1.0, 2.2
"""So long after it is over on the other lane the one who comes is there."""
MEETS_M = 3.0
BESIDE_M = 1.0
BRAKING_MPS2 = 4.0


class _Pass(NamedTuple):
    """What is done: how fast, behind whom, how far aside, for how long the lamp burns before, and who comes ("" nobody)."""

    pace_mps: float
    slow_mps: float
    slow: str
    aside_m: float
    lamp_s: float
    lit: bool
    comes: str
    comes_mps: float


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where a road has one lane each way, long enough, and a slower one is ahead or can be put there."""
    at, map = stage.lane_of(id), stage.map
    if at < 0 or map.lanes["kind"][at] != LaneKind.CAR:
        return None
    one = (map.lanes["edge"] == map.lanes["edge"][at]) & (map.lanes["kind"] <= LaneKind.BUS)
    speed = float(now.speed_mps[row])
    slow, gap = stage.leader(id, 60)
    if one.sum() != 1 or speed < 5 or stage.lane_ahead(now, row, 100) is None:
        return None
    opposite = _opposite(stage, now, row)
    if opposite is None:
        return None
    rng, front = stage.rng, float(stage.vehicle.getLanePosition(id))
    edges = list(stage.vehicle.getRoute(id))[int(stage.vehicle.getRouteIndex(id)) :]
    slow_mps = float(rng.uniform(*SLOW_MPS))
    if slow and (gap > 40 or not stage.there(slow) or int(slow[1:]) in stage.busy):
        return None
    made = 0
    if not slow:
        made = guests.on_lane(stage, at, front + 30.0, slow_mps, edges[:2])
        if not made:
            return None
        slow = f"v{made}"
    lamp_s, pace, comes_mps = (float(rng.uniform(*span)) for span in (LAMP_S, PACE_MPS, COMES_MPS))
    comes = 0
    if rng.random() < COMES:
        meets_s = lamp_s + OUT_S + float(rng.uniform(*MEETS_S))
        far_m = slow_mps * lamp_s + pace * (meets_s - lamp_s) + comes_mps * meets_s
        comes = _from_opposite(stage, *opposite, far_m, comes_mps)
    deed = _Pass(
        pace, slow_mps, slow, float(map.lanes["width_m"][at]) + 0.2, lamp_s, bool(rng.random() < LIT),
        f"v{comes}" if comes else "", comes_mps,
    )  # fmt: skip
    return Possible(int(slow[1:]), _overtake(stage, id, deed), comes)


def _opposite(stage: Stage, now: Snapshot, row: int) -> tuple[int, float] | None:
    """Return the lane that comes the other way beside a vehicle, and where on it that is (m); None where there is none."""
    map, place = stage.map, stage.lane_ahead(now, row, 0.0)
    if place is None:
        return None
    x, y, course = place
    width = float(map.lanes["width_m"][stage.lane_of(f"v{int(now.number[row])}")])
    x, y = x - width * np.cos(course), y + width * np.sin(course)
    lane, offset, s = map.nearest_lane(
        np.array([x]), np.array([y]), np.array([(course + np.pi) % (2 * np.pi)]), [LaneKind.CAR]
    )
    return (int(lane[0]), float(s[0])) if lane[0] >= 0 and abs(float(offset[0])) <= BESIDE_M else None


def _from_opposite(stage: Stage, lane: int, beside_m: float, far_m: float, speed_mps: float) -> int:
    """Put somebody on the lane that comes the other way, so far ahead; return its number, 0 where there is no room."""
    map, at_m = stage.map, beside_m - far_m
    edges = [_edge(map, lane)]
    while at_m < 0.0:
        before = [
            row for row in np.flatnonzero(map.links["end"] == lane).tolist()
            if map.links["turn"][row] & Turn.STRAIGHT and map.links["via"][row] >= 0
        ]  # fmt: skip
        if not before:
            return 0
        start = int(map.links["start"][before[0]])
        at_m += float(map.lanes["length_m"][map.links["via"][before[0]]]) + float(map.lanes["length_m"][start])
        lane = start
        edges.insert(0, _edge(map, lane))
    return guests.on_lane(stage, lane, at_m, speed_mps, edges)


def _edge(map: Map, lane: int) -> str:
    return str(map.edges["id"][map.lanes["edge"][lane]])


def _overtake(stage: Stage, id: str, deed: _Pass) -> Act:
    """Follow the slow one, with the lamp on or without, go over, go by it, and come back."""
    number, done = int(id[1:]), 0.0
    if deed.lit:
        stage.overlay.doing[number] = {"lights": LEFT_LAMP}
    stage.hold(deed.slow, deed.slow_mps, ONLY_THE_ONE_AHEAD)
    if deed.comes and stage.there(deed.comes):
        stage.hold(deed.comes, deed.comes_mps, NO_CHECKS)
    while done < deed.lamp_s and stage.there(id) and stage.there(deed.slow):
        speed, (_, gap) = stage.speed(id), stage.leader(id, 60)
        wanted = deed.slow_mps + 1.0 if gap > 12 else deed.slow_mps
        change = float(np.clip(wanted - speed, -BRAKING_MPS2 * STEP_S, 0.2))
        stage.hold(id, speed + change, ONLY_THE_ONE_AHEAD)
        yield
        done += STEP_S
    if not stage.there(id):
        stage.overlay.doing.pop(number, None)
        return
    gap = min(stage.leader(id, 60)[1], 30.0)
    there_s = max((gap + 14.0) / (deed.pace_mps - deed.slow_mps) - OUT_S, 0.5)
    speed, done = stage.speed(id), 0.0
    while done < 2 * OUT_S + there_s and stage.there(id):
        share = min(done / OUT_S, (2 * OUT_S + there_s - done) / OUT_S, 1.0)
        slope = 6 * share * (1 - share) / OUT_S * (1 if done < OUT_S else -1) if share < 1 else 0.0
        speed = min(speed + 2.5 * STEP_S, deed.pace_mps)
        stage.hold(id, speed, NO_CHECKS)
        stage.overlay.aside[number] = (
            -deed.aside_m * share * share * (3 - 2 * share), -float(np.arctan2(deed.aside_m * slope, max(speed, 3.0))),
        )  # fmt: skip
        if deed.comes and _touch(stage, number, int(deed.comes[1:])):
            stage.street.withdraw(deed.comes)  # they have run into each other: the street goes on without the one
        yield
        done += STEP_S
    stage.overlay.aside.pop(number, None)
    stage.overlay.doing.pop(number, None)
    if stage.there(id):  # the simulation has it behind the slow one still; put where it is, it is ahead
        vehicle = stage.vehicle
        vehicle.moveTo(id, vehicle.getLaneID(id), vehicle.getLanePosition(id))
    for one in (id, deed.slow, deed.comes):
        stage.behave(one)


def _touch(stage: Stage, one: int, other: int) -> bool:
    """Return whether two are so near that they touch."""
    now, a, b = stage.now, stage.row.get(one), stage.row.get(other)
    if now is None or a is None or b is None:
        return False
    return bool(np.hypot(now.x_m[a] - now.x_m[b], now.y_m[a] - now.y_m[b]) < MEETS_M)
