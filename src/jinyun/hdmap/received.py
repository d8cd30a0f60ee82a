"""A MAP message from the street laid over the map (MAP核对): what lies, leads or counts otherwise, as findings.

The received lanes are brought onto the map's by a shift and a turn (:mod:`jinyun.hdmap.overlay`), which are findings of
their own where they are large; what still differs then is named lane by lane. So a message that is wrong in one way gives
one kind of finding. Parts of one message are taken together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import overlay
from jinyun.hdmap.approaches import Approach
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.overlay import Line, Placing
from jinyun.hdmap.precise import LaneKind, Map
from jinyun.hdmap.saying import Said, said_of
from jinyun.shapes import Finding

Value = dict[str, Any]
SHIFT_M = 0.5
"""A message that lies farther off than this is shifted."""
TURN_DEG = 0.5
"""One that is turned by more is turned."""
BESIDE_M = 0.6
"""A lane that lies farther beside its own place, when shift and turn are undone, is misplaced."""
LANE_TURN_DEG = 4.0
"""A lane whose end points otherwise by more is misplaced, too."""
NODE_M = 150.0
"""A node that is unknown by its number is looked for so near to its place."""
ARM_M, ARM_DEG = 20.0, 30.0
"""A link is of the arm whose lanes end so near and lead the same way."""
END_M = 30.0
"""Lanes of a link are told apart by where they lie in their last metres."""
WIDTH_M, SPEED_MPS = 0.5, 0.5
"""A width or a limit that differs by more is another."""
MISMATCH = 1.0
"""Cost of a lane that finds no other: as one that lies a metre off."""
_FAULT, _WARNING, _INFO = "fault", "warning", "info"


@dataclass
class _Link:
    """A received link, the approach it is taken for with its lanes' lines, and the pairs of lanes: (received, ours)."""

    said: Said
    approach: Approach | None = None
    ours: list[Line] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class _Report:
    source: str
    t_us: int
    findings: list[Finding] = field(default_factory=list)

    def add(self, rule: str, place: str, reason: str, severity: str = _FAULT) -> None:
        self.findings.append(Finding(f"map.{rule}", self.source, place, reason, self.t_us, severity))


def compare(map: Map, value: Value | Sequence[Value], *, source: str = "", t_us: int = 0) -> list[Finding]:
    """Return what differs between the map and a MapData (or its parts), none where nothing does.

    Values are those of :func:`jinyun.net.csae.decode`. Rules: ``map.node.number``, ``map.shifted`` (metres),
    ``map.turned`` (degrees), ``map.link.missing``, ``map.link.unknown``, ``map.link.upstream``, ``map.lane.count``,
    ``map.lane.number``, ``map.lane.place`` (metres, degrees), ``map.lane.kind``, ``map.lane.width``,
    ``map.connection.missing``, ``map.connection.unknown``, ``map.connection.lane``, ``map.phase.number``, ``map.speed``.
    Raises :class:`jinyun.hdmap.MapError` where the map's metres are no places on Earth.
    """
    if not np.isfinite(map.about["lon"][0]):
        raise MapError(f"{map.about['source'][0]}: has no georeference: a message cannot be laid over it")
    report = _Report(source, t_us)
    for number, nodes in _nodes([value] if isinstance(value, dict) else list(value)).items():
        _compare_node(map, number, nodes, report)
    return report.findings


def _nodes(values: Sequence[Value]) -> dict[tuple[int, int], list[Value]]:
    """Return the parts of each node by its region and number."""
    found: dict[tuple[int, int], list[Value]] = {}
    for value in values:
        for node in value.get("nodes", ()):
            found.setdefault((node["id"].get("region", 0), node["id"]["id"]), []).append(node)
    return found


