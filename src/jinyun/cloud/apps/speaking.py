"""Advice as messages of the standard: RSI to say it, RSC to suggest what to do (T/CSAE 53-2020, T/CSAE 157-2020).

Advice to one receiver goes down to its own on-board unit and to nobody else: an RSI whose only event stands where the
conflict is, with the application and its sentence as GB2312 text, its urgency as priority and its probability as
confidence; and, where the application says what to do, an RSC with that behaviour. Advice to everybody goes down to a
roadside unit, as one RSI that holds all its events. ``eventType`` is a number of the zone's profile: public sources give
GB/T 29100-2012's codes for none of these conflicts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import Application, Urgency
from jinyun.cloud.apps.catalogue import CATALOGUE
from jinyun.cloud.cooperation import wording
from jinyun.net import downlink
from jinyun.net.csae import CsaeError
from jinyun.zone import Zone

PRIORITY = {Urgency.INFORM: 0x40, Urgency.WARN: 0x80, Urgency.ACT: 0xE0}
"""RSIPriority by urgency: three bits, 0xE0 the highest."""
RADIUS_M = 5.0
"""An event holds so far round its place, where nothing else is said."""
MOST_EVENTS = 8
"""Events in one RSI (T/CSAE 53 RTEList)."""


class Device(NamedTuple):
    """Who listens for one receiver: as it stands in topics."""

    kind: str
    name: str
    dialect: str


class Spoken(NamedTuple):
    """One message on its way down."""

    topic: str
    payload: bytes
    message: str
    applications: tuple[str, ...]


def sentence(about: Application, row: NDArray[np.void] | np.void, zh: bool = True) -> str:
    """Return what people are told: the application's sentence with its numbers."""
    value, after_s = float(row["value"]), float(row["after_s"])
    said = about.says_zh if zh else about.says_en
    return said.format(value=value if np.isfinite(value) else 0, after_s=after_s if np.isfinite(after_s) else 0)


class Speaker:
    """Writes advice as messages; keeps nothing but the counters that messages carry."""

    def __init__(self, zone: Zone, event_type: Mapping[str, float]) -> None:
        """``event_type`` gives each application's number in ``eventType`` by its id in small letters, "" for the others."""
        self._zone_id, self._project = zone.id, zone.project
        self._unit = [rsu.id for rsu in zone.rsus]
        self._event_type = event_type
        self._count: dict[str, int] = {}
        self.refused = 0

    def messages(self, said: NDArray[np.void], device_of: Mapping[int, Device], t_us: int) -> Iterator[Spoken]:
        """Yield the messages of episodes that are to be said now; ``device_of`` names the unit of each receiver (track id)."""
        for row in said[said["receiver"] > 0]:
            device = device_of.get(int(row["receiver"]))
            if device is not None:
                about = CATALOGUE[row["application"]]
                if "rsi" in about.messages:
                    yield from self._down(device, "rsi", self._rsi([row], device.name, t_us), (about.id,), t_us)
                if "rsc" in about.messages and about.behaviour:
                    yield from self._down(device, "rsc", self._rsc(row, about, device.name, t_us), (about.id,), t_us)
        to_all = said[(said["receiver"] == 0) & (said["unit"] >= 0)]
        for unit in np.unique(to_all["unit"]).tolist():
            rows = list(to_all[to_all["unit"] == unit])
            for first in range(0, len(rows), MOST_EVENTS):
                some = rows[first : first + MOST_EVENTS]
                ids = tuple(CATALOGUE[row["application"]].id for row in some)
                rsu = Device("rsu", self._unit[unit], "A")
                yield from self._down(rsu, "rsi", self._rsi(some, rsu.name, t_us), ids, t_us)

    def _down(
        self, device: Device, message: str, value: dict[str, Any], ids: tuple[str, ...], t_us: int
    ) -> Iterator[Spoken]:
        try:
            topic, payload = downlink.address(
                "plain", self._zone_id, device.kind, device.name, message, value, value["msgCnt"], t_us // 1000,
                device.dialect,
            )  # fmt: skip
        except CsaeError:
            self.refused += 1
            return
        yield Spoken(topic, payload, message, ids)

    def _next(self, message: str) -> int:
        self._count[message] = (self._count.get(message, -1) + 1) % 128
        return self._count[message]

    def _rsi(self, rows: list[np.void], name: str, t_us: int) -> dict[str, Any]:
        reference = self._place(float(rows[0]["x_m"]), float(rows[0]["y_m"]))
        return {
            "msgCnt": self._next("rsi"), "moy": minute_of_the_year(t_us), "id": name.ljust(8).encode()[:8],
            "refPos": reference, "rtes": [self._event(row, reference) for row in rows],
        }  # fmt: skip

    def _event(self, row: np.void, reference: dict[str, int]) -> dict[str, Any]:
        about = CATALOGUE[row["application"]]
        text = f"{about.id} {sentence(about, row)}".encode("gb2312", "replace")[:512]
        place = self._place(float(row["x_m"]), float(row["y_m"]))
        return {
            "rteId": int(row["episode"]) % 256,
            "eventType": int(self._event_type.get(about.id.lower(), self._event_type[""])),
            "eventSource": "detection", "eventPos": wording.offset(place, reference), "eventRadius": round(RADIUS_M * 10),
            "description": ("textGB2312", text), "priority": bytes([PRIORITY[Urgency(int(row["urgency"]))]]),
            "eventConfidence": int(np.clip(np.rint(float(row["probability"]) * 200), 0, 200)),
        }  # fmt: skip

    def _rsc(self, row: np.void, about: Application, name: str, t_us: int) -> dict[str, Any]:
        reference = self._place(float(row["x_m"]), float(row["y_m"]))
        coordination: dict[str, Any] = {"vehId": name.ljust(8).encode()[:8]}
        life = {"lifeTime": int(np.clip(round(float(row["after_s"]) * 100), 1, 6000))} if row["after_s"] > 0 else {}
        if about.behaviour == "recommended-speed":
            mps = float(row["value"]) / (3.6 if about.unit == "km/h" else 1.0)
            speed = int(np.clip(np.rint(mps / 0.02), 0, 8190))
            coordination["pathGuidance"] = [{"pos": wording.offset(reference, reference), "speed": speed}]
        else:
            coordination["driveSuggestion"] = {
                "suggestion": wording.bits([about.behaviour], wording.BEHAVIOURS),
                **life,
            }
        return {
            "msgCnt": self._next("rsc"), "id": wording.CLOUD, "secMark": t_us // 1000 % 60_000, "refPos": reference,
            "coordinates": [coordination],
        }  # fmt: skip

    def _place(self, x_m: float, y_m: float) -> dict[str, int]:
        """Return Position3D of a place of the zone; its origin where the place is unknown."""
        known = np.isfinite(x_m) and np.isfinite(y_m)
        return wording.position(self._project, x_m if known else 0.0, y_m if known else 0.0)


def minute_of_the_year(t_us: int) -> int:
    """Return MinuteOfTheYear of an instant (UTC)."""
    at = time.gmtime(t_us / 1e6)
    return (at.tm_yday - 1) * 1440 + at.tm_hour * 60 + at.tm_min
