"""Positions into places: where an OpenSCENARIO position lies while a scenario plays."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Mapping
from typing import NamedTuple

from jinyun.trial.fault import TrialError
from jinyun.trial.road.network import Network
from jinyun.trial.scenario.model import Orientation, Position, Route
from jinyun.trial.storyboard.actor import Actor

FARTHEST_ROADS = 20_000


class Spot(NamedTuple):
    """A place in the plane, and on a road where it was told by one."""

    x_m: float
    y_m: float
    h_rad: float
    road: str = ""
    s_m: float = 0.0
    t_m: float = 0.0
    lane: int | None = None
    turned_rad: float = 0.0
    rising: bool | None = None


def spot(position: Position, network: Network, actors: Mapping[str, Actor], source: str) -> Spot:
    """Return where a position lies now; raises :class:`TrialError` naming what it refers to and does not exist."""
    kind = position.kind
    if kind == "world":
        h = position.turn.h_rad
        return Spot(position.x, position.y, h if h == h else 0.0)
    if kind in ("road", "lane"):
        return _on_road(position, network, source)
    if kind == "route":
        return _on_route(position, network, actors, source)
    other = actors.get(position.entity)
    if other is None:
        raise TrialError(f"{source}: position: no entity {position.entity!r}")
    if kind == "relative world":
        return _free(other.x_m + position.x, other.y_m + position.y, other.h_rad, position.turn, 0.0)
    if kind == "relative object":
        c, s = math.cos(other.h_rad), math.sin(other.h_rad)
        x, y = other.x_m + position.x * c - position.y * s, other.y_m + position.x * s + position.y * c
        return _free(x, y, other.h_rad, position.turn, other.h_rad)
    if other.road not in network.roads:
        raise TrialError(f"{source}: position: {position.entity!r} is on no road")
    sign = 1.0 if other.rising else -1.0
    if kind == "relative road":
        road, s, _ = walk(network, other.road, other.lane, other.rising, other.s_m, position.s * sign)
        return _placed(network, road, s, other.t_m + position.t * sign, None, position.turn, None)
    lane = counted(network, other.road, other.s_m, other.lane, position.lane if other.rising else -position.lane)
    road, s, _ = walk(network, other.road, lane, other.rising, other.s_m, position.s * sign)
    if road != other.road and lane not in network.roads[road].section(s).lanes:
        raise TrialError(f"{source}: position: road {road} has no lane {lane}")
    of = network.roads[road]
    if lane not in of.section(s).lanes and lane != 0:
        raise TrialError(f"{source}: position: road {road} has no lane {lane} at {s:.1f} m")
    return _placed(network, road, s, of.middle(lane, s) + position.t, lane, position.turn, None)


def counted(network: Network, road: str, s_m: float, lane: int, steps: int) -> int:
    """Return the lane ``steps`` lanes to the left of one, without counting the centre."""
    for _ in range(abs(steps)):
        lane += 1 if steps > 0 else -1
        if lane == 0:
            lane += 1 if steps > 0 else -1
    return lane


def walk(network: Network, road: str, lane: int, rising: bool, s_m: float, ds_m: float) -> tuple[str, float, bool]:
    """Return where one is after ``ds_m`` of rising stations, going over to the next roads at ends."""
    s, up = s_m + ds_m, ds_m >= 0
    for _ in range(200):
        length = network.roads[road].length_m
        if 0 <= s <= length:
            break
        going = s > length
        ways = network.onward(road, lane, going)
        if not ways:
            break
        way = min(ways, key=lambda w: (abs(network.turn_rad(w)), w.road, w.lane))
        beyond = s - length if going else -s
        road, lane = way.road, way.lane
        s = beyond if way.rising else network.roads[road].length_m - beyond
        rising = way.rising
    return road, s, up and rising


def _on_road(position: Position, network: Network, source: str) -> Spot:
    road = network.roads.get(position.road)
    if road is None:
        raise TrialError(f"{source}: position: no road {position.road!r}")
    if not -1e-6 <= position.s <= road.length_m + 1e-6:
        raise TrialError(f"{source}: position: s={position.s:g} on road {position.road} of {road.length_m:.1f} m")
    if position.kind == "lane":
        if position.lane and position.lane not in road.section(position.s).lanes:
            raise TrialError(
                f"{source}: position: road {position.road} has no lane {position.lane} at s={position.s:g}"
            )
        t = road.middle(position.lane, position.s) + position.t
        return _placed(network, position.road, position.s, t, position.lane, position.turn, None)
    return _placed(network, position.road, position.s, position.t, None, position.turn, None)


def _placed(
    network: Network, road: str, s: float, t: float, lane: int | None, turn: Orientation, rising: bool | None
) -> Spot:
    of = network.roads[road]
    p = of.place(s, t)
    along = of.rises(of.lane_at(s, t) if lane is None else lane) if rising is None else rising
    base = p.h_rad + (0.0 if along else math.pi)
    if turn.h_rad != turn.h_rad:
        turned = 0.0
    elif turn.relative:  # against the road, or the driving direction where that is meant by nothing else
        turned = turn.h_rad
        if math.cos(turned) < 0:  # the other way along the road
            along, turned, base = not along, turned - math.pi, base + math.pi
    else:
        turned = _wrapped(turn.h_rad - base)
        if math.cos(turned) < 0:
            along, base = not along, base + math.pi
            turned = _wrapped(turn.h_rad - base)
    return Spot(p.x_m, p.y_m, base + turned, road, s, t, lane, turned, along)


def _wrapped(angle: float) -> float:
    return math.remainder(angle, 2 * math.pi)


def _free(x: float, y: float, h: float, turn: Orientation, base: float) -> Spot:
    if turn.h_rad == turn.h_rad:
        h = turn.h_rad + (base or h if turn.relative else 0.0)
    return Spot(x, y, h)


def _on_route(position: Position, network: Network, actors: Mapping[str, Actor], source: str) -> Spot:
    if position.entity:
        other = actors.get(position.entity)
        if other is None:
            raise TrialError(f"{source}: position: no entity {position.entity!r}")
        return Spot(other.x_m, other.y_m, other.h_rad, other.road, other.s_m, other.t_m, other.lane, 0.0, other.rising)
    assert position.route is not None
    legs, start = roads_of(position.route, network, actors, source)
    left = position.s
    for number, (road, rising) in enumerate(legs):
        of = network.roads[road]
        begin = start.s_m if number == 0 else (0.0 if rising else of.length_m)
        length = (of.length_m - begin) if rising else begin
        if left <= length or number == len(legs) - 1:
            s = min(max(begin + left if rising else begin - left, 0.0), of.length_m)
            if position.ds_lane:
                return _placed(
                    network, road, s, of.middle(position.lane, s) + position.t, position.lane, position.turn, None
                )
            return _placed(network, road, s, position.t, None, position.turn, None)
        left -= length
    raise TrialError(f"{source}: position: route {position.route.name!r} leads nowhere")


def roads_of(
    route: Route, network: Network, actors: Mapping[str, Actor], source: str, start: Spot | None = None
) -> tuple[list[tuple[str, bool]], Spot]:
    """Return the roads that a route takes, each with whether it is travelled up, and where it begins."""
    spots = [spot(point, network, actors, source) for point in route.points]
    spots = [_onto_road(found, network, source) for found in spots]
    if not spots:
        raise TrialError(f"{source}: route {route.name!r} has no way points")
    if start is not None:
        if way(network, start, spots[0]) is None:  # it is on its way already: from there on
            legs = _legs(spots, network, source, route.name)
            for k, (road, rising) in enumerate(legs):
                if road == start.road and start.rising in (None, rising):
                    return legs[k:], start
        spots = [start, *spots]
    legs = _legs(spots, network, source, route.name)
    return legs or [(spots[0].road, spots[0].rising is not False)], spots[0]


def _legs(spots: list[Spot], network: Network, source: str, name: str) -> list[tuple[str, bool]]:
    legs: list[tuple[str, bool]] = []
    for one, other in itertools.pairwise(spots):
        found = way(network, one, other, legs[-1] if legs else None)
        if found is None:
            raise TrialError(f"{source}: route {name!r}: no way from road {one.road} to road {other.road}")
        legs += found if not legs else found[1:] if found[0][0] == legs[-1][0] else found
    return legs


def _onto_road(found: Spot, network: Network, source: str) -> Spot:
    if found.road:
        return found
    on = network.find(found.x_m, found.y_m)
    if on is None:
        raise TrialError(f"{source}: a way point at {found.x_m:.1f}, {found.y_m:.1f} is on no road")
    return Spot(
        found.x_m, found.y_m, found.h_rad, on.road, on.s_m, on.t_m, on.lane, 0.0, network.roads[on.road].rises(on.lane)
    )


def way(network: Network, one: Spot, other: Spot, now: tuple[str, bool] | None = None) -> list[tuple[str, bool]] | None:
    """Return the shortest way over roads between two places (Dijkstra), None where there is none."""
    begin = now if now is not None and now[0] == one.road else (one.road, one.rising is not False)
    if one.road == other.road and (other.s_m >= one.s_m) == begin[1]:
        return [begin]
    length = network.roads[one.road].length_m
    first = (length - one.s_m) if begin[1] else one.s_m
    waiting: list[tuple[float, str, bool, tuple[tuple[str, bool], ...]]] = [(first, begin[0], begin[1], (begin,))]
    done: set[tuple[str, bool]] = set()
    while waiting and len(done) < FARTHEST_ROADS:
        cost, road, rising, path = heapq.heappop(waiting)
        if (road, rising) in done:
            continue
        done.add((road, rising))
        of = network.roads[road]
        ends = of.sections[-1 if rising else 0].lanes
        for lane in sorted(ends):
            if of.rises(lane) != rising:
                continue
            for on in network.onward(road, lane, rising):
                leg = (on.road, on.rising)
                if on.road == other.road:
                    return [*path, leg]
                if leg not in done:
                    heapq.heappush(waiting, (cost + network.roads[on.road].length_m, on.road, on.rising, (*path, leg)))
    return None
