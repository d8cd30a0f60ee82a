"""Where a smart crossing lies (人行横道位置): its axis from kerb to kerb, and where everybody is in its own coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap import Map, MapError
from jinyun.zone import Zone

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """One smart crossing: ``along`` runs from the first kerb (0) to the second (``length_m``), ``across`` to its right."""

    id: str
    zh: str
    en: str
    unit: str
    """The roadside unit that watches it."""
    x_m: float
    y_m: float
    east: float
    north: float
    length_m: float
    half_width_m: float
    node: int
    phase: int
    """The walkers' signal group (PhaseID), 0 where it has no lights."""

    def local(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[Floats, Floats]:
        """Return (along, across) in metres of places of the zone."""
        dx, dy = np.asarray(x_m, np.float64) - self.x_m, np.asarray(y_m, np.float64) - self.y_m
        return dx * self.east + dy * self.north, dx * self.north - dy * self.east

    def turned(self, vx: ArrayLike, vy: ArrayLike) -> tuple[Floats, Floats]:
        """Return (along, across) of a direction or speed."""
        vx, vy = np.asarray(vx, np.float64), np.asarray(vy, np.float64)
        return vx * self.east + vy * self.north, vx * self.north - vy * self.east

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the crossing in the zone's metres."""
        return self.x_m + self.east * self.length_m / 2, self.y_m + self.north * self.length_m / 2


def places(zone: Zone, map: Map) -> list[Place]:
    """Return the zone's smart crossings on its map; raises :class:`~jinyun.hdmap.MapError` for one the map does not have."""
    row_of = {str(id): row for row, id in enumerate(map.crossings["id"].tolist())}
    found = []
    for crossing in zone.crossings:
        row = row_of.get(crossing.id)
        if row is None:
            raise MapError(f"zone.toml: crossings: the map has no crossing {crossing.id}")
        first, count = int(map.crossings["first"][row]), int(map.crossings["count"][row])
        x, y = (map.crossing_points[name][[first, first + count - 1]] for name in ("x_m", "y_m"))
        length = float(np.hypot(x[1] - x[0], y[1] - y[0]))
        found.append(
            Place(
                crossing.id, crossing.zh, crossing.en, crossing.rsu, float(x[0]), float(y[0]),
                float(x[1] - x[0]) / length, float(y[1] - y[0]) / length, length,
                float(map.crossings["width_m"][row]) / 2, int(map.junctions["node"][map.crossings["junction"][row]]),
                int(map.crossings["phase"][row]),
            )
        )  # fmt: skip
    return found
