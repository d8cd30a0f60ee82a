"""Following a trajectory: the actor leaves its lane for a course in the plane, and takes up a lane again at its end."""

from __future__ import annotations

import math
from typing import Literal

from jinyun.trial.scenario import model
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.courses import course
from jinyun.trial.storyboard.stage import Stage


class Trace:
    """Moves an actor along a course, by its own speed or by the course's times."""

    domain: Literal["lateral", "both"] = "lateral"

    def __init__(self, action: model.FollowTrajectoryAction, actor: Actor, stage: Stage) -> None:
        self.action, self.actor, self.stage = action, actor, stage
        self.course = course(action.trajectory, stage.network, stage.actors, stage.source)
        self.along_m, self.passed = action.begin_m, 0.0
        self.timed = action.timed and self.course.time_s is not None
        if self.timed:
            self.domain = "both"
        actor.free = True

    def step(self, dt: float) -> bool:
        actor, line = self.actor, self.course
        self.passed += dt
        before = self.along_m
        if self.timed:
            assert line.time_s is not None
            since = self.passed if self.action.relative_time else self.stage.t_s + dt
            at = (since - self.action.offset_s) / (self.action.scale or 1.0)
            self.along_m = line.length_at(at)
            done = at >= line.time_s[-1] - 1e-9
            actor.v_mps = actor.previous_v = (self.along_m - before) / dt
        else:
            self.along_m += (actor.v_mps + actor.previous_v) / 2 * dt
            done = self.along_m >= line.length_m - 1e-9
        beyond = max(self.along_m - line.length_m, 0.0)
        x, y, h = line.at(self.along_m)
        if self.along_m == before and actor.placed:
            h = actor.h_rad
        actor.x_m, actor.y_m, actor.h_rad = x + beyond * math.cos(h), y + beyond * math.sin(h), h
        actor.odometer_m += max(self.along_m - before, 0.0)
        actor.locate()
        if done:
            self.leave()
        return done

    def leave(self) -> None:
        """Take up the lane where the course ends, or go straight on where there is none."""
        actor = self.actor
        actor.free = False
        if actor.road and actor.lane:
            road = actor.network.roads[actor.road]
            p = road.place(actor.s_m, 0.0)
            turned = math.remainder(actor.h_rad - p.h_rad - (0.0 if actor.rising else math.pi), 2 * math.pi)
            actor.turned_rad = turned
        else:
            actor.road = ""
