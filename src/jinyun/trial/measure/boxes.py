"""Two boxes that keep speed and heading: when they touch, how near they come, and when.

All arguments are arrays of one shape or numbers; places are those of the boxes' middles, ``h`` is counter-clockwise from east.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def _column(value: ArrayLike) -> Floats:
    return np.asarray(value, np.float64)


def _axes(h1: Floats, h2: Floats) -> list[tuple[Floats, Floats]]:
    return [(np.cos(h), np.sin(h)) for h in (h1, h1 + np.pi / 2, h2, h2 + np.pi / 2)]


def _reach(length: ArrayLike, width: ArrayLike, h: Floats, ax: Floats, ay: Floats) -> Floats:
    c, s = np.cos(h), np.sin(h)
    return _column(length) / 2 * np.abs(c * ax + s * ay) + _column(width) / 2 * np.abs(-s * ax + c * ay)


def ttc_s(
    x1: ArrayLike, y1: ArrayLike, h1: ArrayLike, v1: ArrayLike, length1: ArrayLike, width1: ArrayLike,
    x2: ArrayLike, y2: ArrayLike, h2: ArrayLike, v2: ArrayLike, length2: ArrayLike, width2: ArrayLike,
) -> Floats:  # fmt: skip
    """Return the time until two boxes touch if both keep speed and heading [s]; 0 where they do, infinity where never.

    Time to collision (J. Hayward, Highway Research Record 384, 1972), for boxes by separating axes: along each of the four
    normals the boxes overlap for an interval of times; they touch while all four intervals do.
    """
    x1, y1, h1, v1 = map(_column, (x1, y1, h1, v1))
    x2, y2, h2, v2 = map(_column, (x2, y2, h2, v2))
    shape = np.broadcast_shapes(x1.shape, x2.shape, h1.shape, h2.shape, v1.shape, v2.shape)
    enters, leaves = np.zeros(shape), np.full(shape, np.inf)
    dvx, dvy = v2 * np.cos(h2) - v1 * np.cos(h1), v2 * np.sin(h2) - v1 * np.sin(h1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for ax, ay in _axes(h1, h2):
            reach = _reach(length1, width1, h1, ax, ay) + _reach(length2, width2, h2, ax, ay)
            apart, speed = (x2 - x1) * ax + (y2 - y1) * ay, dvx * ax + dvy * ay
            still = np.abs(speed) < 1e-12
            one, two = (-reach - apart) / speed, (reach - apart) / speed
            within = np.abs(apart) <= reach
            first = np.where(still, np.where(within, -np.inf, np.inf), np.minimum(one, two))
            last = np.where(still, np.where(within, np.inf, -np.inf), np.maximum(one, two))
            enters, leaves = np.maximum(enters, first), np.minimum(leaves, last)
    return np.where(enters <= leaves, enters, np.inf)


def overlap(
    x1: ArrayLike, y1: ArrayLike, h1: ArrayLike, length1: ArrayLike, width1: ArrayLike,
    x2: ArrayLike, y2: ArrayLike, h2: ArrayLike, length2: ArrayLike, width2: ArrayLike,
) -> NDArray[np.bool_]:  # fmt: skip
    """Return whether two boxes overlap."""
    x1, y1, h1, x2, y2, h2 = map(_column, (x1, y1, h1, x2, y2, h2))
    touching = np.ones(np.broadcast_shapes(x1.shape, x2.shape, h1.shape, h2.shape), bool)
    for ax, ay in _axes(h1, h2):
        reach = _reach(length1, width1, h1, ax, ay) + _reach(length2, width2, h2, ax, ay)
        touching &= np.abs((x2 - x1) * ax + (y2 - y1) * ay) <= reach
    return touching


def distance_m(
    x1: ArrayLike, y1: ArrayLike, h1: ArrayLike, length1: float, width1: float,
    x2: ArrayLike, y2: ArrayLike, h2: ArrayLike, length2: float, width2: float,
) -> Floats:  # fmt: skip
    """Return the shortest distance between two boxes [m], 0 where they overlap: corners against the other's sides."""
    x1, y1, h1, x2, y2, h2 = map(np.atleast_1d, map(_column, (x1, y1, h1, x2, y2, h2)))
    best = np.full(np.broadcast_shapes(x1.shape, x2.shape), np.inf)
    for a, b in (((x1, y1, h1, length1, width1), (x2, y2, h2, length2, width2)),
                 ((x2, y2, h2, length2, width2), (x1, y1, h1, length1, width1))):  # fmt: skip
        ax, ay, ah, al, aw = a
        bx, by, bh, bl, bw = b
        for i, j in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
            px = ax + i * al / 2 * np.cos(ah) - j * aw / 2 * np.sin(ah) - bx
            py = ay + i * al / 2 * np.sin(ah) + j * aw / 2 * np.cos(ah) - by
            u, w = px * np.cos(bh) + py * np.sin(bh), -px * np.sin(bh) + py * np.cos(bh)
            best = np.minimum(best, np.hypot(np.maximum(np.abs(u) - bl / 2, 0), np.maximum(np.abs(w) - bw / 2, 0)))
    return np.where(overlap(x1, y1, h1, length1, width1, x2, y2, h2, length2, width2), 0.0, best)


def closest(
    x1: ArrayLike, y1: ArrayLike, vx1: ArrayLike, vy1: ArrayLike, x2: ArrayLike, y2: ArrayLike, vx2: ArrayLike, vy2: ArrayLike,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return distance [m] and time [s] of the closest encounter of two points that keep their speed (DCE, TTCE).

    J. Eggert, ITSC 2014. Not before now: of those who part, it is now.
    """
    dx, dy = _column(x2) - _column(x1), _column(y2) - _column(y1)
    dvx, dvy = _column(vx2) - _column(vx1), _column(vy2) - _column(vy1)
    square = dvx * dvx + dvy * dvy
    when = np.where(square > 1e-12, np.maximum(-(dx * dvx + dy * dvy) / np.maximum(square, 1e-12), 0.0), 0.0)
    return np.hypot(dx + dvx * when, dy + dvy * when), when
