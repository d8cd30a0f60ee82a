"""Lanelet2 (OSM XML) of the precise map: lanelets that share borders and nodes, crosswalks, lights and stop lines.

Tags are Lanelet2's and, for what that lacks, Autoware's (``turn_direction``, ``intersection_area``,
``parking_space``). What it has no place for: signal programs and phase numbers, walking areas, stops, sections, tunnels,
names of junctions. A map that lies nowhere on Earth has its metres in ``local_x`` and ``local_y``; its degrees are of a
plane at 0, 0, for programs that read nothing else, and ``MetaInfo`` says that they mean nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from jinyun.hdmap.precise import LaneKind, Map, Turn
from jinyun.hdmap.writing.lanelet import standing
from jinyun.hdmap.writing.lanelet.shared import Ways, borders
from jinyun.zone import Projection

__all__ = ["write"]

SUBTYPES = {
    LaneKind.CAR: ("road", "vehicle"), LaneKind.BUS: ("bus_lane", "vehicle:bus"),
    LaneKind.BICYCLE: ("bicycle_lane", "bicycle"), LaneKind.SIDEWALK: ("walkway", "pedestrian"),
    LaneKind.INNER: ("road", "vehicle"), LaneKind.INNER_BICYCLE: ("bicycle_lane", "bicycle"),
    LaneKind.CROSSING: ("crosswalk", "pedestrian"),
}  # fmt: skip
WALKED = (LaneKind.SIDEWALK, LaneKind.CROSSING)
Tags = dict[str, str]


def write(map: Map, path: Path) -> None:
    """Write the map as a Lanelet2 file."""
    lanes = np.flatnonzero(map.lanes["kind"] != LaneKind.AREA).tolist()
    ways = borders(map, lanes)
    tags: dict[int, Tags] = {}
    for lane, pair in ways.of_lane.items():
        for way in pair:
            tags.setdefault(way, {"type": "virtual" if map.lanes["junction"][lane] >= 0 else "line_thin"})
            if map.lanes["junction"][lane] < 0 and tags[way]["type"] == "line_thin":
                tags[way]["subtype"] = "solid"
    for lane in lanes:
        left, way = int(map.lanes["left"][lane]), ways.of_lane[lane][0]
        shared = left >= 0 and way == ways.of_lane[left][1] and tags[way]["type"] == "line_thin"
        if shared and _driven(map, lane) == _driven(map, left):
            tags[way]["subtype"] = "dashed"
    there = standing.standing(map, ways, tags)
    path.write_text("\n".join(_lines(map, lanes, ways, tags, there)) + "\n", encoding="utf-8")


def _driven(map: Map, lane: int) -> bool:
    return int(map.lanes["kind"][lane]) in (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)


def _lines(map: Map, lanes: list[int], ways: Ways, tags: dict[int, Tags], there: standing.Standing) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<osm version="0.6" generator="Jinyun">'
    if not _placed(map):
        yield '<MetaInfo projector_type="Local"/>'
    nodes = len(ways.nodes)
    yield from _nodes(map, ways)
    for row, its in enumerate(ways.ways):
        yield f'<way id="{nodes + row + 1}" version="1">' + "".join(f'<nd ref="{n + 1}"/>' for n in its)
        yield _tags(tags.get(row, {})) + "</way>"
    first = nodes + len(ways.ways) + 1
    relation = {lane: first + k for k, lane in enumerate(lanes)}
    rule = {k: first + len(lanes) + k for k in range(len(there.rules))}
    turns = _turns(map)
    for lane in lanes:
        left, right = ways.of_lane[lane]
        yield f'<relation id="{relation[lane]}" version="1">'
        yield f'<member type="way" role="left" ref="{nodes + left + 1}"/>'
        yield f'<member type="way" role="right" ref="{nodes + right + 1}"/>'
        for k in there.rules_of.get(lane, ()):
            yield f'<member type="relation" role="regulatory_element" ref="{rule[k]}"/>'
        yield _tags(_lanelet(map, lane, turns, there, nodes)) + "</relation>"
    for k, item in enumerate(there.rules):
        yield f'<relation id="{rule[k]}" version="1">'
        for role, lines in (("refers", item.refers), ("ref_line", item.lines)):
            yield from (f'<member type="way" role="{role}" ref="{nodes + way + 1}"/>' for way in lines)
        for role, rows in (("yield", item.yields), ("right_of_way", item.goes)):
            yield from (f'<member type="relation" role="{role}" ref="{relation[lane]}"/>' for lane in rows)
        yield _tags({"type": "regulatory_element", "subtype": item.subtype}) + "</relation>"
    yield "</osm>"


def _nodes(map: Map, ways: Ways) -> Iterator[str]:
    places = np.array(ways.nodes).reshape(-1, 3)
    known = _placed(map)
    plane = map.project if known else Projection(0.0, 0.0)
    lons, lats = plane.inverse(places[:, 0], places[:, 1])
    for k, (lon, lat, (x, y, z)) in enumerate(zip(lons.tolist(), lats.tolist(), places.tolist(), strict=True), start=1):
        local = "" if known else f'<tag k="local_x" v="{x:.4f}"/><tag k="local_y" v="{y:.4f}"/>'
        yield f'<node id="{k}" version="1" lat="{lat:.11f}" lon="{lon:.11f}">{local}<tag k="ele" v="{z:.4f}"/></node>'


def _placed(map: Map) -> bool:
    return all(math.isfinite(float(map.about[key][0])) for key in ("lon", "lat"))


def _tags(tags: Tags) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def _turns(map: Map) -> dict[int, str]:
    """Return the word for the turn of each lane inside a junction that begins a way through it."""
    words = {Turn.STRAIGHT: "straight", Turn.LEFT: "left", Turn.U_TURN: "left", Turn.RIGHT: "right"}
    via, turn = map.links["via"].tolist(), map.links["turn"].tolist()
    return {lane: words[Turn(bits & -bits)] for lane, bits in zip(via, turn, strict=True) if lane >= 0 and bits}


def _lanelet(map: Map, lane: int, turns: dict[int, str], there: standing.Standing, nodes: int) -> Tags:
    kind = LaneKind(int(map.lanes["kind"][lane]))
    subtype, who = SUBTYPES[kind]
    tags = {
        "type": "lanelet", "subtype": subtype, "location": "urban", "one_way": "no" if kind in WALKED else "yes",
        f"participant:{who}": "yes",
    }  # fmt: skip
    speed = float(map.lanes["speed_limit_mps"][lane])
    if math.isfinite(speed) and kind not in WALKED:
        tags["speed_limit"] = f"{round(speed * 3.6, 3):g}"
    junction = int(map.lanes["junction"][lane])
    if junction >= 0 and kind != LaneKind.CROSSING:
        if lane in turns:
            tags["turn_direction"] = turns[lane]
        if junction in there.area_of:
            tags["intersection_area"] = str(nodes + there.area_of[junction] + 1)
    return tags
