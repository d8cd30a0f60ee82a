"""Countdowns: does the end of a light stay where it was said to be, and is it where the light really ends.

The end that is told is an instant; while a light burns it may move only for a cause. Causes are those that the junction's
status names (by hand, stopped, pre-emption, priority), or a controller that states from when to when the end may lie
(minEndTime, maxEndTime), for as long as it keeps within. Senders that count whole seconds get a second more.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality import lights
from jinyun.cloud.quality.spat import NO_END, Heard
from jinyun.cloud.quality.stations import Stations, enlarged
from jinyun.cloud.quality.telling import events
from jinyun.cloud.quality.transitions import SKIPPED
from jinyun.shapes import Light
from jinyun.zone import Profile

Ints = NDArray[np.int64]

JUMP, FROZEN, DISORDER, NO_TIMING, EARLY, LATE, OTHER_NEXT = range(20, 27)
"""Codes of events."""
END, LEAST, MOST, NEXT, ANCHOR, ANCHORED, MARK, MARKED, TENTHS = range(9)
"""Columns of a group's state: what was told last, the end held to and since when, the countdown and since when the same."""
CAUSES = 1 << 15 | 1 << 14 | 1 << 12 | 1 << 11
"""Bits 0, 1, 3 and 4 of IntersectionStatusObject: by hand, stop time, pre-emption, priority."""
BY_TRAFFIC = 1 << 9
"""Bit 6: the controller follows the traffic."""
SECOND_US = 1_000_000
STEP_US = 100_000
"""Resolution of TimeMark."""


@njit(cache=True)
def follow(
    group: Ints,
    junction: Ints,
    light: Ints,
    fresh: NDArray[np.bool_],
    event: Ints,
    status: Ints,
    end: Ints,
    least: Ints,
    most: Ints,
    mark: Ints,
    timed: Ints,
    next_light: Ints,
    changed: Ints,
    limits: Ints,
    state: Ints,
    found: Ints,
) -> int:
    """Take the phases of a window; return how many events were written to ``found``.

    ``changed`` is when each light changed (see :func:`jinyun.cloud.quality.transitions.watch`), ``limits`` how far an end may
    move and how far from it a light may end (us).
    """
    n = 0
    for p in range(len(group)):
        g, j = group[p], junction[p]
        if g < 0 or not fresh[j] or changed[p] == SKIPPED:
            continue
        my, t = state[g], event[j]
        caused = status[j] & CAUSES != 0
        slack = 0 if my[TENTHS] else SECOND_US
        if changed[p] > 0 and not caused:
            at = changed[p]
            if my[LEAST] and at < my[LEAST] - limits[1] - slack:
                found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 5] = EARLY, g, my[LEAST] - at, light[p], t
                n += 1
            elif my[MOST] and at > my[MOST] + limits[1] + slack:
                found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 5] = LATE, g, at - my[MOST], light[p], t
                n += 1
            if my[NEXT] > 0 and my[NEXT] != light[p]:
                found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 5] = OTHER_NEXT, g, my[NEXT], light[p], t
                n += 1
        if changed[p] != 0:
            my[ANCHOR], my[MARKED] = NO_END, 0
        my[END], my[LEAST], my[MOST], my[NEXT] = end[p], least[p], most[p], next_light[p]
        steady = light[p] == Light.RED or light[p] in (Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN, Light.YELLOW)
        if not timed[p]:
            if steady:
                found[n, 0], found[n, 1], found[n, 2], found[n, 5] = NO_TIMING, g, light[p], t
                n += 1
            continue
        if end[p] == NO_END:
            my[ANCHOR] = NO_END
            continue
        if (least[p] and least[p] > end[p] + STEP_US) or (most[p] and most[p] < end[p] - STEP_US):
            found[n, 0], found[n, 1], found[n, 2], found[n, 5] = DISORDER, g, end[p] - t, t
            found[n, 3], found[n, 4] = least[p] - t if least[p] else -1, most[p] - t if most[p] else -1
            n += 1
        if mark[p] % 10:
            my[TENTHS] = 1
        if mark[p] != my[MARK] or mark[p] < 0 or my[MARKED] == 0:
            my[MARK], my[MARKED] = mark[p], t
        if my[ANCHOR] == NO_END or caused:
            my[ANCHOR], my[ANCHORED] = end[p], t
            continue
        adapts = most[p] - least[p] > STEP_US if least[p] and most[p] else status[j] & BY_TRAFFIC != 0
        moved = end[p] - my[ANCHOR]
        if abs(moved) <= limits[0] + slack or adapts:
            if adapts:
                my[ANCHOR], my[ANCHORED] = end[p], t
            continue
        if mark[p] >= 0 and my[MARKED] and t - my[MARKED] + 2 * STEP_US >= moved > 0:
            found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 5] = FROZEN, g, mark[p], t - my[MARKED], t
        else:
            found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 5] = JUMP, g, moved, my[ANCHOR] - t, t
            found[n, 4] = light[p]
            my[ANCHOR], my[ANCHORED] = end[p], t
        n += 1
    return n


