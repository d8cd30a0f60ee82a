"""Lanelet2's regulatory elements: traffic lights with their stop lines, speed limits; and what stands beside lanes."""

from __future__ import annotations

import math
import re
from collections import defaultdict

import numpy as np

from jinyun.hdmap.precise import Bay, LaneKind
from jinyun.hdmap.reading.draft import Draft, DraftBay, DraftLane, DraftSignal
from jinyun.hdmap.reading.lanelet.lanelets import DRIVEN, UNITS, Lanelet
from jinyun.hdmap.reading.lanelet.primitives import Primitives, Relation, Way
from jinyun.hdmap.reading.source import Source

KEPT = ("traffic_light", "speed_limit", "traffic_sign", "road_marking", "crosswalk")
STOP_REACH_M = 40.0
"""A stop line farther from the end of a lane is not its own."""
HEAD_HEIGHT_M = 0.5
"""Half the height of a traffic light that does not say its own."""
_SIGN_SPEED = re.compile(r"(\d{1,3})\s*(km/h|kmh|mph|)\s*$")


def apply(primitives: Primitives, lanelets: dict[str, Lanelet], draft: Draft, source: Source) -> None:
    """Add signals, stop lines and speed limits of regulatory elements, and parking spaces."""
    ruled: dict[str, list[str]] = defaultdict(list)
    for lanelet in lanelets.values():
        for id in lanelet.relation.of("regulatory_element", "relation"):
            if id not in primitives.relations:
                raise source.fault(f"lanelet {lanelet.id}", f"names regulatory element {id[:40]!r}, which is not there")
            ruled[id].append(lanelet.id)
    lanes = {lane.id: lane for lane in draft.lanes}
    before: dict[str, list[str]] = defaultdict(list)
    for a, b in draft.follows:
        before[b].append(a)
    used = {name for lanelet in lanelets.values() for name, _ in (lanelet.left, lanelet.right)}
    for relation in primitives.relations.values():
        kind = relation.tags.get("type", "")
        if kind == "lanelet":
            continue
        subtype = relation.tags.get("subtype", "")
        if kind == "regulatory_element" and subtype == "right_of_way" and relation.of("ref_line", "way"):
            source.ignored["priority of a right_of_way rule"] += 1  # its stop line is held
        elif kind != "regulatory_element" or subtype not in KEPT:
            source.ignored[f"{kind[:40] or 'relation'} subtype={subtype[:40]}"] += 1
            continue
        its = [lanes[id] for id in ruled[relation.id]]
        if subtype == "right_of_way":
            its = [lane for lane in its if lane.id in relation.of("yield", "relation")]
        used |= {id for role in ("refers", "ref_line") for id in relation.of(role, "way")}
        if subtype == "traffic_light":
            _light(relation, its, primitives, draft, source)
        elif subtype == "speed_limit":
            _limit(relation, its, primitives, source)
        elif subtype == "traffic_sign":
            source.ignored["sign of a traffic_sign rule"] += len(relation.of("refers", "way"))
        lines = relation.of("ref_line", "way") + (relation.of("refers", "way") if subtype == "road_marking" else [])
        approaches = [lane for lane in its if not lane.junction]
        approaches += [lanes[id] for lane in its if lane.junction for id in before[lane.id] if not lanes[id].junction]
        for id in lines:
            found = [_stop_line(lane, primitives.ways.get(id), primitives, draft) for lane in approaches]
            source.ignored["stop line of no lane before a junction"] += subtype != "crosswalk" and not any(found)
    _others(primitives, used, draft, source)


