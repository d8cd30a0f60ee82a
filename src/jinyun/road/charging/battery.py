"""What shuttles say of their batteries (电池状态): state of charge and alarms, from GB/T 32960 reports."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from jinyun.net.gbt32960 import GbtError, decode, quantities

REPORTS = (0x02, 0x03)
MOST = 20_000
CHARGING = {1: "parked", 2: "driving", 3: "none", 4: "done"}


@dataclass
class Battery:
    """One vehicle's battery as it was last told."""

    vin: str
    share: float = math.nan
    """State of charge, 0..1."""
    charging: str = ""
    alarms: list[str] = field(default_factory=list)
    event_us: int = 0


class Batteries:
    """The newest of each vehicle, by VIN."""

    def __init__(self) -> None:
        self.of: dict[str, Battery] = {}
        self.refused = 0

    def take(self, packet: bytes) -> list[tuple[str, quantities.Alarm]]:
        """Take one packet; return (vin, alarm) of alarms that were not on before. What cannot be read is counted."""
        try:
            found = decode(packet)
        except GbtError:
            self.refused += 1
            return []
        if found.command not in REPORTS or (found.vin not in self.of and len(self.of) >= MOST):
            return []
        battery = self.of.setdefault(found.vin, Battery(found.vin))
        if (found.event_us or 0) < battery.event_us:
            return []  # an older report sent again
        battery.event_us = found.event_us or battery.event_us
        new: list[tuple[str, quantities.Alarm]] = []
        for item in found.items:
            if item["item"] == "vehicle":
                values = quantities.values(found.edition, item)
                soc = float(values.get("soc", math.nan))
                battery.share = soc / 100 if math.isfinite(soc) else battery.share
                battery.charging = CHARGING.get(int(item.get("charge", 0)), "")
            elif item["item"] == "alarms":
                on = quantities.alarms(item)
                new += [(found.vin, alarm) for alarm in on if alarm.name not in battery.alarms]
                battery.alarms = [alarm.name for alarm in on]
        return new
