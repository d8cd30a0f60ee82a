"""Articles 10, 11 and 12: the safety self-declaration of a road test, and the temporary plate."""

from __future__ import annotations

from datetime import timedelta

from jinyun.supervision.deadlines import after_months
from jinyun.supervision.papers import Declaration, Vehicle
from jinyun.supervision.rules.rule import Breach, found
from jinyun.zone import Profile

DECLARED, PLATE, RENEWED = "97-10", "97-11", "97-12"


def declaration_stands(declaration: Declaration, vehicle: Vehicle, profile: Profile) -> list[Breach]:
    """Return what a declaration of a road test lacks or claims too much of (第十条)."""
    months, papers = (
        int(profile["supervision.declaration_months"].value),
        int(profile["supervision.declaration_papers"].value),
    )
    least = profile["supervision.insurance_cny"].value
    last = after_months(declaration.begins, months)
    cover = max(vehicle.accident_insurance_cny, vehicle.guarantee_cny)
    insured = min(vehicle.compulsory_insurance_until, vehicle.accident_insurance_until)
    return found(
        DECLARED, declaration.id,
        (not declaration.roads, "roads", "没有申报路段", "declares no road"),
        (not declaration.items, "items", "没有申报测试项目", "declares no item"),
        (declaration.ends <= declaration.begins, "ends", "截止日不在起始日之后", "does not end after it begins"),
        (declaration.ends > last, "ends", f"有效期超过 {months} 个月",
         f"is longer than {months} months: until {declaration.ends}"),
        (declaration.ends > vehicle.inspection_until, "ends", f"超过车辆检验有效期 {vehicle.inspection_until}",
         f"ends after the vehicle's inspection does, {vehicle.inspection_until}"),
        (declaration.ends > insured, "ends", f"超过保险有效期 {insured}", f"ends after the insurance does, {insured}"),
        (cover < least, "accident_insurance_cny", f"事故责任保险或保函 {cover:,.0f} 元，要求 {least:,.0f} 元",
         f"insurance or guarantee of {cover:,.0f} CNY, {least:,.0f} are asked"),
        (len(set(declaration.papers)) < papers, "papers", f"证明材料 {len(set(declaration.papers))} 项，要求 {papers} 项",
         f"{len(set(declaration.papers))} supporting documents, {papers} are asked"),
    )  # fmt: skip


def plate_is_within(declaration: Declaration, profile: Profile) -> list[Breach]:
    """Return where a temporary plate goes beyond what was declared, in roads or in time (第十一条)."""
    beyond = sorted(set(declaration.plate_roads) - set(declaration.roads))
    most = timedelta(days=profile["supervision.plate_beyond_days"].value)
    late = declaration.plate_until is not None and declaration.plate_until > declaration.ends + most
    listed = ", ".join(beyond)
    return found(
        PLATE, declaration.id,
        (declaration.plate_until is None, "plate_until", "没有临时行驶车号牌", "there is no temporary plate"),
        (late, "plate_until", f"临时号牌至 {declaration.plate_until}，超过声明有效期 {declaration.ends}",
         f"the plate counts until {declaration.plate_until}, the declaration until {declaration.ends}"),
        (bool(beyond), "plate_roads", f"临时号牌含未申报路段：{listed}",
         f"the plate names roads that were not declared: {listed}"),
    )  # fmt: skip


def plate_is_renewed(declaration: Declaration, before: Declaration | None, profile: Profile) -> list[Breach]:
    """Return the tests that are asked again of somebody who only renews an expired plate (第十二条).

    ``before`` is the declaration whose plate expired; None where it is not known.
    """
    if not declaration.renews:
        return []
    again = sorted(set(declaration.items_asked_again) & set(before.items)) if before is not None else []
    listed = ", ".join(again)
    return found(
        RENEWED, declaration.id,
        (before is None, "renews", f"找不到被续期的声明 {declaration.renews}",
         f"renews {declaration.renews}, which is not known"),
        (bool(again), "items_asked_again", f"续期不应重复测试：{listed}", f"renewing asks tests again: {listed}"),
    )  # fmt: skip
