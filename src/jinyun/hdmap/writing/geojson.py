"""GeoJSON (RFC 7946) of the precise map: a feature for each lane, border, stop line, head, crossing, junction, section.

Positions are WGS-84 degrees, longitude first, to a millimetre (CGCS2000's differ by centimetres and are written as they
are); outer rings run counter-clockwise. A map with heights gives lanes, borders and heads a third number: metres in the
height system of its source. ``feature`` in the properties says what a feature is; the names of the others are those of
:mod:`jinyun.hdmap.precise`, with the names of lanes and junctions where the map has rows; unknown is null. Sections are
named by their row. GeoJSON is written only: ways on, conflicts and signal programs have no place in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap.fault import MapError
from jinyun.hdmap.precise import Bay, Columns, LaneKind, Map, Turn

DIGITS = 8
"""Decimals of degrees: 1 mm."""
HEIGHT_DIGITS = 3
AREAS = ("junction", "walking", "ridge", "water", "park", "block")
"""Names of the kinds of areas, in the order of their numbers."""
Feature = dict[str, Any]
Place = list[float]


def write(map: Map, path: Path) -> None:
    """Write the map as GeoJSON; raises :class:`MapError` where it lies nowhere on Earth."""
    if not np.isfinite([map.about["lon"][0], map.about["lat"][0]]).all():
        raise MapError(
            f"{map.about['source'][0]}: -: has no georeference: GeoJSON needs degrees (give --origin LON,LAT)"
        )
    about = {key: str(map.about[key][0]) for key in ("zone", "source", "datum", "projection", "revision")}
    with path.open("w", encoding="utf-8") as out:
        out.write(f'{{"type": "FeatureCollection", "about": {json.dumps(about, ensure_ascii=False)}, "features": [')
        for number, feature in enumerate(_features(map)):
            out.write((",\n" if number else "\n") + json.dumps(feature, ensure_ascii=False, allow_nan=False))
        out.write("\n]}\n")


def _features(map: Map) -> Iterator[Feature]:
    yield from _lanes(map)
    yield from _signals(map)
    yield from _standing(map)
    names = map.junctions["id"].tolist()
    for row, place in enumerate(_places(map, map.junctions["x_m"], map.junctions["y_m"])):
        if np.isfinite(place).all():
            told = _told(map.junctions, row, "id", "node", "control", "zh", "en", "signalised", "cycle_s")
            yield _feature("junction", "Point", place, told)
    for row, line in enumerate(_lines(map, map.sections, map.section_points)):
        told = _told(map.sections, row, "road", "start", "end", "length_m", "open", "tunnel")
        yield _feature("section", "LineString", line, {"section": row, **told})
    for row, ring in enumerate(_lines(map, map.areas, map.area_points)):
        kind, junction = int(map.areas["kind"][row]), int(map.areas["junction"][row])
        if len({(lon, lat) for lon, lat in ring}) > 2:  # less is no ring
            told = {"kind": AREAS[kind] if kind < len(AREAS) else str(kind), "junction": _named(names, junction)}
            yield _feature("area", "Polygon", [_ring(ring)], told)


def _lanes(map: Map) -> Iterator[Feature]:
    """Yield each lane's middle line and its two borders."""
    lanes, points, ids = map.lanes, map.points, map.lanes["id"].tolist()
    heights = points["z_m"] if np.any(points["z_m"]) else None
    middle = _places(map, points["x_m"], points["y_m"], heights)
    sides = {side: _places(map, points[f"{side}_x_m"], points[f"{side}_y_m"], heights) for side in ("left", "right")}
    turns: dict[int, int] = {}
    for start, via, turn in zip(*(map.links[key].tolist() for key in ("start", "via", "turn")), strict=True):
        for lane in (start, via):
            turns[lane] = turns.get(lane, 0) | turn
    edges = {key: map.edges[key].tolist() for key in ("id", "road")}
    for row, id in enumerate(ids):
        own = slice(int(lanes["first"][row]), int(lanes["first"][row]) + int(lanes["count"][row]))
        edge, section = int(lanes["edge"][row]), int(lanes["section"][row])
        told = {
            "id": id, "edge": edges["id"][edge], "road": edges["road"][edge], "index": int(lanes["index"][row]),
            "kind": LaneKind(int(lanes["kind"][row])).name.lower(),
            **_told(lanes, row, "speed_limit_mps", "width_m", "length_m", "open", "tunnel"),
            "turns": _turns(turns.get(row, 0)), "junction": _named(map.junctions["id"], int(lanes["junction"][row])),
            "section": section if section >= 0 else None, "left": _named(ids, int(lanes["left"][row])),
            "right": _named(ids, int(lanes["right"][row])),
        }  # fmt: skip
        yield _feature("lane", "LineString", middle[own], told)
        for side, places in sides.items():
            yield _feature("border", "LineString", places[own], {"lane": id, "side": side})


