"""OpenDRIVE as written: ASAM's checker has nothing to say, and what is read back is the map.

Not compared: walking areas and the ways of walkers over them, which the file does not have. Neighbours, junctions,
programs, stops, sections and all else that OpenDRIVE has no words for come back from user data of our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map, MapError
from jinyun.hdmap.writing import write
from jinyun.hdmap.writing.opendrive import reference
from tests.conftest import shared
from tests.hdmap import corruption
from tests.hdmap.roundtrip import WALKED, asam_issues, borders_apart, differences, facts, follows, middles_apart
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


def written(map: Map) -> list[int]:
    """Return the lanes that OpenDRIVE has: all but walkers' ways."""
    return np.flatnonzero(~np.isin(map.lanes["kind"], WALKED)).tolist()


def trip(map: Map, folder: Path) -> Trip:
    file = folder / "map.xodr"
    write(map, file)
    back = hdmap.read(file)
    row = {lane: back.lane_row(str(map.lanes["id"][lane])) for lane in written(map)}
    return Trip(map, file, back, row)


@pytest.fixture(scope="module")
def city(precise_map: Map, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trip]:
    yield trip(precise_map, tmp_path_factory.mktemp("xodr"))


@pytest.mark.parametrize("name", SHARED)
def test_asams_checker_finds_no_issue_and_what_the_map_says_comes_back(name: str, tmp_path: Path) -> None:
    there = trip(hdmap.read(shared(f"maps/{name}")), tmp_path)
    issues, completed = asam_issues(there.file, tmp_path)
    assert issues == [] and completed >= 22
    assert borders_apart(there.map, there.back, there.row).max() < 0.05
    assert middles_apart(there.map, there.back, there.row).max() < 0.05
    old, new = facts(there.map), facts(there.back)
    if name.startswith("autoware"):  # a head that two groups share is one light in OpenDRIVE, of one controller
        lost = old.pop("heads").values(), new.pop("heads").values()
        assert len(lost[0]) - len(lost[1]) == 2 and {head[:2] for head in lost[0]} == {head[:2] for head in lost[1]}
    for table, told in old.items():
        assert differences(told, new[table], 0.01) == [], table


@pytest.mark.long
def test_asams_checker_finds_no_issue_in_the_reference_zone(city: Trip, tmp_path: Path) -> None:
    issues, completed = asam_issues(city.file, tmp_path)
    assert issues == [] and completed >= 22


def test_every_lane_of_the_reference_zone_comes_back_with_what_leads_to_it(city: Trip) -> None:
    assert set(city.row.values()) == set(np.flatnonzero(city.back.lanes["kind"] != LaneKind.CROSSING).tolist())
    assert {(city.row[a], city.row[b]) for a, b in follows(city.map)} == follows(city.back)
    rows, there = np.array(list(city.row)), np.array(list(city.row.values()))
    assert np.allclose(city.map.lanes["speed_limit_mps"][rows], city.back.lanes["speed_limit_mps"][there], atol=1e-4)


def test_what_opendrive_has_no_words_for_comes_back_too(city: Trip) -> None:
    old, new = facts(city.map), facts(city.back)
    for table, told in old.items():
        assert len(told) > 15 and differences(told, new[table], 0.02) == [], table
    assert city.back.ignored == {"lane type=none": 5} and city.back.about["region"] == city.map.about["region"]


def test_borders_and_middle_lines_come_back_within_five_centimetres(city: Trip) -> None:
    away = borders_apart(city.map, city.back, city.row)
    assert away.max() < 0.05 and np.median(away) < 0.012
    middles = middles_apart(city.map, city.back, city.row)  # where a lane turns on the spot its middle line is told
    assert middles.max() < 0.05 and np.median(middles) < 0.012


def test_heights_come_back(city: Trip) -> None:
    lanes, points = city.map.lanes, city.map.points
    for lane in np.flatnonzero(np.add.reduceat(np.abs(points["z_m"]), lanes["first"]) > 0)[::7].tolist():
        if lane in city.row:
            ends = [int(lanes["first"][lane]), int(lanes["first"][lane] + lanes["count"][lane]) - 1]
            there = city.row[lane]
            first, count = int(city.back.lanes["first"][there]), int(city.back.lanes["count"][there])
            z = city.back.points["z_m"][[first, first + count - 1]]
            assert np.allclose(points["z_m"][ends], z, atol=0.05), lanes["id"][lane]


