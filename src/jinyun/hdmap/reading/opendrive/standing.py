"""What stands beside and lies upon OpenDRIVE's roads: signals, stop lines, crosswalks, parking spaces, tunnels."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import numpy as np

from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Bay, LaneKind, Turn
from jinyun.hdmap.reading.draft import Draft, DraftBay, DraftCrossing, DraftSignal
from jinyun.hdmap.reading.opendrive import lanes, userdata
from jinyun.hdmap.reading.opendrive.lanes import Laid, Table
from jinyun.hdmap.reading.opendrive.roads import Road
from jinyun.hdmap.reading.source import Source

WALKERS = ("1000002", "1000007")
"""Signal types of lights for walkers (OpenDRIVE's own country code)."""
ARROWS = {"10": Turn.LEFT, "20": Turn.RIGHT, "30": Turn.STRAIGHT, "40": Turn.STRAIGHT | Turn.LEFT,
          "50": Turn.STRAIGHT | Turn.RIGHT}  # fmt: skip
"""Subtypes of type 1000011, a light with arrows."""
CROSSWALK, STOP_LINE = "1000003", "294"
CROSSWALK_WIDTH_M = 4.0
"""A crosswalk whose depth the file does not say."""
MOST_REPEATED = 10_000


def signals(root: ET.Element, elements: dict[str, ET.Element], roads: dict[str, Road], draft: Draft, laid: Table,
            source: Source) -> None:  # fmt: skip
    """Add signals, stop lines and the crosswalks that files write as signals."""
    controllers = {
        control.get("signalId") or "": controller.get("id") or ""
        for controller in root.iterfind("controller")
        for control in controller.iterfind("control")
    }
    by_id: dict[str, DraftSignal] = {}
    for id, element in elements.items():
        road = roads[id]
        for number, item in enumerate(element.iterfind("signals/signal")):
            name = item.get("id") or ""
            where = f"{road.where} signal {name}"
            s = _station(item, road, where, source)
            kind = (item.get("type") or "").replace(".", "")
            if item.get("dynamic") == "yes" and (kind.startswith("10000") or not kind.isdigit()):
                signal = _signal(item, kind, road, s, where, source)
                signal.id = f"{id}.{number}"
                signal.group = f"controller {controllers[name]}" if name in controllers else ""
                signal.lanes = _valid_lanes(item, road, s, laid, where, source)
                draft.signals.append(signal)
                by_id.setdefault(name, signal)
            elif kind == STOP_LINE:
                _stop_line(item, road, s, draft, laid, where, source)
            elif kind == CROSSWALK:
                _painted_crosswalk(item, f"{id}.s{number}", road, s, draft, where, source)
            else:
                source.ignored[f"signal type={(item.get('type') or '')[:40]}"] += 1
    for id, element in elements.items():
        for item in element.iterfind("signals/signalReference"):
            where = f"{roads[id].where} signalReference {item.get('id')}"
            found = by_id.get(item.get("id") or "")
            if found is None:
                source.ignored["signalReference to a signal that is not kept"] += 1
                continue
            s = _station(item, roads[id], where, source)
            found.lanes += _valid_lanes(item, roads[id], s, laid, where, source)


def _station(item: ET.Element, road: Road, where: str, source: Source) -> float:
    s = source.number(item, "s", where)
    if not -1 <= s <= road.length_m + 1:
        raise source.fault(where, f"stands at s={s:g} of a road of {road.length_m:g} m")
    return min(max(s, 0.0), road.length_m)


def _place(road: Road, s: float, t: float) -> tuple[float, float, float, float]:
    """Return x, y, z and the road's direction, counter-clockwise from east, at station and offset."""
    at = np.array([s])
    x, y, heading = road.line_at(at)
    h = float(heading[0])
    return float(x[0]) - t * math.sin(h), float(y[0]) + t * math.cos(h), float(road.elevation.at(at)[0]), h


def _signal(item: ET.Element, kind: str, road: Road, s: float, where: str, source: Source) -> DraftSignal:
    x, y, z, h = _place(road, s, source.place(item, "t", where, 0.0))
    z += source.place(item, "zOffset", where, 0.0) + source.place(item, "height", where, 0.0) / 2
    way = math.pi / 2 - h + (math.pi if item.get("orientation") == "-" else 0.0)
    if (stands := item.find("positionInertial")) is not None:  # the head itself, where that is not before its lanes
        x, y, z = (source.place(stands, key, where) for key in "xyz")
        way = math.pi / 2 - source.number(stands, "hdg", where, 0.0)
    turns = int(ARROWS.get(item.get("subtype") or "", 0)) if kind == "1000011" else 0
    return DraftSignal(
        "", turns=turns, walkers=kind in WALKERS, junction=road.junction,
        heads=[(x, y, z, (way + math.pi) % (2 * math.pi) - math.pi)],
    )  # fmt: skip


def _valid_lanes(item: ET.Element, road: Road, s: float, laid: Table, where: str, source: Source) -> list[str]:
    """Return the lanes of the road at ``s`` that the item is for: its orientation and validity say which."""
    ranges = [
        sorted((source.whole(valid, "fromLane", where), source.whole(valid, "toLane", where)))
        for valid in item.iterfind("validity")
    ]
    orientation = item.get("orientation")
    return [
        lane.id
        for number, lane in _at(road, s, laid)
        if (orientation not in ("+", "-") or lane.along == (orientation == "+"))
        and (not ranges or any(low <= number <= high for low, high in ranges))
    ]


def _at(road: Road, s: float, laid: Table) -> Iterator[tuple[int, Laid]]:
    for number, section in enumerate(road.sections):
        last = number + 1 == len(road.sections)
        if section.start_m <= s and (s < section.end_m or last):
            for lane in section.lanes:
                found = laid.get((road.id, number, lane.number))
                if found is not None:
                    yield lane.number, found


def _stop_line(item: ET.Element, road: Road, s: float, draft: Draft, laid: Table, where: str, source: Source) -> None:
    ids = set(_valid_lanes(item, road, s, laid, where, source))
    if not ids:  # its validity names no lane: it lies over all that lead its way
        item = ET.Element(item.tag, {"orientation": item.get("orientation") or ""})
        ids = set(_valid_lanes(item, road, s, laid, where, source))
    section = next(one for one in reversed(road.sections) if one.start_m <= s)
    number = road.sections.index(section)
    left, right = lanes.sides(road, section, np.array([s]))
    told = _slanted(item, where, source)
    for row, lane in enumerate(section.lanes):
        found = laid.get((road.id, number, lane.number))
        if found is not None and found.id in ids and lane.number in told:
            draft.stop_lines[found.id] = told[lane.number]
        elif found is not None and found.id in ids and found.kind != LaneKind.SIDEWALK:
            ends = [_place(road, s, float(t[row, 0]))[:2] for t in ((left, right) if found.along else (right, left))]
            draft.stop_lines[found.id] = (*ends[0], *ends[1])


def _slanted(item: ET.Element, where: str, source: Source) -> dict[int, tuple[float, float, float, float]]:
    """Return by number of a lane the ends of stop lines that are told not to lie square to the road."""
    found = {}
    for line in userdata.own(item, "line"):
        x1, y1, x2, y2 = (source.place(line, key, where) for key in ("x1", "y1", "x2", "y2"))
        found[source.whole(line, "lane", where)] = x1, y1, x2, y2
    return found


def _painted_crosswalk(
    item: ET.Element, id: str, road: Road, s: float, draft: Draft, where: str, source: Source
) -> None:
    depth = source.place(item, "value", where, 0.0) or CROSSWALK_WIDTH_M
    across, t = source.place(item, "width", where, 0.0), source.place(item, "t", where, 0.0)
    if not (0.5 < depth < 50 and 0.5 < across < 200):
        source.ignored["crosswalk without a size"] += 1
        return
    s += depth / 2 * (-1 if item.get("orientation") == "-" else 1)
    ends = [_place(road, s, t + side * across / 2)[:3] for side in (1, -1)]
    draft.crossings.append(DraftCrossing(id, np.array(ends), depth, junction=road.junction))


def objects(elements: dict[str, ET.Element], roads: dict[str, Road], draft: Draft, laid: Table, source: Source) -> None:
    """Add crosswalks, parking spaces and stop lines written as objects, and mark the lanes in tunnels."""
    by_id = {lane.id: lane for lane in draft.lanes}
    for id, element in elements.items():
        road = roads[id]
        for number, item in enumerate(element.iterfind("objects/object")):
            where = f"{road.where} object {item.get('id')}"
            kind, name = item.get("type") or "", f"{item.get('name') or ''} {item.get('subtype') or ''}".lower()
            if kind == "crosswalk":
                _crosswalk(item, f"{id}.o{number}", road, draft, where, source)
            elif kind == "parkingSpace":
                _parking(item, f"{id}.o{number}", road, draft, where, source)
            elif kind == "roadMark" and "stop" in name:
                _stop_line(item, road, _station(item, road, where, source), draft, laid, where, source)
            elif not any(True for _ in userdata.own(item, "stop")):
                source.ignored[f"object type={kind[:40]}"] += 1
        for item in element.iterfind("objects/tunnel"):
            start = source.number(item, "s", road.where)
            end = start + source.length(item, "length", road.where)
            for number, section in enumerate(road.sections):
                inside = min(end, section.end_m) - max(start, section.start_m)
                if inside <= 0:
                    continue
                if inside < section.end_m - section.start_m - 1:
                    source.ignored["tunnel over a part of a lane"] += 1
                for lane in section.lanes:
                    found = laid.get((id, number, lane.number))
                    if found is not None and inside > (section.end_m - section.start_m) / 2:
                        by_id[found.id].tunnel = True


def _outline(item: ET.Element, road: Road, place: tuple[float, float, float, float], turn: float, where: str,
             source: Source) -> Line | None:  # fmt: skip
    """Return the corners of an object's first outline, shape (n, 3), or None where it has none."""
    corners = []
    found = item.find("outline")
    if found is None:
        found = item.find("outlines/outline")
    for corner in found if found is not None else ():
        if corner.tag == "cornerLocal":
            u, v = source.place(corner, "u", where), source.place(corner, "v", where)
            c, n = math.cos(turn), math.sin(turn)
            corners.append((place[0] + c * u - n * v, place[1] + n * u + c * v, place[2]))
        elif corner.tag == "cornerRoad":
            s = min(max(source.number(corner, "s", where), 0.0), road.length_m)
            corners.append(_place(road, s, source.place(corner, "t", where))[:3])
    return np.array(corners) if len(corners) >= 3 else None


def _crosswalk(item: ET.Element, id: str, road: Road, draft: Draft, where: str, source: Source) -> None:
    s, t = _station(item, road, where, source), source.place(item, "t", where, 0.0)
    place = _place(road, s, t)
    turn = place[3] + source.number(item, "hdg", where, 0.0)
    corners = _outline(item, road, place, turn, where, source)
    told = userdata.first(item, "crossing")
    if told is not None and corners is not None and len(corners) % 2 == 0:  # there along one side and back on the other
        half = len(corners) // 2
        line = (corners[:half] + corners[: half - 1 : -1]) / 2
        width = float(np.hypot(*(corners[0] - corners[-1])[:2]))
        draft.crossings.append(DraftCrossing(
            told.get("id") or id, line, width, junction=road.junction, smart=told.get("smart") == "true",
            called=told.get("lane") or "",
        ))  # fmt: skip
        return
    if corners is not None:
        middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
        edges = np.diff(corners[:, :2], axis=0, append=corners[:1, :2])
        longest = edges[int(np.argmax(np.hypot(*edges.T)))]
        turn = math.atan2(longest[1], longest[0])
        place = (float(middle[0]), float(middle[1]), place[2], place[3])
        size = [
            float(np.ptp((corners[:, :2] - middle[:2]) @ (math.cos(way), math.sin(way))))
            for way in (turn, turn + math.pi / 2)
        ]
    else:
        size = [source.place(item, key, where, 0.0) for key in ("length", "width")]
    if not all(0.5 < extent < 200 for extent in size):
        source.ignored["crosswalk without a size"] += 1
        return
    # people walk along that axis of it that leads more across the road
    along = abs(math.cos(turn - place[3])) < math.sqrt(0.5)
    way = turn if along else turn + math.pi / 2
    walked, width = size if along else size[::-1]
    step = np.array([math.cos(way), math.sin(way), 0.0]) * walked / 2
    at = np.array(place[:3])
    draft.crossings.append(DraftCrossing(id, np.array([at - step, at + step]), width, junction=road.junction))


def _parking(item: ET.Element, id: str, road: Road, draft: Draft, where: str, source: Source) -> None:
    length, width = source.place(item, "length", where, 0.0), source.place(item, "width", where, 0.0)
    space = item.find("parkingSpace")
    told = " ".join(space.get(key) or "" for key in ("access", "restrictions")).lower() if space is not None else ""
    own = userdata.first(item, "bay")
    name, lane = (id, "") if own is None else (own.get("id") or id, own.get("lane") or "")
    kind = Bay.CHARGING if "electric" in told else Bay.PARKING
    s, t = _station(item, road, where, source), source.place(item, "t", where, 0.0)
    turn = source.number(item, "hdg", where, 0.0)
    places = [(s, t)]
    for repeat in item.iterfind("repeat"):
        start, span = source.number(repeat, "s", where), source.length(repeat, "length", where)
        step = source.number(repeat, "distance", where, 0.0)
        if step <= 0 or span / step > MOST_REPEATED:
            source.ignored["repeat of an object without a distance"] += 1
            continue
        t0, t1 = source.place(repeat, "tStart", where, t), source.place(repeat, "tEnd", where, t)
        count = int(span / step + 1e-6) + 1
        places = [(start + k * step, t0 + (t1 - t0) * (k * step / span if span else 0)) for k in range(count)]
    for k, (s, t) in enumerate(places):
        x, y, z, h = _place(road, min(max(s, 0.0), road.length_m), t)
        size = length, width
        outline = _outline(item, road, (x, y, z, h), h + turn, where, source) if min(size) <= 0 else None
        if outline is not None:
            flat = (outline[:, :2] - (x, y)) @ np.array([[math.cos(h + turn), -math.sin(h + turn)],
                                                         [math.sin(h + turn), math.cos(h + turn)]])  # fmt: skip
            size = float(np.ptp(flat[:, 0])), float(np.ptp(flat[:, 1]))
        if not all(0.5 < extent < 100 for extent in size):
            source.ignored["parking space without a size"] += 1
            continue
        heading = math.pi / 2 - h - turn
        draft.bays.append(DraftBay(f"{name}/{k + 1}" if len(places) > 1 else name, kind, x, y, heading, *size, lane))
