"""Where people walk through a node: the map's own walking areas, or areas made where sidewalks and crossings end.

SUMO lets people on to a crossing only from a walking area. A map without them (OpenDRIVE, Lanelet2) gets one round
every corner: where sidewalks, crossings and the sidewalks inside the junction end near each other, or where people get
from one end to the other without stepping on a way of those who drive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import LaneKind, Map
from jinyun.hdmap.writing.sumo.network import Area, Crossing, Network, Node, line_of

CORNER_M = 6.0
"""Ends that lie nearer to each other are at one corner."""
ROUND_M = 40.0
"""Ends that lie nearer are at one corner if nobody drives between them."""
LEAST_AREA_M = 0.5
"""Half the side of the smallest walking area."""


def furnish(map: Map, network: Network) -> None:
    """Give the nodes of the network their crossings and walking areas."""
    where = _nodes_of_crossings(map, network)
    place_of: dict[int, tuple[int, int]] = {}  # of a crossing's lane: node, position
    for row, place in where.items():
        lane = int(map.crossings["lane"][row])
        own = network.nodes[place]
        line, width_m = line_of(map, lane), float(map.crossings["width_m"][row])
        over = _over(map, network, own, line)
        if over:  # SUMO takes no crossing that leads over nothing
            place_of[lane] = place, len(own.crossings)
            own.crossings.append(Crossing(line, width_m, over, lane, group=_group(map, row, own.junction)))
    ends = _sidewalk_ends(map, network)
    if (map.lanes["kind"] == LaneKind.AREA).any():
        _own_areas(map, network, place_of, ends)
    else:
        for number, node in enumerate(network.nodes):
            node.areas = _corners(map, node, ends.get(number, []))
    for node in network.nodes:
        for number, crossing in enumerate(node.crossings):
            crossing.name = f":{node.id}_c{number}"
        for number, area in enumerate(node.areas):
            area.name = f":{node.id}_w{number}"


def _nodes_of_crossings(map: Map, network: Network) -> dict[int, int]:
    """Return the node of each crossing (rows) whose junction is known."""
    by_junction = {node.junction: number for number, node in enumerate(network.nodes) if node.junction >= 0}
    return {
        row: by_junction[junction]
        for row, junction in enumerate(map.crossings["junction"].tolist())
        if junction in by_junction
    }


def _group(map: Map, row: int, junction: int) -> int:
    if junction < 0 or not map.crossings["phase"][row]:
        return -1
    first = int(map.junctions["first_group"][junction])
    own = range(first, first + int(map.junctions["groups"][junction]))
    return next((k for k in own if map.groups["phase"][k] == map.crossings["phase"][row]), -1)


def _sidewalk_ends(map: Map, network: Network) -> dict[int, list[tuple[int, int]]]:
    """Return for each node the sidewalks that end (lane, -1) and begin (lane, 0) there."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for edge, _, away, to in network.edges:
        for lane in network.lanes_of[edge]:
            if map.lanes["kind"][lane] == LaneKind.SIDEWALK:
                found[to].append((lane, -1))
                found[away].append((lane, 0))
    return dict(found)


def _own_areas(
    map: Map,
    network: Network,
    place_of: Mapping[int, tuple[int, int]],
    ends: Mapping[int, list[tuple[int, int]]],
) -> None:
    node_of = {end: node for node, those in ends.items() for end in those}
    for lane in np.flatnonzero(map.lanes["kind"] == LaneKind.AREA).tolist():
        area = Area(line_of(map, lane), width_m=float(map.lanes["width_m"][lane]), lane=lane)
        node = -1
        for other in map.predecessors_of(lane).tolist():
            if (other, -1) in node_of:
                area.arriving.append(other)
                node = node_of[other, -1]
        for other in map.successors_of(lane).tolist():
            if (other, 0) in node_of:
                area.leaving.append(other)
                node = node_of[other, 0]
            elif other in place_of:
                node, position = place_of[other]
                area.onto.append(position)
        if node < 0:
            continue
        area.off += [place_of[other][1] for other in map.predecessors_of(lane).tolist() if other in place_of]
        network.nodes[node].areas.append(area)


