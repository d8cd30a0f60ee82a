"""From a compiled net, its streets and the zone's description to the tables of the precise map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import adjacency, corners, curve, furniture, joints, precise, scenery
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.netfile import Net, NetLane
from jinyun.hdmap.phases import Groups, groups_of
from jinyun.hdmap.precise import Columns, LaneKind, Map, Turn
from jinyun.hdmap.streets import SectionOf, Streets
from jinyun.zone import Crossing, Stop, Zone

TURNS = {"s": Turn.STRAIGHT, "l": Turn.LEFT, "r": Turn.RIGHT, "t": Turn.U_TURN}
STOP_LINE_BACK_M = 1.0
CENTRE_TOLERANCE_M = 0.1
STOP_FARTHEST_M = 25.0
_KINDS = {
    "car": LaneKind.CAR, "bus": LaneKind.BUS, "bike": LaneKind.BICYCLE, "walk": LaneKind.SIDEWALK,
    "crossing": LaneKind.CROSSING, "area": LaneKind.AREA, "none": LaneKind.CAR,
}  # fmt: skip


def build(net: Net, streets: Streets, zone: Zone) -> Map:
    """Return the precise map; raises :class:`MapError` where a stop or crossing finds no lane."""
    net = corners.rounded(net)
    junction_row, junctions = _junctions(streets, zone)
    row_of_node = {node.id: junction_row.get(_junction_id(node.id, node.plan), -1) for node in streets.nodes.values()}
    section_row = {(s.road, s.section): i for i, s in enumerate(streets.sections)}
    ordered = [lane for edge in net.edges.values() for lane in edge.lanes]
    lane_row = {lane.id: row for row, lane in enumerate(ordered)}
    ways = [(lane_row[link.start], lane_row[link.via or link.end]) for link in net.links]
    lanes, points = _lanes(net, streets, ordered, row_of_node, section_row)
    edges = _edges(net, streets, ordered, row_of_node)
    ridden = ~np.isin(lanes["kind"], (LaneKind.AREA, LaneKind.CROSSING))
    outside = ridden & np.array([net.edges[lane.edge].function == "normal" for lane in ordered])
    lanes, points = joints.meet(lanes, edges, points, [way for way in ways if ridden[list(way)].all()], outside)
    stops = _stops(zone, streets, ordered)
    groups = groups_of(net, row_of_node, _arms(streets))
    _attach_programs(junctions, groups, net, row_of_node)
    links = _links(net, lane_row, groups)
    crossings, crossing_points = _crossings(net, streets, zone, lane_row, row_of_node, groups)
    sections, section_points = _sections(net, streets)
    areas, area_points = _areas(net, row_of_node, scenery.areas(zone.plan, sections, section_points))
    stop_lines = _stop_lines(net, ordered, links, junctions, groups, row_of_node, lanes, points)
    tables: dict[str, Mapping[str, Iterable[Any]]] = {
        **adjacency.following(ways, len(ordered)),
        "lanes": lanes, "points": points, "edges": edges, "links": links, "junctions": junctions,
        "groups": groups.table, "steps": groups.steps, "lights": groups.lights, "stop_lines": stop_lines,
        "crossings": crossings, "crossing_points": crossing_points, "stops": stops,
        "bays": furniture.charging_bays(zone.chargers, lanes, points),
        "heads": furniture.heads(lanes, points, links, groups.table, crossings, crossing_points),
        "sections": sections, "section_points": section_points, "areas": areas, "area_points": area_points,
        "about": {
            "zone": [zone.id], "lon": [zone.origin.lon], "lat": [zone.origin.lat], "region": [zone.map.region],
            "net": ["net.net.xml"], "datum": [zone.datum], "projection": [zone.project.proj],
            "source": [zone.map.plan], "format": ["plan"], "revision": [""], "ignored": ["{}"],
        },
    }  # fmt: skip
    return precise.complete(tables)


def _junction_id(node: str, plan: str) -> str:
    """Return the junction of a net's node: the arms of a roundabout are one, two carriageways are two."""
    return node if node[-1] in "+-" else plan


