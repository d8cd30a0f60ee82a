"""Triggers and conditions of OpenSCENARIO; a condition that is not decided here is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from jinyun.trial.scenario import model
from jinyun.trial.scenario.catalogs import Shelf
from jinyun.trial.scenario.model import Asked, AskedOfEntities, Condition, Trigger
from jinyun.trial.scenario.node import Node
from jinyun.trial.scenario.positions import position

RULES = {word: word for word in ("equalTo", "greaterThan", "lessThan", "greaterOrEqual", "lessOrEqual", "notEqualTo")}
EDGES = {word: word for word in ("none", "rising", "falling", "risingOrFalling")}
SYSTEMS = {word: word for word in ("entity", "lane", "road", "trajectory", "world")}
DISTANCES = {
    "longitudinal": "longitudinal", "lateral": "lateral", "euclidianDistance": "euclidean", "cartesianDistance": "euclidean",
}  # fmt: skip
ELEMENTS = {word: word for word in ("story", "act", "maneuver", "event", "action", "maneuverGroup")}
STATES = {word: word for word in ("startTransition", "endTransition", "stopTransition", "skipTransition",
                                  "completeState", "runningState", "standbyState")}  # fmt: skip
NEVER = model.AskedTime("lessThan", -1.0)


def trigger(node: Node | None, shelf: Shelf) -> Trigger | None:
    """Return a ``StartTrigger`` or ``StopTrigger``; None where there is none."""
    if node is None:
        return None
    return tuple(
        tuple(condition(item, shelf) for item in group.all("Condition")) for group in node.all("ConditionGroup")
    )


def condition(node: Node, shelf: Shelf) -> Condition:
    """Return a ``Condition``."""
    delay = node.number("delay", 0.0)
    if delay < 0:
        raise node.fault(f"delay is {delay:g}")
    edge = cast(model.Edge, node.word("conditionEdge", EDGES, "none"))
    inner = node.only()
    asked = _by_entity(inner, shelf) if inner.tag == "ByEntityCondition" else _by_value(inner)
    return Condition(node.text("name", ""), delay, edge, asked)


def rule(node: Node) -> model.Rule:
    return cast(model.Rule, node.word("rule", RULES))


def _by_entity(node: Node, shelf: Shelf) -> Asked:
    who = node.one("TriggeringEntities")
    every = who.word("triggeringEntitiesRule", {"all": "all", "any": "", "none": "none"})
    if every == "none":
        who.refuse("triggeringEntitiesRule=none")
    names = tuple(item.text("entityRef") for item in who.all("EntityRef"))
    if not names:
        raise who.fault("has no EntityRef")
    inner = node.one("EntityCondition").only()
    read = _ENTITY.get(inner.tag)
    if read is None:
        inner.leave("refused")
        inner.refuse("this condition")
        return NEVER
    return replace(read(inner, shelf), entities=names, all=every == "all")


def _asked(kind: str, **more: object) -> AskedOfEntities:
    return AskedOfEntities((), False, kind, **more)  # type: ignore[arg-type]


def _plain(kind: str) -> Callable[[Node, Shelf], AskedOfEntities]:
    def read(node: Node, _: Shelf) -> AskedOfEntities:
        if node.has("direction"):
            return _asked(kind, value=node.number("value"), rule=rule(node), direction=node.text("direction"))
        return _asked(kind, value=node.number("value"), rule=rule(node))

    return read


def _for(kind: str) -> Callable[[Node, Shelf], AskedOfEntities]:
    def read(node: Node, _: Shelf) -> AskedOfEntities:
        return _asked(kind, value=node.number("duration"))

    return read


def _traveled(node: Node, _: Shelf) -> AskedOfEntities:
    return _asked("traveled", value=node.number("value"))


def _collision(node: Node, _: Shelf) -> AskedOfEntities:
    inner = node.only()
    if inner.tag == "EntityRef":
        return _asked("collision", entity=inner.text("entityRef"))
    return _asked("collision", entity_kind=inner.text("type"))


def _reach(node: Node, shelf: Shelf) -> AskedOfEntities:
    return _asked("reach", value=node.number("tolerance"), position=position(node.one("Position"), shelf))


def _system(node: Node) -> dict[str, object]:
    along = node.flag("alongRoute", False)
    system = node.word("coordinateSystem", SYSTEMS, "road" if along else "entity")
    if system == "trajectory":
        node.refuse("coordinateSystem=trajectory")
    default = "longitudinal" if along else "euclidianDistance"
    if node.has("routingAlgorithm"):
        node.text("routingAlgorithm")
    return {"freespace": node.flag("freespace"), "coordinates": system,
            "distance": node.word("relativeDistanceType", DISTANCES, default)}  # fmt: skip


def _headway(node: Node, _: Shelf) -> AskedOfEntities:
    told = _system(node)
    if not node.has("relativeDistanceType"):
        told["distance"] = "longitudinal"
    return _asked("headway", value=node.number("value"), rule=rule(node), entity=node.text("entityRef"), **told)


def _ttc(node: Node, shelf: Shelf) -> AskedOfEntities:
    told = _system(node)
    target = node.one("TimeToCollisionConditionTarget").only()
    entity = target.text("entityRef") if target.tag == "EntityRef" else ""
    at = None if entity else position(target, shelf)
    return _asked("ttc", value=node.number("value"), rule=rule(node), entity=entity, position=at, **told)


def _distance(node: Node, shelf: Shelf) -> AskedOfEntities:
    return _asked(
        "distance", value=node.number("value"), rule=rule(node), position=position(node.one("Position"), shelf),
        **_system(node),
    )  # fmt: skip


def _relative_distance(node: Node, _: Shelf) -> AskedOfEntities:
    return _asked(
        "distance", value=node.number("value"), rule=rule(node), entity=node.text("entityRef"), **_system(node)
    )


def _relative_speed(node: Node, _: Shelf) -> AskedOfEntities:
    direction = node.text("direction") if node.has("direction") else ""
    return _asked(
        "relative speed",
        value=node.number("value"),
        rule=rule(node),
        entity=node.text("entityRef"),
        direction=direction,
    )


def _clearance(node: Node, _: Shelf) -> AskedOfEntities:
    ranges = [(r.whole("from", -99), r.whole("to", 99)) for r in node.all("RelativeLaneRange")]
    if len(ranges) > 1:
        node.refuse("more than one RelativeLaneRange")
    names = [item.text("entityRef") for item in node.all("EntityRef")]
    return _asked(
        "clearance", entity=names[0] if names else "", freespace=node.flag("freeSpace"),
        opposite_lanes=node.flag("oppositeLanes"), lanes=ranges[0] if ranges else (-99, 99),
        behind_m=node.number("distanceBackward", 0.0), ahead_m=node.number("distanceForward", 0.0),
    )  # fmt: skip


_ENTITY: dict[str, Callable[[Node, Shelf], AskedOfEntities]] = {
    "EndOfRoadCondition": _for("end of road"), "OffroadCondition": _for("offroad"), "StandStillCondition": _for("standing"),
    "SpeedCondition": _plain("speed"), "AccelerationCondition": _plain("acceleration"),
    "TraveledDistanceCondition": _traveled, "CollisionCondition": _collision, "ReachPositionCondition": _reach,
    "TimeHeadwayCondition": _headway, "TimeToCollisionCondition": _ttc, "DistanceCondition": _distance,
    "RelativeDistanceCondition": _relative_distance, "RelativeSpeedCondition": _relative_speed,
    "RelativeClearanceCondition": _clearance,
}  # fmt: skip


def _by_value(node: Node) -> Asked:
    if node.tag != "ByValueCondition":
        raise node.fault("is no condition")
    inner = node.only()
    if inner.tag == "SimulationTimeCondition":
        return model.AskedTime(rule(inner), inner.number("value"))
    if inner.tag == "StoryboardElementStateCondition":
        return model.AskedState(
            inner.word("storyboardElementType", ELEMENTS),
            inner.text("storyboardElementRef"),
            inner.word("state", STATES),
        )
    if inner.tag in ("ParameterCondition", "VariableCondition"):
        space = "parameter" if inner.tag == "ParameterCondition" else "variable"
        return model.AskedValue(cast(model.Space, space), inner.text(f"{space}Ref"), rule(inner), inner.text("value"))
    if inner.tag == "TrafficSignalCondition":
        return model.AskedSignal(inner.text("name"), inner.text("state"))
    if inner.tag == "TrafficSignalControllerCondition":
        return model.AskedSignal(inner.text("trafficSignalControllerRef"), inner.text("phase"), True)
    inner.leave("refused")
    inner.refuse("this condition")
    return NEVER
