"""Boarding (上下客): who waits where, who gets a seat, and how long the doors stay open.

People come to a stop at random (a Poisson stream) and mean to leave at one of the next stops. It is a stand-in for counters
at doors: with real ones :meth:`Cabin.counted` takes their numbers instead.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

SEATS = 10
DOORS_S = 6.0
"""Opening and closing."""
ON_S, OFF_S = 2.4, 1.6
"""For each who boards, and who leaves, through one door."""
PATIENT = 40
"""No more wait at one stop: others walk."""
FARTHEST = 6
"""Stops that somebody rides at most."""


@dataclass(slots=True)
class Waiting:
    """The people at the stops of one line; ``per_hour`` come to each."""

    per_hour: list[float]
    rng: np.random.Generator
    queues: list[deque[tuple[float, int]]] = field(init=False)  # came at, means to ride so many stops
    left: int = 0
    """Who found the stop full of people and walked."""
    _at_s: float = field(init=False, default=-1.0)

    def __post_init__(self) -> None:
        self.queues = [deque() for _ in self.per_hour]

    def until(self, now_s: float) -> None:
        """Let people come until now."""
        if self._at_s < 0:
            self._at_s = now_s
        for queue, rate in zip(self.queues, self.per_hour, strict=True):
            for _ in range(int(self.rng.poisson(rate * (now_s - self._at_s) / 3600))):
                if len(queue) >= PATIENT:
                    self.left += 1
                else:
                    ride = int(self.rng.integers(1, min(FARTHEST, len(self.queues) - 1) + 1))
                    queue.append((now_s, ride))
        self._at_s = now_s


@dataclass(slots=True)
class Cabin:
    """Who sits in one vehicle: the stop at which each leaves."""

    stops: int
    seats: int = SEATS
    aboard: list[int] = field(default_factory=list)
    boarded: int = 0
    refused: int = 0
    passenger_m: float = 0.0
    seat_m: float = 0.0

    def serve(self, stop: int, waiting: deque[tuple[float, int]]) -> tuple[int, int]:
        """Let people off and on at a stop; return how many left and how many came. Nobody stands: seats are what there is."""
        off = sum(goal == stop for goal in self.aboard)
        self.aboard = [goal for goal in self.aboard if goal != stop]
        on = min(self.seats - len(self.aboard), len(waiting))
        for _ in range(on):
            _, ride = waiting.popleft()
            self.aboard.append((stop + ride) % self.stops)
        self.refused += len(waiting)
        self.boarded += on
        return off, on

    def counted(self, off: int, on: int) -> None:
        """Take the numbers of a door counter instead; who leaves is not told apart."""
        self.aboard = self.aboard[min(off, len(self.aboard)) :] + [-1] * min(on, self.seats)
        self.boarded += on

    def moved(self, metres: float) -> None:
        """Take metres driven with who is aboard now."""
        self.passenger_m += metres * len(self.aboard)
        self.seat_m += metres * self.seats


def doors_s(off: int, on: int) -> float:
    """Return how long the doors are open for so many people."""
    return DOORS_S + ON_S * on + OFF_S * off
