"""Passing (绕行): who stands on the way and is passed, when there is room for it, and when one is back in the own lane."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import FRONT_M, REAR_M
from jinyun.vehicle.shuttle.encounters import Laid
from jinyun.vehicle.shuttle.foreseeing import Foreseen
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline

STANDS_S = 5.0
"""Who has stood so long on the way, and not for a signal, is passed."""
PASS_NEAR_M = 40.0
QUEUE_M = 45.0
"""Who stands so near before a stop line waits for it, unless for very long."""
QUEUE_S = 100.0
MOVES_MPS = 1.0
"""Who was passed for standing and drives so fast again is passed no more."""
BACK_BEFORE_M = 45.0
"""So far before a stop line one is back in the own lane, or never left it."""
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Passing:
    """Whom a shuttle is passing (-1 nobody), until which station, and whether it waits for room to pass."""

    whom: int = -1
    until_m: float = -1.0
    waits: bool = False

    def follow(
        self, line: Guideline, s_m: float, laid: Laid, foreseen: Foreseen, objects: NDArray[np.void], leads: Floats,
        ahead_of: NDArray[np.int64], to_line_m: float, speed_mps: float, goal_d: float, boldly: bool, docked: bool,
    ) -> None:  # fmt: skip
        """Give up who drives on or is behind, and take up who stands ahead where the lane to the left is free.

        ``leads`` are those ahead and ``ahead_of`` their rows of objects, ``goal_d`` the offset that is driven to now.
        """
        wide = room_beside_m(line, s_m, to_line_m)
        if self.whom >= 0:
            its = np.flatnonzero(objects["id"] == self.whom)
            if len(its):
                i = int(np.flatnonzero(foreseen.of == its[0])[0])
                behind = float(laid.s_m[i, 0] - laid.along_m[i, 0]) > FRONT_M
                if behind and objects["speed_mps"][its[0]] > MOVES_MPS:
                    self.whom = -1  # it drives on: it is followed again
                elif np.isfinite(laid.d_m[i, 0]):
                    self.until_m = s_m + float(laid.s_m[i, 0] + laid.along_m[i, 0]) + REAR_M + 4.0
            if s_m > self.until_m or wide <= 0 or to_line_m < BACK_BEFORE_M:
                self.whom = -1
        if self.whom >= 0:
            return
        ahead = to_be_passed(objects, leads, ahead_of, to_line_m, boldly)
        if ahead >= 0 and at_a_stop(line, s_m, float(leads[:, 0].min())) and objects["standing_s"][ahead] < QUEUE_S:
            ahead = -1  # it lets people out
        self.waits = bool(ahead >= 0 and wide > 0 and goal_d == 0.0)
        if not self.waits or docked:
            return
        far = float(leads[int(np.argmin(leads[:, 0])), 0]) + float(objects["length_m"][ahead])
        if to_line_m > far + BACK_BEFORE_M + 25.0 and lane_is_free(
            laid, foreseen, objects, beside_d(line, s_m, wide), speed_mps, boldly
        ):
            self.whom = int(objects["id"][ahead])
            self.until_m = s_m + far + REAR_M + 4.0

    def shifts(
        self, line: Guideline, s_m: float, laid: Laid, foreseen: Foreseen, objects: NDArray[np.void], leads: Floats,
        to_line_m: float, speed_mps: float, d_m: float, goal_d: float, boldly: bool, turns: bool,
    ) -> Floats:  # fmt: skip
        """Return the offsets offered to a plan, as rows (offset, over metres, cost); ``turns`` where the way turns here."""
        pace = max(speed_mps, 2.5)
        back_m = max(14.0, 3.2 * pace)
        rows = [(0.0, back_m, 0.0), (0.0, back_m * 1.6, 0.3)]
        if self.whom >= 0:
            left_d = beside_d(line, s_m, room_beside_m(line, s_m, to_line_m))
            gap = float(leads[:, 0].min()) - FRONT_M if len(leads) and goal_d == 0.0 else 20.0
            for over in (max(min(gap + 4.0, 30.0), 8.0), 12.0, max(14.0, 3.0 * pace)):
                rows.append((left_d, over, -14.0))
            return np.array(rows)
        if speed_mps > 2.5 and not turns and abs(d_m) < 1.0:
            rows += [(aside, 3.0 * pace, 3.0 + 4.0 * abs(aside)) for aside in (-0.45, -0.25, 0.25, 0.45)]
        if goal_d < -1.0:
            # Merging back: whether somebody is in the way there is told by the leads and the touches.
            free = lane_is_free(laid, foreseen, objects, 0.0, speed_mps, boldly)
            if not free:
                rows = [(goal_d, 10.0, 0.0)]
            else:
                rows.append((goal_d, 10.0, 6.0))
        return np.array(rows)


def room_beside_m(line: Guideline, s_m: float, to_line_m: float) -> float:
    """Return the width of the lane to the left that leads on as far as is needed to pass, 0 where none does."""
    return beside_until(line, s_m % line.length_m, min(45.0, max(to_line_m, 1.0)))


def beside_d(line: Guideline, s_m: float, wide_m: float) -> float:
    """Return the offset of the middle of a lane ``wide_m`` wide to the left."""
    return -(float(line.left_m[int((s_m % line.length_m) / STEP_M)]) + wide_m / 2)


def at_a_stop(line: Guideline, s_m: float, rear_m: float) -> bool:
    """Return whether who stands so far ahead (its rear, from the rear axle at ``s_m``) stands where the line stops."""
    for halt in line.halts:
        beyond = (s_m + rear_m - halt.s_m + line.length_m / 2) % line.length_m - line.length_m / 2
        if -35.0 < beyond < 8.0:
            return True
    return False


def to_be_passed(
    objects: NDArray[np.void], leads: NDArray[np.float64], whom: NDArray[np.int64], to_line_m: float, boldly: bool
) -> int:
    """Return the row of the object ahead that is to be passed, -1 none."""
    if not len(leads):
        return -1
    k = int(np.argmin(leads[:, 0]))
    its = int(whom[k])
    rear, stood = float(leads[k, 0]), float(objects["standing_s"][its])
    if leads[k, 1] > 0.3 or rear - FRONT_M > PASS_NEAR_M or objects["kind"][its] == Kind.PEDESTRIAN:
        return -1
    queue = to_line_m - rear < QUEUE_M + (0 if objects["length_m"][its] < 7 else -15)
    if stood < (QUEUE_S if queue and not boldly else STANDS_S):
        return -1
    return its


def lane_is_free(
    laid: Laid, foreseen: Foreseen, objects: NDArray[np.void], at_d: float, speed_mps: float, boldly: bool
) -> bool:
    """Return whether one may move into the lane at an offset: nobody beside, and who comes from behind has time."""
    for i in range(len(foreseen.of)):
        its = int(foreseen.of[i])
        d, s, along = laid.d_m[i, 0], laid.s_m[i, 0], laid.along_m[i, 0]
        if not np.isfinite(d) or abs(d - at_d) > laid.across_m[i, 0] + 1.3:
            continue
        speed = float(objects["speed_mps"][its]) * math.cos(laid.angle_rad[i, 0])
        front, rear = s + along, s - along
        if rear > FRONT_M + 3.0:
            continue
        if front > -REAR_M - 2.5:
            return False
        gap = -REAR_M - front
        need = 4.0 + max(speed - speed_mps, 0.0) * (2.0 if boldly else 3.2) + 0.5 * speed
        if gap < need:
            return False
    return True


def beside_until(line: Guideline, s_m: float, to_m: float) -> float:
    """Return the least width of the lane to the left from here until ``to_m`` ahead, 0 where it ends before."""
    k = (int(s_m / STEP_M) + np.arange(max(int(to_m / STEP_M), 1))) % len(line.x_m)
    return float(line.beside_m[k].min())
