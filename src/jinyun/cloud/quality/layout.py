"""The ways through a junction, in one neutral form, whether the precise map tells them or a MAP that was received.

A way (行进路线) leads from the lane in front of a stop line to a lane behind the junction, under a signal group or none;
where people cross is a way too. Lanes are named by their rows in the precise map, so that what is driven can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality import meeting
from jinyun.hdmap import LaneKind, Map, Turn

Floats = NDArray[np.float64]
Value = Mapping[str, Any]
Node = tuple[int, int]

DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE)
SAME_LANE_M = 4.0
"""A lane of a MAP is that of the precise map whose stop line is nearest, within this."""
STRAIGHT_RAD, BACK_RAD = np.radians(45.0), np.radians(150.0)
"""A way that turns by less goes straight on, one that turns by more comes back."""
_TURNS = (Turn.STRAIGHT, Turn.LEFT, Turn.RIGHT, Turn.U_TURN)
"""Bits 0 to 3 of AllowedManeuvers."""
NO_PHASE = (0, 255)
"""PhaseID not known, and permanently green: neither has a light of its own."""


@dataclass(frozen=True)
class Way:
    """One way through a junction; ``lane`` and ``onto`` are rows of the precise map's lanes, -1 where it has none."""

    phase: int
    turn: int  # a Turn, 0 for people crossing
    bicycle: bool
    walkers: bool
    heading_rad: float  # of who comes to the stop line
    lane: int
    onto: tuple[int, ...]  # more than one where a lane's number can be read in two ways
    arm: object  # equal for ways from one road
    start: object  # equal for ways from one lane
    end: object  # equal for ways into one lane
    line: Floats | None  # shape (n, 2), from the stop line on; None where nobody knows


