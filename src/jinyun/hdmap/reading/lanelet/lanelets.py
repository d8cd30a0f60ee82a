"""Lanelets as lanes: borders turned the way they lead, who follows and neighbours whom, and what lies in a junction."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import LaneKind, Turn
from jinyun.hdmap.reading.draft import Draft, DraftCrossing, DraftEdge, DraftJunction, DraftLane
from jinyun.hdmap.reading.lanelet.primitives import Primitives, Relation
from jinyun.hdmap.reading.source import Source

KINDS = {
    **dict.fromkeys(("road", "highway", "play_street", "exit", ""), LaneKind.CAR), "bus_lane": LaneKind.BUS,
    **dict.fromkeys(("bicycle_lane", "bicycle"), LaneKind.BICYCLE),
    **dict.fromkeys(("walkway", "shared_walkway", "stairs", "pedestrian_lane"), LaneKind.SIDEWALK),
    "crosswalk": LaneKind.CROSSING,
}  # fmt: skip
"""What a lanelet's subtype is for; others are counted as ignored."""
TURNS = {"straight": Turn.STRAIGHT, "left": Turn.LEFT, "right": Turn.RIGHT}
DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE)
UNITS = {"": 1 / 3.6, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6, "mph": 0.44704, "mps": 1.0, "m/s": 1.0}
CELL_M = 30.0
_HELD = {"type", "subtype", "speed_limit", "turn_direction", "intersection_area", "one_way", "location"}


@dataclass(frozen=True)
class Lanelet:
    """A lanelet: its ways with the nodes in its own direction; ``left`` and ``right`` end with whether a way is turned."""

    relation: Relation
    kind: LaneKind
    left: tuple[str, bool]
    right: tuple[str, bool]
    start: tuple[int, int]
    end: tuple[int, int]

    @property
    def id(self) -> str:
        return self.relation.id


def lay(primitives: Primitives, draft: Draft, source: Source) -> dict[str, Lanelet]:
    """Add all lanelets to the draft as lanes; return them by id."""
    found: dict[str, Lanelet] = {}
    for relation in primitives.relations.values():
        if relation.tags.get("type") != "lanelet":
            continue
        subtype = relation.tags.get("subtype", "")
        if subtype not in KINDS:
            source.ignored[f"lanelet subtype={subtype[:40]}"] += 1
            continue
        if relation.tags.get("one_way") == "no" and KINDS[subtype] in DRIVEN:
            source.ignored["other direction of a lanelet for both"] += 1
        for key in relation.tags:
            source.ignored[f"lanelet {key[:40]}"] += key not in _HELD
        lanelet, left, right = _turned(relation, KINDS[subtype], primitives, source)
        found[lanelet.id] = lanelet
        speed = _speed(relation.tags.get("speed_limit", ""), f"lanelet {lanelet.id}", source)
        turn = int(TURNS.get(relation.tags.get("turn_direction", ""), 0))
        draft.lanes.append(DraftLane(lanelet.id, "", lanelet.kind, *_abreast(left, right), speed_mps=speed, turn=turn))
    _follow(found, draft)
    inside = _junctions(found, draft)
    _edges(found, inside, draft)
    for lane in draft.lanes:
        if lane.kind == LaneKind.CROSSING:
            line = (lane.left + lane.right)[[0, -1]] / 2
            width = float(np.hypot(*(lane.left - lane.right)[:, :2].T).mean())
            draft.crossings.append(DraftCrossing(lane.id, line, width, lane=lane.id))
    return found


