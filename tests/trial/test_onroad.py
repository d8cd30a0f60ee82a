"""Measures and rules live on supervised vehicles: closed forms in staged frames, the ledger, and the week's report."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from openpyxl import load_workbook
from paho.mqtt.enums import CallbackAPIVersion

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cli import main
from jinyun.hdmap import LaneKind
from jinyun.state import read_json
from jinyun.supervision.ledger import Ledger, Measure
from jinyun.supervision.supervising import Supervisor
from jinyun.supervision.tables import as_html, as_xlsx
from jinyun.trial.onroad.watching import OnRoad
from jinyun.trial.onroad.weekly import WEEK, table, week_of
from tests.conftest import Broker, wait_for
from tests.supervision.crash import signals, tracks
from tests.supervision.papers import declaration, vehicle

ZONE = zones.load(zones.find(None))
T0_US = 1_796_000_000_000_000
"""30 November 2026 in China, a Monday."""
VIN = "LTEST000000000001"
Said = Callable[[float], dict[str, Any]]
Rows = Callable[[float], list[dict[str, float]]]


def said_at(x: float, y: float, heading_deg: float, speed_mps: float, **more: Any) -> dict[str, Any]:
    lon, lat = ZONE.project.inverse(np.array([x]), np.array([y]))
    return {
        "vehicle": VIN, "mode": "automated", "lon": float(lon[0]), "lat": float(lat[0]), "speed_mps": speed_mps,
        "accel_mps2": 0.0, "heading_deg": heading_deg, "perception": {}, "lights": 0, "video_outside": "a",
        "video_inside": "b",
    } | more  # fmt: skip


def drive(folder: Path, map: hdmap.Map | None, seconds: float, said: Said, rows: Rows | None = None) -> Ledger:
    """Let a supervisor with the live measures hear a drive, items and frames ten times a second; return its ledger."""
    ledger = Ledger(folder)
    ledger.hand_in("vehicle", vehicle().model_dump(mode="json"), T0_US)
    ledger.hand_in("declaration", declaration().model_dump(mode="json"), T0_US)
    supervisor = Supervisor(ZONE, map, ledger, T0_US, [OnRoad(ZONE, map)])
    for tick in range(round(seconds * 10) + 1):
        t_us = T0_US + tick * 100_000
        supervisor.items("obu/V", json.dumps(said(tick / 10) | {"t_ms": t_us / 1000}).encode(), t_us)
        if rows is not None:
            supervisor.frame(t_us, tracks(rows(tick / 10)), signals([]))
        supervisor.roll(t_us)
    supervisor.roll(T0_US + round(seconds * 1e6), at_once=True)
    return ledger


def measured(ledger: Ledger) -> dict[str, Measure]:
    return ledger.measures().get(VIN, {})


def counted(ledger: Ledger) -> dict[str, int]:
    return {row["kind"]: row["count"] for row in ledger.counted() if row["kind"].startswith("rule-")}


def test_driving_up_to_one_who_stands_has_the_times_of_its_closed_form(tmp_path: Path) -> None:
    """At 10 m/s from 80 m behind its rear, braking never: after 6 s 20 m are left; boxes of 4.6 m."""

    def rows(t: float) -> list[dict[str, float]]:
        return [{"id": 7, "x_m": 10 * t, "y_m": 500}, {"id": 9, "x_m": 84.6, "y_m": 500, "speed_mps": 0.0}]

    ledger = drive(tmp_path, None, 6.0, lambda t: said_at(10 * t, 500, 90, 10), rows)
    found = measured(ledger)
    # Borne out by three frames: of these the mildest, that of two frames before.
    assert found["ttc_min_s"].value == pytest.approx(2.2, abs=0.01)
    assert found["ttc_min_s"].about == "9"
    assert found["headway_min_s"].value == pytest.approx(2.2, abs=0.01)
    assert found["drac_max_mps2"].value == pytest.approx(100 / (2 * 22), abs=0.02)
    assert found["seen_s"].value == pytest.approx(6.0, abs=0.11)
    assert "ttc_below_s" not in found


def test_a_ghost_of_two_frames_and_a_track_upon_the_vehicle_itself_are_no_conflict(tmp_path: Path) -> None:
    def rows(t: float) -> list[dict[str, float]]:
        found = [{"id": 7, "x_m": 10 * t, "y_m": 500}, {"id": 8, "x_m": 10 * t + 1, "y_m": 500.3}]
        return found + ([{"id": 9, "x_m": 10 * t + 8, "y_m": 500, "speed_mps": 0.0}] if 2.95 < t < 3.15 else [])

    found = measured(drive(tmp_path, None, 6.0, lambda t: said_at(10 * t, 500, 90, 10), rows))
    assert "ttc_min_s" not in found
    assert found["seen_s"].value > 5.5


def test_a_vehicle_that_no_road_sees_has_no_times_but_is_judged_by_its_own_word(tmp_path: Path) -> None:
    def said(t: float) -> dict[str, Any]:
        brakes = 2.0 <= t < 3.0 or 4.0 <= t < 4.5
        return said_at(8 * t, 500, 90, 8, accel_mps2=-6.0 if brakes else 0.5)

    ledger = drive(tmp_path, None, 6.0, said, lambda t: [{"id": 7, "x_m": 900.0, "y_m": 900.0}])
    assert measured(ledger)["braking_max_mps2"].value == 6.0
    assert measured(ledger)["judged_s"].value == pytest.approx(6.0)
    assert "seen_s" not in measured(ledger)
    assert counted(ledger) == {"rule-hard-braking": 2}


@pytest.fixture(scope="module")
def city() -> hdmap.Map:
    found = hdmap.open(ZONE)
    assert found is not None
    return found


def lane_of(city: hdmap.Map) -> tuple[np.ndarray[Any, Any], float, float]:
    """A long lane of cars with a limit: its line, its heading (degrees clockwise from north) and its limit (m/s)."""
    lanes = city.lanes
    fit = (lanes["kind"] == LaneKind.CAR) & (lanes["junction"] < 0) & np.isfinite(lanes["speed_limit_mps"])
    row = int(np.flatnonzero(fit)[np.argmax(lanes["length_m"][fit])])
    line = city.lane_line(row)
    middle = len(line) // 2
    dx, dy = line[middle] - line[middle - 1]
    return line[middle], float(np.degrees(np.arctan2(dx, dy)) % 360), float(lanes["speed_limit_mps"][row])


def test_too_fast_for_a_second_and_more_counts_once_and_a_blink_does_not(tmp_path: Path, city: hdmap.Map) -> None:
    (x, y), heading, limit = lane_of(city)

    def said(t: float) -> dict[str, Any]:
        over = 1.0 <= t < 1.5 or 3.0 <= t < 5.0
        return said_at(float(x), float(y), heading, limit + (2.0 if over else -1.0))

    ledger = drive(tmp_path, city, 6.0, said)
    assert counted(ledger) == {"rule-speed-limit": 1}
    found = measured(ledger)
    assert found["over_limit_max_kmh"].value == pytest.approx(7.2, abs=0.01)
    assert found["over_limit_s"].value == pytest.approx(2.5, abs=0.45)  # it is looked every 0.4 s
    assert found["limit_known_s"].value == pytest.approx(6.0, abs=0.45)


def test_against_the_lane_is_told_and_along_it_is_not(tmp_path: Path, city: hdmap.Map) -> None:
    (x, y), heading, limit = lane_of(city)
    for turn, expected in ((180.0, {"rule-wrong-way": 1}), (0.0, {})):
        folder = tmp_path / str(turn)
        folder.mkdir()
        course = (heading + turn) % 360
        ledger = drive(folder, city, 3.0, lambda t, c=course: said_at(float(x), float(y), c, limit - 2.0))  # type: ignore[misc]
        assert counted(ledger) == expected


def test_days_come_together_in_the_week_of_a_company(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.hand_in("vehicle", vehicle().model_dump(mode="json"), T0_US)
    ledger.hand_in(
        "vehicle", vehicle(vin="LTEST000000000002", plate="渝A0002临", subject="B").model_dump(mode="json"), T0_US
    )
    ledger.hand_in("declaration", declaration().model_dump(mode="json"), T0_US)
    for day, ttc, seen in (("2026-11-24", 1.9, 1800.0), ("2026-11-26", 1.2, 900.0), ("2026-11-30", 0.3, 60.0)):
        ledger.measured(
            VIN, day, [Measure("ttc_min_s", "least", ttc, T0_US, "9"), Measure("seen_s", "sum", seen, T0_US)]
        )
    ledger.measured("渝A0002临", "2026-11-25", [Measure("braking_max_mps2", "most", 5.0, T0_US)])
    first, last = week_of(date(2026, 11, 29))
    assert (first, last) == (date(2026, 11, 23), date(2026, 11, 29))
    found = table(ledger, first, last)
    mine = next(row for row in found if row["vehicle"] == VIN)
    assert mine["ttc_min_s"] == 1.2
    assert mine["seen_h"] == 0.75
    assert mine["ttc_below_s"] == 0.0
    assert mine["over_limit_s"] is None  # its limit was never known
    whole = next(row for row in found if row["subject"] == "A" and row["vehicle"].startswith("Σ"))
    assert whole["ttc_min_s"] == 1.2
    assert {row["subject"] for row in table(ledger, first, last, "A")} == {"A"}
    book = tmp_path / "week.xlsx"
    as_xlsx(ZONE, found, first, last, book, WEEK)
    assert [sheet.title for sheet in load_workbook(book)] == ["中文", "English"]
    page = as_html(ZONE, found, first, last, "zh", WEEK)
    assert "企业周报" in page
    assert "仿真数据" in page


def test_the_command_tells_the_week_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JINYUN_STATE", str(tmp_path))
    assert main(["trial", "weekly"]) == 2
    assert "no ledger of supervision yet" in capsys.readouterr().err
    folder = tmp_path / ZONE.id
    folder.mkdir(exist_ok=True)
    drive(folder, None, 3.0, lambda t: said_at(8 * t, 500, 90, 8)).close()
    out = tmp_path / "week.html"
    assert main(["trial", "weekly", "--day", "2026-11-30", "--json", "--out", str(out), "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["simulated"] is True
    assert any(row["vehicle"] == VIN and row["judged_h"] for row in told["rows"])
    assert "week of each company" in out.read_text(encoding="utf-8")


@pytest.mark.integration
def test_supervision_as_jinyun_run_starts_it_enters_what_a_vehicle_said(real_broker: Broker, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "jinyun.trial.onroad", "--zone", str(ZONE.folder), "--state-dir", str(tmp_path)]
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.connect("127.0.0.1", real_broker.mqtt_port)
    client.loop_start()

    def heard() -> bool:
        said = said_at(500.0, 500.0, 90.0, 8.0, vehicle="STRANGER", t_ms=time.time_ns() // 1_000_000)
        client.publish(f"jinyun/{ZONE.id}/obu/x/up/items", json.dumps(said)).wait_for_publish(5)
        rows = (read_json(tmp_path / "supervision.json") or {}).get("vehicles", [])
        return any(row["vehicle"] == "STRANGER" for row in rows)

    with subprocess.Popen([*argv, "--nats-port", str(real_broker.nats_port)]) as process:
        wait_for(heard, 120, "vehicle")
        process.terminate()
        assert process.wait(30) == 0
    client.loop_stop()
    client.disconnect()
    assert Ledger(tmp_path).measures()["STRANGER"]["judged_s"].value > 0
