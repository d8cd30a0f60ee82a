"""The ten data items (十项数据) of a test vehicle, as it says them itself: one JSON object a message.

No public text says in which form they are sent (STATUS: local); ours is small and documented in ``docs/supervision.md``. What a
message lacks is not there; what is wrong in it is refused with the field's name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MODES = ("manual", "automated", "remote")
ENDINGS = ("driver", "remote", "system", "planned")
"""Who ended automated mode; ``planned`` is the end of the section or of the ride."""
MOST_BYTES = 8192
_CLOCK_US = 4_102_444_800_000_000  # the year 2100: what is later is no clock


class ItemsError(ValueError):
    """A message is none of the ten items; the message names the field."""


@dataclass(frozen=True, slots=True)
class Items:
    """What a vehicle said at one instant; None where it said nothing."""

    vehicle: str
    t_us: int
    receive_us: int
    mode: str | None
    lon: float | None
    lat: float | None
    speed_mps: float | None
    accel_mps2: float | None
    heading_deg: float | None
    present: frozenset[int]  # which of items 1 to 10 came
    ended_by: str | None = None  # who ended automated mode, where it was just ended
    why: str = ""
    fault: str = ""
    remote_command: str = ""
    video: str = ""
    away_s: float = 0.0
    strangers: int = 0
    goods: bool = False


def _number(value: dict[str, Any], name: str, least: float, most: float) -> float | None:
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
        raise ItemsError(f"{name}: {str(found)[:40]} is no number from {least:g} to {most:g}")
    return float(found)


def _word(value: dict[str, Any], name: str, known: tuple[str, ...] | None = None) -> str | None:
    found = value.get(name)
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > 500 or (known is not None and found not in known):
        raise ItemsError(
            f"{name}: {str(found)[:40]!r} is not {' or '.join(known) if known else 'a text of at most 500'}"
        )
    return found


def read(payload: bytes, receive_us: int) -> Items:
    """Return what a message says; raises :class:`ItemsError`."""
    if len(payload) > MOST_BYTES:
        raise ItemsError(f"message: {len(payload)} bytes are more than {MOST_BYTES}")
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise ItemsError("message: is no JSON") from None
    if not isinstance(value, dict):
        raise ItemsError("message: is no JSON object")
    vehicle = _word(value, "vehicle")
    if not vehicle:
        raise ItemsError("vehicle: is missing")
    t_ms = _number(value, "t_ms", 0, _CLOCK_US / 1000)
    if t_ms is None:
        raise ItemsError("t_ms: is missing")
    mode = _word(value, "mode", MODES)
    lon, lat = _number(value, "lon", -180, 180), _number(value, "lat", -90, 90)
    motion = (
        _number(value, "speed_mps", 0, 120),
        _number(value, "accel_mps2", -50, 50),
        _number(value, "heading_deg", 0, 360),
    )
    fault, command, video = (_word(value, name) or "" for name in ("fault", "remote_command", "video_outside"))
    there = {
        1: True, 2: mode is not None, 3: lon is not None and lat is not None, 4: None not in motion,
        5: value.get("perception") is not None, 6: value.get("lights") is not None, 7: bool(video),
        8: bool(value.get("video_inside")), 9: bool(command), 10: bool(fault),
    }  # fmt: skip
    return Items(
        vehicle, int(t_ms * 1000), receive_us, mode, lon, lat, *motion,
        frozenset(number for number, is_there in there.items() if is_there),
        _word(value, "ended_by", ENDINGS), _word(value, "why") or "", fault, command, video,
        _number(value, "away_s", 0, 86_400) or 0.0, int(_number(value, "strangers", 0, 100) or 0), value.get("goods") is True,
    )  # fmt: skip