def _compare_node(map: Map, number: tuple[int, int], nodes: list[Value], report: _Report) -> None:
    place = f"node {number[1]}"
    x, y = map.project(nodes[0]["refPos"]["long"] / 1e7, nodes[0]["refPos"]["lat"] / 1e7)
    pivot = float(x), float(y)
    away = np.hypot(map.junctions["x_m"] - pivot[0], map.junctions["y_m"] - pivot[1])
    rows = np.flatnonzero(map.junctions["node"] == number[1])
    near = int(np.argmin(away)) if len(away) else -1
    if len(rows) and (away[rows].min() <= NODE_M or away[near] > NODE_M):
        junction = int(rows[np.argmin(away[rows])])
    elif near >= 0 and away[near] <= NODE_M:
        junction = near
        report.add("node.number", place, f"is numbered {number[1]}; the map numbers the junction there "
                   f"{map.junctions['node'][near]} ({map.junctions['id'][near]}, {away[near]:.1f} m off)")  # fmt: skip
    else:
        report.add(
            "node.number", place, f"is no junction of the map: the nearest lies {away.min(initial=np.inf):.0f} m off"
        )
        return
    region = int(map.about["region"][0])
    if number[0] and region and number[0] != region:
        report.add("node.region", place, f"is of region {number[0]}, the map's is {region}", _WARNING)
    links = [_Link(said) for said in said_of(map, nodes)]
    _find_arms(map, junction, links, place, report)
    for link in links:
        if link.approach is not None:
            link.ours = [overlay.last_part(_line(map, chain)) for chain in link.approach.chains]
    placing = _place(map, links, pivot)
    _tell_placing(placing, place, report)
    taken = [link.approach for link in links]
    for approach in map.approaches.of(junction):
        if approach not in taken:
            report.add("link.missing", place, f"has no link from node {map.junctions['node'][approach.upstream]}, which has "
                       f"{len(approach.lanes)} lanes in the map")  # fmt: skip
    for link in links:
        if link.approach is not None:
            _compare_link(map, link, placing, place, report)
    _compare_phases(map, links, place, report)


def _find_arms(map: Map, junction: int, links: list[_Link], place: str, report: _Report) -> None:
    """Find the approach of every link: by the number of the node upstream where that can be, else by where it lies."""
    approaches = map.approaches.of(junction)
    by_number = {int(map.junctions["node"][a.upstream]): a for a in approaches}
    fits = {(k, a.upstream): _lies_on(map, link.said, a) for k, link in enumerate(links) for a in approaches}
    for k, link in enumerate(links):
        named = by_number.get(link.said.upstream)
        if named is not None and fits[k, named.upstream]:
            link.approach = named
    for k, link in enumerate(links):
        if link.approach is not None:
            continue
        free = [a for a in approaches if fits[k, a.upstream] and all(other.approach is not a for other in links)]
        where = f"{place}, link from {link.said.upstream}"
        if free:
            link.approach = free[0]
            report.add("link.upstream", where, f"comes from node {map.junctions['node'][free[0].upstream]} in the map, not "
                       f"from {link.said.upstream}")  # fmt: skip
        elif (named := by_number.get(link.said.upstream)) is not None and not any(x.approach is named for x in links):
            link.approach = named
        else:
            report.add("link.unknown", where, "is no way into this junction in the map")


def _lies_on(map: Map, said: Said, approach: Approach) -> bool:
    """Return whether a received link may be an approach: it ends near its lanes' ends and leads the same way."""
    lines = [line for line in said.lines if line is not None]
    if not lines:
        return True
    ours = [map.lane_line(lane) for lane in approach.lanes]
    for a in lines:
        for b in ours:
            way_a, way_b = _last_way(a), _last_way(b)
            if np.hypot(*(a[-1] - b[-1])) < ARM_M and float(way_a @ way_b) > np.cos(np.radians(ARM_DEG)):
                return True
    return False


def _last_way(line: Line) -> NDArray[np.float64]:
    """Return the unit vector of a lane's last metres."""
    places = overlay.samples(line)
    way = places[-1] - places[max(len(places) - 3, 0)]
    unit: NDArray[np.float64] = way / max(float(np.hypot(*way)), 1e-9)
    return unit


