"""Recorded drives judged: against closed forms, against the same drive as it was played, and against a zone's own map."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cli import main
from jinyun.hdmap import LaneKind, Turn
from jinyun.net import columns
from jinyun.record import positions
from jinyun.shapes import Kind, Light
from jinyun.trial import record
from jinyun.trial import road as roads
from jinyun.trial.catalogue.items import Case, load
from jinyun.trial.fault import TrialError
from jinyun.trial.recorded import forms, ground, judging
from jinyun.trial.recorded.clock import on_clock, slope
from jinyun.trial.recorded.page import html
from jinyun.trial.verdict.certificate import WORDS
from jinyun.trial.verdict.rules import RULES
from jinyun.vehicle.shuttle import recorder
from tests.trial.support import limits, played, straight_road

Row = dict[str, Any]
BODY = {"kind": "car", "length_m": 4.0, "width_m": 2.0}


def written(folder: Path, rows: list[Row]) -> Path:
    path = folder / "drive.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, sorted({key for row in rows for key in row}))
        writer.writeheader()
        writer.writerows(rows)
    return path


def along(name: str, t: NDArray[Any], x: NDArray[Any], y: float = 0.0, **more: Any) -> list[Row]:
    return [
        {"t_s": f"{a:.3f}", "name": name, "x_m": b, "y_m": y, "h_rad": 0.0, **(BODY | more)}
        for a, b in zip(t, x, strict=True)
    ]


def judged(path: Path, own: str | None = None, **road: Any) -> judging.Verdict:
    return judging.judged_on_road(on_clock(forms.read(path), own), limits(), road.get("on"), road.get("lines", []))


def measure(verdict: judging.Verdict, name: str) -> float:
    return float(next(one["value"] for one in verdict.measured if one["name"] == name))


def rule(verdict: judging.Verdict, name: str) -> str:
    return next(one.outcome for one in (*verdict.judged, *verdict.not_judged) if one.rule == name)


def test_following_and_braking_have_the_measures_of_their_closed_forms(tmp_path: Path) -> None:
    """20 m/s behind 10 m/s, 60 m free; at 2 s it brakes at 4 m/s² to 10 m/s: places only, no speed is told."""
    t = np.arange(0, 8.001, 0.1)
    brakes = np.clip(t - 2, 0, 2.5)
    own = 20 * np.minimum(t, 2) + 20 * brakes - 2 * brakes**2 + 10 * np.clip(t - 4.5, 0, None)
    lead = 64 + 10 * t
    verdict = judged(written(tmp_path, along("Ego", t, own) + along("lead", t, lead)))
    gap = lead - own - 4
    assert measure(verdict, "headway_min") == pytest.approx(gap.min(), abs=1e-6)
    assert measure(verdict, "braking_max") == pytest.approx(4.0, abs=1e-6)
    at_two = gap[20]
    assert measure(verdict, "ttc_min") == pytest.approx(at_two / 10, rel=0.02)  # the speed is that between two steps
    assert measure(verdict, "drac_max") == pytest.approx(10**2 / (2 * at_two), rel=0.02)
    assert measure(verdict, "distance") == pytest.approx(own[-1], rel=0.01)
    assert rule(verdict, "gentle") == "pass"
    assert rule(verdict, "no_contact") == "pass"
    assert rule(verdict, "time_gap") == "pass"
    assert rule(verdict, "smooth") == "fail"  # it brakes at once
    assert rule(verdict, "red_light") == "invalid"
    assert verdict.outcome == "fail"


def test_a_drive_into_somebody_touches_when_the_gap_is_driven(tmp_path: Path) -> None:
    t = np.arange(0, 6.001, 0.1)
    verdict = judged(written(tmp_path, along("Ego", t, 10 * t) + along("van", t, 0 * t + 44)))
    told = next(one for one in verdict.judged if one.rule == "no_contact")
    assert told.at_s == pytest.approx(4.0, abs=0.1)
    assert told.value == pytest.approx(10.0)
    assert verdict.outcome == "fail"


def test_a_record_of_once_a_second_in_degrees_is_the_drive_that_it_tells_of(tmp_path: Path) -> None:
    t = np.arange(0, 21.0)
    zone = zones.load(zones.find(None))
    lon, lat = zone.project.inverse(100 + 12 * t, np.full(len(t), 50.0))
    rows = [
        {"t_us": 1_796_000_000_000_000 + int(a * 1e6), "id": 7, "lon": f"{b:.9f}", "lat": f"{c:.9f}", "heading_deg": 90}
        for a, b, c in zip(t, lon, lat, strict=True)
    ]  # fmt: skip
    drive = on_clock(forms.read(written(tmp_path, rows), zone.project))
    assert len(drive.played.rows) == 201
    assert drive.played.rows["x_m"] == pytest.approx(100 + 12 * np.arange(201) / 10, abs=1e-4)
    assert drive.played.rows["v_mps"] == pytest.approx(np.full(201, 12.0), abs=1e-3)
    assert any("no size told" in note.en for note in drive.table.notes)


def test_the_slope_of_a_speed_is_exact_where_it_changes_evenly_and_knows_gaps() -> None:
    t = np.arange(0, 3, 0.1)
    v = 5 - 2 * t
    v[12:14] = np.nan
    found = slope(v)
    assert np.isnan(found[12:14]).all()
    assert found[~np.isnan(v)] == pytest.approx(np.full(28, -2.0))


def test_a_limit_is_broken_by_as_much_as_one_is_too_fast(tmp_path: Path) -> None:
    t = np.arange(0, 10.001, 0.1)
    rows = along("Ego", t, 12 * t)
    for row, x in zip(rows, 12 * t, strict=True):
        row["limit_mps"] = 40 / 3.6 if x > 60 else 60 / 3.6
    told = next(one for one in judged(written(tmp_path, rows)).judged if one.rule == "speed_limit")
    assert told.outcome == "fail"
    assert told.value == pytest.approx(12 * 3.6 - 40, abs=1e-6)


@pytest.mark.parametrize(("state", "outcome"), [("red", "fail"), ("green", "pass"), ("yellow", "pass")])
def test_a_stop_line_in_the_record_is_crossed_at_what_its_light_shows(tmp_path: Path, state: str, outcome: str) -> None:
    t = np.arange(0, 8.001, 0.1)
    line = {"t_s": 0, "name": "L1", "kind": "stop line", "x_m": 40, "y_m": 0, "h_rad": 0, "width_m": 3.5}
    lights = [{"t_s": 0, "name": "L1", "kind": "signal", "state": "green"},
              {"t_s": 2.5, "name": "L1", "kind": "signal", "state": state}]  # fmt: skip
    told = judged(written(tmp_path, [*along("Ego", t, 10 * t), line, *lights]))
    assert rule(told, "red_light") == outcome
    if outcome == "fail":
        assert next(one for one in told.judged if one.rule == "red_light").at_s == pytest.approx(3.8, abs=0.1)


def test_somebody_on_foot_who_must_wait_was_not_let_pass(tmp_path: Path) -> None:
    """It is in the walker's way from 4.375 to 4.825 s; the first walker is in its from 5.1 s, the second until 3.25 s."""
    t = np.arange(0, 12.001, 0.1)
    for begins, outcome in ((-6.35, "fail"), (-2.0, "pass")):
        walker = [
            {"t_s": a, "name": "walker", "x_m": 46.0, "y_m": begins + a, "h_rad": math.pi / 2, "kind": "pedestrian",
             "length_m": 0.5, "width_m": 0.5} for a in t
        ]  # fmt: skip
        verdict = judged(written(tmp_path, along("Ego", t, 10 * t) + walker))
        assert rule(verdict, "lets_pass") == outcome


