"""The page's map: everything that is drawn and stands still, as columns; :mod:`jinyun.hdmap.tiling` cuts it into tiles."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import curve
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.markings import markings
from jinyun.hdmap.precise import Columns, LaneKind, Map
from jinyun.zone import Zone
from jinyun.zone.plan import Plan

ARROW_BACK_M = 14.0
BRIDGE_M = 3.5
"""A lane whose points lie higher than this in the mean is drawn over those below."""
BELOW, GROUND, BRIDGE = 0, 1, 2
OPEN, BESIDE_OPEN = 1, 2
JUNCTION = 0
"""The kind of a junction's area."""
LABEL_EVERY_M = 900.0
_RANK = {"avenue": 0, "boulevard": 0, "express": 0, "ring": 1, "tunnel": 1, "street": 2}


def drawing(map: Map, zone: Zone) -> tuple[dict[str, Columns], dict[str, Any]]:
    """Return ``(tables, meta)``: all that is drawn, in metres and in full.

    Tables: lanes, points, areas, area_points, stop_lines, junctions, crossings, crossing_points, arrows, heads. Lanes
    inside junctions are drawn as the junction's area, save those of cars (kind 4) that guide the eye. A lane's ``level``
    is 0 in a tunnel, 1 on the ground, 2 on a bridge; ``open`` is 1 on roads open for tests and 2 on other ways through a
    junction that they cross, whose area is then open too; ``left`` and ``right`` say what is painted along its borders
    (:class:`jinyun.hdmap.markings.Marking`). ``node`` of stop lines, crossings and heads is their junction's, 0 where
    there is none. ``meta`` has the names in both languages with their places, the bounds, the kilometres open for tests
    and the lines' courses.
    """
    tables = _lanes(map)
    tables |= _areas(map)
    _open_junctions(tables)
    node = np.append(map.junctions["node"], 0).astype(np.uint16)
    stop = map.stop_lines
    tables["stop_lines"] = {
        **{key: stop[key].astype(np.float32) for key in ("x1_m", "y1_m", "x2_m", "y2_m")},
        "node": node[stop["junction"]], "phase": stop["phase"], "turn": stop["turn"],
    }  # fmt: skip
    tables["junctions"] = {
        "x_m": map.junctions["x_m"].astype(np.float32), "y_m": map.junctions["y_m"].astype(np.float32),
        "node": map.junctions["node"], "signalised": map.junctions["signalised"].astype(np.uint8),
    }  # fmt: skip
    tables["crossings"] = {
        "first": map.crossings["first"].astype(np.uint32), "count": map.crossings["count"].astype(np.uint32),
        "width_m": map.crossings["width_m"].astype(np.float32), "node": node[map.crossings["junction"]],
        "phase": map.crossings["phase"].astype(np.uint8), "smart": map.crossings["smart"].astype(np.uint8),
    }  # fmt: skip
    tables["crossing_points"] = {key: map.crossing_points[key].astype(np.float32) for key in ("x_m", "y_m")}
    tables["arrows"] = _arrows(map)
    tables["heads"] = {
        **{key: map.heads[key].astype(np.float32) for key in ("x_m", "y_m", "heading_rad")},
        "node": node[map.heads["junction"]], "phase": map.heads["phase"],
    }  # fmt: skip
    x, y = map.points["x_m"], map.points["y_m"]
    meta = {
        "zone": zone.id,
        "simulated": zone.simulated,
        "names": _names(map, zone),
        "bounds": [round(float(v), 1) for v in (x.min(), y.min(), x.max(), y.max())],
        "open_road_km": round(map.open_road_km, 2),
        "lines": _lines(map, zone),
    }
    return tables, meta


def _lanes(map: Map) -> dict[str, Columns]:
    drawn = np.flatnonzero(map.lanes["kind"] <= LaneKind.INNER)
    counts = map.lanes["count"][drawn].astype(np.int64)
    first = np.cumsum(counts) - counts
    rows = np.repeat(map.lanes["first"][drawn] - first, counts) + np.arange(counts.sum())
    height = np.add.reduceat(map.points["z_m"][rows], first) / counts if len(drawn) else np.zeros(0)
    tunnel = map.lanes["tunnel"][drawn]
    lanes: Columns = {
        "first": first.astype(np.uint32), "count": counts.astype(np.uint32),
        "kind": map.lanes["kind"][drawn], "width_m": map.lanes["width_m"][drawn],
        "open": map.lanes["open"][drawn].astype(np.uint8), "edge": map.lanes["edge"][drawn],
        "level": np.where(tunnel, BELOW, np.where(height > BRIDGE_M, BRIDGE, GROUND)).astype(np.uint8),
    }  # fmt: skip
    points = {key: map.points[key][rows].astype(np.float32) for key in ("x_m", "y_m")}
    lanes["left"], lanes["right"] = markings(lanes, points)
    return {"lanes": lanes, "points": points}


