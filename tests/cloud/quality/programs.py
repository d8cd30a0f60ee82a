"""Fixed-time controllers of the tests' own: SPAT as columns from the map's programs alone, whatever the street's may change.

Minimum, maximum and likely end of a light are one, and the countdown is exact. The light that burns comes first, then the
one that follows it. All phases of all junctions are worked as one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap import Map
from jinyun.net.csae.batch import ABSENT
from jinyun.world.clock import minute_of_year, second_mark

MOST_MARK = 36_000
UNKNOWN_MARK = 36_001
FIXED_TIME = 1 << 10
"""IntersectionStatusObject: bit 5 of 16, counted from the highest."""
CERTAIN = 200
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """The lights of every phase of every junction at one instant; ``ends_s`` is from then on, infinite where never."""

    junction: NDArray[np.int64]  # which of the junctions asked about
    phase: NDArray[np.int64]
    light: NDArray[np.int64]
    ends_s: Floats
    next_light: NDArray[np.int64]
    next_ends_s: Floats


class Signals:
    """The fixed-time programs of some junctions (rows of ``map.junctions``), in the order given."""

    def __init__(self, map: Map, rows: list[int]) -> None:
        self.node = map.junctions["node"][rows].astype(np.int64)
        self._cycle_s = map.junctions["cycle_s"][rows].astype(np.float64)
        self._first_step = map.junctions["first_step"][rows].astype(np.int64)
        steps = map.junctions["steps"][rows].astype(np.int64)
        seconds = map.steps["duration_s"].astype(np.float64)
        self._step_ends_s = np.concatenate(
            [[0.0], *(np.cumsum(seconds[a : a + n]) for a, n in zip(self._first_step, steps, strict=True))]
        )
        self._step_at = np.concatenate([[1], 1 + np.cumsum(steps)[:-1]]) if len(rows) else np.zeros(0, np.int64)
        begins, lights, self._junction, self._phase = [], [], [], []
        for k, row in enumerate(rows):
            first, n = int(map.junctions["first_step"][row]), int(map.junctions["steps"][row])
            group, groups = int(map.junctions["first_group"][row]), int(map.junctions["groups"][row])
            starts = np.cumsum(seconds[first : first + n]) - seconds[first : first + n]
            at = map.steps["first_light"][first : first + n]
            for g in range(groups):
                change, shown = _changes(starts, map.lights["light"][at + g])
                begins.append(change)
                lights.append(shown)
                self._junction.append(k)
                self._phase.append(int(map.groups["phase"][group + g]))
        self._count = np.array([len(change) for change in begins], np.int64)
        most = int(self._count.max(initial=1))
        self._begins_s = np.full((len(begins), most), np.inf)
        self._lights = np.zeros((len(begins), most), np.int64)
        for p, (change, shown) in enumerate(zip(begins, lights, strict=True)):
            self._begins_s[p, : len(change)] = change
            self._lights[p, : len(shown)] = shown
        self.junction = np.array(self._junction, np.int64)
        self.phase = np.array(self._phase, np.int64)

    def positions_s(self, step: ArrayLike, left_s: ArrayLike) -> Floats:
        """Return each junction's place in its cycle: in ``step`` of its program for ``left_s`` more seconds."""
        ends: Floats = self._step_ends_s[self._step_at + np.asarray(step, np.int64)] - np.asarray(left_s, np.float64)
        return ends

    def told(self, position_s: Floats) -> Told:
        """Return the lights of all phases when each junction is at its place in the cycle."""
        cycle = self._cycle_s[self.junction]
        position = position_s[self.junction] % cycle
        row = np.arange(len(self.junction))
        now = ((self._begins_s <= position[:, None]).sum(axis=1) - 1) % self._count
        following, after = (now + 1) % self._count, (now + 2) % self._count
        ends = (self._begins_s[row, following] - position) % cycle
        ends = np.where(ends <= 0, cycle, ends)
        next_ends = ends + (self._begins_s[row, after] - self._begins_s[row, following]) % cycle
        next_ends = np.where(next_ends <= ends, ends + cycle, next_ends)
        never = self._count == 1
        return Told(
            self.junction, self.phase, self._lights[row, now], np.where(never, np.inf, ends),
            self._lights[row, following], np.where(never, np.inf, next_ends),
        )  # fmt: skip

    def spat(
        self, position_s: Floats, utc_us: list[int], count: list[int], region: int
    ) -> dict[str, dict[str, NDArray[Any]]]:
        """Return one SPAT for each junction as columns for :func:`jinyun.net.csae.batch.encode`."""
        told = self.told(position_s)
        minute, mark = (np.array([of(t) for t in utc_us], np.int64) for of in (minute_of_year, second_mark))
        one = np.ones(len(utc_us), np.int64)
        end, next_end = _mark(told.ends_s), _mark(told.next_ends_s)
        states = np.where(np.isinf(told.ends_s), 1, 2)
        phases = len(states)
        follows = np.repeat(states == 2, 2)
        follows[::2] = True  # rows of the light that burns and the one that follows, of phases that change

        def pairs(now: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
            chosen: NDArray[np.int64] = np.column_stack([now, then]).reshape(-1)[follows]
            return chosen

        absent, zero = np.full(phases, ABSENT, np.int64), np.zeros(phases, np.int64)
        known = np.where(end == UNKNOWN_MARK, ABSENT, end)
        return {
            "messages": {
                "msgCnt": np.array(count, np.int64), "moy": minute, "timeStamp": mark, "intersections": one,
            },
            "intersections": {
                "intersectionId.region": one * region, "intersectionId.id": self.node, "status": one * FIXED_TIME,
                "moy": minute, "timeStamp": mark, "phases": np.bincount(told.junction, minlength=len(one)),
            },
            "intersections.phases": {"id": told.phase, "phaseStates": states},
            "intersections.phases.phaseStates": {
                "light": pairs(told.light, told.next_light),
                "timing": pairs(zero, zero),  # the first alternative: counting
                "timing.counting.startTime": pairs(zero, end),
                "timing.counting.minEndTime": pairs(known, absent),
                "timing.counting.maxEndTime": pairs(known, absent),
                "timing.counting.likelyEndTime": pairs(end, next_end),
                "timing.counting.timeConfidence": pairs(zero + CERTAIN, zero + CERTAIN),
            },
        }  # fmt: skip


def _changes(starts_s: Floats, lights: NDArray[Any]) -> tuple[Floats, NDArray[Any]]:
    """Return when a phase's light changes in the cycle and to what; equal lights of neighbouring steps are one."""
    change = lights != np.roll(lights, 1)
    if not change.any():
        return np.zeros(1), lights[:1]
    return starts_s[change], lights[change]


def _mark(seconds: Floats) -> NDArray[np.int64]:
    """Return TimeMark of seconds from now: tenths, 36001 where unknown."""
    unknown = np.isinf(seconds)
    tenths = np.minimum(np.rint(np.where(unknown, 0, seconds) * 10), MOST_MARK).astype(np.int64)
    marks: NDArray[np.int64] = np.where(unknown, UNKNOWN_MARK, tenths)
    return marks
