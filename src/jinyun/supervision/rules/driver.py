"""Article 7: the safety driver 安全员."""

from __future__ import annotations

from datetime import date

from jinyun.supervision.deadlines import after_months
from jinyun.supervision.papers import Driver
from jinyun.supervision.rules.rule import Breach, found
from jinyun.zone import Profile

ID = "97-7"


def driver_may(driver: Driver, profile: Profile, today: date) -> list[Breach]:
    """Return what keeps somebody from being a safety driver on ``today`` (第七条)."""
    years = int(profile["supervision.licence_years"].value)
    full, cycles = int(profile["supervision.points_full"].value), int(profile["supervision.points_cycles"].value)
    since = after_months(today, -12 * int(profile["supervision.violation_years"].value))
    serious = [one for one in driver.violations if since < one.day <= today]
    points = driver.points_by_cycle[-cycles:]
    named = serious[0] if serious else None
    return found(
        ID, driver.id,
        (not driver.has_contract, "has_contract", "没有劳动合同或劳务合同", "there is no contract with the subject"),
        (after_months(driver.licence_since, 12 * years) > today, "licence_since",
         f"驾驶证 {driver.licence_since} 取得，不满 {years} 年",
         f"licence of {driver.licence_since} is younger than {years} years"),
        (max(points, default=0) >= full, "points_by_cycle", f"最近 {cycles} 个记分周期内有满 {full} 分记录",
         f"{full} points were full in one of the last {cycles} cycles"),
        (bool(serious), "violations", f"最近一年内有严重违法：{named.what if named else ''}",
         f"serious violation within a year: {named.what if named else ''} on {named.day if named else ''}"),
        (driver.drink_or_drugs, "drink_or_drugs", "有酒驾或毒驾记录", "there is a record of drink or drugs"),
        (driver.grave_accident_at_fault, "grave_accident_at_fault", "有致人死亡或重伤且负有责任的事故记录",
         "was at fault in an accident with death or serious injury"),
        (not driver.is_trained, "is_trained", "未经培训", "was not trained"),
    )  # fmt: skip
