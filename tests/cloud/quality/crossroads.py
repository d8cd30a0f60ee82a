"""A synthetic street for the scorecard: at each of several masts cars drive along two roads, some report themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, Kind

BEGIN_US = 1_795_000_000_000_000
CARS = 9
REACH_M, RANGE_M = 130.0, 100.0
ROADS_RAD = np.radians([25.0, 115.0, 205.0, 295.0])


def windows(
    masts: NDArray[np.float64], seconds: float, connected: float = 0.5, miss: float = 0.02, seed: int = 1
) -> Iterator[tuple[int, NDArray[np.void]]]:
    """Yield (now, SIGHTING rows) ten times a second; source k is the unit at ``masts[k]``, cars' sources come after.

    Units place what they see with 0.25 m, cars themselves with 0.5 m that stays as long as the car.
    """
    rng = np.random.default_rng(seed)
    units = len(masts)
    n = units * CARS
    at = np.repeat(np.arange(units), CARS)
    way = rng.random(n) * 2 * REACH_M - REACH_M
    speed = 8 + 6 * rng.random(n)
    road = rng.integers(4, size=n)
    name = np.arange(1, n + 1)
    tells = rng.random(n) < connected
    bias = rng.standard_normal((n, 2)) * 0.5
    for step in range(round(seconds * 10)):
        now_us = BEGIN_US + step * 100_000
        way = way + speed * 0.1
        gone = way > REACH_M
        many = int(gone.sum())
        way[gone] = -REACH_M
        name[gone] = name.max() + 1 + np.arange(many)
        road[gone], tells[gone] = rng.integers(4, size=many), rng.random(many) < connected
        bias[gone] = rng.standard_normal((many, 2)) * 0.5
        heading = ROADS_RAD[road]
        right = 2.0 + 3.5 * (at % 2)
        x = masts[at, 0] + way * np.sin(heading) + right * np.cos(heading)
        y = masts[at, 1] + way * np.cos(heading) - right * np.sin(heading)
        seen = (np.abs(way) < RANGE_M) & (rng.random(n) >= miss)
        rows = np.zeros(int(seen.sum() + tells.sum()), SIGHTING)
        own = np.r_[np.zeros(int(seen.sum()), bool), np.ones(int(tells.sum()), bool)]
        who = np.r_[np.flatnonzero(seen), np.flatnonzero(tells)]
        rows["by"] = np.where(own, SEEN_BY_ITSELF, SEEN_BY_ROAD)
        rows["source"] = np.where(own, units + who, at[who])
        rows["participant"] = np.where(own, name[who] + 1_000_000, name[who] % 60_000 + 1)
        rows["vehicle_id"] = np.where(own, name[who] + 1_000_000, 0)
        rows["kind"], rows["classification"] = Kind.MOTOR, 10
        rows["event_us"] = now_us - 80_000
        rows["receive_us"] = now_us - np.where(own, 60_000, 10_000)
        noise = np.where(own[:, None], bias[who] + 0.05 * rng.standard_normal((len(who), 2)), 0)
        noise = noise + np.where(own[:, None], 0, 0.25 * rng.standard_normal((len(who), 2)))
        rows["x_m"], rows["y_m"] = x[who] + noise[:, 0], y[who] + noise[:, 1]
        rows["speed_mps"] = speed[who] + rng.standard_normal(len(who)) * np.where(own, 0.05, 0.3)
        rows["heading_rad"] = (heading[who] + rng.standard_normal(len(who)) * 0.03) % (2 * np.pi)
        rows["length_m"], rows["width_m"], rows["height_m"] = 4.5, 1.8, 1.5
        rows["position_sd_m"] = np.where(own, 0.5, 0.25)
        yield now_us, rows