class Ground:
    """What the precise map says of every junction, found by node."""

    def __init__(self, map: Map) -> None:
        self.map = map
        region = int(map.about["region"][0])
        self.row_of: dict[Node, int] = {}
        for row, node in enumerate(map.junctions["node"].tolist()):
            self.row_of.setdefault((region, node), row)
        edge = map.lanes["edge"]
        driven = np.isin(map.lanes["kind"], DRIVEN) & (edge >= 0)
        self._into, self._from = (
            _by_value(np.where(driven, map.edges[side][edge], -1)) for side in ("end", "start")
        )  # lanes that end at, and begin at, each junction
        self._crossings = _by_value(map.crossings["junction"])

    @cached_property
    def link_of(self) -> dict[tuple[int, int], int]:
        """The row of ``links`` between two lanes."""
        links = self.map.links
        return {key: row for row, key in enumerate(zip(links["start"].tolist(), links["end"].tolist(), strict=True))}

    def name(self, row: int) -> str:
        return str(self.map.junctions["id"][row]) if row >= 0 else ""

    def into(self, row: int) -> list[int]:
        return self._into.get(row, [])

    def out_of(self, row: int) -> list[int]:
        return self._from.get(row, [])

    def ways(self, row: int) -> list[Way]:
        """Return all ways through a junction as the precise map has them."""
        links, found = self.map.links, []
        for lane in self.into(row):
            for link in self.map.ways_on.get(lane, []):
                end, group = int(links["end"][link]), int(links["group"][link])
                if self.map.lanes["kind"][end] not in DRIVEN:
                    continue
                phase = int(self.map.groups["phase"][group]) if group >= 0 else 0
                found.append(self.way(lane, end, int(links["turn"][link]), phase))
        return found + self.walkers(row)

    def walkers(self, row: int) -> list[Way]:
        """Return where people cross under a signal."""
        table, points, found = self.map.crossings, self.map.crossing_points, []
        for crossing in self._crossings.get(row, []):
            phase = int(table["phase"][crossing])
            if phase in NO_PHASE:
                continue
            part = slice(int(table["first"][crossing]), int(table["first"][crossing] + table["count"][crossing]))
            line = np.column_stack([points["x_m"][part], points["y_m"][part]])
            found.append(Way(phase, 0, False, True, np.nan, -1, (), None, ("walk", crossing), ("walk", crossing), line))
        return found

    def way(self, lane: int, end: int, turn: int, phase: int, others: Sequence[int] = ()) -> Way:
        """Return the way from one lane of the precise map to another (rows), by the map's own line where it has one."""
        before, after = self.map.lane_line(lane), self.map.lane_line(end)
        heading, leaving = meeting.heading_rad(before, True), meeting.heading_rad(after, False)
        link = self.link_of.get((lane, end))
        if link is not None:
            line = np.concatenate([before[-1:], *map(self.map.lane_line, self._inner(link, end)), after[:1]])
            turn = turn or int(self.map.links["turn"][link])
        else:
            line = meeting.curve(before[-1], heading, after[0], leaving)
        bicycle = int(self.map.lanes["kind"][lane]) == LaneKind.BICYCLE
        turn = turn or turn_of(meeting.turned_rad(heading, leaving))
        arm = int(self.map.lanes["edge"][lane])
        return Way(phase, turn, bicycle, False, heading, lane, (end, *others), arm, lane, end, line)

    def _inner(self, link: int, end: int) -> list[int]:
        """Return the lanes inside the junction that a link leads over."""
        lane, found = int(self.map.links["via"][link]), list[int]()
        while lane >= 0 and lane != end and len(found) < 12:
            found.append(lane)
            onward = self.map.successors_of(lane).tolist()
            lane = end if end in onward or not onward else int(onward[0])
        return found

    def lane_at(self, row: int, place: Floats, begins: bool = False) -> int:
        """Return the lane whose stop line (or, with ``begins``, whose beginning) behind junction ``row`` is at a place."""
        lanes = self.out_of(row) if begins else self.into(row)
        if not lanes:
            return -1
        first, count = self.map.lanes["first"][lanes].astype(np.int64), self.map.lanes["count"][lanes].astype(np.int64)
        at = first if begins else first + count - 1
        away = np.hypot(self.map.points["x_m"][at] - place[0], self.map.points["y_m"][at] - place[1])
        best = int(np.argmin(away))
        return lanes[best] if away[best] <= SAME_LANE_M else -1

    def lanes_numbered(self, row: int, remote: int, number: int, lane: int) -> list[int]:
        """Return the lanes behind junction ``row`` that become the lane with a number at ``remote``.

        Without a number (0), those of the road there that ``lane`` leads to.
        """
        number_of = self.map.approaches.number
        if number:
            return [end for end in self.out_of(row) if number_of(end) == (remote, number)]
        return [end for end in self.out_of(row) if number_of(end)[0] == remote and (lane, end) in self.link_of]


def of_message(
    ground: Ground | None, node: Node, links: Sequence[Value], received: Mapping[Node, Sequence[Value]], places: Places
) -> list[Way]:
    """Return the ways of a junction as the links of its MAP have them, with people's as the precise map has them.

    ``received`` are the links of all junctions whose MAP is known: a way ends where the lane it names begins.
    """
    row = ground.row_of.get(node, -1) if ground else -1
    found: list[Way] = []
    for link in links:
        upstream = reference(link["upstreamNodeId"])
        for lane in link["lanes"]:
            points = places(node, lane.get("points") or link.get("points") or ())
            kind = lane.get("laneAttributes", {}).get("laneType", ("", None))[0]
            own = ground.lane_at(row, points[-1]) if ground and row >= 0 and len(points) else -1
            for connection in lane.get("connectsTo", ()):
                phase = int(connection.get("phaseId", 0))
                key = (upstream, lane["laneID"])
                remote, onto = reference(connection["remoteIntersection"]), connection.get("connectingLane", {})
                behind = _beginning(received.get(remote, ()), node, onto.get("lane", 0), places, remote)
                turn = _turn(onto.get("maneuver"))
                ends = _ends(ground, row, own, remote, int(onto.get("lane", 0)), behind)
                if ground and own >= 0 and ends:
                    best = next((end for end in ends if (own, end) in ground.link_of), ends[0])
                    found.append(ground.way(own, best, turn, phase, [end for end in ends if end != best]))
                    continue
                heading = meeting.heading_rad(points, True) if len(points) > 1 else np.nan
                line = None
                if len(points) > 1 and len(behind) > 1:
                    leaving = meeting.heading_rad(behind, False)
                    line = meeting.curve(points[-1], heading, behind[0], leaving)
                    turn = turn or turn_of(meeting.turned_rad(heading, leaving))
                walks, end = kind == "crosswalk", (remote, onto.get("lane", 0))
                found.append(Way(phase, turn, kind == "bikeLane", walks, heading, own, ends, upstream, key, end, line))
    return found + (ground.walkers(row) if ground and row >= 0 else [])


