"""Vehicles that lie in the ways of the VeReMi data set, and honest ones that do not always drive well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cloud.quality.claims import SUSPECT_SD_M, Claims
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, TRACK, Finding

T0 = 1_795_000_000_000_000


class Drive:
    """Cars on a ring of 300 m that speed up and slow down, with the noise of good receivers, at 10 Hz."""

    def __init__(self, cars: int, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.angle = np.linspace(0, 2 * np.pi, cars, endpoint=False)
        self.speed = np.full(cars, 12.0)
        self.brake = np.zeros(cars)
        self.step_s = 0.1

    def claims(self, n: int) -> np.ndarray:
        cars = len(self.angle)
        wanted = 12.0 + 6.0 * np.sin(n / 40 + np.arange(cars))
        self.speed += np.clip(wanted - self.speed, -0.7, 0.3)
        self.angle += self.speed * self.step_s / 300.0
        rows = np.zeros(cars, SIGHTING)
        rows["source"] = np.arange(cars)
        rows["by"] = SEEN_BY_ITSELF
        rows["vehicle_id"] = rows["participant"] = np.arange(cars) + 1
        rows["event_us"] = rows["receive_us"] = T0 + n * 100_000
        rows["x_m"] = 300 * np.cos(self.angle) + self.rng.normal(0, 0.3, cars)
        rows["y_m"] = 300 * np.sin(self.angle) + self.rng.normal(0, 0.3, cars)
        rows["speed_mps"] = self.speed + self.rng.normal(0, 0.15, cars)
        rows["heading_rad"] = (-self.angle + self.rng.normal(0, 0.02, cars)) % (2 * np.pi)
        rows["position_sd_m"] = 0.5
        return rows


def tracks_of(claims: np.ndarray, seen: np.ndarray) -> np.ndarray:
    rows = np.zeros(len(claims), TRACK)
    for name in ("vehicle_id", "x_m", "y_m", "speed_mps", "heading_rad"):
        rows[name] = claims[name]
    rows["seen_by"] = SEEN_BY_ITSELF | np.where(seen, SEEN_BY_ROAD, 0)
    return rows


def told(
    lie: Callable[[np.ndarray, int], None],
    seconds: int = 60,
    cars: int = 20,
    hidden: Callable[[int], list[int]] = lambda n: [],
) -> list[Finding]:
    drive, claims = Drive(cars), Claims(lambda row: f"obu/{row}")
    findings = []
    for n in range(seconds * 10):
        rows = drive.claims(n)
        lie(rows, n)
        findings += claims.take(rows, T0 + n * 100_000)
        if n % 10 == 0:
            seen = drive.rng.random(cars) > 0.02
            seen[hidden(n)] = False
            findings += claims.ask(tracks_of(rows, seen), T0 + n * 100_000)
    return findings


def rules(findings: list[Finding]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in findings:
        found.setdefault(finding.source, set()).add(finding.rule)
    return found


def honest(_rows: np.ndarray, _n: int) -> None:
    pass


def test_ten_minutes_of_honest_driving_raise_nothing() -> None:
    assert told(honest, seconds=600) == []


def test_a_lost_message_now_and_then_is_no_leap() -> None:
    drive, claims = Drive(20), Claims(lambda row: f"obu/{row}")
    for n in range(600):
        rows = drive.claims(n)
        assert claims.take(rows[drive.rng.random(20) > 0.3], T0 + n * 100_000) == []


def test_an_emergency_brake_at_full_force_is_believed() -> None:
    drive, claims = Drive(1), Claims(lambda row: f"obu/{row}")
    drive.speed[:] = 20
    for n in range(40):
        rows = drive.claims(n)
        if n >= 10:
            drive.speed = np.maximum(drive.speed - 1.1, 0)
        assert claims.take(rows, T0 + n * 100_000) == []


def random_place(rows: np.ndarray, n: int) -> None:
    rng = np.random.default_rng(n)
    rows["x_m"][3], rows["y_m"][3] = rng.uniform(-300, 300, 2)


def sudden_stop(rows: np.ndarray, n: int) -> None:
    if n >= 200:
        rows["speed_mps"][3] = 0.0
        rows["x_m"][3], rows["y_m"][3] = 300.0, 0.0


def false_speed(rows: np.ndarray, _n: int) -> None:
    rows["speed_mps"][3] += 8.0


def mirrored_heading(rows: np.ndarray, _n: int) -> None:
    rows["heading_rad"][3] = (rows["heading_rad"][3] + np.pi / 2) % (2 * np.pi)


@pytest.mark.parametrize(
    ("lie", "rule"),
    [
        (random_place, "claim.leap"),
        (sudden_stop, "claim.acceleration"),
        (false_speed, "claim.speed"),
        (mirrored_heading, "claim.course"),
    ],
)
def test_a_lie_about_motion_is_found_and_nobody_else_suspected(
    lie: Callable[[np.ndarray, int], None], rule: str
) -> None:
    found = rules(told(lie))
    assert set(found) == {"obu/3"}
    assert rule in found["obu/3"]


def test_replayed_words_name_the_one_who_repeats_them() -> None:
    drive, claims = Drive(20), Claims(lambda row: f"obu/{row}")
    past: list[np.ndarray] = []
    findings = []
    for n in range(300):
        rows = drive.claims(n)
        past.append(rows[7].copy())
        if n >= 50:
            for name in ("x_m", "y_m", "speed_mps", "heading_rad"):
                rows[name][3] = past[n - 50][name]
        findings += claims.take(rows, T0 + n * 100_000)
    repeated = [finding for finding in findings if finding.rule == "claim.replay"]
    assert {finding.source for finding in repeated} == {"obu/3"}
    assert "5.0 s before" in repeated[0].reason


def test_a_vehicle_that_no_sensor_sees_where_all_are_seen_is_not_where_it_says() -> None:
    found = rules(told(honest, seconds=240, hidden=lambda n: [5] if n > 900 else []))
    assert found == {"obu/5": {"claim.unseen"}}


def test_many_names_of_one_sender_are_told_as_a_group() -> None:
    def ghosts(rows: np.ndarray, _n: int) -> None:
        for ghost in (10, 11, 12, 13):
            rows["x_m"][ghost] = rows["x_m"][9] + 5 * (ghost - 9)
            rows["y_m"][ghost] = rows["y_m"][9]
            rows["speed_mps"][ghost], rows["heading_rad"][ghost] = rows["speed_mps"][9], rows["heading_rad"][9]

    found = told(ghosts, seconds=240, hidden=lambda n: [10, 11, 12, 13] if n > 900 else [])
    groups = [finding for finding in found if finding.rule == "claim.group"]
    assert groups and all("obu/10, obu/11, obu/12, obu/13" in finding.reason for finding in groups[-3:])


def test_a_truck_in_the_way_for_a_minute_counts_once() -> None:
    drive, claims = Drive(20), Claims(lambda row: f"obu/{row}")
    findings = []
    for n in range(1800):
        rows = drive.claims(n)
        claims.take(rows, T0 + n * 100_000)
        seen = np.ones(20, bool)
        if n > 900:
            rows["x_m"][5], rows["y_m"][5], rows["speed_mps"][5] = 300.0, 0.0, 0.0
            seen[5] = False
        if n % 10 == 0:
            findings += claims.ask(tracks_of(rows, seen), T0 + n * 100_000)
    assert findings == []


def test_a_suspect_keeps_its_place_with_little_weight_and_recovers() -> None:
    drive, claims = Drive(20), Claims(lambda row: f"obu/{row}")
    for n in range(300):
        rows = drive.claims(n)
        if n == 20:
            rows["x_m"][3] += 50
        claims.take(rows, T0 + n * 100_000)
        if n in (20, 60):
            assert rows["position_sd_m"][3] == SUSPECT_SD_M and rows["position_sd_m"][4] == 0.5
    assert rows["position_sd_m"][3] == 0.5


def test_who_leapt_for_good_stays_suspected_until_the_road_sees_it_there() -> None:
    drive, claims = Drive(20), Claims(lambda row: f"obu/{row}")
    weight = {}
    for n in range(1500):
        rows = drive.claims(n)
        if n >= 400:
            rows["x_m"][3:5] += 60  # one is where it now says, the other is not
        claims.take(rows, T0 + n * 100_000)
        seen = np.ones(20, bool)
        seen[4] = n < 400
        if n % 10 == 0:
            claims.ask(tracks_of(rows, seen), T0 + n * 100_000)
        weight[n] = rows["position_sd_m"][3:5].tolist()
    assert weight[390] == [0.5, 0.5] and weight[450] == [SUSPECT_SD_M, SUSPECT_SD_M]
    assert weight[1000] == [0.5, SUSPECT_SD_M]


def test_asking_in_parts_says_what_asking_at_once_says() -> None:
    drive = Drive(400)
    at_once, in_parts = (Claims(lambda row: f"obu/{row}") for _ in range(2))
    told: tuple[list[Finding], list[Finding]] = [], []
    for n in range(0, 3000, 10):
        rows = drive.claims(n)
        drive.angle += drive.speed * 0.9 / 300.0
        seen = np.arange(400) % 50 != 7
        tracks = tracks_of(rows, seen if n > 1500 else np.ones(400, bool))
        for claims, into in zip((at_once, in_parts), told, strict=True):
            claims.take(rows.copy(), T0 + n * 100_000)
            if claims is at_once:
                into.extend(claims.ask(tracks, T0 + n * 100_000))
            else:
                assert claims.begin(tracks, T0 + n * 100_000) == []
                parts = [claims.go_on() for _ in range(60)]
                assert [k for k, part in enumerate(parts) if part] in (
                    [],
                    [4],
                )  # the last of four parts of 128 or fewer
                into.extend(finding for part in parts for finding in part)
    assert told[0] == told[1] and {finding.rule for finding in told[0]} >= {"claim.unseen"}


def test_who_drives_where_no_lane_is_is_told_and_who_is_seen_there_is_not() -> None:
    here = zones.load(zones.find("science-city"))
    map = hdmap.open(here)
    claims = Claims(lambda row: f"obu/{row}", map)
    lanes = np.column_stack([map.points["x_m"], map.points["y_m"]])
    far = next(
        (x, y)
        for x, y in np.random.default_rng(1).uniform(lanes.min(axis=0), lanes.max(axis=0), (5000, 2)).tolist()
        if np.hypot(*(lanes - (x, y)).T).min() > 80
    )
    findings = []
    for n in range(100):
        rows = Drive(3).claims(0)
        rows["event_us"] = T0 + n * 100_000
        rows["x_m"] = [far[0], far[0] + 5, lanes[100, 0]]
        rows["y_m"] = [far[1], far[1] + 5, lanes[100, 1]]
        rows["speed_mps"] = 12.0
        claims.take(rows, T0 + n * 100_000)
        if n % 10 == 0:
            findings += claims.ask(tracks_of(rows, np.array([False, True, False])), T0 + n * 100_000)
    assert {finding.source for finding in findings if finding.rule == "claim.off_road"} == {"obu/0"}
