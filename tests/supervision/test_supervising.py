"""Supervision of test vehicles as their data items come: sections, takeovers, hours, completeness, duties, tables."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.supervision.deadlines import Calendar, after_months, after_working_days, load
from jinyun.supervision.demand import Demand
from jinyun.supervision.driving import Driving, Tally
from jinyun.supervision.duties import duties, standing
from jinyun.supervision.events import Event
from jinyun.supervision.items import Items, ItemsError, read
from jinyun.supervision.ledger import Ledger, LedgerError
from jinyun.supervision.sections import Sections
from jinyun.supervision.supervising import Supervisor
from jinyun.supervision.tables import as_html, as_xlsx, rows
from jinyun.zone import ZoneError
from tests.supervision.papers import PROFILE, declaration, driver, fields, vehicle

T0_US = 1_796_000_000_000_000
"""29 November 2026: inside the declaration's time."""
ZONE = zones.load(zones.find(None))


def message(t_us: int, **changes: Any) -> bytes:
    said: dict[str, Any] = {
        "vehicle": "LTEST000000000001", "t_ms": t_us / 1000, "mode": "automated", "lon": 106.3, "lat": 29.6, "speed_mps": 10.0,
        "accel_mps2": 0.0, "heading_deg": 90.0, "perception": {"objects": 3}, "lights": 0, "video_outside": "cam/1",
        "video_inside": "cab/1",
    }  # fmt: skip
    return json.dumps({key: value for key, value in (said | changes).items() if value is not None}).encode()


def items(t_us: int, **changes: Any) -> Items:
    return read(message(t_us, **changes), t_us)


@pytest.fixture(scope="module")
def city() -> hdmap.Map:
    return hdmap.open(ZONE)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def test_ten_items_are_read_and_what_is_missing_is_known() -> None:
    assert items(T0_US).present == frozenset(range(1, 9))
    assert items(T0_US, lat=None, video_inside=None, fault="lidar", remote_command="stop").present == {
        1,
        2,
        4,
        5,
        6,
        7,
        9,
        10,
    }


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"\xff\xfe", "message"), (b"[1]", "message"), (b'{"vehicle": "V"}', "t_ms"), (b'{"t_ms": 5}', "vehicle"),
        (message(T0_US, mode="autonomous"), "mode"), (message(T0_US, lat=91), "lat"), (message(T0_US, speed_mps="fast"),
         "speed_mps"),
        (message(T0_US, speed_mps=True), "speed_mps"), (b"{" * 9000, "message"), (message(T0_US, t_ms=float("nan")), "t_ms"),
    ],
)  # fmt: skip
def test_a_message_that_is_wrong_is_refused_with_the_field(payload: bytes, field: str) -> None:
    with pytest.raises(ItemsError, match=f"^{field}"):
        read(payload, T0_US)


def drive(*parts: tuple[float, dict[str, Any]]) -> tuple[Driving, list[str]]:
    """Drive so many seconds with these fields each, ten messages a second; return the driving and what happened."""
    driving, found, t_us = Driving("V"), [], T0_US
    for seconds, changes in parts:
        for _ in range(round(seconds * 10)):
            t_us += 100_000
            found += [one.kind for one in driving.take(items(t_us, **changes))]
    return driving, found


def test_automated_hours_and_kilometres_are_those_of_the_clock_and_the_speed() -> None:
    driving, _ = drive((60, {"speed_mps": 10.0}), (30, {"mode": "manual", "speed_mps": 5.0}))
    assert driving.tally.seconds["automated"] == pytest.approx(59.9)
    assert driving.tally.metres["automated"] == pytest.approx(599.0)
    assert driving.tally.metres["manual"] == pytest.approx(149.5)


