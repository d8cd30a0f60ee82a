"""Lanelet2 as written: the lanelet2 library reads it without an error and finds every way, and it reads back as the map.

What Lanelet2 has no place for and is not compared: middle lines (readers make their own halfway between the borders),
signal programs, walking areas, stops, sections, tunnels, names and kinds of junctions. Lanes for walkers lead both ways
there, so the library's graph has more ways for walkers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map
from tests.conftest import shared
from tests.hdmap.roundtrip import borders_apart, follows, middles_apart
from tests.hdmap.town import town

lanelet2 = pytest.importorskip("lanelet2", reason="the lanelet2 library has no build for this machine")

SHARED = ["esmini_fabriksgatan_traffic_lights.xodr", "esmini_multi_intersections.xodr",
          "autoware_intersection_lanelet2.osm"]  # fmt: skip
WAYS = {
    "vehicle:car": (LaneKind.CAR, LaneKind.INNER),
    "vehicle:bus": (LaneKind.CAR, LaneKind.INNER, LaneKind.BUS),
    "bicycle": (LaneKind.BICYCLE, LaneKind.INNER_BICYCLE),
}


@dataclass
class Trip:
    """A map, its file, the lanelet's id of each lane, the map read again and the row there of each lane."""

    map: Map
    file: Path
    id: dict[int, int]
    back: Map
    row: dict[int, int]


def trip(map: Map, folder: Path) -> Trip:
    file = folder / "map.osm"
    hdmap.write(map, file)
    lanes = np.flatnonzero(map.lanes["kind"] != LaneKind.AREA).tolist()
    ids = re.findall(r'<relation id="(\d+)" version="1">\n<member type="way" role="left"', file.read_text())
    origin = float(map.about["lon"][0]), float(map.about["lat"][0])
    back = hdmap.read(file, origin=origin if np.isfinite(origin).all() else None)
    row = {lane: back.lane_row(id) for lane, id in zip(lanes, ids, strict=True)}
    return Trip(map, file, dict(zip(lanes, (int(id) for id in ids), strict=True)), back, row)


def library(there: Trip) -> Any:
    """Return the library's map; fails with its complaints."""
    lon, lat = (float(there.map.about[key][0]) for key in ("lon", "lat"))
    origin = lanelet2.io.Origin(lat, lon) if np.isfinite(lon) else lanelet2.io.Origin(0, 0)
    found, errors = lanelet2.io.loadRobust(str(there.file), lanelet2.projection.LocalCartesianProjector(origin))
    assert list(errors) == []
    return found


@pytest.fixture(scope="module")
def city(precise_map: Map, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trip]:
    yield trip(precise_map, tmp_path_factory.mktemp("osm"))


@pytest.mark.parametrize("name", SHARED)
def test_the_library_reads_a_written_map_without_an_error_and_follows_every_lane(name: str, tmp_path: Path) -> None:
    there = trip(hdmap.read(shared(f"maps/{name}")), tmp_path)
    assert len(library(there).laneletLayer) == len(there.id)
    assert_same_graph(there)


def test_the_librarys_graph_of_the_reference_zone_is_the_maps(city: Trip) -> None:
    found = library(city)
    assert len(found.laneletLayer) == len(city.id)
    assert len(found.regulatoryElementLayer) > 300
    assert_same_graph(city)


def assert_same_graph(there: Trip) -> None:
    """Compare who follows whom, for every kind of driver, with the library's routing graph."""
    found = library(there)
    lane_of = {id: lane for lane, id in there.id.items()}
    for who, kinds in WAYS.items():
        rules = lanelet2.traffic_rules.create(lanelet2.traffic_rules.Locations.Germany, who)
        graph = lanelet2.routing.RoutingGraph(found, rules)
        lanes = set(np.flatnonzero(np.isin(there.map.lanes["kind"], kinds)).tolist())
        if not lanes:
            continue
        known = {
            (lane, lane_of[after.id])
            for lane in lanes
            for after in graph.following(found.laneletLayer[there.id[lane]])
            if lane_of[after.id] in lanes
        }
        assert known == follows(there.map, lanes), who


