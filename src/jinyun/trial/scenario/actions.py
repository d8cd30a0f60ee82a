"""Actions of OpenSCENARIO: what changes motion is read, what does not is noted, all else is refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

from jinyun.trial.scenario import model
from jinyun.trial.scenario.catalogs import Shelf
from jinyun.trial.scenario.model import Action, Dynamics, Limits, NothingAction
from jinyun.trial.scenario.node import Node
from jinyun.trial.scenario.positions import position, route, trajectory

SHAPES = {word: word for word in ("linear", "cubic", "sinusoidal", "step")}
DIMENSIONS = {word: word for word in ("time", "distance", "rate")}
Read = Callable[[Node, Shelf], Action | None]


def action(node: Node, shelf: Shelf) -> Action:
    """Return what an ``Action``, ``PrivateAction``, ``GlobalAction`` or ``UserDefinedAction`` does."""
    name = node.text("name", "")
    found = node
    while found.tag in ("Action", "PrivateAction", "GlobalAction", "LongitudinalAction", "LateralAction",
                        "RoutingAction", "InfrastructureAction"):  # fmt: skip
        found = found.only()
    read = _KINDS.get(found.tag)
    made = read(found, shelf) if read is not None else None
    if made is None:
        if read is None:
            found.leave("refused")
            found.refuse("this action")
        return NothingAction(found.tag, name=name)
    object.__setattr__(made, "name", name)
    return made


def _nothing(node: Node, _: Shelf) -> Action:
    node.leave()
    return NothingAction(node.tag)


def dynamics(node: Node) -> Dynamics:
    """Return ``TransitionDynamics``."""
    node.text("followingMode", "position")
    made = Dynamics(
        cast(model.Shape, node.word("dynamicsShape", SHAPES)),
        cast(model.Dimension, node.word("dynamicsDimension", DIMENSIONS, "time")),
        node.number("value", 0.0),
    )
    if made.shape != "step" and made.dimension != "rate" and made.value < 0:
        raise node.fault(f"value is {made.value:g}")
    return made


def limits(node: Node | None) -> Limits:
    """Return ``DynamicConstraints``; jerk limits are noted as having no effect."""
    if node is None:
        return Limits()
    for key in ("maxAccelerationRate", "maxDecelerationRate"):
        if node.has(key):
            node.number(key)
            node.reading.note(f"{node.tag}.{key}: jerk is not limited here")
    return Limits(
        abs(node.number("maxAcceleration", math.inf)), abs(node.number("maxDeceleration", math.inf)),
        node.number("maxSpeed", math.inf),
    )  # fmt: skip


def _speed(node: Node, _: Shelf) -> Action:
    how = dynamics(node.one("SpeedActionDynamics"))
    target = node.one("SpeedActionTarget").only()
    if target.tag == "AbsoluteTargetSpeed":
        if target.maybe("SteadyState") is not None:
            target.one("SteadyState").leave()
        return model.SpeedAction(how, target.number("value"))
    if target.tag != "RelativeTargetSpeed":
        raise target.fault("is no target of a speed")
    return model.SpeedAction(
        how, target.number("value"), target.text("entityRef"),
        target.word("speedTargetValueType", {"delta": "", "factor": "factor"}) == "factor",
        target.flag("continuous"),
    )  # fmt: skip


def _profile(node: Node, _: Shelf) -> Action:
    node.text("followingMode", "position")
    entries = tuple(
        model.SpeedEntry(entry.number("time") if entry.has("time") else math.nan, entry.number("speed"))
        for entry in node.all("SpeedProfileEntry")
    )
    if not entries:
        raise node.fault("has no SpeedProfileEntry")
    return model.SpeedProfileAction(entries, node.text("entityRef", ""), limits(node.maybe("DynamicConstraints")))


def _longitudinal_distance(node: Node, _: Shelf) -> Action:
    system = node.text("coordinateSystem", "entity")
    if system not in ("entity", "lane", "road", "trajectory"):
        raise node.fault(f"coordinateSystem is {system[:20]!r}")
    side = node.text("displacement", "any")
    if not node.has("distance") and not node.has("timeGap"):
        raise node.fault("has neither distance nor timeGap")
    return model.LongitudinalDistanceAction(
        node.text("entityRef"), node.number("distance") if node.has("distance") else math.nan,
        node.number("timeGap") if node.has("timeGap") else math.nan, node.flag("freespace"), node.flag("continuous"),
        limits(node.maybe("DynamicConstraints")),
        {"any": None, "leadingReferencedEntity": True, "trailingReferencedEntity": False}.get(side),
    )  # fmt: skip


def _lane_change(node: Node, _: Shelf) -> Action:
    how = dynamics(node.one("LaneChangeActionDynamics"))
    target = node.one("LaneChangeTarget").only()
    offset = node.number("targetLaneOffset", 0.0)
    if target.tag == "AbsoluteTargetLane":
        return model.LaneChangeAction(how, target.whole("value"), "", offset)
    return model.LaneChangeAction(how, target.whole("value"), target.text("entityRef"), offset)


def _lane_offset(node: Node, _: Shelf) -> Action:
    how = node.one("LaneOffsetActionDynamics")
    target = node.one("LaneOffsetTarget").only()
    return model.LaneOffsetAction(
        cast(model.Shape, how.word("dynamicsShape", SHAPES)), target.number("value"),
        target.text("entityRef") if target.tag == "RelativeTargetLaneOffset" else "",
        how.number("maxLateralAcc") if how.has("maxLateralAcc") else math.nan, node.flag("continuous"),
    )  # fmt: skip


def _lateral_distance(node: Node, _: Shelf) -> Action:
    node.text("coordinateSystem", "entity")
    side = node.text("displacement", "any")
    return model.LateralDistanceAction(
        node.text("entityRef"), node.number("distance", 0.0), node.flag("freespace"), node.flag("continuous"),
        limits(node.maybe("DynamicConstraints")),
        {"any": None, "leftToReferencedEntity": True, "rightToReferencedEntity": False}.get(side),
    )  # fmt: skip


def _teleport(node: Node, shelf: Shelf) -> Action:
    return model.TeleportAction(position(node.one("Position"), shelf))


def _synchronize(node: Node, shelf: Shelf) -> Action:
    final = node.maybe("FinalSpeed")
    speed, entity, factor = math.nan, "", False
    if final is not None:
        target = final.only()
        if target.maybe("SteadyState") is not None:
            target.one("SteadyState").leave("the last stretch is not held at a steady speed here")
        for steady in ("TargetDistanceSteadyState", "TargetTimeSteadyState"):
            if (found := target.maybe(steady)) is not None:
                found.leave("the last stretch is not held at a steady speed here")
        speed = target.number("value")
        if target.tag == "RelativeSpeedToMaster":
            entity = node.text("masterEntityRef")
            factor = target.word("speedTargetValueType", {"delta": "", "factor": "factor"}) == "factor"
    return model.SynchronizeAction(
        node.text("masterEntityRef"), position(node.one("TargetPositionMaster"), shelf),
        position(node.one("TargetPosition"), shelf), speed, entity, factor,
        node.number("targetTolerance", 0.0), node.number("targetToleranceMaster", 0.0),
    )  # fmt: skip


def _follow(node: Node, shelf: Shelf) -> Action:
    begin = node.number("initialDistanceOffset", 0.0)
    holder = node.maybe("TrajectoryRef")
    inner = holder.only() if holder is not None else (node.maybe("Trajectory") or node.one("CatalogReference"))
    if inner.tag == "CatalogReference":
        course = shelf.entry(inner, "Trajectory", lambda entry: trajectory(entry, shelf))
    else:
        course = trajectory(inner, shelf)
    mode = node.maybe("TrajectoryFollowingMode") or node.maybe("FollowingMode")
    if mode is not None:
        mode.text("followingMode", mode.text("name", "position") if mode.has("name") else "position")
    timing = node.maybe("TimeReference")
    timed = timing.maybe("Timing") if timing is not None else None
    if timing is not None and timed is None:
        timing.one("None")
    if timed is None:
        return model.FollowTrajectoryAction(course, begin_m=begin)
    relative = timed.word("domainAbsoluteRelative", {"absolute": "", "relative": "relative"}) == "relative"
    return model.FollowTrajectoryAction(
        course, True, relative, timed.number("scale", 1.0), timed.number("offset", 0.0), begin
    )


def _assign_route(node: Node, shelf: Shelf) -> Action:
    inner = node.only()
    if inner.tag == "CatalogReference":
        return model.AssignRouteAction(shelf.entry(inner, "Route", lambda entry: route(entry, shelf)))
    return model.AssignRouteAction(route(inner, shelf))


def _acquire(node: Node, shelf: Shelf) -> Action:
    return model.AcquirePositionAction(position(node.one("Position"), shelf))


def _controller(node: Node, shelf: Shelf) -> Action:
    node.leave(
        "a controller named in the scenario does not drive; who is under test does, all else keep to the scenario"
    )
    return NothingAction(node.tag)


def _entity(node: Node, shelf: Shelf) -> Action:
    what = node.only()
    if what.tag == "AddEntityAction":
        return model.EntityAction(node.text("entityRef"), position(what.one("Position"), shelf))
    if what.tag != "DeleteEntityAction":
        raise what.fault("is neither AddEntityAction nor DeleteEntityAction")
    return model.EntityAction(node.text("entityRef"), None)


def _value(space: model.Space) -> Read:
    def read(node: Node, _: Shelf) -> Action:
        key = node.text(f"{space}Ref")
        what = node.only()
        if what.tag == "SetAction":
            return model.SetAction(space, key, "set", what.text("value"))
        rule = what.one("Rule").only()
        how: model.Change = "add" if rule.tag == "AddValue" else "multiply"
        return model.SetAction(space, key, how, rule.text("value"))

    return read


def _signal(node: Node, _: Shelf) -> Action:
    what = node.only()
    if what.tag == "TrafficSignalStateAction":
        return model.SignalAction(what.text("name"), what.text("state"))
    if what.tag != "TrafficSignalControllerAction":
        raise what.fault("is no action on traffic signals")
    for phase in what.all("Phase"):
        phase.leave("phases given in an action do not replace the controller's")
        phase.refuse("phases within an action")
    return model.SignalAction(what.text("trafficSignalControllerRef"), what.text("phase"), True)


_KINDS: dict[str, Read] = {
    "SpeedAction": _speed, "SpeedProfileAction": _profile, "LongitudinalDistanceAction": _longitudinal_distance,
    "LaneChangeAction": _lane_change, "LaneOffsetAction": _lane_offset, "LateralDistanceAction": _lateral_distance,
    "TeleportAction": _teleport, "SynchronizeAction": _synchronize, "FollowTrajectoryAction": _follow,
    "AssignRouteAction": _assign_route, "AcquirePositionAction": _acquire, "EntityAction": _entity,
    "ParameterAction": _value("parameter"), "VariableAction": _value("variable"), "TrafficSignalAction": _signal,
    "ActivateControllerAction": _controller, "ControllerAction": _controller, "AssignControllerAction": _controller,
    "OverrideControllerValueAction": _controller, "EnvironmentAction": _nothing, "VisibilityAction": _nothing,
    "AppearanceAction": _nothing, "SetMonitorAction": _nothing,
}  # fmt: skip
