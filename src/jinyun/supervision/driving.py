"""Driving of a test vehicle (测试行驶): from its data items to hours, kilometres, takeovers, disengagements and breaches.

Definitions, so that figures of different subjects can be compared:

* **Automated time and way** count between two messages that are at most 2 s apart and both say ``automated``; a longer gap
  counts nothing and is said as a gap.
* **Every end of automated mode is exactly one of three.** *Planned* 计划退出: the vehicle says so (end of the section), or it
  stands. *Disengagement* 脱离: the system ended it itself, or a fault came with it. *Takeover* 接管: anything else - the driver
  or somebody remote ended it, or nobody said who while it moved. So who says nothing gains nothing.
* **Denominators** are the automated hours and kilometres of the same vehicle, period and section.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jinyun.supervision.items import Items
from jinyun.supervision.rules.data import Coming

MOST_GAP_US = 2_000_000
MOVING_MPS = 0.5


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened to a vehicle: what, when, where, in words and values."""

    kind: str  # takeover | disengagement | planned | fault | remote-command
    vehicle: str
    t_us: int
    lon: float | None
    lat: float | None
    what: str


@dataclass(slots=True)
class Tally:
    """Sums of one vehicle since they were last taken."""

    seconds: dict[str, float] = field(default_factory=dict)
    metres: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    gap_s: float = 0.0

    def add(self, mode: str, seconds: float, metres: float) -> None:
        self.seconds[mode] = self.seconds.get(mode, 0.0) + seconds
        self.metres[mode] = self.metres.get(mode, 0.0) + metres

    def count(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1


class Driving:
    """One vehicle's way; :meth:`take` each message in the order of its own time."""

    def __init__(self, vehicle: str) -> None:
        self.vehicle = vehicle
        self.last: Items | None = None
        self.tally = Tally()
        self.seen: set[int] = set()
        self.out_of_order = 0
        self._seconds: set[int] = set()
        self._first_us = 0
        self._longest_us = 0
        self._fault = self._command = ""

    def take(self, items: Items) -> list[Occurrence]:
        """Take one message and return what happened with it; one that is not newer than the last counts nothing."""
        before = self.last
        if before is not None and items.t_us <= before.t_us:
            self.out_of_order += 1
            return []
        self._note(items, before)
        found = self._changes(items, before)
        for one in found:
            self.tally.count(one.kind)
        self.last = items
        return found

    def _note(self, items: Items, before: Items | None) -> None:
        self.seen |= items.present
        if {1, 2, 3, 4} <= items.present:
            self._seconds.add(items.t_us // 1_000_000)
        if before is None:
            self._first_us = items.t_us
            return
        gap_us = items.t_us - before.t_us
        self._longest_us = max(self._longest_us, gap_us)
        if gap_us > MOST_GAP_US:
            self.tally.gap_s += gap_us / 1e6
        elif before.mode is not None and before.mode == items.mode:
            speeds = [speed for speed in (before.speed_mps, items.speed_mps) if speed is not None]
            metres = sum(speeds) / len(speeds) * gap_us / 1e6 if speeds else 0.0
            self.tally.add(items.mode, gap_us / 1e6, metres)

    def _changes(self, items: Items, before: Items | None) -> list[Occurrence]:
        found = []
        if before is not None and before.mode == "automated" and items.mode not in ("automated", None):
            kind = ending(items, before)
            found.append(
                self._occurred(
                    kind, items, f"automated -> {items.mode}; by {items.ended_by or 'nobody named'} {items.why}"
                )
            )
        if items.fault and items.fault != self._fault:
            found.append(self._occurred("fault", items, items.fault))
        if items.remote_command and items.remote_command != self._command:
            found.append(self._occurred("remote-command", items, items.remote_command))
        self._fault, self._command = items.fault, items.remote_command
        return found

    def _occurred(self, kind: str, items: Items, what: str) -> Occurrence:
        return Occurrence(kind, self.vehicle, items.t_us, items.lon, items.lat, what.strip())

    def coming(self, now_us: int) -> Coming:
        """Return how its data came from its first message to ``now_us`` (us)."""
        last_us = self.last.t_us if self.last is not None else 0
        seconds = max(round((now_us - self._first_us) / 1e6), 1) if self._first_us else 0
        longest_s = max(self._longest_us, now_us - last_us if last_us else 0) / 1e6
        return Coming(self.vehicle, seconds, len(self._seconds), longest_s, frozenset(self.seen))

    def roll(self, now_us: int) -> tuple[Coming, Tally]:
        """Return coming and sums and begin anew: once a minute, so that nothing here grows."""
        coming, tally = self.coming(now_us), self.tally
        self.tally, self._seconds, self.seen = Tally(), set(), set()
        self._first_us, self._longest_us = now_us, 0
        return coming, tally


def ending(items: Items, before: Items) -> str:
    """Return what an end of automated mode was: planned, takeover or disengagement."""
    if items.ended_by == "system" or (items.fault and items.ended_by is None):
        return "disengagement"
    if items.ended_by == "planned":
        return "planned"
    moved = max(before.speed_mps or 0.0, items.speed_mps or 0.0) > MOVING_MPS
    if items.ended_by is None and not moved:
        return "planned"
    return "takeover"
