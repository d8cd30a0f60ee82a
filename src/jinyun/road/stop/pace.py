"""The pace of a line (行驶节奏): what is learnt of legs, vehicles, stands and lights from those that were followed.

A leg runs from one event of the line to the next. Its share of the free speed is learnt from those who drove it without
standing on the way, a vehicle's factor from all its legs (drivers and vehicles differ for as long as they are followed), and
how far single legs scatter about both. What a stand at a stop takes, and how long after the beginning of green who waited
passes a light, are learnt by event. How sure all this is goes into every arrival that is foretold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

DRAWN = 0.2
"""Least share by which an observation moves what is known."""
FIRST_N = 0.5
"""The first value counts as so many observations."""
LEAST_SHARE, MOST_SHARE = 0.3, 1.25
LEAST_SD, MOST_OFF = 0.01, 0.2
SD_OF_MEAN = 1.2533
"""A normal deviation by the mean of its size."""
KNOWN_N = 2.0
"""A leg seen so often is known."""
DRIVERS_SD = 0.03
LONGEST_LOST_S, LONGEST_STAND_S = 180.0, 240.0


@dataclass(slots=True)
class Learnt:
    """A mean that follows what is seen: quickly at first, then by a fixed share."""

    value: float
    n: float = FIRST_N

    def see(self, seen: float) -> None:
        """Draw the mean to what was seen."""
        self.n += 1
        self.value += max(1 / self.n, DRAWN) * (seen - self.value)


@dataclass(slots=True)
class Driver:
    """One vehicle: how much faster it drives than others on the same legs, and how sure that is."""

    factor: float = 1.0
    sd: float = DRIVERS_SD

    def see(self, ratio: float, sd: float) -> None:
        """Note the ratio of one leg, known to ``sd``."""
        gain = self.sd**2 / (self.sd**2 + sd**2)
        self.factor += gain * (ratio - self.factor)
        self.sd = max(math.sqrt(1 - gain) * self.sd, LEAST_SD)


@dataclass
class Pace:
    """What is known of one line; ``scatter`` is the relative deviation of single legs."""

    usual: float = 0.92
    dwell_s: float = 20.0
    scatter: float = 0.05
    lost_s: float = 1.5
    """How long after the beginning of green who waited passes the line, at a light of which nothing is known yet."""
    legs: dict[int, Learnt] = field(default_factory=dict)
    stands: dict[int, Learnt] = field(default_factory=dict)
    lost: dict[int, Learnt] = field(default_factory=dict)
    stand_sd_s: Learnt = field(default_factory=lambda: Learnt(1.0))
    drivers: dict[int, Driver] = field(default_factory=dict)

    def share(self, event: int) -> float:
        """Return the share of the free speed on the leg that ends at an event."""
        known = self.legs.get(event)
        return self.usual if known is None else known.value

    def driver(self, vehicle: int) -> Driver:
        """Return what is known of a vehicle; of a new one what holds for anybody."""
        return self.drivers.get(vehicle) or Driver(sd=DRIVERS_SD if self.scatter > 0 else 0.0)

    def stand_s(self, event: int) -> float:
        """Return how long the line's vehicles stand at a stop."""
        known = self.stands.get(event)
        return self.dwell_s if known is None else known.value

    def lost_at(self, event: int) -> float:
        """Return how long after green begins who waited passes a light."""
        known = self.lost.get(event)
        return self.lost_s if known is None else known.value

    def drove(self, vehicle: int, event: int, free_s: float, took_s: float) -> None:
        """Note that a leg which takes ``free_s`` at the free speed took a vehicle ``took_s``, without standing."""
        if free_s < 2.0 or took_s <= 0.0:
            return
        seen = float(np.clip(free_s / took_s, LEAST_SHARE, MOST_SHARE))
        driver = self.drivers.setdefault(vehicle, Driver())
        ratio = seen / self.share(event)
        leg = self.legs.setdefault(event, Learnt(self.usual))
        if leg.n > KNOWN_N:  # before, it is the leg that is unknown, not the way it is driven
            off = min(abs(ratio / driver.factor - 1.0), MOST_OFF)
            self.scatter = max(self.scatter + 0.05 * (SD_OF_MEAN * off - self.scatter), LEAST_SD)
            driver.see(ratio, max(self.scatter, LEAST_SD))
        leg.see(seen / driver.factor)

    def stood(self, event: int, seconds: float) -> None:
        """Note how long a vehicle stood at a stop."""
        if 1.0 < seconds < LONGEST_STAND_S:
            self.stand_sd_s.see(min(abs(seconds - self.stand_s(event)), 30.0))
            self.stands.setdefault(event, Learnt(self.dwell_s)).see(seconds)

    def waited(self, event: int, after_green_s: float) -> None:
        """Note how long after the beginning of the first green one who had waited passed a light: a queue may be longer."""
        if 0.0 <= after_green_s < LONGEST_LOST_S:
            self.lost.setdefault(event, Learnt(self.lost_s)).see(after_green_s)

    def forget(self, vehicle: int) -> None:
        """Let go of what is known of a vehicle that is followed no more."""
        self.drivers.pop(vehicle, None)
