"""The twin's tracks on small explicit scenes with known truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jinyun.cloud import twin
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, SIGNAL, Frame, Kind

T0 = 1_795_000_000_000_000
TICK = twin.TICK_US
NO_SIGNALS = np.empty(0, SIGNAL)


def seen(t_us: int, x: float, y: float, **more: Any) -> np.void:
    row = np.zeros((), SIGHTING)
    values = {
        "source": 0, "by": SEEN_BY_ROAD, "kind": Kind.MOTOR, "participant": 1, "event_us": t_us, "receive_us": t_us + 20_000,
        "x_m": x, "y_m": y, "speed_mps": 10.0, "heading_rad": math.pi / 2, "length_m": 4.5, "width_m": 1.8, "height_m": 1.5,
        "position_sd_m": 0.5,
    } | more  # fmt: skip
    for name, value in values.items():
        row[name] = value
    return row


def step(state: twin.State, now_us: int, *rows: np.void) -> Frame:
    return twin.step(
        state, np.array([row[()] for row in rows], SIGHTING) if rows else np.empty(0, SIGHTING), NO_SIGNALS, now_us
    )


def east(n: int) -> float:
    """Where a car at 10 m/s eastward is at tick n."""
    return n * 1.0


def test_a_cars_own_report_and_the_roads_view_of_it_become_one_track() -> None:
    state = twin.State()
    for n in range(20):
        now = T0 + n * TICK
        own = seen(now - 10_000, east(n) - 0.1, 0, by=SEEN_BY_ITSELF, source=7, participant=99, vehicle_id=99)
        road = seen(now - 60_000, east(n) - 0.6, 0.4, source=1, participant=3)
        frame = step(state, now, own, road)
    assert len(frame.tracks) == 1
    track = frame.tracks[0]
    assert track["seen_by"] == SEEN_BY_ITSELF | SEEN_BY_ROAD
    assert (track["vehicle_id"], track["sources"]) == (99, 2)
    assert math.hypot(track["x_m"] - east(19), track["y_m"] - 0.2) < 0.4


def test_a_car_first_seen_by_the_road_keeps_its_number_when_it_begins_to_speak() -> None:
    state = twin.State()
    ids = set()
    for n in range(30):
        now = T0 + n * TICK
        rows = [seen(now, east(n), 0, source=1, participant=3)]
        if n >= 10:
            rows.append(seen(now, east(n) + 0.5, 0.3, by=SEEN_BY_ITSELF, source=7, participant=99, vehicle_id=99))
        ids |= set(step(state, now, *rows).tracks["id"].tolist())
    assert len(ids) == 1


def test_two_cars_side_by_side_stay_two() -> None:
    state = twin.State()
    for n in range(30):
        now = T0 + n * TICK
        frame = step(state, now, seen(now, east(n), 0), seen(now, east(n), 3.2, participant=2))
    assert len(frame.tracks) == 2
    assert sorted(frame.tracks["y_m"].round().tolist()) == [0, 3]
    assert state.tracks.next_id == 3


def test_two_cars_that_report_themselves_are_never_one_even_in_the_same_place() -> None:
    state = twin.State()
    for n in range(10):
        now = T0 + n * TICK
        rows = [seen(now, 5, 5, by=SEEN_BY_ITSELF, source=s, participant=s, vehicle_id=s, speed_mps=0) for s in (7, 8)]
        frame = step(state, now, *rows)
    assert sorted(frame.tracks["vehicle_id"].tolist()) == [7, 8]


def test_identity_survives_from_one_rsu_to_the_next() -> None:
    state = twin.State()
    ids = set()
    for n in range(60):
        now = T0 + n * TICK
        rows = []
        if n < 25:
            rows.append(seen(now, east(n), 0, source=1, participant=3))
        if n >= 32:
            rows.append(seen(now, east(n), 0.3, source=2, participant=41))
        ids |= set(step(state, now, *rows).tracks["id"].tolist())
    assert len(ids) == 1


@pytest.mark.parametrize(("gap_ticks", "tracks"), [(25, 1), (40, 2)])
def test_an_occlusion_up_to_three_seconds_keeps_the_identity(gap_ticks: int, tracks: int) -> None:
    state = twin.State()
    ids = set()
    for n in range(20 + gap_ticks + 20):
        now = T0 + n * TICK
        rows = [seen(now, east(n), 0)] if n < 20 or n >= 20 + gap_ticks else []
        ids |= set(step(state, now, *rows).tracks["id"].tolist())
    assert len(ids) == tracks


def test_a_unit_that_loses_its_number_between_two_scans_of_one_window_has_not_seen_somebody_else() -> None:
    state = twin.State()
    ids: set[int] = set()
    for n in range(30):
        now = T0 + n * TICK
        at = now - TICK // 2
        rows = [seen(at, east(n) - 0.5, 0, participant=1 if n <= 15 else 2)]
        if n == 15:  # two of its scans come at once, the later one with a new number
            rows.append(seen(at + TICK // 4, east(n) - 0.25, 0.1, participant=2))
        ids |= set(step(state, now, *rows).tracks["id"].tolist())
    assert len(ids) == 1 and state.tracks.next_id == 2


def test_whom_a_unit_sees_beside_another_in_one_scan_is_another() -> None:
    state = twin.State()
    for n in range(30):
        now = T0 + n * TICK
        rows = [seen(now, east(n), 0)]
        if n >= 15:
            rows.append(seen(now, east(n) - 0.6, 0.6, participant=2))
        frame = step(state, now, *rows)
    assert len(frame.tracks) == 2


def test_an_occluded_track_is_not_shown_after_one_second() -> None:
    state = twin.State()
    for n in range(20):
        step(state, T0 + n * TICK, seen(T0 + n * TICK, east(n), 0))
    shown = [len(step(state, T0 + n * TICK).tracks) for n in range(20, 40)]
    assert shown == [1] * 10 + [0] * 10


def test_a_number_that_jumps_to_another_place_is_another_object() -> None:
    state = twin.State()
    for n in range(10):
        frame = step(state, T0 + n * TICK, seen(T0 + n * TICK, east(n), 0))
    before = frame.tracks["id"][0]
    for n in range(10, 14):
        frame = step(state, T0 + n * TICK, seen(T0 + n * TICK, east(n) + 300, 50))
    assert before in frame.tracks["id"] and len(frame.tracks) == 2
    assert abs(frame.tracks["x_m"][frame.tracks["id"] == before][0] - east(13)) < 1


def test_clutter_seen_once_is_never_shown() -> None:
    state = twin.State()
    shown = [len(step(state, T0 + n * TICK, *([seen(T0, 50, 50)] if n == 0 else [])).tracks) for n in range(10)]
    assert shown == [0] * 10
    assert not state.tracks.rows["alive"].any()


def test_late_sightings_are_counted_and_not_used_and_fresh_neighbours_are() -> None:
    state = twin.State()
    now = T0
    for n in range(3):
        now = T0 + n * TICK
        frame = step(state, now, seen(now - 600_000, 500, 500, participant=9), seen(now, east(n), 0))
    assert state.tracks.late == 3
    assert len(frame.tracks) == 1 and frame.tracks["x_m"][0] < 10


def test_a_sighting_that_comes_twice_counts_once() -> None:
    state = twin.State()
    row = seen(T0, 0, 0)
    frame = step(state, T0, row, row, row)
    assert state.tracks.duplicate == 2
    assert len(frame.tracks) == 0  # the same look three times is still one look


def test_a_pedestrian_is_not_taken_for_the_car_beside_him() -> None:
    state = twin.State()
    for n in range(10):
        now = T0 + n * TICK
        walker = seen(now, 0.8, 0, kind=Kind.PEDESTRIAN, participant=2, speed_mps=0.0, length_m=0.5, width_m=0.5)
        frame = step(state, now, seen(now, 0, 0, speed_mps=0.0), walker)
    assert sorted(frame.tracks["kind"].tolist()) == [Kind.MOTOR, Kind.PEDESTRIAN]


def test_the_filter_is_better_than_its_sightings_and_turns_with_a_turning_car() -> None:
    """A car on a circle (radius 30 m, 8 m/s) seen with 0.5 m noise: position error below that noise, speed within 0.5."""
    rng = np.random.default_rng(4)
    state, radius, speed = twin.State(), 30.0, 8.0
    off, speed_off = [], []
    for n in range(200):
        now = T0 + n * TICK
        angle = speed * n * 0.1 / radius
        x, y, heading = radius * math.sin(angle), radius * math.cos(angle), angle + math.pi / 2
        row = seen(now, x + rng.normal(0, 0.5), y + rng.normal(0, 0.5), speed_mps=speed + rng.normal(0, 0.3),
                   heading_rad=(heading + rng.normal(0, 0.03)) % (2 * math.pi))  # fmt: skip
        frame = step(state, now, row)
        if n > 20:
            off.append(math.hypot(frame.tracks["x_m"][0] - x, frame.tracks["y_m"][0] - y))
            speed_off.append(frame.tracks["speed_mps"][0] - speed)
    assert state.tracks.next_id == 2
    assert math.sqrt(np.mean(np.square(off))) < 0.45  # one sighting alone: 0.71
    assert np.sqrt(np.mean(np.square(speed_off))) < 0.5


def test_frames_are_numbered_and_cannot_be_changed() -> None:
    state = twin.State()
    frames = [step(state, T0 + n * TICK, seen(T0 + n * TICK, 0, 0)) for n in range(3)]
    assert [frame.seq for frame in frames] == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        frames[2].tracks["x_m"][0] = 5


def test_the_newest_signal_stands_and_an_old_one_leaves() -> None:
    state = twin.State()
    row = np.zeros(2, SIGNAL)
    row["node"], row["phase"], row["light"], row["event_us"] = 5, 1, [3, 6], [T0, T0 - 50_000]
    frame = twin.step(state, np.empty(0, SIGHTING), row, T0)
    assert frame.signals["light"].tolist() == [3]
    frame = twin.step(state, np.empty(0, SIGHTING), NO_SIGNALS, T0 + twin.SIGNAL_KEPT_US + 1)
    assert len(frame.signals) == 0


def test_a_thousand_steps_with_changing_objects_leave_nothing_behind() -> None:
    state = twin.State()
    for n in range(1000):
        now = T0 + n * TICK
        rows = [
            seen(now, 100 * k, n, participant=(n // 10) * 50 + k, speed_mps=0, vehicle_id=(n // 10) * 50 + k + 1)
            for k in range(20)
        ]
        step(state, now, *rows)
    for n in range(1000, 1050):
        step(state, T0 + n * TICK)
    assert not state.tracks.rows["alive"].any()
    assert len(state.tracks.rows) <= 1024
