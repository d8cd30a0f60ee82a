"""A SUMO ``.net.xml`` as it stands: edges, lanes, connections, junctions, signal programs. Read once per compile.

Only what a precise map needs is read. Units are SUMO's: metres, seconds, metres a second; places are the net's own
metres, which are the zone's (:mod:`jinyun.hdmap.plain`).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jinyun.hdmap.curve import Line

DRIVERS = ("passenger", "private")


@dataclass(frozen=True)
class NetLane:
    id: str
    edge: str
    index: int
    use: str  # car, bus, bike, walk, crossing, area, none
    speed_mps: float
    length_m: float
    width_m: float
    shape: Line


@dataclass(frozen=True)
class NetEdge:
    id: str
    function: str  # normal, internal, crossing, walkingarea
    start: str
    end: str
    lanes: tuple[NetLane, ...]
    over: tuple[str, ...]  # edges that a crossing crosses


@dataclass(frozen=True)
class NetLink:
    """A connection from lane to lane; ``via`` is the first internal lane, ``signal`` its index at traffic light ``tl``."""

    start: str
    end: str
    via: str
    direction: str
    tl: str
    signal: int


@dataclass(frozen=True)
class NetJunction:
    id: str
    kind: str
    x_m: float
    y_m: float
    shape: Line
    inner: tuple[str, ...]  # last internal lane of each of its links, in the order of the yielding table
    yields: tuple[str, ...]  # response strings: character -1-j is "1" where the link must give way to link j


@dataclass
class Net:
    edges: dict[str, NetEdge] = field(default_factory=dict)
    lanes: dict[str, NetLane] = field(default_factory=dict)
    links: list[NetLink] = field(default_factory=list)
    junctions: dict[str, NetJunction] = field(default_factory=dict)
    programs: dict[str, tuple[float, list[tuple[float, str]]]] = field(default_factory=dict)


def shape(text: str) -> Line:
    """Return SUMO's ``x,y[,z] x,y[,z] ...`` as an array of shape (n, 3)."""
    points = [point.split(",") for point in text.split()]
    return np.array([[float(p[0]), float(p[1]), float(p[2]) if len(p) > 2 else 0.0] for p in points])


def read(path: Path) -> Net:
    """Return the net in ``path``; raises ``OSError`` or ``xml.etree.ElementTree.ParseError``."""
    net = Net()
    for item in ET.parse(path).getroot():
        get = item.get
        if item.tag == "edge":
            function = get("function", "normal")
            lanes = tuple(_lane(lane, get("id", ""), function) for lane in item if lane.tag == "lane")
            over = tuple(get("crossingEdges", "").split())
            net.edges[get("id", "")] = NetEdge(get("id", ""), function, get("from", ""), get("to", ""), lanes, over)
            net.lanes.update((lane.id, lane) for lane in lanes)
        elif item.tag == "connection":
            net.links.append(
                NetLink(
                    f"{get('from')}_{get('fromLane')}",
                    f"{get('to')}_{get('toLane')}",
                    get("via", ""),
                    get("dir", ""),
                    get("tl", ""),
                    int(get("linkIndex", "-1")),
                )
            )
        elif item.tag == "junction" and get("type") != "internal":
            net.junctions[get("id", "")] = NetJunction(
                get("id", ""), get("type", ""), float(get("x", "0")), float(get("y", "0")), shape(get("shape", "")),
                tuple(get("intLanes", "").split()), tuple(request.get("response", "") for request in item),
            )  # fmt: skip
        elif item.tag == "tlLogic":
            steps = [(float(phase.get("duration", "0")), phase.get("state", "")) for phase in item]
            net.programs[get("id", "")] = float(get("offset", "0")), steps
    return net


def _lane(lane: ET.Element, edge: str, function: str) -> NetLane:
    get = lane.get
    allow, refuse = get("allow"), get("disallow")
    if function in ("crossing", "walkingarea"):
        use = "crossing" if function == "crossing" else "area"
    elif allow is not None:
        allowed = allow.split()
        cars = any(kind in allowed for kind in (*DRIVERS, "all"))
        use = "car" if cars else next((u for u, k in _ALLOWED if k in allowed), "none")
    else:
        use = "none" if refuse is not None and ("all" in refuse.split() or "passenger" in refuse.split()) else "car"
    return NetLane(
        get("id", ""), edge, int(get("index", "0")), use, float(get("speed", "0")), float(get("length", "0")),
        float(get("width", "3.2")), shape(get("shape", "")),
    )  # fmt: skip


_ALLOWED = (("bus", "bus"), ("bike", "bicycle"), ("walk", "pedestrian"))