def _light(relation: Relation, its: list[DraftLane], primitives: Primitives, draft: Draft, source: Source) -> None:
    heads = []
    for id in relation.of("refers", "way"):
        way = primitives.ways.get(id)
        if way is None or len(way.nodes) < 2:
            source.ignored["traffic light without a place"] += 1
            continue
        line = primitives.line(way)
        x, y, z = (line[0] + line[-1]) / 2
        dx, dy = (line[-1] - line[0])[:2]  # from left to right as drivers see it: they look to its left
        heading = math.atan2(-dy, dx)
        heads.append((float(x), float(y), float(z) + _height(way) / 2, heading))
    crossings = [lane.id for lane in its if lane.kind == LaneKind.CROSSING]
    drivers = [lane.id for lane in its if lane.kind in DRIVEN]
    group = " ".join(sorted(relation.of("refers", "way")))
    for crossing in crossings:
        draft.signals.append(
            DraftSignal(f"{relation.id} {crossing}", group=group, walkers=True, crossing=crossing, heads=heads)
        )
    if drivers:
        draft.signals.append(DraftSignal(relation.id, drivers, group=group, heads=heads))
    if not crossings and not drivers:
        source.ignored["traffic light of no lanelet"] += 1
    source.ignored["light_bulbs"] += len(relation.of("light_bulbs", "way"))


def _height(way: Way) -> float:
    try:
        height = float(way.tags.get("height", ""))
    except ValueError:
        return 2 * HEAD_HEIGHT_M
    return height if 0 <= height < 20 else 2 * HEAD_HEIGHT_M


def _limit(relation: Relation, its: list[DraftLane], primitives: Primitives, source: Source) -> None:
    signs = [relation.tags.get("sign_type", "")]
    signs += [
        primitives.ways[id].tags.get("subtype", "") for id in relation.of("refers", "way") if id in primitives.ways
    ]
    found = next((match for sign in signs if (match := _SIGN_SPEED.search(sign.lower()))), None)
    if found is None:
        source.ignored["speed_limit without a number"] += 1
        return
    for lane in its:
        lane.speed_mps = float(found[1]) * UNITS[found[2]]


def _stop_line(lane: DraftLane, way: Way | None, primitives: Primitives, draft: Draft) -> bool:
    """Give a lane that part of a stop line that lies across it, if it lies near the lane's end; return whether it does."""
    if way is None or len(way.nodes) < 2 or lane.kind not in DRIVEN:
        return False
    line = primitives.line(way)[[0, -1], :2]
    along = line[1] - line[0]
    square = float(along @ along)
    ends = []
    for border in (lane.left, lane.right):
        flat = border[:, :2]
        near = flat[int(np.argmin(np.hypot(*(flat - line.mean(axis=0)).T)))]
        share = float(np.clip((near - line[0]) @ along / square, 0, 1)) if square > 0 else 0.0
        ends.append(line[0] + share * along)
    middle = (lane.left[-1] + lane.right[-1])[:2] / 2
    away = float(np.hypot(*((ends[0] + ends[1]) / 2 - middle)))
    if away > STOP_REACH_M or np.hypot(*(ends[0] - ends[1])) < 0.5:
        return False
    told = draft.stop_lines.get(lane.id)
    if told is None or away < math.hypot((told[0] + told[2]) / 2 - middle[0], (told[1] + told[3]) / 2 - middle[1]):
        (x1, y1), (x2, y2) = ends[0].tolist(), ends[1].tolist()
        draft.stop_lines[lane.id] = x1, y1, x2, y2
    return True


def _others(primitives: Primitives, used: set[str], draft: Draft, source: Source) -> None:
    """Read the ways that no lanelet and no rule names: parking spaces; count the rest and the markings of borders."""
    for way in primitives.ways.values():
        kind = way.tags.get("type", "")
        if way.id in used:
            source.ignored["marking of a border"] += kind in ("line_thin", "line_thick", "curbstone", "road_border")
        elif (
            kind == "parking_space" and len(way.nodes) >= 2 and way.tags.get("width", "").replace(".", "", 1).isdigit()
        ):
            line = primitives.line(way)
            x, y, _ = (line[0] + line[-1]) / 2
            dx, dy = (line[-1] - line[0])[:2]
            width = float(way.tags["width"])
            draft.bays.append(
                DraftBay(way.id, Bay.PARKING, x, y, math.atan2(dx, dy), math.hypot(dx, dy), width)
            )  # the line leads along the space
        else:
            source.ignored[f"way type={kind[:40]}"] += 1
