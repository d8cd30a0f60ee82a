"""A map file as a zone's map: read as it is, furnished with what the zone says beyond it, and laid out for traffic.

The precise map is the file's. What only a simulated street needs, a net of SUMO with the same lanes and lights, is
written beside it (:mod:`jinyun.hdmap.writing.sumo`), so ids of edges and junctions are such as that takes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.hdmap import furniture, precise, programming, reading
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.precise import Columns, LaneKind, Map
from jinyun.hdmap.tables import filled, from_rows
from jinyun.hdmap.writing import sumo
from jinyun.zone import Stop, Zone
from jinyun.zone.reading import suggestion

REACH_M = 25.0
"""A stop or crossing of the zone is this near to the lane or crossing of the map that it means."""
DRIVEN = (LaneKind.CAR, LaneKind.BUS)


def adopt(zone: Zone) -> Map:
    """Return the map of a zone whose map is a file; raises :class:`jinyun.hdmap.MapError` naming file, key and reason."""
    assert zone.map.file is not None
    map = reading.read(zone.folder / zone.map.file, origin=(zone.origin.lon, zone.origin.lat))
    map = programming.programmed(_named(map))
    _known_junctions(zone, map)
    lanes, sections = _opened(zone, map)
    made = replace(
        map, lanes=lanes, sections=sections, stops=_stops(zone, map), crossings=_smart(zone, map),
        bays=_bays(zone, map),
        about={
            **map.about, "zone": np.array([zone.id]), "region": np.array([zone.map.region]),
            "datum": np.array([zone.datum]),
        },
    )  # fmt: skip
    made.about["revision"] = np.array([precise.revision_of(made)])
    return made


def lay_out(map: Map, folder: Path) -> tuple[Map, list[str]]:
    """Write ``net.net.xml`` for traffic into ``folder``; return the map and the net's name of every lane ("" for some).

    Walking areas and crossings are then called in the map as in the net: walks are told by these names.
    """
    made = sumo.write(map, folder / "net.net.xml")
    ids = map.edges["id"].tolist()
    walked = [(item.lane, item.name) for node in made.nodes for item in node.crossings]
    walked += [(item.lane, item.name) for node in made.nodes for item in node.areas if item.lane >= 0]
    for lane, name in walked:
        ids[int(map.lanes["edge"][lane])] = name
    named = replace(map, edges={**map.edges, "id": np.array(ids, np.str_)}, about=dict(map.about))
    named.about["revision"] = np.array([precise.revision_of(named)])
    return named, [made.lane_name.get(lane, "") for lane in range(len(map.lanes["id"]))]


def _named(map: Map) -> Map:
    """Return the map with ids that SUMO takes; edges outside junctions have a road, those inside none."""
    inside = map.lanes["junction"][map.edges["first"]] >= 0
    ids = sumo.legal(map.edges["id"])
    roads = [
        "" if inner else road or id
        for inner, road, id in zip(inside.tolist(), map.edges["road"].tolist(), ids, strict=True)
    ]
    edges = {**map.edges, "id": np.array(ids), "road": np.array(roads)}
    junctions = {**map.junctions, "id": np.array(sumo.legal(map.junctions["id"]), dtype=np.str_)}
    return replace(map, edges=edges, junctions=junctions, about=dict(map.about))


def _known_junctions(zone: Zone, map: Map) -> None:
    ids = map.junctions["id"].tolist()
    wanted = [("rsus", item.id, "junction", item.junction) for item in zone.rsus]
    wanted += [("crossings", item.id, "node", item.node) for item in zone.crossings]
    for kind, id, key, junction in wanted:
        if junction is not None and junction not in ids:
            likely = suggestion(junction, ids)
            raise MapError(f"zone.toml: {kind}: {id}.{key}: {zone.map.file} has no junction {junction!r}{likely}")


def _opened(zone: Zone, map: Map) -> tuple[Columns, Columns]:
    """Return lanes and sections with what is open for tests: the roads that the zone names, all where it names none."""
    road = map.edges["road"][map.lanes["edge"]]
    if zone.map.open is None:
        if map.lanes["open"].any():  # the file says it itself
            return map.lanes, map.sections
        open, sections = road != "", np.ones(len(map.sections["road"]), bool)
    else:
        if lost := sorted(set(zone.map.open) - set(road.tolist())):
            raise MapError(f"zone.toml: map.open: {zone.map.file} has no road {', '.join(lost)}")
        open, sections = np.isin(road, zone.map.open), np.isin(map.sections["road"], zone.map.open)
    driven = np.isin(map.lanes["kind"], DRIVEN)
    return {**map.lanes, "open": open & driven}, {**map.sections, "open": sections}


def _stops(zone: Zone, map: Map) -> Columns:
    rows: list[dict[str, Any]] = []
    for stop in zone.stops:
        lane, start = _place(stop, map)
        s_m = start + stop.length_m / 2
        line = map.lane_line(lane)
        s = map.points["s_m"][int(map.lanes["first"][lane]) :][: len(line)]
        x, y = (float(np.interp(s_m, s, line[:, k])) for k in (0, 1))
        rows.append({"id": stop.id, "lane": lane, "start_m": start, "end_m": start + stop.length_m, "x_m": x, "y_m": y})
    return from_rows("stops", rows)


def _place(stop: Stop, map: Map) -> tuple[int, float]:
    """Return the lane of a stop, the outermost driven one of its edge, and where on it the stop begins."""
    found, _, s_m = map.nearest_lane([stop.x_m], [stop.y_m], kinds=DRIVEN)
    lane = int(found[0])
    if lane < 0 or map.lanes["junction"][lane] >= 0:
        raise MapError(f"zone.toml: stops: {stop.id} is not within {REACH_M:.0f} m of a lane outside junctions")
    while (right := int(map.lanes["right"][lane])) >= 0 and map.lanes["kind"][right] in DRIVEN:
        lane = right
    length = float(map.lanes["length_m"][lane])
    if length < stop.length_m + 10:
        raise MapError(f"zone.toml: stops: {stop.id} does not fit on a lane of {length:.0f} m")
    return lane, float(np.clip(s_m[0] - stop.length_m / 2, 5, length - stop.length_m - 5))


def _smart(zone: Zone, map: Map) -> Columns:
    smart = map.crossings["smart"].copy()
    places = np.column_stack([map.crossing_points[key] for key in ("x_m", "y_m")])
    for crossing in zone.crossings:
        away = np.hypot(*(places - (crossing.x_m, crossing.y_m)).T)
        if not len(away) or away.min() > REACH_M:
            raise MapError(
                f"zone.toml: crossings: {crossing.id} is not within {REACH_M:.0f} m of a crossing of the map"
            )
        smart[int(np.searchsorted(map.crossings["first"], int(np.argmin(away)), "right")) - 1] = True
    return {**map.crossings, "smart": smart}


def _bays(zone: Zone, map: Map) -> Columns:
    added = furniture.charging_bays(zone.chargers, map.lanes, map.points)
    return filled("bays", {key: np.concatenate([map.bays[key], added[key]]) for key in map.bays})