def _corners(map: Map, node: Node, ends: list[tuple[int, int]]) -> list[Area]:
    """Return a walking area for each corner of a node."""
    items = [("walk", *end) for end in ends] + [
        ("crossing", position, end) for position in range(len(node.crossings)) for end in (0, -1)
    ]
    if not items:
        return []
    corners = [
        _corner(map, lane, end) if what == "walk" else _across(node.crossings[lane], end) for what, lane, end in items
    ]
    middle = np.array([corner.mean(axis=0)[:2] for corner in corners])
    above = list(range(len(items)))

    def top(k: int) -> int:
        while above[k] != k:
            k = above[k]
        return k

    for i in range(len(items)):
        for j in range(i):
            away = float(np.hypot(*(middle[i] - middle[j])))
            if away < CORNER_M or (node.ways and away < ROUND_M and top(i) != top(j) and _free(node, middle[[i, j]])):
                above[top(i)] = top(j)
    for one, other in _round_corners(map, node, middle):
        above[top(one)] = top(other)
    found: dict[int, list[int]] = defaultdict(list)
    for k in range(len(items)):
        found[top(k)].append(k)
    areas = []
    for of in found.values():
        area = Area(_outline(np.vstack([corners[k] for k in of])))
        for what, lane, end in (items[k] for k in of):
            if what == "crossing":
                (area.off if end else area.onto).append(lane)
            else:
                (area.arriving if end else area.leaving).append(lane)
        areas.append(area)
    return areas


def _free(node: Node, between: Line) -> bool:
    """Return whether no way through the node leads over the straight line between two ends."""
    return all(curve.meet(between, way.line) is None for way in node.ways)


def _round_corners(map: Map, node: Node, middle: Line) -> list[tuple[int, int]]:
    """Return the ends that a sidewalk inside the junction joins."""
    joined = []
    if node.junction < 0:
        return []
    inside = (map.lanes["junction"] == node.junction) & (map.lanes["kind"] == LaneKind.SIDEWALK)
    for lane in np.flatnonzero(inside).tolist():
        near = [np.hypot(*(middle - line_of(map, lane)[end, :2]).T) for end in (0, -1)]
        one, other = (int(np.argmin(away)) for away in near)
        if max(near[0][one], near[1][other]) < CORNER_M and one != other:
            joined.append((one, other))
    return joined


def _corner(map: Map, lane: int, end: int) -> Line:
    """Return the two corners of a lane's end, shape (2, 3)."""
    row = int(map.lanes["first"][lane]) + (int(map.lanes["count"][lane]) - 1 if end else 0)
    z = float(map.points["z_m"][row])
    return np.array([[map.points[f"{side}_x_m"][row], map.points[f"{side}_y_m"][row], z] for side in ("left", "right")])


def _across(crossing: Crossing, end: int) -> Line:
    """Return the two corners of a crossing's end, shape (2, 3)."""
    ahead = crossing.line[1] - crossing.line[0] if end == 0 else crossing.line[-1] - crossing.line[-2]
    aside = np.array([-ahead[1], ahead[0], 0.0]) / max(float(np.hypot(*ahead[:2])), 1e-6) * crossing.width_m / 2
    return np.vstack([crossing.line[end] + aside, crossing.line[end] - aside])


def _outline(corners: Line) -> Line:
    """Return the corners in order round their middle, as an area that has one."""
    middle = corners.mean(axis=0)
    away = corners[:, :2] - middle[:2]
    if np.linalg.matrix_rank(away, tol=LEAST_AREA_M) < 2:
        square = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * LEAST_AREA_M
        corners = (corners[:, None] + square[None]).reshape(-1, 3)
        away = corners[:, :2] - middle[:2]
    order = np.argsort(np.arctan2(away[:, 1], away[:, 0]), kind="stable")
    outline: Line = corners[order]
    return outline


def _over(map: Map, network: Network, node: Node, line: Line) -> list[str]:
    """Return the edges that a crossing leads over: those of the ways it crosses, or whatever lies under it."""
    names = {edge: name for edge, name, _, _ in network.edges}
    edge_of = map.lanes["edge"]
    over: dict[str, None] = {}
    for way in node.ways:
        met = curve.meet(line, way.line)
        if met is not None:
            over[names[int(edge_of[way.start if met[1] < (len(way.line) - 1) / 2 else way.end])]] = None
    beside = [lane for edge in node.arriving for lane in network.lanes_of[edge]] + [way.end for way in node.ways]
    for lanes in (beside, network.lane_name):
        for lane in lanes if not over else ():
            if map.lanes["kind"][lane] != LaneKind.SIDEWALK and curve.meet(line, line_of(map, lane)) is not None:
                over[names[int(edge_of[lane])]] = None
    return list(over)
