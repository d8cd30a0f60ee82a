"""Actions while they run: each step sets a speed, an offset or a place, until it says that it is done."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, Protocol

from jinyun.trial.fault import TrialError
from jinyun.trial.scenario import model
from jinyun.trial.scenario.model import Dynamics
from jinyun.trial.storyboard import places
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.keeping import KeepDistance, KeepLateral, Synchronize
from jinyun.trial.storyboard.stage import Stage
from jinyun.trial.storyboard.tracing import Trace

Domain = Literal["", "longitudinal", "lateral", "both"]
USUAL_MPS2 = 3.0
"""Acceleration and braking where a profile of speeds gives neither times nor limits."""


class Runner(Protocol):
    """An action at work on one actor."""

    @property
    def domain(self) -> Domain:
        """What of the motion it decides."""
        ...

    def step(self, dt: float) -> bool:
        """Do the work of one step; return whether the action is done."""
        ...


def shape(kind: str, share: float) -> float:
    """Return how much of a transition is done after ``share`` of its time."""
    p = min(max(share, 0.0), 1.0)
    if kind == "linear":
        return p
    if kind == "cubic":
        return p * p * (3 - 2 * p)
    if kind == "sinusoidal":
        return (1 - math.cos(math.pi * p)) / 2
    return 1.0


STEEPEST = {"linear": 1.0, "cubic": 1.5, "sinusoidal": math.pi / 2, "step": math.inf}
"""Greatest slope of each shape: how a rate becomes a time."""


class Speed:
    """Goes over to a speed; a continuous relative one follows for ever."""

    domain: Domain = "longitudinal"

    def __init__(self, action: model.SpeedAction, actor: Actor, stage: Stage) -> None:
        self.action, self.actor, self.stage = action, actor, stage
        self.begin, self.passed = actor.v_mps, 0.0
        self.seconds = self._seconds(action.dynamics)

    def target(self) -> float:
        if not self.action.entity:
            return self.action.value
        other = self.stage.actor(self.action.entity).v_mps
        return other * self.action.value if self.action.factor else other + self.action.value

    def _seconds(self, how: Dynamics) -> float:
        change = abs(self.target() - self.begin)
        if how.shape == "step" or change < 1e-9:
            return 0.0
        if how.dimension == "time":
            return how.value
        if how.dimension == "rate":
            return change * STEEPEST[how.shape] / abs(how.value) if how.value else 0.0
        mean = (self.begin + self.target()) / 2
        return how.value / mean if mean > 1e-6 else 0.0

    def step(self, dt: float) -> bool:
        actor = self.actor
        self.passed += dt
        if self.passed >= self.seconds - 1e-9:
            jump = self.seconds == 0.0
            actor.v_mps = self.target()
            if jump:
                actor.previous_v = actor.v_mps
            return not self.action.continuous
        share = shape(self.action.dynamics.shape, self.passed / self.seconds)
        actor.v_mps = self.begin + (self.target() - self.begin) * share
        return False


class Profile:
    """Drives through a list of speeds, linearly between them."""

    domain: Domain = "longitudinal"

    def __init__(self, action: model.SpeedProfileAction, actor: Actor, stage: Stage) -> None:
        self.actor, self.passed = actor, 0.0
        base = stage.actor(action.entity).v_mps if action.entity else 0.0
        v, t = actor.v_mps, 0.0
        self.points = [(0.0, v)]
        up = min(action.limits.accel, actor.entity.max_accel)
        down = min(action.limits.decel, actor.entity.max_decel)
        for entry in action.entries:
            wanted = min(entry.speed + base, action.limits.speed)
            limit = up if wanted > v else down
            fastest = abs(wanted - v) / (limit if math.isfinite(limit) else USUAL_MPS2)
            if entry.time_s == entry.time_s:
                t += max(entry.time_s, fastest if math.isfinite(limit) else 0.0)
            else:
                t += fastest
            self.points.append((t, wanted))
            v = wanted

    def step(self, dt: float) -> bool:
        self.passed += dt
        for (t0, v0), (t1, v1) in zip(self.points, self.points[1:], strict=False):
            if self.passed < t1 - 1e-9:
                self.actor.v_mps = v0 + (v1 - v0) * (self.passed - t0) / (t1 - t0) if t1 > t0 else v1
                return False
        self.actor.v_mps = self.points[-1][1]
        return True


class Sideways:
    """Goes over to another lane or to another offset within it."""

    domain: Domain = "lateral"

    def __init__(self, actor: Actor, kind: str, offset_m: float, seconds: float, metres: float) -> None:
        self.actor, self.kind, self.end = actor, kind, offset_m
        self.begin, self.seconds, self.metres = actor.offset_m, seconds, metres
        self.passed, self.from_m = 0.0, actor.odometer_m

    def step(self, dt: float) -> bool:
        self.passed += dt
        if math.isfinite(self.metres):
            share = (
                (self.actor.odometer_m + self.actor.v_mps * dt - self.from_m) / self.metres if self.metres > 0 else 1.0
            )
        else:
            share = self.passed / self.seconds if self.seconds > 0 else 1.0
        done = share >= 1 - 1e-9
        self.actor.wanted_m = self.end if done else self.begin + (self.end - self.begin) * shape(self.kind, share)
        return done


def lane_change(action: model.LaneChangeAction, actor: Actor, stage: Stage) -> Runner:
    """Begin a change of lane."""
    road = stage.network.roads.get(actor.road)
    if road is None:
        raise TrialError(f"{stage.source}: {actor.name} changes lane on no road")
    if action.entity:
        other = stage.actor(action.entity)
        steps = action.lane if other.rising else -action.lane
        lane = places.counted(stage.network, other.road, other.s_m, other.lane, steps)
    else:
        lane = action.lane
    if lane and lane not in road.section(actor.s_m).lanes:
        raise TrialError(f"{stage.source}: {actor.name} at {stage.t_s:.2f} s: road {road.id} has no lane {lane}")
    t = actor.t_m
    actor.lane = lane
    actor.offset_m = t - road.middle(lane, actor.s_m)
    end = action.offset_m
    how, change = action.dynamics, abs(end - actor.offset_m)
    seconds, metres = 0.0, math.inf
    if how.shape != "step":
        if how.dimension == "time":
            seconds = how.value
        elif how.dimension == "rate":
            seconds = change * STEEPEST[how.shape] / abs(how.value) if how.value else 0.0
        else:
            metres = how.value
    return Sideways(actor, how.shape, end, seconds, metres)


def lane_offset(action: model.LaneOffsetAction, actor: Actor, stage: Stage) -> Runner:
    """Begin to go over to an offset within the lane."""
    end = action.offset_m
    if action.entity:
        other = stage.actor(action.entity)
        road = stage.network.roads[actor.road]
        end = other.t_m - road.middle(actor.lane, actor.s_m) + action.offset_m
    change, limit = abs(end - actor.offset_m), action.max_lateral_mps2
    if action.shape == "step" or not limit > 0:
        return Sideways(actor, "step", end, 0.0, math.inf)
    # The greatest sideways acceleration of each shape is a number times change / time squared.
    factor = {"sinusoidal": math.pi**2 / 2, "cubic": 6.0, "linear": 4.0}[action.shape]
    return Sideways(actor, action.shape, end, math.sqrt(factor * change / limit), math.inf)


class Once:
    """Does its work at once."""

    domain: Domain = ""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work

    def step(self, dt: float) -> bool:
        self.work()
        return True


class Acquire:
    """Takes the way to a place and lasts until it is passed."""

    domain: Domain = ""

    def __init__(self, action: model.AcquirePositionAction, actor: Actor, stage: Stage) -> None:
        self.actor, self.spot = actor, stage.spot(action.at)
        route = model.Route("", (action.at,))
        actor.route = places.roads_of(route, stage.network, stage.actors, stage.source, here(actor))[0]
        self.nearest = math.inf

    def step(self, dt: float) -> bool:
        away = math.hypot(self.actor.x_m - self.spot.x_m, self.actor.y_m - self.spot.y_m)
        passed = away > self.nearest + 1e-6 and self.nearest < 5.0
        self.nearest = min(self.nearest, away)
        return passed or away < max(self.actor.v_mps * dt, 0.05)


def here(actor: Actor) -> places.Spot:
    """Return where an actor is, as a place on its road."""
    return places.Spot(
        actor.x_m, actor.y_m, actor.h_rad, actor.road, actor.s_m, actor.t_m, actor.lane, 0.0, actor.rising
    )


def begin(action: model.Action, actor: Actor | None, stage: Stage) -> Runner:
    """Return an action at work on an actor (None: on the whole stage)."""
    if isinstance(action, model.NothingAction):
        return Once(lambda: None)
    if isinstance(action, model.EntityAction):
        return Once(lambda: _entity(action, stage))
    if isinstance(action, model.SetAction):
        return Once(lambda: _set(action, stage))
    if isinstance(action, model.SignalAction):
        return Once(lambda: _signal(action, stage))
    if actor is None:
        raise TrialError(f"{stage.source}: {type(action).__name__} of nobody")
    if isinstance(action, model.TeleportAction):
        return Once(lambda: stage.put(actor, action.at))
    if isinstance(action, model.AssignRouteAction):
        return Once(lambda: _route(action, actor, stage))
    if actor.driven and not isinstance(action, model.AcquirePositionAction):
        return Once(lambda: None)  # who is under test drives itself
    return _moving(action, actor, stage)


def _moving(action: model.Action, actor: Actor, stage: Stage) -> Runner:
    if isinstance(action, model.SpeedAction):
        return Speed(action, actor, stage)
    if isinstance(action, model.SpeedProfileAction):
        return Profile(action, actor, stage)
    if isinstance(action, model.LaneChangeAction):
        return lane_change(action, actor, stage)
    if isinstance(action, model.LaneOffsetAction):
        return lane_offset(action, actor, stage)
    if isinstance(action, model.LongitudinalDistanceAction):
        return KeepDistance(action, actor, stage)
    if isinstance(action, model.LateralDistanceAction):
        return KeepLateral(action, actor, stage)
    if isinstance(action, model.SynchronizeAction):
        return Synchronize(action, actor, stage)
    if isinstance(action, model.FollowTrajectoryAction):
        return Trace(action, actor, stage)
    if isinstance(action, model.AcquirePositionAction):
        return Acquire(action, actor, stage)
    raise TrialError(f"{stage.source}: {type(action).__name__} is not carried out")


def _route(action: model.AssignRouteAction, actor: Actor, stage: Stage) -> None:
    start = here(actor) if actor.road else None
    actor.route = places.roads_of(action.route, stage.network, stage.actors, stage.source, start)[0]


def _entity(action: model.EntityAction, stage: Stage) -> None:
    actor = stage.actor(action.entity)
    if action.add is None:
        actor.present = False
    else:
        stage.put(actor, action.add)


def _set(action: model.SetAction, stage: Stage) -> None:
    values = stage.parameters if action.space == "parameter" else stage.variables
    if action.key not in values:
        raise TrialError(f"{stage.source}: no {action.space} {action.key!r}")
    if action.how == "set":
        values[action.key] = action.value
        return
    try:
        old, by = float(values[action.key]), float(action.value)
    except ValueError:
        raise TrialError(f"{stage.source}: {action.space} {action.key!r} is no number") from None
    values[action.key] = repr(old + by if action.how == "add" else old * by)


def _signal(action: model.SignalAction, stage: Stage) -> None:
    if not action.controller:
        stage.signals[action.id] = action.state
        return
    for controller in stage.scenario.controllers:
        if controller.name == action.id:
            passed = 0.0
            for phase in controller.phases:
                if phase.name == action.state:
                    stage.shifts[controller.name] = passed + controller.delay_s - stage.t_s
                    stage.light()
                    return
                passed += phase.duration_s
            raise TrialError(f"{stage.source}: controller {action.id!r} has no phase {action.state!r}")
    raise TrialError(f"{stage.source}: no controller {action.id!r}")
