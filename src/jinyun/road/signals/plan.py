"""What a signal's plan lets anybody change (配时方案与可调区间): which steps may be cut short or drawn out, and by how much.

Yellow and the red that clears a junction are never touched. A green is never shorter than its least, a walkers' green never
shorter than its own; and where people may still be under way from one kerb to the other, the step that clears them is never
cut, only drawn out. Whoever executes a change holds it against these bounds again (:func:`bounded`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.shapes import Light
from jinyun.zone import Profile

Floats = NDArray[np.float64]
GREEN = (int(Light.PERMISSIVE_GREEN), int(Light.PROTECTED_GREEN), int(Light.FLASHING_GREEN))
YELLOW = (int(Light.YELLOW), int(Light.FLASHING_YELLOW))
CLOSE_S = 2.5
"""Two ends that are farther apart were not told by the same plan."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the zone's profile that bound every change."""

    green_least_s: float
    walk_least_s: float
    walks_mps: float
    longer_most_s: float

    @classmethod
    def of(cls, profile: Profile) -> Limits:
        return cls(**{name: profile[f"road.signals.{name}"].value for name in cls.__slots__})


@dataclass(frozen=True)
class Plan:
    """One junction's fixed plan: ``lights[step, group]``, seconds of each step and what they may become."""

    id: str
    node: int
    phase: NDArray[np.int64]
    walkers: NDArray[np.bool_]
    seconds: Floats
    lights: NDArray[np.int64]
    least_s: Floats
    most_s: Floats

    @property
    def cycle_s(self) -> float:
        return float(self.seconds.sum())

    def group_of(self, phase: int) -> int:
        """Return the row of a phase, -1 where the plan has none of that number."""
        rows = np.flatnonzero(self.phase == phase)
        return int(rows[0]) if len(rows) else -1

    def green(self, step: int, group: int) -> bool:
        """Return whether a group may go in a step."""
        return int(self.lights[step % len(self.seconds), group]) in GREEN

    @cached_property
    def greens(self) -> dict[int, tuple[Floats, Floats]]:
        """The begins and ends (s) of each phase's greens in one cycle, in order; none of a phase that never changes."""
        found, ends = {}, np.cumsum(self.seconds)
        for group, phase in enumerate(self.phase.tolist()):
            green = np.array([self.green(step, group) for step in range(len(ends))])
            if green.all() or not green.any():
                continue
            begin = (ends - self.seconds)[green & ~np.roll(green, 1)]
            end = ends[green & ~np.roll(green, -1)]
            if end[0] <= begin[0]:  # the last runs on into the next cycle
                end = np.append(end[1:], end[0] + self.cycle_s)
            found[int(phase)] = begin, end
        return found

    def free(self, step: int) -> bool:
        """Return whether a step may be changed at all."""
        return bool(self.most_s[step] > self.seconds[step] or self.least_s[step] < self.seconds[step])


def plans(map: Map, limits: Limits) -> dict[int, Plan]:
    """Return the plan of every signalised junction of the map by its node's number."""
    found = {}
    for row in np.flatnonzero(map.junctions["steps"] > 0).tolist():
        first, steps = int(map.junctions["first_step"][row]), int(map.junctions["steps"][row])
        group, groups = int(map.junctions["first_group"][row]), int(map.junctions["groups"][row])
        rows = slice(group, group + groups)
        lights = np.array(
            [map.lights["light"][at : at + groups] for at in map.steps["first_light"][first : first + steps].tolist()]
        ).astype(np.int64)
        seconds = map.steps["duration_s"][first : first + steps].astype(np.float64)
        phase, walkers = map.groups["phase"][rows].astype(np.int64), map.groups["walkers"][rows].astype(bool)
        across = _crossing_s(map, row, phase, walkers, limits.walks_mps)
        least, most = _bounds(seconds, lights, walkers, across, limits)
        node = int(map.junctions["node"][row])
        found[node] = Plan(str(map.junctions["id"][row]), node, phase, walkers, seconds, lights, least, most)
    return found


