"""How a light follows another, group by group: orders that no signal head shows, yellows that are too short, wrong status.

A change is judged only where messages on both sides of it are less than a second apart, so that a lost yellow is not taken
for one that was never shown; the change is placed half-way between them.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality import lights
from jinyun.cloud.quality.spat import Heard
from jinyun.cloud.quality.stations import Stations, enlarged
from jinyun.cloud.quality.telling import events
from jinyun.shapes import Light
from jinyun.zone import Profile

Ints = NDArray[np.int64]

FORBIDDEN, SHORT, STATUS, TWICE = range(10, 14)
"""Codes of events."""
LIGHT, SINCE, LAST, BEFORE, BEFORE_SINCE, BATCH, MESSAGE = range(7)
"""Columns of a group's state: the light, since when (0 unknown), when last told, the light before it and since when."""
UNSEEN, SKIPPED = -1, -2
"""In place of the instant of a change."""
OFF, FAILURE_FLASH, NO_SPAT = 1 << 6, 1 << 13, 1 << 2
"""Bits of IntersectionStatusObject, bit 0 of 16 the highest: 9 off, 2 failureFlash, 13 noValidSPATisAvailableAtThisTime."""
KEPT_US = 5_000_000
"""A light that is still the same after a gap of no more is taken to have burnt throughout."""
TOLERANCE_US = 200_000
"""Two message periods: what the instants of two changes may be wrong by."""


@njit(cache=True)
def watch(
    group: Ints,
    junction: Ints,
    light: Ints,
    fresh: NDArray[np.bool_],
    before: Ints,
    event: Ints,
    status: Ints,
    message: Ints,
    batch: int,
    whom: Ints,
    table: NDArray[np.bool_],
    least_yellow: int,
    state: Ints,
    changed: Ints,
    found: Ints,
) -> int:
    """Take the phases of a window; return how many events were written to ``found``.

    ``whom`` each group governs, ``table`` what may not follow what. ``changed`` becomes when the light changed (us; 0 where
    it did not, UNSEEN where it did between messages too far apart, SKIPPED where the phase is told twice).
    """
    n = 0
    for p in range(len(group)):
        g, j = group[p], junction[p]
        changed[p] = 0
        if g < 0 or not fresh[j]:
            continue
        my, t, now = state[g], event[j], light[p]
        if my[BATCH] == batch and my[MESSAGE] == message[j]:
            found[n, 0], found[n, 1], found[n, 2], found[n, 5] = TWICE, g, now, t
            n += 1
            changed[p] = SKIPPED
            continue
        my[BATCH], my[MESSAGE] = batch, message[j]
        if status[j] & (OFF | FAILURE_FLASH | NO_SPAT) and now >= Light.RED and now != Light.FLASHING_YELLOW:
            found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 5] = STATUS, g, status[j], now, t
            n += 1
        if my[LAST] == 0 or now != my[LIGHT]:
            if my[LAST] and before[j] and before[j] <= my[LAST]:  # this very group was told in the message before
                at = (my[LAST] + t) // 2
                if table[whom[g], my[LIGHT], now]:
                    found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 5] = FORBIDDEN, g, my[LIGHT], now, t
                    n += 1
                burnt = at - my[SINCE]
                if my[LIGHT] == Light.YELLOW and my[SINCE] and burnt < least_yellow - TOLERANCE_US:
                    found[n, 0], found[n, 1], found[n, 2], found[n, 5] = SHORT, g, burnt, t
                    n += 1
                changed[p] = at
            else:
                at = 0
                changed[p] = UNSEEN
            my[BEFORE], my[BEFORE_SINCE] = my[LIGHT], my[SINCE]
            my[LIGHT], my[SINCE] = now, at
        elif t - my[LAST] > KEPT_US:
            my[SINCE] = 0
            changed[p] = UNSEEN
        my[LAST] = t
    return n


class Transitions:
    """The lights of every group, and how they follow each other."""

    def __init__(self, stations: Stations, profile: Profile) -> None:
        self.state = np.zeros((len(stations.station), 7), np.int64)
        self.whom = np.zeros(len(stations.station), np.int64)
        self._table = lights.forbidden()
        self._least_s = profile["signal.yellow_least_s"].value
        self._batch = 0
        stations.on_grow.append(self._grow)
        stations.on_clear.append(self._clear)

    def _grow(self, stations: int, groups: int) -> None:
        self.state, self.whom = enlarged(self.state, groups, 0), enlarged(self.whom, groups, 0)

    def _clear(self, stations: list[int], groups: list[int]) -> None:
        self.state[groups] = 0
        self.whom[groups] = lights.UNKNOWN

    def take(self, heard: Heard, group: Ints, fresh: NDArray[np.bool_], before: Ints) -> tuple[Ints, Ints]:
        """Return (when each phase's light changed, events) of a window; see :func:`watch`."""
        self._batch += 1
        changed, found = np.empty(len(group), np.int64), events(3 * len(group))
        n = watch(
            group, heard.junction, heard.light, fresh, before, heard.event_us, heard.status, heard.message, self._batch,
            self.whom, self._table, int(self._least_s * 1e6), self.state, changed, found,
        )  # fmt: skip
        return changed, found[:n]

    def told(self, event: list[int]) -> tuple[str, str, str]:
        """Return (rule, severity, reason) of an event."""
        code, group, a, b, _, _ = event
        if code == FORBIDDEN:
            whose = {lights.VEHICLES: "a head of vehicles", lights.WALKERS: "a head of people crossing"}
            reason = (
                f"{lights.NAMES[b]} right after {lights.NAMES[a]}, which {whose.get(int(self.whom[group]), 'no head')}"
            )
            return "signal.transition", "fault", f"{reason} never shows" if self.whom[group] else f"{reason} shows"
        if code == SHORT:
            return "signal.yellow", "fault", f"yellow for {a / 1e6:.1f} s, {self._least_s:g} s is the least"
        if code == STATUS:
            said = next(
                w for bit, w in ((OFF, "off"), (FAILURE_FLASH, "failureFlash"), (NO_SPAT, "noValidSPAT")) if a & bit
            )
            return "signal.status", "fault", f"the junction's status says {said} while the light is {lights.NAMES[b]}"
        return "spat.phase.twice", "fault", f"told twice in one message, the second time {lights.NAMES[a]}"
