"""What a file of our own says beyond OpenDRIVE: user data of code ``jinyun``, taken up once everything else is read.

:mod:`jinyun.hdmap.writing.opendrive.beyond` writes it. A file that somebody changed since may name what is no longer
there: such words are counted as ignored, and OpenDRIVE's own hold. Middle lines are the matter of
:mod:`jinyun.hdmap.reading.opendrive.lanes`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np

from jinyun.hdmap.curve import Line
from jinyun.hdmap.reading.draft import (
    Draft,
    DraftCrossing,
    DraftEdge,
    DraftJunction,
    DraftLane,
    DraftSection,
    DraftSignal,
    DraftStop,
)
from jinyun.hdmap.reading.opendrive.lanes import Laid, Table
from jinyun.hdmap.reading.opendrive.userdata import CODE, first, numbers, own
from jinyun.hdmap.reading.source import FARTHEST_M, Source

_TURNS = range(1, 16)
MOST_NUMBER = 65_535


def take_up(root: ET.Element, elements: dict[str, ET.Element], draft: Draft, laid: Table, source: Source) -> None:
    """Give the draft the ids and all else that the file says beyond OpenDRIVE; raises :class:`MapError`."""
    source.ignored["userData"] -= sum(data.get("code") == CODE for data in root.iter("userData"))
    for head in own(root, "map"):
        draft.region = source.whole(head, "region", "map", 0)
    _junctions(root, draft, source)
    _programs(root, draft, source)
    told = _edges(elements, laid, source)
    _lanes(told, draft, laid, source)
    for item in own(root, "section"):
        id, where = item.get("id") or "", f"section {item.get('id')}"
        draft.sections[id] = DraftSection(
            item.get("road") or "", item.get("start") or "", item.get("end") or "", source.length(item, "length", where),
            item.get("open") == "true", item.get("tunnel") == "true", _places(item, where, source),
        )  # fmt: skip
    for item in own(root, "area"):
        kind, outline = source.whole(item, "kind", "area"), _places(item, "area", source)
        if 0 <= kind < 256 and len(outline) > 2:
            draft.areas.append((kind, item.get("junction") or "", outline))


def _places(item: ET.Element, where: str, source: Source) -> Line:
    found = np.array(numbers(item, where, source)).reshape(-1, 2)
    if not (np.abs(found) < FARTHEST_M).all():
        raise source.fault(where, "has a point that lies nowhere on Earth")
    return found


def _junctions(root: ET.Element, draft: Draft, source: Source) -> None:
    """Give junctions their ids, numbers, kinds and names, and add those that are none in OpenDRIVE."""
    renamed: dict[str, str] = {}
    found: dict[str, DraftJunction] = {}
    told = {item.get("id") or "": first(item, "junction") for item in root.iterfind("junction")}
    for id, junction in draft.junctions.items():
        item = told.get(id)
        name = (item.get("id") or id) if item is not None else id
        if name in found:
            raise source.fault(f"junction {name}", "comes twice")
        renamed[id], found[name] = name, junction if item is None else _junction(item, junction, name, source)
    for item in own(root, "junction"):
        if (id := item.get("id") or "") and id not in found:
            found[id] = _junction(item, DraftJunction(id), id, source)
    draft.junctions = found
    crossings = {crossing.id: crossing for crossing in draft.crossings}
    parts: list[DraftLane | DraftSignal | DraftCrossing] = [*draft.lanes, *draft.signals, *draft.crossings]
    for part in parts:
        part.junction = renamed.get(part.junction, part.junction)
    for edge in draft.edges.values():
        edge.start, edge.end = renamed.get(edge.start, edge.start), renamed.get(edge.end, edge.end)
    for thing in root.iterfind("road/objects/object"):
        item = first(thing, "crossing")
        if item is not None and (item.get("id") or "") in crossings and item.get("junction") in found:
            crossings[item.get("id") or ""].junction = item.get("junction") or ""


def _junction(item: ET.Element, junction: DraftJunction, id: str, source: Source) -> DraftJunction:
    where = f"junction {id}"
    node = source.whole(item, "node", where, 0)
    known = item.get("x") is not None and item.get("y") is not None
    return replace(
        junction, id=id, control=item.get("control") or junction.control, name=item.get("en") or "",
        zh=item.get("zh") or "", node=node if 0 < node <= MOST_NUMBER else 0,
        x_m=source.place(item, "x", where) if known else junction.x_m,
        y_m=source.place(item, "y", where) if known else junction.y_m,
    )  # fmt: skip


def _programs(root: ET.Element, draft: Draft, source: Source) -> None:
    """Give signals their phases, and junctions their programs."""
    phases: dict[str, tuple[str, int]] = {}
    for controller in root.iterfind("controller"):
        for item in own(controller, "group"):
            where = f"controller {controller.get('id')}"
            phases[f"controller {controller.get('id')}"] = (
                item.get("junction") or "", source.whole(item, "phase", where)
            )  # fmt: skip
    shown: dict[tuple[str, int], list[str]] = {}
    for signal in draft.signals:
        junction, phase = phases.get(signal.group, ("", 0))
        if 0 < phase < 256 and junction in draft.junctions:
            signal.phase = phase
            shown.setdefault((junction, phase), []).append(signal.id)
    for element in root.iterfind("junction"):
        its = first(element, "junction")
        id = (its.get("id") or "") if its is not None else ""
        for program in own(element, "program"):
            if id in draft.junctions:
                _program(program, draft.junctions[id], shown, source)


def _program(
    item: ET.Element, junction: DraftJunction, shown: dict[tuple[str, int], list[str]], source: Source
) -> None:
    where = f"junction {junction.id} program"
    junction.offset_s = source.number(item, "offset", where, 0.0)
    try:
        phases = [int(text) for text in (item.get("phases") or "").split()]
        lights = [[int(text) for text in (step.get("lights") or "").split()] for step in item.iterfind("step")]
    except ValueError:
        raise source.fault(where, "phases and lights are whole numbers") from None
    for step, its in zip(item.iterfind("step"), lights, strict=True):
        if len(its) != len(phases) or not all(0 <= light < 256 for light in its):
            raise source.fault(where, "a step does not have a light for each phase")
        signals = {
            id: light
            for phase, light in zip(phases, its, strict=True)
            for id in shown.get((junction.id, phase), ())
        }  # fmt: skip
        junction.program.append((source.length(step, "seconds", where), signals))


def _edges(
    elements: dict[str, ET.Element], laid: Table, source: Source
) -> dict[str, tuple[ET.Element, ET.Element, Laid]]:
    """Return by the draft's id of a lane what is told of its edge and of itself, and the lane as laid."""
    told: dict[str, tuple[ET.Element, ET.Element, Laid]] = {}
    taken: set[str] = set()
    for road, element in elements.items():
        edge = first(element, "edge")
        if edge is None or not edge.get("id"):
            continue
        for number, section in enumerate(element.iterfind("lanes/laneSection")):
            for lane in section.iterfind("right/lane"):
                item = first(lane, "lane")
                found = laid.get((road, number, source.whole(lane, "id", f"road {road}")))
                if item is None or found is None or not found.along:
                    continue
                id = item.get("id") or ""
                if not id or id in taken:
                    source.ignored["lane that comes twice beyond OpenDRIVE"] += 1
                    continue
                taken.add(id)
                told[found.id] = edge, item, found
    return told