def _line(map: Map, chain: tuple[int, ...]) -> Line:
    return np.vstack([map.lane_line(lane) for lane in chain])


def _place(map: Map, links: list[_Link], pivot: tuple[float, float]) -> Placing:
    """Pair the lanes of every link and return how the message lies; by numbers, or by place where that explains more."""
    best: tuple[float, Placing, list[list[tuple[int, int]]]] | None = None
    by_number = [_by_number(link) for link in links]
    by_place = [_by_place(map, link, Placing(pivot)) for link in links]
    for pairs in (by_number, by_place) if by_place != by_number else (by_number,):
        placing = overlay.fit(_lines(links, pairs), pivot)
        cost = _cost(links, pairs, placing)
        if best is None or cost < best[0] - 1e-3:
            best = cost, placing, pairs
    assert best is not None
    for link in links:  # which lane is which is settled by where they lie when the message is in its place
        link.pairs = _by_place(map, link, best[1])
    settled = [link.pairs for link in links]
    for link in links:
        link.pairs = sorted([*link.pairs, *_without_line(link)])
    return best[1] if settled == best[2] or not any(settled) else overlay.fit(_lines(links, settled), pivot)


def _by_number(link: _Link) -> list[tuple[int, int]]:
    if link.approach is None:
        return []
    last = len(link.approach.lanes)
    return [(k, n - 1) for k, n in enumerate(link.said.numbers) if 1 <= n <= last and link.said.lines[k] is not None]


def _by_place(map: Map, link: _Link, placing: Placing) -> list[tuple[int, int]]:
    """Return the pairs of lanes that lie on each other, the nearest first, each lane once."""
    if link.approach is None:
        return []
    found = []
    for k, line in enumerate(link.said.lines):
        if line is None:
            continue
        places = placing.undo(overlay.samples(line)[-max(int(END_M / overlay.SAMPLE_M), 2) :])
        for n, other in enumerate(link.ours):
            found.append((float(np.median(np.abs(overlay.beside(places, other)[0]))), k, n))
    pairs: dict[int, int] = {}
    for gap, k, n in sorted(found):
        width = float(map.lanes["width_m"][link.approach.lanes[n]])
        if k not in pairs and n not in pairs.values() and gap < max(width, 2.0) * 0.6:
            pairs[k] = n
    return sorted(pairs.items())


def _without_line(link: _Link) -> list[tuple[int, int]]:
    """Return the pairs of lanes of which the message has no line: by their numbers."""
    taken = {n for _, n in link.pairs}
    lost = [k for k, line in enumerate(link.said.lines) if line is None]
    pairs = [(k, link.said.numbers[k] - 1) for k in lost]
    return [(k, n) for k, n in pairs if 0 <= n < len(link.ours) and n not in taken]


def _lines(links: list[_Link], pairs: list[list[tuple[int, int]]]) -> list[tuple[Line, Line]]:
    found = []
    for link, its in zip(links, pairs, strict=True):
        for k, n in its:
            line = link.said.lines[k]
            if line is not None:
                found.append((line, link.ours[n]))
    return found


def _cost(links: list[_Link], pairs: list[list[tuple[int, int]]], placing: Placing) -> float:
    """Return how badly a placing explains the lanes."""
    cost = MISMATCH * sum(
        max(len(link.said.numbers), len(link.approach.lanes)) - len(its)
        for link, its in zip(links, pairs, strict=True) if link.approach is not None
    )  # fmt: skip
    for received, ours in _lines(links, pairs):
        aside, _ = overlay.beside(placing.undo(overlay.samples(received)), ours)
        cost += min(float(np.median(np.abs(aside))), 2 * MISMATCH)
    return cost


