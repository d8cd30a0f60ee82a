"""Corrections from a caster (差分数据接入): NTRIP, as ``zone.toml`` names it, said on the broker as a unit would say them.

So they take the way of every message: they are recorded, decoded, held against their CRC and passed on by DDS. The word
for the caster stands in the environment, never in the zone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from jinyun.net import downlink, topics
from jinyun.net.ntrip import Caster, Client
from jinyun.net.rtcm import Frame

if TYPE_CHECKING:
    from jinyun.zone import Zone

DEVICE = "NTRIP"
MOST_OF_ONE = 5
"""Corrections in one message (T/CSAE 157)."""


def caster_of(zone: Zone, environ: Mapping[str, str]) -> Caster | None:
    """Return the caster of a zone, None where it has none."""
    named = zone.corrections
    if named is None:
        return None
    return Caster(named.host, named.port, named.mountpoint, named.user, environ.get(named.word_from, ""))


class Relay:
    """Says what a caster sends; ``publish`` takes (subject, payload)."""

    def __init__(self, zone: Zone, publish: Callable[[str, bytes], None], environ: Mapping[str, str]) -> None:
        """Begin with nothing; :meth:`start` in a running loop."""
        caster = caster_of(zone, environ)
        self.client = Client(caster, self.take) if caster is not None else None
        self._publish, self._count = publish, 0
        self._subject = topics.subject_of(f"jinyun/{zone.id}/rsu/{DEVICE}/up/rtcm")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Read from now on, for as long as the loop runs or until :meth:`stop`; nothing where the zone names no caster."""
        if self.client is not None:
            self._task = asyncio.get_running_loop().create_task(self.client.run())

    def take(self, frames: list[Frame]) -> None:
        """Say some frames, five in a message."""
        for first in range(0, len(frames), MOST_OF_ONE):
            some = [{"payload": frame.octets} for frame in frames[first : first + MOST_OF_ONE]]
            value = {"msgCnt": self._count, "corrections": some}
            self._count = (self._count + 1) % 128
            self._publish(self._subject, downlink.frame_of("rtcm", value))

    def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
