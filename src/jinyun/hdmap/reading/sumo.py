"""SUMO nets: lanes as middle lines with widths, connections through junctions, signal programs, crossings.

Nodes where a road only changes its lanes are no junctions. Heads of signals are set up by rule: a net has none.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import corners, curve
from jinyun.hdmap.netfile import Net, NetLane, NetLink
from jinyun.hdmap.phases import LIGHTS
from jinyun.hdmap.precise import LaneKind, Turn
from jinyun.hdmap.reading import georeference
from jinyun.hdmap.reading.draft import Draft, DraftCrossing, DraftEdge, DraftJunction, DraftLane, DraftSignal
from jinyun.hdmap.reading.georeference import Georeference
from jinyun.hdmap.reading.source import MOST_LANES, MOST_POINTS, Source

__all__ = ["read"]

HELD = frozenset((
    "net", "location", "edge", "lane", "tlLogic", "phase", "junction", "connection", "param", "type", "restriction",
))  # fmt: skip
USERS = (
    (
        LaneKind.CAR,
        {"all", "passenger", "private", "taxi", "evehicle", "hov", "truck", "trailer", "delivery", "motorcycle"},
    ),
    (LaneKind.BUS, {"bus", "coach"}),
    (LaneKind.BICYCLE, {"bicycle"}),
    (LaneKind.SIDEWALK, {"pedestrian"}),
)
"""What a lane is for: the first whose users it lets in."""
TURNS = {"s": Turn.STRAIGHT, "l": Turn.LEFT, "r": Turn.RIGHT, "t": Turn.U_TURN}
WIDTH_M = 3.2
"""SUMO's width of a lane that does not say its own."""
MOST_STATES = 5_000_000
AREA_KIND = 1


def read(root: ET.Element, source: Source, format: str = "sumo") -> Draft:
    """Return the lanes and all that belongs to them; raises :class:`jinyun.hdmap.MapError`."""
    source.leave(root, HELD)
    draft = Draft(format, _georeference(root, source), parallel=True)
    shapes: list[NDArray[np.float64]] = []
    widths: list[float] = []
    points = 0
    for item in root.iterfind("junction"):
        if item.get("type") != "internal":
            _junction(item, draft, source)
    for item in root.iterfind("edge"):
        points += _edge(item, draft, shapes, widths, source)
        if points > MOST_POINTS or len(draft.lanes) > MOST_LANES:
            raise source.fault("-", f"more than {MOST_LANES} lanes or {MOST_POINTS} points")
    links = _connections(root, draft, source)
    if shapes:
        _round(draft, shapes, widths, links)
        _borders(draft, shapes, widths)
    _only_lane_changes(draft)
    return draft


def _georeference(root: ET.Element, source: Source) -> Georeference:
    location = root.find("location")
    if location is None:
        return Georeference(None, "", "no location")
    found = georeference.understand(location.get("projParameter"))
    offset = (location.get("netOffset") or "0,0").split(",")
    try:
        dx, dy = (float(part) for part in offset)
    except ValueError:
        raise source.fault("location", f"netOffset is {location.get('netOffset')!r}") from None
    if found.plane is None:
        return found
    plane = found.plane
    return replace(found, plane=replace(plane, east_m=plane.east_m + dx, north_m=plane.north_m + dy))


def _shape(item: ET.Element, where: str, source: Source, least: int) -> NDArray[np.float64]:
    """Return SUMO's ``x,y[,z] x,y[,z] ...`` as an array of shape (n, 3)."""
    words = (item.get("shape") or "").split()
    commas = {word.count(",") for word in words}
    if commas == {1, 2}:  # SUMO leaves out a height of 0
        words = [word if word.count(",") == 2 else f"{word},0" for word in words]
        commas = {2}
    if len(words) < least or not commas <= {1, 2}:
        raise source.fault(where, f"shape of {item.tag} is not a line of places")
    size = max(commas, default=1) + 1
    try:
        line: NDArray[np.float64] = np.array(",".join(words).split(",") if words else [], np.float64).reshape(-1, size)
    except ValueError:
        raise source.fault(where, f"shape of {item.tag} has something that is no number") from None
    return line if size == 3 else np.column_stack([line, np.zeros(len(line))])


