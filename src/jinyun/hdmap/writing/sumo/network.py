"""The map as SUMO sees a network: nodes, edges from node to node, and at each node the ways through it, in order.

SUMO joins edges at nodes only, so the places where one part of a road follows another become nodes, too. A way through
a node is one inner lane from lane to lane; the inner lanes of the map that lie one after another become one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import curve
from jinyun.hdmap.conflicts import path_of
from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import LaneKind, Map, Turn

LEAST_M = 0.1
"""SUMO has no shorter lane."""
SPEED_MPS = 13.89
"""Where the map has no speed limit: 50 km/h, SUMO's own default."""
ACROSS_MPS2 = 5.5
"""A bend is taken with at most this lateral acceleration, as in the nets that SUMO's own compiler makes."""
BESIDE_M = 12.0
"""So near to the end of a road a sidewalk ends where that does."""
RIDDEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE, LaneKind.SIDEWALK)
_USE = {LaneKind.INNER: LaneKind.CAR, LaneKind.INNER_BICYCLE: LaneKind.BICYCLE}
_DIRECTIONS = {Turn.STRAIGHT: "s", Turn.LEFT: "l", Turn.RIGHT: "r", Turn.U_TURN: "t"}


@dataclass(kw_only=True)
class Inner:
    """Something inside a node: its edge's name, its signal group (row, -1 none) and its number in the node's lights."""

    group: int = -1
    name: str = ""
    signal: int = -1


@dataclass
class Way(Inner):
    """One way through a node, from lane to lane (rows of the map)."""

    start: int
    end: int
    line: Line
    kind: LaneKind
    width_m: float
    speed_mps: float
    direction: str


@dataclass
class Crossing(Inner):
    """A pedestrian crossing at a node (人行横道) and the edges it leads over."""

    line: Line
    width_m: float
    over: list[str]
    lane: int  # the map's row


@dataclass
class Area:
    """Where people walk and wait at a node, with the sidewalks and crossings that end there."""

    outline: Line
    arriving: list[int] = field(default_factory=list)  # sidewalks (rows of lanes) that lead here
    leaving: list[int] = field(default_factory=list)
    onto: list[int] = field(default_factory=list)  # positions of the node's crossings that begin here
    off: list[int] = field(default_factory=list)  # and of those that end here
    name: str = ""
    width_m: float = 2.0
    lane: int = -1  # the map's row, if it has one


@dataclass
class Node:
    """A node; ``junction`` is the map's row, -1 where only one part of a road follows another."""

    id: str
    x_m: float
    y_m: float
    junction: int
    ways: list[Way] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    arriving: list[int] = field(default_factory=list)  # edges (rows), in the order of their lanes' ways
    foes: list[set[int]] = field(default_factory=list)  # of each way, then of each crossing
    gives_way: list[set[int]] = field(default_factory=list)

    @property
    def inner(self) -> list[Inner]:
        """Its ways, then its crossings: the order of requests and lights."""
        return [*self.ways, *self.crossings]


@dataclass
class Network:
    """Everything that a net file says; ``edges`` are (row, name, node it leaves, node it leads to)."""

    nodes: list[Node]
    edges: list[tuple[int, str, int, int]]
    lane_name: dict[int, str]
    lanes_of: dict[int, list[int]]  # lanes of an edge from the rightmost, by rows
    left_out: int  # ways whose two edges do not end at one node


def legal(names: NDArray[np.str_]) -> list[str]:
    """Return names that SUMO takes, unlike each other: other characters than letters, digits and ``_.#/+-`` become ``_``."""
    made: list[str] = []
    taken: set[str] = set()
    for name in names.tolist():
        plain = re.sub(r"[^A-Za-z0-9_.#/+-]", "_", name) or "_"
        only, number = plain, 1
        while only in taken:
            number += 1
            only = f"{plain}_{number}"
        taken.add(only)
        made.append(only)
    return made


