"""Actions that look at somebody else: keep a distance, arrive together."""

from __future__ import annotations

import math
from typing import Literal

from jinyun.trial.scenario import model
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.gaps import along_road, distance
from jinyun.trial.storyboard.places import Spot
from jinyun.trial.storyboard.stage import Stage

NEAR_M = 0.05
STEADY_MPS = 0.1
GAIN_1PS = 0.6
"""How quickly an error of distance becomes a speed where limits leave it open."""
MOST_MPS2 = 8.0
"""Where a scenario limits nothing, no car accelerates harder than this to arrive in time."""


class KeepDistance:
    """Gets to a distance or time gap from somebody and keeps it if continuous."""

    domain: Literal["longitudinal"] = "longitudinal"

    def __init__(self, action: model.LongitudinalDistanceAction, actor: Actor, stage: Stage) -> None:
        self.action, self.actor, self.stage = action, actor, stage
        self.other = stage.actor(action.entity)
        self.ahead = action.leads
        if self.ahead is None:
            self.ahead = not (self._gap() >= 0)

    def _gap(self) -> float:
        same = (
            self.actor.road == self.other.road
            or along_road(self.actor, self.other.road, self.other.s_m, self.stage.network) == 0
        )
        system = "road" if same else "entity"
        return distance(self.actor, self.other, "longitudinal", system, self.action.freespace, self.stage.network)

    def step(self, dt: float) -> bool:
        action, actor, other = self.action, self.actor, self.other
        wanted = action.distance_m if action.distance_m == action.distance_m else action.gap_s * abs(actor.v_mps)
        gap = self._gap()
        error = gap - (-wanted if self.ahead else wanted)  # positive: drive faster
        limits = action.limits
        if not math.isfinite(limits.accel) and not math.isfinite(limits.decel) and not math.isfinite(limits.speed):
            actor.v_mps = max(other.v_mps + error / dt, 0.0)
            reached = abs(error) < NEAR_M
            actor.previous_v = actor.v_mps
            return reached and not action.continuous
        up, down = min(limits.accel, MOST_MPS2), min(limits.decel, MOST_MPS2)
        closing = math.sqrt(2 * (down if error > 0 else up) * abs(error)) * 0.9
        speed = other.v_mps + math.copysign(min(closing, GAIN_1PS * abs(error)), error)
        speed = min(max(speed, 0.0), limits.speed)
        actor.v_mps += min(max(speed - actor.v_mps, -down * dt), up * dt)
        done = abs(error) < NEAR_M and abs(actor.v_mps - other.v_mps) < STEADY_MPS
        return done and not action.continuous


class KeepLateral:
    """Gets to a lateral distance from somebody and keeps it if continuous."""

    domain: Literal["lateral"] = "lateral"

    def __init__(self, action: model.LateralDistanceAction, actor: Actor, stage: Stage) -> None:
        self.action, self.actor = action, actor
        self.other = stage.actor(action.entity)
        self.road = stage.network.roads[actor.road]
        self.left = action.leftwards if action.leftwards is not None else actor.t_m >= self.other.t_m
        self.wanted_m, self.speed = actor.offset_m, 0.0

    def step(self, dt: float) -> bool:
        wide = (self.actor.entity.width_m + self.other.entity.width_m) / 2 if self.action.freespace else 0.0
        t = self.other.t_m + (1 if self.left else -1) * (self.action.distance_m + wide)
        end = t - self.road.middle(self.actor.lane, self.actor.s_m)
        error, limit = end - self.actor.offset_m, self.action.limits.accel
        if math.isfinite(limit):
            speed = math.copysign(min(math.sqrt(limit * abs(error)), self.action.limits.speed), error)
            self.speed += min(max(speed - self.speed, -limit * dt), limit * dt)
            step = self.speed * dt
            self.wanted_m = end if abs(step) >= abs(error) else self.actor.offset_m + step
        else:
            self.wanted_m = end
        self.actor.wanted_m = self.wanted_m
        return abs(end - self.wanted_m) < 1e-6 and not self.action.continuous


class Synchronize:
    """Drives so that it arrives when the master does; with a final speed by the gentlest acceleration that does both."""

    domain: Literal["longitudinal"] = "longitudinal"

    def __init__(self, action: model.SynchronizeAction, actor: Actor, stage: Stage) -> None:
        self.action, self.actor, self.stage = action, actor, stage
        self.master = stage.actor(action.master)
        self.master_spot, self.spot = stage.spot(action.master_at), stage.spot(action.at)
        self.last = (math.inf, math.inf)

    def _left(self, actor: Actor, spot: Spot) -> float:
        if spot.road and actor.road and not actor.free:
            metres = along_road(actor, spot.road, spot.s_m, self.stage.network)
            if metres == metres:
                return metres
        ahead = (spot.x_m - actor.x_m) * math.cos(actor.h_rad) + (spot.y_m - actor.y_m) * math.sin(actor.h_rad)
        return math.copysign(math.hypot(spot.x_m - actor.x_m, spot.y_m - actor.y_m), ahead)

    def step(self, dt: float) -> bool:
        action, actor = self.action, self.actor
        left, masters = self._left(actor, self.spot), self._left(self.master, self.master_spot)
        arrived = masters <= max(action.master_tolerance_m, self.master.v_mps * dt) or left <= action.tolerance_m
        if arrived or left <= 0:
            if action.final_speed == action.final_speed:
                actor.v_mps = self._final()
            return True
        if self.master.v_mps < 1e-3:
            return False
        seconds = masters / self.master.v_mps
        if action.final_speed != action.final_speed:
            actor.v_mps = max(left / seconds, 0.0)
            actor.previous_v = actor.v_mps
            return False
        final = self._final()
        accel = 6 * left / seconds**2 - (4 * actor.v_mps + 2 * final) / seconds
        accel = min(max(accel, -min(MOST_MPS2, actor.entity.max_decel)), min(MOST_MPS2, actor.entity.max_accel))
        actor.v_mps = max(actor.v_mps + accel * dt, 0.0)
        return False

    def _final(self) -> float:
        if not self.action.final_entity:
            return self.action.final_speed
        base = self.stage.actor(self.action.final_entity).v_mps
        return base * self.action.final_speed if self.action.final_factor else base + self.action.final_speed