def _junctions(streets: Streets, zone: Zone) -> tuple[dict[str, int], Columns]:
    rows: dict[str, int] = {}
    table: dict[str, list[Any]] = defaultdict(list)
    for node in streets.nodes.values():
        id = _junction_id(node.id, node.plan)
        if not node.plan or id in rows:
            continue
        rows[id] = len(rows)
        described = zone.plan.nodes[node.plan]
        named = described.control in ("signal", "roundabout") or described.zh
        name = zone.plan.node_name(node.plan)
        roundabout = described.control == "roundabout"
        table["id"].append(id)
        table["node"].append(node.number)
        table["x_m"].append(described.at[0] if roundabout else node.x_m)
        table["y_m"].append(described.at[1] if roundabout else node.y_m)
        table["signalised"].append(described.control in ("signal", "crossing"))
        table["control"].append(described.control)
        table["zh"].append(name.zh if named else "")
        table["en"].append(name.en if named else "")
        table["offset_s"].append(node.offset_s)
    columns = {key: np.array(values) for key, values in table.items()}
    columns["node"] = columns["node"].astype(np.uint16)
    return rows, columns


def _lanes(
    net: Net,
    streets: Streets,
    ordered: list[NetLane],
    row_of_node: dict[str, int],
    section_row: dict[tuple[str, int], int],
) -> tuple[Columns, Columns]:
    table: dict[str, list[Any]] = defaultdict(list)
    first = 0
    comes_from: dict[str, NetLane] = {}
    for link in net.links:  # an inner lane takes after the lane that leads into it
        start = comes_from.get(link.start, net.lanes[link.start])
        if link.via:
            comes_from.setdefault(link.via, start)
    edge_rows = {id: row for row, id in enumerate(net.edges)}
    for lane in ordered:
        edge = net.edges[lane.edge]
        kind, junction = _KINDS[lane.use], -1
        source = streets.edges.get(lane.edge)
        if edge.function != "normal":
            node = _node_of_inner(lane.edge, streets)
            junction = row_of_node[node]
            before = comes_from.get(lane.id)
            source = streets.edges.get(before.edge) if before is not None else None
            if edge.function == "internal" and streets.nodes[node].control != "split":
                kind = LaneKind.INNER_BICYCLE if kind == LaneKind.BICYCLE else LaneKind.INNER
        table["id"].append(lane.id)
        table["edge"].append(edge_rows[lane.edge])
        table["index"].append(lane.index)
        table["kind"].append(kind)
        table["first"].append(first)
        table["count"].append(len(lane.shape))
        table["width_m"].append(lane.width_m)
        table["speed_limit_mps"].append(source.speed_mps if source is not None else lane.speed_mps)
        table["length_m"].append(lane.length_m)
        table["junction"].append(junction)
        table["open"].append(source.open if source is not None else False)
        table["tunnel"].append(source.tunnel if source is not None else False)
        table["section"].append(section_row.get((source.road, source.section), -1) if source is not None else -1)
        first += len(lane.shape)
    kinds = {
        "index": np.uint8, "kind": np.uint8, "first": np.uint32, "count": np.uint32, "width_m": np.float32,
        "speed_limit_mps": np.float32, "length_m": np.float64, "junction": np.int32, "edge": np.int32,
        "section": np.int32,
    }  # fmt: skip
    columns = {key: np.array(values, dtype=kinds.get(key)) for key, values in table.items()}
    columns["left"], columns["right"] = adjacency.neighbours(columns["edge"], columns["index"])
    line = np.vstack([lane.shape for lane in ordered])
    half = np.repeat(columns["width_m"].astype(np.float64) / 2, columns["count"])
    left, right = (curve.abreast(line, columns["first"], side * half) for side in (-1, 1))
    return columns, {
        "x_m": line[:, 0], "y_m": line[:, 1], "z_m": line[:, 2],
        "s_m": np.concatenate([curve.stations(lane.shape) for lane in ordered]),
        "left_x_m": left[:, 0], "left_y_m": left[:, 1], "right_x_m": right[:, 0], "right_y_m": right[:, 1],
    }  # fmt: skip


def _node_of_inner(edge: str, streets: Streets) -> str:
    """Return the node of an edge inside it: ``:A5_12`` and ``:A5_w0`` lie in ``A5``."""
    node = edge[1:].rsplit("_", 1)[0]
    if node not in streets.nodes:
        raise MapError(f"edge {edge} lies in no node of the plan")
    return node


