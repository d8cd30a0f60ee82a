"""Knowing signals (信号灯): SPAT with its countdown where the road tells it, the light alone where only the camera sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jinyun.net.csae import batch
from jinyun.shapes import Light
from jinyun.vehicle.shuttle.objects import BY_CAR, BY_ROAD

KEPT_S = 1.0
"""SPAT that is not repeated for so long is no longer believed."""
SEEN_KEPT_S = 0.6
UNKNOWN_MARK = 36_001
ALL_GREEN = (Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN, Light.FLASHING_GREEN)


@dataclass(frozen=True, slots=True)
class Lit:
    """One signal group now: the light, the seconds until it changes (NaN unknown) and who says so (0 nobody)."""

    light: int
    remaining_s: float
    by: int

    @property
    def green(self) -> bool:
        """Whether one may go."""
        return self.light in ALL_GREEN

    @property
    def dead(self) -> bool:
        """Whether the signal gives no direction: dark or flashing yellow."""
        return self.light in (Light.DARK, Light.FLASHING_YELLOW)


NOTHING = Lit(Light.UNAVAILABLE, math.nan, 0)


class Lights:
    """What is known of signal groups, by node and phase."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, int], tuple[float, int, float, int, float]] = {}
        self._seen: dict[tuple[int, int], tuple[float, int]] = {}
        self.refused = 0

    def hear(self, frames: list[bytes], now_s: float) -> None:
        """Take SPAT frames that came by now; the countdown runs from then on."""
        if not frames:
            return
        found = batch.decode("spatFrame", *batch.join(frames))
        self.refused += int((found.verdict != batch.OK).sum())
        crossroads, phases = found.tables["intersections"], found.tables["intersections.phases"]
        states = found.tables["intersections.phases.phaseStates"]
        node = np.repeat(crossroads["intersectionId.id"], np.maximum(crossroads["phases"], 0))
        first = np.concatenate([[0], np.cumsum(np.maximum(phases["phaseStates"], 0))])
        light, start = states["light"].tolist(), states["timing.counting.startTime"].tolist()
        end = states["timing.counting.likelyEndTime"].tolist()
        for k, (its_node, phase) in enumerate(zip(node.tolist(), phases["id"].tolist(), strict=True)):
            rows = range(int(first[k]), int(first[k + 1]))
            burning = next((r for r in rows if start[r] == 0), None)
            if burning is None:
                continue
            following = next((r for r in rows if r != burning), None)
            left = end[burning] / 10 if 0 <= end[burning] < UNKNOWN_MARK else math.inf
            then = light[following] if following is not None else 0
            then_left = (
                end[following] / 10 if following is not None and 0 <= end[following] < UNKNOWN_MARK else math.inf
            )
            self._told[its_node, phase] = now_s, light[burning], now_s + left, then, now_s + then_left

    def see(self, node: int, phase: int, light: int, now_s: float) -> None:
        """Take what the camera reads of a signal head."""
        self._seen[node, phase] = now_s, light

    def now(self, node: int, phase: int, now_s: float) -> Lit:
        """Return what is known of a group now: the road's word where it is fresh and the camera does not contradict it."""
        seen = self._seen.get((node, phase))
        fresh = seen is not None and now_s - seen[0] <= SEEN_KEPT_S
        told = self._told.get((node, phase))
        if told is not None and now_s - told[0] <= KEPT_S:
            _, light, ends_s, then, then_ends_s = told
            if now_s >= ends_s:
                light, ends_s = then, then_ends_s
            left = max(ends_s - now_s, 0.0) if math.isfinite(ends_s) else math.nan
            if seen is None or not fresh:
                return Lit(light, left, BY_ROAD)
            if (seen[1] in ALL_GREEN) == (light in ALL_GREEN):
                return Lit(light, left, BY_ROAD | BY_CAR)
        if seen is not None and fresh:
            return Lit(seen[1], math.nan, BY_CAR)
        return NOTHING
