"""The scorecard finds each planted fault, names the device and the kind, and says nothing of the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.cloud import tracking
from jinyun.cloud.quality import rollups
from jinyun.cloud.quality import sensors as of
from jinyun.cloud.quality.scorecard import Scorecard
from jinyun.shapes import SIGHTING, Finding
from tests.cloud.quality import crossroads, planted

SECONDS = 200
SOUND = 2
"""So many units have no fault."""


@dataclass
class Watched:
    """One run over all faults at once, each on a unit of its own."""

    card: Scorecard
    names: list[str]
    last: list[Finding]
    ever: set[tuple[str, str]]
    folder: Path
    now_us: int


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    zone = zones.load(zones.find("science-city"))
    folder = tmp_path_factory.mktemp("quality")
    rsus = zone.rsus[: len(planted.PLANTED) + SOUND]
    masts = np.array([(rsu.x_m, rsu.y_m) for rsu in rsus])
    names = [f"rsu/{rsu.id}" for rsu in rsus]
    card = Scorecard(zone, lambda row: names[row] if row < len(names) else f"obu/{row}", folder)
    tracks = tracking.Tracks()
    faults = [does for _, does in planted.PLANTED.values()]
    units = [planted.Unit(tuple(mast), np.random.default_rng(k)) for k, mast in enumerate(masts)]
    ever: set[tuple[str, str]] = set()
    last: list[Finding] = []
    now_us = 0
    for step, (now_us, rows) in enumerate(crossroads.windows(masts, SECONDS)):
        told = [rows[rows["source"] >= len(faults)]]
        for k, does in enumerate(faults):
            mine = rows[rows["source"] == k]
            if len(mine):
                told.append(does(mine, units[k]))
        said = np.concatenate(told)
        card.take(said)
        tracking.take(tracks, said, now_us)
        if step % 10 == 9:
            last = card.second(tracks, None, now_us)
            ever |= {(finding.source, finding.rule) for finding in last}
    return Watched(card, names, last, ever, folder, now_us)


@pytest.mark.parametrize("fault", list(planted.PLANTED))
def test_a_planted_fault_is_named_with_its_device(watched: Watched, fault: str) -> None:
    device = watched.names[list(planted.PLANTED).index(fault)]
    rules = {finding.rule for finding in watched.last if finding.source == device}
    assert rules == {planted.PLANTED[fault][0]}


def test_no_other_device_and_no_other_kind_was_ever_named(watched: Watched) -> None:
    expected = {(watched.names[k], rule) for k, (rule, _) in enumerate(planted.PLANTED.values())}
    assert watched.ever == expected


@pytest.mark.parametrize(
    ("fault", "value", "within"),
    [
        ("rotation 2 degrees", 2.0, 0.4),
        ("shift 1 m", 1.0, 0.35),
        ("clock 200 ms", 200.0, 30.0),
        ("20 % misses", 0.2, 0.04),
    ],
)
def test_the_value_is_the_planted_one(watched: Watched, fault: str, value: float, within: float) -> None:
    device = watched.names[list(planted.PLANTED).index(fault)]
    (found,) = (v for v in watched.card.standing(watched.now_us) if v.device == device)
    assert found.value == pytest.approx(value, abs=within)


def test_the_words_say_which_way(watched: Watched) -> None:
    said = {finding.source: finding.reason for finding in watched.last}
    assert "clockwise since" in said[watched.names[0]] and "anticlockwise" not in said[watched.names[0]]
    assert "to the east" in said[watched.names[1]]
    assert "behind" in said[watched.names[2]]
    assert "latitude and longitude offsets are exchanged" in said[watched.names[6]]


def test_the_work_list_has_the_greatest_harm_first(watched: Watched) -> None:
    harm = [v.harm for v in watched.card.standing(watched.now_us)]
    assert len(harm) == len(planted.PLANTED) and harm == sorted(harm, reverse=True)


def test_figures_of_a_sound_unit_meet_the_profile_and_state_their_denominators(watched: Watched) -> None:
    figures = watched.card.told(watched.now_us)["devices"][watched.names[-1]]
    for name in ("completeness", "false", "position_m", "rate_hz", "delay_ms", "size_m"):
        assert figures[name]["valid"] and figures[name]["meets"], name
    assert figures["missed"]["value"] == pytest.approx(0.02, abs=0.01)
    assert figures["missed"]["of"] > 1000
    # places differ by 0.5 m (the car's own) and 0.25 m, each axis: p95 of the length is 0.56 * 2.45
    assert figures["position_m"]["p95"] == pytest.approx(0.56 * 2.45, abs=0.3)
    assert figures["rate_hz"]["value"] == pytest.approx(10, abs=0.2)
    assert figures["delay_ms"]["p50"] == pytest.approx(80, abs=20.1)


def test_each_minute_is_one_line_and_the_latest_is_whole(watched: Watched) -> None:
    lines = rollups.read(watched.folder, "minute", 100)
    assert 3 <= len(lines) <= 4
    assert all(line["seconds"] <= 61 for line in lines)
    assert set(lines[-1]["devices"]) == set(watched.names)
    latest = json.loads((watched.folder / "latest.json").read_text())
    rules = {rule for rule, _ in planted.PLANTED.values()}
    assert len(latest["work"]) >= len(rules) - 2 and {row["rule"] for row in latest["work"]} <= rules


def test_a_fault_is_dated_by_when_it_began_and_let_go_when_repaired() -> None:
    zone = zones.load(zones.find("science-city"))
    rsu = zone.rsus[0]
    mast = np.array([[rsu.x_m, rsu.y_m]])
    card = Scorecard(zone, lambda row: f"rsu/{rsu.id}" if row == 0 else f"obu/{row}")
    tracks, unit = tracking.Tracks(), planted.Unit((rsu.x_m, rsu.y_m), np.random.default_rng(1))
    began, ended, told = 80, 160, {}
    for step, (now_us, rows) in enumerate(crossroads.windows(mast, 240)):
        road = rows["source"] == 0
        if began <= step / 10 < ended:
            rows = np.concatenate([rows[~road], planted.doubled(rows[road], unit, 0.6)])
        card.take(rows)
        tracking.take(tracks, rows, now_us)
        if step % 10 == 9:
            card.second(tracks, None, now_us)
            told[step // 10] = card.standing(now_us)
    first = min(second for second, verdicts in told.items() if verdicts)
    assert began < first < ended
    (verdict,) = told[first]
    assert abs(verdict.since_us / 1e6 - (crossroads.BEGIN_US / 1e6 + began)) <= 60
    shares = [verdicts[0].value for second, verdicts in told.items() if verdicts and second > ended]
    assert shares[-1] < 0.9 * max(shares), "it fades once it is repaired"


def test_what_nobody_can_pair_or_place_is_survived() -> None:
    zone = zones.load(zones.find("science-city"))
    card = Scorecard(zone, lambda row: f"sensor/N{row}")
    tracks = tracking.Tracks()
    rng = np.random.default_rng(3)
    for second in range(5):
        rows = np.zeros(500, SIGHTING)
        for name in ("x_m", "y_m", "speed_mps", "heading_rad", "length_m"):
            rows[name] = rng.choice([np.nan, np.inf, -1e300 if name.endswith("y_m") else 1e30, 0.0, 5.0], 500)
        rows["by"] = rng.integers(0, 4, 500)
        rows["kind"] = rng.integers(0, 9, 500)
        rows["source"] = rng.integers(0, 60, 500)
        rows["participant"] = rng.integers(0, 2**63, 500, dtype=np.uint64) * 2
        rows["event_us"] = crossroads.BEGIN_US + second * 1_000_000 + rng.integers(-(10**12), 10**6, 500)
        card.take(rows)
        card.second(tracks, None, crossroads.BEGIN_US + (second + 1) * 1_000_000)
    json.dumps(card.told(crossroads.BEGIN_US))


def test_more_than_can_be_judged_is_counted() -> None:
    zone = zones.load(zones.find("science-city"))
    card = Scorecard(zone, lambda row: f"sensor/N{row}")
    card.take(np.zeros(500_000, SIGHTING))
    assert card.dropped == 100_000


def test_judging_in_parts_while_windows_arrive_counts_what_judging_at_once_counts() -> None:
    zone = zones.load(zones.find("science-city"))
    masts = np.array([(rsu.x_m, rsu.y_m) for rsu in zone.rsus[:4]])
    at_once, in_parts = (Scorecard(zone, lambda row: f"sender/{row}") for _ in range(2))
    tracks = tracking.Tracks()
    for step, (now_us, rows) in enumerate(crossroads.windows(masts, 12)):
        for card in (at_once, in_parts):
            card.take(rows)
        in_parts.go_on()
        tracking.take(tracks, rows.copy(), now_us)
        if step % 10 == 9:
            at_once.second(tracks, None, now_us)
            in_parts.begin(tracks, None, now_us)
    while in_parts.seconds < at_once.seconds:
        in_parts.go_on()
    counted = [of.LOOKS, of.OBJECTS, of.PAIRS, of.CAR_S, of.TRIALS, of.MISSED, of.CHANGES, of.USUAL, of.BLIND, of.TWINS]
    assert in_parts.recent[:, counted].sum() > 1000
    assert np.array_equal(in_parts.recent[:, counted], at_once.recent[:, counted])
    assert np.array_equal(in_parts.histograms, at_once.histograms)
