"""Articles 8, 25 and 29: the test vehicle, its marking, its changes."""

from __future__ import annotations

from collections.abc import Sequence

from jinyun.supervision.papers import Change, Vehicle
from jinyun.supervision.rules.rule import Breach, Words, found
from jinyun.zone import Profile

VEHICLE, MARKING, CHANGES = "97-8-vehicle", "97-25", "97-29"


def vehicle_may(vehicle: Vehicle, profile: Profile) -> list[Breach]:
    """Return what keeps a vehicle from being a test vehicle (第八条)."""
    both = vehicle.has_manual_mode and vehicle.has_automated_mode
    return found(
        VEHICLE, vehicle.vin,
        (vehicle.is_registered, "is_registered", "车辆已办理注册登记", "the vehicle is registered"),
        (not vehicle.has_passed_mandatory_tests, "has_passed_mandatory_tests", "未通过强制性检验项目",
         "mandatory tests are not passed"),
        (not both, "has_manual_mode", "不同时具备人工操作和自动驾驶两种模式",
         "does not have both a manual and an automated mode"),
        (not vehicle.switches_at_once, "switches_at_once", "不能即时转换为人工操作模式",
         "cannot be switched to manual at once"),
    )  # fmt: skip


def vehicle_is_marked(vehicle: Vehicle, profile: Profile, stage: str = "test") -> list[Breach]:
    """Return whether the body does not say that it is in a test or a demonstration (第二十五条)."""
    word = "自动驾驶道路测试" if stage == "test" else "自动驾驶示范应用"
    return found(
        MARKING, vehicle.vin,
        (not vehicle.is_marked, "is_marked", f"车身没有“{word}”标识", f"the body does not bear {word}"),
    )  # fmt: skip


def changes_are_reported(changes: Sequence[Change], profile: Profile) -> list[Breach]:
    """Return the changes of software or hardware that were not reported (第二十九条)."""
    return [
        Breach(
            CHANGES,
            change.vin,
            "reported",
            Words(f"变更未报告：{change.what}", f"a change was not reported: {change.what}"),
        )
        for change in changes
        if change.reported is None
    ]