def _junction(item: ET.Element, draft: Draft, source: Source) -> None:
    id = item.get("id") or ""
    where = f"junction {id}"
    if not id or id in draft.junctions:
        raise source.fault(where, "comes twice" if id else "has no id")
    kind = item.get("type") or ""
    outline = _shape(item, where, source, 0)[:, :2]
    draft.junctions[id] = DraftJunction(
        id, "fringe" if kind == "dead_end" else "priority", "", source.place(item, "x", where),
        source.place(item, "y", where), outline if len(outline) > 2 else None,
    )  # fmt: skip


def _edge(
    item: ET.Element, draft: Draft, shapes: list[NDArray[np.float64]], widths: list[float], source: Source
) -> int:
    """Add an edge and its lanes; return how many points they have."""
    id, function = item.get("id") or "", item.get("function") or "normal"
    where = f"edge {id}"
    if not id or id in draft.edges:
        raise source.fault(where, "comes twice" if id else "has no id")
    if function not in ("normal", "internal", "crossing", "walkingarea", "connector"):
        source.ignored[f"edge function={function[:40]}"] += 1
        return 0
    junction = "" if function in ("normal", "connector") else id[1:].rpartition("_")[0]
    ends = (item.get("from") or "", item.get("to") or "") if not junction else ("", "")
    for name in (junction, *ends):
        if name and name not in draft.junctions:
            raise source.fault(where, f"names junction {name[:40]!r}, which is not there")
    road, _, part = id.lstrip("-").partition("#")
    same = [edge.part for edge in (draft.edges.get(f"{sign}{road}#{part}".rstrip("#")) for sign in ("", "-")) if edge]
    edge = DraftEdge(id, road if not junction else "", same[0] if same else len(draft.edges), *ends)
    points, before = 0, ""
    for number, lane in enumerate(sorted(item.iterfind("lane"), key=lambda lane: source.whole(lane, "index", where))):
        kind = {"crossing": LaneKind.CROSSING, "walkingarea": LaneKind.AREA}.get(function) or _kind(lane)
        name = lane.get("id") or ""
        if kind is None or name != f"{id}_{number}":
            if kind is not None:
                raise source.fault(where, f"lane {number} is called {name[:40]!r}")
            source.ignored[f"lane allow={(lane.get('allow') or '')[:40]}"] += 1
            before = ""
            continue
        shape = _shape(lane, f"lane {name}", source, 2)
        width = source.length(lane, "width", f"lane {name}", 100) if lane.get("width") else WIDTH_M
        made = DraftLane(
            name, id, kind, shape, shape, speed_mps=source.number(lane, "speed", f"lane {name}"), junction=junction,
            length_m=source.length(lane, "length", f"lane {name}"),
        )  # fmt: skip
        if before and function in ("normal", "internal"):
            draft.lanes[-1].beside = name
        before = name
        draft.lanes.append(made)
        shapes.append(shape)
        widths.append(width)
        points += len(shape)
        if kind == LaneKind.CROSSING:
            draft.crossings.append(DraftCrossing(id, shape, width, lane=name, junction=junction))
        elif kind == LaneKind.AREA and len(shape) > 2:
            draft.areas.append((AREA_KIND, junction, shape[:, :2]))
    if points:
        draft.edges[id] = edge
    return points


def _kind(lane: ET.Element) -> LaneKind | None:
    allow, refuse = lane.get("allow"), (lane.get("disallow") or "").split()
    if allow is not None:
        allowed = set(allow.split())
        return next((kind for kind, users in USERS if users & allowed), None)
    if "all" in refuse:
        return None
    return next((kind for kind, users in USERS if users - {"all"} - set(refuse)), None)


