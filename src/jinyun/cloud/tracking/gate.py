"""Which look may be which track: everything carried to the frame's instant, near ones found by a grid, and what it costs.

A look is carried on by its own motion as a constant turn with the track's yaw rate; one that states no motion, by the
track's. The cost is the squared normalised difference of place, speed and heading plus the logarithm of the volume in
which the place was expected (twice the negative log-likelihood): a vague track does not draw looks from a precise one.
"""

from __future__ import annotations

from math import cos, isfinite, log, sin, sqrt
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.tracking import motion
from jinyun.shapes import SEEN_BY_ITSELF, Kind

CELL_M = 6.0
FARTHEST_M = 18.0
"""No track is looked for farther away than this, however vague it is."""
GATE = 20.0
"""Squared normalised difference of places within which a look may be a track (two dimensions: all but 0.005 %)."""
MOTION_GATE = 16.0
"""The same for speed and heading together."""
ALONE = 22.0
"""What it costs to leave a look without a track: nearer tracks are cheaper."""
SPEED_SLACK, HEADING_SLACK = 0.5, 0.02
"""Variances added where speeds (m2/s2) and headings (rad2) of a look and a track are compared."""
MOVING_MPS = 2.0
"""Below this a heading says little."""
OWN_QUIET_US = 300_000
"""A participant that reports itself under one name is nobody else's while its last word is younger than this."""
UNKNOWN = int(Kind.UNKNOWN)

X, Y, HEADING, SPEED, YAW, V_ALONG, V_ACROSS, V_SPEED, V_HEADING, ACCEL = range(10)
"""Columns of a view: what is expected of a track at the frame's instant."""


@njit(cache=True, error_model="numpy")
def view(rows: Any, chains: NDArray[np.float64], alive: NDArray[np.int64], now_us: int) -> NDArray[np.float64]:
    """Return where each track (by row) is expected at ``now_us`` and how surely."""
    seen = np.zeros((len(rows), 10))
    known = motion.steps()
    for row in alive:
        track, its = rows[row], seen[row]
        dt = max(0.0, (now_us - track.t_us) / 1e6)
        its[X], its[Y], its[HEADING], its[SPEED], its[ACCEL], its[YAW] = motion.ahead(track, dt, known)
        its[V_ALONG], its[V_ACROSS], its[V_SPEED], its[V_HEADING] = motion.spread(track, chains[row], dt)
    return seen


class Grid(NamedTuple):
    """Tracks by cell: the head of each place's list; each entry's successor, track and cell (x and y in turn)."""

    head: NDArray[np.int64]
    following: NDArray[np.int64]
    row: NDArray[np.int64]
    cells: NDArray[np.int64]


