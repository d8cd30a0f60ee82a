"""The rules of the act, article by article: what stands, and what does not."""

from __future__ import annotations

import inspect
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from jinyun.supervision.deadlines import Calendar
from jinyun.supervision.papers import Accident, Change, Driver, Filed, Offence, Operator
from jinyun.supervision.rules import RULES, as_markdown, listing
from jinyun.supervision.rules.accident import accident_is_analysed, accident_is_told
from jinyun.supervision.rules.conduct import Moment, automated_stays_inside, driver_watches, nobody_else_is_aboard
from jinyun.supervision.rules.data import Coming, Kept, event_is_kept, items_come
from jinyun.supervision.rules.declaration import declaration_stands, plate_is_renewed, plate_is_within
from jinyun.supervision.rules.demonstration import Driven, demonstration_is_earned, demonstration_stands
from jinyun.supervision.rules.driver import driver_may
from jinyun.supervision.rules.operator import operator_can
from jinyun.supervision.rules.reporting import authority_reports, subject_reports
from jinyun.supervision.rules.termination import must_end
from jinyun.supervision.rules.testing import other_city_asks_no_more, vehicle_is_tested
from jinyun.supervision.rules.vehicle import changes_are_reported, vehicle_is_marked, vehicle_may
from tests.supervision.papers import PROFILE, TODAY, declaration, driver, fields, vehicle

ABLE = {"monitors_live": True, "records_events": True, "replays": True, "guards_network": True}


def test_every_rule_names_tests_that_are_here_and_numbers_that_are_in_the_profile() -> None:
    here = {name for name, _ in inspect.getmembers(sys.modules[__name__], inspect.isfunction)}
    for rule in RULES:
        assert len(rule.tests) >= 2 and set(rule.tests) <= here, rule.id
        assert rule.keys and all(key in PROFILE for key in rule.keys)
    assert len({rule.id for rule in RULES}) == len(RULES)
    rows = listing(PROFILE)
    assert {row["id"] for row in rows if row["status"] == "issued"} >= {"97-7", "97-10", "97-16", "97-35", "97-36"}
    assert next(row for row in rows if row["id"] == "97-9")["status"] == "local"
    assert all(rule.article in as_markdown(PROFILE) for rule in RULES)


def test_every_article_with_a_rule_that_can_be_computed_has_one() -> None:
    numerals = "五、六 七 八 九 十 十一 十二 十三 十六 十七 二十五 二十六 二十七 二十八 二十九 三十"
    numerals += " 三十一 三十二 三十五 三十六"
    assert {f"第{word}条" for word in numerals.split()} == {rule.article for rule in RULES}


def test_an_operator_who_can_do_everything_stands() -> None:
    assert operator_can(Operator(**ABLE), PROFILE) == []


@pytest.mark.parametrize("field", list(ABLE))
def test_each_thing_an_operator_cannot_do_is_named(field: str) -> None:
    assert fields(operator_can(Operator(**ABLE | {field: False}), PROFILE)) == [field]


def test_a_driver_who_meets_every_condition_may_drive() -> None:
    assert driver_may(driver(), PROFILE, TODAY) == []  # twelve points four cycles ago count no more


@pytest.mark.parametrize(
    "changes",
    [
        {"has_contract": False}, {"licence_since": date(2024, 1, 1)}, {"points_by_cycle": [0, 12, 0]},
        {"violations": [{"day": date(2026, 3, 1), "what": "red light"}]}, {"drink_or_drugs": True},
        {"grave_accident_at_fault": True}, {"is_trained": False},
    ],
)  # fmt: skip
def test_each_condition_that_a_driver_fails_is_named(changes: dict[str, Any]) -> None:
    assert fields(driver_may(driver(**changes), PROFILE, TODAY)) == list(changes)


def test_a_licence_is_old_enough_on_the_very_day_and_not_the_day_before() -> None:
    assert driver_may(driver(licence_since=date(2023, 11, 30)), PROFILE, TODAY) == []
    assert fields(driver_may(driver(licence_since=date(2023, 12, 1)), PROFILE, TODAY)) == ["licence_since"]


