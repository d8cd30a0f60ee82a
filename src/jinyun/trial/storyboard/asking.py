"""Conditions while a scenario plays: whether each holds now, with its edge and delay."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from jinyun.trial.fault import TrialError
from jinyun.trial.scenario import model
from jinyun.trial.storyboard import gaps
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.stage import Stage

if TYPE_CHECKING:
    from jinyun.trial.storyboard.board import Element

EQUAL = 1e-6
STILL_MPS = 0.01


def compare(rule: model.Rule, a: float, b: float) -> bool:
    """Return whether two numbers stand in a relation; NaN stands in none."""
    if a != a or b != b:
        return False
    if rule == "greaterThan":
        return a > b
    if rule == "lessThan":
        return a < b
    if rule == "equalTo":
        return abs(a - b) < EQUAL
    if rule == "greaterOrEqual":
        return a >= b
    if rule == "lessOrEqual":
        return a <= b
    return abs(a - b) >= EQUAL


class Watch:
    """A condition that is looked at every step while what it starts or ends waits for it."""

    def __init__(self, condition: model.Condition) -> None:
        self.condition = condition
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self.before: bool | None = None
        self.since: float | None = None
        self.by: tuple[str, ...] = ()

    def holds(self, stage: Stage, elements: dict[tuple[str, str], list[Element]]) -> bool:
        """Return whether the condition holds now."""
        if self.since is not None:
            return stage.t_s >= self.since + self.condition.delay_s - 1e-9
        now, who = asked(self.condition.asked, stage, elements)
        edge, before = self.condition.edge, self.before
        self.before = now
        if edge == "none":
            fires = now
        elif before is None:  # an edge needs a value before it
            fires = False
        elif edge == "rising":
            fires = now and not before
        elif edge == "falling":
            fires = before and not now
        else:
            fires = now != before
        if not fires:
            return False
        self.by = who
        if self.condition.delay_s > 0:
            self.since = stage.t_s
            return False
        return True


class TriggerWatch:
    """Groups of conditions: any group whose conditions all hold."""

    def __init__(self, trigger: model.Trigger) -> None:
        self.groups = [[Watch(condition) for condition in group] for group in trigger]

    def reset(self) -> None:
        for group in self.groups:
            for watch in group:
                watch.reset()

    def fires(self, stage: Stage, elements: dict[tuple[str, str], list[Element]]) -> tuple[str, tuple[str, ...]] | None:
        """Return the names of the conditions that fired and who made them, None while none did."""
        fired = None
        for group in self.groups:
            told = [watch.holds(stage, elements) for watch in group]  # all are looked at, for their edges
            if group and all(told) and fired is None:
                by = tuple(dict.fromkeys(name for watch in group for name in watch.by))
                fired = " & ".join(watch.condition.name for watch in group), by
        return fired


def asked(
    question: model.Asked, stage: Stage, elements: dict[tuple[str, str], list[Element]]
) -> tuple[bool, tuple[str, ...]]:
    """Return whether a question is answered with yes, and by whom."""
    if isinstance(question, model.AskedTime):
        return compare(question.rule, round(stage.t_s, 9), question.value), ()
    if isinstance(question, model.AskedState):
        return _state(question, stage, elements), ()
    if isinstance(question, model.AskedValue):
        return _value(question, stage), ()
    if isinstance(question, model.AskedSignal):
        if question.controller:
            return stage.phases.get(question.id) == question.state, ()
        return stage.signals.get(question.id) == question.state, ()
    assert isinstance(question, model.AskedOfEntities)
    yes = []
    for name in question.entities:
        actor = stage.actor(name)
        if actor.present and actor.placed and _of(question, actor, stage):
            yes.append(name)
    met = len(yes) == len(question.entities) if question.all else bool(yes)
    return met, tuple(yes)


def _state(question: model.AskedState, stage: Stage, elements: dict[tuple[str, str], list[Element]]) -> bool:
    ref = question.ref.split("::")[-1].split("/")[-1]
    found = elements.get((question.kind, ref))
    if not found:
        raise TrialError(f"{stage.source}: StoryboardElementStateCondition: no {question.kind} {question.ref!r}")
    return any(element.shows(question.state, stage.step) for element in found)


def _value(question: model.AskedValue, stage: Stage) -> bool:
    values = stage.parameters if question.space == "parameter" else stage.variables
    if question.key not in values:
        raise TrialError(f"{stage.source}: no {question.space} {question.key!r}")
    now = values[question.key]
    try:
        return compare(question.rule, float(now), float(question.value))
    except ValueError:
        if question.rule not in ("equalTo", "notEqualTo"):
            return False
        return (now == question.value) == (question.rule == "equalTo")


def _of(question: model.AskedOfEntities, actor: Actor, stage: Stage) -> bool:
    kind = question.kind
    if kind in _TIMED:
        seconds = _TIMED[kind](actor)
        return seconds >= question.value - 1e-9 and seconds > 0
    if kind == "speed":
        return compare(question.rule, _along(actor, actor.v_mps, question.direction), question.value)
    if kind == "acceleration":
        return compare(question.rule, actor.a_mps2, question.value)
    if kind == "traveled":
        return actor.odometer_m >= question.value - 1e-9
    if kind == "collision":
        return _collides(question, actor, stage)
    if kind == "reach":
        assert question.position is not None
        at = stage.spot(question.position)
        return math.hypot(actor.x_m - at.x_m, actor.y_m - at.y_m) <= question.value
    if kind == "clearance":
        return _clear(question, actor, stage)
    if kind == "relative speed":
        other = stage.actor(question.entity)
        if not question.direction:
            return compare(question.rule, actor.v_mps - other.v_mps, question.value)
        turn = other.h_rad - actor.h_rad
        along = actor.v_mps - other.v_mps * math.cos(turn)
        aside = -other.v_mps * math.sin(turn)
        return compare(question.rule, along if question.direction == "longitudinal" else aside, question.value)
    return compare(question.rule, _measured(question, actor, stage), question.value)


def _along(actor: Actor, speed: float, direction: str) -> float:
    return actor.aside_mps if direction == "lateral" else 0.0 if direction == "vertical" else speed


def _measured(question: model.AskedOfEntities, actor: Actor, stage: Stage) -> float:
    how = question.distance
    if question.entity:
        other = stage.actor(question.entity)
        if not (other.present and other.placed):
            return math.nan
        gap = gaps.distance(actor, other, how, question.coordinates, question.freespace, stage.network)
        ahead, speed, heading = gap >= 0, other.v_mps, other.h_rad
    else:
        assert question.position is not None
        at = stage.spot(question.position)
        road, s, t = at.road, at.s_m, at.t_m
        if not road and question.coordinates in ("road", "lane"):
            on = stage.network.find(at.x_m, at.y_m)
            if on is None:
                return math.nan
            road, s, t = on.road, on.s_m, on.t_m
        gap = gaps.point_distance(actor, at.x_m, at.y_m, how, question.coordinates, stage.network, road, s, t)
        if question.freespace and gap == gap:
            gap = max(gap - actor.entity.length_m / 2, 0.0)
        ahead, speed, heading = True, 0.0, at.h_rad
    if question.kind == "headway":
        if actor.v_mps < 1e-6 or gap != gap or not ahead:
            return math.nan
        return abs(gap) / actor.v_mps
    if question.kind == "ttc":
        closing = actor.v_mps - speed * math.cos(heading - actor.h_rad)
        if gap != gap or not ahead or closing <= 1e-9:
            return math.nan
        return abs(gap) / closing
    return abs(gap)


def _collides(question: model.AskedOfEntities, actor: Actor, stage: Stage) -> bool:
    for pair in stage.touching:
        if actor.name not in pair:
            continue
        other = next(name for name in pair if name != actor.name)
        kind = stage.actors[other].entity.kind
        wanted = {"miscellaneous": "object"}.get(question.entity_kind, question.entity_kind)
        if other == question.entity or (not question.entity and kind == wanted):
            return True
    return False


def _clear(question: model.AskedOfEntities, actor: Actor, stage: Stage) -> bool:
    """Return whether the lanes asked about are free from so far behind to so far ahead."""
    others = [stage.actor(question.entity)] if question.entity else list(stage.actors.values())
    for other in others:
        if other is actor or not other.present or not other.placed or other.road != actor.road:
            continue
        opposite = other.lane * actor.lane < 0
        if opposite and not question.opposite_lanes:
            continue
        steps = (other.lane - actor.lane) * (1 if actor.rising else -1)
        if not question.lanes[0] <= steps <= question.lanes[1]:
            continue
        gap = gaps.distance(actor, other, "longitudinal", "road", question.freespace, stage.network)
        if -question.behind_m <= gap <= question.ahead_m:
            return False
    return True


_TIMED: dict[str, Callable[[Actor], float]] = {
    "standing": lambda actor: actor.standing_s,
    "end of road": lambda actor: actor.ended_s,
    "offroad": lambda actor: actor.offroad_s,
}