def test_a_town_keeps_its_names_and_programs(tmp_path: Path) -> None:
    there = trip(town(), tmp_path)
    text = there.file.read_text()
    assert '<controller id="1" name="J phase 1"' in text and '<junction id="1" name="J"' in text
    assert borders_apart(there.map, there.back, there.row).max() < 0.02
    assert {(there.row[a], there.row[b]) for a, b in follows(there.map)} == follows(there.back)
    assert facts(there.back)["programs"] == {"J": (30.0, (1, 6), (2, 3), (3, 3), 30.0, (1, 3), (2, 6), (3, 6))}
    old, new = facts(there.map), facts(there.back)
    for table in set(old) - {"lanes", "sections", "areas"}:  # the town has no sections and areas: reading makes them
        assert differences(old[table], new[table], 1e-3) == [], table


def edited(tmp_path: Path, *changes: tuple[str, str]) -> Map:
    """Return the town as read from its file in which texts were replaced, each of which must be there."""
    write(town(), tmp_path / "town.xodr")
    text = (tmp_path / "town.xodr").read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (tmp_path / "town.xodr").write_text(text)
    return hdmap.read(tmp_path / "town.xodr")


def test_user_data_of_others_is_passed_over_and_counted(tmp_path: Path) -> None:
    map = edited(tmp_path, ('code="jinyun"', 'code="other"'))
    assert map.ignored["userData"] > 20 and "1.0.-1" in map.lanes["id"] and len(map.steps["junction"]) == 0


def test_words_about_what_is_no_longer_there_are_counted_and_opendrives_own_hold(tmp_path: Path) -> None:
    map = edited(
        tmp_path, ('lane="l2" start', 'lane="gone" start'), ('left="l1"', 'left="gone"'), ('lane="l10"', 'lane="l0"'),
        ('node="1" control="signal"', 'node="70000" control="signal"'),
    )  # fmt: skip
    assert map.ignored["stop on a lane that is not there"] == 1 and map.ignored["neighbour that is not there"] == 1
    assert len(map.stops["id"]) == 0 and map.lanes["left"][map.lane_row("l0")] == -1
    assert map.lanes["id"][map.crossings["lane"][0]] == "crossing west"  # a lane cannot be a crossing as well
    assert 0 < map.junctions["node"][map.junction_row("J")] < 65_536


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('lights="6 3 3"', 'lights="6 3"', "a step does not have a light for each phase"),
        ('lights="6 3 3"', 'lights="6 3 red"', "phases and lights are whole numbers"),
        ('phases="1 2 3"', 'phases="1 2"', "a step does not have a light for each phase"),
        ('<lane id="l4" index="0"/>', '<lane id="l4" index="0"/><middle>0 0 nine</middle>', "no number"),
        ('<lane id="l4" index="0"/>', '<lane id="l4" index="0"/><middle>0 0 9</middle>', "pairs of numbers"),
        ('<lane id="l4" index="0"/>', '<lane id="l4" index="0"/><middle>0 0 0 1</middle>', "lead along its road"),
        ('<lane id="l4" index="0"/>', '<lane id="l4" index="0"/><middle>0 0 9 80</middle>', "lead along its road"),
        ('start="50"', 'start="-1"', "start of stop is -1 m"),
    ],
)
def test_nonsense_in_user_data_is_refused_with_its_place(old: str, new: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(MapError, match=rf"town.xodr: (road|junction|stop) [^:]*: .*{reason}"):
        edited(tmp_path, (old, new))


def test_a_middle_line_that_is_told_runs_aside(tmp_path: Path) -> None:
    map = edited(tmp_path, ('<lane id="l4" index="0"/>', '<lane id="l4" index="0"/><middle>0 0 100 1 185 0</middle>'))
    line = map.lane_line(map.lane_row("l4"))
    assert np.interp([-200, -150, -100, -15], line[:, 1], line[:, 0]) == pytest.approx(
        [1.75, 1.25, 0.75, 1.75], abs=1e-3
    )


def test_broken_copies_of_a_written_file_make_a_map_or_a_clear_error(tmp_path: Path) -> None:
    write(town(), tmp_path / "town.xodr")
    told = corruption.survey(tmp_path / "town.xodr", 60, seed=5)
    assert told["read"] > 5 and told["refused"] > 30


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