class Places:
    """Turns the points of MAPs into places; ``project`` is degrees to metres, ``refs`` the nodes' own places."""

    def __init__(self, project: Any, refs: Mapping[Node, tuple[int, int]]) -> None:
        self._project, self._refs = project, refs

    def __call__(self, node: Node, points: Sequence[Value]) -> Floats:
        """Return the places of a link's or lane's points, shape (n, 2)."""
        if not points:
            return np.empty((0, 2))
        lon_here, lat_here = self._refs[node]
        lon, lat = np.empty(len(points)), np.empty(len(points))
        for k, point in enumerate(points):
            name, offset = point["posOffset"]["offsetLL"]
            absolute = name == "position-LatLon"
            lon[k] = offset["lon"] + (0 if absolute else lon_here)
            lat[k] = offset["lat"] + (0 if absolute else lat_here)
        return np.column_stack(self._project(lon * 1e-7, lat * 1e-7))


def reference(value: Value) -> Node:
    """Return (region, id) of a NodeReferenceID."""
    return int(value.get("region", 0)), int(value["id"])


def remotes(links: Sequence[Value]) -> set[Node]:
    """Return the junctions that the connections of a MAP's links lead to."""
    return {
        reference(connection["remoteIntersection"])
        for link in links
        for lane in link["lanes"]
        for connection in lane.get("connectsTo", ())
    }


def turn_of(turned_rad: float) -> int:
    """Return the Turn of a way by how much it turns, clockwise."""
    if abs(turned_rad) < STRAIGHT_RAD:
        return Turn.STRAIGHT
    if abs(turned_rad) > BACK_RAD:
        return Turn.U_TURN
    return Turn.RIGHT if turned_rad > 0 else Turn.LEFT


def _turn(maneuver: tuple[bytes, int] | None) -> int:
    """Return the Turn that AllowedManeuvers names, 0 where it names none or several."""
    if maneuver is None:
        return 0
    named = [turn for bit, turn in enumerate(_TURNS) if maneuver[0][0] & (0x80 >> bit)]
    return int(named[0]) if len(named) == 1 else 0


def _ends(ground: Ground | None, row: int, lane: int, remote: Node, number: int, behind: Floats) -> tuple[int, ...]:
    """Return the lanes that a connection may mean: those so numbered, and the one that begins where the MAP beyond says."""
    if ground is None or row < 0:
        return ()
    there = ground.row_of.get(remote, -1)
    ends = ground.lanes_numbered(row, there, number, lane) if there >= 0 else []
    if len(behind):
        ends.append(ground.lane_at(row, behind[0], begins=True))
    return tuple(dict.fromkeys(end for end in ends if end >= 0))


def _beginning(links: Sequence[Value], node: Node, number: int, places: Places, remote: Node) -> Floats:
    """Return the points of the lane with a number on the road from ``node``, as the MAP at its far end has it."""
    for link in links:
        if reference(link["upstreamNodeId"]) == node:
            for lane in link["lanes"]:
                if lane["laneID"] == number:
                    return places(remote, lane.get("points") or link.get("points") or ())
    return np.empty((0, 2))


def _by_value(values: NDArray[Any]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row, value in enumerate(values.tolist()):
        if value >= 0:
            found.setdefault(value, []).append(row)
    return found
