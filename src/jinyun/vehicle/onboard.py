"""A reference on-board unit (车载单元 OBU): from messages that come down to what the driver is told, and for how long.

It takes RSI, whose events carry a sentence, a place and a priority, and RSC, which says what to do. The most urgent alert
comes first; one that is not repeated ends by itself. It is the receiving side of the cloud's applications, small enough to
be read as an example.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Any

from jinyun.net import csae
from jinyun.zone import Projection

ENDS_S = 3.0
"""An alert that is not repeated for so long is over."""
MOST = 32
"""Alerts kept at once; the least urgent goes first."""
_NOWHERE = (float("nan"), float("nan"))


@dataclass(slots=True)
class Alert:
    """What the driver is told."""

    application: str
    text: str
    urgency: int  # 0..7, the priority of the standard
    event_type: int
    x_m: float
    y_m: float
    confidence: float  # 0..1, NaN unknown
    heard_us: int
    behaviour: str = ""
    speed_mps: float = float("nan")


class OnBoardUnit:
    """One car's unit: :meth:`hear` a message, :meth:`alerts` for the display."""

    def __init__(self, name: str, project: Projection, dialect: str = "A") -> None:
        self.name, self._project, self._dialect = name, project, dialect
        self._heard: dict[tuple[str, int], Alert] = {}
        self.refused = 0

    def hear(self, payload: bytes, now_us: int) -> list[Alert]:
        """Take a MessageFrame that came down and return the alerts it raised or renewed; what cannot be read is counted."""
        try:
            name, value = csae.decode(payload, self._dialect)
        except csae.CsaeError:
            self.refused += 1
            return []
        if name == "rsiFrame":
            return self._events(value, now_us)
        if name == "msgFrameExt" and isinstance(value["value"], tuple) and value["value"][0] == "RoadsideCoordination":
            return self._suggestions(value["value"][1], now_us)
        return []

    def alerts(self, now_us: int, x_m: float | None = None, y_m: float | None = None) -> list[Alert]:
        """Return what holds now, the most urgent first and of equals the nearest to (``x_m``, ``y_m``)."""
        self._heard = {key: its for key, its in self._heard.items() if now_us - its.heard_us <= ENDS_S * 1e6}

        def order(alert: Alert) -> tuple[int, float]:
            away = hypot(alert.x_m - x_m, alert.y_m - y_m) if x_m is not None and y_m is not None else 0.0
            return -alert.urgency, away

        return sorted(self._heard.values(), key=order)

    def _events(self, value: dict[str, Any], now_us: int) -> list[Alert]:
        raised = []
        for event in value.get("rtes", ()):
            text = _text(event.get("description"))
            application, _, sentence = text.partition(" ")
            x, y = self._place(value["refPos"], event.get("eventPos"))
            confidence = event["eventConfidence"] / 200 if "eventConfidence" in event else float("nan")
            urgency = event.get("priority", b"\0")[0] >> 5
            alert = Alert(application, sentence or text, urgency, event["eventType"], x, y, confidence, now_us)
            raised.append(self._keep((application, event["rteId"]), alert))
        return raised

    def _suggestions(self, value: dict[str, Any], now_us: int) -> list[Alert]:
        raised = []
        for one in value.get("coordinates", ()):
            if one["vehId"] != self.name.ljust(8).encode()[:8]:
                continue
            suggestion = one.get("driveSuggestion", {}).get("suggestion")
            speed = next((point["speed"] * 0.02 for point in one.get("pathGuidance", ()) if "speed" in point), None)
            behaviour = ",".join(_set_bits(suggestion)) if suggestion else "recommended-speed"
            x, y = self._place(value["refPos"], None)
            alert = Alert(
                "RSC", "", 0, 0, x, y, float("nan"), now_us, behaviour, float("nan") if speed is None else speed
            )
            raised.append(self._keep(("RSC", 0), alert))
        return raised

    def _keep(self, key: tuple[str, int], alert: Alert) -> Alert:
        self._heard[key] = alert
        if len(self._heard) > MOST:
            least = min(self._heard, key=lambda k: (self._heard[k].urgency, self._heard[k].heard_us))
            del self._heard[least]
        return alert

    def _place(self, reference: dict[str, int], at: dict[str, Any] | None) -> tuple[float, float]:
        long, lat = reference["long"], reference["lat"]
        if at is not None:
            form, of = at["offsetLL"]
            absolute = form == "position-LatLon"
            long, lat = (0 if absolute else long) + of["lon"], (0 if absolute else lat) + of["lat"]
        if abs(lat) > 900_000_000 or abs(long) > 1_800_000_000:
            return _NOWHERE
        x, y = self._project([long * 1e-7], [lat * 1e-7])
        return float(x[0]), float(y[0])


def _text(description: tuple[str, Any] | None) -> str:
    if description is None:
        return ""
    form, content = description
    return content.decode("gb2312", "replace") if form == "textGB2312" else str(content)


_BEHAVIOURS = (
    "straight", "left lane", "right lane", "ramp in", "ramp out", "junction straight", "junction left", "junction right",
    "junction u-turn", "stop and go", "stop", "slow down", "speed up", "park",
)  # fmt: skip


def _set_bits(bits: tuple[bytes, int]) -> list[str]:
    """Return the names of the bits that are set in DriveBehavior."""
    octets, count = bits
    number = (
        int.from_bytes(octets, "big") << 16 - 8 * len(octets) if len(octets) < 2 else int.from_bytes(octets[:2], "big")
    )
    return [_BEHAVIOURS[k] for k in range(min(count, len(_BEHAVIOURS))) if number >> (15 - k) & 1]