def _edges(net: Net, streets: Streets, ordered: list[NetLane], row_of_node: dict[str, int]) -> Columns:
    table: dict[str, list[Any]] = defaultdict(list)
    first = 0
    for edge in net.edges.values():
        source = streets.edges.get(edge.id)
        table["id"].append(edge.id)
        table["road"].append(source.road if source is not None else "")
        table["first"].append(first)
        table["count"].append(len(edge.lanes))
        table["start"].append(row_of_node.get(edge.start, -1))
        table["end"].append(row_of_node.get(edge.end, -1))
        first += len(edge.lanes)
    assert first == len(ordered)
    return {key: np.array(values) for key, values in table.items()}


def _arms(streets: Streets) -> dict[str, str]:
    """Return for each edge the section it is of: both directions of one road at a junction share it."""
    return {edge.id: f"{edge.road}.{edge.section}" for edge in streets.edges.values()}


def _attach_programs(junctions: Columns, groups: Groups, net: Net, row_of_node: dict[str, int]) -> None:
    n = len(junctions["id"])
    for key in ("first_group", "groups", "first_step", "steps"):
        junctions[key] = np.zeros(n, np.int32)
    junctions["cycle_s"] = np.zeros(n)
    junctions["offset_s"] = np.asarray(junctions["offset_s"], np.float64)
    for key, table in (("groups", groups.table), ("steps", groups.steps)):
        rows, first, count = np.unique(table["junction"], return_index=True, return_counts=True)
        junctions["first_group" if key == "groups" else "first_step"][rows] = first
        junctions[key][rows] = count
    for light, (offset, steps) in net.programs.items():
        junctions["cycle_s"][row_of_node[light]] = sum(seconds for seconds, _ in steps)
        junctions["offset_s"][row_of_node[light]] = offset


def _links(net: Net, lane_row: dict[str, int], groups: Groups) -> Columns:
    table: dict[str, list[int]] = defaultdict(list)
    for link in net.links:
        if link.start.startswith(":") and "_w" not in link.start:
            continue
        table["start"].append(lane_row[link.start])
        table["end"].append(lane_row[link.end])
        table["via"].append(lane_row.get(link.via, -1))
        table["turn"].append(TURNS.get(link.direction.lower(), Turn.STRAIGHT))
        table["group"].append(groups.row_of.get((link.tl, link.signal), -1))
    columns: Columns = {key: np.array(values, np.int32) for key, values in table.items()}
    columns["turn"] = columns["turn"].astype(np.uint8)
    return columns


def _stop_lines(
    net: Net,
    ordered: list[NetLane],
    links: Columns,
    junctions: Columns,
    groups: Groups,
    row_of_node: dict[str, int],
    lanes: Columns,
    points: Columns,
) -> Columns:
    table: dict[str, list[Any]] = defaultdict(list)
    onward: dict[int, list[int]] = defaultdict(list)
    for row, start in enumerate(links["start"]):
        onward[int(start)].append(row)
    for row, lane in enumerate(ordered):
        edge = net.edges[lane.edge]
        if edge.function != "normal" or lane.use not in ("car", "bus", "bike"):
            continue
        junction = row_of_node.get(edge.end, -1)
        if junction < 0 or junctions["control"][junction] not in ("signal", "crossing", "zebra"):
            continue
        ways = onward[row]
        if not ways:
            continue
        turns = 0
        for way in ways:
            turns |= int(links["turn"][way])
        main = min(ways, key=lambda way: (int(links["turn"][way]), way))  # straight on before left before right
        group = int(links["group"][main])
        its = slice(int(lanes["first"][row]), int(lanes["first"][row]) + int(lanes["count"][row]))
        for side, n in (("left", 1), ("right", 2)):  # as slanted as the lanes' end, so that all of an approach are one
            border = np.column_stack([points[f"{side}_{k}_m"][its] for k in "xy"])
            place = curve.at_station(border, max(curve.length_m(border) - STOP_LINE_BACK_M, 0.1))[0]
            table[f"x{n}_m"].append(float(place[0]))
            table[f"y{n}_m"].append(float(place[1]))
        table["junction"].append(junction)
        table["phase"].append(int(groups.table["phase"][group]) if group >= 0 else 0)
        table["turn"].append(turns)
        table["lane"].append(row)
    columns = {key: np.array(values) for key, values in table.items()}
    columns["phase"], columns["turn"] = columns["phase"].astype(np.uint8), columns["turn"].astype(np.uint8)
    return columns