def _tell_placing(placing: Placing, place: str, report: _Report) -> None:
    if placing.shift_m > SHIFT_M:
        bearing = np.degrees(np.arctan2(placing.east_m, placing.north_m)) % 360
        report.add("shifted", place, f"lies {placing.shift_m:.2f} m off toward {bearing:.0f} degrees ({placing.east_m:+.2f} m "
                   f"east, {placing.north_m:+.2f} m north)")  # fmt: skip
    turned = float(np.degrees(placing.turned_rad))
    if abs(turned) > TURN_DEG:
        report.add(
            "turned", place, f"is turned by {abs(turned):.2f} degrees {'clockwise' if turned > 0 else 'anticlockwise'}"
        )


def _compare_link(map: Map, link: _Link, placing: Placing, place: str, report: _Report) -> None:
    approach, said = link.approach, link.said
    assert approach is not None
    where = f"{place}, link from {said.upstream}"
    ours, theirs = len(approach.lanes), len(said.numbers)
    paired = dict(link.pairs)
    if ours != theirs:
        lost = [n + 1 for n in range(ours) if n not in paired.values()]
        extra = [said.numbers[k] for k in range(theirs) if k not in paired]
        cycles = all(map.lanes["kind"][approach.lanes[n - 1]] == LaneKind.BICYCLE for n in lost) and not extra
        told = [f"lane {', '.join(str(n) for n in lost)} of the map is not among them"] if lost else []
        told += [f"lane {', '.join(str(n) for n in extra)} is none of the map's"] if extra else []
        severity = _INFO if cycles and lost else _FAULT
        report.add("lane.count", where, f"has {theirs} lanes, the map {ours}: {'; '.join(told)}", severity)
    else:
        for k in range(theirs):
            if k not in paired and said.lines[k] is not None:
                _tell_lost(map, link, k, placing, where, report)
    order = [said.numbers[k] for k, _ in sorted(link.pairs, key=lambda pair: pair[1])]
    shuffled = order != sorted(order) if ours != theirs else any(said.numbers[k] != n + 1 for k, n in link.pairs)
    for k, n in link.pairs:
        lane = f"{where}, lane {said.numbers[k]}"
        if shuffled and said.numbers[k] != n + 1:
            report.add("lane.number", lane, f"lies where the map has lane {n + 1}")
        _compare_lane(map, link, k, n, placing, lane, report)
    limits = map.lanes["speed_limit_mps"][list(approach.lanes)]
    limit = float(np.nanmax(limits)) if np.isfinite(limits).any() else None
    if said.limit_mps is not None and limit is not None and abs(said.limit_mps - limit) > SPEED_MPS:
        report.add(
            "speed", where, f"has a limit of {said.limit_mps * 3.6:.0f} km/h, the map {limit * 3.6:.0f} km/h", _WARNING
        )


def _tell_lost(map: Map, link: _Link, k: int, placing: Placing, where: str, report: _Report) -> None:
    """Tell of a lane that lies on none of the approach's: how far it lies from the one of its number."""
    approach, line = link.approach, link.said.lines[k]
    assert approach is not None and line is not None
    number = link.said.numbers[k]
    lane = f"{where}, lane {number}"
    if not 1 <= number <= len(approach.lanes):
        report.add(
            "lane.number", lane, f"has a number that the map does not have: it counts 1 to {len(approach.lanes)}"
        )
        return
    aside, _ = overlay.beside(placing.undo(overlay.samples(line)), link.ours[number - 1])
    off = float(np.median(aside))
    report.add(
        "lane.place", lane, f"lies {abs(off):.2f} m to the {'right' if off > 0 else 'left'} of the map's lane {number}"
    )


