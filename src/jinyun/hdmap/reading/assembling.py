"""From a reader's draft to the map: rows for ids, ways through junctions, neighbours, ends of the network.

Everything a file says with ids becomes columns here, the same for every format.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import adjacency, curve, furniture, joints, precise
from jinyun.hdmap.precise import LaneKind, Map, Turn
from jinyun.hdmap.reading import georeference, outlining, signalling
from jinyun.hdmap.reading.draft import Draft, DraftEdge, DraftJunction, DraftLane
from jinyun.hdmap.reading.source import FARTHEST_M, Source
from jinyun.hdmap.tables import Columns, filled, from_rows

SHORTEST_M = 0.01
"""A lane that is shorter is none."""
AHEAD_M = 5.0
"""A lane's direction at its end is that of its last metres."""
LANE_APART_M = 1e7
"""No lane is longer: stations of all lanes in one row keep them apart by this."""
STRAIGHT_ON_RAD = math.radians(35)
"""A movement that turns by less is straight on."""
BACK_RAD = math.radians(150)
"""One that turns by more is a U-turn."""
SAME_END_M = 40.0
"""Both ways of one road end at one place if their ends are this near; ends of different roads must touch."""
TOUCHING_M = 4.0
CROSSING_REACH_M = 30.0
"""A crossing belongs to a junction whose approaches end this near."""
DRIVEN = (LaneKind.CAR, LaneKind.BUS)
NOTHING = "has no lane that anybody travels on"
MOST_NODES = 65_535
MOST_INNER = 64
"""No way through a junction has more lanes one after another."""