def test_a_form_with_an_unknown_or_missing_field_is_refused_with_its_name() -> None:
    with pytest.raises(ValidationError, match="shoe_size"):
        driver(shoe_size=43)
    with pytest.raises(ValidationError, match="licence_since"):
        Driver(**{key: value for key, value in driver().model_dump().items() if key != "licence_since"})


def test_a_vehicle_that_meets_every_condition_may_be_tested() -> None:
    assert vehicle_may(vehicle(), PROFILE) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"is_registered": True}, "is_registered"),
        ({"has_passed_mandatory_tests": False}, "has_passed_mandatory_tests"),
        ({"has_automated_mode": False}, "has_manual_mode"),
        ({"switches_at_once": False}, "switches_at_once"),
    ],
)
def test_each_condition_that_a_vehicle_fails_is_named(changes: dict[str, Any], field: str) -> None:
    assert fields(vehicle_may(vehicle(**changes), PROFILE)) == [field]


def test_items_that_come_every_second_are_complete() -> None:
    assert items_come(Coming("V", 3600, 3550, 1.2, frozenset(range(1, 9))), PROFILE) == []


def test_missing_items_gaps_and_rare_seconds_are_told() -> None:
    assert fields(items_come(Coming("V", 3600, 3000, 9.0, frozenset({1, 2, 3, 4, 6})), PROFILE)) == [
        "items", "with_first_four", "longest_gap_s",
    ]  # fmt: skip


def test_ninety_seconds_before_and_a_year_are_enough() -> None:
    assert event_is_kept(Kept("E", 90.0, 366), PROFILE) == []


def test_a_second_less_before_or_a_day_less_kept_is_told() -> None:
    assert fields(event_is_kept(Kept("E", 89.0, 366), PROFILE)) == ["before_s"]
    assert fields(event_is_kept(Kept("E", 90.0, 364), PROFILE)) == ["kept_days"]


def test_a_vehicle_tested_by_a_third_party_in_all_items_stands() -> None:
    assert vehicle_is_tested(vehicle(), PROFILE) == []


def test_items_that_are_not_passed_are_named() -> None:
    spoilt = vehicle(track_test_by="", common_items_passed=["item-1"] * 20, odd_items_passed=[])
    breaches = vehicle_is_tested(spoilt, PROFILE)
    assert fields(breaches) == ["track_test_by", "common_items_passed", "odd_items_passed"]
    assert "tunnel" in breaches[2].reason.en


def test_another_city_may_ask_its_own_items() -> None:
    other = declaration(city="北京", items_asked_again=["a local item"])
    assert other_city_asks_no_more(other, vehicle(), PROFILE) == []


def test_common_items_asked_again_in_another_city_are_told() -> None:
    again = ["item-3", "a local item"]
    breaches = other_city_asks_no_more(declaration(city="北京", items_asked_again=again), vehicle(), PROFILE)
    assert fields(breaches) == ["items_asked_again"] and "local" not in breaches[0].reason.en
    assert other_city_asks_no_more(declaration(items_asked_again=again), vehicle(), PROFILE) == []  # the same city may


def test_a_declaration_of_eighteen_months_with_five_million_insured_stands() -> None:
    assert declaration_stands(declaration(), vehicle(), PROFILE) == []
    assert declaration_stands(declaration(), vehicle(accident_insurance_cny=0, guarantee_cny=5e6), PROFILE) == []


def test_a_day_more_than_eighteen_months_or_a_yuan_less_insured_is_told() -> None:
    assert fields(declaration_stands(declaration(ends=date(2027, 7, 2)), vehicle(), PROFILE)) == ["ends"]
    poor = vehicle(accident_insurance_cny=4_999_999)
    assert fields(declaration_stands(declaration(), poor, PROFILE)) == ["accident_insurance_cny"]
    bare = declaration(roads=[], items=[], papers=["one"] * 11)
    assert fields(declaration_stands(bare, vehicle(), PROFILE)) == ["roads", "items", "papers"]


