"""Changing lanes by agreement (协作变道): whether there is room beside, and how somebody there can make it.

Room is there if, at the speeds that both have now, for as long as a change takes the distance to the one ahead and to the one
behind in the lane aimed at stays beyond a least gap and a time gap. Who is behind may make it by slowing down gently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.cooperation.motion import slowing
from jinyun.cloud.cooperation.state import speed_of

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene
    from jinyun.hdmap import Map

LEFT, RIGHT = 0, 1
STEP_S = 0.25


class Room(NamedTuple):
    """Who is ahead and behind in the lane aimed at (rows, -1 nobody) and whether the change is safe against each, now."""

    lane: int
    ahead: int
    behind: int
    safe_ahead: bool
    safe_behind: bool


def number(map: Map, lane: int) -> int:
    """Return a lane's number as messages count, from 1 on the left."""
    known = int(map.approaches.number(lane)[1])
    if known:
        return known
    edge = int(map.lanes["edge"][lane])
    return int(map.edges["count"][edge]) - int(map.lanes["index"][lane])


def is_there(scene: Scene, row: int, target: int) -> bool:
    """Return whether one is on the lane of a number already."""
    lane = int(scene.located.lane[row])
    return lane >= 0 and number(scene.map, lane) == target


def side_of(scene: Scene, row: int, target: int) -> int:
    """Return on which side the lane of a number lies: 0 left, 1 right, -1 where it is the own lane or there is none."""
    lane = int(scene.located.lane[row])
    if lane < 0:
        return -1
    own = number(scene.map, lane)
    side = -1 if target == own else LEFT if target < own else RIGHT
    return side if side < 0 or scene.beside.lane[row, side] >= 0 else -1


def room(scene: Scene, row: int, side: int, parameters: Mapping[str, float]) -> Room:
    """Return what room there is beside one for its change of lane."""
    beside = scene.beside
    ahead, behind = int(beside.ahead[row, side]), int(beside.behind[row, side])
    speed = {k: speed_of(scene, k) for k in (row, ahead, behind) if k >= 0}
    t, gap = parameters["change_s"], parameters["gap_m"]
    front = back = True
    if ahead >= 0:
        least = gap + parameters["gap_s"] * speed[row]
        now, then = beside.ahead_m[row, side], beside.ahead_m[row, side] + (speed[ahead] - speed[row]) * t
        front = bool(min(now, then) >= least)
    if behind >= 0:
        least = gap + parameters["gap_s"] * speed[behind]
        now, then = beside.behind_m[row, side], beside.behind_m[row, side] + (speed[row] - speed[behind]) * t
        back = bool(min(now, then) >= least)
    return Room(int(beside.lane[row, side]), ahead, behind, front, back)


def opened_s(gap_m: float, own_mps: float, behind_mps: float, parameters: Mapping[str, float]) -> float:
    """Return after how long somebody behind that slows down gently leaves room, infinity where it takes too long."""
    brake, gone, speed = parameters["brake_mps2"], 0.0, behind_mps
    slowest = max(own_mps - parameters["slower_mps"], 0.0)
    t = 0.0
    while t < parameters["open_s"]:
        ahead = gap_m + own_mps * t - gone
        least = parameters["gap_m"] + parameters["gap_s"] * speed
        if ahead + min((own_mps - speed) * parameters["change_s"], 0.0) >= least and ahead >= least:
            return t
        after = max(speed - brake * STEP_S, slowest) if speed > slowest else speed
        gone += (speed + after) / 2 * STEP_S
        speed, t = after, t + STEP_S
    return np.inf


def slower(speed_mps: float, own_mps: float, takes_s: float, parameters: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the motion of one that slows down for so long, and then keeps its speed."""
    low = max(speed_mps - parameters["brake_mps2"] * takes_s, own_mps - parameters["slower_mps"], 0.0)
    low = min(low, speed_mps)
    made: NDArray[np.float64] = slowing(speed_mps, low, 0.0, low, 1.0, parameters["brake_mps2"])
    return made
