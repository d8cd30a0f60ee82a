"""Who asks for which light, as the cloud says it (信号优先请求簿): its word on ``jinyun.{zone}.cloud.priority``, kept by node.

The cloud has judged who may ask. A request that it does not repeat is over, whether it was ended or lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from jinyun.road.signals.control import Want, Why

HELD_US = 2_000_000
"""The cloud repeats what stands ten times a second; a word older than this is no longer so."""
MOST = 256


class AskedError(ValueError):
    """What came is not the cloud's word; the message names the field."""


@dataclass
class Asked:
    """The requests that stand."""

    standing: dict[int, dict[tuple[int, int], Want]] = field(default_factory=dict)
    heard_us: int = 0

    def take(self, payload: bytes) -> None:
        """Take the cloud's word; raises :class:`AskedError` where it is none, and keeps what stood."""
        try:
            value = json.loads(payload)
            standing: dict[int, dict[tuple[int, int], Want]] = {}
            for one in value["standing"][:MOST]:
                key = int(one["vehicle"]), int(one["number"])
                why = Why.EMERGENCY if one["on_duty"] else Why.PRIORITY
                want = Want(key, int(one["phase"]), int(one["arrives_us"]) / 1e6, why)
                standing.setdefault(int(one["node"]), {})[key] = want
            heard_us = int(value["t_us"])
        except (ValueError, KeyError, TypeError) as error:
            raise AskedError(f"{type(error).__name__}: {error}") from None
        self.standing, self.heard_us = standing, heard_us

    def at(self, now_us: int) -> dict[int, list[Want]]:
        """Return what stands at ``now_us`` by node, nothing where the cloud has fallen silent."""
        if now_us - self.heard_us > HELD_US:
            return {}
        return {node: list(of.values()) for node, of in self.standing.items()}
