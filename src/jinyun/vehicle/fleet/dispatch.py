"""Dispatch (调度): which vehicle takes the next round of a line, which must charge first, and when it is back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jinyun.vehicle.fleet.energy import CAPACITY_KWH, Battery

FULL_SHARE = 0.9
"""A vehicle that charges is ready again from this share on: beyond it charging slows down."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A vehicle at the line's first stop."""

    id: str
    battery: Battery
    since_s: float


@dataclass(frozen=True, slots=True)
class Sent:
    """What was decided: who leaves (None: nobody can) and who must charge."""

    leaves: str | None
    charges: tuple[str, ...]


def dispatch(ready: Sequence[Ready], round_kwh: float, charging: int, places: int) -> Sent:
    """Return who takes the next round: of those whose charge lasts, the one that has waited longest.

    Who cannot do a round charges, as far as the ``places`` at chargers that are not taken by ``charging`` vehicles reach,
    the emptiest first.
    """
    able = [one for one in ready if one.battery.lasts(round_kwh)]
    empty = sorted(
        (one for one in ready if not one.battery.lasts(round_kwh)), key=lambda one: (one.battery.kwh, one.id)
    )
    leaves = min(able, key=lambda one: (one.since_s, one.id)).id if able else None
    return Sent(leaves, tuple(one.id for one in empty[: max(places - charging, 0)]))


@dataclass(slots=True)
class Yard:
    """Where a line's vehicles charge, at ``places`` piles of ``power_kw``: who is at one, and who waits for one."""

    places: int
    power_kw: float
    charging: dict[str, Battery] = field(default_factory=dict)
    waiting: dict[str, Battery] = field(default_factory=dict)
    since_s: dict[str, float] = field(default_factory=dict)
    """Since when each that is ready again has waited."""

    def goes_on(self, id: str, battery: Battery, round_kwh: float, now_s: float) -> bool:
        """Return whether a vehicle at the line's first stop takes another round; else it charges, or waits to."""
        sent = dispatch([Ready(id, battery, now_s)], round_kwh, len(self.charging), self.places)
        if sent.leaves == id:
            return True
        (self.charging if id in sent.charges else self.waiting)[id] = battery
        return False

    def tick(self, round_kwh: float, now_s: float, seconds: float) -> str | None:
        """Charge for some seconds; return who is to leave for the line now."""
        for battery in self.charging.values():
            battery.kwh = min(battery.kwh + self.power_kw * seconds / 3600, CAPACITY_KWH)
        for id in [id for id, battery in self.charging.items() if battery.share >= FULL_SHARE]:
            self.since_s.setdefault(id, now_s)
        ready = [Ready(id, self.charging[id], since) for id, since in self.since_s.items()]
        empty = [Ready(id, battery, now_s) for id, battery in self.waiting.items()]
        sent = dispatch([*ready, *empty], round_kwh, len(self.charging), self.places)
        for id in sent.charges:
            self.charging[id] = self.waiting.pop(id)
        if sent.leaves in self.since_s:
            del self.charging[sent.leaves], self.since_s[sent.leaves]
            return sent.leaves
        return None