def _lanes(told: dict[str, tuple[ET.Element, ET.Element, Laid]], draft: Draft, laid: Table, source: Source) -> None:
    """Give lanes their ids, edges and neighbours, in the order in which they lie on their edges."""
    if not told:
        return
    name = {id: item.get("id") or "" for id, (_, item, _) in told.items()}
    known = set(name.values())
    for lane in draft.lanes:  # an id of the file itself that another lane is given
        if lane.id not in told and lane.id in known:
            raise source.fault(f"lane {lane.id}", "comes twice")
    order: dict[str, int] = {}
    edges: dict[str, DraftEdge] = {}
    for lane in draft.lanes:
        if lane.id not in told:
            lane.beside = name.get(lane.beside, lane.beside)
            edges.setdefault(lane.edge, draft.edges[lane.edge])
            continue
        edge, item, _ = told[lane.id]
        id = edge.get("id") or ""
        edges.setdefault(id, _edge(edge, draft.edges[lane.edge], draft))
        lane.edge = id
        where = f"lane {item.get('id')}"
        lane.id = name[lane.id]
        left = item.get("left") or ""
        lane.beside = left if left in known else ""
        source.ignored["neighbour that is not there"] += bool(left) and left not in known
        turn = source.whole(item, "turn", where, 0)
        lane.turn = turn if turn in _TURNS else 0
        if edge.get("inside") in draft.junctions:
            lane.junction = edge.get("inside") or ""
        lane.within = item.get("within") == "true"
        if item.get("length") is not None:
            lane.length_m = source.length(item, "length", where)
        order[lane.id] = source.whole(item, "index", where, 0)
    draft.lanes.sort(key=lambda lane: order.get(lane.id, 0))
    draft.follows = [(name.get(a, a), name.get(b, b)) for a, b in draft.follows]
    draft.stop_lines = {name.get(id, id): line for id, line in draft.stop_lines.items()}
    for signal in draft.signals:
        signal.lanes = [name.get(id, id) for id in signal.lanes]
    draft.edges = edges


def _edge(item: ET.Element, before: DraftEdge, draft: Draft) -> DraftEdge:
    """Return the edge that a road is told to be or to be part of; ``before`` is as OpenDRIVE has it."""
    start, end = (
        told if (told := item.get(key) or "") in draft.junctions else of
        for key, of in (("start", before.start), ("end", before.end))
    )
    return DraftEdge(
        item.get("id") or "", item.get("road") or "", before.part, start, end, item.get("section") or "",
        item.get("open") == "true",
    )  # fmt: skip


def stops(elements: dict[str, ET.Element], draft: Draft, source: Source) -> None:
    """Add the stops, which are objects on their roads."""
    known = {lane.id for lane in draft.lanes}
    for element in elements.values():
        for thing in element.iterfind("objects/object"):
            for item in own(thing, "stop"):
                where = f"stop {item.get('id')}"
                lane = item.get("lane") or ""
                if lane not in known:
                    source.ignored["stop on a lane that is not there"] += 1
                    continue
                start, end = source.length(item, "start", where), source.length(item, "end", where)
                draft.stops.append(DraftStop(item.get("id") or "", lane, start, end))
