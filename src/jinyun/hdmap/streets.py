"""From the road plan to directed streets: each section of a road becomes edges with lanes, geometry and a name.

Vocabulary of the result is SUMO's (node, edge, lane 0 outermost right), because the next step writes it down for
``netconvert``; but nothing here needs SUMO. Edge ids are ``{road}.{section}{+|-}`` with ``+`` along the road's path,
and a suffix for parts of a section: ``p`` the approach with its left-turn pocket, ``d`` and ``m`` the stretches of an
expressway beside which traffic diverges and merges.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line
from jinyun.zone.plan import Plan, Road, Section

SHAPE_TOLERANCE_M = 0.02
POCKET_LANE_M = 3.25
POCKET_LEAST_M = 30.0
JUNCTION_GUESS_M = 22.0
"""Room that a junction is thought to take from each arm when a pocket is laid out."""
AUXILIARY_M = 220.0
"""Length of the lane beside an expressway before a diverge and after a merge."""


@dataclass(frozen=True)
class Lane:
    """One lane of an edge: ``use`` is car, bus, bike or walk."""

    use: str
    width_m: float
    acceleration: bool = False


@dataclass(frozen=True)
class Edge:
    """One direction of a section of a road, or a part of it; ``shape`` is the left border of its leftmost lane."""

    id: str
    road: str
    section: int
    start: str
    end: str
    shape: Line
    lanes: tuple[Lane, ...]
    speed_mps: float
    priority: int
    open: bool
    tunnel: bool


@dataclass(frozen=True)
class Node:
    """A point where edges meet; ``plan`` is the plan's node it belongs to, empty where there is none."""

    id: str
    x_m: float
    y_m: float
    z_m: float
    control: str
    plan: str
    number: int = 0
    offset_s: float = 0.0


@dataclass(frozen=True)
class SectionOf:
    """A stretch of a road between two nodes of the plan, both directions."""

    road: str
    section: int
    start: str
    end: str
    centre: Line
    open: bool
    tunnel: bool


