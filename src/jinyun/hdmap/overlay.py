"""Laying lines over lines (图幅套合): the shift and turn that bring a received map's lanes onto those of ours.

Least squares over how far places of the received lanes lie beside the lane that each is meant to be, and over how far its
end lies from that lane's end; far-off places count for little (Cauchy's weights), so a few wrong lanes do not move the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import curve

Line = NDArray[np.float64]

SAMPLE_M = 5.0
"""Distance of places on a received lane."""
LAST_M = 250.0
"""So much of a lane before its end is compared."""
END_WEIGHT = 0.3
"""An end counts for less: one maker draws lanes to the stop line, the other to the junction's edge."""
SCALES_M = (30.0, 10.0, 4.0, 2.0, 1.0, 0.6, 0.4, 0.4, 0.4)
"""What counts as far off, from one round to the next."""


@dataclass(frozen=True, slots=True)
class Placing:
    """How received lines lie against ours: moved by ``east_m``, ``north_m`` at the pivot and turned clockwise about it."""

    pivot: tuple[float, float]
    east_m: float = 0.0
    north_m: float = 0.0
    turned_rad: float = 0.0

    @property
    def shift_m(self) -> float:
        return float(np.hypot(self.east_m, self.north_m))

    def undo(self, line: Line) -> Line:
        """Return a received line as it would lie without the shift and the turn."""
        x, y = line[:, 0] - self.pivot[0] - self.east_m, line[:, 1] - self.pivot[1] - self.north_m
        sine, cosine = np.sin(self.turned_rad), np.cos(self.turned_rad)
        return np.column_stack([cosine * x - sine * y + self.pivot[0], sine * x + cosine * y + self.pivot[1]])


def last_part(line: Line) -> Line:
    """Return what of a lane of ours is compared, and some more."""
    length = curve.length_m(line)
    return line if length <= 1.2 * LAST_M else curve.part(line, length - 1.2 * LAST_M, length)


def samples(line: Line) -> Line:
    """Return places of a lane's last 250 m, evenly spaced, its end among them."""
    s = curve.stations(line)
    n = max(int(min(s[-1], LAST_M) / SAMPLE_M), 1)
    return curve.at_station(line, np.linspace(max(s[-1] - LAST_M, 0.0), s[-1], n + 1))


def beside(places: Line, line: Line) -> tuple[NDArray[np.float64], Line]:
    """Return how far each place lies to the right of a line (or of its first or last piece prolonged), and its unit way."""
    ax, ay = line[:-1].T
    ex, ey = line[1:, 0] - ax, line[1:, 1] - ay
    size = np.sqrt(ex * ex + ey * ey)
    size[size < 1e-9] = 1e-9
    ex, ey = ex / size, ey / size
    dx, dy = places[:, 0][:, None] - ax, places[:, 1][:, None] - ay
    along, right = dx * ex + dy * ey, dx * ey - dy * ex
    past = np.maximum(along - size, 0)
    past[:, -1] = 0
    before = np.maximum(-along, 0)
    before[:, 0] = 0
    piece = np.argmin(right * right + past * past + before * before, axis=1)
    return right[np.arange(len(places)), piece], np.column_stack([ex[piece], ey[piece]])


def fit(pairs: Sequence[tuple[Line, Line]], pivot: tuple[float, float]) -> Placing:
    """Return how received lines lie against ours, of ``pairs`` (received, ours); none is no shift."""
    if not pairs:
        return Placing(pivot)
    lines = [(samples(received), ours) for received, ours in pairs]
    east = north = turn = 0.0  # of the correction, clockwise
    centre = np.array(pivot)
    for scale in SCALES_M:
        rows, values, weights = [], [], []
        for places, ours in lines:
            x, y = (places - centre).T
            moved_centre = centre + np.array([east, north])
            moved = np.column_stack([
                np.cos(turn) * x + np.sin(turn) * y + pivot[0] + east, np.cos(turn) * y - np.sin(turn) * x + pivot[1] + north,
            ])  # fmt: skip
            aside, unit = beside(moved, ours)
            rows.append(_slopes(moved - moved_centre, np.column_stack([unit[:, 1], -unit[:, 0]])))
            values.append(aside)
            weights.append(1 / len(places) / (1 + (aside / scale) ** 2))
            over = moved[-1:] - ours[-1]
            along = (over * unit[-1:]).sum(1)
            rows.append(_slopes(moved[-1:] - moved_centre, unit[-1:]))
            values.append(along)
            weights.append(END_WEIGHT / (1 + (along / max(scale, 2.0)) ** 2))
        a, b, w = np.vstack(rows), np.concatenate(values), np.concatenate(weights)
        normal = (a * w[:, None]).T @ a + np.diag([1e-9, 1e-9, 1e-6])
        step = np.linalg.solve(normal, -(a * w[:, None]).T @ b)
        east, north, turn = east + step[0], north + step[1], turn + step[2]
    sine, cosine = np.sin(turn), np.cos(turn)  # from the correction to what it corrects
    return Placing(pivot, float(sine * north - cosine * east), float(-cosine * north - sine * east), float(-turn))


def _slopes(from_pivot: Line, ways: Line) -> NDArray[np.float64]:
    """Return how a residual along ``ways`` changes with east, north and a clockwise turn."""
    x, y = from_pivot.T
    return np.column_stack([ways[:, 0], ways[:, 1], ways[:, 0] * y - ways[:, 1] * x])
