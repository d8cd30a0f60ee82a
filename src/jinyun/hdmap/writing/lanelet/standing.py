"""Traffic lights and stop lines as regulatory elements, areas of junctions and parking spaces as ways."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Bay, LaneKind, Map
from jinyun.hdmap.writing.lanelet.shared import Ways
from jinyun.hdmap.writing.misfit import farthest_m

LIGHT_M = (0.9, 0.45)
"""Height and width of a traffic light; a light for walkers is written as large."""
JUNCTION = 0
BEFORE_CROSSING_M = 15.0
"""Who stops at a line without a light gives way on the crossing this near."""


@dataclass(frozen=True)
class Rule:
    """A regulatory element: the ways it refers to, its stop lines, and who gives way to whom as rows of lanes."""

    subtype: str
    refers: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    yields: tuple[int, ...] = ()
    goes: tuple[int, ...] = ()


@dataclass
class Standing:
    """Regulatory elements, those of each lane, and the way that outlines each junction."""

    rules: list[Rule] = field(default_factory=list)
    rules_of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    area_of: dict[int, int] = field(default_factory=dict)


def standing(map: Map, ways: Ways, tags: dict[int, dict[str, str]]) -> Standing:
    """Return what stands on the lanes; adds its ways and their tags."""
    done = Standing()
    lights = _lights(map, ways, tags)
    lines = _stop_lines(map, ways, tags)
    _rules(map, lights, lines, done)
    for row, junction in enumerate(map.areas["junction"].tolist()):
        if map.areas["kind"][row] == JUNCTION and junction >= 0:
            first, count = int(map.areas["first"][row]), int(map.areas["count"][row])
            outline = np.column_stack([map.area_points[k][first : first + count] for k in ("x_m", "y_m")])
            level = np.zeros(len(outline) + 1)
            way = ways.way(np.column_stack([np.vstack([outline, outline[:1]]), level]))
            tags[way] = {"type": "intersection_area", "area": "yes"}
            done.area_of.setdefault(junction, way)
    for row in range(len(map.bays["id"])):
        x, y, h, length = (float(map.bays[k][row]) for k in ("x_m", "y_m", "heading_rad", "length_m"))
        reach = np.array([np.sin(h), np.cos(h), 0.0]) * length / 2
        middle = np.array([x, y, 0.0])
        way = ways.way(np.array([middle - reach, middle + reach]))
        tags[way] = {"type": "parking_space", "width": f"{float(map.bays['width_m'][row]):.2f}"}
        if map.bays["kind"][row] == Bay.CHARGING:
            tags[way]["subtype"] = "charging"
    return done


def _lights(map: Map, ways: Ways, tags: dict[int, dict[str, str]]) -> dict[tuple[int, int], list[int]]:
    """Return the ways of the lights of each (junction, phase): from left to right as those see it whom it is for."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    height, width = LIGHT_M
    for row in range(len(map.heads["phase"])):
        x, y, z, h = (float(map.heads[k][row]) for k in ("x_m", "y_m", "z_m", "heading_rad"))
        across = np.array([np.cos(h), -np.sin(h), 0.0]) * width / 2
        foot = np.array([x, y, z - height / 2])
        way = ways.way(np.array([foot - across, foot + across]))
        tags[way] = {"type": "traffic_light", "subtype": "red_yellow_green", "height": f"{height:g}"}
        found[int(map.heads["junction"][row]), int(map.heads["phase"][row])].append(way)
    return found


def _stop_lines(map: Map, ways: Ways, tags: dict[int, dict[str, str]]) -> dict[int, int]:
    """Return the way of each lane's stop line; neighbours whose lines meet share one."""
    table = map.stop_lines
    row_of = {lane: row for row, lane in enumerate(table["lane"].tolist())}
    ends = {
        lane: np.array([[table[f"{k}{n}_m"][row] for k in "xy"] for n in (1, 2)]) for lane, row in row_of.items()
    }  # fmt: skip
    found: dict[int, int] = {}
    for lane in row_of:
        if lane in found:
            continue
        row = [lane]
        while (right := int(map.lanes["right"][row[-1]])) in ends and _one_line(map, ends, row[-1], right):
            row.append(right)
        while (left := int(map.lanes["left"][row[0]])) in ends and _one_line(map, ends, left, row[0]):
            row.insert(0, left)
        z = float(map.points["z_m"][int(map.lanes["first"][lane] + map.lanes["count"][lane]) - 1])
        way = ways.way(np.column_stack([np.vstack([ends[row[0]][0], ends[row[-1]][1]]), [z, z]]))
        tags[way] = {"type": "stop_line", "subtype": "solid"}
        found |= dict.fromkeys(row, way)
    return found


