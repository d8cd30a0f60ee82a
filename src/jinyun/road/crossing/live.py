"""All smart crossings of a zone at work (智慧过街运行): their signs as they change, warnings to cars, calls to the signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jinyun.hdmap import Map
from jinyun.net import downlink
from jinyun.net.csae import CsaeError
from jinyun.road.crossing.place import Place, places
from jinyun.road.crossing.sign import Crossing, Rules, Shows, State
from jinyun.road.seen import Look
from jinyun.road.signals.control import Want, Why
from jinyun.zone import Zone

SAID = "行人过街 减速让行".encode("gb2312")
MOST_EVENTS = 256
CALLER = 1 << 40
"""Keys of crossings among those of vehicles."""


@dataclass
class Crossings:
    """The zone's smart crossings; :meth:`take` looks as they come, then ask :meth:`states`."""

    zone: Zone
    crossings: list[Crossing]
    midblock: frozenset[int]
    """Nodes that are a crossing and nothing else: there walkers may call their light."""
    event_type: int
    warn_every_s: float
    waits_s: float
    walks_mps: float
    _of_unit: dict[str, list[Crossing]] = field(default_factory=dict)
    _warned_us: dict[str, int] = field(default_factory=dict)
    _waits_us: dict[str, int] = field(default_factory=dict)
    _count: int = -1

    @classmethod
    def of(cls, zone: Zone, map: Map) -> Crossings:
        profile = zone.profile
        rules = Rules.of(profile)
        made = [Crossing(place, rules) for place in places(zone, map)]
        only = np.flatnonzero(map.junctions["control"] == "crossing")
        found = cls(
            zone, made, frozenset(map.junctions["node"][only].astype(int).tolist()), int(profile["app.event_type"].value),
            profile["road.crossing.warn_every_s"].value, profile["road.crossing.waits_s"].value,
            profile["road.crossing.walks_mps"].value,
        )  # fmt: skip
        for crossing in made:
            found._of_unit.setdefault(crossing.place.unit, []).append(crossing)
        return found

    @property
    def units(self) -> frozenset[str]:
        """The roadside units that watch crossings."""
        return frozenset(self._of_unit)

    def take(self, look: Look) -> None:
        """Note what a unit sees."""
        for crossing in self._of_unit.get(look.unit, ()):
            crossing.take(look)

    def states(self, now_us: int) -> list[State]:
        """Return what every sign shows at ``now_us``."""
        return [crossing.state(now_us) for crossing in self.crossings]

    def warnings(self, states: list[State], now_us: int) -> list[tuple[str, bytes]]:
        """Return RSI for the cars near each crossing with people and a car that comes, as (MQTT topic, payload) of its unit."""
        found = []
        for crossing, state in zip(self.crossings, states, strict=True):
            place = crossing.place
            due = now_us - self._warned_us.get(place.id, 0) >= self.warn_every_s * 1e6
            if state.shows is not Shows.CAR or not due:
                continue
            self._warned_us[place.id] = now_us
            try:
                found.append(self._rsi(place, now_us))
            except CsaeError:  # a place the message cannot hold: the cloud's own warnings remain
                continue
        return found

    def _rsi(self, place: Place, now_us: int) -> tuple[str, bytes]:
        self._count = (self._count + 1) % 128
        lon, lat = self.zone.project.inverse(*([v] for v in place.middle))
        event = {
            "rteId": self._count, "eventType": self.event_type, "eventSource": "detection",
            "eventPos": {"offsetLL": ("position-LL1", {"lon": 0, "lat": 0})},
            "eventRadius": round(10 * place.length_m / 2), "description": ("textGB2312", SAID),
            "priority": bytes([0x80]), "eventConfidence": 180,
        }  # fmt: skip
        value = {
            "msgCnt": self._count, "id": place.unit.ljust(8).encode()[:8],
            "refPos": {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)}, "rtes": [event],
        }  # fmt: skip
        return downlink.address("plain", self.zone.id, "rsu", place.unit, "rsi", value, self._count, now_us // 1000)

    def wants(self, states: list[State], lights: Mapping[tuple[int, int], str], now_us: int) -> dict[int, list[Want]]:
        """Return what people at crossings want of the signals, by node; ``lights`` says ``red`` or ``green`` by (node, phase).

        Who has waited for long at a red light calls it; who is still on the road when it turns red gets the time to leave it.
        """
        found: dict[int, list[Want]] = {}
        for row, (crossing, state) in enumerate(zip(self.crossings, states, strict=True)):
            place = crossing.place
            light = lights.get((place.node, place.phase))
            if place.node not in self.midblock or not place.phase or light != "red":
                self._waits_us.pop(place.id, None)
                continue
            if not state.waiting:
                self._waits_us.pop(place.id, None)
            elif now_us - self._waits_us.setdefault(place.id, now_us) >= self.waits_s * 1e6:
                want = Want((CALLER + row, 0), place.phase, now_us / 1e6, Why.WALKERS)
                found.setdefault(place.node, []).append(want)
            if state.crossing:
                left_s = crossing.needs_s(self.walks_mps)
                want = Want((CALLER + row, 1), place.phase, now_us / 1e6 + left_s, Why.CLEAR)
                found.setdefault(place.node, []).append(want)
        return found

    def told(self, states: list[State], lights: Mapping[tuple[int, int], tuple[str, float]]) -> list[dict[str, Any]]:
        """Return the states for pages; ``lights`` are the walkers' (light, seconds left) by (node, phase)."""
        return [
            {
                "id": place.id, "zh": place.zh, "en": place.en, "unit": place.unit, "shows": state.shows.value,
                "t_us": state.t_us, "since_us": state.since_us, "waiting": state.waiting, "crossing": state.crossing,
                "car_s": round(state.car_s, 1) if np.isfinite(state.car_s) else None, "reason": state.reason,
                "event_us": state.event_us, "receive_us": state.receive_us,
                **_lamp(lights.get((place.node, place.phase)) if place.phase else None),
            }
            for place, state in zip((crossing.place for crossing in self.crossings), states, strict=True)
        ]  # fmt: skip


def _lamp(light: tuple[str, float] | None) -> dict[str, Any]:
    if light is None:
        return {"light": None, "light_s": None}
    return {"light": light[0], "light_s": round(light[1], 1) if np.isfinite(light[1]) else None}
