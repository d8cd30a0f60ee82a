"""OpenDRIVE as written: ASAM's checker has nothing to say, and what is read back is the map.

What OpenDRIVE has no place for and is not compared: signal programs, walking areas, stops, sections open for tests,
numbers and kinds of junctions. Neighbours inside junctions whose ways part are no neighbours in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.writing import write
from jinyun.hdmap.writing.opendrive import linkage, reference
from tests.conftest import shared
from tests.hdmap.roundtrip import WALKED, asam_issues, borders_apart, follows, middles_apart
from tests.hdmap.town import town

SHARED = ["esmini_fabriksgatan_traffic_lights.xodr", "esmini_multi_intersections.xodr",
          "autoware_intersection_lanelet2.osm"]  # fmt: skip


@dataclass
class Trip:
    """A map, its file, the map read from that, and the row there of each lane."""

    map: Map
    file: Path
    back: Map
    row: dict[int, int]


def trip(map: Map, folder: Path) -> Trip:
    file = folder / "map.xodr"
    write(map, file)
    back = hdmap.read(file)
    lanes = linkage.network(map).lane
    row = {lane: back.lane_row(f"{road + 1}.0.{number}") for lane, (road, number) in lanes.items()}
    return Trip(map, file, back, row)


@pytest.fixture(scope="module")
def city(precise_map: Map, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trip]:
    yield trip(precise_map, tmp_path_factory.mktemp("xodr"))


@pytest.mark.parametrize("name", SHARED)
def test_asams_checker_finds_no_issue(name: str, tmp_path: Path) -> None:
    write(hdmap.read(shared(f"maps/{name}")), tmp_path / "map.xodr")
    issues, completed = asam_issues(tmp_path / "map.xodr", tmp_path)
    assert issues == [] and completed >= 22


@pytest.mark.integration
def test_asams_checker_finds_no_issue_in_the_reference_zone(city: Trip, tmp_path: Path) -> None:
    issues, completed = asam_issues(city.file, tmp_path)
    assert issues == [] and completed >= 22


def test_every_lane_of_the_reference_zone_comes_back_with_what_leads_to_it(city: Trip) -> None:
    written = np.flatnonzero(~np.isin(city.map.lanes["kind"], WALKED))
    assert set(city.row) == set(written.tolist())
    assert set(city.row.values()) == set(np.flatnonzero(city.back.lanes["kind"] != LaneKind.CROSSING).tolist())
    assert {(city.row[a], city.row[b]) for a, b in follows(city.map)} == follows(city.back)
    rows, there = np.array(list(city.row)), np.array(list(city.row.values()))
    assert np.array_equal(city.map.lanes["kind"][rows], city.back.lanes["kind"][there])
    assert np.array_equal(city.map.lanes["tunnel"][rows], city.back.lanes["tunnel"][there])
    assert np.allclose(city.map.lanes["speed_limit_mps"][rows], city.back.lanes["speed_limit_mps"][there], atol=1e-4)
    outside = rows[city.map.lanes["junction"][rows] < 0]
    left = [city.row.get(int(k), -1) for k in city.map.lanes["left"][outside]]
    normal = ~np.char.startswith(city.map.lanes["id"][outside].astype(str), ":")
    found = city.back.lanes["left"][[city.row[k] for k in outside.tolist()]]
    assert np.array_equal(np.array(left)[normal], found[normal])


def test_borders_come_back_within_five_centimetres(city: Trip) -> None:
    away = borders_apart(city.map, city.back, city.row)
    assert away.max() < 0.05 and np.median(away) < 0.012
    middles = middles_apart(city.map, city.back, city.row)
    assert len(middles) > 2000 and np.quantile(middles, 0.995) < 0.05
    assert middles.max() < 0.4  # where a lane turns nearly on the spot, halfway between its borders is not one place


def test_heights_come_back(city: Trip) -> None:
    lanes, points = city.map.lanes, city.map.points
    for lane in np.flatnonzero(np.add.reduceat(np.abs(points["z_m"]), lanes["first"]) > 0)[::7].tolist():
        if lane in city.row:
            ends = [int(lanes["first"][lane]), int(lanes["first"][lane] + lanes["count"][lane]) - 1]
            there = city.row[lane]
            first, count = int(city.back.lanes["first"][there]), int(city.back.lanes["count"][there])
            z = city.back.points["z_m"][[first, first + count - 1]]
            assert np.allclose(points["z_m"][ends], z, atol=0.05), lanes["id"][lane]


def test_signals_crossings_and_bays_come_back_where_they_are(city: Trip) -> None:
    for table, key, within in (("heads", "x_m", 0.001), ("bays", "x_m", 0.001), ("stop_lines", "x1_m", 0.5)):
        old, new = getattr(city.map, table), getattr(city.back, table)
        assert len(old[key]) == len(new[key]) > 0
        for x, y in zip(old[key], old[key.replace("x", "y")], strict=True):  # a stop line is square to its road there
            assert np.hypot(new[key] - x, new[key.replace("x", "y")] - y).min() < within
    ends = np.column_stack([city.back.crossing_points["x_m"], city.back.crossing_points["y_m"]])
    for x, y in zip(city.map.crossing_points["x_m"], city.map.crossing_points["y_m"], strict=True):
        assert np.hypot(*(ends - (x, y)).T).min() < 0.02


def test_each_way_through_a_junction_keeps_its_light(city: Trip) -> None:
    """Groups are numbered by place, and turns by angle, so numbers may change; what shares a light may not."""
    new = {
        (int(s), int(v)): int(g)
        for s, v, g in zip(*(city.back.links[k] for k in ("start", "via", "group")), strict=True)
    }
    partner: dict[int, int] = {}
    lit = 0
    for start, via, group in zip(*(city.map.links[k].tolist() for k in ("start", "via", "group")), strict=True):
        if via < 0 or city.map.lanes["junction"][via] < 0 or start not in city.row:
            continue
        found = new[city.row[start], city.row[via]]
        assert (found >= 0) == (group >= 0)
        if group >= 0:
            lit += 1
            assert partner.setdefault(group, found) == found
    assert lit > 1000 and len(set(partner.values())) == len(partner)


def test_a_town_keeps_its_names_programs_aside(tmp_path: Path) -> None:
    there = trip(town(), tmp_path)
    text = there.file.read_text()
    assert '<controller id="1" name="J phase 1"' in text and '<junction id="1" name="J"' in text
    assert there.back.junctions["signalised"].sum() == 1 and len(there.back.groups["phase"]) == 3
    assert borders_apart(there.map, there.back, there.row).max() < 0.02
    assert {(there.row[a], there.row[b]) for a, b in follows(there.map)} == follows(there.back)


def test_a_reference_line_is_smooth_square_to_its_ends_and_near_its_border() -> None:
    turn = np.linspace(0, np.pi / 2, 10)
    border = np.column_stack([20 * np.sin(turn), 20 * (1 - np.cos(turn))])
    slanted = np.array([border[0], border[0] + [-0.9, -3.4]])
    line = reference.along(border, slanted, np.array([border[-1], border[-1] + [3.5, 0]]), 3.5)
    x, y, heading, _ = line.at(np.array([0.0, line.length_m]))
    assert np.isclose(heading[0], np.arctan2(-0.9, 3.4)) and np.isclose(heading[1], np.pi / 2)
    assert np.allclose([x, y], [[0, 20], [0, 20]], atol=1e-9)
    ends = line.s[1:]
    before, after = line.at(ends - 1e-9), line.at(ends + 1e-9)
    assert np.allclose(before[:3], after[:3], atol=1e-6)
    s, t = line.project(line.place(np.array([3.0, 17.0]), np.array([-3.5, 1.0])))
    assert np.allclose(s, [3, 17], atol=1e-6) and np.allclose(t, [-3.5, 1], atol=1e-9)