class Countdowns:
    """What every group said of the end of its light."""

    def __init__(self, stations: Stations, profile: Profile) -> None:
        self.state = np.zeros((len(stations.station), 9), np.int64)
        jump, miss = (profile[f"signal.{key}"].value for key in ("end_moved_most_ms", "end_missed_most_ms"))
        self._limits = np.array([jump, miss], np.int64) * 1000
        stations.on_grow.append(self._grow)
        stations.on_clear.append(self._clear)

    def _grow(self, stations: int, groups: int) -> None:
        self.state = enlarged(self.state, groups, 0)

    def _clear(self, stations: list[int], groups: list[int]) -> None:
        self.state[groups] = 0

    def take(self, heard: Heard, group: Ints, fresh: NDArray[np.bool_], changed: Ints) -> Ints:
        """Return the events of a window."""
        found = events(4 * len(group))
        n = follow(
            group, heard.junction, heard.light, fresh, heard.event_us, heard.status, heard.end_us, heard.least_us,
            heard.most_us, heard.mark, heard.timed, heard.next_light, changed, self._limits, self.state, found,
        )  # fmt: skip
        return found[:n]

    def told(self, event: list[int]) -> tuple[str, str, str]:
        """Return (rule, severity, reason) of an event."""
        code, _, a, b, c, _ = event
        if code == JUMP:
            said = f"the end of {lights.NAMES[c]} moved by {a / 1e6:+.1f} s, from {b / 1e6:.1f} s ahead"
            return "signal.countdown.jump", "warning", f"{said}, with no cause in the junction's status or bounds"
        if code == FROZEN:
            reason = f"the countdown stands at {a / 10:.1f} s for {b / 1e6:.1f} s while the light stays"
            return "signal.countdown.frozen", "warning", reason
        if code == DISORDER:
            bounds = [f"minEndTime {b / 1e6:.1f} s" if b >= 0 else "", f"maxEndTime {c / 1e6:.1f} s" if c >= 0 else ""]
            reason = f"likelyEndTime {a / 1e6:.1f} s lies outside of {' and '.join(filter(None, bounds))}"
            return "signal.countdown.order", "warning", reason
        if code == NO_TIMING:
            return "signal.timing", "warning", f"{lights.NAMES[a]} without any timing: nobody can plan by it"
        if code == EARLY:
            return (
                "signal.bounds",
                "fault",
                f"{lights.NAMES[b]} came {a / 1e6:.1f} s before minEndTime of the light before",
            )
        if code == LATE:
            return (
                "signal.bounds",
                "fault",
                f"{lights.NAMES[b]} came {a / 1e6:.1f} s after maxEndTime of the light before",
            )
        return "signal.next", "fault", f"{lights.NAMES[a]} was announced, {lights.NAMES[b]} came"