def test_a_declaration_beyond_inspection_or_insurance_is_told() -> None:
    for until in ("inspection_until", "compulsory_insurance_until", "accident_insurance_until"):
        assert fields(declaration_stands(declaration(), vehicle(**{until: date(2027, 6, 30)}), PROFILE)) == ["ends"]


def test_a_plate_within_the_declaration_stands() -> None:
    assert plate_is_within(declaration(), PROFILE) == []


def test_a_plate_beyond_the_declared_roads_or_time_is_told() -> None:
    assert fields(plate_is_within(declaration(plate_until=date(2027, 7, 2)), PROFILE)) == ["plate_until"]
    assert fields(plate_is_within(declaration(plate_roads=["r1", "r9"]), PROFILE)) == ["plate_roads"]
    assert fields(plate_is_within(declaration(plate_until=None), PROFILE)) == ["plate_until"]


def test_renewing_a_plate_asks_no_test_again() -> None:
    assert plate_is_renewed(declaration(id="T2", renews="T1"), declaration(), PROFILE) == []


def test_a_test_asked_again_for_a_renewed_plate_is_told() -> None:
    renewed = declaration(id="T2", renews="T1", items_asked_again=["following"])
    assert fields(plate_is_renewed(renewed, declaration(), PROFILE)) == ["items_asked_again"]
    assert fields(plate_is_renewed(renewed, None, PROFILE)) == ["renews"]


def test_either_240_hours_or_1000_km_earn_a_demonstration() -> None:
    shown = declaration(id="S1", stage="demonstration", roads=["r1"], tested_under="T1")
    for driven in (Driven(240, 0), Driven(0, 1000)):
        assert demonstration_is_earned(shown, driven, declaration(), PROFILE) == []


def test_neither_hours_nor_kilometres_earn_nothing() -> None:
    shown = declaration(id="S1", stage="demonstration", tested_under="T1")
    assert fields(demonstration_is_earned(shown, Driven(239.9, 999.9), declaration(), PROFILE)) == ["driven"]


def test_an_offence_or_a_road_that_was_not_tested_forbids_a_demonstration() -> None:
    shown = declaration(id="S1", stage="demonstration", roads=["r1", "r3"], tested_under="T1")
    breaches = demonstration_is_earned(shown, Driven(300, 3000, 1, 1), declaration(), PROFILE)
    assert fields(breaches) == ["offences", "accidents_at_fault", "roads"] and "r3" in breaches[2].reason.en
    assert fields(demonstration_is_earned(shown, Driven(300, 0), None, PROFILE)) == ["tested_under"]


def test_a_demonstration_with_insured_passengers_stands() -> None:
    assert demonstration_stands(declaration(stage="demonstration", carries_passengers=True), vehicle(), PROFILE) == []


def test_passengers_without_insurance_are_told() -> None:
    shown = declaration(stage="demonstration", carries_passengers=True, ends=date(2027, 7, 2))
    bare = vehicle(passenger_insurance_until=None)
    assert fields(demonstration_stands(shown, bare, PROFILE)) == ["ends", "passenger_insurance_until"]


def test_a_marked_vehicle_stands() -> None:
    assert vehicle_is_marked(vehicle(), PROFILE) == []


def test_a_vehicle_without_the_marking_is_told() -> None:
    breaches = vehicle_is_marked(vehicle(is_marked=False), PROFILE, "demonstration")
    assert "自动驾驶示范应用" in breaches[0].reason.zh


def moment(**changes: Any) -> Moment:
    whole: dict[str, Any] = {
        "vehicle": "V",
        "stage": "test",
        "mode": "automated",
        "on_section": True,
        "is_declared": True,
    }
    return Moment(**whole | changes)


def test_a_driver_may_look_away_in_manual_mode() -> None:
    assert driver_watches(moment(mode="manual", away_s=60.0), PROFILE) == []
    assert driver_watches(moment(away_s=1.0), PROFILE) == []


def test_a_driver_who_looks_away_in_automated_mode_is_told() -> None:
    assert fields(driver_watches(moment(away_s=3.5), PROFILE)) == ["away_s"]


def test_passengers_of_a_demonstration_are_no_strangers() -> None:
    assert nobody_else_is_aboard(moment(stage="demonstration", strangers=6, goods=True), PROFILE) == []


