"""When a vehicle will be at its stops (到站预测): the line driven ahead of it in thought, light by light and stop by stop.

It is driven many times at once (:data:`SAMPLES`), each time a little faster or slower, as far as legs and vehicles have been
seen to scatter (:mod:`jinyun.road.stop.pace`). At each light each of them waits for the green that the signal's plan will
give it then: plans repeat, so the greens of the next ten minutes are known but for what priority and traffic do to them. Who
just makes a green and who just misses it are told apart by seconds and arrive a red apart; what is told is the middle of
all, with the span in which eight of ten lie.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from jinyun.road.signals.plan import Plan
from jinyun.road.stop.course import Ribbon
from jinyun.road.stop.pace import Pace

HORIZON_S = 1500.0
START_MPS2, STOP_MPS2 = 1.1, 2.2
DISCHARGE_S = 2.0
"""Time between two who start at a light."""
YELLOW_S = 2.0
"""Who comes so soon after the end of a green still passes, on yellow."""
SAMPLES = 40
_SPAN = [4, 35]
"""Eight of ten samples lie between these, in order."""
LEAST_LEG_S, LEAST_LOST_S = 0.4, 0.7
"""No leg and no start at a light is known better than so many seconds."""
LOST_SD = 0.3
"""Relative deviation of what a start at a light loses."""
AT_STOP_M = 22.0
"""Whose middle is so near to the end of a stop and stands is at it."""
LEGS = 128
Floats = NDArray[np.float64]


def _normal() -> Floats:
    """Return rows of the same even spread of a normal distribution, each in an order of its own."""
    even = special.ndtri((np.arange(SAMPLES) + 0.5) / SAMPLES)
    rng = np.random.default_rng(1)
    return np.stack([rng.permutation(even) for _ in range(LEGS)])


_NORMAL = _normal()


class Timing(NamedTuple):
    """A signal's plan and where it is: in ``step`` for ``left_s`` more at ``t_s``."""

    plan: Plan
    step: int
    left_s: float
    t_s: float

    def waits(self, phase: int, t_s: Floats) -> tuple[Floats, Floats, Floats]:
        """Return for who comes at ``t_s`` (seconds until green, since it ended, since it began).

        NaN what does not hold: since the end at green, since the beginning at red; no wait without a light.
        """
        t = np.asarray(t_s, np.float64)
        none = np.full(t.shape, np.nan)
        greens = self.plan.greens.get(phase)
        if greens is None:
            return np.zeros(t.shape), none, none
        begin, end = greens
        cycle = self.plan.cycle_s
        at = (float(self.plan.seconds[: self.step + 1].sum()) - self.left_s + t - self.t_s) % cycle
        last = np.searchsorted(begin, at, side="right") - 1  # -1: before the first, in the last of the cycle before
        since = at - np.where(last < 0, begin[-1] - cycle, begin[last])
        over = at - np.where(last < 0, end[-1] - cycle, end[last])
        following = np.append(begin, begin[0] + cycle)[last + 1]
        green = over < 0
        return np.where(green, 0.0, following - at), np.where(green, np.nan, over), np.where(green, since, np.nan)


class Arrival(NamedTuple):
    """One vehicle at one stop: when (seconds, on the clock of the question), and the span in which it probably is."""

    stop: str
    t_s: float
    event: int
    """Row of the line's events."""
    early_s: float
    late_s: float


def ahead(
    ribbon: Ribbon, s_m: float, speed_mps: float, t_s: float, stood_s: float, timings: Mapping[int, Timing],
    queues: Mapping[tuple[int, int], int], pace: Pace, vehicle: int = 0, served: str = "",
) -> list[Arrival]:  # fmt: skip
    """Return when a vehicle at ``s_m`` will be at the stops ahead of it, the next first, each stop once.

    ``served`` is the stop at which it stands, for ``stood_s``, or that it left last (``stood_s`` NaN); ``timings`` are known by
    node, ``queues`` (vehicles that stand before a light, one lane's) by (node, phase).
    """
    events = ribbon.events
    found: list[Arrival] = []
    if not events:
        return found
    at_stop = math.isfinite(stood_s)
    first = _first(ribbon, s_m, served)
    noise = _NORMAL if pace.scatter > 0 else np.zeros_like(_NORMAL)
    driver = pace.driver(vehicle)
    factor = driver.factor * (1.0 + driver.sd * noise[-1])
    now, here = np.full(SAMPLES, t_s), s_m
    moving = np.full(SAMPLES, 0.0 if at_stop else speed_mps)
    if at_stop:
        left_s = pace.stand_s((first - 1) % len(events)) - stood_s
        now = now + np.maximum(left_s + pace.stand_sd_s.value * noise[-2], 0.5)
    seen: set[str] = set()
    for k in range(first, first + len(events)):
        if k >= len(events) and not ribbon.loop:
            break
        row = k % len(events)
        event = events[row]
        to = event.s_m + (ribbon.length_m if k >= len(events) else 0.0)
        metres = max(to - here, 0.0)
        cruise = ribbon.free_mps(here, metres) * pace.share(row)
        run_s = metres / cruise
        scatter_s = math.hypot(pace.scatter * run_s, LEAST_LEG_S) * noise[k % LEGS]
        start_s = np.maximum(cruise - moving, 0.0) / (2 * START_MPS2) if metres > 1.0 else 0.0
        now = now + np.maximum(run_s / factor + scatter_s, 0.5 * run_s) + start_s
        moving, here = np.full(SAMPLES, cruise), max(to, here)
        if float(now.mean()) - t_s > HORIZON_S:
            break
        if event.stop:
            now = now + cruise / (2 * STOP_MPS2)
            if event.stop not in seen:
                early, late = np.sort(now)[_SPAN].tolist()
                found.append(Arrival(event.stop, float(now.mean()), row, early, late))
                seen.add(event.stop)
            now = now + np.maximum(pace.stand_s(row) + pace.stand_sd_s.value * noise[(k + 17) % LEGS], 1.0)
            moving = np.zeros(SAMPLES)
        elif event.node in timings:
            wait_s, over_s, _ = timings[event.node].waits(event.phase, now)
            queue_s = DISCHARGE_S * queues.get((event.node, event.phase), 0) if k == first else 0.0
            lost_s = max(pace.lost_at(row), pace.lost_s + queue_s) if queue_s else pace.lost_at(row)
            lost = np.maximum(lost_s * (1 + LOST_SD * noise[(k + 31) % LEGS]), LEAST_LOST_S)
            stands = (wait_s > 0) & ~(over_s < YELLOW_S)
            now = now + np.where(stands, wait_s + lost, np.where(over_s < YELLOW_S, 0.0, queue_s))
            moving = np.where(stands, 0.0, moving)
    return found


def _first(ribbon: Ribbon, s_m: float, served: str) -> int:
    """Return the row of the next event; a vehicle's middle is behind its front, and a stop it has served behind it."""
    order = [event.s_m for event in ribbon.events]
    first = int(np.searchsorted(order, s_m - 1.0))
    for row, event in enumerate(ribbon.events):
        if served and event.stop == served and 0 <= float(ribbon.on_m(s_m, event.s_m)) < AT_STOP_M:
            return row + 1 if row >= first or not ribbon.loop else row + 1 + len(order)
    return first
