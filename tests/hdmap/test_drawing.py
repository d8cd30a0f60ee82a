"""The page's map: its tables fit together and every name is there in both languages."""

from typing import Any

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import Map
from jinyun.net import columns
from jinyun.zone import Zone


@pytest.fixture(scope="module")
def drawn(precise_map: Map, here: Zone) -> tuple[dict[str, Any], dict[str, Any]]:
    tables, meta = hdmap.drawing(precise_map, here)
    meta_back, tables_back = columns.unpack(columns.pack(tables, meta))
    return tables_back, meta_back


@pytest.mark.parametrize(
    ("table", "points"), [("lanes", "points"), ("areas", "area_points"), ("crossings", "crossing_points")]
)
def test_every_row_owns_its_stretch_of_points(drawn: Any, table: str, points: str) -> None:
    tables = drawn[0]
    first, count = tables[table]["first"].astype(int), tables[table]["count"].astype(int)
    assert (count >= (3 if table == "areas" else 2)).all()
    assert first[0] == 0 and (first[1:] == (first + count)[:-1]).all()
    assert first[-1] + count[-1] == len(tables[points]["x_m"])


def test_the_columns_are_those_of_the_contract(drawn: Any) -> None:
    tables = drawn[0]
    kinds = {name: {column: values.dtype.str[1:] for column, values in table.items()} for name, table in tables.items()}
    assert kinds["lanes"] == {
        "first": "u4", "count": "u4", "kind": "u1", "width_m": "f4", "open": "u1", "edge": "i4", "level": "u1",
        "left": "u1", "right": "u1",
    }  # fmt: skip
    assert kinds["areas"] == {"first": "u4", "count": "u4", "kind": "u1", "open": "u1"}
    assert kinds["points"] == kinds["area_points"] == kinds["crossing_points"] == {"x_m": "f4", "y_m": "f4"}
    assert kinds["stop_lines"] == {
        "x1_m": "f4", "y1_m": "f4", "x2_m": "f4", "y2_m": "f4", "node": "u2", "phase": "u1", "turn": "u1",
    }  # fmt: skip
    assert kinds["junctions"] == {"x_m": "f4", "y_m": "f4", "node": "u2", "signalised": "u1"}
    assert kinds["crossings"] == {
        "first": "u4", "count": "u4", "width_m": "f4", "node": "u2", "phase": "u1", "smart": "u1",
    }  # fmt: skip
    assert kinds["arrows"] == {"x_m": "f4", "y_m": "f4", "heading_rad": "f4", "turn": "u1"}
    assert kinds["heads"] == {"x_m": "f4", "y_m": "f4", "heading_rad": "f4", "node": "u2", "phase": "u1"}


def test_all_kinds_of_lanes_and_areas_are_drawn(drawn: Any) -> None:
    assert set(np.unique(drawn[0]["lanes"]["kind"])) == {0, 1, 2, 3, 4}
    assert set(np.unique(drawn[0]["areas"]["kind"])) == {0, 1, 2, 3, 4, 5}


def test_every_name_is_there_in_both_languages_and_has_its_place(drawn: Any, here: Zone) -> None:
    names = drawn[1]["names"]
    assert len(names["junctions"]) == len(drawn[0]["junctions"]["node"])
    x0, y0, x1, y1 = drawn[1]["bounds"]
    for kind in ("roads", "stops", "crossings", "rsus", "chargers", "districts", "nature"):
        assert names[kind]
        for name in names[kind]:
            assert name["zh"] and name["en"]
            assert x0 - 500 < name["x_m"] < x1 + 900 and y0 - 500 < name["y_m"] < y1 + 500
    assert {stop["id"] for stop in names["stops"]} == {stop.id for stop in here.stops}


def test_the_shuttles_course_is_a_loop_on_the_roads(drawn: Any, precise_map: Map) -> None:
    loop = next(line for line in drawn[1]["lines"] if line["kind"] == "shuttle")
    points = np.array(loop["points"])
    assert np.linalg.norm(points[0] - points[-1]) < 1
    lane, _, _ = precise_map.nearest_lane(points[:, 0], points[:, 1])
    assert (lane >= 0).all()


def test_the_length_open_for_tests_is_told(drawn: Any, precise_map: Map) -> None:
    assert drawn[1]["open_road_km"] == round(precise_map.open_road_km, 2)
    assert drawn[1]["simulated"] is True


def test_no_built_block_stands_on_a_road_or_in_water(drawn: Any, precise_map: Map) -> None:
    areas, points = drawn[0]["areas"], drawn[0]["area_points"]
    corners = np.concatenate(
        [
            np.arange(first, first + count)
            for first, count, kind in zip(areas["first"], areas["count"], areas["kind"], strict=True)
            if kind == 5
        ]
    )
    x, y = points["x_m"][corners], points["y_m"][corners]
    lane, offset, _ = precise_map.nearest_lane(x, y)
    on = lane >= 0
    tunnel = precise_map.lanes["tunnel"][lane]
    half = precise_map.lanes["width_m"][lane] / 2
    assert (np.abs(offset[on & ~tunnel]) > half[on & ~tunnel]).all()


def test_a_border_is_painted_by_what_lies_beside_it(drawn: Any, precise_map: Map) -> None:
    """Held against the neighbours that the map itself names: one on the right paints the border between."""
    left, right = drawn[0]["lanes"]["left"], drawn[0]["lanes"]["right"]
    rows = np.flatnonzero(precise_map.lanes["kind"] <= 4)
    rides, length = precise_map.lanes["kind"][rows] <= 2, precise_map.lanes["length_m"][rows]
    assert (left[~rides] == 0).all() and (right[~rides] == 0).all()
    # The nearest neighbour may be left out of the map's tables where lanes part: nearly all is asked for, not all.
    long = rides & (length > 60)
    has_left, has_right = precise_map.lanes["left"][rows] >= 0, precise_map.lanes["right"][rows] >= 0
    wheels = precise_map.lanes["kind"] <= 2
    has_right &= wheels[precise_map.lanes["right"][rows]]
    has_left &= wheels[precise_map.lanes["left"][rows]]
    assert (right[long & has_right] == 0).mean() > 0.97
    assert (right[long & ~has_right] == 1).mean() > 0.97
    assert np.isin(left[long & has_left], (1, 2)).mean() > 0.97
    assert np.isin(left[long & ~has_left], (1, 3)).mean() > 0.97
    assert (left == 3).any() and (left == 2).any()


def test_open_is_what_the_map_has_open_and_the_junctions_it_crosses(drawn: Any, precise_map: Map) -> None:
    lanes, areas = drawn[0]["lanes"], drawn[0]["areas"]
    rows = np.flatnonzero(precise_map.lanes["kind"] <= 4)
    assert ((lanes["open"] == 1) == precise_map.lanes["open"][rows].astype(bool)).all()
    assert (lanes["kind"][lanes["open"] == 2] == 4).all()
    assert not areas["open"][areas["kind"] != 0].any() and areas["open"].any()
