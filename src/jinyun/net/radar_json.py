"""Roadside millimetre-wave radar as vendor JSON (``radar-json``): one object a scan, ``targets`` inside.

Fields as received: ``deviceId``, ``timeStamp`` (text, ms), ``number``, ``targets[]`` with ``targetId``, ``latitude``,
``longitude`` (degrees), ``speed`` (signed towards or away from the radar), ``headingAngle`` (degrees clockwise from
north), ``targetLength/Width/Height`` (m), ``targetType``. The unit of ``speed`` differs between devices and is stated by
none: the reader measures it against the targets' own displacement and gives no speed before it knows.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

NAN = float("nan")
PROOFS = 20
"""Moving targets seen twice before the unit of speed is believed."""
_UNITS = {"m/s": 1.0, "km/h": 1.0 / 3.6}
MAX_TARGETS = 1024


class RadarError(ValueError):
    """The scan cannot be read; ``field`` names the place."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class Target(NamedTuple):
    """One object of a scan; unknown measurements are NaN."""

    id: int
    kind: str
    lon: float
    lat: float
    speed_mps: float
    heading_rad: float
    length_m: float
    width_m: float
    height_m: float


@dataclass(slots=True)
class Scan:
    """One message: its stamp by the device's clock, its targets, and what was wrong (rule, field, reason)."""

    stamp_us: int | None
    targets: list[Target]
    faults: list[tuple[str, str, str]]


def _number(target: dict[str, Any], key: str, place: str, default: float = NAN) -> float:
    value = target.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isinf(value):
        raise RadarError(f"{place}.{key}", f"{value!r} is no number")
    return float(value)


class RadarReader:
    """Reads the scans of one device and learns the unit of its speeds."""

    def __init__(self) -> None:
        self.unit = ""
        self._seen: dict[int, tuple[int, float, float, float]] = {}  # target -> receipt, lon, lat, stated speed
        self._ratios: list[float] = []

    def read(self, payload: bytes, receive_us: int) -> Scan:
        """Return the scan in ``payload``; raises :class:`RadarError` where it is not one at all.

        A single bad target is left out and told in ``faults``; the others keep their place.
        """
        try:
            message = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise RadarError("json", str(error)) from None
        if not isinstance(message, dict) or not isinstance(message.get("targets"), list):
            raise RadarError("targets", "no list of targets")
        if len(message["targets"]) > MAX_TARGETS:
            raise RadarError("targets", f"{len(message['targets'])} targets, at most {MAX_TARGETS}")
        faults: list[tuple[str, str, str]] = []
        targets = []
        for index, raw in enumerate(message["targets"]):
            try:
                targets.append(self._target(raw, f"targets[{index}]", receive_us))
            except RadarError as error:
                faults.append(("target.refused", error.field, str(error)))
        stated = message.get("number")
        if isinstance(stated, int) and stated != len(message["targets"]):
            faults.append(("target.count", "number", f"announces {stated} targets, carries {len(message['targets'])}"))
        if self.unit == "km/h":
            reason = f"speed is in km/h by the targets' own displacement ({len(self._ratios)} pairs); converted"
            faults.append(("unit.speed", "targets.speed", reason))
        if len(self._seen) > 4 * MAX_TARGETS:
            self._seen.clear()
        return Scan(_stamp_us(message.get("timeStamp")), targets, faults)

    def _target(self, raw: Any, place: str, receive_us: int) -> Target:
        if not isinstance(raw, dict):
            raise RadarError(place, "is no object")
        lon, lat = _number(raw, "longitude", place), _number(raw, "latitude", place)
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            raise RadarError(place, f"longitude {lon}, latitude {lat} is no place")
        identity = raw.get("targetId")
        if not isinstance(identity, int) or not 0 <= identity < 1 << 63:
            raise RadarError(f"{place}.targetId", f"{identity!r} is no number of a target")
        stated = _number(raw, "speed", place)
        if not self.unit:
            self._learn(identity, receive_us, lon, lat, stated)
        heading = _number(raw, "headingAngle", place)
        sizes = [_number(raw, key, place) or NAN for key in ("targetLength", "targetWidth", "targetHeight")]
        speed = abs(stated) * _UNITS[self.unit] if self.unit else NAN
        return Target(identity, "motor", lon, lat, speed, math.radians(heading % 360.0), *sizes)

    def _learn(self, identity: int, receive_us: int, lon: float, lat: float, stated: float) -> None:
        """Compare stated speed with displacement over time; the nearer unit wins once there are enough pairs."""
        before = self._seen.get(identity)
        self._seen[identity] = (receive_us, lon, lat, stated)
        if before is None or abs(stated) < 2.0 or abs(before[3]) < 2.0:
            return
        elapsed_s = (receive_us - before[0]) / 1e6
        if not 0.02 <= elapsed_s <= 2.0:
            return
        north_m = (lat - before[2]) * 111_000.0
        east_m = (lon - before[1]) * 111_320.0 * math.cos(math.radians(lat))
        moved_mps = math.hypot(north_m, east_m) / elapsed_s
        self._ratios.append(moved_mps / (0.5 * (abs(stated) + abs(before[3]))))
        if len(self._ratios) >= PROOFS:
            ratio = median(self._ratios)
            nearest = min(_UNITS, key=lambda unit: abs(math.log(max(ratio, 1e-6) / _UNITS[unit])))
            if abs(math.log(max(ratio, 1e-6) / _UNITS[nearest])) < 0.2:
                self.unit = nearest
            else:  # neither unit fits: the speeds stay unknown and the trial begins anew
                self._ratios.clear()


def _stamp_us(value: Any) -> int | None:
    """Return the stated stamp (ms as text or number) in microseconds, None where there is none."""
    try:
        stamp = int(value)
    except (TypeError, ValueError):
        return None
    return stamp * 1000 if 0 < stamp < 10**14 else None


def times_us(stamps_ms: list[int]) -> tuple[list[int], str]:
    """Return when each scan of a recording was taken (us UTC), and what had to be understood to know it ("" if nothing).

    Stamps that run on are taken at their word. Some devices state ``(seconds + milliseconds) * 1000``: their stamps leap
    ahead by 100 s from scan to scan and back each second, yet the sum holds both parts: a step of ``k`` thousands is
    ``k`` milliseconds, or one second more and ``k - 1`` milliseconds where that is the shorter way forward.
    Spans are exact so; the first instant is known to within as many seconds as the scans leave milliseconds unvisited
    (100 s at 10 Hz). Raises :class:`RadarError` where neither reading runs on.
    """
    steps = [after - before for before, after in pairwise(stamps_ms)]
    if sum(not 0 <= step <= 10_000 for step in steps) <= len(steps) // 100:
        return [stamp * 1000 for stamp in stamps_ms], ""
    seconds, milliseconds = [0], [0]
    for step in steps:
        thousands, rest = divmod(step, 1000)
        if rest or not -1000 < thousands < 1000:
            raise RadarError("timeStamp", f"steps of {step} ms in no order that can be understood")
        second = 0 if thousands >= 0 else 1
        seconds.append(seconds[-1] + second)
        milliseconds.append(milliseconds[-1] + thousands - second)
    low, high = min(milliseconds), max(milliseconds)
    if high - low > 999:
        raise RadarError("timeStamp", f"{high - low} ms within one second")
    base_s = stamps_ms[0] // 1000 + low
    result = [(base_s + s) * 1_000_000 + (m - low) * 1000 for s, m in zip(seconds, milliseconds, strict=True)]
    return result, "stamps are (seconds + milliseconds) * 1000: read so, the scans run on without a gap"
