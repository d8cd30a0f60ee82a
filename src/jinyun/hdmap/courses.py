"""The courses of the zone's lines (公交线路走向): the edges each drives over and the stops it serves, in order.

A line follows the nodes that ``zone.toml`` names; where it comes back to its first node it is a loop without end.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

from jinyun.hdmap.fault import MapError
from jinyun.hdmap.precise import LaneKind, Map
from jinyun.zone import TransitLine, Zone


@dataclass(frozen=True)
class Course:
    """A transit line on the net: its edges in order, the stops it serves in order, and whether it is a loop."""

    line: TransitLine
    edges: list[str]
    stops: list[str]
    loop: bool


def courses(zone: Zone, map: Map) -> list[Course]:
    """Return the zone's lines on the net; raises :class:`jinyun.MapError` where there is no way between nodes."""
    onward = _edge_graph(map)
    stop_edge = {
        str(id): str(map.edges["id"][map.lanes["edge"][lane]])
        for id, lane in zip(map.stops.get("id", ()), map.stops.get("lane", ()), strict=True)
    }
    found = []
    for line in zone.lines:
        rows = [row for a, b in zip(line.via, line.via[1:], strict=False) for row in _chain(map, onward, a, b)]
        edges = _joined(map, onward, rows)
        loop = line.via[0] == line.via[-1]
        if loop:
            closing = _way(onward, edges[-1], edges[0])
            edges += [] if closing is None else closing[1:-1]
        names = [str(map.edges["id"][row]) for row in edges]
        served = [stop for stop in line.stops if stop_edge.get(stop) in names]
        served.sort(key=lambda stop: (names.index(stop_edge[stop]), _start_m(map, stop)))
        if missing := set(line.stops) - set(served):
            raise MapError(f"zone.toml: lines: {line.id} does not pass its stops {', '.join(sorted(missing))}")
        found.append(Course(line, names, served, loop))
    return found


def _start_m(map: Map, stop: str) -> float:
    return float(map.stops["start_m"][list(map.stops["id"]).index(stop)])


def _edge_graph(map: Map) -> dict[int, list[int]]:
    """Return for each edge the edges that follow it for cars."""
    edge_of = map.lanes["edge"]
    onward: dict[int, set[int]] = defaultdict(set)
    driven = np.isin(map.lanes["kind"][map.links["start"]], [LaneKind.CAR, LaneKind.BUS])
    for start, end in zip(map.links["start"][driven], map.links["end"][driven], strict=True):
        onward[int(edge_of[start])].add(int(edge_of[end]))
    return {edge: sorted(following) for edge, following in onward.items()}


def _chain(map: Map, onward: dict[int, list[int]], a: str, b: str) -> list[int]:
    """Return the edges of the road from node ``a`` to node ``b``."""
    start, end = map.junction_row(a), map.junction_row(b)
    for first in np.flatnonzero((map.edges["start"] == start) & (map.edges["road"] != "")):
        chain = [int(first)]
        road = map.edges["road"][first]
        while map.edges["end"][chain[-1]] < 0:
            following = [edge for edge in onward.get(chain[-1], []) if map.edges["road"][edge] == road]
            if not following:
                break
            chain.append(following[0])
        if map.edges["end"][chain[-1]] == end and start != end:
            return chain
    raise MapError(f"zone.toml: lines: no road leads from {a} to {b} without a node between")


def _joined(map: Map, onward: dict[int, list[int]], rows: list[int]) -> list[int]:
    edges = rows[:1]
    for row in rows[1:]:
        way = _way(onward, edges[-1], row)
        if way is None:
            ends = f"{map.edges['id'][edges[-1]]} to {map.edges['id'][row]}"
            raise MapError(f"zone.toml: lines: no way on from {ends}")
        edges += way[1:]
    return edges


def _way(onward: dict[int, list[int]], start: int, end: int) -> list[int] | None:
    """Return the shortest way in edges from ``start`` to ``end``, both included."""
    before = {start: start}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for following in onward.get(here, []):
            if following == end:
                way = [end, here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if following not in before:
                before[following] = here
                waiting.append(following)
    return None