def _compare_lane(map: Map, link: _Link, k: int, n: int, placing: Placing, lane: str, report: _Report) -> None:
    approach, said, line = link.approach, link.said, link.said.lines[k]
    assert approach is not None
    row = approach.lanes[n]
    if line is not None:
        _compare_line(line, link.ours[n], n + 1, placing, lane, report)
    bicycle = bool(map.lanes["kind"][row] == LaneKind.BICYCLE)
    if said.bicycle[k] is not None and said.bicycle[k] != bicycle:
        report.add("lane.kind", lane, f"is for {'bicycles' if said.bicycle[k] else 'vehicles'}, in the map for "
                   f"{'bicycles' if bicycle else 'vehicles'}")  # fmt: skip
    width = float(map.lanes["width_m"][row])
    told = said.widths[k]
    if told is not None and np.isfinite(width) and abs(told - width) > WIDTH_M:
        report.add("lane.width", lane, f"is {told:.2f} m wide, in the map {width:.2f} m", _WARNING)


def _compare_line(line: Line, ours: Line, number: int, placing: Placing, lane: str, report: _Report) -> None:
    places = placing.undo(overlay.samples(line))
    aside, unit = overlay.beside(places, ours)
    off = float(np.median(aside[-8:]))
    way = places[-1] - places[max(len(places) - 3, 0)]
    turned = float(np.degrees(np.arctan2(unit[-1, 1] * way[0] - unit[-1, 0] * way[1], float(unit[-1] @ way))))
    if abs(off) > BESIDE_M:
        report.add("lane.place", lane, f"lies {_aside(off)} of the map's lane {number}")
    elif abs(turned) > LANE_TURN_DEG and np.hypot(*way) > overlay.SAMPLE_M:
        report.add("lane.place", lane, f"ends {abs(turned):.1f} degrees to the {'right' if turned > 0 else 'left'} of the way "
                   f"the map's lane {number} does")  # fmt: skip


def _compare_phases(map: Map, links: list[_Link], place: str, report: _Report) -> None:
    """Compare where every paired lane leads and under which phase; one finding for each phase that is numbered otherwise."""
    numbered: dict[tuple[int, int], list[str]] = {}
    for link in links:
        if link.approach is None:
            continue
        for k, n in link.pairs:
            lane = f"{place}, link from {link.said.upstream}, lane {link.said.numbers[k]}"
            ours = _ways_on(map, link.approach.lanes[n])
            theirs = link.said.connections[k]
            for to, (phase, onto) in ours.items():
                if to not in theirs:
                    report.add("connection.missing", lane, f"does not lead to node {to}, as it does in the map")
                    continue
                told_phase, told_onto = theirs[to]
                if told_phase != phase:
                    numbered.setdefault((phase, told_phase), []).append(f"{link.said.upstream} to {to}")
                if told_onto and onto and not told_onto & onto:
                    report.add("connection.lane", lane, f"leads onto lane {_list(told_onto)} toward node {to}, in the map onto "
                               f"{_list(onto)}")  # fmt: skip
            for to in theirs:
                if to not in ours:
                    report.add("connection.unknown", lane, f"leads to node {to}, which it does not in the map")
    for (phase, told_phase), ways in sorted(numbered.items()):
        which = f"phase {phase} of the map" if phase else "a movement without phase in the map"
        is_called = f"is phase {told_phase}" if told_phase else "has no phase"
        unique = sorted(set(ways))
        report.add("phase.number", place, f"{which} {is_called} here (from {', from '.join(unique[:4])})")


def _ways_on(map: Map, lane: int) -> dict[int, tuple[int, set[int]]]:
    """Return by the node a lane leads to: the phase, and the numbers of the lanes it leads onto (empty where unknown)."""
    found: dict[int, tuple[int, set[int]]] = {}
    for way in map.ways_on.get(lane, []):
        to, onto = map.approaches.number(int(map.links["end"][way]))
        if to < 0:
            continue
        group = int(map.links["group"][way])
        phase = int(map.groups["phase"][group]) if group >= 0 else 0
        node = int(map.junctions["node"][to])
        found.setdefault(node, (phase, set()))[1].update({onto} if onto else ())
    return found


def _aside(right_m: float) -> str:
    return f"{abs(right_m):.2f} m to the {'right' if right_m > 0 else 'left'}"


def _list(numbers: set[int]) -> str:
    return ", ".join(str(n) for n in sorted(numbers))
