"""Line vehicles followed on their line (线路车辆跟踪): where each is, where it stands, and what its legs teach.

What a vehicle does between two events of its line is held against the free speed there: who drove a leg without standing
teaches its share, who waited at a light how long after green it passed, who stood at a stop how long
(:mod:`jinyun.road.stop.pace`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from jinyun.road.stop.course import Event, Ribbon
from jinyun.road.stop.eta import AT_STOP_M, START_MPS2, STOP_MPS2, Arrival, Timing
from jinyun.road.stop.pace import Pace

STANDS_MPS = 0.5
LEAVES_MPS = 2.0
ROLLS_MPS = 2.5
"""Who was never slower on a leg has not stood on it."""
LONGEST_LOOK_S = 2.5
"""Looks farther apart teach nothing."""
ONWARD_M = 80.0
"""No more metres between two looks are driven ones."""
SETS_OFF_S, BRAKES_M = 4.0, 45.0
"""So long after setting off, and so near before a stop, a vehicle is slow without having stood."""


@dataclass
class Vehicle:
    """One line vehicle: where it is on its line, where it stood, and the leg it is on."""

    track: int
    line: str
    s_m: float
    x_m: float
    y_m: float
    speed_mps: float
    heading_deg: float
    seen_s: float
    began_s: float
    """When it was first followed on its present round."""
    stood_s: float = math.nan
    """Since when it stands at the stop ``stop``."""
    stop: str = ""
    served: str = ""
    """The stop it stands at, or left last."""
    arrivals: list[Arrival] = field(default_factory=list)
    leg_s: float = math.nan
    """When the leg it is on began, NaN where nobody saw that."""
    leg_from_m: float = math.nan
    leg_mps: float = 0.0
    """Its speed at the beginning of the leg."""
    slowest_mps: float = math.inf
    halted_s: float = math.nan
    """When it first stood on the leg."""

    def begin_leg(self, at_s: float, from_m: float, speed_mps: float) -> None:
        """Begin a leg."""
        self.leg_s, self.leg_from_m, self.leg_mps = at_s, from_m, speed_mps
        self.slowest_mps, self.halted_s = math.inf, math.nan


def move(
    ribbon: Ribbon,
    vehicle: Vehicle,
    s_m: float,
    speed_mps: float,
    t_s: float,
    timings: Mapping[int, Timing],
    pace: Pace,
) -> None:
    """Note where a vehicle is now, and what the lights teach that it has passed since it was last seen."""
    before_m, before_s, before_mps = vehicle.s_m, vehicle.seen_s, vehicle.speed_mps
    onward = float(ribbon.on_m(before_m, s_m))
    if t_s - before_s > LONGEST_LOOK_S or not -AT_STOP_M < onward < ONWARD_M:
        vehicle.leg_s = math.nan
    elif onward > 0:
        for row, event in enumerate(ribbon.events):
            to = float(ribbon.on_m(before_m, event.s_m))
            if event.stop or not 0 < to <= onward:
                continue
            passed_s = before_s + (t_s - before_s) * to / onward
            mps = before_mps + (speed_mps - before_mps) * to / onward
            _pass(ribbon, vehicle, row, event, passed_s, mps, timings, pace)
    setting_off = vehicle.leg_mps == 0 and t_s - vehicle.leg_s < SETS_OFF_S
    braking = any(event.stop and 0 <= float(ribbon.on_m(s_m, event.s_m)) < BRAKES_M for event in ribbon.events)
    if not (vehicle.stop or setting_off or braking):
        vehicle.slowest_mps = min(vehicle.slowest_mps, speed_mps)
        if speed_mps < STANDS_MPS and math.isnan(vehicle.halted_s):
            vehicle.halted_s = t_s


def _pass(
    ribbon: Ribbon, vehicle: Vehicle, row: int, event: Event, passed_s: float, mps: float, timings: Mapping[int, Timing],
    pace: Pace,
) -> None:  # fmt: skip
    """Note that a vehicle passed a light."""
    rolled = vehicle.slowest_mps >= ROLLS_MPS
    if rolled and math.isfinite(vehicle.leg_s):
        _learn(ribbon, vehicle, row, event, passed_s, 0.0, pace)
    elif math.isfinite(vehicle.halted_s) and event.node in timings:
        wait_s = float(timings[event.node].waits(event.phase, np.array(vehicle.halted_s))[0])
        pace.waited(row, passed_s - vehicle.halted_s - wait_s)
    vehicle.begin_leg(passed_s if rolled or mps > ROLLS_MPS else math.nan, event.s_m, mps)


def _learn(ribbon: Ribbon, vehicle: Vehicle, row: int, event: Event, at_s: float, braked_s: float, pace: Pace) -> None:
    metres = float(ribbon.on_m(vehicle.leg_from_m, event.s_m))
    if metres <= 20.0:
        return
    free = ribbon.free_mps(vehicle.leg_from_m, metres)
    cruise = free * pace.share(row)
    began_s = max(cruise - vehicle.leg_mps, 0.0) / (2 * START_MPS2)
    pace.drove(vehicle.track, row, metres / free, at_s - vehicle.leg_s - began_s - braked_s * cruise)


def stand(ribbon: Ribbon, vehicle: Vehicle, t_s: float, pace: Pace) -> str:
    """Note that a vehicle has come to a stop, or left it; return the stop it has come to just now, else nothing."""
    stops = [(row, event) for row, event in enumerate(ribbon.events) if event.stop]
    near = [(row, event) for row, event in stops if abs(float(ribbon.on_m(vehicle.s_m, event.s_m))) <= AT_STOP_M]
    if vehicle.stop and (not near or vehicle.speed_mps > LEAVES_MPS):
        left_s = t_s - min(vehicle.speed_mps / START_MPS2, 4.0)
        row = next(row for row, event in stops if event.stop == vehicle.stop)
        pace.stood(row, left_s - vehicle.stood_s)
        vehicle.begin_leg(left_s, ribbon.events[row].s_m, 0.0)
        vehicle.stop, vehicle.stood_s = "", math.nan
    elif near and not vehicle.stop and vehicle.speed_mps < STANDS_MPS:
        row, event = near[0]
        if math.isfinite(vehicle.leg_s) and vehicle.slowest_mps >= ROLLS_MPS:
            _learn(ribbon, vehicle, row, event, t_s, 1 / (2 * STOP_MPS2), pace)
        vehicle.stop, vehicle.served, vehicle.stood_s, vehicle.leg_s = event.stop, event.stop, t_s, math.nan
        return event.stop
    return ""