def _crossings(
    net: Net,
    streets: Streets,
    zone: Zone,
    lane_row: dict[str, int],
    row_of_node: dict[str, int],
    groups: Groups,
) -> tuple[Columns, Columns]:
    table: dict[str, list[Any]] = defaultdict(list)
    lines: list[NDArray[np.float64]] = []
    phase_of = {
        link.end: int(groups.table["phase"][groups.row_of[link.tl, link.signal]]) for link in net.links if link.tl
    }
    sections = {(s.road, s.section): s for s in streets.sections}
    taken: set[str] = set()
    first = 0
    for edge in net.edges.values():
        if edge.function != "crossing":
            continue
        lane = edge.lanes[0]
        node = _node_of_inner(edge.id, streets)
        over = {(streets.edges[e].road, streets.edges[e].section) for e in edge.over}
        smart = _smart(zone, node, [sections[key] for key in over])
        if smart is not None:
            taken.add(smart.id)
        line = lane.shape[:, :2]
        table["id"].append(smart.id if smart is not None else edge.id)
        table["lane"].append(lane_row[lane.id])
        table["first"].append(first)
        table["count"].append(len(line))
        table["width_m"].append(lane.width_m)
        table["junction"].append(row_of_node[node])
        table["phase"].append(phase_of.get(lane.id, 0))
        table["smart"].append(smart is not None)
        lines.append(line)
        first += len(line)
    for crossing in zone.crossings:
        if crossing.id not in taken:
            raise MapError(f"zone.toml: crossings: {crossing.id} has no crossing at {crossing.node} in the map")
    columns = {key: np.array(values) for key, values in table.items()}
    whole = np.vstack(lines) if lines else np.zeros((0, 2))
    return columns, {"x_m": whole[:, 0], "y_m": whole[:, 1]}


def _smart(zone: Zone, node: str, over: list[SectionOf]) -> Crossing | None:
    """Return the zone's crossing at ``node`` that lies over one of the sections, or None."""
    for crossing in zone.crossings:
        if crossing.node != node:
            continue
        if crossing.toward is None or any(crossing.toward in (s.start, s.end) for s in over):
            return crossing
    return None


def _stops(zone: Zone, streets: Streets, ordered: list[NetLane]) -> Columns:
    table: dict[str, list[Any]] = defaultdict(list)
    for stop in zone.stops:
        row, start, end = _stop_place(stop, streets, ordered)
        middle = curve.at_station(ordered[row].shape, [(start + end) / 2])[0]
        for key, value in zip(
            ("id", "lane", "start_m", "end_m", "x_m", "y_m"),
            (stop.id, row, start, end, float(middle[0]), float(middle[1])), strict=True,
        ):  # fmt: skip
            table[key].append(value)
    return {key: np.array(values) for key, values in table.items()}


def _stop_place(stop: Stop, streets: Streets, ordered: list[NetLane]) -> tuple[int, float, float]:
    """Return lane row, begin and end of a stop: the outermost lane for vehicles, on the side where ``at`` lies."""
    at = np.array([stop.x_m, stop.y_m])
    best: tuple[float, int, float] | None = None
    seen: set[str] = set()
    for row, lane in enumerate(ordered):
        edge = streets.edges.get(lane.edge)
        if edge is None or edge.road != stop.road or lane.use not in ("car", "bus") or lane.edge in seen:
            continue
        seen.add(lane.edge)  # lanes are numbered from the right: the first one met is the outermost
        s = curve.stations(lane.shape)
        fine = np.linspace(0, s[-1], max(int(s[-1]), 2))
        away = np.hypot(*(curve.at_station(lane.shape, fine)[:, :2] - at).T)
        k = int(np.argmin(away))
        if best is None or away[k] < best[0]:
            best = (float(away[k]), row, float(fine[k]))
    if best is None or best[0] > STOP_FARTHEST_M:
        raise MapError(f"zone.toml: stops: {stop.id} is not within {STOP_FARTHEST_M:.0f} m of road {stop.road}")
    _, row, s_m = best
    length = ordered[row].length_m
    if length < stop.length_m + 10:
        raise MapError(f"zone.toml: stops: {stop.id} does not fit on a stretch of {length:.0f} m of road {stop.road}")
    start = float(np.clip(s_m - stop.length_m / 2, 5, length - stop.length_m - 5))
    return row, start, start + stop.length_m


