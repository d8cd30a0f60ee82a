"""The page's map: its tables fit together and every name is there in both languages."""

from typing import Any

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import Map
from jinyun.net import columns
from jinyun.zone import Zone


@pytest.fixture(scope="module")
def drawn(precise_map: Map, here: Zone) -> tuple[dict[str, Any], dict[str, Any], int]:
    tables, meta = hdmap.drawing(precise_map, here)
    packed = columns.pack(tables, meta)
    meta_back, tables_back = columns.unpack(packed)
    return tables_back, meta_back, len(packed)


def test_it_is_small_enough_to_be_sent_once(drawn: Any) -> None:
    assert drawn[2] <= 3_000_000


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
    assert kinds["lanes"] == {"first": "u4", "count": "u4", "kind": "u1", "width_m": "f4", "open": "u1", "tunnel": "u1"}
    assert kinds["points"] == {"x_m": "f4", "y_m": "f4", "z_m": "f4"}
    assert kinds["areas"] == {"first": "u4", "count": "u4", "kind": "u1"}
    assert kinds["area_points"] == kinds["crossing_points"] == {"x_m": "f4", "y_m": "f4"}
    assert kinds["stop_lines"] == {
        "x1_m": "f4", "y1_m": "f4", "x2_m": "f4", "y2_m": "f4", "junction": "u2", "phase": "u1", "turn": "u1",
    }  # fmt: skip
    assert kinds["junctions"] == {"x_m": "f4", "y_m": "f4", "node": "u2", "signalised": "u1"}
    assert kinds["crossings"] == {
        "first": "u4", "count": "u4", "width_m": "f4", "junction": "u2", "phase": "u1", "smart": "u1",
    }  # fmt: skip
    assert kinds["arrows"] == {"x_m": "f4", "y_m": "f4", "heading_rad": "f4", "turn": "u1"}


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
