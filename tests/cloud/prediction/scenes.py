"""Tracks and lights for tests of the prediction, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.prediction import Paths
from jinyun.shapes import SIGNAL, TRACK, Kind, Light

NOW_US = 1_795_000_000_000_000
NOBODY = np.empty(0, SIGNAL)


def tracks(*who: dict[str, Any]) -> NDArray[np.void]:
    """Return tracks: cars of 4 m heading east at the origin unless told otherwise."""
    rows = np.zeros(len(who), TRACK)
    for k, its in enumerate(who):
        row = {
            "id": k + 1, "kind": Kind.MOTOR, "x_m": 0.0, "y_m": 0.0, "speed_mps": 0.0, "heading_rad": np.pi / 2,
            "length_m": 4.0, "width_m": 1.8, "position_sd_m": 0.3, "speed_sd_mps": 0.2, "heading_sd_rad": 0.02, **its,
        }  # fmt: skip
        for name, value in row.items():
            rows[name][k] = value
    return rows


def lights(*its: tuple[int, Light, float], node: int = 1, region: int = 1) -> NDArray[np.void]:
    """Return signals from (phase, light, seconds it burns still)."""
    rows = np.zeros(len(its), SIGNAL)
    rows["region"], rows["node"], rows["event_us"] = region, node, NOW_US
    for k, (phase, light, left_s) in enumerate(its):
        rows["phase"][k], rows["light"][k] = phase, light
        rows["likely_end_us"][k] = NOW_US + round(left_s * 1e6)
    return rows


def of(paths: Paths, track: int) -> range:
    """Return the rows of a track."""
    return range(int(paths.first[track]), int(paths.first[track + 1]))


def share(paths: Paths, track: int, **what: int) -> float:
    """Return the probability of those hypotheses of a track whose columns have these values."""
    return float(
        sum(
            paths.probability[row]
            for row in of(paths, track)
            if all(getattr(paths, name)[row] == value for name, value in what.items())
        )
    )


def aside(places: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each place from a polyline."""
    line = line[np.append(True, np.any(np.diff(line, axis=0) != 0, axis=1))]
    a, d = line[:-1], np.diff(line, axis=0)
    along = np.clip(((places[:, None] - a) * d).sum(2) / (d * d).sum(1), 0, 1)
    nearest = a + along[:, :, None] * d
    found: NDArray[np.float64] = np.linalg.norm(places[:, None] - nearest, axis=2).min(1)
    return found