def test_driving_against_a_lane_and_beside_the_road_is_told_by_the_road(tmp_path: Path) -> None:
    network = roads.read(straight_road(tmp_path, lanes=2))
    beneath = ground.of_network(network)
    t = np.arange(0, 8.001, 0.1)
    right = network.roads["0"].middle(-1, 10.0)
    for y, expected in (
        (right, ("pass", "pass")),
        (-right, ("fail", "pass")),
        (4 * right + 8 * math.copysign(1, right), ("invalid", "fail")),
    ):
        verdict = judged(written(tmp_path, along("Ego", t, 20 + 8 * t, y)), on=beneath)
        assert (rule(verdict, "wrong_way"), rule(verdict, "on_road")) == expected


def test_a_silence_of_the_record_makes_the_verdict_invalid_and_never_a_pass(tmp_path: Path) -> None:
    t = np.concatenate([np.arange(0, 4, 0.1), np.arange(8, 12, 0.1)])
    verdict = judged(written(tmp_path, along("Ego", t, 8 * t)))
    assert verdict.drive.gaps == ((3.9, 4.1),)
    assert verdict.outcome == "invalid"


@pytest.mark.parametrize("item", ["gbt41798-6.3.1", "gbt41798-6.4.1", "gbt41798-6.1.2", "gbt41798-6.7.2"])
@pytest.mark.parametrize("driver", ["reference", "without_cooperation"])
def test_a_case_that_was_recorded_is_judged_as_it_was_when_it_was_played(
    tmp_path: Path, item: str, driver: str
) -> None:
    run = played(item, driver)
    record.write(tmp_path, run)
    table = forms.read(record.stem(tmp_path, run.result.case).with_suffix(".parquet"))
    case = Case(item, 0, run.result.values)
    verdict = judging.judged_by_item(on_clock(table), load()[item], case, limits())
    told = {one.rule: one.outcome for one in (*verdict.judged, *verdict.not_judged)}
    assert told == {one.rule: one.outcome for one in run.result.judged}
    before = {one["name"]: one["value"] for one in run.result.measures}
    for one in verdict.measured:
        if before[one["name"]] is None:
            assert one["value"] is None
        else:
            assert one["value"] == pytest.approx(before[one["name"]], abs=2e-5), one["name"]


