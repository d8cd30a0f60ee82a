"""What is asked (请求): by whom, for what, and for how long it stands; told again it is renewed, cancelled it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

MOST = 4096
"""Requests that stand at once; what is beyond is refused and counted."""
MOST_OF_ONE = 12
"""Of one vehicle or person: eight of a VIR and its intentions."""
LONGEST_US = 600_000_000
"""No request stands longer without being told again, whatever it says of itself."""


class Ask(IntEnum):
    """What is asked for."""

    PASS = 0
    """To pass a junction, by the way it intends (VIR currentBehavior)."""
    MERGE = 1
    """To drive on to a road from a ramp (currentBehavior rampIn)."""
    CHANGE = 2
    """Another lane (laneChange)."""
    CLEAR = 3
    """That the lane ahead be cleared (clearTheWay)."""
    SIGNAL = 4
    """Priority at a light (signalPriority)."""
    SHARE = 5
    """What the road sees somewhere (sensorSharing)."""
    PARK = 6
    """A bay (parking)."""
    CROSS = 7
    """To cross on foot (PSM personalReq)."""


Key = tuple[int, int, int]
"""Who asks (eight bytes of id as a number), for what, by which number of its own."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was last told."""

    vehicle: int
    ask: Ask
    number: int
    """reqID, -1 for an intention, which has none."""
    source: int
    """Row of the sender."""
    status: str
    """As ReqStatus has it: request, comfirmed, cancel, complete; of walkers request, crossing, finish."""
    priority: int
    """0..7, 7 the highest."""
    info: Mapping[str, Any]
    heard_us: int
    ends_us: int
    since_us: int = 0

    @property
    def key(self) -> Key:
        return self.vehicle, int(self.ask), self.number


@dataclass
class Board:
    """All requests that stand."""

    standing: dict[Key, Request] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (name of what is asked, what became of it): heard, cancelled, completed, expired, refused."""

    def take(self, told: Iterable[Request], now_us: int) -> list[Request]:
        """Note requests in their order; return those that their sender ended, as it last told them."""
        ended = []
        of_one = Counter(key[0] for key in self.standing)
        for one in told:
            known = self.standing.get(one.key)
            if one.status in ("cancel", "complete", "finish"):
                if known is not None:
                    del self.standing[one.key]
                    of_one[one.vehicle] -= 1
                    self._count(one, "cancelled" if one.status == "cancel" else "completed")
                    ended.append(replace(one, since_us=known.since_us))
                continue
            if known is None:
                if len(self.standing) >= MOST or of_one[one.vehicle] >= MOST_OF_ONE:
                    self._count(one, "refused")
                    continue
                of_one[one.vehicle] += 1
                self._count(one, "heard")
            since = known.since_us if known is not None else one.heard_us
            ends = min(one.ends_us, one.heard_us + LONGEST_US)
            self.standing[one.key] = replace(one, since_us=since, ends_us=ends)
        return ended

    def expire(self, now_us: int) -> list[Request]:
        """Let go of requests whose time is over and return them."""
        over = [one for one in self.standing.values() if one.ends_us < now_us]
        for one in over:
            del self.standing[one.key]
            self._count(one, "expired")
        return over

    def of(self, *asks: Ask) -> list[Request]:
        """Return the requests for any of these, the oldest first."""
        those = [one for one in self.standing.values() if one.ask in asks]
        return sorted(those, key=lambda one: (one.since_us, one.key))

    def _count(self, one: Request, what: str) -> None:
        self.counts[one.ask.name.lower(), what] += 1
