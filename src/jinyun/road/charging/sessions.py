"""What chargers report (充电会话): connectors, sessions from start to end with what the meter says, and alarms."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT_SESSIONS, KEPT_ALARMS = 500, 200
MOST_CONNECTORS = 64
ENERGY, POWER, CURRENT, VOLTAGE, SHARE = (
    "Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage", "SoC",
)  # fmt: skip
_UNITS = {"kWh": 1000.0, "kW": 1000.0, "Wh": 1.0, "W": 1.0, "A": 1.0, "V": 1.0, "Percent": 1.0}


@dataclass
class Session:
    """One charging session; energies in Wh, NaN where the meter has not said."""

    id: str
    charger: str
    connector: int
    token: str
    began_us: int
    meter_start_wh: float = math.nan
    meter_wh: float = math.nan
    power_w: float = math.nan
    soc_percent: float = math.nan
    ended_us: int = 0
    reason: str = ""

    @property
    def energy_wh(self) -> float:
        """What has been charged so far."""
        return self.meter_wh - self.meter_start_wh


@dataclass
class Charger:
    """One charger: whether it is there, what it is, and its connectors."""

    id: str
    site: str
    connected: bool = False
    version: str = ""
    vendor: str = ""
    model: str = ""
    booted_us: int = 0
    heard_us: int = 0
    connectors: dict[str, str] = field(default_factory=dict)
    limit_w: float = math.nan
    """What it was last told to charge with at most, NaN nothing."""


class Book:
    """Chargers, sessions and alarms of one zone; all of it bounded."""

    def __init__(self) -> None:
        self.chargers: dict[str, Charger] = {}
        self.open: dict[tuple[str, str], Session] = {}
        self.closed: deque[Session] = deque(maxlen=KEPT_SESSIONS)
        self.alarms: deque[dict[str, Any]] = deque(maxlen=KEPT_ALARMS)
        self.refused: dict[str, int] = {}

    def begin(self, session: Session) -> None:
        """Note a session that begins; one that was open under the same id is closed as replaced."""
        key = session.charger, session.id
        if key in self.open:
            self.end(session.charger, session.id, session.began_us, "replaced")
        self.open[key] = session

    def end(self, charger: str, id: str, t_us: int, reason: str, meter_wh: float = math.nan) -> Session | None:
        """Close a session and return it, None where none of that id is open."""
        session = self.open.pop((charger, id), None)
        if session is not None:
            session.ended_us, session.reason = t_us, reason
            session.power_w = 0.0
            if math.isfinite(meter_wh):
                session.meter_wh = meter_wh
            self.closed.append(session)
        return session

    def alarm(self, rule: str, source: str, reason: str, reason_zh: str, severity: str = "warning") -> None:
        """Note something that somebody should know, in both languages."""
        said = {"rule": rule, "source": source, "reason": reason, "reason_zh": reason_zh, "severity": severity}
        self.alarms.append({**said, "t_us": now_us()})

    def refuse(self, why: str, source: str, reason: str, reason_zh: str) -> None:
        """Note somebody who was turned away."""
        self.refused[why] = self.refused.get(why, 0) + 1
        self.alarm(f"charging.{why}", source, reason, reason_zh)

    def told(self) -> dict[str, Any]:
        """Return everything for a page; unknown numbers are null."""

        def clean(row: Mapping[str, Any]) -> dict[str, Any]:
            return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}

        def of(session: Session) -> dict[str, Any]:
            return clean({**asdict(session), "energy_wh": session.energy_wh})

        return {
            "chargers": [clean(asdict(one)) for one in self.chargers.values()],
            "sessions": [of(one) for one in self.open.values()],
            "ended": [of(one) for one in list(self.closed)[-20:]],
            "alarms": list(self.alarms)[-50:],
            "refused": dict(self.refused),
        }


def readings(sampled: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the values of a meter report by measurand, in Wh, W, A, V and percent.

    ``sampled`` are sampledValue of OCPP 1.6 (values as text, unit beside) or 2.0.1 (numbers, unit and power of ten in an
    object), in either spelling of keys; one that is no number, or of a phase alone, is left out.
    """
    found: dict[str, float] = {}
    for sample in sampled:
        if sample.get("phase") is not None:
            continue
        measurand = str(sample.get("measurand") or ENERGY)
        unit = sample.get("unit")
        scale = 1.0
        if isinstance(measure := sample.get("unit_of_measure") or sample.get("unitOfMeasure"), Mapping):
            unit, scale = measure.get("unit"), 10.0 ** int(measure.get("multiplier") or 0)
        default = {ENERGY: "Wh", POWER: "W", SHARE: "Percent"}.get(measurand)
        unit = str(unit or default)
        try:
            value = float(sample["value"])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(value) and unit in _UNITS:
            found[measurand] = value * scale * _UNITS[unit]
    return found


def apply(session: Session, values: Mapping[str, float]) -> None:
    """Let a session take what the meter says; the first energy is where it began if nothing else said so."""
    if ENERGY in values:
        if not math.isfinite(session.meter_start_wh):
            session.meter_start_wh = values[ENERGY]
        session.meter_wh = values[ENERGY]
    session.power_w = values.get(POWER, session.power_w)
    session.soc_percent = values.get(SHARE, session.soc_percent)


def now_us() -> int:
    """Return the time of day (UTC) in microseconds."""
    return time.time_ns() // 1000