def _areas(map: Map) -> dict[str, Columns]:
    return {
        "areas": {
            "first": map.areas["first"].astype(np.uint32), "count": map.areas["count"].astype(np.uint32),
            "kind": map.areas["kind"].astype(np.uint8), "open": np.zeros(len(map.areas["kind"]), np.uint8),
        },
        "area_points": {key: map.area_points[key].astype(np.float32) for key in ("x_m", "y_m")},
    }  # fmt: skip


def _open_junctions(tables: dict[str, Columns]) -> None:
    """Mark the areas of junctions that an open test road crosses, and all ways through them: the whole junction is open."""
    lanes, points, areas, corners = (tables[name] for name in ("lanes", "points", "areas", "area_points"))
    inner = np.flatnonzero(lanes["kind"] == LaneKind.INNER)
    if not len(inner):
        return
    half = lanes["first"][inner] + (lanes["count"][inner].astype(np.float64) - 1) / 2
    a, b = np.floor(half).astype(np.int64), np.ceil(half).astype(np.int64)
    middle = np.column_stack([(points[key][a].astype(np.float64) + points[key][b]) / 2 for key in ("x_m", "y_m")])
    opened = lanes["open"][inner] == OPEN
    for row in np.flatnonzero(areas["kind"] == JUNCTION).tolist():
        at = slice(int(areas["first"][row]), int(areas["first"][row] + areas["count"][row]))
        x, y = corners["x_m"][at], corners["y_m"][at]
        near = np.flatnonzero(
            (middle[:, 0] >= x.min())
            & (middle[:, 0] <= x.max())
            & (middle[:, 1] >= y.min())
            & (middle[:, 1] <= y.max())
        )
        through = near[_within(x, y, middle[near])]
        if opened[through].any():
            areas["open"][row] = OPEN
            beside = inner[through]
            lanes["open"][beside] = np.where(lanes["open"][beside] == OPEN, OPEN, BESIDE_OPEN)


