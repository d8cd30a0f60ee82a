"""Timetable and headway (时刻表与发车间隔): when a vehicle of a loop line should leave each stop, and how long it waits.

A line of ``n`` vehicles that takes ``round_s`` has a headway of ``round_s / n``. Trip ``k`` leaves stop ``i`` at ``begin_s +
k * headway_s + offset_s[i]``. A vehicle that is early waits; one that has come near to the vehicle before it waits
a part of the missing gap, never longer than ``most_s``: so gaps grow even again without a stop becoming a car park.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.vehicle.shuttle.guideline import Guideline

PLANNED_MPS = 6.2
"""Speed between stops that a timetable counts on, waiting at signals included."""
SHARE = 0.6
"""Share of a missing gap that is waited for at one stop."""
MOST_HELD_S = 45.0


@dataclass(frozen=True, slots=True)
class Timetable:
    """When the trips of a loop line leave its stops; seconds from ``begin_s``."""

    begin_s: float
    headway_s: float
    round_s: float
    offset_s: NDArray[np.float64]

    def due_s(self, trip: int, stop: int) -> float:
        """Return when a trip should leave a stop."""
        return self.begin_s + trip * self.headway_s + float(self.offset_s[stop])


def timetable(line: Guideline, vehicles: int, dwell_s: float, begin_s: float = 0.0) -> Timetable:
    """Return the timetable of a line of so many vehicles; raises :class:`ValueError` for none."""
    if vehicles < 1:
        raise ValueError(f"{line.line}: a timetable needs at least one vehicle, not {vehicles}")
    first = line.halts[0].s_m
    metres = np.array([line.ahead(first, halt.s_m) for halt in line.halts])
    offset = metres / PLANNED_MPS + dwell_s * np.arange(len(metres))
    round_s = line.length_m / PLANNED_MPS + dwell_s * len(metres)
    return Timetable(begin_s, round_s / vehicles, round_s, offset)


def hold_s(plan: Timetable, trip: int, stop: int, now_s: float, gap_s: float, most_s: float = MOST_HELD_S) -> float:
    """Return how much longer to wait at a stop, ``gap_s`` after the vehicle before left it (infinity: none did)."""
    early = plan.due_s(trip, stop) - now_s
    missing = SHARE * (plan.headway_s - gap_s) if np.isfinite(gap_s) else 0.0
    return float(min(max(early, missing, 0.0), most_s))