@dataclass
class Streets:
    """All nodes, edges, given connections, crossings, roundabouts and sections of a plan."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[str, Edge] = field(default_factory=dict)
    connections: list[tuple[str, str, int, int]] = field(default_factory=list)
    crossings: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    roundabouts: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    sections: list[SectionOf] = field(default_factory=list)


def lay_out(plan: Plan) -> Streets:
    """Return the streets of a plan whose references have been checked (:func:`jinyun.zone.load`)."""
    streets = Streets()
    ramps = _ramp_ends(plan)
    lines = {road.id: _course(plan, road, streets) for road in plan.roads if plan.classes[road.section].separate}
    lines |= {road.id: _course(plan, road, streets) for road in plan.roads if road.id not in lines}
    arms: dict[str, list[tuple[str, Line, bool]]] = defaultdict(list)
    for road in plan.roads:
        for section in lines[road.id]:
            streets.sections.append(section)
            _edges_of(plan, road, section, streets, ramps, arms)
    for node, its_arms in arms.items():
        _roundabout(plan, node, its_arms, streets)
    _crossings(plan, streets)
    _fixed_connections(streets)
    return streets


def _ramp_ends(plan: Plan) -> dict[str, str]:
    """Return ``d`` (diverge) or ``m`` (merge) for each carriageway node that a ramp leaves from or leads to."""
    ends: dict[str, str] = {}
    for road in plan.roads:
        for place, kind in ((road.path[0], "d"), (road.path[-1], "m")):
            if isinstance(place, str) and place[-1] in "+-":
                ends[place] = kind
    return ends


def _course(plan: Plan, road: Road, streets: Streets) -> list[SectionOf]:
    """Return the sections of a road, and add the nodes it passes."""
    section_of = plan.classes[road.section]
    points = []
    for place in road.path:
        if not isinstance(place, str):
            points.append([*place, 0.0][:3])
        elif place in streets.nodes:
            node = streets.nodes[place]
            points.append([node.x_m, node.y_m, node.z_m])
        else:
            points.append([*plan.nodes[place].at, 0.0][:3])
    line, rows = curve.spline(points)
    passed = [i for i, place in enumerate(road.path) if isinstance(place, str)]
    course = [place for place in road.path if isinstance(place, str)]
    heads = curve.headings_rad(line)
    for i in passed:
        id = str(road.path[i])
        if id[-1] in "+-":
            continue
        described = plan.nodes[id]
        if section_of.separate:
            across = section_of.median_m / 2 + section_of.lanes * section_of.lane_m / 2
            east, north = np.cos(heads[rows[i]]) * across, -np.sin(heads[rows[i]]) * across
            x, y, z = line[rows[i]]
            back = described.no_back or 0
            streets.nodes[id + "+"] = Node(id + "+", x + east, y + north, z, described.control, id, described.no)
            streets.nodes[id + "-"] = Node(id + "-", x - east, y - north, z, described.control, id, back)
        elif described.control != "roundabout" and id not in streets.nodes:
            x, y, z = points[i]
            streets.nodes[id] = Node(id, x, y, z, described.control, id, described.no, described.offset_s)
    sections = []
    for k in range(len(passed) - 1):
        centre = line[rows[passed[k]] : rows[passed[k + 1]] + 1]
        among = range(k, k + 2)
        sections.append(
            SectionOf(
                road.id,
                k,
                course[k],
                course[k + 1],
                centre,
                open=road.open and not _within(road.closed, course, among),
                tunnel=_within(road.tunnel, course, among),
            )
        )
    return sections


def _within(pairs: list[tuple[str, str]], course: list[str], among: range) -> bool:
    for first, last in pairs:
        ends = sorted((course.index(first), course.index(last)))
        if ends[0] <= among[0] and among[-1] <= ends[1]:
            return True
    return False


def _lanes(of: Section, extra: str = "") -> tuple[Lane, ...]:
    """Return the lanes of one direction, outermost right first; ``extra`` adds a pocket (p) or auxiliary lane (d, m)."""
    lanes = []
    if of.sidewalk_m:
        lanes.append(Lane("walk", of.sidewalk_m))
    if of.bike_m:
        lanes.append(Lane("bike", of.bike_m))
    if extra in ("d", "m"):
        lanes.append(Lane("car", of.lane_m, acceleration=extra == "m"))
    bus = of.bus_lane and extra != "p"
    lanes += [Lane("bus" if bus and i == 0 else "car", of.lane_m) for i in range(of.lanes)]
    if extra == "p":
        lanes.append(Lane("car", POCKET_LANE_M))
    return tuple(lanes)


def _edges_of(
    plan: Plan,
    road: Road,
    section: SectionOf,
    streets: Streets,
    ramps: dict[str, str],
    arms: dict[str, list[tuple[str, Line, bool]]],
) -> None:
    of = plan.classes[road.section]
    centre = section.centre
    name = f"{road.id}.{section.section}"
    start, end = section.start, section.end
    for at_end in (False, True):
        node = end if at_end else start
        if node[-1] not in "+-" and plan.nodes[node].control == "roundabout":
            centre = _cut_at_circle(centre, plan.nodes[node].at, plan.nodes[node].radius_m, at_end)
            arm = f"{node}.{name}"
            x, y, z = centre[-1 if at_end else 0]
            streets.nodes[arm] = Node(arm, x, y, z, "priority", node, plan.nodes[node].no)
            arms[node].append((arm, centre, at_end))
            start, end = (start, arm) if at_end else (arm, end)
    ways = [("+", centre, start, end)]
    if not road.oneway:
        ways.append(("-", centre[::-1], end, start))
    for sign, middle, a, b in ways:
        a, b = (a + sign, b + sign) if of.separate else (a, b)
        half = of.lanes * of.lane_m / 2 if road.oneway else -of.median_m / 2
        edge_parts = parts(of, curve.length_m(middle), streets.nodes[b].control, ramps.get(a), ramps.get(b))
        before = a
        for n, (extra, from_m, to_m) in enumerate(edge_parts):
            last = n == len(edge_parts) - 1
            after = b if last else f"{name}{sign}{n}"
            left = half + (POCKET_LANE_M if extra == "p" else 0.0)
            shape = curve.parallel(curve.part(middle, from_m, to_m), -left)
            if not last:
                x, y, z = shape[-1]
                streets.nodes[after] = Node(after, x, y, z, "split", "")
            id = f"{name}{sign}{extra}"
            streets.edges[id] = Edge(
                id, road.id, section.section, before, after, curve.simplified(shape, SHAPE_TOLERANCE_M),
                _lanes(of, extra), of.speed_kmh / 3.6, of.priority, section.open, section.tunnel,
            )  # fmt: skip
            before = after


def parts(
    of: Section, length_m: float, control: str, ramp_before: str | None = None, ramp_after: str | None = None
) -> list[tuple[str, float, float]]:
    """Return the parts of a directed section as (suffix, from, to) along it; ``control`` is that of its last node."""
    begin, stop = 0.0, length_m
    found: list[tuple[str, float, float]] = []
    if of.separate and ramp_before == "m":
        begin = min(AUXILIARY_M, length_m * 0.45)
        found.append(("m", 0.0, begin))
    if of.separate and ramp_after == "d":
        stop = length_m - min(AUXILIARY_M, length_m * 0.45)
    elif of.pocket_m and control == "signal":
        pocket = min(of.pocket_m, length_m * 0.45 - JUNCTION_GUESS_M)
        if pocket >= POCKET_LEAST_M:
            stop = length_m - JUNCTION_GUESS_M - pocket
    found.append(("", begin, stop))
    if stop < length_m:
        found.append(("d" if of.separate else "p", stop, length_m))
    return found


def _cut_at_circle(centre: Line, at: list[float], radius_m: float, at_end: bool) -> Line:
    s = curve.stations(centre)
    fine = np.linspace(0, s[-1], max(int(s[-1]), 2) * 4)
    away = np.hypot(*(curve.at_station(centre, fine)[:, :2] - np.asarray(at[:2])).T)
    outside = fine[away >= radius_m]
    return curve.part(centre, 0.0, outside.max()) if at_end else curve.part(centre, outside.min(), s[-1])


def _roundabout(plan: Plan, id: str, arms: list[tuple[str, Line, bool]], streets: Streets) -> None:
    """Add the circle of a roundabout: one-way edges from arm to arm, anticlockwise."""
    of, node = plan.classes["circle"], plan.nodes[id]
    x, y = node.at[:2]
    angle = {arm: float(np.arctan2(streets.nodes[arm].y_m - y, streets.nodes[arm].x_m - x)) for arm, _, _ in arms}
    ordered = sorted(angle, key=lambda arm: angle[arm])
    inner = node.radius_m - of.lanes * of.lane_m / 2
    ring = []
    for k, arm in enumerate(ordered):
        following = ordered[(k + 1) % len(ordered)]
        sweep = (angle[following] - angle[arm]) % (2 * np.pi) or 2 * np.pi
        turn = angle[arm] + np.linspace(0, sweep, max(int(np.degrees(sweep) / 4), 3))
        shape = np.column_stack([x + inner * np.cos(turn), y + inner * np.sin(turn), np.zeros(len(turn))])
        edge = f"{id}.{k}"
        streets.edges[edge] = Edge(
            edge, id, k, arm, following, shape, _lanes(of), of.speed_kmh / 3.6, of.priority, True, False
        )
        ring.append(edge)
    streets.roundabouts.append((tuple(ordered), tuple(ring)))


def _crossings(plan: Plan, streets: Streets) -> None:
    """Add a pedestrian crossing over each arm of each signal and at each crossing node."""
    by_arm: dict[tuple[str, str, int], list[Edge]] = defaultdict(list)
    for edge in streets.edges.values():
        for node, is_end in ((edge.start, False), (edge.end, True)):
            control = streets.nodes[node].control
            if control not in ("signal", "crossing", "zebra"):
                continue
            backward = edge.id.removeprefix(f"{edge.road}.{edge.section}").startswith("-")
            side = 0 if is_end != backward else 1  # the section ends here, or begins here
            by_arm[node, edge.road, 2 * edge.section + side].append(edge)
    done: set[str] = set()
    for (node, _, _), edges in by_arm.items():
        control = streets.nodes[node].control
        if not all(edge.lanes[0].use == "walk" for edge in edges):
            continue
        if control in ("crossing", "zebra") and node in done:
            continue  # one crossing serves a node in mid-block
        done.add(node)
        streets.crossings.append((node, tuple(edge.id for edge in edges)))


def _fixed_connections(streets: Streets) -> None:
    """Add lane-to-lane connections where parts of a section meet and where ramps leave or join a carriageway."""
    into: dict[str, list[Edge]] = defaultdict(list)
    out_of: dict[str, list[Edge]] = defaultdict(list)
    for edge in streets.edges.values():
        into[edge.end].append(edge)
        out_of[edge.start].append(edge)
    for node in streets.nodes.values():
        arriving, leaving = into[node.id], out_of[node.id]
        if node.control == "split":
            a, b = arriving[0], leaving[0]
            added = len(b.lanes) - len(a.lanes)
            on_right = b.id.endswith("d") or a.id.endswith("m")
            for i in range(len(a.lanes)):
                j = i + added if on_right else i
                if 0 <= j < len(b.lanes) and a.lanes[i].use != "walk":  # walking areas join sidewalks
                    streets.connections.append((a.id, b.id, i, j))
            if added == 1:
                at = 0 if on_right else len(a.lanes) - 1
                streets.connections.append((a.id, b.id, at, 0 if on_right else len(b.lanes) - 1))
        elif any(edge.road == node.plan for edge in leaving):
            streets.connections += _into_circle(node, arriving, leaving)
        elif node.id[-1] in "+-" and len(arriving) + len(leaving) == 3:
            main_in = max(arriving, key=lambda e: e.priority)
            main_out = max(leaving, key=lambda e: e.priority)
            for side in (*arriving, *leaving):
                if side is main_in or side is main_out:
                    continue
                if side in leaving:  # diverge: the auxiliary lane leads off
                    streets.connections.append((main_in.id, side.id, 0, 0))
                    pairs = [(i + 1, i) for i in range(len(main_out.lanes))]
                else:
                    streets.connections.append((side.id, main_out.id, 0, 0))
                    pairs = [(i, i + 1) for i in range(len(main_in.lanes))]
                streets.connections += [(main_in.id, main_out.id, i, j) for i, j in pairs]


def _into_circle(node: Node, arriving: list[Edge], leaving: list[Edge]) -> list[tuple[str, str, int, int]]:
    """Return the connections from a roundabout's arm into its circle: every lane has a way in, the left ones share."""
    circle = next(edge for edge in leaving if edge.road == node.plan)
    inner = [i for i, lane in enumerate(circle.lanes) if lane.use == "car"]
    found = []
    for arm in (edge for edge in arriving if edge.road != node.plan):
        driven = [i for i, lane in enumerate(arm.lanes) if lane.use in ("car", "bus")]
        found += [(arm.id, circle.id, i, inner[min(k, len(inner) - 1)]) for k, i in enumerate(driven)]
        found += [(arm.id, circle.id, i, inner[0]) for i, lane in enumerate(arm.lanes) if lane.use == "bike"]
    return found