def test_the_library_routes_between_any_two_connected_lanes(city: Trip) -> None:
    """A hundred pairs that the map's own graph connects without changing lanes, and some that it does not."""
    found = library(city)
    rules = lanelet2.traffic_rules.create(lanelet2.traffic_rules.Locations.Germany, "vehicle:bus")
    graph = lanelet2.routing.RoutingGraph(found, rules)
    lanes = np.flatnonzero(np.isin(city.map.lanes["kind"], WAYS["vehicle:bus"]))
    onward: dict[int, list[int]] = {}
    for lane, after in follows(city.map, set(lanes.tolist())):
        onward.setdefault(lane, []).append(after)
    rng = np.random.default_rng(4)
    routed = none = 0
    for start in rng.choice(lanes, 25, replace=False).tolist():
        reached, waiting = {start}, [start]
        while waiting:
            for after in onward.get(waiting.pop(), ()):
                if after not in reached:
                    reached.add(after)
                    waiting.append(after)
        for end in rng.choice(lanes, 12).tolist():
            route = graph.getRoute(found.laneletLayer[city.id[start]], found.laneletLayer[city.id[end]], 0, False)
            assert (route is not None) == (end in reached), city.map.lanes["id"][[start, end]]
            routed, none = routed + (route is not None), none + (route is None)
    assert routed > 100 and none > 5


def test_every_lane_of_the_reference_zone_comes_back(city: Trip) -> None:
    assert {(city.row[a], city.row[b]) for a, b in follows(city.map)} == follows(city.back)
    rows, there = np.array(list(city.row)), np.array(list(city.row.values()))
    assert len(set(there.tolist())) == len(city.back.lanes["id"])
    assert np.array_equal(city.map.lanes["kind"][rows], city.back.lanes["kind"][there])
    ridden = ~np.isin(city.map.lanes["kind"][rows], (LaneKind.SIDEWALK, LaneKind.CROSSING))
    speeds = [city.map.lanes["speed_limit_mps"][rows[ridden]], city.back.lanes["speed_limit_mps"][there[ridden]]]
    assert np.allclose(*speeds, atol=1e-3)
    away = borders_apart(city.map, city.back, city.row)
    assert away.max() < 0.05 and np.median(away) < 0.005
    assert np.median(middles_apart(city.map, city.back, city.row)) < 0.01


def test_lights_stop_lines_and_bays_come_back(city: Trip) -> None:
    assert len(city.back.groups["phase"]) == len(city.map.groups["phase"])
    for table, key, within in (("heads", "x_m", 0.001), ("stop_lines", "x1_m", 0.2), ("bays", "x_m", 0.001)):
        old, new = getattr(city.map, table), getattr(city.back, table)
        assert len(old[key]) == len(new[key])
        for x, y in zip(old[key], old[key.replace("x", "y")], strict=True):
            assert np.hypot(new[key] - x, new[key.replace("x", "y")] - y).min() < within
    lights = {}
    for map, row in ((city.map, city.row), (city.back, None)):
        for start, via, group in zip(*(map.links[k].tolist() for k in ("start", "via", "group")), strict=True):
            if via >= 0 and map.lanes["junction"][via] >= 0 and (row is None or (start in row and via in row)):
                key = (row[start], row[via]) if row is not None else (start, via)
                lights.setdefault(key, []).append(int(map.groups["phase"][group]) if group >= 0 else 0)
    assert len(lights) > 1000 and all(len(phases) == 2 and phases[0] == phases[1] for phases in lights.values())


def test_a_map_that_lies_nowhere_keeps_its_metres(tmp_path: Path) -> None:
    somewhere = town()
    somewhere.about["lon"][:] = somewhere.about["lat"][:] = np.nan
    there = trip(somewhere, tmp_path)
    library(there)
    assert np.isnan(there.back.about["lon"][0]) and "local metres" in there.back.about["projection"][0]
    assert borders_apart(there.map, there.back, there.row).max() < 0.16  # the town's left turn begins with a wedge