def _sections(net: Net, streets: Streets) -> tuple[Columns, Columns]:
    """Return the sections with their centre-line length as the net has it: mean of both directions, nodes included."""
    lengths: dict[tuple[str, int, str], float] = defaultdict(float)
    ends: dict[tuple[str, int, str], list[tuple[NDArray[np.float64], str]]] = defaultdict(list)
    for edge in streets.edges.values():
        way = edge.id.removeprefix(f"{edge.road}.{edge.section}")[:1]
        lane = net.edges[edge.id].lanes[-1]
        lengths[edge.road, edge.section, way] += lane.length_m
        ends[edge.road, edge.section, way] += [(lane.shape[0, :2], edge.start), (lane.shape[-1, :2], edge.end)]
    for link in net.links:
        if link.via and streets.nodes[_node_of_inner(net.lanes[link.via].edge, streets)].control == "split":
            start = streets.edges[net.lanes[link.start].edge]
            if net.edges[start.id].lanes[-1].id == link.start:
                way = start.id.removeprefix(f"{start.road}.{start.section}")[:1]
                lengths[start.road, start.section, way] += net.lanes[link.via].length_m
    table: dict[str, list[Any]] = defaultdict(list)
    lines: list[NDArray[np.float64]] = []
    first = 0
    for s in streets.sections:
        found = []
        for way in "+-":
            if (s.road, s.section, way) in lengths:
                places = ends[s.road, s.section, way]
                line = s.centre if way == "+" else s.centre[::-1]
                gap = sum(
                    abs(float((place - line[at, :2]) @ _unit(line[at + (1 if at == 0 else -1), :2] - line[at, :2])))
                    for place, at in ((places[0][0], 0), (places[-1][0], -1))
                )
                found.append(lengths[s.road, s.section, way] + gap)
        table["road"].append(s.road)
        table["start"].append(s.start)
        table["end"].append(s.end)
        table["length_m"].append(float(np.mean(found)))
        table["open"].append(s.open)
        table["tunnel"].append(s.tunnel)
        lines.append(curve.simplified(s.centre[:, :2], CENTRE_TOLERANCE_M))
        table["first"].append(first)
        table["count"].append(len(lines[-1]))
        first += len(lines[-1])
    whole = np.vstack(lines)
    return {key: np.array(values) for key, values in table.items()}, {"x_m": whole[:, 0], "y_m": whole[:, 1]}


def _unit(way: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = way / max(float(np.linalg.norm(way)), 1e-12)
    return unit


def _areas(
    net: Net, row_of_node: dict[str, int], around: Iterable[tuple[int, NDArray[np.float64]]]
) -> tuple[Columns, Columns]:
    table: dict[str, list[int]] = defaultdict(list)
    lines: list[NDArray[np.float64]] = []
    first = 0
    outlines = [(kind, -1, outline) for kind, outline in around]
    outlines += [(0, row_of_node.get(j.id, -1), j.shape[:, :2]) for j in net.junctions.values() if len(j.shape) > 2]
    for edge in net.edges.values():
        if edge.function == "walkingarea" and len(edge.lanes[0].shape) > 2:
            node = edge.id[1:].rsplit("_", 1)[0]
            outlines.append((1, row_of_node.get(node, -1), edge.lanes[0].shape[:, :2]))
    for kind, junction, outline in outlines:
        table["first"].append(first)
        table["count"].append(len(outline))
        table["kind"].append(kind)
        table["junction"].append(junction)
        lines.append(outline)
        first += len(outline)
    whole = np.vstack(lines)
    columns = {key: np.array(values) for key, values in table.items()}
    return columns, {"x_m": whole[:, 0], "y_m": whole[:, 1]}


def stops_file(map_stops: Columns, lane_ids: Sequence[str], path: Path) -> None:
    """Write the stops as a SUMO additional file."""
    lines = ["<additional>"]
    for id, lane, start, end in zip(
        map_stops.get("id", ()), map_stops.get("lane", ()), map_stops.get("start_m", ()), map_stops.get("end_m", ()),
        strict=True,
    ):  # fmt: skip
        lines.append(f'  <busStop id="{id}" lane="{lane_ids[lane]}" startPos="{start:.2f}" endPos="{end:.2f}"/>')
    path.write_text("\n".join([*lines, "</additional>", ""]), encoding="utf-8")
