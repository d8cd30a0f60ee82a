"""Where the reference driver drives across its road: in the middle, around what stands, over to another lane, to the kerb."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jinyun.trial.driver.interface import Mission, Observation, Posted

if TYPE_CHECKING:
    from jinyun.trial.driver.others import Other
    from jinyun.trial.driver.reference import Reference

ASIDE_MPS = 1.1
BESIDE_M = 1.0
"""What it leaves between itself and what it passes."""
WALKER_BESIDE_M = 1.3
AHEAD_S = 5.0


class Aside:
    """Keeps where it goes across the road, and how far it has got."""

    def __init__(self) -> None:
        self.at = 0.0
        self.rate = 0.0
        self.first = True
        self.passing: str = ""
        self.changed = False
        self.lamps = ""
        self.waits_for: float | None = None
        """Speed of somebody beside whom it waits for before it changes lanes."""

    def goal(self, observation: Observation, seen: list[Other], driver: Reference) -> float:
        """Return the offset from the mission's lane that it wants now."""
        own, mission = observation.own, driver.mission
        goal = self._base(observation, seen, driver)
        rescue = [
            other
            for other in seen
            if other.emergency and -120 < other.s_m - own.s_m < 5 and other.v_mps > own.v_mps - 1
        ]
        if rescue and driver.can("cooperation"):
            return -(mission.at(mission.right_m, own.s_m) - mission.width_m / 2 - 0.2)
        if not driver.can("passing"):
            return goal
        need = goal
        for other in seen:
            if (
                other.slow
                and self._in_way(other, goal, mission)
                and -(other.half_s + mission.length_m + 3) < other.s_m - own.s_m < 70
            ):
                beside = WALKER_BESIDE_M if other.kind in ("pedestrian", "cyclist") else BESIDE_M
                offset = other.d_m + other.half_d + mission.width_m / 2 + beside
                against = offset + mission.width_m / 2 > mission.at(mission.left_m, own.s_m) + 0.2
                if against and other.s_m - own.s_m > 20 + 1.2 * own.v_mps:
                    continue  # on the lane of those who come towards it one is as short as can be
                need = max(need, offset)
        for one in observation.posted:
            if (
                one.kind == "closed"
                and one.lane == 0
                and own.s_m - mission.length_m < one.end_m
                and one.s_m - own.front_m < 80
            ):
                need = max(need, mission.lane_width_m)
        if (
            need > goal + 0.05
            and self._room(need, mission, own.s_m)
            and self._free(need, own.s_m, seen, mission, own.v_mps)
        ):
            return need
        if need > goal + 0.05 and self.at > goal + 0.3:  # begun already: go through with it
            return need
        return goal

    def _base(self, observation: Observation, seen: list[Other], driver: Reference) -> float:
        own, mission = observation.own, driver.mission
        if math.isfinite(mission.change_by_m) and driver.can("changing"):
            if self.changed or self._free(mission.change_d_m, own.s_m, seen, mission, own.v_mps):
                self.changed, self.waits_for = True, None
                return mission.change_d_m
            beside = [
                other for other in seen if abs(other.d_m - mission.change_d_m) < 1.5 and abs(other.s_m - own.s_m) < 30
            ]
            self.waits_for = min((other.v_mps for other in beside), default=None)
            return 0.0
        if (
            math.isfinite(mission.stop_m)
            and mission.stop_d_m
            and driver.can("stopping")
            and mission.stop_m - own.front_m < 45
        ):
            return mission.stop_d_m
        return 0.0

    def _in_way(self, other: Other, goal: float, mission: Mission) -> bool:
        return abs(other.d_m - goal) < other.half_d + mission.width_m / 2 + 0.4

    def _room(self, offset: float, mission: Mission, s_m: float) -> bool:
        return offset + mission.width_m / 2 + 0.1 <= mission.at(mission.opposite_m, s_m)

    def _free(self, offset: float, s_m: float, seen: list[Other], mission: Mission, v: float) -> bool:
        """Return whether nobody is or will be beside in the way over there."""
        for other in seen:
            if abs(other.d_m - offset) > other.half_d + mission.width_m / 2 + 0.3 or abs(other.vd_mps) > 1.5:
                continue
            ahead = other.s_m - s_m
            if abs(self.at - other.d_m) < 1.5 and abs(ahead) < 80 and ahead > 0:
                continue  # it is the one ahead in its own lane
            closing = v - other.vs_mps
            if other.vs_mps < -0.5:  # oncoming: the whole passing must be over before
                takes = 4.0 + 40.0 / max((v + 6.0) / 2, 3.0)
                if -10 < ahead < (max(v, 5.0) - other.vs_mps) * takes:
                    return False
            elif ahead >= 0:
                if ahead - other.half_s - mission.front_m < 8 + max(closing, 0) * 3.0:
                    return False
            elif -ahead - other.half_s - 2.0 < 6 + max(-closing, 0) * 4.0:
                return False
        return True

    def blocked(self, one: Posted, goal: float, mission: Mission) -> bool:
        """Return whether a closed lane still lies in its way."""
        return abs(goal - one.lane * mission.lane_width_m) < mission.lane_width_m * 0.7

    def steer(self, observation: Observation, mission: Mission, goal: float, driver: Reference) -> float:
        """Return the curvature that leads it to the goal."""
        own = observation.own
        if self.first:
            self.at, self.first = own.d_m, False
        moving = min(ASIDE_MPS, 0.45 * own.v_mps)
        ease = max(0.6 * abs(goal - self.at), 0.1)
        rate = math.copysign(min(moving, ease), goal - self.at) if abs(goal - self.at) > 1e-3 else 0.0
        self.rate += min(max(rate - self.rate, -0.12), 0.12)
        step = self.rate * 0.1
        self.at = goal if abs(step) >= abs(goal - self.at) and abs(goal - self.at) < 0.05 else self.at + step
        self.lamps = "left" if goal > self.at + 0.3 else "right" if goal < self.at - 0.3 else ""
        aim = self.at
        if not driver.can("lane_keeping") and abs(goal) < 0.05:
            aim += 1.3 * math.sin(observation.t_s * 0.9)
        v = max(own.v_mps, 1.0)
        reach = max(3.5, 0.7 * v)
        bend = mission.at(mission.curvature_1pm, own.s_m + 0.15 * v)
        turned = own.turned_rad - math.atan2(self.rate, v)
        return bend / max(1 - bend * own.d_m, 0.2) - (own.d_m - aim) / reach**2 - 2 * turned / reach
