"""Small maps drawn by hand, for tests in which every number can be worked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jinyun.hdmap import Map, adjacency, curve, precise


def lanes_of(
    lines: Sequence[Any],
    *,
    edge: Sequence[int],
    index: Sequence[int] | None = None,
    after: Sequence[tuple[int, int]] = (),
    kind: Sequence[int] | None = None,
    junction: Sequence[int] | None = None,
    width_m: float = 3.5,
    speed_mps: float = 15.0,
    tables: dict[str, dict[str, Iterable[Any]]] | None = None,
) -> Map:
    """Return a map of lanes along ``lines`` with straight borders; ``after`` are pairs (lane, the lane after it).

    ``tables`` are further tables, which win over those made here column by column.
    """
    n = len(lines)
    shapes = [np.asarray(line, np.float64)[:, :2] for line in lines]
    counts = np.array([len(shape) for shape in shapes])
    whole = np.vstack(shapes)
    edges = np.asarray(edge, np.int32)
    order = np.asarray(index if index is not None else np.zeros(n), np.int64)
    left, right = adjacency.neighbours(edges, order)
    stations = [curve.stations(shape) for shape in shapes]
    borders = {}
    for side, by in (("left", -width_m / 2), ("right", width_m / 2)):
        line = np.vstack([curve.parallel(shape, by) for shape in shapes])
        borders |= {f"{side}_x_m": line[:, 0], f"{side}_y_m": line[:, 1]}
    number = np.arange(edges.max() + 1)
    made: dict[str, dict[str, Iterable[Any]]] = {
        "lanes": {
            "id": [f"l{k}" for k in range(n)], "edge": edges, "index": order, "kind": kind or [0] * n,
            "first": np.cumsum(counts) - counts, "count": counts, "width_m": [width_m] * n,
            "speed_limit_mps": [speed_mps] * n, "length_m": [s[-1] for s in stations],
            "junction": junction or [-1] * n, "open": [False] * n, "tunnel": [False] * n, "section": [-1] * n,
            "left": left, "right": right,
        },
        "points": {"x_m": whole[:, 0], "y_m": whole[:, 1], "z_m": np.zeros(len(whole)), "s_m": np.concatenate(stations),
                   **borders},
        "edges": {
            "id": [f"e{k}" for k in number], "road": ["r"] * len(number),
            "first": [int(np.argmax(edges == k)) for k in number], "count": [int((edges == k).sum()) for k in number],
            "start": [-1] * len(number), "end": [-1] * len(number),
        },
        **{name: table for name, table in adjacency.following(after, n).items()},
        "about": {
            "zone": ["drawn"], "lon": [106.3], "lat": [29.6], "region": [1], "net": [""], "datum": ["wgs84"],
            "projection": [""], "source": ["drawn"], "format": ["plan"], "revision": [""], "ignored": ["{}"],
        },
    }  # fmt: skip
    for name, table in (tables or {}).items():
        made[name] = {**made.get(name, {}), **table}
    return precise.complete(made)