def _round(draft: Draft, shapes: list[NDArray[np.float64]], widths: list[float], links: list[NetLink]) -> None:
    """Make curves of the turns that the net bends in a point, as the zone's own compiler does."""
    use = {LaneKind.CROSSING: "crossing", LaneKind.AREA: "area", LaneKind.SIDEWALK: "walk"}
    lanes = {
        lane.id: NetLane(lane.id, lane.edge, 0, use.get(lane.kind, "car"), lane.speed_mps, lane.length_m, width, shape)
        for lane, shape, width in zip(draft.lanes, shapes, widths, strict=True)
    }
    rounded = corners.rounded(Net(lanes=lanes, links=links)).lanes
    for k, lane in enumerate(draft.lanes):
        if rounded[lane.id] is not lanes[lane.id]:
            shapes[k], lane.length_m = rounded[lane.id].shape, rounded[lane.id].length_m


def _borders(draft: Draft, shapes: list[NDArray[np.float64]], widths: list[float]) -> None:
    count = np.array([len(shape) for shape in shapes])
    first = np.cumsum(count) - count
    line = np.vstack(shapes)
    half = np.repeat(np.array(widths) / 2, count)
    sides = [np.column_stack([curve.abreast(line, first, side * half), line[:, 2]]) for side in (-1, 1)]
    for k, lane in enumerate(draft.lanes):
        rows = slice(int(first[k]), int(first[k] + count[k]))
        lane.left, lane.right = sides[0][rows], sides[1][rows]


def _connections(root: ET.Element, draft: Draft, source: Source) -> list[NetLink]:
    """Add who follows whom, the signals and their programs; return the connections."""
    lanes = {lane.id: lane for lane in draft.lanes}
    programs, offsets = _programs(root, source)
    ordered: list[tuple[str, int, DraftSignal]] = []
    links: list[NetLink] = []
    for item in root.iterfind("connection"):
        start, end = f"{item.get('from')}_{item.get('fromLane')}", f"{item.get('to')}_{item.get('toLane')}"
        via, where = item.get("via") or "", f"connection {start} to {end}"
        if item.get("from") not in draft.edges or item.get("to") not in draft.edges:
            source.ignored["connection of a lane that is not kept"] += 1
            continue
        lost = next((id for id in (start, end, via) if id and id not in lanes), None)
        if lost is not None:
            source.ignored["connection of a lane that is not kept"] += 1
            continue
        draft.follows.append((start, via or end))
        links.append(NetLink(start, end, via, item.get("dir") or "", "", -1))
        turn = int(TURNS.get((item.get("dir") or "s").lower(), 0))
        if via:
            lanes[via].turn = turn
            lanes[via].speed_mps = lanes[start].speed_mps  # the net has the speed of the bend, not a limit
        light = item.get("tl") or ""
        if not light:
            continue
        index = source.whole(item, "linkIndex", where)
        steps = programs.get(light, [])
        if not 0 <= index < 10_000 or any(index >= len(state) for _, state in steps):
            raise source.fault(where, f"linkIndex {index} is beyond the states of tlLogic {light[:40]}")
        walkers = lanes[end].kind == LaneKind.CROSSING
        series = "".join(state[index] for _, state in steps).upper()
        signal = DraftSignal(f"{light} {index}", group=f"{light} {series}", walkers=walkers)
        if walkers:
            signal.crossing = lanes[end].edge
            junction = lanes[end].junction
        else:
            signal.lanes = [via or start]
            signal.turns = 0 if via else turn
            junction = lanes[via].junction if via else draft.edges[lanes[start].edge].end
        ordered.append((light, index, signal))
        if junction not in draft.junctions:
            continue
        at = draft.junctions[junction]
        if not at.program:
            at.program = [(seconds, {}) for seconds, _ in steps]
            at.offset_s = offsets.get(light, 0.0)
        if len(at.program) == len(steps):
            for (_, shown), (_, state) in zip(at.program, steps, strict=True):
                shown[signal.id] = int(LIGHTS.get(state[index], 0))
    draft.signals = [signal for _, _, signal in sorted(ordered, key=lambda one: one[:2])]
    return links