def test_strangers_or_goods_in_a_test_are_told() -> None:
    assert fields(nobody_else_is_aboard(moment(strangers=1, goods=True), PROFILE)) == ["strangers", "goods"]


def test_automated_inside_the_section_and_manual_anywhere_stand() -> None:
    assert automated_stays_inside(moment(), PROFILE) == []
    assert automated_stays_inside(moment(mode="manual", on_section=False, is_declared=False), PROFILE) == []


def test_automated_outside_the_section_or_without_a_declaration_is_told() -> None:
    outside = automated_stays_inside(moment(on_section=False), PROFILE)
    undeclared = automated_stays_inside(moment(is_declared=False, mode="remote"), PROFILE)
    assert fields(outside) == fields(undeclared) == ["mode"]
    assert "outside" in outside[0].reason.en and "no declaration" in undeclared[0].reason.en


def test_a_reported_change_stands() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert changes_are_reported([Change(vin="V", at=at, what="lidar", reported=at)], PROFILE) == []


def test_a_change_that_was_not_reported_is_told() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    breaches = changes_are_reported([Change(vin="V", at=at, what="planner 1.1")], PROFILE)
    assert "planner 1.1" in breaches[0].reason.en


def filed(kind: str, ends: date, at: date, whose: str = "T1") -> Filed:
    return Filed(declaration=whose, kind=kind, period_ends=ends, filed=at)  # type: ignore[arg-type]


def test_reports_filed_on_their_days_stand() -> None:
    reports = [
        filed("half-year", date(2026, 7, 1), date(2026, 7, 1)), filed("half-year", date(2027, 1, 1), date(2026, 12, 30)),
        filed("final", date(2027, 7, 1), date(2027, 8, 1)),
    ]  # fmt: skip
    assert subject_reports(declaration(), reports, PROFILE, date(2028, 1, 1)) == []
    assert subject_reports(declaration(), [], PROFILE, date(2026, 7, 1)) == []


def test_reports_that_are_late_or_missing_are_told() -> None:
    late = [filed("half-year", date(2026, 7, 1), date(2026, 7, 2))]
    assert fields(subject_reports(declaration(), late, PROFILE, date(2026, 11, 30))) == ["half-year"]
    assert fields(subject_reports(declaration(), [], PROFILE, date(2027, 8, 2))) == ["half-year", "half-year", "final"]


def test_an_authority_that_reported_in_june_and_december_stands() -> None:
    reports = [
        filed("authority", date(2026, month, day), date(2026, month, 15), "authority")
        for month, day in ((6, 30), (12, 31))
    ]
    assert authority_reports(reports, PROFILE, date(2026, 1, 1), date(2027, 1, 5)) == []


def test_a_june_that_was_forgotten_is_told() -> None:
    breaches = authority_reports([], PROFILE, date(2026, 1, 1), date(2026, 7, 1))
    assert fields(breaches) == ["authority"] and "2026-06-30" in breaches[0].reason.en


def accident(**changes: Any) -> Accident:
    at = datetime(2026, 9, 3, 10, 0, tzinfo=UTC)  # a Thursday in China
    whole: dict[str, Any] = {"id": "A1", "declaration": "T1", "vin": "V", "at": at, "severity": "serious"}
    return Accident(**whole | changes)


def test_a_clean_test_goes_on() -> None:
    assert must_end(declaration(), vehicle(), [], [], PROFILE, TODAY) == []
    minor = [accident(severity="minor", at_fault=True)]
    other = [Offence(declaration="T1", at=datetime(2026, 9, 1, tzinfo=UTC), what="other")]
    assert must_end(declaration(), vehicle(), other, minor, PROFILE, TODAY) == []


