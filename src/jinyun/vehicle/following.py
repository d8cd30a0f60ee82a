"""Following a plan (引导跟随): the path guidance of an RSC to this car becomes the speed it drives now.

The points say where to be, how fast, and when, counted from the message. Between them distance goes on as the speeds at both
ends have it; who is behind drives a little faster, who is ahead a little slower.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.net import csae
from jinyun.zone import Projection

GAIN_HZ = 0.5
"""How much faster one drives for each metre it is behind."""
ENDS_S = 2.0
"""Guidance that is not repeated for so long is followed no more, though its time is not over."""


@dataclass(slots=True)
class Guidance:
    """One car's guidance: metres along it, seconds after it was said, and speeds, by point."""

    said_us: int
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    s_m: NDArray[np.float64] = field(init=False)
    after_s: NDArray[np.float64]
    speed_mps: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.s_m = np.append(0.0, np.hypot(np.diff(self.x_m), np.diff(self.y_m)).cumsum())


class Follower:
    """What one car was told to do: :meth:`hear` a message, :meth:`speed` for the cruise control."""

    def __init__(self, name: str, project: Projection, dialect: str = "A") -> None:
        self._id, self._project, self._dialect = name.ljust(8).encode()[:8], project, dialect
        self.guidance: Guidance | None = None
        self.behaviour: frozenset[int] = frozenset()
        """Bits of DriveBehavior that were suggested last."""
        self.info: frozenset[int] = frozenset()
        """Bits of CoordinationInfo."""
        self.until_us = 0
        self.heard = self.refused = 0

    def hear(self, payload: bytes, now_us: int) -> bool:
        """Take a MessageFrame that came down; return whether it is an RSC to this car. What cannot be read is counted."""
        try:
            name, value = csae.decode(payload, self._dialect)
        except csae.CsaeError:
            self.refused += 1
            return False
        if (
            name != "msgFrameExt"
            or not isinstance(value["value"], tuple)
            or value["value"][0] != "RoadsideCoordination"
        ):
            return False
        for one in value["value"][1].get("coordinates", ()):
            if one["vehId"] == self._id:
                self._take(one, value["value"][1], now_us)
                return True
        return False

    def speed(self, now_us: int, x_m: float, y_m: float) -> float | None:
        """Return how fast to drive now at a place (m/s), None where no guidance holds."""
        its = self.guidance
        if its is None or now_us > self.until_us or now_us - its.said_us > ENDS_S * 1e6:
            return None
        t = (now_us - its.said_us) / 1e6
        wanted_s, wanted = _along(its, t)
        here = _project(its, x_m, y_m)
        return float(max(wanted + GAIN_HZ * (wanted_s - here), 0.0))

    def _take(self, one: dict[str, Any], message: dict[str, Any], now_us: int) -> None:
        self.heard += 1
        reference = message["refPos"]
        suggestion = one.get("driveSuggestion", {})
        self.behaviour = _set(suggestion.get("suggestion"))
        self.info = _set(one.get("info"))
        self.until_us = now_us + suggestion.get("lifeTime", 100) * 10_000
        points = one.get("pathGuidance", ())
        if len(points) < 2:
            self.guidance = None
            return
        long, lat = [], []
        for point in points:
            form, of = point["pos"]["offsetLL"]
            absolute = form == "position-LatLon"
            long.append((0 if absolute else reference["long"]) + of["lon"])
            lat.append((0 if absolute else reference["lat"]) + of["lat"])
        x, y = self._project(np.array(long) * 1e-7, np.array(lat) * 1e-7)
        after, speed = (np.array([point.get(key, 0) for point in points], float) for key in ("estimatedTime", "speed"))
        self.guidance = Guidance(
            _said_us(message["secMark"], now_us), np.asarray(x), np.asarray(y), after * 0.01, speed * 0.02
        )


def _said_us(mark_ms: int, now_us: int) -> int:
    """Return the instant that DSecond names nearest to now; now where it names none."""
    if mark_ms > 60_999:
        return now_us
    late = (now_us // 1000 - mark_ms + 30_000) % 60_000 - 30_000
    return now_us - late * 1000


def _set(bits: tuple[bytes, int] | None) -> frozenset[int]:
    if bits is None:
        return frozenset()
    octets, count = bits
    return frozenset(k for k in range(min(count, 8 * len(octets))) if octets[k // 8] >> (7 - k % 8) & 1)


def _along(its: Guidance, t_s: float) -> tuple[float, float]:
    """Return how far along and how fast at an instant."""
    k = int(np.searchsorted(its.after_s, t_s)) - 1
    if k < 0:
        return float(its.speed_mps[0] * (t_s - its.after_s[0])), float(its.speed_mps[0])
    if k >= len(its.after_s) - 1:
        beyond = t_s - its.after_s[-1]
        return float(its.s_m[-1] + its.speed_mps[-1] * beyond), float(its.speed_mps[-1])
    step = max(float(its.after_s[k + 1] - its.after_s[k]), 1e-3)
    share = (t_s - its.after_s[k]) / step
    speed = its.speed_mps[k] + share * (its.speed_mps[k + 1] - its.speed_mps[k])
    gone = (its.speed_mps[k] + speed) / 2 * share * step
    whole = (its.speed_mps[k] + its.speed_mps[k + 1]) / 2 * step
    leg = its.s_m[k + 1] - its.s_m[k]
    return float(its.s_m[k] + (gone * leg / whole if whole > 0.01 else share * leg)), float(speed)


def _project(its: Guidance, x_m: float, y_m: float) -> float:
    """Return where along the guidance a place is; before its first point negative."""
    line = np.column_stack([its.x_m, its.y_m])
    keep = np.append(True, np.diff(its.s_m) > 0.01)
    line, s = line[keep], its.s_m[keep]
    if len(line) < 2:
        return 0.0
    leg = np.diff(line, axis=0)
    share = ((np.array([x_m, y_m]) - line[:-1]) * leg).sum(1) / (leg**2).sum(1)
    low, high = np.zeros(len(leg)), np.ones(len(leg))
    low[0], high[-1] = -np.inf, np.inf
    share = np.clip(share, low, high)
    k = int(np.argmin(np.hypot(*(line[:-1] + share[:, None] * leg - [x_m, y_m]).T)))
    return float(s[k] + share[k] * (s[k + 1] - s[k]))
