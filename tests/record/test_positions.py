"""Positions in columns: what the frames said is what a question answers, as found by looking at every row."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from jinyun.bench import record as bench
from jinyun.net import columns
from jinyun.net.block import Block
from jinyun.record import compacting, positions, queries
from jinyun.record.command import CommandError, export, instant_us
from jinyun.record.frames import IDENTITY
from jinyun.record.playing import Reel
from jinyun.record.positions import BY_PLACE, BY_VEHICLE, FOLDER, HOUR_US, POSITION
from jinyun.record.writing import Recorder
from jinyun.zone import Projection
from tests.record.writing import arrivals
from tests.supervision.crash import signals, tracks

HOUR0_US = 1_795_046_400_000_000 // HOUR_US * HOUR_US
PROJECT = Projection(106.3, 29.6)


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Two synthetic hours, shortened, in both copies, and all their rows."""
    folder = tmp_path_factory.mktemp("hours")
    (folder / FOLDER).mkdir()
    made = [bench.hour(number, 120) for number in range(2)]
    for number, rows in enumerate(made):
        name = compacting.stamp(bench.T0_US + number * HOUR_US, False)
        positions.write(folder / FOLDER / f"{name}.{BY_PLACE}.parquet", positions.by_place(rows))
        positions.write(folder / FOLDER / f"{name}.{BY_VEHICLE}.parquet", positions.by_vehicle(rows), BY_VEHICLE)
    return folder, np.concatenate(made)


def test_a_box_and_a_span_answer_with_exactly_the_rows_inside(hours: tuple[Path, np.ndarray]) -> None:
    folder, rows = hours
    rng = np.random.default_rng(5)
    for _ in range(5):
        lon, lat = 106.30 + rng.uniform(-0.03, 0.03), 29.60 + rng.uniform(-0.03, 0.03)
        begin = bench.T0_US + int(rng.integers(0, 90)) * 1_000_000 + int(rng.integers(2)) * HOUR_US
        found = queries.in_box(folder, lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01, begin, begin + 30_000_000)
        inside = (np.abs(rows["lon_e7"] / 1e7 - lon) <= 0.01) & (np.abs(rows["lat_e7"] / 1e7 - lat) <= 0.01)
        wanted = rows[inside & (rows["t_us"] >= begin) & (rows["t_us"] < begin + 30_000_000)]
        assert len(found) and (found == wanted[np.lexsort((wanted["id"], wanted["t_us"]))]).all()
    all_rows = queries.in_box(folder, -180, -90, 180, 90, 0, 2**62)
    assert len(all_rows) == len(rows)


def test_a_vehicles_hours_answer_with_exactly_its_rows_and_a_tracks_likewise(hours: tuple[Path, np.ndarray]) -> None:
    folder, rows = hours
    vehicle, track = int(rows["vehicle"].max()), int(rows["id"][7])
    for found, wanted in (
        (queries.of_vehicle(folder, vehicle, 0, 2**62), rows[rows["vehicle"] == vehicle]),
        (queries.of_vehicle(folder, track, 0, 2**62, track=True), rows[rows["id"] == track]),
    ):
        assert len(found) and (found == wanted[np.lexsort((wanted["id"], wanted["t_us"]))]).all()
    assert len(queries.of_vehicle(folder, 12345, 0, 2**62)) == 0