def network(map: Map) -> Network:
    """Return the network of a map."""
    paths = {
        link: path_of(link, map.links, map.successors_first["row"], map.successors["lane"])
        for link in range(len(map.links["start"]))
    }
    kind = map.lanes["kind"]
    inner = {lane for path in paths.values() for lane in path} | set(
        np.flatnonzero(map.lanes["junction"] >= 0).tolist()
    )
    lanes_of: dict[int, list[int]] = defaultdict(list)
    for lane in np.flatnonzero(np.isin(kind, RIDDEN)).tolist():
        if lane not in inner:
            lanes_of[int(map.lanes["edge"][lane])].append(lane)
    names = legal(map.edges["id"])
    lane_name = {lane: f"{names[edge]}_{index}" for edge, lanes in lanes_of.items() for index, lane in enumerate(lanes)}
    nodes, node_of = _nodes(map, lanes_of)
    edges = [(edge, names[edge], node_of[edge, 0], node_of[edge, 1]) for edge in sorted(lanes_of)]
    left_out = _ways(map, nodes, node_of, lane_name, paths)
    for edge, _, _, to in edges:
        nodes[to].arriving.append(edge)
    return Network(nodes, edges, lane_name, dict(lanes_of), left_out)


def line_of(map: Map, lane: int) -> Line:
    """Return a lane's middle line with heights, shape (n, 3)."""
    first, count = int(map.lanes["first"][lane]), int(map.lanes["count"][lane])
    return np.column_stack([map.points[key][first : first + count] for key in ("x_m", "y_m", "z_m")])


def _nodes(map: Map, lanes_of: dict[int, list[int]]) -> tuple[list[Node], dict[tuple[int, int], int]]:
    """Return the nodes, and which one each edge leaves (row, 0) and leads to (row, 1).

    A junction with roads of its own from itself to itself (a roundabout) becomes a node for each of its mouths.
    """
    above: dict[tuple[int, int], tuple[int, int]] = {}

    def top(of: tuple[int, int]) -> tuple[int, int]:
        while of in above:
            of = above[of]
        return of

    at: dict[tuple[int, int], int] = {}
    for edge in lanes_of:
        for end, key in ((0, "start"), (1, "end")):
            at[edge, end] = int(map.edges[key][edge])
    edge_of = map.lanes["edge"]
    rings = {
        int(map.edges["end"][edge]) for edge in lanes_of if 0 <= map.edges["end"][edge] == map.edges["start"][edge]
    }
    for start, end in zip(map.links["start"].tolist(), map.links["end"].tolist(), strict=True):
        a, b = top((int(edge_of[start]), 1)), top((int(edge_of[end]), 0))
        if (
            a == b
            or a not in at
            or b not in at
            or (at[a] >= 0 and at[b] >= 0 and (at[a] != at[b] or at[a] not in rings))
        ):
            continue
        a, b = (a, b) if at[a] >= 0 else (b, a)
        above[b] = a
    for walk, beside in _loose_walks(map, lanes_of, at, {*above, *above.values()}).items():
        above[walk] = top(beside)
    ids = legal(map.junctions["id"])
    nodes = [
        Node(id, float(x), float(y), row)
        for row, (id, x, y) in enumerate(zip(ids, map.junctions["x_m"], map.junctions["y_m"], strict=True))
    ]
    row_of: dict[tuple[int, int], int] = {}
    found: dict[tuple[int, int], int] = {}
    for place in at:
        root = top(place)
        if at[root] >= 0 and at[root] not in rings:
            found[place] = at[root]
            continue
        if root not in row_of:
            x, y = line_of(map, lanes_of[root[0]][0])[-root[1], :2].tolist()
            row_of[root] = len(nodes)
            name = f"part.{len(nodes)}" if at[root] < 0 else f"{ids[at[root]]}.{len(nodes)}"
            nodes.append(Node(name, x, y, -1))
        found[place] = row_of[root]
    return nodes, found