def _within(x: NDArray[Any], y: NDArray[Any], places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which places lie within a polygon."""
    px, py = places[:, 0, None], places[:, 1, None]
    x0, y0, x1, y1 = x, y, np.roll(x, 1), np.roll(y, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        crosses = ((y0 > py) != (y1 > py)) & (px < (x1 - x0) * (py - y0) / (y1 - y0) + x0)
    inside: NDArray[np.bool_] = crosses.sum(axis=1) % 2 == 1
    return inside


def _arrows(map: Map) -> Columns:
    """Return the arrows on the lanes of cars before stop lines of signals, two on a long lane."""
    rows: list[tuple[float, float, float, int]] = []
    for lane, turn, junction in zip(
        map.stop_lines["lane"], map.stop_lines["turn"], map.stop_lines["junction"], strict=True
    ):
        if map.lanes["kind"][lane] not in (LaneKind.CAR, LaneKind.BUS):
            continue
        if map.junctions["control"][junction] != "signal":
            continue
        line = map.lane_line(int(lane))
        length = curve.length_m(line)
        for back in (ARROW_BACK_M, ARROW_BACK_M + 26):
            if back + 6 < length:
                here, there = curve.at_station(line, [length - back - 2, length - back + 2])
                heading = float(np.arctan2(*(there - here)))
                rows.append((*((here + there) / 2), heading, int(turn)))
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return {
        "x_m": np.array(columns[0], np.float32), "y_m": np.array(columns[1], np.float32),
        "heading_rad": np.array(columns[2], np.float32), "turn": np.array(columns[3], np.uint8),
    }  # fmt: skip


def _names(map: Map, zone: Zone) -> dict[str, list[dict[str, Any]]]:
    crossing = {str(id): row for row, id in enumerate(map.crossings["id"])}
    crossings = []
    for item in zone.crossings:
        row = crossing[item.id]
        rows = slice(int(map.crossings["first"][row]), int(map.crossings["first"][row] + map.crossings["count"][row]))
        x, y = (float(map.crossing_points[key][rows].mean()) for key in ("x_m", "y_m"))
        crossings.append(_label(item.zh, item.en, x, y, item.id))
    return {
        "junctions": [
            {"zh": str(zh), "en": str(en)} for zh, en in zip(map.junctions["zh"], map.junctions["en"], strict=True)
        ],
        "roads": _road_labels(map, zone.plan),
        "stops": [
            _label(stop.zh, stop.en, stop.x_m, stop.y_m, stop.id) | {"smart": stop.smart} for stop in zone.stops
        ],
        "crossings": crossings,
        "rsus": [_label(rsu.zh, rsu.en, rsu.x_m, rsu.y_m, rsu.id) for rsu in zone.rsus],
        "chargers": [_label(place.zh, place.en, place.x_m, place.y_m, place.id) for place in zone.chargers],
        "districts": [_label(d.zh, d.en, d.at[0], d.at[1]) for d in zone.plan.districts],
        "nature": [label for label in _nature(zone.plan) if label["zh"]],
    }  # fmt: skip


def _label(zh: str, en: str, x_m: float, y_m: float, id: str | None = None) -> dict[str, Any]:
    place = {"zh": zh, "en": en, "x_m": round(x_m, 1), "y_m": round(y_m, 1)}
    return {"id": id, **place} if id is not None else place


def _nature(plan: Plan) -> list[dict[str, Any]]:
    return [
        *(_label(ridge.zh, ridge.en, *_middle(ridge.crest)) for ridge in plan.ridges),
        *(_label(water.zh, water.en, *_middle(water.outline)) for water in plan.water),
        *(_label(park.zh, park.en, *_foot(park.outline)) for park in plan.parks),
        *(_label(stream.zh, stream.en, *_middle(stream.course)) for stream in plan.streams),
    ]


def _middle(points: list[list[float]]) -> tuple[float, float]:
    x, y = np.mean([point[:2] for point in points], axis=0).tolist()
    return x, y


def _foot(points: list[list[float]]) -> tuple[float, float]:
    """Return a place near the southern edge of an outline: its middle may be a lake with a name of its own."""
    x, y = np.array([point[:2] for point in points], dtype=np.float64).T
    return float(x.mean()), float(y.min() + 0.1 * (y.max() - y.min()))


def _road_labels(map: Map, plan: Plan) -> list[dict[str, Any]]:
    labels = []
    for road in plan.roads:
        if not road.label:
            continue
        rows = np.flatnonzero(map.sections["road"] == road.id)
        line: NDArray[np.float64] = np.vstack([map.section_line(int(row)) for row in rows])
        length = curve.length_m(line)
        n = max(round(length / LABEL_EVERY_M), 1)
        rank = _RANK.get(road.section, 3)
        for k in range(n):
            at = length * (k + 0.5) / n
            here, there = curve.at_station(line, [at - 10, at + 10])
            heading = float(np.arctan2(*(there - here)))
            x, y = (here + there) / 2
            labels.append(
                _label(road.zh, road.en, float(x), float(y)) | {"heading_rad": round(heading, 4), "rank": rank}
            )
    return labels


def _lines(map: Map, zone: Zone) -> list[dict[str, Any]]:
    courses = []
    for line in zone.lines:
        points = line_course(map, line.via)
        courses.append(
            {
                "id": line.id, "zh": line.zh, "en": line.en, "colour": line.colour, "kind": line.kind,
                "stops": line.stops,
                "points": [[round(float(x), 1), round(float(y), 1)] for x, y in points],
            }
        )  # fmt: skip
    return courses


def line_course(map: Map, via: list[str]) -> NDArray[np.float64]:
    """Return the middle line of the roads that a transit line follows from node to node, shape (n, 2)."""
    start, end = map.sections["start"], map.sections["end"]
    pieces = []
    for a, b in itertools.pairwise(via):
        rows = np.flatnonzero(((start == a) & (end == b)) | ((start == b) & (end == a)))
        if not len(rows):
            raise MapError(f"zone.toml: lines: no road leads from {a} to {b} without a node between")
        line = map.section_line(int(rows[0]))
        pieces.append(line if start[rows[0]] == a else line[::-1])
    return curve.simplified(np.vstack(pieces), 0.5)
