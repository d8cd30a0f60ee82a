"""The road network that may be opened: junctions, segments between them, what each costs, and what is open already."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from jinyun.zone.profile import Profile

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

CLASSES = ("arterial", "street", "rural")
"""Classes of segments (主干路、次干路、乡村公路), by which the profile gives costs and speeds."""


@dataclass(frozen=True)
class Network:
    """Junctions and segments as columns.

    ``x_m``, ``y_m`` (junctions): metres east and north of the zone's origin. ``a``, ``b`` (segments): rows of the
    junctions at its ends; ``kind``: row of :data:`CLASSES`; ``tunnel_m``: how much of it runs under a hill; ``open``:
    open for tests today; ``shape``: its line, (n, 2) metres from ``a`` to ``b``. A segment is both directions.
    """

    junctions: tuple[str, ...]
    x_m: Floats
    y_m: Floats
    segments: tuple[str, ...]
    a: Ints
    b: Ints
    length_m: Floats
    kind: NDArray[np.int8]
    tunnel_m: Floats
    open: Bools
    shape: tuple[Floats, ...]
    simulated: bool = True

    @property
    def open_km(self) -> float:
        """Kilometres open for tests today."""
        return float(self.length_m[self.open].sum()) / 1000

    @property
    def candidate_km(self) -> float:
        """Kilometres that may be opened."""
        return float(self.length_m[~self.open].sum()) / 1000

    def costs(self, profile: Profile) -> tuple[Floats, Floats]:
        """Return what each segment and each junction costs to equip [CNY] by the profile's figures; nothing where open."""
        per_km = np.array([profile[f"growth.cost.{name}_cny_per_km"].value for name in CLASSES])
        segment = per_km[self.kind] * self.length_m / 1000
        segment = segment + profile["growth.cost.tunnel_cny_per_km"].value * self.tunnel_m / 1000
        rural = np.ones(len(self.junctions), bool)
        open_ = np.zeros(len(self.junctions), bool)
        for ends in (self.a, self.b):
            rural[ends[self.kind != CLASSES.index("rural")]] = False
            open_[ends[self.open]] = True
        full, small = profile["growth.cost.junction_cny"].value, profile["growth.cost.junction_rural_cny"].value
        junction = np.where(rural, small, full)
        return np.where(self.open, 0.0, segment), np.where(open_, 0.0, junction)

    def test_cars(self, profile: Profile) -> Floats:
        """Return how many test cars each segment carries at a time by the profile's figures."""
        towns, country = profile["growth.test_per_km"].value, profile["growth.test_per_km_rural"].value
        per_km = np.array([country if name == "rural" else towns for name in CLASSES])
        cars: Floats = per_km[self.kind] * (self.length_m - self.tunnel_m) / 1000
        return cars + profile["growth.test_per_km_tunnel"].value * self.tunnel_m / 1000

    def travel_s(self, profile: Profile) -> Floats:
        """Return how long each segment takes [s] by the profile's speeds."""
        speeds = np.array([profile[f"growth.speed_{name}_kmh"].value for name in CLASSES])
        seconds: Floats = self.length_m / (speeds[self.kind] / 3.6)
        return seconds

    def graph(self, weight: Floats) -> Any:
        """Return the network as a symmetric sparse matrix; of parallel segments, the lightest."""
        n = len(self.junctions)
        order = np.argsort(-weight, kind="stable")  # the lightest last: it stays
        lightest = np.zeros((0,))
        key = np.minimum(self.a, self.b).astype(np.int64) * n + np.maximum(self.a, self.b)
        keep = np.unique(key[order][::-1], return_index=True)[1]
        rows = order[::-1][keep]
        rows = rows[self.a[rows] != self.b[rows]]
        lightest = weight[rows]
        both = (np.r_[self.a[rows], self.b[rows]], np.r_[self.b[rows], self.a[rows]])
        return coo_matrix((np.r_[lightest, lightest], both), shape=(n, n)).tocsr()

    def segment_between(self, weight: Floats) -> dict[tuple[int, int], int]:
        """Return for each pair of joined junctions (lower row first) the lightest segment between them."""
        found: dict[tuple[int, int], int] = {}
        for e in range(len(self.a)):
            key = (int(min(self.a[e], self.b[e])), int(max(self.a[e], self.b[e])))
            if key not in found or weight[e] < weight[found[key]]:
                found[key] = e
        return found

    def nearest(self, x_m: float, y_m: float) -> int:
        """Return the row of the junction nearest to a place."""
        return int(np.argmin(np.hypot(self.x_m - x_m, self.y_m - y_m)))


def way(previous: Ints, goal: int) -> list[int]:
    """Return the junctions from the source of ``previous`` (scipy's predecessors) to ``goal``; empty where none leads."""
    junctions = [goal]
    while (before := int(previous[junctions[-1]])) >= 0:
        junctions.append(before)
    return junctions[::-1] if len(junctions) > 1 else []


def shortest(network: Network, weight: Floats, source: int, goal: int) -> list[int]:
    """Return the segments of the lightest way between two junctions, in order; empty where none leads."""
    _, previous = dijkstra(network.graph(weight), indices=source, return_predecessors=True)
    between = network.segment_between(weight)
    path = way(previous, goal)
    return [between[min(u, v), max(u, v)] for u, v in pairwise(path)]
