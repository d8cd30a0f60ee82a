"""Articles 9 and 13: the tests on the track by a third party, and what another city may not ask again."""

from __future__ import annotations

from jinyun.supervision.papers import Declaration, Vehicle
from jinyun.supervision.rules.rule import Breach, found
from jinyun.zone import Profile

TRACK, ELSEWHERE = "97-9", "97-13"


def vehicle_is_tested(vehicle: Vehicle, profile: Profile) -> list[Breach]:
    """Return what is missing of the common items and those of the operational design domain (第九条).

    Which common items there are is not in the facts this is built on (annex 1 was read as pictures): their number is the
    profile's, and so is its status.
    """
    asked = int(profile["supervision.common_items"].value)
    passed = len(set(vehicle.common_items_passed))
    missing = [item for item in vehicle.odd_items_required if item not in vehicle.odd_items_passed]
    listed = ", ".join(missing)
    return found(
        TRACK, vehicle.vin,
        (not vehicle.track_test_by, "track_test_by", "没有第三方检测机构的测试", "no third party has tested it"),
        (passed < asked, "common_items_passed", f"通过 {passed} 项通用测试，要求 {asked} 项",
         f"{passed} common items are passed, {asked} are asked"),
        (bool(missing), "odd_items_passed", f"设计运行条件测试项目未通过：{listed}",
         f"items of the operational design domain are not passed: {listed}"),
    )  # fmt: skip


def other_city_asks_no_more(declaration: Declaration, vehicle: Vehicle, profile: Profile) -> list[Breach]:
    """Return the common items that are asked again though another city's tests have shown them (第十三条)."""
    again = sorted(set(declaration.items_asked_again) & set(vehicle.common_items_passed))
    elsewhere = bool(vehicle.track_test_city) and vehicle.track_test_city != declaration.city
    most = int(profile["supervision.other_city_items"].value)
    listed = ", ".join(again)
    return found(
        ELSEWHERE, declaration.id,
        (elsewhere and len(again) > most, "items_asked_again",
         f"已在{vehicle.track_test_city}通过的通用项目被重复要求：{listed}",
         f"common items passed in {vehicle.track_test_city} are asked again: {listed}"),
    )  # fmt: skip