def _turned(relation: Relation, kind: LaneKind, primitives: Primitives, source: Source) -> tuple[Lanelet, Line, Line]:
    """Return the lanelet and its borders in its direction: the left one lies to the left of the right one."""
    where = f"lanelet {relation.id}"
    names = {}
    for side in ("left", "right"):
        ids = relation.of(side, "way")
        if len(ids) != 1:
            raise source.fault(where, f"has {len(ids)} {side} borders")
        way = primitives.ways.get(ids[0])
        if way is None:
            raise source.fault(where, f"names way {ids[0][:40]!r}, which is not there")
        if len(way.nodes) < 2:
            raise source.fault(where, f"way {way.id} has fewer than two nodes")
        names[side] = way
    left, right = names["left"], names["right"]
    a, b = primitives.line(left), primitives.line(right)
    turn_left = turn_right = False
    same = np.hypot(*(a[0] - b[0])[:2]) + np.hypot(*(a[-1] - b[-1])[:2])
    if same > np.hypot(*(a[0] - b[-1])[:2]) + np.hypot(*(a[-1] - b[0])[:2]):
        turn_right, b = True, b[::-1]
    ring = np.vstack([a, b[::-1]])[:, :2] - a[0, :2]
    after = np.roll(ring, -1, axis=0)
    if float((ring[:, 0] * after[:, 1] - ring[:, 1] * after[:, 0]).sum()) > 0:  # there and back the wrong way round
        turn_left, turn_right, a, b = True, not turn_right, a[::-1], b[::-1]
    nodes_left = left.nodes[::-1] if turn_left else left.nodes
    nodes_right = right.nodes[::-1] if turn_right else right.nodes
    made = Lanelet(
        relation, kind, (left.id, turn_left), (right.id, turn_right), (nodes_left[0], nodes_right[0]),
        (nodes_left[-1], nodes_right[-1]),
    )  # fmt: skip
    return made, a, b


def _abreast(left: Line, right: Line) -> tuple[Line, Line]:
    """Return the borders with as many points each, abreast: every point of either, and its mate at the same share."""
    shares = []
    for line in (left, right):
        s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line[:, :2], axis=0).T))])
        shares.append(s / s[-1] if s[-1] > 0 else np.linspace(0, 1, len(line)))
    at = np.unique(np.concatenate(shares))
    at = at[np.concatenate([[True], np.diff(at) > 1e-9])]
    at[-1] = 1.0
    a, b = (
        np.column_stack([np.interp(at, share, line[:, k]) for k in range(3)])
        for share, line in zip(shares, (left, right), strict=True)
    )
    return a, b


def _speed(text: str, where: str, source: Source) -> float:
    """Return a speed limit in metres a second; NaN where there is none."""
    if not text.strip():
        return float("nan")
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*([a-z/]*)\s*", text.lower())
    if not found or found[2] not in UNITS:
        raise source.fault(where, f"speed_limit is {text[:40]!r}")
    value = float(found[1]) * UNITS[found[2]]
    return value if value > 0 else float("nan")


def _follow(found: dict[str, Lanelet], draft: Draft) -> None:
    begins: dict[tuple[int, int], list[str]] = defaultdict(list)
    ways = [lanelet for lanelet in found.values() if lanelet.kind != LaneKind.CROSSING]
    for lanelet in ways:
        begins[lanelet.start].append(lanelet.id)
    for lanelet in ways:
        draft.follows += [(lanelet.id, id) for id in begins[lanelet.end] if id != lanelet.id]


def _edges(found: dict[str, Lanelet], inside: dict[str, str], draft: Draft) -> None:
    """Put lanelets that share a border and lead the same way on one edge, the rightmost first."""
    by_left: dict[tuple[str, bool], list[str]] = defaultdict(list)
    by_right: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for lanelet in found.values():
        if lanelet.kind != LaneKind.CROSSING:
            by_left[lanelet.left].append(lanelet.id)
            by_right[lanelet.right].append(lanelet.id)

    def only(ids: list[str], of: str) -> str:
        """Return the neighbour; a border that several lanelets have on one side gives none of them one."""
        return ids[0] if len(ids) == 1 and ids[0] != of and inside.get(ids[0]) == inside.get(of) else ""

    lanes = {lane.id: lane for lane in draft.lanes}
    right_of: dict[str, str] = {}
    for lanelet in found.values():
        if lanelet.kind == LaneKind.CROSSING:
            continue
        left = only(by_right[lanelet.left], lanelet.id)
        if left and only(by_left[found[left].right], left) == lanelet.id:
            lanes[lanelet.id].beside = left
            right_of[left] = lanelet.id
    ordered: list[DraftLane] = []
    done: set[str] = set()
    for lane in draft.lanes:
        if lane.id in done:
            continue
        first = lane.id
        seen = {first}
        while (right := right_of.get(first, "")) and right not in seen:
            first = right
            seen.add(first)
        edge = DraftEdge(first, first)
        draft.edges[edge.id] = edge
        at = first
        while at and at not in done:
            done.add(at)
            lanes[at].edge = edge.id
            lanes[at].junction = inside.get(at, "")
            ordered.append(lanes[at])
            at = lanes[at].beside
    draft.lanes = ordered