@dataclass
class Rows:
    """What the later steps need of the map so far: its draft, its tables, and rows for ids."""

    draft: Draft
    source: Source
    lane: dict[str, int] = field(default_factory=dict)
    edge: dict[str, int] = field(default_factory=dict)
    junction: dict[str, int] = field(default_factory=dict)
    lanes: Columns = field(default_factory=dict)
    points: Columns = field(default_factory=dict)
    edges: Columns = field(default_factory=dict)
    links: Columns = field(default_factory=dict)
    junctions: Columns = field(default_factory=dict)
    after: dict[int, list[int]] = field(default_factory=dict)

    @cached_property
    def headings(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The directions in which lanes begin and end."""
        return headings(self)

    def border(self, row: int, side: str) -> NDArray[np.float64]:
        """Return the ``left`` or ``right`` border of a lane, shape (n, 2)."""
        first, count = int(self.lanes["first"][row]), int(self.lanes["count"][row])
        return np.column_stack([self.points[f"{side}_{key}_m"][first : first + count] for key in "xy"])


def assemble(draft: Draft, source: Source, origin: tuple[float, float] | None) -> Map:
    """Return the map of a draft; raises :class:`jinyun.hdmap.MapError` where it makes none."""
    _sort_out(draft, source)
    ends = np.vstack([line[[0, -1], :2] for lane in draft.lanes for line in (lane.left, lane.right)])
    placed = georeference.settle(draft.georeference, ends[:, 0], ends[:, 1], origin)
    if placed.move is not None:
        draft.move(placed.move)
    _check_places(draft, source)
    _ends_of_edges(draft)
    _dead_ends(draft)
    _crossing_lanes(draft)
    rows = Rows(draft, source)
    _tables(rows)
    pairs = [(rows.lane[a], rows.lane[b]) for a, b in draft.follows if a in rows.lane and b in rows.lane]
    walked = np.isin(rows.lanes["kind"], (LaneKind.AREA, LaneKind.CROSSING))
    for a, b in pairs:
        if not (walked[a] or walked[b]):
            rows.after.setdefault(a, []).append(b)
    if draft.parallel:
        ways = [(a, b) for a, followers in rows.after.items() for b in followers]
        outside = ~walked & np.array([not lane.junction and not lane.within for lane in draft.lanes])
        rows.lanes, rows.points = joints.meet(rows.lanes, rows.edges, rows.points, ways, outside)
    rows.links = _links(rows)
    signals = signalling.signals(rows)
    areas, area_points = outlining.areas(rows)
    sections, section_points = outlining.sections(rows)
    crossings, crossing_points = outlining.crossings(rows, signals.crossing_phase)
    if not len(signals.heads["phase"]):  # the format has none
        made = furniture.heads(rows.lanes, rows.points, rows.links, signals.groups, crossings, crossing_points)
        signals.heads = made
    return precise.complete({
        **adjacency.following(pairs, len(rows.lane)),
        "lanes": rows.lanes, "points": rows.points, "edges": rows.edges, "links": rows.links,
        "junctions": rows.junctions, "groups": signals.groups, "steps": signals.steps, "lights": signals.lights,
        "heads": signals.heads, "stop_lines": signals.stop_lines, "crossings": crossings,
        "crossing_points": crossing_points, "stops": outlining.stops(rows), "bays": outlining.bays(rows),
        "sections": sections,
        "section_points": section_points, "areas": areas, "area_points": area_points,
        "about": {
            "zone": [""], "lon": [placed.lon], "lat": [placed.lat], "region": [draft.region], "net": [""],
            "datum": [placed.datum], "projection": [placed.projection], "source": [source.name],
            "format": [draft.format], "revision": [""],
            "ignored": [json.dumps({key: n for key, n in sorted(source.ignored.items()) if n > 0}, ensure_ascii=False)],
        },
    })  # fmt: skip


def _sort_out(draft: Draft, source: Source) -> None:
    """Drop lanes that are none; raise where ids are not unique, a place is none or nothing is left."""
    seen: set[str] = set()
    for lane in draft.lanes:
        if lane.id in seen:
            raise source.fault(f"lane {lane.id}", "comes twice")
        seen.add(lane.id)
    if not draft.lanes:
        raise source.fault("-", NOTHING)
    _check_places(draft, source)
    count = np.array([len(lane.left) for lane in draft.lanes])
    first = np.cumsum(count) - count
    middle = np.vstack([
        lane.middle if lane.middle is not None else (lane.left + lane.right) / 2 for lane in draft.lanes
    ])  # fmt: skip
    step = np.hypot(*np.diff(middle[:, :2], axis=0, prepend=middle[:1, :2]).T)
    step[first] = np.inf
    real = step > 1e-6
    step[first] = 0
    kept: list[DraftLane] = []
    for lane, length, begin, n in zip(
        draft.lanes, np.add.reduceat(step, first) if len(first) else (), first, count, strict=True
    ):
        if length < SHORTEST_M:
            source.ignored["lane shorter than 1 cm"] += 1
            continue
        its = real[begin : begin + n]
        if not its.all():
            lane.left, lane.right = lane.left[its], lane.right[its]
            lane.middle = lane.middle[its] if lane.middle is not None else None
        kept.append(lane)
    if not kept:
        raise source.fault("-", NOTHING)
    order = {id: number for number, id in enumerate(draft.edges)}
    draft.lanes = sorted(kept, key=lambda lane: order[lane.edge])
    used = {lane.edge for lane in kept}
    draft.edges = {id: edge for id, edge in draft.edges.items() if id in used}


def _check_places(draft: Draft, source: Source) -> None:
    lines = [line for lane in draft.lanes for line in (lane.left, lane.right)]
    if lines and (np.abs(np.vstack(lines)) < FARTHEST_M).all():  # false for what is no number, too
        return
    for lane in draft.lanes:
        if not all((np.abs(line) < FARTHEST_M).all() for line in (lane.left, lane.right)):
            raise source.fault(f"lane {lane.id}", "has a point that lies nowhere on Earth")


def _ends_of_edges(draft: Draft) -> None:
    """Say of edges at which junction they begin and end, as their lanes lead into and out of it."""
    by_id = {lane.id: lane for lane in draft.lanes}
    for a, b in draft.follows:
        start, end = by_id.get(a), by_id.get(b)
        if start is None or end is None:
            continue
        if end.junction and not start.junction and not draft.edges[start.edge].end:
            draft.edges[start.edge].end = end.junction
        if start.junction and not end.junction and not draft.edges[end.edge].start:
            draft.edges[end.edge].start = start.junction


def _dead_ends(draft: Draft) -> None:
    """Give every place where the network ends a junction ``fringe``, so that each way in has a node upstream."""
    leaves, entered = {a for a, _ in draft.follows}, {b for _, b in draft.follows}
    ends: list[tuple[float, float, DraftEdge, str]] = []
    by_edge: dict[str, list[DraftLane]] = defaultdict(list)
    for lane in draft.lanes:
        by_edge[lane.edge].append(lane)
    for id, edge in draft.edges.items():
        lanes = by_edge[id]
        if lanes[0].junction or lanes[0].within or not any(lane.kind in DRIVEN for lane in lanes):
            continue
        border = lanes[-1].left
        if not edge.start and not any(lane.id in entered for lane in lanes):
            ends.append((border[0, 0], border[0, 1], edge, "start"))
        if not edge.end and not any(lane.id in leaves for lane in lanes):
            ends.append((border[-1, 0], border[-1, 1], edge, "end"))
    cells: dict[tuple[int, int], list[tuple[float, float, DraftEdge, str]]] = defaultdict(list)
    for x, y, edge, which in ends:
        i, j = int(x // SAME_END_M), int(y // SAME_END_M)
        near = [
            other
            for di in (-1, 0, 1)
            for dj in (-1, 0, 1)
            for other in cells[i + di, j + dj]
            if other[3] != which
            and math.hypot(other[0] - x, other[1] - y)
            < (SAME_END_M if (other[2].road, other[2].part) == (edge.road, edge.part) else TOUCHING_M)
        ]
        if near:
            other = min(near, key=lambda other: math.hypot(other[0] - x, other[1] - y))
            id = getattr(other[2], other[3])
        else:
            id = f"{edge.id} {which}"
            draft.junctions[id] = DraftJunction(id, "fringe", x_m=x, y_m=y)
        setattr(edge, which, id)
        cells[i, j].append((x, y, edge, which))


def _crossing_lanes(draft: Draft) -> None:
    """Give every crossing a lane of its own and the junction at which it lies."""
    near: list[tuple[float, float, str]] = []
    for lane in draft.lanes:
        edge = draft.edges[lane.edge]
        for id, k in ((edge.start, 0), (edge.end, -1)):
            if id and draft.junctions[id].control != "fringe":
                near.append((*((lane.left[k, :2] + lane.right[k, :2]) / 2).tolist(), id))
    places = np.array([place[:2] for place in near]).reshape(-1, 2)
    taken = {lane.id for lane in draft.lanes}
    for crossing in draft.crossings:
        if not crossing.junction and len(near):
            away = np.hypot(*(places - crossing.line[:, :2].mean(axis=0)).T)
            if away.min() < CROSSING_REACH_M:
                crossing.junction = near[int(np.argmin(away))][2]
        if not crossing.lane:
            free = crossing.called and crossing.called not in taken and crossing.called not in draft.edges
            crossing.lane = crossing.called if free else f"crossing {crossing.id}"
            half = np.full(len(crossing.line), crossing.width_m / 2)
            left, right = (
                np.column_stack([curve.abreast(crossing.line, [0], side * half), crossing.line[:, 2]])
                for side in (-1, 1)
            )
            draft.edges[crossing.lane] = DraftEdge(crossing.lane, "")
            draft.lanes.append(
                DraftLane(crossing.lane, crossing.lane, LaneKind.CROSSING, left, right, junction=crossing.junction)
            )


def _tables(rows: Rows) -> None:
    draft = rows.draft
    lanes = draft.lanes
    rows.lane = {lane.id: row for row, lane in enumerate(lanes)}
    rows.edge = {id: row for row, id in enumerate(draft.edges)}
    rows.junction = {id: row for row, id in enumerate(draft.junctions)}
    left, right = np.vstack([lane.left for lane in lanes]), np.vstack([lane.right for lane in lanes])
    middle = (left + right) / 2
    count = np.array([len(lane.left) for lane in lanes])
    first = np.cumsum(count) - count
    for lane, begin in zip(lanes, first.tolist(), strict=True):
        if lane.middle is not None:
            middle[begin : begin + len(lane.middle)] = lane.middle
    step = np.hypot(*np.diff(middle[:, :2], axis=0, prepend=middle[:1, :2]).T)
    step[first] = 0
    total = np.cumsum(step)
    stations = total - np.repeat(total[first], count)
    length = stations[first + count - 1]
    one_way, other = right[1:, :2] - left[:-1, :2], left[1:, :2] - right[:-1, :2]  # diagonals from a point to the next
    strip = np.abs(one_way[:, 0] * other[:, 1] - one_way[:, 1] * other[:, 0]) / 2
    strip = np.append(strip, 0.0)
    strip[first + count - 1] = 0
    area = np.add.reduceat(strip, first)
    edge = np.array([rows.edge[lane.edge] for lane in lanes])
    begins = np.searchsorted(edge, np.arange(len(rows.edge)))
    junction = np.array([rows.junction.get(lane.junction, -1) for lane in lanes])
    kind = np.array([lane.kind for lane in lanes])
    inside = junction >= 0
    kind = np.where(inside & np.isin(kind, DRIVEN), LaneKind.INNER, kind)
    kind = np.where(inside & (kind == LaneKind.BICYCLE), LaneKind.INNER_BICYCLE, kind)
    beside = np.array([rows.lane.get(lane.beside, -1) for lane in lanes], np.int32)
    right_of = np.full(len(lanes), -1, np.int32)
    right_of[beside[beside >= 0]] = np.flatnonzero(beside >= 0)
    told = np.array([lane.length_m for lane in lanes])
    rows.lanes = filled("lanes", {
        "id": [lane.id for lane in lanes], "edge": edge, "index": np.arange(len(lanes)) - begins[edge], "kind": kind,
        "first": first, "count": count, "width_m": area / np.maximum(length, 1e-9),
        "speed_limit_mps": [lane.speed_mps for lane in lanes], "length_m": np.where(np.isfinite(told), told, length),
        "junction": junction, "open": [draft.edges[lane.edge].open for lane in lanes],
        "tunnel": [lane.tunnel for lane in lanes],
        "section": np.full(len(lanes), -1), "left": beside, "right": right_of,
    })  # fmt: skip
    rows.points = filled("points", {
        "x_m": middle[:, 0], "y_m": middle[:, 1], "z_m": middle[:, 2], "s_m": stations, "left_x_m": left[:, 0],
        "left_y_m": left[:, 1], "right_x_m": right[:, 0], "right_y_m": right[:, 1],
    })  # fmt: skip
    rows.edges = filled("edges", {
        "id": list(draft.edges), "road": [edge.road for edge in draft.edges.values()], "first": begins,
        "count": np.bincount(edge, minlength=len(rows.edge)),
        "start": [rows.junction.get(edge.start, -1) for edge in draft.edges.values()],
        "end": [rows.junction.get(edge.end, -1) for edge in draft.edges.values()],
    })  # fmt: skip
    rows.junctions = _junctions(rows)


def _junctions(rows: Rows) -> Columns:
    draft = rows.draft
    n = len(draft.junctions)
    last = (rows.lanes["first"] + rows.lanes["count"]).astype(np.int64) - 1
    ends = np.concatenate([rows.lanes["first"].astype(np.int64), last])
    inside = np.concatenate([rows.lanes["junction"]] * 2)
    touching = np.concatenate([rows.edges["start"][rows.lanes["edge"]], rows.edges["end"][rows.lanes["edge"]]])
    middle = np.full((n, 2), np.nan)
    for of in (touching, inside):  # the mean of what lies within, or else of what begins and ends there
        named = of >= 0
        total = np.bincount(of[named], minlength=n)
        for k, key in enumerate(("x_m", "y_m")):
            sums = np.bincount(of[named], weights=rows.points[key][ends[named]], minlength=n)
            middle[:, k] = np.where(total > 0, sums / np.maximum(total, 1), middle[:, k])
    table: list[dict[str, Any]] = []
    told = {junction.node for junction in draft.junctions.values()}
    free = (number for number in range(1, MOST_NODES + 1) if number not in told)
    for row, junction in enumerate(draft.junctions.values()):
        known = math.isfinite(junction.x_m)
        node = junction.node or next(free, 0)
        rows.source.ignored["number of a junction beyond 65535"] += not node
        table.append({
            "id": junction.id, "node": node,
            "x_m": junction.x_m if known else middle[row, 0], "y_m": junction.y_m if known else middle[row, 1],
            "signalised": False, "control": junction.control, "zh": junction.zh, "en": junction.name, "cycle_s": 0.0,
            "offset_s": junction.offset_s, "first_group": 0, "groups": 0, "first_step": 0, "steps": 0,
        })  # fmt: skip
    return from_rows("junctions", table)


def _links(rows: Rows) -> Columns:
    """Return every way on from a lane outside junctions to the next one outside."""
    found: list[tuple[int, int, int]] = []
    inside = [bool(lane.junction) or lane.within for lane in rows.draft.lanes]
    for start, followers in sorted(rows.after.items()):
        if inside[start]:
            continue
        for via in sorted(set(followers)):
            if not inside[via]:
                found.append((start, via, -1))
                continue
            seen, waiting = {via}, [via]
            while waiting and len(seen) <= MOST_INNER:
                for lane in rows.after.get(waiting.pop(), ()):
                    if not inside[lane]:
                        found.append((start, lane, via))
                    elif lane not in seen:
                        seen.add(lane)
                        waiting.append(lane)
    found = sorted(set(found))
    draft = rows.draft.lanes
    turns = []
    starts, ends = (heading.tolist() for heading in rows.headings)
    for start, end, via in found:
        told = draft[via].turn if via >= 0 else 0
        at_junction = (via >= 0 and bool(draft[via].junction)) or int(rows.edges["end"][rows.lanes["edge"][start]]) >= 0
        turns.append(told or (turn_by(starts[end] - ends[start]) if at_junction else Turn.STRAIGHT))
    table = np.array(found, np.int32).reshape(-1, 3)
    return filled("links", {
        "start": table[:, 0], "end": table[:, 1], "via": table[:, 2], "turn": turns, "group": np.full(len(found), -1),
    })  # fmt: skip


def headings(rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions in which lanes begin and end, clockwise from north: those of their first and last metres."""
    first = rows.lanes["first"].astype(np.int64)
    last = first + rows.lanes["count"].astype(np.int64) - 1
    x, y, s = (rows.points[key] for key in ("x_m", "y_m", "s_m"))
    number = np.repeat(np.arange(len(first)), last - first + 1)
    along = number * LANE_APART_M + s
    found = []
    for end, at in ((first, np.minimum(AHEAD_M, s[last])), (last, np.maximum(s[last] - AHEAD_M, 0))):
        wanted = np.arange(len(first)) * LANE_APART_M + at
        dx, dy = np.interp(wanted, along, x) - x[end], np.interp(wanted, along, y) - y[end]
        found.append(np.arctan2(dx, dy) if end is first else np.arctan2(-dx, -dy))
    return found[0], found[1]


def turn_by(by: float) -> int:
    """Return the movement that turns by an angle to the right."""
    by = (by + math.pi) % (2 * math.pi) - math.pi
    if abs(by) < STRAIGHT_ON_RAD:
        return Turn.STRAIGHT
    if abs(by) > BACK_RAD:
        return Turn.U_TURN
    return Turn.RIGHT if by > 0 else Turn.LEFT
