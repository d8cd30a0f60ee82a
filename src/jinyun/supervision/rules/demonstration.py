"""Articles 16 and 17: from tests to demonstrations with passengers."""

from __future__ import annotations

from dataclasses import dataclass

from jinyun.supervision.deadlines import after_months
from jinyun.supervision.papers import Declaration, Vehicle
from jinyun.supervision.rules.rule import Breach, found
from jinyun.zone import Profile

EARNED, DECLARED = "97-16", "97-17"


@dataclass(frozen=True, slots=True)
class Driven:
    """What a vehicle has behind it in automated mode on the planned section."""

    hours: float
    km: float
    offences: int = 0
    accidents_at_fault: int = 0


def demonstration_is_earned(
    declaration: Declaration, driven: Driven, tested: Declaration | None, profile: Profile
) -> list[Breach]:
    """Return what a vehicle lacks for a demonstration (第十六条): hours *or* kilometres, a clean record, a tested area."""
    hours, km = profile["supervision.demonstration_h"].value, profile["supervision.demonstration_km"].value
    beyond = sorted(set(declaration.roads) - set(tested.roads if tested is not None else ()))
    listed = ", ".join(beyond)
    return found(
        EARNED, declaration.id,
        (driven.hours < hours and driven.km < km, "driven",
         f"自动驾驶 {driven.hours:.1f} h、{driven.km:.1f} km，要求 {hours:g} h 或 {km:g} km",
         f"{driven.hours:.1f} h and {driven.km:.1f} km automated, {hours:g} h or {km:g} km are asked"),
        (driven.offences > 0, "offences", f"测试期间有 {driven.offences} 次违法", f"{driven.offences} violations in the tests"),
        (driven.accidents_at_fault > 0, "accidents_at_fault", f"有 {driven.accidents_at_fault} 次负有责任的事故",
         f"{driven.accidents_at_fault} accidents at fault in the tests"),
        (tested is None, "tested_under", "没有对应的道路测试声明", "no declaration of the test before it is known"),
        (tested is not None and bool(beyond), "roads", f"示范区域超出测试区域：{listed}",
         f"goes beyond the roads that were tested: {listed}"),
    )  # fmt: skip


def demonstration_stands(declaration: Declaration, vehicle: Vehicle, profile: Profile) -> list[Breach]:
    """Return what a declaration of a demonstration claims too much of or lacks for its passengers (第十七条)."""
    months = int(profile["supervision.demonstration_months"].value)
    last = after_months(declaration.begins, months)
    until = vehicle.passenger_insurance_until
    covered = until is not None and until >= declaration.ends
    return found(
        DECLARED, declaration.id,
        (declaration.ends > last, "ends", f"有效期超过 {months} 个月",
         f"is longer than {months} months: until {declaration.ends}"),
        (declaration.carries_passengers and not covered, "passenger_insurance_until",
         "搭载人员没有覆盖全程的座位险或意外险", "passengers have no seat or accident insurance for all of it"),
    )  # fmt: skip
