"""What is laid over the simulation's picture (画面叠加): who is aside of its place, what lamps are lit, who else is there."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from jinyun.shapes import Kind
from jinyun.world.street import BODIES, DOING, LEFT_LAMP, RIGHT_LAMP, Snapshot

TURN_LAMPS = LEFT_LAMP | RIGHT_LAMP


@dataclass(slots=True)
class Actor:
    """Somebody laid over the picture: a person or a cyclist whom the simulation does not know."""

    slot: int
    number: int
    body: str
    x_m: float
    y_m: float
    heading_rad: float
    speed_mps: float = 0.0
    accel_mps2: float = 0.0


@dataclass(slots=True)
class Overlay:
    """By number of the participant: columns of DOING, (metres to the right, radians turned), and the actors."""

    doing: dict[int, dict[str, int]] = field(default_factory=dict)
    aside: dict[int, tuple[float, float]] = field(default_factory=dict)
    actors: dict[int, Actor] = field(default_factory=dict)

    def forget(self, number: int) -> None:
        """Lay nothing over somebody any more."""
        self.doing.pop(number, None)
        self.aside.pop(number, None)

    def on(self, now: Snapshot) -> Snapshot:
        """Return the picture with all that laid over it."""
        row = {number: k for k, number in enumerate(now.number.tolist())}
        doing, x, y, heading = now.doing.copy(), now.x_m.copy(), now.y_m.copy(), now.heading_rad.copy()
        for number, words in self.doing.items():
            if number in row:
                for name, value in words.items():
                    own = int(doing[name][row[number]])
                    if name == "lights" and value & TURN_LAMPS:  # one lamp at a time, that of the deed
                        own &= ~TURN_LAMPS
                    doing[name][row[number]] = own | value
        for number, (aside_m, turned_rad) in self.aside.items():
            if number in row:
                k = row[number]
                x[k] += aside_m * np.cos(heading[k])
                y[k] -= aside_m * np.sin(heading[k])
                heading[k] += turned_rad
        now = replace(now, doing=doing, x_m=x, y_m=y, heading_rad=heading)
        return _joined(now, list(self.actors.values())) if self.actors else now


def _joined(now: Snapshot, actors: list[Actor]) -> Snapshot:
    bodies = [BODIES[a.body] for a in actors]
    more: dict[str, Any] = {
        "slot": [a.slot for a in actors], "number": [a.number for a in actors], "kind": [b.kind for b in bodies],
        "classification": [b.classification for b in bodies], "x_m": [a.x_m for a in actors],
        "y_m": [a.y_m for a in actors], "heading_rad": [a.heading_rad for a in actors],
        "speed_mps": [a.speed_mps for a in actors], "accel_mps2": [a.accel_mps2 for a in actors],
        "yaw_rate_rps": [0.0] * len(actors), "length_m": [b.length_m for b in bodies],
        "width_m": [b.width_m for b in bodies], "height_m": [b.height_m for b in bodies],
        "doing": np.zeros(len(actors), DOING),
    }  # fmt: skip
    joined: dict[str, Any] = {f.name: getattr(now, f.name) for f in fields(Snapshot) if f.name not in more} | {
        name: np.concatenate([getattr(now, name), np.asarray(values, getattr(now, name).dtype)])
        for name, values in more.items()
    }
    joined["persons"] = now.persons + sum(b.kind == Kind.PEDESTRIAN for b in bodies)
    return Snapshot(**joined)