def test_a_drive_of_a_bad_driver_fails_its_item_from_the_record_too(tmp_path: Path) -> None:
    runs = (played("gbt41798-6.1.2", "without_red_light", **case.values) for case in load()["gbt41798-6.1.2"].cases())
    run = next(run for run in runs if run.result.outcome == "fail")
    record.write(tmp_path, run)
    table = forms.read(record.stem(tmp_path, run.result.case).with_suffix(".parquet"))
    verdict = judging.judged_by_item(
        on_clock(table), load()["gbt41798-6.1.2"], Case("gbt41798-6.1.2", 0, run.result.values), limits()
    )
    assert verdict.outcome == "fail"
    page = html(verdict, "zh")
    assert "仿真数据" in page
    assert "不闯红灯" in page
    assert "<svg" in page


def test_a_zones_positions_are_judged_for_the_track_that_is_named(tmp_path: Path) -> None:
    """Track 7 drives east at 10 m/s, 9 ahead at 8 m/s: their usual boxes are 4.3 m long; places are known to a centimetre."""
    zone = zones.load(zones.find(None))
    t = np.repeat(np.arange(0, 5.001, 0.1), 2)
    ids = np.tile([7, 9], len(t) // 2)
    x = np.where(ids == 7, 10 * t, 40 + 8 * t)
    lon, lat = zone.project.inverse(x, np.zeros_like(x))
    rows = np.zeros(len(t), positions.POSITION)
    rows["t_us"], rows["id"], rows["kind"] = (1_796_000_000_000_000 + t * 1e6).astype(np.int64), ids, Kind.MOTOR
    rows["lon_e7"], rows["lat_e7"] = np.rint(lon * 1e7), np.rint(lat * 1e7)
    rows["speed_cmps"], rows["heading_cdeg"] = np.where(ids == 7, 1000, 800), 9000
    path = tmp_path / "zone.parquet"
    positions.write(path, rows)
    drive = on_clock(forms.read(path, zone.project), "7")
    verdict = judging.judged_on_road(drive, limits(), None, [])
    assert measure(verdict, "headway_min") == pytest.approx(40 - 2 * 5 - 4.3, abs=0.05)
    assert measure(verdict, "ttc_min") == pytest.approx((40 - 2 * 5 - 4.3) / 2, abs=0.05)
    with pytest.raises(TrialError, match="who of 2"):
        on_clock(forms.read(path))


def zone_drive(folder: Path, light: Light) -> tuple[Path, hdmap.Map, str]:
    """The truth of a car that drives straight over a stop line of the reference zone at 8 m/s, 4 s after the beginning."""
    map = hdmap.open(zones.load(zones.find(None)))
    assert map is not None
    table = map.stop_lines
    straight = (
        (table["turn"] == Turn.STRAIGHT) & (map.lanes["kind"][table["lane"]] == LaneKind.CAR) & (table["phase"] > 0)
    )
    k = int(np.flatnonzero(straight & (table["lane"] >= 0))[0])
    middle = float(table["x1_m"][k] + table["x2_m"][k]) / 2
    line = next(one for one, _ in ground.stop_lines(map) if abs(one.x_m - middle) < 1e-6)
    node, phase = (int(part) for part in line.signal.split("/"))
    t = np.arange(0, 6.001, 0.1)
    back = 8 * (t - 4) - 2.0
    n = len(t)
    t_us = (1_796_000_000_000_000 + t * 1e6).astype(np.int64)
    people: dict[str, NDArray[Any]] = {
        "t_us": t_us, "id": np.full(n, 5, np.uint32), "kind": np.full(n, Kind.MOTOR, np.uint8),
        "x_m": line.x_m + back * math.cos(line.h_rad), "y_m": line.y_m + back * math.sin(line.h_rad),
        "heading_rad": np.full(n, math.pi / 2 - line.h_rad, np.float32), "speed_mps": np.full(n, 8.0, np.float32),
        "length_m": np.full(n, 4.0, np.float32), "width_m": np.full(n, 1.8, np.float32),
    }  # fmt: skip
    lights: dict[str, NDArray[Any]] = {"t_us": t_us, "node": np.full(n, node, np.uint16), "phase": np.full(n, phase, np.uint8),
              "light": np.full(n, light, np.uint8)}  # fmt: skip
    path = folder / "1.jyc"
    path.write_bytes(columns.pack({"participants": people, "signals": lights}, {"kind": "truth", "simulated": True}))
    return path, map, line.signal


@pytest.mark.parametrize(("light", "outcome"), [(Light.RED, "fail"), (Light.PROTECTED_GREEN, "pass")])
def test_the_truth_of_a_zone_is_judged_on_its_own_map_and_lights(tmp_path: Path, light: Light, outcome: str) -> None:
    path, map, _ = zone_drive(tmp_path, light)
    verdict = judged(path, on=ground.of_map(map), lines=ground.stop_lines(map))
    assert rule(verdict, "red_light") == outcome
    assert rule(verdict, "wrong_way") == "pass"
    assert rule(verdict, "on_road") == "pass"
    assert rule(verdict, "speed_limit") == "pass"
    assert verdict.drive.table.simulated


def test_a_shuttles_own_recorder_is_judged_by_what_it_keeps(tmp_path: Path) -> None:
    zone = zones.load(zones.find(None))
    t = np.arange(0, 10, 0.1)
    x = np.where(t < 5, 8 * t, 40 + 8 * (t - 5) - 2.5 * (t - 5) ** 2)
    lon, lat = zone.project.inverse(x, np.zeros_like(x))
    rows = [
        {"t_us": int(1e6 * a), "objects": 0, "remote": "", "fault": "", "Vehicle.Speed": 3.6 * max(8 - 5 * max(a - 5, 0), 0),
         "Vehicle.Acceleration.Longitudinal": -5.0 if 5 < a < 6.6 else 0.0, "Vehicle.CurrentLocation.Latitude": b,
         "Vehicle.CurrentLocation.Longitude": c, "Vehicle.CurrentLocation.Heading": 90.0,
         "Private.Jinyun.Mode": "automated" if a < 7 else "minimal_risk"}
        for a, b, c in zip(t[:66].tolist(), lat[:66].tolist(), lon[:66].tolist(), strict=True)
    ]  # fmt: skip
    path = tmp_path / "event.jyc"
    path.write_bytes(recorder.pack("LTEST", "asked", rows))
    verdict = judged(path)
    assert verdict.drive.own == "LTEST"
    assert measure(verdict, "braking_max") == pytest.approx(5.0)
    assert rule(verdict, "gentle") == "fail"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"t_s": 0, "name": "a"}], "no column of a place"),
        ([{"t_s": "x", "name": "a", "x_m": 0, "y_m": 0}], "row 2: t_s: 'x' is no number"),
        ([{"t_s": 0, "name": "a", "x_m": "nan", "y_m": 0}], "row 2: has no place"),
        ([{"t_s": 0, "name": "a", "x_m": "inf", "y_m": 0}], "row 2: its place is no number"),
        ([{"t_s": 0, "name": "a", "x_m": 0, "y_m": 0, "kind": "ufo"}], "row 2: kind: 'ufo' is none of"),
        ([{"t_s": 0, "name": "", "x_m": 0, "y_m": 0}], "row 2: has no name"),
        ([{"t_s": 0, "name": "a", "x_m": 0, "y_m": 0}], "are no drive"),
        ([{"t_s": k, "name": n, "x_m": 0, "y_m": 0} for k in range(3) for n in "ab"], "who of 2 is to be judged"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_record_is_told_by_row_and_column(tmp_path: Path, rows: list[Row], said: str) -> None:
    with pytest.raises(TrialError, match=said):
        on_clock(forms.read(written(tmp_path, rows)))


def test_the_command_judges_a_file_and_says_by_its_exit_code_what_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    t = np.arange(0, 6.001, 0.1)
    good = written(tmp_path, along("Ego", t, 10 * t))
    page = tmp_path / "page.html"
    assert main(["trial", "judge", str(good), "--json", "--html", str(page), "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outcome"] == "pass"
    assert told["km"] == pytest.approx(0.06, rel=0.02)
    assert "not say whether it is simulated" in page.read_text(encoding="utf-8")
    assert main(["trial", "judge", str(good), "--item", "gbt41798-6.4.1"]) == 2
    assert "the record has not" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_rule_and_measure_of_a_page_has_words_in_both_languages(lang: str) -> None:
    known = {f"rule-{name}" for name in (*RULES, "wrong_way", "on_road")}
    known |= {f"measure-{one['name']}" for one in played("gbt41798-6.4.1").result.measures}
    assert known <= set(WORDS[lang])