def test_a_gap_counts_nothing_and_is_told() -> None:
    driving = Driving("V")
    for t_s in (0, 1, 2, 10, 11):
        driving.take(items(T0_US + t_s * 1_000_000))
    assert driving.tally.seconds["automated"] == pytest.approx(3.0) and driving.tally.gap_s == pytest.approx(8.0)
    assert driving.coming(T0_US + 11_000_000).longest_gap_s == pytest.approx(8.0)
    driving.take(items(T0_US + 5_000_000))
    assert driving.out_of_order == 1 and driving.tally.seconds["automated"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ({"ended_by": "driver"}, "takeover"), ({"ended_by": "remote"}, "takeover"), ({}, "takeover"),
        ({"ended_by": "system"}, "disengagement"), ({"fault": "lidar dark"}, "disengagement"),
        ({"ended_by": "planned"}, "planned"), ({"speed_mps": 0.0}, "planned"), ({"mode": "remote", "ended_by": "remote"},
         "takeover"),
    ],
)  # fmt: skip
def test_every_end_of_automated_mode_is_exactly_one_of_three(end: dict[str, Any], kind: str) -> None:
    before = {"speed_mps": end.get("speed_mps", 10.0)}
    driving, found = drive((2, before), (1, {"mode": "manual"} | end))
    assert [one for one in found if one != "fault"] == [kind]
    assert {name: count for name, count in driving.tally.counts.items() if name != "fault"} == {kind: 1}


