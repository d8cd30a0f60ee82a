"""What a MapData says of one node, in the map's metres: its links, their lanes, where those lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from jinyun.hdmap.overlay import Line

if TYPE_CHECKING:
    from jinyun.hdmap.precise import Map

Value = dict[str, Any]
SAME_M = 0.02
"""Points of a line that lie nearer to each other are one."""


@dataclass
class Said:
    """A received link; lists hold one for each lane, None for what the message leaves out.

    ``connections`` name by the node they lead to the phase (0 none) and the numbers of the lanes there.
    """

    upstream: int
    limit_mps: float | None = None
    numbers: list[int] = field(default_factory=list)
    lines: list[Line | None] = field(default_factory=list)
    widths: list[float | None] = field(default_factory=list)
    bicycle: list[bool | None] = field(default_factory=list)
    connections: list[dict[int, tuple[int, set[int]]]] = field(default_factory=list)


def said_of(map: Map, nodes: Sequence[Value]) -> list[Said]:
    """Return the links of the parts of one node; links that two parts share the lanes of are one."""
    found: dict[int, Said] = {}
    for node in nodes:
        for link in node.get("inLinks", ()):
            upstream = int(link["upstreamNodeId"]["id"])
            said = found.setdefault(upstream, Said(upstream))
            for limit in link.get("speedLimits", ()):
                if limit["type"] == "vehicleMaxSpeed":
                    said.limit_mps = limit["speed"] * 0.02
            for lane in link["lanes"]:
                _add(map, node, lane, said)
    for said in found.values():
        _sort(said)
    return list(found.values())


def _add(map: Map, node: Value, lane: Value, said: Said) -> None:
    said.numbers.append(int(lane["laneID"]))
    said.lines.append(_line(map, node["refPos"], lane.get("points", ())))
    said.widths.append(lane["laneWidth"] / 100 if "laneWidth" in lane else None)
    kind = lane.get("laneAttributes", {}).get("laneType", (None,))[0]
    said.bicycle.append({"vehicle": False, "bikeLane": True}.get(kind))
    leads: dict[int, tuple[int, set[int]]] = {}
    for connection in lane.get("connectsTo", ()):
        onto = connection.get("connectingLane", {}).get("lane")
        to = int(connection["remoteIntersection"]["id"])
        leads.setdefault(to, (int(connection.get("phaseId", 0)), set()))[1].update(
            {int(onto)} if onto is not None else ()
        )
    said.connections.append(leads)


def _sort(said: Said) -> None:
    """Put the lanes into the order of their numbers."""
    order = sorted(range(len(said.numbers)), key=lambda k: said.numbers[k])
    for name in ("numbers", "lines", "widths", "bicycle", "connections"):
        values = getattr(said, name)
        setattr(said, name, [values[k] for k in order])


def _line(map: Map, reference: Value, points: Sequence[Value]) -> Line | None:
    """Return a lane's points in the map's metres, None where they are no line."""
    lon, lat = [], []
    for point in points:
        kind, offset = point["posOffset"]["offsetLL"]
        if kind is None:
            continue
        absolute = kind == "position-LatLon"
        lon.append((0 if absolute else reference["long"]) + offset["lon"])
        lat.append((0 if absolute else reference["lat"]) + offset["lat"])
    if len(lon) < 2:
        return None
    line = np.column_stack(map.project(np.array(lon) / 1e7, np.array(lat) / 1e7))
    kept = np.concatenate([[True], np.hypot(*np.diff(line, axis=0).T) > SAME_M])
    line = line[kept]
    return line if len(line) > 1 and np.isfinite(line).all() else None
