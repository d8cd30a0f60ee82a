"""Who is at a crossing (过街行人): the people one unit sees, followed from message to message by the unit's own numbers.

Nothing is predicted beyond the next second or two, so the filter is a plain one: place and speed are each drawn half-way to
what is measured. A number that changes is the same person where a new one turns up at the place of one not seen since.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import Kind

DRAWN = 0.5
SAME_M = 1.2
"""A new number so near to where somebody is expected who was not seen since is that person."""
MOST = 64
"""People followed at one crossing; the farthest newcomers beyond are not."""


@dataclass(slots=True)
class Person:
    """One person: place, speed, how often and when seen."""

    number: int
    x_m: float
    y_m: float
    vx_mps: float
    vy_mps: float
    event_us: int
    first_us: int
    hits: int = 1
    near_us: int = 0
    """Since when it stands at the kerb, 0 not at all."""


class People:
    """The people round one crossing."""

    def __init__(self, x_m: float, y_m: float, within_m: float, keep_us: int) -> None:
        self._x_m, self._y_m, self._within_m, self._keep_us = x_m, y_m, within_m, keep_us
        self.here: dict[int, Person] = {}

    def take(self, rows: NDArray[np.void], event_us: int) -> None:
        """Note what one message says (rows of :data:`~jinyun.road.seen.SEEN`), measured at ``event_us``."""
        for number, kind, x_m, y_m, speed, heading, _ in rows.tolist():
            if kind != Kind.PEDESTRIAN or math.hypot(x_m - self._x_m, y_m - self._y_m) > self._within_m:
                continue
            self._note(number, x_m, y_m, speed * math.sin(heading), speed * math.cos(heading), event_us)

    def _note(self, number: int, x_m: float, y_m: float, vx: float, vy: float, event_us: int) -> None:
        person = self.here.get(number) or self._renamed(number, x_m, y_m, event_us)
        if person is None:
            if len(self.here) < MOST:
                still = not math.isfinite(vx)
                self.here[number] = Person(
                    number, x_m, y_m, 0.0 if still else vx, 0.0 if still else vy, event_us, event_us
                )
            return
        seconds = (event_us - person.event_us) / 1e6
        if seconds <= 0:  # told twice, or out of order
            return
        expected_x, expected_y = person.x_m + person.vx_mps * seconds, person.y_m + person.vy_mps * seconds
        if not math.isfinite(vx):
            vx, vy = (x_m - person.x_m) / seconds, (y_m - person.y_m) / seconds
        person.x_m, person.y_m = expected_x + DRAWN * (x_m - expected_x), expected_y + DRAWN * (y_m - expected_y)
        person.vx_mps += DRAWN * (vx - person.vx_mps)
        person.vy_mps += DRAWN * (vy - person.vy_mps)
        person.event_us = event_us
        person.hits += 1

    def _renamed(self, number: int, x_m: float, y_m: float, event_us: int) -> Person | None:
        """Return who goes by a new number now, None where it is somebody new."""
        best, least = None, SAME_M
        for person in self.here.values():
            seconds = (event_us - person.event_us) / 1e6
            if seconds <= 0.05:
                continue
            away = float(
                math.hypot(person.x_m + person.vx_mps * seconds - x_m, person.y_m + person.vy_mps * seconds - y_m)
            )
            if away < least:
                best, least = person, away
        if best is not None:
            del self.here[best.number]
            best.number = number
            self.here[number] = best
        return best

    def forget(self, event_us: int) -> None:
        """Let go of who was not seen for too long."""
        for number in [n for n, one in self.here.items() if event_us - one.event_us > self._keep_us]:
            del self.here[number]
