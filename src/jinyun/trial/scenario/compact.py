"""The compact form compiled: OpenSCENARIO XML 1.2 with its OpenDRIVE, by one writer whose files ASAM's checker passes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from jinyun.trial.fault import TrialError
from jinyun.trial.road.making import Sign, Stretch, add_road, document, to_bytes
from jinyun.trial.scenario import bodies
from jinyun.trial.scenario.expressions import ExpressionError, resolve
from jinyun.trial.scenario.written import DoForm, EventForm, Number, PlaceForm, ScenarioForm, WhenForm

EGO = "Ego"
Element: TypeAlias = etree._Element
STOP_SIGN, LIGHT = "1000001", "1000001"
DATE = "2026-01-01T00:00:00"


@dataclass(frozen=True)
class Compiled:
    """A scenario as files."""

    name: str
    xosc: bytes
    xodr: bytes


def number(value: Number, parameters: Mapping[str, float], where: str) -> float:
    """Return a number with parameters put in; raises :class:`TrialError`."""
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(resolve(value, {key: repr(float(known)) for key, known in parameters.items()}))
    except (ExpressionError, ValueError) as error:
        raise TrialError(f"{where}: {error}") from None


def text(value: Number, factor: str = "") -> str:
    """Return a number or expression as an attribute, with ``factor`` as ``/ 3.6`` put behind it."""
    if isinstance(value, (int, float)):
        scaled = (
            value / 3.6 if factor == "/ 3.6" else math.radians(value) if factor == "* 0.017453292519943295" else value
        )
        return f"{scaled:.9g}"
    if not factor:
        return value
    inner = value[2:-1] if value.startswith("${") else value
    return f"${{({inner}) {factor}}}"


KMH, DEGREES = "/ 3.6", "* 0.017453292519943295"


def compile(form: ScenarioForm, parameters: Mapping[str, float] | None = None) -> Compiled:
    """Return a scenario's files with the parameters' values as given; raises :class:`TrialError`."""
    values = dict(form.parameters)
    for key, value in (parameters or {}).items():
        if key not in values:
            raise TrialError(f"{form.id}: parameters: no {key!r}")
        values[key] = float(value)
    return Compiled(form.id, _scenario(form, values), _roads(form, values))


def _roads(form: ScenarioForm, values: Mapping[str, float]) -> bytes:
    root = document(form.id)
    for road in (form.road, *form.roads):
        where = f"{form.id}: road {road.id}"
        signs = []
        if road.id == form.mission.road:
            signs = [Sign(signal.id, number(signal.s_m, values, where), LIGHT, dynamic=True) for signal in form.signals]
        x, y, h = (number(value, values, where) for value in road.start)
        add_road(
            root, road.id, [Stretch(number(a, values, where), number(b, values, where)) for a, b in road.stretches],
            right=road.lanes, left=road.opposite, width_m=road.width_m, shoulder_m=road.shoulder_m,
            limit_kmh=number(road.limit_kmh, values, where), start=(x, y, math.radians(h)), signs=signs,
        )  # fmt: skip
    return to_bytes(root)


def _scenario(form: ScenarioForm, values: Mapping[str, float]) -> bytes:
    root = etree.Element("OpenSCENARIO")
    etree.SubElement(root, "FileHeader", revMajor="1", revMinor="2", date=DATE, description=form.en, author="Jinyun")
    declared = etree.SubElement(root, "ParameterDeclarations")
    for key, value in values.items():
        etree.SubElement(declared, "ParameterDeclaration", name=key, parameterType="double", value=f"{value:.12g}")
    etree.SubElement(root, "CatalogLocations")
    network = etree.SubElement(root, "RoadNetwork")
    etree.SubElement(network, "LogicFile", filepath=f"{form.id}.xodr")
    _signals(network, form)
    entities = etree.SubElement(root, "Entities")
    bodies.add(entities, EGO, form.mission.kind)
    for actor in form.actors:
        bodies.add(entities, actor.name, actor.kind)
    board = etree.SubElement(root, "Storyboard")
    actions = etree.SubElement(etree.SubElement(board, "Init"), "Actions")
    mission = form.mission
    _placed(actions, EGO, PlaceForm(road=mission.road, s_m=mission.s_m, lane=mission.lane), mission.kmh)
    for actor in form.actors:
        if actor.absent:
            continue
        _placed(actions, actor.name, actor, actor.kmh)
    story = etree.SubElement(board, "Story", name="Story")
    act = etree.SubElement(story, "Act", name="Act")
    by: dict[str, list[EventForm]] = {}
    for event in form.events:
        by.setdefault(event.actor or "", []).append(event)
    if not by:  # a story has something in it: an event that waits for the end
        by = {"": [EventForm(name="Nothing", when=WhenForm(time_s=form.seconds), do=DoForm(leave=False))]}
    for who, events in by.items():
        group = etree.SubElement(act, "ManeuverGroup", name=f"{who or 'All'} group", maximumExecutionCount="1")
        actors = etree.SubElement(group, "Actors", selectTriggeringEntities="false")
        if who:
            etree.SubElement(actors, "EntityRef", entityRef=who)
        maneuver = etree.SubElement(group, "Maneuver", name=f"{who or 'All'} maneuver")
        for event in events:
            _event(maneuver, event, form)
    start = _trigger(etree.SubElement(act, "StartTrigger"), "Begin")
    etree.SubElement(start, "ByValueCondition").append(_time(0.0, "greaterOrEqual"))
    stop = _trigger(etree.SubElement(board, "StopTrigger"), "End")
    etree.SubElement(stop, "ByValueCondition").append(_time(form.seconds, "greaterThan"))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _signals(network: Element, form: ScenarioForm) -> None:
    programmed = [signal for signal in form.signals if signal.steps]
    if not programmed:
        return
    holder = etree.SubElement(network, "TrafficSignals")
    for signal in programmed:
        controller = etree.SubElement(holder, "TrafficSignalController", name=f"{signal.id} controller")
        for k, (state, seconds) in enumerate(signal.steps or ()):
            phase = etree.SubElement(controller, "Phase", name=f"{state} {k}", duration=text(seconds))
            etree.SubElement(phase, "TrafficSignalState", trafficSignalId=signal.id, state=state)


def _placed(actions: Element, name: str, at: PlaceForm, kmh: Number) -> None:
    private = etree.SubElement(actions, "Private", entityRef=name)
    teleport = etree.SubElement(etree.SubElement(private, "PrivateAction"), "TeleportAction")
    _position(etree.SubElement(teleport, "Position"), at)
    _speed(etree.SubElement(private, "PrivateAction"), kmh, "step", "time", 0.0)


def _position(holder: Element, at: PlaceForm) -> None:
    if at.lane is not None:
        of = etree.SubElement(
            holder, "LanePosition", roadId=at.road, laneId=text(at.lane), s=text(at.s_m), offset=text(at.offset_m)
        )
    else:
        of = etree.SubElement(
            holder, "RoadPosition", roadId=at.road, s=text(at.s_m), t=text(0.0 if at.t_m is None else at.t_m)
        )
    if at.h_deg is not None:
        etree.SubElement(of, "Orientation", type="relative", h=text(at.h_deg, DEGREES), p="0", r="0")


def _speed(holder: Element, kmh: Number, shape: str, dimension: str, value: Number) -> None:
    speed = etree.SubElement(etree.SubElement(holder, "LongitudinalAction"), "SpeedAction")
    etree.SubElement(speed, "SpeedActionDynamics", dynamicsShape=shape, dynamicsDimension=dimension, value=text(value))
    etree.SubElement(etree.SubElement(speed, "SpeedActionTarget"), "AbsoluteTargetSpeed", value=text(kmh, KMH))


def _event(maneuver: Element, event: EventForm, form: ScenarioForm) -> None:
    of = etree.SubElement(maneuver, "Event", name=event.name, priority="parallel", maximumExecutionCount="1")
    do, made = event.do, 0

    def action() -> Element:
        nonlocal made
        made += 1
        return etree.SubElement(of, "Action", name=f"{event.name} {made}")

    def private() -> Element:
        return etree.SubElement(action(), "PrivateAction")

    if do.kmh is not None:
        if do.rate_mps2 is not None:
            _speed(private(), do.kmh, do.shape, "rate", do.rate_mps2)
        else:
            seconds = 0.0 if do.seconds is None else do.seconds
            _speed(private(), do.kmh, do.shape if do.seconds is not None else "step", "time", seconds)
    if do.lane is not None:
        change = etree.SubElement(etree.SubElement(private(), "LateralAction"), "LaneChangeAction")
        etree.SubElement(
            change,
            "LaneChangeActionDynamics",
            dynamicsShape="sinusoidal",
            dynamicsDimension="time",
            value=text(do.lane_seconds),
        )
        etree.SubElement(etree.SubElement(change, "LaneChangeTarget"), "AbsoluteTargetLane", value=text(do.lane))
    if do.offset_m is not None:
        offset = etree.SubElement(etree.SubElement(private(), "LateralAction"), "LaneOffsetAction", continuous="false")
        etree.SubElement(
            offset, "LaneOffsetActionDynamics", dynamicsShape="sinusoidal", maxLateralAcc=text(do.offset_mps2)
        )
        etree.SubElement(
            etree.SubElement(offset, "LaneOffsetTarget"), "AbsoluteTargetLaneOffset", value=text(do.offset_m)
        )
    if do.path is not None:
        follow = etree.SubElement(etree.SubElement(private(), "RoutingAction"), "FollowTrajectoryAction")
        course = etree.SubElement(
            etree.SubElement(follow, "TrajectoryRef"), "Trajectory", name=event.name, closed="false"
        )
        etree.SubElement(course, "ParameterDeclarations")
        line = etree.SubElement(etree.SubElement(course, "Shape"), "Polyline")
        road = next((actor.road for actor in form.actors if actor.name == event.actor), "1")
        for s, t in do.path:
            vertex = etree.SubElement(line, "Vertex")
            _position(etree.SubElement(vertex, "Position"), PlaceForm(road=road, s_m=s, t_m=t))
        etree.SubElement(etree.SubElement(follow, "TimeReference"), "None")
        etree.SubElement(follow, "TrajectoryFollowingMode", followingMode="position")
    if do.signal is not None:
        signal = etree.SubElement(
            etree.SubElement(etree.SubElement(action(), "GlobalAction"), "InfrastructureAction"), "TrafficSignalAction"
        )
        etree.SubElement(signal, "TrafficSignalStateAction", name=do.signal, state=do.state or "dark")
    if do.appear and event.actor is not None:
        comes = etree.SubElement(etree.SubElement(action(), "GlobalAction"), "EntityAction", entityRef=event.actor)
        at = next(actor for actor in form.actors if actor.name == event.actor)
        _position(etree.SubElement(etree.SubElement(comes, "AddEntityAction"), "Position"), at)
    if do.leave and event.actor is not None:
        gone = etree.SubElement(etree.SubElement(action(), "GlobalAction"), "EntityAction", entityRef=event.actor)
        etree.SubElement(gone, "DeleteEntityAction")
    if not made:
        weather = etree.SubElement(etree.SubElement(action(), "GlobalAction"), "EnvironmentAction")
        etree.SubElement(weather, "Environment", name="As it is")
    start = etree.SubElement(of, "StartTrigger")
    group = etree.SubElement(start, "ConditionGroup")
    _conditions(group, event, form)


def _trigger(trigger: Element, name: str) -> Element:
    group = etree.SubElement(trigger, "ConditionGroup")
    return etree.SubElement(group, "Condition", name=name, delay="0", conditionEdge="none")


def _time(seconds: Number, rule: str) -> Element:
    return etree.Element("SimulationTimeCondition", value=text(seconds), rule=rule)


def _conditions(group: Element, event: EventForm, form: ScenarioForm) -> None:
    when, count = event.when, 0

    def condition() -> Element:
        nonlocal count
        count += 1
        return etree.SubElement(group, "Condition", name=f"{event.name} when {count}", delay="0", conditionEdge="none")

    def by_ego() -> Element:
        holder = etree.SubElement(condition(), "ByEntityCondition")
        who = etree.SubElement(holder, "TriggeringEntities", triggeringEntitiesRule="any")
        etree.SubElement(who, "EntityRef", entityRef=EGO)
        return etree.SubElement(holder, "EntityCondition")

    of = when.of or event.actor
    if (when.gap_m is not None or when.ttc_s is not None or when.headway_s is not None) and of is None:
        raise TrialError(f"{form.id}: events.{event.name}.when: of whom?")
    system = {
        "freespace": "true",
        "coordinateSystem": "entity",
        "relativeDistanceType": "longitudinal",
        "rule": "lessThan",
    }
    if when.time_s is not None:
        etree.SubElement(condition(), "ByValueCondition").append(_time(when.time_s, "greaterOrEqual"))
    if when.gap_m is not None:
        etree.SubElement(by_ego(), "RelativeDistanceCondition", system, entityRef=str(of), value=text(when.gap_m))
    if when.headway_s is not None:
        etree.SubElement(by_ego(), "TimeHeadwayCondition", system, entityRef=str(of), value=text(when.headway_s))
    if when.ttc_s is not None:
        ttc = etree.SubElement(by_ego(), "TimeToCollisionCondition", system, value=text(when.ttc_s))
        etree.SubElement(etree.SubElement(ttc, "TimeToCollisionConditionTarget"), "EntityRef", entityRef=str(of))
    if when.travelled_m is not None:
        etree.SubElement(by_ego(), "TraveledDistanceCondition", value=text(when.travelled_m))
    if when.slower_than_kmh is not None:
        etree.SubElement(by_ego(), "SpeedCondition", value=text(when.slower_than_kmh, KMH), rule="lessThan")
    if when.eta_s is not None:
        if when.at is None:
            raise TrialError(f"{form.id}: events.{event.name}.when.eta_s: at which place?")
        ttc = etree.SubElement(by_ego(), "TimeToCollisionCondition", system, value=text(when.eta_s))
        target = etree.SubElement(ttc, "TimeToCollisionConditionTarget")
        _position(etree.SubElement(target, "Position"), when.at)
    if when.after is not None:
        etree.SubElement(etree.SubElement(condition(), "ByValueCondition"), "StoryboardElementStateCondition",
                         storyboardElementType="event", storyboardElementRef=when.after, state="completeState")  # fmt: skip
    if when.signal is not None:
        etree.SubElement(etree.SubElement(condition(), "ByValueCondition"), "TrafficSignalCondition",
                         name=when.signal, state=when.state or "green")  # fmt: skip
    if not count:
        raise TrialError(f"{form.id}: events.{event.name}.when: says nothing")