def _signals(map: Map) -> Iterator[Feature]:
    ids, names = map.lanes["id"], map.junctions["id"]
    lines, heads = map.stop_lines, map.heads
    begins, ends = (_places(map, lines[f"x{k}_m"], lines[f"y{k}_m"]) for k in (1, 2))
    for row, both in enumerate(zip(begins, ends, strict=True)):
        told: dict[str, Any] = {
            "lane": _named(ids, int(lines["lane"][row])), "junction": _named(names, int(lines["junction"][row])),
            "phase": int(lines["phase"][row]) or None, "turns": _turns(int(lines["turn"][row])),
        }  # fmt: skip
        yield _feature("stop_line", "LineString", list(both), told)
    for row, place in enumerate(_places(map, heads["x_m"], heads["y_m"], heads["z_m"])):
        told = {
            "junction": _named(names, int(heads["junction"][row])), "phase": int(heads["phase"][row]),
            "heading_deg": round(math.degrees(float(heads["heading_rad"][row])) % 360, 2),
        }  # fmt: skip
        yield _feature("head", "Point", place, told)


def _standing(map: Map) -> Iterator[Feature]:
    """Yield crossings, stops and bays."""
    ids, names = map.lanes["id"], map.junctions["id"]
    for row, line in enumerate(_lines(map, map.crossings, map.crossing_points)):
        told = {
            **_told(map.crossings, row, "id", "width_m", "smart"), "lane": _named(ids, int(map.crossings["lane"][row])),
            "junction": _named(names, int(map.crossings["junction"][row])),
            "phase": int(map.crossings["phase"][row]) or None,
        }  # fmt: skip
        yield _feature("crossing", "LineString", line, told)
    for row, place in enumerate(_places(map, map.stops["x_m"], map.stops["y_m"])):
        told = {**_told(map.stops, row, "id", "start_m", "end_m"), "lane": _named(ids, int(map.stops["lane"][row]))}
        yield _feature("stop", "Point", place, told)
    bays = map.bays
    along = np.stack([np.sin(bays["heading_rad"]), np.cos(bays["heading_rad"])]) * bays["length_m"] / 2
    aside = np.stack([np.cos(bays["heading_rad"]), -np.sin(bays["heading_rad"])]) * bays["width_m"] / 2
    corners = [
        _places(
            map, bays["x_m"] + ahead * along[0] + right * aside[0], bays["y_m"] + ahead * along[1] + right * aside[1]
        )
        for ahead, right in ((1, 1), (1, -1), (-1, -1), (-1, 1))
    ]
    for row, ring in enumerate(zip(*corners, strict=True)):
        told = {
            **_told(bays, row, "id", "length_m", "width_m"), "kind": Bay(int(bays["kind"][row])).name.lower(),
            "lane": _named(ids, int(bays["lane"][row])),
            "heading_deg": round(math.degrees(float(bays["heading_rad"][row])) % 360, 2),
        }  # fmt: skip
        yield _feature("bay", "Polygon", [_ring(list(ring))], told)


def _feature(name: str, shape: str, places: Any, told: dict[str, Any]) -> Feature:
    geometry = {"type": shape, "coordinates": places}
    return {"type": "Feature", "geometry": geometry, "properties": {"feature": name, **told}}


def _places(map: Map, x_m: ArrayLike, y_m: ArrayLike, z_m: NDArray[np.float64] | None = None) -> list[Place]:
    """Return positions as GeoJSON has them; unknown heights are left out."""
    lon, lat = map.project.inverse(x_m, y_m)
    lon = np.round((lon + 180) % 360 - 180, DIGITS)
    flat: list[Place] = np.column_stack([lon, np.round(lat, DIGITS)]).tolist()
    if z_m is None:
        return flat
    heights = np.round(z_m, HEIGHT_DIGITS).tolist()
    return [[*place, z] if math.isfinite(z) else place for place, z in zip(flat, heights, strict=True)]


def _lines(map: Map, table: Columns, points: Columns) -> list[list[Place]]:
    every = _places(map, points["x_m"], points["y_m"])
    return [
        every[first : first + count]
        for first, count in zip(table["first"].tolist(), table["count"].tolist(), strict=True)
    ]


def _ring(places: list[Place]) -> list[Place]:
    """Return an outer ring as the right-hand rule has it: closed and counter-clockwise."""
    ring = places if places[0] == places[-1] else [*places, places[0]]
    x, y = np.array(ring)[:, :2].T - np.array(ring[0])[:2, None]
    return ring if np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) >= 0 else ring[::-1]


def _told(table: Columns, row: int, *columns: str) -> dict[str, Any]:
    """Return values of a row as JSON has them: unknown numbers are null, others to a tenth of a millimetre."""
    found: dict[str, Any] = {}
    for column in columns:
        value = table[column][row].item()
        if isinstance(value, float):
            value = round(value, 4) if math.isfinite(value) else None
        found[column] = value
    return found


def _named(names: Any, row: int) -> str | None:
    return str(names[row]) if row >= 0 else None


def _turns(bits: int) -> list[str]:
    return [turn.name.lower() for turn in Turn if bits & turn]
