"""Small streets written out by hand: who stands where, for tests of sensors and cars."""

from __future__ import annotations

import numpy as np

from jinyun.shapes import Kind
from jinyun.world.street import DOING, Snapshot


def scene(*people: dict[str, float], time_s: float = 100.0) -> Snapshot:
    """Return a street with these participants; each is a mapping of columns, the rest is a standing car."""

    def column(key: str, default: float) -> np.ndarray:
        return np.array([person.get(key, default) for person in people], np.float64)

    n = len(people)
    return Snapshot(
        time_s=time_s, slot=np.arange(n), number=column("number", 0).astype(np.uint32) + np.arange(1, n + 1, dtype=np.uint32),
        kind=column("kind", Kind.MOTOR).astype(np.uint8), classification=column("class", 10).astype(np.uint8),
        x_m=column("x", 0), y_m=column("y", 0), heading_rad=column("heading", 0), speed_mps=column("speed", 0),
        accel_mps2=column("accel", 0), yaw_rate_rps=column("yaw", 0), length_m=column("length", 4.5),
        width_m=column("width", 1.8), height_m=column("height", 1.5), vehicles=n, persons=0,
        doing=np.zeros(n, DOING),
    )  # fmt: skip
