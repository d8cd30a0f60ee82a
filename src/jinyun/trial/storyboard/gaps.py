"""Distances between participants as OpenSCENARIO measures them: in the entity's, the lane's or the road's coordinates."""

from __future__ import annotations

import math

from jinyun.trial.road.network import Network
from jinyun.trial.storyboard.actor import Actor

AHEAD_M = 2000.0


def point_distance(
    one: Actor, x_m: float, y_m: float, how: str, coordinates: str, network: Network, road: str = "", s_m: float = 0.0,
    t_m: float = 0.0,
) -> float:  # fmt: skip
    """Return the distance from a participant's reference point to a place, NaN where it has none in these coordinates."""
    if how == "euclidean" and coordinates in ("entity", "world"):
        return math.hypot(x_m - one.x_m, y_m - one.y_m)
    if coordinates in ("entity", "world"):
        along, aside = into(one, x_m, y_m)
        return abs(along if how == "longitudinal" else aside)
    if how == "lateral":
        return abs(t_m - one.t_m)
    along_m = along_road(one, road, s_m, network)
    if how == "euclidean":
        return math.hypot(along_m, t_m - one.t_m)
    return abs(along_m)


def into(one: Actor, x_m: float, y_m: float) -> tuple[float, float]:
    """Return a place in a participant's own coordinates: ahead, to the left."""
    dx, dy = x_m - one.x_m, y_m - one.y_m
    c, s = math.cos(one.h_rad), math.sin(one.h_rad)
    return dx * c + dy * s, -dx * s + dy * c


def along_road(one: Actor, road: str, s_m: float, network: Network) -> float:
    """Return the metres along roads from a participant to a station, negative behind it; NaN where no way leads there."""
    if one.road == road:
        return (s_m - one.s_m) if one.rising else (one.s_m - s_m)
    for ahead in (True, False):
        if (metres := _toward(one, road, s_m, network, ahead)) is not None:
            return metres if ahead else -metres
    return math.nan


def _toward(one: Actor, road: str, s_m: float, network: Network, ahead: bool) -> float | None:
    if one.road not in network.roads:
        return None
    up = one.rising == ahead
    of = network.roads[one.road]
    waiting = [((of.length_m - one.s_m) if up else one.s_m, one.road, one.lane, up)]
    seen: set[tuple[str, int, bool]] = set()
    for _ in range(200):
        if not waiting:
            return None
        waiting.sort()
        metres, at, lane, rising = waiting.pop(0)
        if metres > AHEAD_M or (at, lane, rising) in seen:
            continue
        seen.add((at, lane, rising))
        for way in network.onward(at, lane, rising):
            length = network.roads[way.road].length_m
            if way.road == road:
                return metres + (s_m if way.rising else length - s_m)
            waiting.append((metres + length, way.road, way.lane, way.rising))
    return None


def distance(one: Actor, other: Actor, how: str, coordinates: str, freespace: bool, network: Network) -> float:
    """Return the distance between two participants, signed along (positive: the other is ahead), NaN where there is none.

    Lateral and euclidean distances are not negative. ``freespace`` measures between the boxes, else reference points.
    """
    if coordinates in ("entity", "world"):
        if how == "euclidean":
            return box_distance(one, other) if freespace else math.hypot(other.x_m - one.x_m, other.y_m - one.y_m)
        along, aside = into(one, other.x_m, other.y_m)
        if not freespace:
            return along if how == "longitudinal" else abs(aside)
        c = math.cos(one.h_rad), math.sin(one.h_rad)
        axis = c if how == "longitudinal" else (-c[1], c[0])
        return _between(_extent(one, axis), _extent(other, axis), signed=how == "longitudinal")
    along_m = along_road(one, other.road, other.s_m, network)
    aside = other.t_m - one.t_m
    if how == "euclidean":
        if freespace:
            return box_distance(one, other)
        return math.hypot(along_m, aside)
    if how == "lateral":
        if freespace:
            return max(abs(aside) - (one.entity.width_m + other.entity.width_m) / 2, 0.0)
        return abs(aside)
    if not freespace:
        return along_m
    # Boxes lie along the road: each reaches from its rear to its front around its middle.
    middle = along_m + other.entity.centre_x_m - one.entity.centre_x_m
    free = abs(middle) - (one.entity.length_m + other.entity.length_m) / 2
    return math.copysign(max(free, 0.0), middle)


def _extent(actor: Actor, axis: tuple[float, float]) -> tuple[float, float]:
    on = [x * axis[0] + y * axis[1] for x, y in actor.corners()]
    return min(on), max(on)


def _between(a: tuple[float, float], b: tuple[float, float], signed: bool) -> float:
    if b[0] > a[1]:
        return b[0] - a[1]
    if a[0] > b[1]:
        return -(a[0] - b[1]) if signed else a[0] - b[1]
    return 0.0


def boxes_touch(one: Actor, other: Actor) -> bool:
    """Return whether two boxes overlap (separating axes)."""
    reach = (
        math.hypot(one.entity.length_m, one.entity.width_m) + math.hypot(other.entity.length_m, other.entity.width_m)
    ) / 2
    (ax, ay), (bx, by) = one.centre, other.centre
    if math.hypot(ax - bx, ay - by) > reach:
        return False
    first, second = one.corners(), other.corners()
    for h in (one.h_rad, other.h_rad):
        for nx, ny in ((math.cos(h), math.sin(h)), (-math.sin(h), math.cos(h))):
            p = [x * nx + y * ny for x, y in first]
            q = [x * nx + y * ny for x, y in second]
            if max(p) < min(q) or max(q) < min(p):
                return False
    return True


def box_distance(one: Actor, other: Actor) -> float:
    """Return the shortest distance between two boxes, 0 where they touch."""
    if boxes_touch(one, other):
        return 0.0
    first, second = one.corners(), other.corners()
    best = math.inf
    for points, edges in ((first, second), (second, first)):
        for x, y in points:
            for k in range(4):
                best = min(best, _to_piece(x, y, edges[k], edges[(k + 1) % 4]))
    return best


def _to_piece(x: float, y: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    share = min(max(((x - a[0]) * dx + (y - a[1]) * dy) / square, 0.0), 1.0) if square else 0.0
    return math.hypot(x - a[0] - share * dx, y - a[1] - share * dy)
