"""Faults of roadside units, planted to see whether they are found: a sensor turned on its mast, a clock that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jinyun.world.sensing import Seen


@dataclass(frozen=True)
class Fault:
    """What is wrong with one unit: all that it sees is turned clockwise about its mast, its clock is ahead."""

    turn_deg: float = 0.0
    clock_ms: float = 0.0


SOUND = Fault()


class Faults:
    """The faults of all units, in the order of the zone's; raises ``ValueError`` for a unit the zone does not have."""

    def __init__(self, names: Sequence[str], places: NDArray[np.float64], faults: Mapping[str, Fault]) -> None:
        unknown = sorted(faults.keys() - set(names))
        if unknown:
            raise ValueError(f"no roadside unit {unknown[0]!r} in this zone")
        each = [faults.get(name, SOUND) for name in names]
        self._turn = np.radians([fault.turn_deg for fault in each])
        self._places = places
        self.clock_us = np.array([round(fault.clock_ms * 1000) for fault in each], np.int64)

    def turned(self, seen: Seen) -> Seen:
        """Return what the units say that they see."""
        if not self._turn.any():
            return seen
        turn = self._turn[seen.unit]
        x, y = self._places[seen.unit, 0], self._places[seen.unit, 1]
        east, north = seen.x_m - x, seen.y_m - y
        return replace(
            seen,
            x_m=x + east * np.cos(turn) + north * np.sin(turn),
            y_m=y - east * np.sin(turn) + north * np.cos(turn),
            heading_rad=seen.heading_rad + turn,
        )