def _junctions(found: dict[str, Lanelet], draft: Draft) -> dict[str, str]:
    """Return the junction of each lanelet that lies in one, and add the junctions to the draft.

    Lanelets with ``turn_direction`` or ``intersection_area`` lie in junctions; if none has such a tag, those do that
    cross others or begin or end together with others. Those that touch make one junction.
    """
    driven = {id: lanelet for id, lanelet in found.items() if lanelet.kind in DRIVEN}
    tagged = [
        id for id, one in found.items()
        if one.kind != LaneKind.CROSSING and {"turn_direction", "intersection_area"} & one.relation.tags.keys()
    ]  # fmt: skip
    touching = _touching(driven if not tagged else {id: found[id] for id in tagged}, draft)
    cluster = {id: id for id in (tagged or {id for pair in touching for id in pair})}

    def root(id: str) -> str:
        while cluster[id] != id:
            cluster[id] = cluster[cluster[id]]
            id = cluster[id]
        return id

    by_area: dict[str, str] = {}
    for id in tagged:
        area = found[id].relation.tags.get("intersection_area", "")
        if area:
            cluster[root(id)] = root(by_area.setdefault(area, id))
    for a, b in touching:
        cluster[root(a)] = root(b)
    members: dict[str, list[str]] = defaultdict(list)
    for id in cluster:
        members[root(id)].append(id)
    inside: dict[str, str] = {}
    for ids in members.values():
        areas = [area for id in ids if (area := found[id].relation.tags.get("intersection_area", ""))]
        if len(ids) < 2 and not areas:
            continue
        junction = min(areas) if areas else "at " + min(ids, key=lambda id: (len(id), id))
        draft.junctions[junction] = DraftJunction(junction)
        inside |= dict.fromkeys(ids, junction)
    return inside


def _touching(driven: dict[str, Lanelet], draft: Draft) -> list[tuple[str, str]]:
    """Return pairs of lanelets that begin or end together or whose middle lines cross."""
    pairs: set[tuple[str, str]] = set()
    for ends in ("start", "end"):
        together: dict[tuple[int, int], list[str]] = defaultdict(list)
        for id, lanelet in driven.items():
            together[getattr(lanelet, ends)].append(id)
        pairs |= {(ids[0], id) for ids in together.values() for id in ids[1:]}
    lines = {lane.id: ((lane.left + lane.right) / 2)[:, :2] for lane in draft.lanes if lane.id in driven}
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    for id, line in lines.items():
        low, high = (np.floor(extreme / CELL_M).astype(int) for extreme in (line.min(axis=0), line.max(axis=0)))
        if (high - low + 1).prod() > 10_000:
            continue  # 3 km long: crosses nothing at one level
        for i in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                for other in cells[i, j]:
                    if (other, id) not in pairs and _cross(line, lines[other]):
                        pairs.add((other, id))
                cells[i, j].append(id)
    return sorted(pairs)


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Return whether two lines cross, touching at their ends apart."""
    if (a.min(axis=0) > b.max(axis=0)).any() or (b.min(axis=0) > a.max(axis=0)).any():
        return False
    p, r, q, s = a[:-1, None], np.diff(a, axis=0)[:, None], b[None, :-1], np.diff(b, axis=0)[None]
    across = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    d = q - p
    t, u = d[..., 0] * s[..., 1] - d[..., 1] * s[..., 0], d[..., 0] * r[..., 1] - d[..., 1] * r[..., 0]
    safe = np.where(across == 0, 1.0, across)
    t, u = t / safe, u / safe
    met = (across != 0) & (t > 1e-6) & (t < 1 - 1e-6) & (u > 1e-6) & (u < 1 - 1e-6)
    return bool(met.any())
