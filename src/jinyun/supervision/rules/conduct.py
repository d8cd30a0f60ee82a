"""Articles 26, 27 and 28: the driver watches, nobody else rides along, automated mode stays inside the declared section."""

from __future__ import annotations

from dataclasses import dataclass

from jinyun.supervision.rules.rule import Breach, found
from jinyun.zone import Profile

WATCHES, ABOARD, SECTION = "97-26", "97-27", "97-28"


@dataclass(frozen=True, slots=True)
class Moment:
    """A vehicle at one instant, as its data items and its place tell."""

    vehicle: str
    stage: str  # test | demonstration
    mode: str  # manual | automated | remote
    on_section: bool  # inside the roads that its declaration names
    is_declared: bool  # there is a declaration that counts now
    away_s: float = 0.0  # the driver has looked away for so long
    strangers: int = 0
    goods: bool = False


def driver_watches(moment: Moment, profile: Profile) -> list[Breach]:
    """Return whether the driver has left the watch while the vehicle drove automated (第二十六条)."""
    most_s = profile["supervision.unwatched_s"].value
    return found(
        WATCHES, moment.vehicle,
        (moment.mode == "automated" and moment.away_s > most_s, "away_s", f"安全员离开监控 {moment.away_s:.1f} s",
         f"the driver has looked away for {moment.away_s:.1f} s"),
    )  # fmt: skip


def nobody_else_is_aboard(moment: Moment, profile: Profile) -> list[Breach]:
    """Return whether unrelated persons or goods are on board in a road test (第二十七条)."""
    most = int(profile["supervision.strangers"].value)
    testing = moment.stage == "test"
    return found(
        ABOARD, moment.vehicle,
        (testing and moment.strangers > most, "strangers", f"搭载无关人员 {moment.strangers} 人",
         f"{moment.strangers} unrelated persons on board"),
        (testing and moment.goods, "goods", "搭载无关货物", "unrelated goods on board"),
    )  # fmt: skip


def automated_stays_inside(moment: Moment, profile: Profile) -> list[Breach]:
    """Return whether a vehicle drives automated outside the section it declared, or without a declaration (第二十八条)."""
    automated = moment.mode != "manual"
    return found(
        SECTION, moment.vehicle,
        (automated and not moment.is_declared, "mode", "没有有效声明而使用自动驾驶模式",
         "drives automated with no declaration that counts"),
        (automated and moment.is_declared and not moment.on_section, "mode", "在申报路段之外使用自动驾驶模式",
         "drives automated outside the section it declared"),
    )  # fmt: skip
