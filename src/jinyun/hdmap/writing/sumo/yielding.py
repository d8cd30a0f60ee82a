"""Who gives way to whom at a node (让行): the table of requests that a SUMO junction has.

People on a crossing go first. Of two ways that cross or merge, the one from the smaller road gives way; on equal roads
and under signals the one that turns farther, and of equals the one that has the other to its right.
"""

from __future__ import annotations

from math import atan2, pi

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.precise import LaneKind, Map
from jinyun.hdmap.writing.sumo.network import SPEED_MPS, Node, Way

_TURNS = {"s": 0, "r": 1, "l": 2, "t": 3}
SAME_ROAD = 1.2
"""Roads whose weights (speed limit by lanes) differ by less than this factor are equals."""


def foes(node: Node) -> list[set[int]]:
    """Return for each way, then for each crossing of a node, which others it cannot be used with."""
    lines = [way.line for way in node.ways] + [crossing.line for crossing in node.crossings]
    ways = len(node.ways)
    found: list[set[int]] = [set() for _ in lines]
    for i in range(ways):
        for j in range(i + 1, len(lines)):
            if j < ways and node.ways[i].start == node.ways[j].start:
                continue
            merge = j < ways and node.ways[i].end == node.ways[j].end
            if merge or curve.meet(lines[i], lines[j]) is not None:
                found[i].add(j)
                found[j].add(i)
    return found


def responses(map: Map, node: Node) -> list[set[int]]:
    """Return for each way, then for each crossing, which others it gives way to."""
    signalised = node.junction >= 0 and int(map.junctions["steps"][node.junction]) > 0
    ways = len(node.ways)
    weight = _weights(map, node)
    found: list[set[int]] = [set() for _ in node.foes]
    for i in range(ways):
        for j in node.foes[i]:
            if j >= ways:
                found[i].add(j)
            elif i < j:
                one, other = (i, j) if _yields(node, i, j, weight, signalised) else (j, i)
                found[one].add(other)
    return found


def _weights(map: Map, node: Node) -> list[float]:
    edge_of, lanes = map.lanes["edge"], map.lanes
    driven = np.isin(lanes["kind"], (LaneKind.CAR, LaneKind.BUS))
    counted: dict[int, int] = {}
    weights = []
    for way in node.ways:
        edge = int(edge_of[way.start])
        if edge not in counted:
            first, count = int(map.edges["first"][edge]), int(map.edges["count"][edge])
            counted[edge] = max(int(driven[first : first + count].sum()), 1)
        speed = float(lanes["speed_limit_mps"][way.start])
        weights.append((speed if np.isfinite(speed) else SPEED_MPS) * counted[edge])
    return weights


def _yields(node: Node, i: int, j: int, weight: list[float], signalised: bool) -> bool:
    """Return whether way ``i`` gives way to way ``j``; the other way round otherwise."""
    one, other = node.ways[i], node.ways[j]
    if not signalised and max(weight[i], weight[j]) > SAME_ROAD * min(weight[i], weight[j]):
        return weight[i] < weight[j]
    turns = _TURNS[one.direction], _TURNS[other.direction]
    if turns[0] != turns[1]:
        return turns[0] > turns[1]
    angle = (_heading(other) - _heading(one) + pi) % (2 * pi) - pi
    if abs(angle) < 0.1 or abs(angle) > 3.0:
        return i > j
    return angle < 0  # who comes from the right heads to our left


def _heading(way: Way) -> float:
    ahead = way.line[1] - way.line[0]
    return atan2(ahead[0], ahead[1])
