"""What the shuttle knows of others and of signals: from its own list, from messages of the road, and from both."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jinyun.net import columns, csae
from jinyun.shapes import Kind, Light
from jinyun.vehicle.shuttle.behaviour import at_line
from jinyun.vehicle.shuttle.body import Pose
from jinyun.vehicle.shuttle.fusing import Book, fused, read_rsm
from jinyun.vehicle.shuttle.guideline import StopLine
from jinyun.vehicle.shuttle.lights import Lights, Lit
from jinyun.vehicle.shuttle.objects import BY_CAR, BY_ROAD, OBJECT, SEEN
from jinyun.vehicle.shuttle.recorder import Recorder
from jinyun.zone import Projection

PROJECT = Projection(106.3, 29.6)
NOW_US = 1_795_000_030_000_000
LINE = StopLine(100.0, 0, 6, 4, 1, 140.0)


def rsm(participants: list[tuple[int, int, float, float, float, float]], mark_ms: int = 9_900) -> bytes:
    """Return an RSM by the codec for single messages: (ptcId, kind, x, y, speed, heading in degrees)."""
    lon0, lat0 = PROJECT.inverse([0.0], [0.0])
    origin = {"lat": round(float(lat0[0]) * 1e7), "long": round(float(lon0[0]) * 1e7)}
    rows = []
    for id, kind, x, y, speed, heading in participants:
        lon, lat = PROJECT.inverse([x], [y])
        off = {"lon": round(float(lon[0]) * 1e7) - origin["long"], "lat": round(float(lat[0]) * 1e7) - origin["lat"]}
        rows.append({
            "ptcType": ("unknown", "motor", "non-motor", "pedestrian", "rsu")[kind], "ptcId": id, "source": "integrated",
            "secMark": mark_ms, "pos": {"offsetLL": ("position-LL4", off)}, "posConfidence": {"pos": "a50cm"},
            "speed": round(speed / 0.02), "heading": round(heading / 0.0125),
            "size": {"width": 180, "length": 450, "height": 30},
        })  # fmt: skip
    return csae.encode("rsmFrame", {"msgCnt": 1, "id": b"RSU-0001", "refPos": origin, "participants": rows})


def test_participants_of_an_rsm_come_out_where_they_were_put() -> None:
    frame = rsm([(7, 1, 30.0, -40.0, 8.0, 90.0), (8, 3, 5.0, 60.0, 1.2, 180.0)])
    seen, at_us = read_rsm([frame], [3], [NOW_US], PROJECT)
    assert seen["kind"].tolist() == [Kind.MOTOR, Kind.PEDESTRIAN]
    assert np.allclose(seen["x_m"], [30.0, 5.0], atol=0.02)
    assert np.allclose(seen["y_m"], [-40.0, 60.0], atol=0.02)
    assert np.allclose(seen["speed_mps"], [8.0, 1.2], atol=0.011)
    assert np.allclose(np.degrees(seen["heading_rad"]), [90.0, 180.0], atol=0.01)
    assert at_us.tolist() == [NOW_US - 100_000] * 2


def test_bytes_that_are_no_rsm_are_left_out() -> None:
    seen, _ = read_rsm([b"\xff\x00\x13", rsm([(7, 1, 30.0, 0.0, 0.0, 0.0)])], [1, 2], [NOW_US, NOW_US], PROJECT)
    assert len(seen) == 1
    assert seen["number"][0] == 2 * 65_536 + 7


def objects(*rows: tuple[int, Kind, float, float]) -> np.ndarray:
    out = np.zeros(len(rows), OBJECT)
    for k, (id, kind, x, y) in enumerate(rows):
        out[k]["id"], out[k]["kind"], out[k]["x_m"], out[k]["y_m"] = id, kind, x, y
        out[k]["length_m"], out[k]["width_m"] = (4.5, 1.8) if kind == Kind.MOTOR else (0.5, 0.5)
    return out


def test_one_whom_both_see_is_there_once_and_one_whom_the_road_alone_sees_as_well() -> None:
    own = objects((1, Kind.MOTOR, 0.0, 30.0), (2, Kind.PEDESTRIAN, 4.0, 20.0))
    road = objects((65_537, Kind.MOTOR, 0.5, 31.0), (65_538, Kind.PEDESTRIAN, -20.0, 40.0))
    found = fused(own, road, Pose(0.0, 0.0, 0.0))
    assert sorted(zip(found["seen_by"].tolist(), found["x_m"].tolist(), strict=True)) == [
        (BY_CAR, 4.0), (BY_ROAD, -20.0), (BY_CAR | BY_ROAD, 0.0),
    ]  # fmt: skip


def test_the_shuttle_does_not_see_itself_in_what_the_road_tells() -> None:
    road = objects((65_537, Kind.MOTOR, 0.3, 2.2))
    assert len(fused(objects(), road, Pose(0.0, 0.0, 0.0))) == 0


def test_one_whom_two_units_report_is_there_once() -> None:
    road = objects((1 << 16 | 4, Kind.MOTOR, 20.0, 20.0), (2 << 16 | 9, Kind.MOTOR, 20.6, 20.3))
    assert len(fused(objects(), road, Pose(0.0, 0.0, 0.0))) == 1


def test_a_book_smooths_carries_on_and_forgets() -> None:
    book, rng = Book(), np.random.default_rng(2)
    for k in range(40):
        seen = np.zeros(1, SEEN)
        seen["number"], seen["kind"], seen["heading_rad"], seen["speed_mps"] = 5, Kind.MOTOR, np.pi / 2, 6.0
        seen["x_m"], seen["y_m"] = 0.6 * k + rng.normal(0, 0.3), rng.normal(0, 0.3)
        book.take(seen, np.array([0.1 * k]))
    now = book.now(4.1, 3)
    assert now["x_m"][0] == pytest.approx(0.6 * 41, abs=0.5)
    assert abs(now["y_m"][0]) < 0.4
    assert len(book.now(5.0, 3)) == 0


@pytest.mark.parametrize(
    ("lit", "to_line_m", "speed_mps", "arrival_s", "goes", "why"),
    [
        (Lit(Light.PROTECTED_GREEN, 20.0, 2), 60.0, 10.0, 6.0, True, ""),
        (Lit(Light.PROTECTED_GREEN, 5.0, 2), 60.0, 10.0, 6.0, False, "red_soon"),
        (Lit(Light.PROTECTED_GREEN, 1.0, 2), 8.0, 10.0, 0.8, True, ""),  # too late to stop: the yellow is for this
        (Lit(Light.PROTECTED_GREEN, math.nan, 1), 60.0, 10.0, 6.0, True, ""),
        (Lit(Light.YELLOW, math.nan, 1), 60.0, 10.0, 6.0, False, "yellow_light"),
        (Lit(Light.YELLOW, math.nan, 1), 12.0, 10.0, 1.2, True, ""),
        (Lit(Light.RED, 3.0, 2), 60.0, 10.0, 6.0, False, "red_light"),
        (Lit(Light.UNAVAILABLE, math.nan, 0), 60.0, 10.0, 6.0, True, ""),
        (Lit(Light.UNAVAILABLE, math.nan, 0), 20.0, 6.0, 3.0, False, "light_unknown"),
        (Lit(Light.FLASHING_YELLOW, math.nan, 1), 30.0, 8.0, 4.0, False, "signal_dead"),
    ],
)
def test_a_line_is_passed_or_stopped_at_as_its_light_says(
    lit: Lit, to_line_m: float, speed_mps: float, arrival_s: float, goes: bool, why: str
) -> None:
    found = at_line(LINE, lit, to_line_m, speed_mps, arrival_s, 0.0)
    assert math.isinf(found.stop_m) is goes
    assert found.reason == why
    if not goes:
        assert 0 <= found.stop_m < to_line_m


def test_who_stops_for_a_yellow_goes_on_with_it_where_it_would_not_begin_to() -> None:
    yellow = Lit(Light.YELLOW, math.nan, 1)
    assert math.isinf(at_line(LINE, yellow, 6.0, 4.3, 1.3, 0.0).stop_m)
    assert at_line(LINE, yellow, 6.0, 4.3, 1.3, 0.0, stopping=True).stop_m == pytest.approx(5.2)
    assert math.isinf(at_line(LINE, yellow, -0.5, 4.3, 0.0, 0.0, stopping=True).stop_m)  # it is over the line
    green = Lit(Light.PROTECTED_GREEN, 20.0, 2)
    assert math.isinf(at_line(LINE, green, 6.0, 4.3, 1.3, 0.0, stopping=True).stop_m)  # nothing to stop for any more


def test_at_a_dead_signal_one_goes_on_after_having_stood() -> None:
    dark = Lit(Light.DARK, math.nan, 1)
    assert not math.isinf(at_line(LINE, dark, 1.0, 0.0, math.inf, 0.5).stop_m)
    assert math.isinf(at_line(LINE, dark, 1.0, 0.0, math.inf, 2.0).stop_m)


def test_the_roads_word_and_the_cameras_are_told_apart_and_the_camera_wins_where_they_differ() -> None:
    lights = Lights()
    assert lights.now(6, 4, 10.0).by == 0
    lights.see(6, 4, Light.RED, 10.0)
    assert lights.now(6, 4, 10.1).by == BY_CAR
    lights._told[6, 4] = 10.0, int(Light.PROTECTED_GREEN), 20.0, int(Light.YELLOW), 23.0
    assert (lights.now(6, 4, 10.2).light, lights.now(6, 4, 10.2).by) == (Light.RED, BY_CAR)
    lights.see(6, 4, Light.PROTECTED_GREEN, 10.3)
    found = lights.now(6, 4, 10.4)
    assert (found.by, found.remaining_s) == (BY_CAR | BY_ROAD, pytest.approx(9.6))
    assert lights.now(6, 4, 15.0).by == 0  # nobody has said anything for long


def test_the_recorder_keeps_two_minutes_before_an_event_and_half_a_minute_after(tmp_path: object) -> None:
    from pathlib import Path

    recorder = Recorder("L1-1", Path(str(tmp_path)) / "records")
    for k in range(4000):
        now_s = k * 0.1
        said = {"Vehicle.Speed": now_s, "Private.Jinyun.Mode": "automated" if now_s < 300 else "manual"}
        recorder.note(now_s, k, said, objects=3)
        if k == 3000:
            recorder.event(now_s, "takeover: blocked")
    files = list((Path(str(tmp_path)) / "records").glob("*.jyc"))
    assert len(files) == 1
    meta, tables = columns.unpack(files[0].read_bytes())
    speeds = tables["items"]["Vehicle.Speed"]
    assert speeds[0] <= 300 - 90  # what the rule asks for
    assert speeds[-1] == pytest.approx(330, abs=0.2)
    assert meta["words"]["Private.Jinyun.Mode"] == ["automated", "manual"]
    assert meta["items"]["7"].startswith("absent")
    assert set(meta["items"]) == {str(k) for k in range(1, 11)}