@njit(cache=True, error_model="numpy")
def cell(metres: float, size: float) -> int:
    """Return in which cell of ``size`` metres a coordinate lies."""
    return int(metres // size)


@njit(cache=True, error_model="numpy")
def cell_hash(x: int, y: int, mask: int) -> int:
    """Return where in a table of ``mask`` + 1 places a cell is kept."""
    mixed = (x * 73856093) ^ (y * 19349663)
    return (mixed ^ (mixed >> 15)) & mask


@njit(cache=True, error_model="numpy")
def wanted(x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return a table of the cells in and around which looks lie at these places (by :func:`cell_hash`)."""
    size = 1024
    while size < 64 * len(x_m):
        size *= 2
    table = np.zeros(size, np.bool_)
    for k in range(len(x_m)):
        middle_x, middle_y = cell(x_m[k], CELL_M), cell(y_m[k], CELL_M)
        for x in range(middle_x - 1, middle_x + 2):
            for y in range(middle_y - 1, middle_y + 2):
                table[cell_hash(x, y, size - 1)] = True
    return table


@njit(cache=True, error_model="numpy")
def grid(seen: NDArray[np.float64], alive: NDArray[np.int64], look_var: float, asked: NDArray[np.bool_]) -> Grid:
    """Return the tracks by cell: each in every cell from which a look in one of the eight around may be it.

    ``look_var`` is the largest variance of a look; only cells that are ``asked`` for (:func:`wanted`) are filled.
    """
    reach = np.empty(len(alive), np.int64)
    entries = 0
    for k in range(len(alive)):
        its = seen[alive[k]]
        far = min(sqrt(GATE * (max(its[V_ALONG], its[V_ACROSS]) + look_var)), FARTHEST_M)
        reach[k] = max(0, int(np.ceil(far / CELL_M)) - 1)
        entries += (2 * reach[k] + 1) ** 2
    following, row_at, cells = np.empty(entries, np.int64), np.empty(entries, np.int64), np.empty(2 * entries, np.int64)
    at = 0
    for k in range(len(alive)):
        its = seen[alive[k]]
        middle_x, middle_y = cell(its[X], CELL_M), cell(its[Y], CELL_M)
        for x in range(middle_x - reach[k], middle_x + reach[k] + 1):
            for y in range(middle_y - reach[k], middle_y + reach[k] + 1):
                if asked[cell_hash(x, y, len(asked) - 1)]:
                    row_at[at], cells[2 * at], cells[2 * at + 1] = alive[k], x, y
                    at += 1
    size = 16
    while size < 2 * at:
        size *= 2
    head = np.full(size, -1, np.int64)
    for entry in range(at):
        place = cell_hash(cells[2 * entry], cells[2 * entry + 1], size - 1)
        following[entry], head[place] = head[place], entry
    return Grid(head, following, row_at, cells)


@njit(cache=True, error_model="numpy")
def fits(look: Any, track: Any, now_us: int) -> bool:
    """Return whether a look can be a track at all: of one kind, and not two that report themselves."""
    if look.kind != track.kind and look.kind != UNKNOWN and track.kind != UNKNOWN:
        return False
    if look.by == SEEN_BY_ITSELF and track.vehicle_id != 0 and track.vehicle_id != look.vehicle_id:
        return bool(now_us - track.self_us > OWN_QUIET_US)
    return True


@njit(cache=True, error_model="numpy")
def distance(look: Any, noise: Any, its: NDArray[np.float64], now_us: int) -> tuple[float, float, float]:
    """Return (squared normalised difference of place, of motion, volume in m2) of a look and an expected track."""
    dt = max(0.0, (now_us - look.event_us) / 1e6)
    headed = isfinite(look.heading_rad)
    moving = headed and isfinite(look.speed_mps)
    speed = look.speed_mps if moving else its[SPEED]
    heading = look.heading_rad if moving else its[HEADING]
    if not isfinite(heading):
        heading = 0.0
    heading += its[YAW] * dt / 2
    dx = look.x_m + speed * dt * sin(heading) - its[X]
    dy = look.y_m + speed * dt * cos(heading) - its[Y]
    reach = speed * dt
    place = noise.place + noise.bias_sd**2
    if moving:
        place += (noise.speed * dt * dt + noise.heading * reach * reach) / 2
    toward = its[HEADING] if isfinite(its[HEADING]) else 0.0
    sine, cosine = sin(toward), cos(toward)
    along, across = dx * sine + dy * cosine, dx * cosine - dy * sine
    v_along, v_across = its[V_ALONG] + place, its[V_ACROSS] + place
    off = along * along / v_along + across * across / v_across
    other = 0.0
    if isfinite(look.speed_mps):
        other += (look.speed_mps - abs(its[SPEED])) ** 2 / (its[V_SPEED] + noise.speed + SPEED_SLACK)
    if headed and isfinite(its[HEADING]) and speed > MOVING_MPS and abs(its[SPEED]) > MOVING_MPS:
        other += motion.turn(look.heading_rad - its[HEADING]) ** 2 / (its[V_HEADING] + noise.heading + HEADING_SLACK)
    return off, other, sqrt(v_along * v_across)


@njit(cache=True, error_model="numpy")
def price(off: float, other: float, volume: float) -> float:
    """Return the cost of taking a look for a track."""
    return off + other + 2 * log(volume)