def test_columns_are_written_as_differences_of_integers(hours: tuple[Path, np.ndarray]) -> None:
    path = next((hours[0] / FOLDER).glob(f"*{BY_PLACE}*"))
    about = pq.ParquetFile(path).metadata
    group = about.row_group(0)
    encodings = {group.column(k).path_in_schema: group.column(k).encodings for k in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in encodings["lon_e7"] and "DELTA_BINARY_PACKED" in encodings["t_us"]
    assert group.column(0).compression == "ZSTD"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a hundred and fifty frames of two cars, one of which says which vehicle it is."""
    folder = tmp_path_factory.mktemp("lived")
    recorder = Recorder(folder, {"zone": "z"})
    named = np.zeros(1, IDENTITY)
    named["track"], named["vehicle_id"] = 1, 2**63 + 77
    for tick in range(1, 151):
        now_us = HOUR0_US + tick * 100_000
        table = tracks([{"id": 1, "x_m": 10.0 * tick / 10}, {"id": 2, "x_m": -50.0, "speed_mps": float("nan")}])
        packed = columns.pack({"tracks": table, "signals": signals([]), "advice": {}}, {"kind": "frame", "seq": tick})
        recorder.turn(Block.of(arrivals(tick, 1, now_us)), now_us, [], [packed], tick, 100_000)
        if tick % 50 == 0:
            recorder.second(now_us, {}, named)
            recorder.flush()
    recorder.close()
    return folder


def test_frames_become_positions_minutes_become_an_hour_and_nothing_is_counted_twice(lived: Path) -> None:
    assert compacting.take_segments(lived, PROJECT.inverse) == 1
    assert compacting.take_segments(lived, PROJECT.inverse) == 0
    before = queries.of_vehicle(lived, 2**63 + 77, 0, 2**62)
    assert len(before) == 150 and before["id"].tolist() == [1] * 150
    x_m, _ = PROJECT(before["lon_e7"] / 1e7, before["lat_e7"] / 1e7)
    assert np.abs(x_m - np.arange(1, 151)).max() < 0.02 and (before["speed_cmps"] == 1000).all()
    assert compacting.close_hours(lived, HOUR0_US + HOUR_US) == []  # segments of that hour may be open still
    assert len(compacting.close_hours(lived, HOUR0_US + 2 * HOUR_US)) == 1
    assert (queries.of_vehicle(lived, 2**63 + 77, 0, 2**62) == before).all()
    all_rows = queries.in_box(lived, 106, 29, 107, 30, 0, 2**62)
    assert len(all_rows) == 300 and set(all_rows["speed_cmps"].tolist()) == {1000, -1}
    target = lived / FOLDER / f"{compacting.stamp(HOUR0_US, True)}.{BY_PLACE}.1.parquet"
    positions.write(target, positions.by_place(all_rows))  # as after a kill between making the hour and tidying
    assert len(queries.in_box(lived, 106, 29, 107, 30, 0, 2**62)) == 300
    compacting.close_hours(lived, HOUR0_US + 2 * HOUR_US)
    assert not target.exists() and len(queries.in_box(lived, 106, 29, 107, 30, 0, 2**62)) == 300
    assert compacting.let_positions_go(lived, HOUR0_US) == []
    assert len(compacting.let_positions_go(lived, HOUR0_US + 3 * HOUR_US)) == 2


def test_any_frame_is_found_by_its_instant_without_reading_what_stands_before(lived: Path) -> None:
    reel = Reel(lived)
    assert reel.span_us == (HOUR0_US + 100_000, HOUR0_US + 15_000_000) and reel.gaps() == []
    for tick in (1, 2, 77, 149, 150):
        found = reel.at(HOUR0_US + tick * 100_000 + 50_000)
        assert found is not None and found.seq == tick
        following = reel.after(HOUR0_US + tick * 100_000)
        assert (following.seq if following else None) == (tick + 1 if tick < 150 else None)
    assert reel.at(HOUR0_US) is None


def test_exports_say_what_the_rows_say(tmp_path: Path) -> None:
    rows = np.zeros(3, POSITION)
    rows["t_us"], rows["id"], rows["lon_e7"], rows["lat_e7"] = [1, 2, 3], [5, 5, 6], 1_063_000_001, 296_000_000
    rows["vehicle"], rows["speed_cmps"], rows["heading_cdeg"] = [-1, -1, 0], [150, 150, -1], [9000, 9000, 65_535]
    for name in ("x.csv", "x.geojson", "x.parquet"):
        export(rows, tmp_path / name)
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert (
        lines[1] == "1,5,ffffffffffffffff,106.3000001,29.6000000,1.50,90.00,0,0"
        and lines[3] == "3,6,,106.3000001,29.6000000,,,0,0"
    )
    shapes = [one["geometry"]["type"] for one in json.loads((tmp_path / "x.geojson").read_text())["features"]]
    assert shapes == ["LineString", "Point"]
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 3
    with pytest.raises(CommandError, match=r"\.csv, \.geojson"):
        export(rows, tmp_path / "x.docx")


def test_an_instant_is_read_as_people_write_it() -> None:
    assert instant_us("2026-11-30T08:00:00Z") == instant_us("2026-11-30T16:00:00+08:00") == instant_us("1796025600")
    for wrong in ("yesterday", "2026-11-30T08:00:00"):
        with pytest.raises(CommandError):
            instant_us(wrong)
