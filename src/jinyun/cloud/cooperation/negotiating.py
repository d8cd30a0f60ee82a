"""Negotiating (协商消息收发): what the cooperation has to say, written as messages and addressed to the units it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jinyun.cloud.cooperation import wording
from jinyun.cloud.cooperation.agreements import Suggestion
from jinyun.cloud.cooperation.state import Outgoing
from jinyun.cloud.sources import Source
from jinyun.net import downlink
from jinyun.net.csae import CsaeError
from jinyun.zone import Zone

MOST_A_FRAME = 400
"""Messages written in one frame; what is beyond waits for the next."""
MOST_WAITING = 4_000


class Negotiator:
    """Writes and addresses; keeps what waits and the counters that messages carry."""

    def __init__(self, zone: Zone) -> None:
        self._zone_id, self._project = zone.id, zone.project
        self._units = [rsu.id for rsu in zone.rsus]
        self._count: dict[tuple[str, str], int] = {}
        self._waiting: list[Outgoing] = []
        self.said = 0
        self.refused = 0
        """Messages that the standard refuses."""
        self.lost = 0
        """Messages to somebody who has no unit here any more, or beyond what may wait."""

    def take(self, out: Iterable[Outgoing]) -> None:
        """Take what is to be said."""
        self._waiting += out
        self.lost += max(len(self._waiting) - MOST_WAITING, 0)
        del self._waiting[MOST_WAITING:]

    def messages(self, source_of: Callable[[int], Source | None], t_us: int) -> list[tuple[str, bytes]]:
        """Return (MQTT topic, payload) of what waits; ``source_of`` names the sender of a vehicle's own messages."""
        now, self._waiting = self._waiting[:MOST_A_FRAME], self._waiting[MOST_A_FRAME:]
        found = []
        for one in now:
            kind, device = "obu", ""
            if one.unit >= 0:
                kind, device = "rsu", self._units[one.unit]
            else:
                source = source_of(one.vehicle)
                if source is not None and source.kind == "obu":
                    device = source.device
            if not device:
                self.lost += 1
                continue
            value = self._value(one, t_us)
            count = value["msgCnt"] = self._next(one.message, device)
            try:
                found.append(
                    downlink.address("plain", self._zone_id, kind, device, one.message, value, count, t_us // 1000, "A")
                )
            except CsaeError:
                self.refused += 1
        self.said += len(found)
        return found

    def _value(self, one: Outgoing, t_us: int) -> dict[str, Any]:
        if isinstance(one.content, Suggestion):
            x, y = one.content.guidance[0][:2] if one.content.guidance else one.place
            return wording.coordination([one.content], self._project, x, y, t_us)
        made: dict[str, Any] = one.content(self._project, t_us)
        return made

    def _next(self, message: str, device: str) -> int:
        key = message, device
        self._count[key] = (self._count.get(key, -1) + 1) % 128
        if len(self._count) > MOST_WAITING:
            self._count = {key: self._count[key]}
        return self._count[key]
