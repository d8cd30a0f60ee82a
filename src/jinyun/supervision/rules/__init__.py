"""The rules of 工信部联通装〔2021〕97号 that can be computed: an article each, listed with their numbers and their tests."""

from __future__ import annotations

from typing import Any

from jinyun.supervision.rules import (
    accident,
    conduct,
    data,
    declaration,
    demonstration,
    driver,
    operator,
    reporting,
    termination,
    testing,
    vehicle,
)
from jinyun.supervision.rules.rule import Breach, Rule, Words
from jinyun.zone import Profile

__all__ = ["RULES", "Breach", "Rule", "Words", "as_markdown", "listing"]


def _rule(id: str, article: str, zh: str, en: str, keys: str, check: Any, *tests: str) -> Rule:
    numbers = tuple(f"supervision.{key}" for key in keys.split())
    return Rule(id, article, Words(zh, en), numbers, check, tests)


RULES: tuple[Rule, ...] = (
    _rule(
        operator.ID, "第五、六条", "运营主体：实时监控、事件记录与回放、网络安全",
        "the operator monitors live, records and replays events, guards the network", "items_live_s", operator.operator_can,
        "test_an_operator_who_can_do_everything_stands", "test_each_thing_an_operator_cannot_do_is_named",
    ),
    _rule(
        driver.ID, "第七条", "安全员条件", "who may be a safety driver",
        "licence_years points_full points_cycles violation_years",
        driver.driver_may,
        "test_a_driver_who_meets_every_condition_may_drive", "test_each_condition_that_a_driver_fails_is_named",
        "test_a_licence_is_old_enough_on_the_very_day_and_not_the_day_before",
    ),
    _rule(
        vehicle.VEHICLE, "第八条", "测试车辆条件", "what a test vehicle must be", "unmarked_vehicles", vehicle.vehicle_may,
        "test_a_vehicle_that_meets_every_condition_may_be_tested", "test_each_condition_that_a_vehicle_fails_is_named",
    ),
    _rule(
        data.LIVE, "第八条", "十项数据实时上报与完整性", "the ten data items come, the first four live",
        "items_live_s items_complete_share", data.items_come,
        "test_items_that_come_every_second_are_complete", "test_missing_items_gaps_and_rare_seconds_are_told",
    ),
    _rule(
        data.BEFORE, "第八条", "事故前至少 90 s、保存至少一年", "events are recorded from 90 s before and kept a year",
        "items_recorded_s items_kept_years", data.event_is_kept,
        "test_ninety_seconds_before_and_a_year_are_enough", "test_a_second_less_before_or_a_day_less_kept_is_told",
    ),
    _rule(
        testing.TRACK, "第九条", "第三方测试：通用项目与设计运行条件项目",
        "a third party has tested common items and those of the ODD",
        "common_items", testing.vehicle_is_tested,
        "test_a_vehicle_tested_by_a_third_party_in_all_items_stands", "test_items_that_are_not_passed_are_named",
    ),
    _rule(
        declaration.DECLARED, "第十条", "安全性自我声明：内容、期限、保险、材料",
        "the declaration: content, time, insurance, documents", "declaration_months declaration_papers insurance_cny",
        declaration.declaration_stands,
        "test_a_declaration_of_eighteen_months_with_five_million_insured_stands",
        "test_a_day_more_than_eighteen_months_or_a_yuan_less_insured_is_told",
        "test_a_declaration_beyond_inspection_or_insurance_is_told",
    ),
    _rule(
        declaration.PLATE, "第十一条", "临时号牌限于申报路段与声明有效期", "the plate stays within the declaration",
        "plate_beyond_days", declaration.plate_is_within,
        "test_a_plate_within_the_declaration_stands", "test_a_plate_beyond_the_declared_roads_or_time_is_told",
    ),
    _rule(
        declaration.RENEWED, "第十二条", "号牌到期续领不重复测试", "an expired plate is renewed without repeating tests",
        "plate_beyond_days", declaration.plate_is_renewed,
        "test_renewing_a_plate_asks_no_test_again", "test_a_test_asked_again_for_a_renewed_plate_is_told",
    ),
    _rule(
        testing.ELSEWHERE, "第十三条", "异地测试不重复通用项目", "another city does not repeat common items",
        "other_city_items",
        testing.other_city_asks_no_more,
        "test_another_city_may_ask_its_own_items", "test_common_items_asked_again_in_another_city_are_told",
    ),
    _rule(
        demonstration.EARNED, "第十六条", "示范应用前 240 h 或 1000 km", "240 h or 1,000 km before a demonstration",
        "demonstration_h demonstration_km", demonstration.demonstration_is_earned,
        "test_either_240_hours_or_1000_km_earn_a_demonstration", "test_neither_hours_nor_kilometres_earn_nothing",
        "test_an_offence_or_a_road_that_was_not_tested_forbids_a_demonstration",
    ),
    _rule(
        demonstration.DECLARED, "第十七条", "示范应用声明期限与搭载人员保险",
        "the demonstration's time and its passengers' insurance",
        "demonstration_months", demonstration.demonstration_stands,
        "test_a_demonstration_with_insured_passengers_stands", "test_passengers_without_insurance_are_told",
    ),
    _rule(
        vehicle.MARKING, "第二十五条", "车身标识", "the body bears the marking", "unmarked_vehicles", vehicle.vehicle_is_marked,
        "test_a_marked_vehicle_stands", "test_a_vehicle_without_the_marking_is_told",
    ),
    _rule(
        conduct.WATCHES, "第二十六条", "安全员始终监控", "the driver always watches", "unwatched_s", conduct.driver_watches,
        "test_a_driver_may_look_away_in_manual_mode", "test_a_driver_who_looks_away_in_automated_mode_is_told",
    ),
    _rule(
        conduct.ABOARD, "第二十七条", "测试不搭载无关人员与货物", "no unrelated persons or goods in tests", "strangers",
        conduct.nobody_else_is_aboard,
        "test_passengers_of_a_demonstration_are_no_strangers", "test_strangers_or_goods_in_a_test_are_told",
    ),
    _rule(
        conduct.SECTION, "第二十八条", "自动驾驶仅限申报路段", "automated mode stays inside the declared section",
        "section_raise_s section_beyond_m", conduct.automated_stays_inside,
        "test_automated_inside_the_section_and_manual_anywhere_stand",
        "test_automated_outside_the_section_or_without_a_declaration_is_told",
    ),
    _rule(
        vehicle.CHANGES, "第二十九条", "软硬件变更报告", "changes of software and hardware are reported", "unreported_changes",
        vehicle.changes_are_reported,
        "test_a_reported_change_stands", "test_a_change_that_was_not_reported_is_told",
    ),
    _rule(
        reporting.SUBJECT, "第三十条", "每 6 个月报告、结束后 1 个月内总结",
        "a report every 6 months, the last within a month of the end",
        "report_months final_report_months", reporting.subject_reports,
        "test_reports_filed_on_their_days_stand", "test_reports_that_are_late_or_missing_are_told",
    ),
    _rule(
        reporting.AUTHORITY, "第三十一条", "主管部门每年 6 月、12 月上报", "the authority reports each June and December",
        "authority_first_month authority_second_month", reporting.authority_reports,
        "test_an_authority_that_reported_in_june_and_december_stands", "test_a_june_that_was_forgotten_is_told",
    ),
    _rule(
        termination.ID, "第三十二条", "终止情形", "when a test must end", "grave_accidents", termination.must_end,
        "test_a_clean_test_goes_on", "test_each_reason_to_end_a_test_is_told",
        "test_a_grave_accident_without_fault_does_not_end_a_test",
    ),
    _rule(
        accident.TOLD, "第三十五条", "事故 24 h 内上报、主管部门 3 个工作日",
        "grave accidents are told in 24 h, up in 3 working days",
        "accident_report_h suspension_months authority_up_days", accident.accident_is_told,
        "test_an_accident_told_within_24_hours_stands", "test_an_accident_told_a_minute_late_may_suspend_for_24_months",
        "test_a_light_accident_is_told_with_its_month",
    ),
    _rule(
        accident.ANALYSED, "第三十六条", "责任认定后 5 个工作日内分析报告", "the analysis follows in 5 working days",
        "analysis_days forward_days", accident.accident_is_analysed,
        "test_an_analysis_on_the_fifth_working_day_stands", "test_an_analysis_on_the_sixth_working_day_is_late",
    ),
)  # fmt: skip
"""All of them, in the order of the articles."""


def listing(profile: Profile) -> list[dict[str, Any]]:
    """Return every rule with its article, its numbers of a profile, the weakest status among them, and its tests."""
    return [rule.as_json(profile) for rule in RULES]


def as_markdown(profile: Profile) -> str:
    """Return the rules as a table."""
    lines = ["| rule | article | what | numbers | status | tests |", "|---|---|---|---|---|---|"]
    for rule in RULES:
        numbers = "; ".join(f"{key.partition('.')[2]} {profile[key].value:g} {profile[key].unit}" for key in rule.keys)
        tests = "<br>".join(test.removeprefix("test_").replace("_", " ") for test in rule.tests)
        lines.append(
            f"| {rule.id} | {rule.article} | {rule.about.zh} · {rule.about.en} | {numbers} | {rule.status(profile)} | {tests} |"
        )
    return "\n".join(lines) + "\n"
