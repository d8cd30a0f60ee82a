"""Which lane leads to which: links within a road, from road to road, and through junctions."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

from jinyun.hdmap.precise import LaneKind
from jinyun.hdmap.reading.draft import Draft, DraftJunction
from jinyun.hdmap.reading.opendrive.lanes import Laid, Table
from jinyun.hdmap.reading.opendrive.roads import Road, RoadLink
from jinyun.hdmap.reading.source import Source

START, END = "start", "end"


def link(roads: dict[str, Road], root: ET.Element, draft: Draft, laid: Table, source: Source) -> None:
    """Add to the draft who follows whom, its junctions and at which of them edges begin and end."""
    branches: set[str] = set()
    for item in root.iterfind("junction"):
        id = item.get("id") or ""
        if not id or id in draft.junctions or id in branches:
            raise source.fault(f"junction {id}", "comes twice" if id else "has no id")
        if item.get("type") == "direct" and not item.get("name"):
            branches.add(id)  # lanes branch or merge there; nobody calls that a junction
        else:
            draft.junctions[id] = DraftJunction(id, name=item.get("name") or "")
    for road in roads.values():
        if road.junction and road.junction not in draft.junctions:
            source.ignored["junction that is named and not there"] += 1
            draft.junctions[road.junction] = DraftJunction(road.junction)
        _within(road, draft, laid, source)
        for end, found in ((START, road.before), (END, road.after)):
            if found is None:
                continue
            if found.kind == "junction" and found.id in branches:
                continue
            if found.kind == "junction":
                _meet(road, end, found.id, draft, laid, source)
            else:
                _to_road(road, end, found, roads, draft, laid, source)
    for item in root.iterfind("junction"):
        _through(item, roads, draft, laid, source)


def _within(road: Road, draft: Draft, laid: Table, source: Source) -> None:
    for number, section in enumerate(road.sections):
        for lane in section.lanes:
            here = laid.get((road.id, number, lane.number))
            if here is None:
                continue
            for to, others, end in ((number + 1, lane.successors, END), (number - 1, lane.predecessors, START)):
                if 0 <= to < len(road.sections):
                    for other in others:
                        _follow(here, end, laid.get((road.id, to, other)), START if end == END else END, draft, source)


def _follow(here: Laid, end: str, there: Laid | None, contact: str, draft: Draft, source: Source) -> None:
    """Note that ``here``'s end in the direction of its road touches ``there`` at ``contact`` of its own."""
    if there is None:
        source.ignored["lane link to a lane that is not kept"] += 1
        return
    leaves, enters = here.along == (end == END), there.along == (contact == START)
    if leaves != enters:
        if LaneKind.SIDEWALK not in (here.kind, there.kind):
            source.ignored["lane link against the direction"] += 1
        return
    draft.follows.append((here.id, there.id) if leaves else (there.id, here.id))


def _outer(road: Road, end: str) -> int:
    return 0 if end == START else len(road.sections) - 1


def _contact(found: RoadLink, other: Road, road: Road, source: Source) -> str:
    if found.contact in (START, END):
        return found.contact
    # the attribute may be left out: the end that links back
    if other.after is not None and other.after.kind == "road" and other.after.id == road.id:
        return END
    source.ignored["road link without contactPoint"] += 1
    return START


def _to_road(
    road: Road, end: str, found: RoadLink, roads: dict[str, Road], draft: Draft, laid: Table, source: Source
) -> None:
    other = roads.get(found.id)
    if other is None:
        source.ignored["road link to a road that is not there"] += 1
        return
    contact = _contact(found, other, road, source)
    number = _outer(road, end)
    for lane in road.sections[number].lanes:
        here = laid.get((road.id, number, lane.number))
        if here is None:
            continue
        for to in lane.successors if end == END else lane.predecessors:
            _follow(here, end, laid.get((other.id, _outer(other, contact), to)), contact, draft, source)


def _meet(road: Road, end: str, junction: str, draft: Draft, laid: Table, source: Source) -> None:
    """Note that the edges of the road's end begin and end at a junction."""
    if junction not in draft.junctions:
        source.ignored["road link to a junction that is not there"] += 1  # so netconvert writes where a road ends
        return
    number = _outer(road, end)
    for way in "+-":
        edge = draft.edges.get(f"{road.id}.{number}{way}")
        if edge is not None and (way == "+") == (end == END):
            edge.end = junction
        elif edge is not None:
            edge.start = junction


def _through(item: ET.Element, roads: dict[str, Road], draft: Draft, laid: Table, source: Source) -> None:
    where = f"junction {item.get('id')}"
    if item.get("type") == "virtual":
        source.ignored["junction type=virtual"] += 1
        return
    for connection in item.iterfind("connection"):
        at = f"{where} connection {connection.get('id')}"
        incoming = roads.get(connection.get("incomingRoad") or "")
        direct = connection.get("linkedRoad") is not None
        to = roads.get(connection.get("linkedRoad" if direct else "connectingRoad") or "")
        if incoming is None or to is None:
            source.ignored["connection of a road that is not there"] += 1
            continue
        contact = connection.get("contactPoint") or START
        if contact not in (START, END):
            raise source.fault(at, f"contactPoint is {contact[:20]!r}, neither start nor end")
        ends = [
            end
            for end, found in ((START, incoming.before), (END, incoming.after))
            if found is not None and (found.id == item.get("id") if found.kind == "junction" else found.id == to.id)
        ]
        if not ends:
            source.ignored["connection from a road that does not meet its junction"] += 1
            continue
        end = ends[0] if len(ends) == 1 else _nearer(incoming, to, contact)
        for lane_link in connection.iterfind("laneLink"):
            if source.number(lane_link, "overlapZone", at, 0.0) > 0:
                source.ignored["laneLink overlapZone"] += 1
            from_, number = source.whole(lane_link, "from", at), source.whole(lane_link, "to", at)
            here = laid.get((incoming.id, _outer(incoming, end), from_))
            there = laid.get((to.id, _outer(to, contact), number))
            if here is None:
                source.ignored["lane link to a lane that is not kept"] += 1
            else:
                _follow(here, end, there, contact, draft, source)


def _nearer(road: Road, to: Road, contact: str) -> str:
    """Return which end of ``road`` lies nearer to the end of ``to``: both meet the same junction."""
    places: dict[tuple[str, str], tuple[float, float]] = {}
    for one in (road, to):
        x_m, y_m, _ = one.line_at(np.array([0.0, one.length_m]))
        places[one.id, START], places[one.id, END] = (x_m[0], y_m[0]), (x_m[1], y_m[1])
    x, y = places[to.id, contact]
    return min((START, END), key=lambda end: (places[road.id, end][0] - x) ** 2 + (places[road.id, end][1] - y) ** 2)
