"""Article 32: when a test or a demonstration must end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from jinyun.supervision.deadlines import day_of
from jinyun.supervision.papers import Accident, Declaration, Offence, Vehicle
from jinyun.supervision.rules.rule import Breach, Words
from jinyun.zone import Profile

ID = "97-32"
ENDING = {
    "red-light": Words("闯红灯", "ran a red light"),
    "wrong-way": Words("逆行", "drove the wrong way"),
    "other-grave": Words(
        "可暂扣、吊销驾驶证或拘留的违法", "a violation punishable by licence suspension, revocation or detention"
    ),
}


def must_end(
    declaration: Declaration, vehicle: Vehicle, offences: Sequence[Offence], accidents: Sequence[Accident],
    profile: Profile, today: date, major_risk: str = "",
) -> list[Breach]:  # fmt: skip
    """Return the reasons for which a test or demonstration must be ended (第三十二条).

    A grave accident ends it unless it was found that the vehicle was not at fault; ``major_risk`` is what an expert found.
    """
    reasons: list[tuple[str, Words]] = []
    if vehicle.vin != declaration.vin:
        reasons.append(
            (
                "vin",
                Words(
                    f"车辆 {vehicle.vin} 与声明 {declaration.vin} 不符",
                    f"{vehicle.vin} is not the {declaration.vin} declared",
                ),
            )
        )
    if declaration.plate_until is None or declaration.plate_until < today:
        reasons.append(
            (
                "plate_until",
                Words("临时号牌到期或被撤销", f"the plate has expired or was revoked ({declaration.plate_until})"),
            )
        )
    if major_risk:
        reasons.append(("major_risk", Words(f"重大安全风险：{major_risk}", f"major safety risk: {major_risk}")))
    for offence in offences:
        if offence.declaration == declaration.id and offence.what in ENDING:
            words, day = ENDING[offence.what], day_of(offence.at)
            reasons.append((offence.what, Words(f"{day} {words.zh}", f"{words.en} on {day}")))
    grave = [
        one for one in accidents if one.declaration == declaration.id and one.is_grave and one.at_fault is not False
    ]
    if len(grave) > int(profile["supervision.grave_accidents"].value):
        listed = ", ".join(one.id for one in grave)
        reasons.append(
            (
                "accident",
                Words(
                    f"造成重伤、死亡或车辆毁损的事故：{listed}",
                    f"grave accident not shown to be without fault: {listed}",
                ),
            )
        )
    return [Breach(ID, declaration.id, field, words) for field, words in reasons]
