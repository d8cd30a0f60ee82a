"""Vendor radar JSON: the recording from Xiong'an (2022), and what a broken device may send."""

from __future__ import annotations

import json
import math
from collections import defaultdict

import pytest

from jinyun.net.radar_json import RadarError, RadarReader, times_us
from tests.conftest import shared_json

TARGET = {
    "targetId": 5,
    "longitude": 115.9,
    "latitude": 39.07,
    "speed": -16.0,
    "headingAngle": 176.0,
    "targetLength": 4.5,
}


def scan(*targets: object, **more: object) -> bytes:
    return json.dumps({"timeStamp": "1664423415000", "deviceId": "D", "targets": list(targets), **more}).encode()


def test_one_bad_target_costs_only_itself() -> None:
    got = RadarReader().read(
        scan(TARGET, {**TARGET, "latitude": "north"}, 7, {**TARGET, "latitude": 95}, {**TARGET, "targetId": 6}), 0
    )
    assert [target.id for target in got.targets] == [5, 6]
    assert [fault[0] for fault in got.faults] == ["target.refused"] * 3
    assert "targets[1].latitude" in got.faults[0][1]


@pytest.mark.parametrize("payload", [b"", b"[1]", b"{}", b'{"targets": 5}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_scan_is_refused_with_the_radars_own_error(payload: bytes) -> None:
    with pytest.raises(RadarError):
        RadarReader().read(payload, 0)


def test_speed_is_unknown_until_the_targets_own_displacement_proves_its_unit() -> None:
    for unit, factor in (("km/h", 3.6), ("m/s", 1.0)):
        reader, place = RadarReader(), 39.07
        for n in range(30):
            place -= 1.0 / 111_000  # 1 m south in 0.1 s: 10 m/s
            got = reader.read(scan({**TARGET, "latitude": place, "speed": -10.0 * factor}), n * 100_000).targets[0]
            assert math.isnan(got.speed_mps) == (reader.unit == "")
        assert reader.unit == unit
        assert got.speed_mps == pytest.approx(10.0)


def test_speeds_that_fit_no_unit_stay_unknown() -> None:
    reader = RadarReader()
    for n in range(60):
        got = reader.read(scan({**TARGET, "latitude": 39.07 - n * 9.0 / 111_000, "speed": 10.0}), n * 100_000)
    assert reader.unit == "" and math.isnan(got.targets[0].speed_mps)


def test_stamps_of_seconds_plus_milliseconds_are_understood() -> None:
    truth_ms = [1_664_422_615_730 + 100 * n + (n % 3 == 0) for n in range(200)]
    stated = [(t // 1000 + t % 1000) * 1000 for t in truth_ms]
    times, note = times_us(stated)
    assert note
    spans = [(t - times[0]) // 1000 for t in times]
    assert spans == [t - truth_ms[0] for t in truth_ms]
    assert abs(times[0] / 1000 - truth_ms[0]) <= 100_000  # the sum leaves the split open by one step of 100


def test_good_stamps_are_taken_at_their_word_and_chaos_is_refused() -> None:
    assert times_us([1000, 1100, 1100, 1200]) == ([1_000_000, 1_100_000, 1_100_000, 1_200_000], "")
    with pytest.raises(RadarError):
        times_us([5, 99_999_999, 17, 3_000_000_000, 12])


def test_the_recording_agrees_with_physics_once_read_so() -> None:
    """Displacement over the understood time equals the speed in the unit found, for every moving target."""
    scans = shared_json("roadside/radar-tracks-xiongan.json")
    times, note = times_us([int(s["timeStamp"]) for s in scans])
    assert note and times == sorted(times)
    assert 12.0 < (times[-1] - times[0]) / 1e6 < 13.0
    reader = RadarReader()
    last: dict[int, tuple[int, float, float]] = {}
    off: dict[int, list[float]] = defaultdict(list)
    for raw, t in zip(scans, times, strict=True):
        for target in reader.read(json.dumps(raw).encode(), t).targets:
            x, y = target.lon * 111_320 * math.cos(math.radians(39.07)), target.lat * 111_000
            if target.id in last and target.speed_mps > 2:
                before, x0, y0 = last[target.id]
                off[target.id].append(math.hypot(x - x0, y - y0) / ((t - before) / 1e6) - target.speed_mps)
            last[target.id] = (t, x, y)
    assert reader.unit == "km/h"
    errors = [sum(values) / len(values) for values in off.values() if len(values) > 20]
    assert errors and max(map(abs, errors)) < 0.4
