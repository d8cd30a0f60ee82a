"""The precise map's columns: borders, neighbours, what leads where, heads, bays, and where it all comes from."""

from pathlib import Path

import numpy as np
import pytest

from jinyun.hdmap import LaneKind, Map, curve, precise, tables
from jinyun.zone import Zone


def test_every_table_has_its_columns_in_their_types(precise_map: Map) -> None:
    for table, types in tables.COLUMNS.items():
        found = getattr(precise_map, table)
        assert list(found) == list(types), table
        for column, kind in types.items():
            assert found[column].dtype.kind == np.dtype(kind).kind, (table, column)
    with pytest.raises(KeyError, match="lanes has no column colour"):
        tables.filled("lanes", {"colour": ["red"]})


def test_borders_are_parallels_at_half_the_width_away_from_joints(precise_map: Map) -> None:
    outside = ~np.char.startswith(precise_map.lanes["id"].astype(str), ":")
    for row in np.flatnonzero(outside)[::37].tolist():
        line, (left, right) = precise_map.lane_line(row), precise_map.borders(row)
        half = float(precise_map.lanes["width_m"][row]) / 2
        s = curve.stations(line)
        away = (s > 2 * half) & (s < s[-1] - 2 * half)
        assert np.allclose(left[away], curve.parallel(line, -half)[away], atol=1e-6)
        assert np.allclose(right[away], curve.parallel(line, half)[away], atol=1e-6)


def test_points_abreast_survive_points_that_coincide_and_a_hairpin() -> None:
    line = np.array([[0.0, 0], [0, 0], [10, 0], [10, 0], [10, 10], [0, 5], [5, 5], [1, 5], [7, 7], [7, 7]])
    beside = curve.abreast(line, [0, 5, 8], np.full(10, 2.0))
    expected = [[0, -2], [0, -2], [12, -2], [12, -2], [12, 10], [0, 3], [5, 7], [1, 7], [7, 7], [7, 7]]
    assert np.allclose(beside, expected)


def test_neighbours_are_each_others_and_their_borders_touch(precise_map: Map) -> None:
    left, right = precise_map.lanes["left"], precise_map.lanes["right"]
    rows = np.flatnonzero(left >= 0)
    assert len(rows) > 1500
    assert np.array_equal(right[left[rows]], rows)
    assert np.array_equal(precise_map.lanes["edge"][left[rows]], precise_map.lanes["edge"][rows])
    apart = []
    outside = ~np.char.startswith(precise_map.lanes["id"][rows], ":")  # where a pocket begins, lanes grow apart
    for row in rows[outside].tolist():
        here, there = precise_map.borders(row)[0], precise_map.borders(int(left[row]))[1]
        middle = curve.at_station(here, curve.length_m(here) / 2)[0]
        steps = np.diff(there, axis=0)
        share = np.sum((middle - there[:-1]) * steps, axis=1) / np.maximum(np.sum(steps**2, axis=1), 1e-12)
        nearest = there[:-1] + np.clip(share, 0, 1)[:, None] * steps
        apart.append(np.hypot(*(nearest - middle).T).min())
    assert np.quantile(apart, 0.99) < 0.06


def test_predecessors_are_successors_read_backwards(precise_map: Map) -> None:
    n = len(precise_map.lanes["id"])
    onward = {(a, int(b)) for a in range(n) for b in precise_map.successors_of(a)}
    back = {(int(a), b) for b in range(n) for a in precise_map.predecessors_of(b)}
    assert onward == back != set()


def test_each_group_of_drivers_has_a_head_before_their_eyes(precise_map: Map) -> None:
    groups, heads, links = precise_map.groups, precise_map.heads, precise_map.links
    key = {(int(j), int(p)): row for row, (j, p) in enumerate(zip(heads["junction"], heads["phase"], strict=True))}
    for row in np.flatnonzero(~groups["walkers"]).tolist():
        head = key[int(groups["junction"][row]), int(groups["phase"][row])]
        for link in np.flatnonzero(links["group"] == row).tolist():
            stop = precise_map.lane_line(int(links["start"][link]))[-1]
            away = np.array([heads["x_m"][head], heads["y_m"][head]]) - stop
            heading = float(groups["heading_rad"][row])
            ahead = away @ [np.sin(heading), np.cos(heading)]
            assert 3 < ahead < 80 and abs(away @ [np.cos(heading), -np.sin(heading)]) < 12


def test_each_pile_has_a_bay_of_its_own(precise_map: Map, here: Zone) -> None:
    bays = precise_map.bays
    assert len(bays["id"]) == len(set(bays["id"].tolist())) == sum(c.piles for c in here.chargers)
    places = np.column_stack([bays["x_m"], bays["y_m"]])
    away = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 100 * np.eye(len(places))
    assert away.min() > 2.4
    assert set(precise_map.lanes["kind"][bays["lane"]].tolist()) <= {LaneKind.CAR, LaneKind.BUS}


def test_the_map_says_where_it_comes_from_and_its_revision_is_its_content(precise_map: Map, tmp_path: Path) -> None:
    about = {key: values[0] for key, values in precise_map.about.items()}
    assert (about["format"], about["datum"], about["source"]) == ("plan", "WGS-84", "roads.toml")
    assert about["projection"].startswith("+proj=tmerc +lat_0=29.6 +lon_0=106.3")
    assert precise_map.ignored == {}
    precise.dump(precise_map, tmp_path / "map.npz")
    again = precise.restore(tmp_path / "map.npz")
    assert precise.revision_of(again) == about["revision"]
    again.points["x_m"][7] += 0.001
    assert precise.revision_of(again) != about["revision"]
