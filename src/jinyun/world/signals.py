"""What signal controllers say: SPAT (T/CSAE 53-2020) with a countdown, from the lights as they stand in the simulation.

While nobody may change a program, minimum, maximum and likely end of a light are one, and the countdown is exact. Where the
road may (:mod:`jinyun.road.signals`), a controller takes what keeps within the plan's bounds, and tells for each light the
least and most it may still last beside the end that is likely. The light that burns comes first, then the one that follows
it. All phases of all junctions are worked as one table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap import Map
from jinyun.net.csae.batch import ABSENT
from jinyun.road.signals.control import Why
from jinyun.road.signals.plan import Limits, Plan, bounded, plans
from jinyun.world.clock import minute_of_year, second_mark
from jinyun.zone import Profile

MOST_MARK = 36_000
UNKNOWN_MARK = 36_001
FIXED_TIME = 1 << 10
"""IntersectionStatusObject: bit 5 of 16, counted from the highest."""
BY_TRAFFIC = 1 << 9
"""Bit 6: the program depends on who comes."""
PRIORITY_ACTIVE, PREEMPTED = 1 << 11, 1 << 12
"""Bits 4 and 3: a light is changed for somebody with priority, or for an emergency."""
CERTAIN, LIKELY = 200, 180
"""TimeConfidence of an end that nobody can change, and of one that somebody may."""
Floats = NDArray[np.float64]
_UNTOUCHED = Limits(0.0, 0.0, 1.0, 0.0)
_FLAGS = {Why.PRIORITY: PRIORITY_ACTIVE, Why.EMERGENCY: PREEMPTED}


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
    """The programs of some junctions (rows of ``map.junctions``), in the order given; fixed, or open to changes.

    With a ``profile`` the road may change a running step within its bounds, so an end is told with the least and most it can
    be.
    """

    def __init__(self, map: Map, rows: list[int], profile: Profile | None = None) -> None:
        self.node = map.junctions["node"][rows].astype(np.int64)
        known = plans(map, Limits.of(profile) if profile is not None else _UNTOUCHED)
        self.plans: list[Plan] = [known[int(node)] for node in self.node]
        self._open = profile is not None
        self._hold_most_s = profile["road.signals.hold_most_s"].value if profile is not None else 0.0
        steps = max((len(plan.seconds) for plan in self.plans), default=1)
        phases = sum(len(plan.phase) for plan in self.plans)
        self.junction, self.phase = np.zeros(phases, np.int64), np.zeros(phases, np.int64)
        self._light, self._next_light = np.zeros((phases, steps), np.int64), np.zeros((phases, steps), np.int64)
        self._after_s, self._next_s = np.full((phases, steps), np.inf), np.full((phases, steps), np.inf)
        self._seconds = np.ones((len(self.plans), steps))
        self._least_s, self._most_s = np.zeros((len(self.plans), steps)), np.zeros((len(self.plans), steps))
        self._count = np.array([len(plan.seconds) for plan in self.plans], np.int64)
        row = 0
        for k, plan in enumerate(self.plans):
            n = len(plan.seconds)
            self._seconds[k, :n], self._least_s[k, :n], self._most_s[k, :n] = plan.seconds, plan.least_s, plan.most_s
            for group, phase in enumerate(plan.phase.tolist()):
                self.junction[row], self.phase[row] = k, phase
                self._lay(row, plan.seconds, plan.lights[:, group])
                row += 1
        self._held: list[tuple[int, float, int] | None] = [None] * len(self.plans)
        self._step, self._began_s = np.full(len(self.plans), -1, np.int64), np.zeros(len(self.plans))

    def _lay(self, row: int, seconds: Floats, lights: NDArray[np.int64]) -> None:
        """Fill for every step what a phase shows, how long after that step's end it changes, to what and for how long."""
        n = len(seconds)
        self._light[row, :n] = lights
        for step in range(n):
            later = [(step + k) % n for k in range(1, n + 1)]
            first = next((k for k, at in enumerate(later) if lights[at] != lights[step]), None)
            if first is None:
                continue
            shown = lights[later[first]]
            self._after_s[row, step] = float(sum(seconds[at] for at in later[:first]))
            run, k = 0.0, later[first]
            while lights[k] == shown:
                run, k = run + float(seconds[k]), (k + 1) % n
            self._next_light[row, step], self._next_s[row, step] = shown, run

    def told(self, step: ArrayLike, left_s: ArrayLike, after_s: ArrayLike = 0.0) -> Told:
        """Return the lights of all phases ``after_s`` after each junction was in ``step`` for ``left_s`` more seconds."""
        step, left = self._on(
            np.asarray(step, np.int64), np.asarray(left_s, np.float64) - np.asarray(after_s, np.float64)
        )
        row, at = np.arange(len(self.junction)), step[self.junction]
        ends = left[self.junction] + self._after_s[row, at]
        next_ends = ends + self._next_s[row, at]
        light = self._light[row, at]
        following = np.where(np.isinf(ends), light, self._next_light[row, at])
        return Told(self.junction, self.phase, light, ends, following, next_ends)

    def at(self, position_s: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
        """Return (step, seconds left) of each junction at a place in its cycle."""
        return self._on(np.zeros(len(self.plans), np.int64), self._seconds[:, 0] - np.asarray(position_s, np.float64))

    def _on(self, step: NDArray[np.int64], left: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Return step and seconds left where the seconds may have run out: the steps that follow by the plan."""
        step, left = step.copy(), left.copy()
        for _ in range(2 * self._seconds.shape[1]):
            over = left <= 1e-9
            if not over.any():
                break
            step[over] = (step[over] + 1) % self._count[over]
            left[over] += self._seconds[np.flatnonzero(over), step[over]]
        return step, left

    # -- changes ---------------------------------------------------------------------------------------------------

    def look(self, now_s: float, step: ArrayLike) -> None:
        """Note in which step each junction is, to know since when; called with every snapshot."""
        step = np.asarray(step, np.int64)
        new = step != self._step
        self._began_s[new & (self._step >= 0)] = now_s
        for k in np.flatnonzero(new).tolist():
            self._held[k] = None
        self._step = step

    def row_of(self, node: int) -> int:
        """Return which of the junctions has a node's number, -1 none."""
        rows = np.flatnonzero(self.node == node)
        return int(rows[0]) if len(rows) else -1

    def admit(self, now_s: float, row: int, step: int, left_s: float, asked_s: float, why: Why) -> float | None:
        """Return the seconds that the running step of a junction gets, None where a change is refused.

        Refused is a change of another step than the running one (the word came too late), of a step that nobody may touch,
        and every change where the programs are not open to it. ``left_s`` is what the step has left now.
        """
        plan = self.plans[row]
        if not self._open or step != int(self._step[row]) or not plan.free(step):
            return None
        extra_s = self._hold_most_s if why is Why.EMERGENCY else 0.0
        left = bounded(plan, step, now_s - float(self._began_s[row]), left_s, asked_s, extra_s)
        self._held[row] = (step, left, _FLAGS.get(why, 0))
        return left

    def _flags(self) -> NDArray[np.int64]:
        base = FIXED_TIME if not self._open else BY_TRAFFIC
        return np.array([base | (held[2] if held is not None else 0) for held in self._held], np.int64)

    def _span(self, told: Told) -> tuple[Floats, Floats]:
        """Return the least and most seconds until each light ends, by what may still be done to the running step."""
        if not self._open:
            return told.ends_s, told.ends_s
        k = np.arange(len(self.plans))
        step = np.maximum(self._step, 0)
        planned = self._seconds[k, step]
        shorter = np.maximum(planned - self._least_s[k, step], 0.0)[self.junction]
        longer = np.maximum(self._most_s[k, step] - planned, 0.0)[self.junction]
        return np.maximum(told.ends_s - shorter, 0.0), told.ends_s + longer

    def spat(
        self, step: ArrayLike, left_s: ArrayLike, after_s: ArrayLike, utc_us: list[int], count: list[int], region: int,
        of: NDArray[np.int64] | None = None,
    ) -> dict[str, dict[str, NDArray[Any]]]:  # fmt: skip
        """Return one SPAT for each junction as columns for :func:`jinyun.net.csae.batch.encode`.

        ``of`` are the junctions that it is wanted of, in their order, where not of all; ``utc_us`` and ``count`` are theirs.
        """
        told = self.told(step, left_s, after_s)
        least_s, most_s = self._span(told)
        node, flags = self.node, self._flags()
        if of is not None:
            place = np.full(len(self.plans), -1)
            place[of] = np.arange(len(of))
            rows = place[told.junction] >= 0
            told = Told(**{name: getattr(told, name)[rows] for name in Told.__dataclass_fields__})
            told = replace(told, junction=place[told.junction])
            least_s, most_s, node, flags = least_s[rows], most_s[rows], node[of], flags[of]
        minute, mark = (np.array([of(t) for t in utc_us], np.int64) for of in (minute_of_year, second_mark))
        one = np.ones(len(utc_us), np.int64)
        end, next_end = _mark(told.ends_s), _mark(told.next_ends_s)
        least, most = _mark(least_s), _mark(most_s)
        states = np.where(np.isinf(told.ends_s), 1, 2)
        phases = len(states)
        follows = np.repeat(states == 2, 2)
        follows[::2] = True  # rows of the light that burns and the one that follows, of phases that change

        def pairs(now: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
            chosen: NDArray[np.int64] = np.column_stack([now, then]).reshape(-1)[follows]
            return chosen

        absent, zero = np.full(phases, ABSENT, np.int64), np.zeros(phases, np.int64)
        least, most = (np.where(mark_ == UNKNOWN_MARK, ABSENT, mark_) for mark_ in (least, most))
        certain = zero + (CERTAIN if not self._open else LIKELY)
        return {
            "messages": {
                "msgCnt": np.array(count, np.int64), "moy": minute, "timeStamp": mark, "intersections": one,
            },
            "intersections": {
                "intersectionId.region": one * region, "intersectionId.id": node, "status": flags,
                "moy": minute, "timeStamp": mark, "phases": np.bincount(told.junction, minlength=len(one)),
            },
            "intersections.phases": {"id": told.phase, "phaseStates": states},
            "intersections.phases.phaseStates": {
                "light": pairs(told.light, told.next_light),
                "timing": pairs(zero, zero),  # the first alternative: counting
                "timing.counting.startTime": pairs(zero, end),
                "timing.counting.minEndTime": pairs(least, absent),
                "timing.counting.maxEndTime": pairs(most, absent),
                "timing.counting.likelyEndTime": pairs(end, next_end),
                "timing.counting.timeConfidence": pairs(certain, certain),
            },
        }  # fmt: skip


def _mark(seconds: Floats) -> NDArray[np.int64]:
    """Return TimeMark of seconds from now: tenths, 36001 where unknown."""
    unknown = np.isinf(seconds)
    tenths = np.minimum(np.rint(np.where(unknown, 0, seconds) * 10), MOST_MARK).astype(np.int64)
    marks: NDArray[np.int64] = np.where(unknown, UNKNOWN_MARK, tenths)
    return marks