def test_each_reason_to_end_a_test_is_told() -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    assert fields(must_end(declaration(), vehicle(vin="OTHER"), [], [], PROFILE, TODAY)) == ["vin"]
    assert fields(must_end(declaration(plate_until=date(2026, 11, 29)), vehicle(), [], [], PROFILE, TODAY)) == [
        "plate_until"
    ]
    assert fields(must_end(declaration(), vehicle(), [], [], PROFILE, TODAY, "brakes fail")) == ["major_risk"]
    for what in ("red-light", "wrong-way", "other-grave"):
        offence = [Offence(declaration="T1", at=at, what=what)]  # type: ignore[arg-type]
        assert fields(must_end(declaration(), vehicle(), offence, [], PROFILE, TODAY)) == [what]
    for severity in ("serious", "death", "destroyed"):
        assert fields(must_end(declaration(), vehicle(), [], [accident(severity=severity)], PROFILE, TODAY)) == [
            "accident"
        ]


def test_a_grave_accident_without_fault_does_not_end_a_test() -> None:
    assert must_end(declaration(), vehicle(), [], [accident(at_fault=False)], PROFILE, TODAY) == []


def test_an_accident_told_within_24_hours_stands() -> None:
    told = accident(
        reported=datetime(2026, 9, 4, 10, 0, tzinfo=UTC), reported_up=datetime(2026, 9, 9, 15, 0, tzinfo=UTC)
    )
    assert accident_is_told(told, PROFILE, Calendar(), datetime(2026, 12, 1, tzinfo=UTC)) == []


def test_an_accident_told_a_minute_late_may_suspend_for_24_months() -> None:
    late = accident(reported=datetime(2026, 9, 4, 10, 1, tzinfo=UTC))
    now = datetime(2026, 9, 4, 12, 0, tzinfo=UTC)
    breaches = accident_is_told(late, PROFILE, Calendar(), now)
    assert fields(breaches) == ["reported", "suspension"] and "24 months" in breaches[1].reason.en
    assert accident_is_told(accident(), PROFILE, Calendar(), datetime(2026, 9, 4, 9, 59, tzinfo=UTC)) == []
    # Friday's report goes up by Wednesday's end in China: 16:00 UTC
    up = accident(reported=datetime(2026, 9, 4, 9, 0, tzinfo=UTC))
    assert fields(accident_is_told(up, PROFILE, Calendar(), datetime(2026, 9, 9, 16, 1, tzinfo=UTC))) == ["reported_up"]


def test_a_light_accident_is_told_with_its_month() -> None:
    light = accident(severity="minor")
    assert accident_is_told(light, PROFILE, Calendar(), datetime(2026, 9, 30, 15, 59, tzinfo=UTC)) == []
    assert fields(accident_is_told(light, PROFILE, Calendar(), datetime(2026, 9, 30, 16, 1, tzinfo=UTC))) == [
        "reported"
    ]


FOUND = datetime(2026, 9, 25, 2, 0, tzinfo=UTC)  # a Friday
HOLIDAYS = Calendar(
    frozenset(date(2026, 10, day) for day in range(1, 8)),
    frozenset({date(2026, 9, 27), date(2026, 10, 10)}),
    {2026: ""},
)
"""A made-up table for tests: seven days off, two worked instead."""


def test_an_analysis_on_the_fifth_working_day_stands() -> None:
    done = accident(liability_found=FOUND, analysed=datetime(2026, 10, 2, 15, 59, tzinfo=UTC))
    assert accident_is_analysed(done, PROFILE, Calendar(), datetime(2026, 10, 3, tzinfo=UTC)) == []


def test_an_analysis_on_the_sixth_working_day_is_late() -> None:
    waits = accident(liability_found=FOUND)
    assert fields(accident_is_analysed(waits, PROFILE, Calendar(), datetime(2026, 10, 2, 16, 1, tzinfo=UTC))) == [
        "analysed"
    ]
    # with the table: Sun 27 worked, Mon 28, Tue 29, Wed 30, then Thu 8 October
    for at, late in (
        (datetime(2026, 10, 8, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 8, 16, 1, tzinfo=UTC), True),
    ):
        assert bool(accident_is_analysed(waits, PROFILE, HOLIDAYS, at)) == late
    analysed = accident(liability_found=FOUND, analysed=FOUND)
    assert fields(accident_is_analysed(analysed, PROFILE, Calendar(), FOUND + timedelta(days=8))) == ["forwarded"]
