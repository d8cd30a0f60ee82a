"""OpenDRIVE into :class:`~.network.Network`; the geometry is read by the map's own reader."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from jinyun.hdmap.fault import MapError
from jinyun.hdmap.reading.opendrive import roads as map_roads
from jinyun.hdmap.reading.opendrive.roads import Profile
from jinyun.hdmap.reading.source import Source, content, parse
from jinyun.trial.fault import TrialError
from jinyun.trial.road.network import Connection, Cubics, End, Lane, Network, Road, Section

STEP_M = 0.5
"""Between samples of a reference line: 3 mm beside the curve at a radius of 10 m."""
MOST_SAMPLES = 400_000


def read(path: Path) -> Network:
    """Return the roads of an OpenDRIVE file; raises :class:`TrialError` naming file, road and reason."""
    try:
        return read_text(content(path), path.name)
    except MapError as error:
        raise TrialError(str(error)) from None


def read_text(data: bytes, name: str) -> Network:
    """Return the roads of OpenDRIVE in ``data``; raises :class:`TrialError`."""
    source = Source(name)
    try:
        root = parse(name, data)
        if root.tag != "OpenDRIVE":
            raise TrialError(f"{name}: {root.tag}: is not OpenDRIVE")
        found = [map_roads.read(element, source) for element in root.iterfind("road")]
        if not found:
            raise TrialError(f"{name}: OpenDRIVE: has no road")
        map_roads.curve_all(found, source)
        if sum(road.length_m for road in found) / STEP_M > MOST_SAMPLES:
            raise TrialError(f"{name}: OpenDRIVE: more than {MOST_SAMPLES * STEP_M / 1000:.0f} km of road")
        made = {road.id: _road(road) for road in found}
        junctions: dict[str, list[Connection]] = {}
        for junction in root.iterfind("junction"):
            ways = junctions.setdefault(junction.get("id") or "", [])
            for item in junction.iterfind("connection"):
                lanes = {
                    source.whole(link, "from", "laneLink"): source.whole(link, "to", "laneLink")
                    for link in item.iterfind("laneLink")
                }
                ways.append(Connection(
                    item.get("incomingRoad") or "", item.get("connectingRoad") or item.get("linkedRoad") or "",
                    item.get("contactPoint") or "start", lanes,
                ))  # fmt: skip
    except MapError as error:
        raise TrialError(str(error)) from None
    return Network(made, junctions, name)


def _road(road: map_roads.Road) -> Road:
    count = max(math.ceil(road.length_m / STEP_M), 1) + 1
    s = np.linspace(0.0, max(road.length_m, 1e-3), count)
    x, y, h = road.line_at(s)
    limits = tuple(road.speeds)
    return Road(
        road.id, road.length_m, road.junction, road.left_hand, s.tolist(), x.tolist(), y.tolist(),
        np.unwrap(h).tolist(), _cubics(road.offset),
        tuple(Section(part.start_m, part.end_m, {lane.number: _lane(lane) for lane in part.lanes}) for part in road.sections),
        _end(road.before), _end(road.after), limits,
    )  # fmt: skip


def _lane(lane: map_roads.RoadLane) -> Lane:
    return Lane(
        lane.number, lane.kind, _cubics(lane.width) if lane.width is not None else (),
        None if lane.border is None else _cubics(lane.border), lane.predecessors, lane.successors, lane.speed_mps,
        lane.direction == "reversed",
    )  # fmt: skip


def _cubics(profile: Profile) -> Cubics:
    return tuple(
        (float(s), (float(c[0]), float(c[1]), float(c[2]), float(c[3])))
        for s, c in zip(profile.s, profile.c, strict=True)
    )


def _end(link: map_roads.RoadLink | None) -> End | None:
    return None if link is None else End(link.kind, link.id, link.contact)