def on_road(city: hdmap.Map, road: str) -> tuple[float, float]:
    """Return a place (degrees) in the middle of a car lane of a road."""
    roads = city.edges["road"].astype(str)[city.lanes["edge"]]
    lane = int(np.flatnonzero((roads == road) & (city.lanes["kind"] == 0) & (city.lanes["junction"] < 0))[0])
    at = int(city.lanes["first"][lane] + city.lanes["count"][lane] // 2)
    lon, lat = ZONE.project.inverse(np.array([city.points["x_m"][at]]), np.array([city.points["y_m"][at]]))
    return float(lon[0]), float(lat[0])


def test_a_place_is_inside_a_declared_road_and_outside_any_other(city: hdmap.Map) -> None:
    sections = Sections(city, 0.5)
    first, second = sections.roads[0], sections.roads[-1]
    x, y = ZONE.project(*(np.array([value]) for value in on_road(city, first)))
    assert sections.holds([first], float(x[0]), float(y[0]))
    assert not sections.holds([second], float(x[0]), float(y[0])) and not sections.holds([], float(x[0]), float(y[0]))
    assert sections.unknown([first, "nowhere"]) == ["nowhere"]


def test_automated_outside_the_declared_section_is_told_with_the_very_message(city: hdmap.Map, ledger: Ledger) -> None:
    declared, other = Sections(city, 0.5).roads[0], Sections(city, 0.5).roads[-1]
    ledger.hand_in("vehicle", vehicle().model_dump(mode="json"), T0_US)
    ledger.hand_in("declaration", declaration(roads=[declared]).model_dump(mode="json"), T0_US)
    supervisor = Supervisor(ZONE, city, ledger, T0_US)
    inside, outside = (dict(zip(("lon", "lat"), on_road(city, road), strict=True)) for road in (declared, other))
    found: list[tuple[int, Event]] = []
    for tick in range(40):
        t_us = T0_US + tick * 100_000
        where = inside if tick < 20 else outside
        found += [(tick, event) for event in supervisor.items("obu/V", message(t_us, **where), t_us)]
    assert [(tick, event.kind, event.vehicle) for tick, event in found] == [(20, "section-exit", "LTEST000000000001")]
    assert [row["rule"] for row in ledger.breaches()] == ["97-28"]
    (row,) = supervisor.status(T0_US + 4_000_000)["vehicles"]
    assert row["declaration"] == "T1" and not row["on_section"] and row["breaches"]
    (entered,) = ledger.events()
    assert entered["kind"] == "section-exit" and supervisor.to_pack[0].id == entered["id"]


def test_automated_without_a_declaration_and_a_refused_message_are_told(ledger: Ledger) -> None:
    supervisor = Supervisor(ZONE, None, ledger, T0_US)
    events = supervisor.items("obu/x", message(T0_US, vehicle="STRANGER"), T0_US)
    assert [event.kind for event in events] == ["section-exit"]
    assert supervisor.items("obu/x", b"{}", T0_US) == []
    assert supervisor.status(T0_US)["refused"] == {"obu/x": "vehicle: is missing"}


def test_a_minute_brings_hours_and_breaches_into_the_ledger(ledger: Ledger) -> None:
    ledger.hand_in("vehicle", vehicle().model_dump(mode="json"), T0_US)
    ledger.hand_in("declaration", declaration().model_dump(mode="json"), T0_US)
    supervisor = Supervisor(ZONE, None, ledger, T0_US)
    for tick in range(600):
        t_us = T0_US + tick * 100_000
        supervisor.items("obu/V", message(t_us, video_inside=None), t_us)
        breaches = supervisor.roll(t_us)
    assert breaches == []
    assert fields(supervisor.roll(T0_US + 60_000_000)) == ["items"]  # item 8 never came
    (row,) = ledger.driven(Demand(declaration="T1"))
    assert (
        row["mode"] == "automated" and row["hours"] * 3600 == pytest.approx(59.9) and row["km"] == pytest.approx(0.599)
    )


def test_papers_are_kept_the_newest_counts_and_wrong_ones_are_refused(ledger: Ledger) -> None:
    ledger.hand_in("driver", driver().model_dump(mode="json"), 1)
    ledger.hand_in("driver", driver(is_trained=False).model_dump(mode="json"), 2)
    (known,) = ledger.papers(type(driver()))
    assert not known.is_trained
    with pytest.raises(LedgerError, match="licence_since"):
        ledger.hand_in("driver", {"id": "D2"}, 3)
    with pytest.raises(LedgerError, match="no paper"):
        ledger.hand_in("shoe", {}, 3)


def test_the_clock_of_each_duty_is_seen_before_it_is_late(ledger: Ledger) -> None:
    at = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    ledger.hand_in("declaration", declaration(plate_until="2026-12-20").model_dump(mode="json"), 1)
    ledger.hand_in("vehicle", vehicle().model_dump(mode="json"), 1)
    grave = {"id": "A1", "declaration": "T1", "vin": "V", "at": at.isoformat(), "severity": "death"}
    ledger.hand_in("accident", grave, 1)

    def states(now: datetime) -> dict[str, str]:
        return {
            duty.what: duty.state for duty in duties(ledger, PROFILE, Calendar(), now) if duty.subject != "authority"
        }

    assert states(at + timedelta(hours=2))["reported"] == "open"
    assert states(at + timedelta(hours=19))["reported"] == "near"
    assert states(at + timedelta(hours=25))["reported"] == "late"
    ledger.hand_in("accident", grave | {"reported": (at + timedelta(hours=3)).isoformat()}, 2)
    now = states(at + timedelta(hours=25))
    assert now["reported"] == "done" and now["reported_up"] == "open" and now["plate"] == "open" and "half-year" in now
    (up,) = [
        duty for duty in duties(ledger, PROFILE, Calendar(), at + timedelta(hours=25)) if duty.what == "reported_up"
    ]
    assert not up.verified and up.as_json(at)["left_s"] > 0
    whose = {duty.what for duty in duties(ledger, PROFILE, Calendar(), at) if duty.subject == "authority"}
    assert whose == {"authority"}


def test_what_stands_and_what_does_not_is_found_in_all_papers_at_once(ledger: Ledger) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for kind, paper in (("driver", driver()), ("vehicle", vehicle()), ("declaration", declaration())):
        ledger.hand_in(kind, paper.model_dump(mode="json"), 1)
    assert standing(ledger, PROFILE, Calendar(), now) == []
    ledger.hand_in("driver", driver(is_trained=False).model_dump(mode="json"), 2)
    ledger.hand_in("vehicle", vehicle(is_marked=False).model_dump(mode="json"), 2)
    shown = declaration(id="S1", stage="demonstration", tested_under="T1")
    ledger.hand_in("declaration", shown.model_dump(mode="json"), 2)
    assert {breach.rule for breach in standing(ledger, PROFILE, Calendar(), now)} == {"97-7", "97-25", "97-16"}
    ledger.drove("LTEST000000000001", "2026-02-01", "T1", Tally({"automated": 240 * 3600.0}, {"automated": 5000.0}))
    assert {breach.rule for breach in standing(ledger, PROFILE, Calendar(), now)} == {"97-7", "97-25"}


def test_the_table_of_a_half_year_holds_counts_and_denominators(ledger: Ledger, tmp_path: Path) -> None:
    ledger.hand_in("vehicle", vehicle().model_dump(mode="json"), 1)
    ledger.hand_in("declaration", declaration().model_dump(mode="json"), 1)
    for day in ("2026-03-01", "2026-06-30", "2026-07-01"):
        tally = Tally(
            {"automated": 7200.0, "manual": 600.0}, {"automated": 50_000.0, "manual": 4000.0}, {"takeover": 1}
        )
        ledger.drove("渝A0001临", day, "T1", tally)
    (row,) = rows(ledger, date(2026, 1, 1), date(2026, 6, 30))
    assert (row["automated_h"], row["automated_km"], row["takeovers"]) == (4.0, 100.0, 2)
    assert row["takeovers_per_1000_km"] == 20.0 and row["vehicle"] == "LTEST000000000001"
    (idle,) = rows(ledger, date(2027, 1, 1), date(2027, 6, 30))
    assert idle["takeovers_per_1000_km"] is None
    as_xlsx(ZONE, [row], date(2026, 1, 1), date(2026, 6, 30), tmp_path / "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["中文", "English"]
    assert [cell.value for cell in book["English"][3]][8] == 2
    assert (book["中文"]["B3"].value, book["English"]["B3"].value) == ("道路测试", "road test")
    assert book["中文"].column_dimensions["D"].width > len("LTEST000000000001")
    page = as_html(ZONE, [row], date(2026, 1, 1), date(2026, 6, 30), "zh")
    assert "仿真" in page and "接管次数" in page and "20.0" in page


def test_months_and_working_days_are_counted_as_calendars_do(tmp_path: Path) -> None:
    assert after_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert after_months(date(2026, 1, 1), 18) == date(2027, 7, 1)
    assert after_working_days(date(2026, 11, 27), 3, Calendar()) == date(2026, 12, 2)
    (tmp_path / "calendar.toml").write_text("[year.2026]\noff = [2026-12-01]\nworked = [2026-11-28]\n")
    known = load(tmp_path)
    assert after_working_days(date(2026, 11, 27), 3, known) == date(2026, 12, 2) and known.is_verified(
        *[date(2026, 5, 1)] * 2
    )
    for wrong, told in (
        ("[year.2026]\noff = [2027-12-01]\n", r"year\.2026\.off"),
        ("[year.2026]\noff = [2026-12-01]\nworked = [2026-12-01]\n", "off and worked"),
        ("[year.next]\n", r"year\.next"),
        ("[year.2026]\nfree = []\n", "free"),
    ):
        (tmp_path / "calendar.toml").write_text(wrong)
        with pytest.raises(ZoneError, match=told):
            load(tmp_path)


def test_the_calendar_holds_the_years_whose_notice_was_read_and_claims_no_other(tmp_path: Path) -> None:
    known = load(tmp_path)
    assert known.years[2026] == "国办发明电〔2025〕7号" and max(known.years) == 2026
    # each holiday of the notice is as long as it says: 3, 9, 3, 5, 3, 3 and 7 days, and no day of it is worked
    of_2026 = sorted(day for day in known.off if day.year == 2026)
    spans = [[of_2026[0]]]
    for day in of_2026[1:]:
        if day - spans[-1][-1] == timedelta(days=1):
            spans[-1].append(day)
        else:
            spans.append([day])
    assert [len(span) for span in spans] == [3, 9, 3, 5, 3, 3, 7]
    assert not any(known.is_working(day) for day in of_2026)
    # who works instead does so at a weekend
    assert all(day.weekday() >= 5 and known.is_working(day) for day in known.worked)
    assert after_working_days(date(2026, 9, 30), 3, known) == date(2026, 10, 10)
    assert known.is_verified(date(2025, 3, 1), date(2026, 12, 24))
    for last in (date(2026, 12, 25), date(2027, 1, 4)):  # next year's notice may move the last days of December
        assert not known.is_verified(date(2026, 12, 1), last)
