"""What really was: everybody's place ten times a second and every light, in files of ten seconds for those who measure.

``truth/{first microsecond}.jyc`` are containers of columns (:mod:`jinyun.net.columns`) with the tables ``participants``
(t_us, id, kind, class, x_m, y_m, heading_rad, speed_mps, length_m, width_m, height_m, connected, vehicle_id) and
``signals`` (t_us, node, phase, light, remaining_ds).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.net import columns
from jinyun.world.cars import vehicle_id
from jinyun.world.street import Snapshot

STEPS = 100
UNKNOWN_DS = 65_535


class Truth:
    """Writes the truth files; each appears whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.jyc"):
            old.unlink()
        self._people: list[dict[str, NDArray[Any]]] = []
        self._lights: list[dict[str, NDArray[Any]]] = []
        self._first_us = 0

    def note(self, now: Snapshot, t_us: int, connected: NDArray[np.bool_], lights: tuple[NDArray[Any], ...]) -> None:
        """Note one instant; ``lights`` are the columns node, phase, light and seconds left."""
        if not self._people:
            self._first_us = t_us
        n = len(now.number)
        ids = np.zeros(n, np.uint64)
        for k in np.flatnonzero(connected).tolist():
            ids[k] = vehicle_id(int(now.number[k]))
        self._people.append(
            {
                "t_us": np.full(n, t_us, np.int64), "id": now.number.astype(np.uint32), "kind": now.kind,
                "class": now.classification, "x_m": now.x_m, "y_m": now.y_m,
                "heading_rad": now.heading_rad.astype(np.float32), "speed_mps": now.speed_mps.astype(np.float32),
                "length_m": now.length_m.astype(np.float32), "width_m": now.width_m.astype(np.float32),
                "height_m": now.height_m.astype(np.float32), "connected": connected.astype(np.uint8),
                "vehicle_id": ids,
            }
        )  # fmt: skip
        node, phase, light, left = lights
        remaining = np.minimum(np.rint(left * 10), UNKNOWN_DS)
        self._lights.append(
            {
                "t_us": np.full(len(node), t_us, np.int64), "node": node.astype(np.uint16),
                "phase": phase.astype(np.uint8), "light": light.astype(np.uint8),
                "remaining_ds": remaining.astype(np.uint16),
            }
        )  # fmt: skip
        if len(self._people) >= STEPS:
            self.close()

    def close(self) -> None:
        """Write what was noted since the last file."""
        if not self._people:
            return
        tables = {
            name: {key: np.concatenate([rows[key] for rows in noted]) for key in noted[0]}
            for name, noted in (("participants", self._people), ("signals", self._lights))
        }
        file = self._folder / f"{self._first_us}.jyc"
        fresh = file.with_suffix(".new")
        fresh.write_bytes(columns.pack(tables, {"kind": "truth", "simulated": True}))
        fresh.replace(file)
        self._people, self._lights = [], []
