"""What lights mean and how they may follow each other: the order that signal heads keep, by whom they govern.

GB 14886 (道路交通信号灯设置与安装规范), display of signal lights: heads of motor vehicles and of cyclists go red, green,
yellow, red; arrows so too, or dark before yellow; heads of people crossing go red, green, flashing green, red. A flashing
green before yellow is common and allowed, and so is a crossing without flashing green (实施条例, article 39, knows two
lights). Whatever fails (dark, flashing, unavailable) may come after anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import Light

LIGHTS = 9
NAMES = (
    "unavailable", "dark", "flashing-red", "red", "flashing-green", "permissive-green", "protected-green", "yellow",
    "flashing-yellow",
)  # fmt: skip
"""The names of T/CSAE 53 ``LightState``, by :class:`Light`."""

UNKNOWN, VEHICLES, WALKERS = 0, 1, 2
"""Whom a signal group governs; of one that no map knows, neither can be said."""

STEADY = (Light.RED, Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN, Light.YELLOW)
"""Lights of a controller at work: each of them ends some time."""
GREENS = (Light.FLASHING_GREEN, Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN)
_FORBIDDEN = {
    VEHICLES: [
        *((green, Light.RED) for green in GREENS),
        *((before, Light.FLASHING_GREEN) for before in (Light.RED, Light.YELLOW)),
        *((Light.YELLOW, green) for green in (Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN)),
        *((Light.FLASHING_GREEN, green) for green in (Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN)),
        (Light.RED, Light.YELLOW),
    ],
    WALKERS: [
        (Light.RED, Light.FLASHING_GREEN),
        (Light.RED, Light.YELLOW),
        *((Light.FLASHING_GREEN, green) for green in (Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN)),
    ],
}


def forbidden() -> NDArray[np.bool_]:
    """Return whether a light may not follow another, shape (whom it governs, from, to).

    Of a group that no map knows, only what is forbidden to both vehicles and people crossing is forbidden.
    """
    table = np.zeros((3, LIGHTS, LIGHTS), np.bool_)
    for whom, pairs in _FORBIDDEN.items():
        for before, after in pairs:
            table[whom, before, after] = True
    table[UNKNOWN] = table[VEHICLES] & table[WALKERS]
    return table
