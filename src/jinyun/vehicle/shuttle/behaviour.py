"""Behaviour (行为): what the shuttle is doing, as states that are shown, and whether it may pass a stop line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import Light
from jinyun.vehicle.shuttle.body import LENGTH_M
from jinyun.vehicle.shuttle.guideline import StopLine
from jinyun.vehicle.shuttle.lights import Lit
from jinyun.vehicle.shuttle.pacing import DT_S

BEFORE_LINE_M = 0.8
"""The front stops so far before a stop line."""
FIRM_MPS2 = 2.4
"""At yellow one stops where this braking is enough."""
READ_M = 35.0
"""Nearer than this an unknown light is taken for red."""
SPARE_S = 0.6
"""A green must last so much longer than the way to the line."""
ROOM_M = 3.0
"""Room behind the shuttle that must be free beyond a junction before it is entered."""
CREEP_S = 1.5
"""So long one stands at the line of a dead signal before going on."""


class State(StrEnum):
    """What the shuttle is doing."""

    CRUISE = "cruise"
    FOLLOW = "follow"
    STOP_LINE = "stop_line"
    YIELD = "yield"
    PASS = "pass"
    MERGE = "merge"
    DOCK = "dock"
    DWELL = "dwell"
    EMERGENCY = "emergency"
    MINIMAL_RISK = "minimal_risk"
    MANUAL = "manual"
    REMOTE = "remote"


REASONS: dict[str, tuple[str, str]] = {
    "cruise": ("正常行驶", "driving on"),
    "bend": ("过弯减速", "slowing for the bend"),
    "posted": ("按标志或道路信息限速行驶", "keeping to a speed that is posted"),
    "follow": ("跟随前车", "following the vehicle ahead"),
    "red_light": ("红灯停车", "stopping for the red light"),
    "red_soon": ("绿灯将尽，提前减速", "slowing: the green will end"),
    "yellow_light": ("黄灯停车", "stopping for the yellow light"),
    "light_unknown": ("信号灯状态未知，谨慎停车", "stopping: the light is unknown"),
    "signal_dead": ("信号灯故障，停车观察后通过", "the signal is out of order: looking, then going"),
    "stop_sign": ("停车让行标志，停车瞭望后通过", "stopping at the stop sign: looking, then going"),
    "keep_clear": ("路口前方拥堵，线外等候", "waiting: the junction must stay clear"),
    "yield_pedestrian": ("礼让行人", "yielding to a pedestrian"),
    "yield_cycle": ("礼让骑行者", "yielding to a cyclist"),
    "yield_vehicle": ("避让车辆", "yielding to a vehicle"),
    "pass_standing": ("绕行停驻车辆", "passing a standing vehicle"),
    "pass_closed": ("驶离封闭车道", "leaving a closed lane"),
    "merge_back": ("并回原车道", "merging back into the lane"),
    "wait_to_pass": ("等待绕行时机", "waiting to pass a standing vehicle"),
    "dock": ("进站", "approaching the stop"),
    "dwell": ("停站上下客", "at the stop: boarding"),
    "emergency": ("紧急制动", "emergency braking"),
    "minimal_risk": ("最小风险策略：平稳停车", "minimal-risk manoeuvre: coming to a stop"),
    "manual": ("安全员驾驶", "driven by the safety driver"),
    "remote": ("远程驾驶", "driven remotely"),
}
"""Reasons by code, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the front must stop for a line (metres ahead of the front, infinity to go), and why."""

    stop_m: float
    reason: str = ""


def at_line(
    line: StopLine, lit: Lit, to_line_m: float, speed_mps: float, arrival_s: float, stood_s: float, stopping: bool = False
) -> Verdict:  # fmt: skip
    """Return whether the front may pass a stop line ``to_line_m`` ahead.

    ``arrival_s`` is when it would get there unhindered (infinity: not soon), ``stood_s`` for how long the shuttle has stood
    at this line. Who is ``stopping`` for its yellow, or for a green that will end, goes on with it: the firm braking that the
    decision asks for has more in hand at the beginning than a gentle stop has at its end.
    """
    stop_m = to_line_m - BEFORE_LINE_M
    if not line.phase:
        return Verdict(math.inf)
    able = stop_m > 0 and speed_mps * speed_mps / (2 * FIRM_MPS2) + 0.35 * speed_mps <= stop_m
    able = able or (stopping and stop_m > -BEFORE_LINE_M)
    if lit.by == 0 and to_line_m > READ_M:
        return Verdict(math.inf)
    if lit.dead:
        return (
            Verdict(math.inf)
            if stood_s >= CREEP_S or (not able and stood_s == 0 and speed_mps > 1)
            else Verdict(max(stop_m, 0.0), "signal_dead")
        )
    if lit.green:
        if math.isnan(lit.remaining_s) or arrival_s + SPARE_S < lit.remaining_s:
            return Verdict(math.inf)
        return Verdict(max(stop_m, 0.0), "red_soon") if able else Verdict(math.inf)
    if lit.light == Light.YELLOW:
        if able:
            return Verdict(max(stop_m, 0.0), "yellow_light")
        return Verdict(math.inf)
    if lit.light == Light.UNAVAILABLE:
        return Verdict(max(stop_m, 0.0), "light_unknown")
    return Verdict(max(stop_m, 0.0), "red_light")


def arrival_s(stations_m: NDArray[np.float64], to_line_m: float) -> float:
    """Return when the front is at a line by a profile of the rear axle's metres; infinity where it does not get there."""
    if stations_m[-1] < to_line_m:
        return math.inf
    k = int(np.searchsorted(stations_m, to_line_m))
    if k == 0:
        return 0.0
    low, high = stations_m[k - 1], stations_m[k]
    return float((k - 1 + (to_line_m - low) / max(high - low, 1e-6)) * DT_S)


def room_beyond(line_m: float, end_m: float, leads: NDArray[np.float64]) -> bool:
    """Return whether there is room beyond a junction (both metres from the rear axle) for all who are ahead."""
    return all(not (rear > line_m and speed < 1.5 and rear < end_m + LENGTH_M + ROOM_M) for rear, speed, *_ in leads)