def _programs(root: ET.Element, source: Source) -> tuple[dict[str, list[tuple[float, str]]], dict[str, float]]:
    programs: dict[str, list[tuple[float, str]]] = {}
    offsets: dict[str, float] = {}
    states = 0
    for item in root.iterfind("tlLogic"):
        id = item.get("id") or ""
        where = f"tlLogic {id}"
        if id in programs:
            source.ignored["further program of a tlLogic"] += 1
            continue
        if item.get("type") not in (None, "static"):
            source.ignored[f"tlLogic type={(item.get('type') or '')[:40]}"] += 1
        programs[id] = [
            (source.length(phase, "duration", where, 86_400), phase.get("state") or "")
            for phase in item.iterfind("phase")
        ]
        states += sum(len(state) for _, state in programs[id])
        if states > MOST_STATES:
            raise source.fault(where, f"more than {MOST_STATES} lights in all programs")
        offsets[id] = source.number(item, "offset", where, 0.0)
    return programs, offsets


def _only_lane_changes(draft: Draft) -> None:
    """Take away the junctions where each road leads on to one other: there only the lanes change."""
    into: dict[str, set[str]] = defaultdict(set)
    out: dict[str, set[str]] = defaultdict(set)
    at: dict[str, set[str]] = defaultdict(set)
    lanes = {lane.id: lane for lane in draft.lanes}
    after: dict[str, list[str]] = defaultdict(list)
    for a, b in draft.follows:
        after[a].append(b)
    for edge in draft.edges.values():
        for id in (edge.start, edge.end):
            at[id].add(edge.id)
    for a, b in draft.follows:
        start = lanes[a]
        if start.junction or start.kind in (LaneKind.SIDEWALK, LaneKind.AREA, LaneKind.CROSSING):
            continue
        waiting, seen = [b], {b}
        while waiting and len(seen) < 64:
            lane = lanes[waiting.pop()]
            if not lane.junction:
                into[start.edge].add(lane.edge)
                out[lane.edge].add(start.edge)
            else:
                further = [id for id in after[lane.id] if id not in seen]
                waiting += further
                seen |= set(further)
    signalled = {
        lanes[id].junction or draft.edges[lanes[id].edge].end for signal in draft.signals for id in signal.lanes
    }
    crossed = {crossing.junction for crossing in draft.crossings}
    gone: set[str] = set()
    for id, junction in draft.junctions.items():
        if junction.control == "fringe" or id in signalled or not at[id]:
            continue
        entering = [edge for edge in at[id] if draft.edges[edge].end == id]
        leaving = [edge for edge in at[id] if draft.edges[edge].start == id]
        if len(entering) > 2 or len(leaving) > 2 or not entering or not leaving:
            continue
        if all(len(into[edge]) == 1 for edge in entering) and all(len(out[edge]) == 1 for edge in leaving):
            turned = {edge.lstrip("-") for edge in entering} if len(entering) == 1 and len(leaving) == 1 else set()
            if not turned & {edge.lstrip("-") for edge in leaving}:  # the same road back: an end, not a way on
                if id in crossed:
                    junction.control = "zebra"
                else:
                    gone.add(id)
    for edge in draft.edges.values():
        edge.start = "" if edge.start in gone else edge.start
        edge.end = "" if edge.end in gone else edge.end
    for lane in draft.lanes:
        if lane.junction in gone:
            lane.junction, lane.within = "", lane.kind not in (LaneKind.AREA, LaneKind.CROSSING)
    draft.junctions = {id: junction for id, junction in draft.junctions.items() if id not in gone and at[id]}
    draft.areas = [area for area in draft.areas if area[1] not in gone]
