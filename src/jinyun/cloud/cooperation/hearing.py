"""From messages to requests (意图与请求解析): VIR of vehicles, the request to cross in a PSM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from jinyun.cloud.cooperation.requests import Ask, Request
from jinyun.hdmap.precise import Turn

LIFE_UNIT_US = 10_000
"""TimeOffset counts hundredths of a second."""
_BEHAVIOUR_BITS = 14
_TURNS = {5: Turn.STRAIGHT, 6: Turn.LEFT, 7: Turn.RIGHT, 8: Turn.U_TURN}
"""Bits of DriveBehavior that name a way through a junction."""
_RAMP_IN = 3
_ASKS = {
    "laneChange": Ask.CHANGE, "clearTheWay": Ask.CLEAR, "signalPriority": Ask.SIGNAL, "sensorSharing": Ask.SHARE,
    "parking": Ask.PARK,
}  # fmt: skip
CROSSING = ("unavailable", "request", "crossing", "finish")
"""PersonalCrossing."""


class Heard(NamedTuple):
    """One message that asks or negotiates: its name in topics, row of its sender, when we had it, and its value."""

    message: str
    source: int
    receive_us: int
    value: Mapping[str, Any]


def behaviours(bits: tuple[bytes, int]) -> set[int]:
    """Return the bits that are set in a BIT STRING, 0 the first."""
    octets, count = bits
    return {k for k in range(min(count, 8 * len(octets))) if octets[k // 8] >> (7 - k % 8) & 1}


def requests_of(heard: Heard, life_us: int) -> list[Request]:
    """Return what a VIR or PSM asks for; ``life_us`` is how long that stands which names no time."""
    value, now = heard.value, heard.receive_us
    who = int.from_bytes(value["id"], "big")
    if heard.message == "psm":
        crossing = value["non-motorData"].get("personalReq", {}).get("crossing") or "unavailable"
        if crossing not in CROSSING[1:]:
            return []
        return [Request(who, Ask.CROSS, -1, heard.source, crossing, 0, {}, now, now + life_us)]
    asked = value["intAndReq"]
    found = []
    meant = behaviours(asked["currentBehavior"]) & set(range(_BEHAVIOUR_BITS)) if "currentBehavior" in asked else set()
    turns = sum(int(turn) for bit, turn in _TURNS.items() if bit in meant)
    if turns:
        found.append(Request(who, Ask.PASS, -1, heard.source, "request", 0, {"turns": turns}, now, now + life_us))
    if _RAMP_IN in meant:
        found.append(Request(who, Ask.MERGE, -1, heard.source, "request", 0, {}, now, now + life_us))
    for one in asked.get("reqs", ()):
        form, info = one.get("info", (None, None))
        if form not in _ASKS or one["status"] in (None, "unknown"):
            continue
        life = one["lifeTime"] * LIFE_UNIT_US if "lifeTime" in one else life_us
        priority = one.get("reqPriority", b"\0")[0] >> 5
        info = {**info, "refPos": value["refPos"]}  # places in it count from there
        found.append(
            Request(who, _ASKS[form], one["reqID"], heard.source, one["status"], priority, info, now, now + life)
        )
    return found
