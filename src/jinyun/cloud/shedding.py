"""Shedding: what is left out when the cloud cannot keep up, in stated order, and never in silence.

Vulnerable road users, emergency vehicles and whatever a sender does not name are kept to the last; of other motor
vehicles every sighting is taken as long as there is time, and a share of them when there is not, each vehicle in its turn.
The share falls when the picture lags behind the clock for a while and rises slowly when it has caught up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.rows import taken
from jinyun.shapes import Kind

LAGGING_S = 0.1
"""The cloud sheds while the picture is older than this, smoothed over half a second: a hiccup alone is none."""
CAUGHT_UP_S = 0.05
"""The cloud takes more again while it is younger than this."""
MEMORY = 0.04
"""Weight of one window's lag."""
LEAST = 0.1
"""Of ordinary motor vehicles so much is always taken: each is seen once a second at least."""
FALL, RISE = 0.75, 0.02
EMERGENCY = (60, 69)
"""T/CSAE 53 BasicVehicleClass of emergency vehicles, from and to."""


class Shedding:
    """How much is taken now; :attr:`share` of ordinary motor vehicles' sightings, 1 when there is time for all."""

    def __init__(self) -> None:
        self.share = 1.0
        self.shed = 0
        self._lag_s = 0.0
        self._turn = 0

    def lagged(self, lag_s: float) -> None:
        """Note that a window was in the picture ``lag_s`` after it had ended."""
        self._lag_s += MEMORY * (min(max(lag_s, 0.0), 1.0) - self._lag_s)
        if self._lag_s > LAGGING_S:
            self.share = max(LEAST, self.share * FALL)
            self._lag_s = (LAGGING_S + CAUGHT_UP_S) / 2  # the smaller share needs time to show
        elif self._lag_s < CAUGHT_UP_S:
            self.share = min(1.0, self.share + RISE)

    def keep(self, sightings: NDArray[np.void]) -> NDArray[np.void]:
        """Return the sightings to take, in their order; the others are counted in :attr:`shed`."""
        self._turn += 1
        if self.share >= 1.0 or not len(sightings):
            return sightings
        code = sightings["classification"]
        ordinary = (sightings["kind"] == Kind.MOTOR) & ~((code >= EMERGENCY[0]) & (code <= EMERGENCY[1]))
        # Low discrepancy: each vehicle's turns are spread evenly, and different vehicles take different turns.
        phase = (sightings["participant"] * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)).astype(np.float64) / 2**24
        turn = (phase + self._turn * self.share) % 1.0 < self.share
        kept = ~ordinary | turn
        self.shed += int(len(sightings) - kept.sum())
        return taken(sightings, kept)
