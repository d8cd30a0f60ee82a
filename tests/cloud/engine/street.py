"""A street of our own arithmetic: cars that drive straight on for ever over many tiles, each seen by itself and by the road."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, Kind

EPOCH_US = 1_795_000_000_000_000
WINDOW_US = 20_000
SENSORS = 8


class Cars:
    """``count`` cars within ``half_m`` of the zero; where each is at any instant follows from its number alone."""

    def __init__(self, count: int, half_m: float = 1500.0, seed: int = 1) -> None:
        self.noise = np.random.default_rng(seed)
        draw = np.random.default_rng(seed)
        self.x, self.y = draw.uniform(-half_m, half_m, (2, count))
        self.heading = draw.choice([0.0, 0.5, 1.0, 1.5], count) * np.pi
        self.speed = draw.uniform(8.0, 30.0, count)
        self.connected = draw.random(count) < 0.5

    def at(self, t_us: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (x_m, y_m) of every car."""
        gone_m = self.speed * (t_us - EPOCH_US) / 1e6
        return self.x + gone_m * np.sin(self.heading), self.y + gone_m * np.cos(self.heading)

    def sightings(self, t_us: int) -> NDArray[np.void]:
        """Return what was said of them in the window that ends at ``t_us``: every sender speaks ten times a second."""
        turn, number = t_us // WINDOW_US % 5, np.arange(len(self.x))
        own = np.flatnonzero((number % 5 == turn) & self.connected)
        road = np.flatnonzero(number % SENSORS % 5 == turn)  # a unit tells of all that it sees at once
        rows = np.zeros(len(own) + len(road), SIGHTING)
        every = np.concatenate([own, road])
        x, y = self.at(t_us - 40_000)
        rows["x_m"] = x[every] + self.noise.normal(0, 0.2, len(every))
        rows["y_m"] = y[every] + self.noise.normal(0, 0.2, len(every))
        rows["speed_mps"], rows["heading_rad"] = self.speed[every], self.heading[every]
        rows["by"] = np.where(np.arange(len(rows)) < len(own), SEEN_BY_ITSELF, SEEN_BY_ROAD)
        rows["kind"], rows["classification"] = Kind.MOTOR, 10
        rows["source"] = np.where(rows["by"] == SEEN_BY_ITSELF, SENSORS + every, every % SENSORS)
        rows["participant"] = every + 1
        rows["vehicle_id"] = np.where(rows["by"] == SEEN_BY_ITSELF, every + 1, 0)
        rows["event_us"], rows["receive_us"] = t_us - 40_000, t_us - 10_000
        rows["length_m"], rows["width_m"], rows["height_m"] = 4.6, 1.8, 1.5
        rows["position_sd_m"] = 0.3
        return rows