def _crossing_s(
    map: Map, junction: int, phase: NDArray[np.int64], walkers: NDArray[np.bool_], walks_mps: float
) -> Floats:
    """Return how long each walkers' group takes from kerb to kerb, 0 for other groups."""
    seconds = np.zeros(len(phase))
    for row in np.flatnonzero(map.crossings["junction"] == junction).tolist():
        first, count = int(map.crossings["first"][row]), int(map.crossings["count"][row])
        x, y = (map.crossing_points[name][[first, first + count - 1]] for name in ("x_m", "y_m"))
        own = walkers & (phase == int(map.crossings["phase"][row]))
        seconds[own] = np.maximum(seconds[own], float(np.hypot(x[1] - x[0], y[1] - y[0])) / walks_mps)
    return seconds


def _bounds(
    seconds: Floats, lights: NDArray[np.int64], walkers: NDArray[np.bool_], across_s: Floats, limits: Limits
) -> tuple[Floats, Floats]:
    """Return the least and most seconds of each step."""
    steps = len(seconds)
    least, most = seconds.copy(), seconds.copy()
    green, yellow = np.isin(lights, GREEN), np.isin(lights, YELLOW)
    for step in range(steps):
        if yellow[step].any():
            continue
        clears = _clears_s(step, seconds, green, walkers, across_s)
        if green[step].any():
            wanted = limits.walk_least_s if (green[step] & walkers).any() else limits.green_least_s
            least[step] = min(seconds[step], max(wanted, clears))
            most[step] = seconds[step] + limits.longer_most_s
        elif clears > 0:  # all red for people who walk: they may need longer, and never get less
            most[step] = seconds[step] + limits.longer_most_s
    return least, most


def _clears_s(
    step: int, seconds: Floats, green: NDArray[np.bool_], walkers: NDArray[np.bool_], across_s: Floats
) -> float:
    """Return how long a step must last so that who set out at the end of the walkers' green before it is across.

    0 where no walkers' green ended right before. What follows until somebody else gets green helps them too.
    """
    steps = len(seconds)
    ended = green[step - 1] & ~green[step] & walkers
    if not ended.any():
        return 0.0
    others = green[step]
    after, k = 0.0, (step + 1) % steps
    while k != step and not (green[k] & ~others).any():
        after += float(seconds[k])
        k = (k + 1) % steps
    return max(float(across_s[ended].max()) - after, 0.0)


def bounded(plan: Plan, step: int, spent_s: float, left_s: float, asked_s: float, extra_s: float = 0.0) -> float:
    """Return the seconds that may be left of a running step when ``asked_s`` are asked for.

    A step that is fixed keeps what it has; any other stays within its least and most; ``extra_s`` is granted beyond the most,
    for emergencies.
    """
    if not plan.free(step):
        return left_s
    least, most = plan.least_s[step] - spent_s, plan.most_s[step] + extra_s - spent_s
    return float(np.clip(asked_s, max(least, 0.0), max(most, 0.0)))


def position(plan: Plan, lights: NDArray[np.int64], ends_s: Floats) -> tuple[int, float] | None:
    """Return (step, seconds left of it) of a junction whose groups show ``lights`` for ``ends_s`` more (SPAT's likely end).

    ``lights`` and ``ends_s`` stand in the plan's order; NaN where an end is not told. None where they fit no step: the signal
    goes by another plan than the map's.
    """
    best, least = None, CLOSE_S
    steps = len(plan.seconds)
    for step in np.flatnonzero((plan.lights == lights).all(axis=1)).tolist():
        after = np.array([_run_on_s(plan, step, group) for group in range(len(plan.phase))])
        left = ends_s - after
        left = left[np.isfinite(left)]
        if not len(left):
            continue
        middle = float(np.median(left))
        off = float(np.abs(left - middle).max())
        within = -0.5 <= middle <= plan.most_s[step] + 0.5
        if within and off < least and steps:
            best, least = (step, max(middle, 0.0)), off
    return best


def _run_on_s(plan: Plan, step: int, group: int) -> float:
    """Return how long a group's light goes on after the end of a step; infinite where it never changes."""
    steps, light = len(plan.seconds), plan.lights[step, group]
    total = 0.0
    for k in range(1, steps + 1):
        at = (step + k) % steps
        if plan.lights[at, group] != light:
            return total
        total += float(plan.seconds[at])
    return float("inf")
