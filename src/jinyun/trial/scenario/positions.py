"""Positions, routes and trajectories of OpenSCENARIO."""

from __future__ import annotations

import math
from collections.abc import Callable

from jinyun.trial.scenario import model
from jinyun.trial.scenario.catalogs import Shelf
from jinyun.trial.scenario.node import Node

NOWHERE = model.Position("world")
LANES = ("driving", "stop", "shoulder", "border", "none")


def position(node: Node, shelf: Shelf) -> model.Position:
    """Return what stands in a ``Position`` element; a kind that is not played is refused by name."""
    found = node.only()
    read = _KINDS.get(found.tag)
    if read is None:
        found.leave("refused")
        found.refuse("this kind of position")
        return NOWHERE
    return read(found, shelf)


def orientation(node: Node) -> model.Orientation:
    """Return the ``Orientation`` child: its heading; pitch and roll have no effect on a plane road."""
    found = node.maybe("Orientation")
    if found is None:
        return model.Orientation()
    for key in ("p", "r"):
        found.number(key, 0.0)
    return model.Orientation(
        found.number("h", 0.0),
        found.word("type", {"relative": "relative", "absolute": "absolute"}, "absolute") == "relative",
    )


def _world(node: Node, _: Shelf) -> model.Position:
    for key in ("z", "p", "r"):
        node.number(key, 0.0)
    turn = model.Orientation(node.number("h", 0.0)) if node.has("h") else model.Orientation()
    return model.Position("world", node.number("x"), node.number("y"), turn=turn)


def _relative(kind: str) -> Callable[[Node, Shelf], model.Position]:
    def read(node: Node, _: Shelf) -> model.Position:
        node.number("dz", 0.0)
        return model.Position(
            "relative world" if kind == "world" else "relative object", node.number("dx"), node.number("dy"),
            entity=node.text("entityRef"), turn=orientation(node),
        )  # fmt: skip

    return read


def _road(node: Node, _: Shelf) -> model.Position:
    return model.Position(
        "road", road=node.text("roadId"), s=node.number("s"), t=node.number("t"), turn=orientation(node)
    )


def _relative_road(node: Node, _: Shelf) -> model.Position:
    return model.Position(
        "relative road", s=node.number("ds"), t=node.number("dt"), entity=node.text("entityRef"), turn=orientation(node)
    )


def _lane(node: Node, _: Shelf) -> model.Position:
    return model.Position(
        "lane", road=node.text("roadId"), lane=node.whole("laneId"), s=node.number("s"), t=node.number("offset", 0.0),
        turn=orientation(node),
    )  # fmt: skip


def _relative_lane(node: Node, _: Shelf) -> model.Position:
    along = node.has("dsLane") and not node.has("ds")
    return model.Position(
        "relative lane", lane=node.whole("dLane"), s=node.number("dsLane" if along else "ds"),
        t=node.number("offset", 0.0), entity=node.text("entityRef"), turn=orientation(node), ds_lane=along,
    )  # fmt: skip


def _route(node: Node, shelf: Shelf) -> model.Position:
    turn = orientation(node)
    holder = node.one("RouteRef")
    inner = holder.only()
    if inner.tag == "CatalogReference":
        course = shelf.entry(inner, "Route", lambda entry: route(entry, shelf))
    else:
        course = route(inner, shelf)
    where = node.maybe("InRoutePosition")
    if where is None:
        raise node.fault("has no InRoutePosition")
    found = where.only()
    if found.tag == "FromCurrentEntity":
        return model.Position("route", entity=found.text("entityRef"), route=course, turn=turn)
    if found.tag == "FromLaneCoordinates":
        return model.Position(
            "route", s=found.number("pathS"), lane=found.whole("laneId"), t=found.number("laneOffset", 0.0),
            route=course, turn=turn, ds_lane=True,
        )  # fmt: skip
    if found.tag == "FromRoadCoordinates":
        return model.Position("route", s=found.number("pathS"), t=found.number("t"), route=course, turn=turn)
    found.leave("refused")
    found.refuse("this place in a route")
    return NOWHERE


_KINDS: dict[str, Callable[[Node, Shelf], model.Position]] = {
    "WorldPosition": _world, "RelativeWorldPosition": _relative("world"), "RelativeObjectPosition": _relative("object"),
    "RoadPosition": _road, "RelativeRoadPosition": _relative_road, "LanePosition": _lane,
    "RelativeLanePosition": _relative_lane, "RoutePosition": _route,
}  # fmt: skip


def route(node: Node, shelf: Shelf) -> model.Route:
    """Return a ``Route``; parameters declared in it hold within."""
    node = shelf.declared(node)
    points = []
    for point in node.all("Waypoint"):
        strategy = point.text("routeStrategy", "shortest")
        if strategy not in ("shortest", "fastest", "leastIntersections", "random"):
            raise point.fault(f"routeStrategy is {strategy[:20]!r}")
        if strategy in ("random", "leastIntersections"):
            node.reading.note(f"Waypoint.routeStrategy={strategy}: the shortest way is taken")
        points.append(position(point.one("Position"), shelf))
    return model.Route(node.text("name", ""), tuple(points), node.flag("closed", False))


def trajectory(node: Node, shelf: Shelf) -> model.Trajectory:
    """Return a ``Trajectory``: polyline, clothoid or NURBS; a clothoid spline is refused by name."""
    node = shelf.declared(node)
    name, closed = node.text("name", ""), node.flag("closed", False)
    shape = node.one("Shape").only()
    if shape.tag == "Polyline":
        vertices = tuple(
            model.Vertex(position(vertex.one("Position"), shelf), vertex.number("time", math.nan))
            for vertex in shape.all("Vertex")
        )  # fmt: skip
        if len(vertices) < 2:
            raise shape.fault("has fewer than two vertices")
        return model.Trajectory(name, "polyline", vertices, closed)
    if shape.tag == "Clothoid":
        prime = "curvaturePrime" if shape.has("curvaturePrime") else "curvatureDot"
        return model.Trajectory(
            name, "clothoid", (model.Vertex(position(shape.one("Position"), shelf)),), closed,
            shape.number("curvature"), shape.number(prime, 0.0), shape.number("length"),
            shape.number("startTime") if shape.has("startTime") else math.nan,
            shape.number("stopTime") if shape.has("stopTime") else math.nan,
        )  # fmt: skip
    if shape.tag == "Nurbs":
        points = list(shape.all("ControlPoint"))
        knots = tuple(knot.number("value") for knot in shape.all("Knot"))
        order = shape.whole("order")
        if order < 2 or len(points) < order or len(knots) != len(points) + order:
            raise shape.fault(f"{len(points)} control points of order {order} need {len(points) + order} knots")
        vertices = tuple(
            model.Vertex(position(point.one("Position"), shelf), point.number("time") if point.has("time") else math.nan)
            for point in points
        )  # fmt: skip
        weights = tuple(point.number("weight", 1.0) for point in points)
        return model.Trajectory(name, "nurbs", vertices, closed, order=order, weights=weights, knots=knots)
    shape.leave("refused")
    shape.refuse("this shape of a trajectory")
    return model.Trajectory(name, "polyline", (model.Vertex(NOWHERE), model.Vertex(NOWHERE)))
