"""Faults planted in sightings, as a fault of that kind would change what a unit sends; the rest of the street stays sound.

Each takes (sightings of one unit in one window, the unit's mast, a random generator) and returns what it says instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]
LATITUDE_DEG = 29.6


@dataclass
class Unit:
    """What a fault may need: the mast, chance, and what the unit said before."""

    mast: tuple[float, float]
    rng: np.random.Generator
    kept: dict[int, Rows] = field(default_factory=dict)


def turned(rows: Rows, unit: Unit, degrees: float = 2.0) -> Rows:
    """Turned clockwise about its mast."""
    out, turn = rows.copy(), np.radians(degrees)
    x, y = rows["x_m"] - unit.mast[0], rows["y_m"] - unit.mast[1]
    out["x_m"] = unit.mast[0] + x * np.cos(turn) + y * np.sin(turn)
    out["y_m"] = unit.mast[1] - x * np.sin(turn) + y * np.cos(turn)
    out["heading_rad"] = (rows["heading_rad"] + turn) % (2 * np.pi)
    return out


def shifted(rows: Rows, unit: Unit, metres: float = 1.0) -> Rows:
    """Everything lies farther east."""
    out = rows.copy()
    out["x_m"] += metres
    return out


def clock(rows: Rows, unit: Unit, late_ms: float = 200.0) -> Rows:
    """Its clock is behind: what it stamps is older than it is."""
    out = rows.copy()
    out["event_us"] -= round(late_ms * 1000)
    return out


def misses(rows: Rows, unit: Unit, share: float = 0.2) -> Rows:
    """Each look is missing with this probability."""
    return rows[unit.rng.random(len(rows)) >= share]


def ghosts(rows: Rows, unit: Unit, share: float = 0.05) -> Rows:
    """This share of all looks is of nobody, under numbers that are used once."""
    many = unit.rng.binomial(len(rows), share / (1 - share))
    invented = rows[unit.rng.integers(len(rows), size=many)].copy()
    far, bearing = 100 * np.sqrt(unit.rng.random(many)), 2 * np.pi * unit.rng.random(many)
    invented["x_m"] = unit.mast[0] + far * np.sin(bearing)
    invented["y_m"] = unit.mast[1] + far * np.cos(bearing)
    invented["participant"] = unit.rng.integers(1, 65_536, many)
    return np.concatenate([rows, invented])


def frozen(rows: Rows, unit: Unit) -> Rows:
    """It goes on sending what it saw at first, with new stamps."""
    first = unit.kept.setdefault(0, rows.copy())
    if len(unit.kept) == 1 and not (first["speed_mps"] > 2).any():
        unit.kept[0] = first = rows.copy()
    out = first.copy()
    out["event_us"], out["receive_us"] = rows["event_us"].max(), rows["receive_us"].max()
    return out


def swapped(rows: Rows, unit: Unit) -> Rows:
    """The offsets of latitude and longitude from its own place are exchanged."""
    out, squeeze = rows.copy(), np.cos(np.radians(LATITUDE_DEG))
    x, y = rows["x_m"] - unit.mast[0], rows["y_m"] - unit.mast[1]
    out["x_m"], out["y_m"] = unit.mast[0] + y * squeeze, unit.mast[1] + x / squeeze
    return out


def mirrored(rows: Rows, unit: Unit) -> Rows:
    """Headings are counted anticlockwise from north."""
    out = rows.copy()
    out["heading_rad"] = -rows["heading_rad"] % (2 * np.pi)
    return out


def doubled(rows: Rows, unit: Unit, share: float = 0.1) -> Rows:
    """Objects get the number of another that is there at the same time, a tenth of them."""
    out = rows.copy()
    out["participant"][rows["participant"] % 10 < 10 * share] = 7
    return out


PLANTED: dict[str, tuple[str, Callable[[Rows, Unit], Rows]]] = {
    "rotation 2 degrees": ("sensor.turned", turned),
    "shift 1 m": ("sensor.shifted", shifted),
    "clock 200 ms": ("sensor.clock", clock),
    "20 % misses": ("sensor.misses", misses),
    "5 % ghosts": ("sensor.ghosts", ghosts),
    "frozen sensor": ("sensor.frozen", frozen),
    "swapped lat/lon": ("sensor.swapped", swapped),
    "mirrored heading": ("sensor.heading", mirrored),
    "duplicated ids": ("sensor.ids", doubled),
}
"""Each fault, the rule that must name it, and how it is planted."""