def _loose_walks(
    map: Map, lanes_of: dict[int, list[int]], at: dict[tuple[int, int], int], joined: set[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return for the ends of sidewalks that nothing is joined to the end of the road beside them, if it is near.

    In Lanelet2 a sidewalk is no lane of the road; people cross where the road has its junction all the same.
    """
    walks = [edge for edge, lanes in lanes_of.items() if (map.lanes["kind"][lanes] == LaneKind.SIDEWALK).all()]
    apart = set(walks)
    roads = [(edge, end) for edge in lanes_of if edge not in apart for end in (0, 1)]
    lanes = [(place, lane) for place in roads for lane in lanes_of[place[0]]]
    if not lanes:
        return {}
    places = np.array([line_of(map, lane)[-place[1], :2] for place, lane in lanes])
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for edge in walks:
        line = line_of(map, lanes_of[edge][0])
        for end in (0, 1):
            away = np.hypot(*(places - line[-end, :2]).T)
            nearest = int(np.argmin(away))
            inside = at[edge, end] >= 0 and map.junctions["control"][at[edge, end]] != "fringe"
            if not inside and (edge, end) not in joined and away[nearest] < BESIDE_M:
                found[edge, end] = lanes[nearest][0]
    return found


def _ways(
    map: Map,
    nodes: list[Node],
    node_of: dict[tuple[int, int], int],
    lane_name: dict[int, str],
    paths: dict[int, list[int]],
) -> int:
    """Give each node its ways, ordered by the lanes they come from; return how many belong to no node."""
    edge_of, left_out = map.lanes["edge"], 0
    begun = map.links["start"].astype(np.int64)
    order = np.lexsort((np.arange(len(begun)), map.lanes["index"][begun], edge_of[begun]))
    for link in order.tolist():
        start, end = int(map.links["start"][link]), int(map.links["end"][link])
        if start not in lane_name or end not in lane_name or map.lanes["kind"][start] == LaneKind.SIDEWALK:
            continue
        node = node_of[int(edge_of[start]), 1]
        if node != node_of[int(edge_of[end]), 0]:
            left_out += 1
            continue
        nodes[node].ways.append(_way(map, link, start, end, paths[link]))
    for place in nodes:
        for number, way in enumerate(place.ways):
            way.name = f":{place.id}_{number}"
    return left_out


def _way(map: Map, link: int, start: int, end: int, path: list[int]) -> Way:
    before, after = line_of(map, start), line_of(map, end)
    line = np.vstack([line_of(map, lane) for lane in path]) if path else np.vstack([before[-1:], after[:1]])
    step = np.hypot(*np.diff(line[:, :2], axis=0).T)
    line = line[np.append(True, step > 1e-4)]
    if len(line) < 2 or curve.length_m(line) < LEAST_M:
        ahead = before[-1] - before[-2]
        ahead = ahead / max(float(np.hypot(*ahead[:2])), 1e-6) * LEAST_M
        line = np.vstack([line[0], line[0] + ahead])
    limit = float(map.lanes["speed_limit_mps"][start])
    limit = limit if np.isfinite(limit) and limit > 0 else SPEED_MPS
    turned = np.abs(_turned_rad(line))
    fastest = sqrt(ACROSS_MPS2 * curve.length_m(line) / turned) if turned > 1e-3 else limit
    kinds = {LaneKind(int(map.lanes["kind"][lane])) for lane in (start, end)}
    kind = LaneKind.BICYCLE if LaneKind.BICYCLE in kinds else LaneKind.BUS if LaneKind.BUS in kinds else LaneKind.CAR
    return Way(
        start, end, line, kind, float(map.lanes["width_m"][path[0] if path else start]), min(limit, max(fastest, 1.0)),
        _DIRECTIONS.get(Turn(int(map.links["turn"][link])), "s"), group=int(map.links["group"][link]),
    )  # fmt: skip


def _turned_rad(line: Line) -> float:
    dx, dy = np.diff(line[:, :2], axis=0).T
    heading = np.unwrap(np.arctan2(dx, dy))
    return float(heading[-1] - heading[0])