def _one_line(map: Map, ends: dict[int, Line], left: int, right: int) -> bool:
    """Return whether the stop lines of two neighbours are one straight line."""
    a, b = ends[left], ends[right]
    whole = b[1] - a[0]
    size = max(float(np.hypot(*whole)), 1e-9)
    normal = np.array([-whole[1], whole[0]]) / size
    return bool(np.hypot(*(a[1] - b[0])) < 0.1 and max(abs((a[1] - a[0]) @ normal), abs((b[0] - a[0]) @ normal)) < 0.03)


def _rules(map: Map, lights: dict[tuple[int, int], list[int]], lines: dict[int, int], done: Standing) -> None:
    """Give each signal group a rule for each stop line, valid for lanes before the junction or else within it."""
    groups_from: dict[int, set[int]] = defaultdict(set)
    links = [map.links[key].tolist() for key in ("start", "via", "group")]
    for start, _, group in zip(*links, strict=True):
        groups_from[start].add(group)
    ruled: dict[tuple[int, int], list[int]] = defaultdict(list)
    for start, via, group in zip(*links, strict=True):
        if group >= 0 and not map.groups["walkers"][group] and map.lanes["kind"][start] != LaneKind.SIDEWALK:
            whole = len(groups_from[start]) == 1 or via < 0
            ruled[group, lines.get(start, -1)].append(start if whole else via)
    for (group, line), lanes in ruled.items():
        key = int(map.groups["junction"][group]), int(map.groups["phase"][group])
        _add(done, Rule("traffic_light", tuple(lights.get(key, ())), (line,) if line >= 0 else ()), lanes)
    for row, lane in enumerate(map.crossings["lane"].tolist()):
        key = int(map.crossings["junction"][row]), int(map.crossings["phase"][row])
        if key[1] > 0 and lane >= 0 and map.lanes["kind"][lane] == LaneKind.CROSSING:
            _add(done, Rule("traffic_light", tuple(lights.get(key, ()))), [lane])
    lit = {line for rule in done.rules for line in rule.lines}
    unlit: dict[int, list[int]] = defaultdict(list)
    for lane, line in lines.items():
        if line not in lit:
            unlit[line].append(lane)
    for line, lanes in unlit.items():
        if goes := _crossings_at(map, lanes) or _others_at(map, lanes):
            _add(done, Rule("right_of_way", (), (line,), tuple(lanes), goes), lanes)


def _crossings_at(map: Map, lanes: list[int]) -> tuple[int, ...]:
    """Return the lanes of the crossings at which lanes end."""
    last = (map.lanes["first"][lanes] + map.lanes["count"][lanes]).astype(np.int64) - 1
    x, y = float(map.points["x_m"][last].mean()), float(map.points["y_m"][last].mean())
    found = []
    for row, lane in enumerate(map.crossings["lane"].tolist()):
        first, count = int(map.crossings["first"][row]), int(map.crossings["count"][row])
        line = np.column_stack([map.crossing_points[k][first : first + count] for k in ("x_m", "y_m")])
        if lane >= 0 and farthest_m(np.array([[x, y]]), line) < BEFORE_CROSSING_M:
            found.append(lane)
    return tuple(found)


def _others_at(map: Map, lanes: list[int]) -> tuple[int, ...]:
    """Return the lanes within the junction before which lanes end that come from elsewhere."""
    junction = int(map.edges["end"][map.lanes["edge"][lanes[0]]])
    if junction < 0:
        return ()
    ridden = np.isin(map.lanes["kind"], (LaneKind.INNER, LaneKind.INNER_BICYCLE))
    own = {after for lane in lanes for after in map.successors_of(lane).tolist()}
    return tuple(sorted(set(np.flatnonzero(ridden & (map.lanes["junction"] == junction)).tolist()) - own))


def _add(done: Standing, rule: Rule, lanes: list[int]) -> None:
    done.rules.append(rule)
    for lane in dict.fromkeys(lanes):
        done.rules_of[lane].append(len(done.rules) - 1)
