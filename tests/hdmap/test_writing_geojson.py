"""GeoJSON as written: a plain JSON reader and PROJ find the map where it is, and RFC 7946's rules hold."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map, MapError
from jinyun.hdmap.writing import write
from tests.conftest import shared
from tests.hdmap.town import changed, town

WITHIN_M = 0.01
Features = dict[str, list[dict[str, Any]]]


def written(map: Map, folder: Path) -> Features:
    """Return the features of a map's file by what they are."""
    write(map, folder / "map.geojson")
    whole = json.loads((folder / "map.geojson").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert whole["type"] == "FeatureCollection" and whole["about"]["revision"] == map.about["revision"][0]
    found: Features = {}
    for feature in whole["features"]:
        assert feature["type"] == "Feature" and set(feature) == {"type", "geometry", "properties"}
        found.setdefault(feature["properties"]["feature"], []).append(feature)
    return found


def metres(map: Map, places: list[list[float]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return GeoJSON positions as metres of the map's plane, by PROJ."""
    lon, lat = float(map.about["lon"][0]), float(map.about["lat"][0])
    plane = pyproj.Proj(f"+proj=tmerc +lat_0={lat!r} +lon_0={lon!r} +k=1 +ellps=WGS84 +units=m")
    degrees = np.array([place[:2] for place in places])
    return np.column_stack(plane(degrees[:, 0], degrees[:, 1]))


def places(features: list[dict[str, Any]]) -> list[list[float]]:
    """Return the positions of points and lines, one after another."""
    shapes = [feature["geometry"] for feature in features]
    return [
        place for shape in shapes for place in
        ([shape["coordinates"]] if shape["type"] == "Point" else shape["coordinates"])
    ]  # fmt: skip


def rings(map: Map) -> list[int]:
    """Return the areas that are any: netconvert gives places to wait of two corners."""
    places = np.column_stack([map.area_points["x_m"], map.area_points["y_m"]])
    bounds = zip(map.areas["first"], map.areas["count"], strict=True)
    return [row for row, (first, n) in enumerate(bounds) if len(np.unique(places[first : first + n], axis=0)) > 2]


@pytest.fixture(scope="module")
def city(precise_map: Map, tmp_path_factory: pytest.TempPathFactory) -> Features:
    return written(precise_map, tmp_path_factory.mktemp("geojson"))


def test_everything_is_there_as_often_as_in_the_map(city: Features, precise_map: Map) -> None:
    map = precise_map
    assert {name: len(features) for name, features in city.items()} == {
        "lane": len(map.lanes["id"]), "border": 2 * len(map.lanes["id"]), "stop_line": len(map.stop_lines["lane"]),
        "head": len(map.heads["phase"]), "crossing": len(map.crossings["id"]), "stop": len(map.stops["id"]),
        "bay": len(map.bays["id"]), "junction": len(map.junctions["id"]), "section": len(map.sections["road"]),
        "area": len(rings(map)),
    }  # fmt: skip


def test_all_places_are_the_maps_by_proj(city: Features, precise_map: Map) -> None:
    map, points = precise_map, precise_map.points
    borders = {side: [f for f in city["border"] if f["properties"]["side"] == side] for side in ("left", "right")}
    ends = np.stack([np.column_stack([map.stop_lines[f"{axis}{k}_m"] for axis in "xy"]) for k in (1, 2)], axis=1)
    expected = [
        (city["lane"], points["x_m"], points["y_m"]),
        *((borders[side], points[f"{side}_x_m"], points[f"{side}_y_m"]) for side in ("left", "right")),
        (city["stop_line"], ends[:, :, 0].ravel(), ends[:, :, 1].ravel()),
        (city["crossing"], map.crossing_points["x_m"], map.crossing_points["y_m"]),
        (city["section"], map.section_points["x_m"], map.section_points["y_m"]),
        *((city[name], table["x_m"], table["y_m"])
          for name, table in (("head", map.heads), ("stop", map.stops), ("junction", map.junctions))),
    ]  # fmt: skip
    for features, x, y in expected:
        assert np.abs(metres(map, places(features)) - np.column_stack([x, y])).max() < WITHIN_M
    heights = [place[2] for place in places(city["lane"])]
    assert np.allclose(heights, points["z_m"], atol=0.001) and np.ptp(heights) > 3


def test_properties_say_what_the_map_says(city: Features, precise_map: Map) -> None:
    map = precise_map
    for row, feature in list(enumerate(city["lane"]))[::37]:
        told = feature["properties"]
        assert told["id"] == map.lanes["id"][row] and told["kind"] == LaneKind(int(map.lanes["kind"][row])).name.lower()
        assert told["speed_limit_mps"] == pytest.approx(float(map.lanes["speed_limit_mps"][row]), abs=1e-3)
        for side in ("left", "right"):
            beside = int(map.lanes[side][row])
            assert told[side] == (map.lanes["id"][beside] if beside >= 0 else None)
    turns = Counter(turn for feature in city["lane"] for turn in feature["properties"]["turns"])
    assert turns["straight"] > turns["left"] > 300 and turns["right"] > 300
    open_m = sum(f["properties"]["length_m"] for f in city["section"] if f["properties"]["open"])
    assert open_m / 1000 == pytest.approx(map.open_road_km, abs=1e-3)
    phases = Counter((head["properties"]["junction"], head["properties"]["phase"]) for head in city["head"])
    ids = map.junctions["id"]
    assert phases == Counter(
        (str(ids[j]), int(p)) for j, p in zip(map.heads["junction"], map.heads["phase"], strict=True)
    )


def test_outer_rings_are_closed_and_run_counter_clockwise(city: Features, precise_map: Map) -> None:
    for feature in city["area"] + city["bay"]:
        (ring,) = feature["geometry"]["coordinates"]
        assert len(ring) > 3 and ring[0] == ring[-1]
        x, y = metres(precise_map, ring).T
        area = np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2
        assert area > 0
        if feature["properties"]["feature"] == "bay":
            told = feature["properties"]
            assert area == pytest.approx(told["length_m"] * told["width_m"], abs=0.05)
            middle = np.array([x[:-1].mean(), y[:-1].mean()])
            row = precise_map.bays["id"].tolist().index(told["id"])
            assert np.abs(middle - [precise_map.bays["x_m"][row], precise_map.bays["y_m"][row]]).max() < WITHIN_M


def test_unknown_is_null_and_heights_that_nobody_knows_are_left_out(tmp_path: Path) -> None:
    found = written(changed(town(), "lanes", 2, speed_limit_mps=np.nan), tmp_path)
    told = {feature["properties"]["id"]: feature["properties"] for feature in found["lane"]}
    assert told["l2"]["speed_limit_mps"] is None and told["l2"]["junction"] is None and told["l2"]["section"] is None
    assert told["l1"]["turns"] == ["straight", "left"] and told["l9"]["turns"] == ["left"]
    assert {len(place) for place in places(found["lane"])} == {2}
    assert {len(place) for place in places(found["head"])} == {3}


def test_longitudes_beyond_the_date_line_are_of_this_world(tmp_path: Path) -> None:
    map = town()
    map = replace(map, about={**map.about, "lon": np.array([179.9995])})
    found = written(map, tmp_path)
    east = [place[0] for place in places(found["lane"])]
    assert all(-180 <= lon < 180 for lon in east) and min(east) < -179 and max(east) > 179


def test_a_map_that_lies_nowhere_cannot_be_written_and_geojson_is_not_read(tmp_path: Path) -> None:
    map = hdmap.read(shared("maps/esmini_fabriksgatan_traffic_lights.xodr"))
    with pytest.raises(MapError, match=r"esmini_fabriksgatan_traffic_lights.xodr: -: has no georeference"):
        write(map, tmp_path / "map.geojson")
    assert list(tmp_path.iterdir()) == []
    write(town(), tmp_path / "map.geojson")
    with pytest.raises(MapError, match=r"map.geojson: -: is JSON: GeoJSON is written only"):
        hdmap.read(tmp_path / "map.geojson")
