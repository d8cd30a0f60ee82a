"""Whose ways meet (冲突): bodies as oriented boxes along their predicted ways, with the probability that they touch.

Two ways may also cross in space without the bodies touching; then when each one's body is over the place is known, and
from that the post-encroachment time (PET: Allen, Shin, Cooper, Analysis of traffic conflicts and collisions, 1978). Pairs are
found by sweeping over the boxes that hold a participant's ways. At least one of a pair is a motor vehicle.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, sqrt
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.prediction import TIMES_S, Paths
from jinyun.shapes import Kind

Floats = NDArray[np.float64]

LEAST_PATH = 0.08
"""A way less likely than this meets nobody."""
LEAST = 0.02
"""Less likely pairs are left out, unless their ways cross within :data:`APART_S`."""
APART_S = 4.0
PARALLEL_RAD = 0.26
"""Vehicles that go so much the same way do not meet; who is ahead is told by :mod:`.ahead`."""
FINE = 2
"""Instants looked at between two samples of a way."""
ALONG_SD_MOST_M, ACROSS_SD_MOST_M = 6.0, 1.2
"""A way that is vaguer than this says no more where bodies touch."""
MOVING_MPS = 0.3
SAMPLES = len(TIMES_S) + 1
STEP_S = float(TIMES_S[0])
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
_ROOT2 = sqrt(2.0)


@dataclass(frozen=True, slots=True)
class Meetings:
    """Columns of pairs; ``first`` and ``second`` are rows of tracks, ``first`` the smaller.

    ``probability`` that the bodies touch within five seconds, ``after_s`` when that begins to be likely, at ``x_m, y_m``.
    ``*_path`` are the rows of the ways that contribute most. Where these cross, ``*_in_s`` and ``*_out_s`` are when
    each body comes over the place and has left it (infinity: not within five seconds); NaN where they do not.
    ``angle_rad`` is the course of the second seen from the first, where they meet (clockwise, 0 the same way).
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    first_path: NDArray[np.int32]
    second_path: NDArray[np.int32]
    probability: Floats
    after_s: Floats
    x_m: Floats
    y_m: Floats
    angle_rad: Floats
    first_in_s: Floats
    first_out_s: Floats
    second_in_s: Floats
    second_out_s: Floats

    def __len__(self) -> int:
        return len(self.first)

    @property
    def pet_s(self) -> Floats:
        """Post-encroachment time as predicted: between the one leaving the place and the other reaching it; NaN unknown."""
        with np.errstate(invalid="ignore"):
            return np.maximum(self.second_in_s - self.first_out_s, self.first_in_s - self.second_out_s)


def meetings(tracks: NDArray[np.void], paths: Paths, half_length_m: Floats, half_width_m: Floats) -> Meetings:
    """Return the pairs of tracks whose ways meet within five seconds, in the order of their rows."""
    whole = np.zeros((0, 13))
    if len(tracks) > 1 and len(paths.track):
        x, y, heading, along, across = _sampled(tracks, paths)
        kind, length = tracks["kind"], tracks["length_m"]
        driven = (kind == Kind.MOTOR) | ((kind == Kind.UNKNOWN) & (length >= 3.0))
        speed = np.nan_to_num(tracks["speed_mps"].astype(np.float64))
        reach = np.hypot(half_length_m, half_width_m) + 1.0
        low_x, high_x, low_y, high_y = _boxes(paths.first, paths.probability, x, y, reach)
        order = np.argsort(low_x, kind="stable")
        room = _sweep(order, low_x, high_x, low_y, high_y, driven, speed, np.empty((0, 2), np.int32))
        pairs = np.empty((room, 2), np.int32)
        _sweep(order, low_x, high_x, low_y, high_y, driven, speed, pairs)
        pairs.sort(axis=1)
        found = np.zeros((room, 13))
        kept = _meet(
            pairs, paths.first, paths.probability.astype(np.float64), x, y, heading, along, across, half_length_m,
            half_width_m, driven, reach, found,
        )  # fmt: skip
        whole = found[:kept]
        whole = whole[np.lexsort((whole[:, 1], whole[:, 0]))]
    first, second, first_path, second_path = (whole[:, k].astype(np.int32) for k in range(4))
    return Meetings(first, second, first_path, second_path, *(np.ascontiguousarray(whole[:, k]) for k in range(4, 13)))


def _sampled(tracks: NDArray[np.void], paths: Paths) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return the samples of all ways with the present before them."""
    of = paths.track
    noise = tracks["position_sd_m"].astype(np.float64)
    noise = np.where(np.isfinite(noise), noise, 0.5)
    heading = np.nan_to_num(tracks["heading_rad"].astype(np.float64))
    now: list[Floats] = [tracks["x_m"], tracks["y_m"], heading, noise, noise]
    later: list[NDArray[Any]] = [paths.x_m, paths.y_m, paths.heading_rad, paths.along_sd_m, paths.across_sd_m]
    columns = [np.column_stack([first[of], rest.astype(np.float64)]) for first, rest in zip(now, later, strict=True)]
    along, across = np.minimum(columns[3], ALONG_SD_MOST_M), np.minimum(columns[4], ACROSS_SD_MOST_M)
    return columns[0], columns[1], columns[2], along, across


@_compiled
def _boxes(
    first: NDArray[np.int64], probability: NDArray[np.float32], x: Floats, y: Floats, reach: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the box that holds all likely ways of each track; an empty one (infinity) where nothing is known."""
    n = len(first) - 1
    low_x, high_x = np.full(n, np.inf), np.full(n, -np.inf)
    low_y, high_y = np.full(n, np.inf), np.full(n, -np.inf)
    for i in range(n):
        for p in range(first[i], first[i + 1]):
            if probability[p] < LEAST_PATH:
                continue
            for k in range(x.shape[1]):
                low_x[i], high_x[i] = min(low_x[i], x[p, k] - reach[i]), max(high_x[i], x[p, k] + reach[i])
                low_y[i], high_y[i] = min(low_y[i], y[p, k] - reach[i]), max(high_y[i], y[p, k] + reach[i])
    return low_x, high_x, low_y, high_y


@_compiled
def _sweep(
    order: NDArray[np.int64], low_x: Floats, high_x: Floats, low_y: Floats, high_y: Floats, driven: NDArray[np.bool_],
    speed: Floats, pairs: NDArray[np.int32],
) -> int:  # fmt: skip
    """Count the pairs whose boxes overlap; write them where there is room."""
    n, found = len(order), 0
    for a in range(n):
        i = order[a]
        if not high_x[i] >= low_x[i]:
            continue
        for b in range(a + 1, n):
            j = order[b]
            if not low_x[j] <= high_x[i]:
                break
            if not (driven[i] or driven[j]) or (speed[i] < MOVING_MPS and speed[j] < MOVING_MPS):
                continue
            if low_y[j] > high_y[i] or high_y[j] < low_y[i]:
                continue
            if found < len(pairs):
                pairs[found, 0], pairs[found, 1] = i, j
            found += 1
    return found


@_compiled
def _meet(
    pairs: NDArray[np.int32], first: NDArray[np.int64], probability: Floats, x: Floats, y: Floats, heading: Floats,
    along: Floats, across: Floats, half_length: Floats, half_width: Floats, driven: NDArray[np.bool_], reach: Floats,
    found: Floats,
) -> int:  # fmt: skip
    """Work out each pair; write those that matter, one a row, and return how many."""
    kept = 0
    whole = np.empty((SAMPLES - 1) * FINE + 1)
    timing = np.empty(4)
    for row in range(len(pairs)):
        i, j = pairs[row, 0], pairs[row, 1]
        total, heaviest = 0.0, -1.0
        best_p, best_q = -1, -1
        after, at_x, at_y, angle = np.inf, np.nan, np.nan, 0.0
        near = reach[i] + reach[j]
        for p in range(first[i], first[i + 1]):
            if probability[p] < LEAST_PATH:
                continue
            for q in range(first[j], first[j + 1]):
                if probability[q] < LEAST_PATH:
                    continue
                both = probability[p] * probability[q]
                most = 0.0
                whole[:] = 0.0
                for k in range(SAMPLES - 1):
                    dx0, dy0 = x[q, k] - x[p, k], y[q, k] - y[p, k]
                    dx1, dy1 = x[q, k + 1] - x[p, k + 1], y[q, k + 1] - y[p, k + 1]
                    # nearest approach of two straight pieces: is it near enough to look closer?
                    ex, ey = dx1 - dx0, dy1 - dy0
                    share = -(dx0 * ex + dy0 * ey) / max(ex * ex + ey * ey, 1e-9)
                    share = min(max(share, 0.0), 1.0)
                    cx, cy = dx0 + share * ex, dy0 + share * ey
                    slack = near + 2.0 * (along[p, k + 1] + along[q, k + 1])
                    if cx * cx + cy * cy > slack * slack:
                        continue
                    for f in range(FINE + (1 if k == SAMPLES - 2 else 0)):
                        u = f / FINE
                        a, b = heading[p, k], heading[q, k]
                        if u >= 0.5:
                            a, b = heading[p, k + 1], heading[q, k + 1]
                        turn = (b - a + np.pi) % (2 * np.pi) - np.pi
                        if abs(turn) < PARALLEL_RAD and driven[i] and driven[j]:
                            continue
                        ux, uy = dx0 + u * ex, dy0 + u * ey
                        value = _touch(
                            ux, uy, a, turn, half_length[i], half_width[i], half_length[j], half_width[j],
                            along[p, k] + u * (along[p, k + 1] - along[p, k]),
                            across[p, k] + u * (across[p, k + 1] - across[p, k]),
                            along[q, k] + u * (along[q, k + 1] - along[q, k]),
                            across[q, k] + u * (across[q, k + 1] - across[q, k]),
                        )  # fmt: skip
                        whole[k * FINE + f] = value
                        most = max(most, value)
                total += both * most
                weight = both * (most + 1e-3)
                if weight > heaviest:
                    heaviest, best_p, best_q = weight, p, q
                    after = np.inf
                    if most > 0:
                        for m in range(len(whole)):
                            if whole[m] >= most / 2:
                                k = min(m // FINE, SAMPLES - 2)
                                u = m / FINE - k
                                after = m * STEP_S / FINE
                                at_x = (x[p, k] + x[q, k]) / 2 * (1 - u) + (x[p, k + 1] + x[q, k + 1]) / 2 * u
                                at_y = (y[p, k] + y[q, k]) / 2 * (1 - u) + (y[p, k + 1] + y[q, k + 1]) / 2 * u
                                angle = (heading[q, k] - heading[p, k] + np.pi) % (2 * np.pi) - np.pi
                                break
        if best_p < 0:
            continue
        timing[:] = np.nan
        crosses, cross_x, cross_y, cross_angle = _cross(
            x[best_p], y[best_p], x[best_q], y[best_q], half_length[i], half_width[i], half_length[j], half_width[j],
            timing,
        )  # fmt: skip
        if crosses and abs(cross_angle) < PARALLEL_RAD and driven[i] and driven[j]:
            crosses = False
        if not crosses:
            timing[:] = np.nan
        apart = max(timing[2] - timing[1], timing[0] - timing[3]) if crosses else np.inf
        if not (total >= LEAST or apart <= APART_S):
            continue
        if crosses:
            at_x, at_y, angle = cross_x, cross_y, cross_angle
        out = found[kept]
        out[0], out[1], out[2], out[3] = i, j, best_p, best_q
        out[4], out[5], out[6], out[7], out[8] = total, after, at_x, at_y, angle
        out[9], out[10], out[11], out[12] = timing[0], timing[1], timing[2], timing[3]
        kept += 1
    return kept


@_compiled
def _touch(
    dx: float, dy: float, course: float, turn: float, length_a: float, width_a: float, length_b: float, width_b: float,
    along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return the probability that two boxes overlap whose middles are apart by (dx, dy) with these standard deviations.

    ``course`` is that of the first, ``turn`` that of the second seen from it; lengths and widths are halves. Boxes overlap
    where no edge of either parts them (separating axes); errors of place are taken as normal. The edges of the one and
    of the other are asked apart, and the lesser probability of the two holds.
    """
    s, c = np.sin(course), np.cos(course)
    by_first = _framed(
        dx * s + dy * c,
        dx * c - dy * s,
        turn,
        length_a,
        width_a,
        length_b,
        width_b,
        along_a,
        across_a,
        along_b,
        across_b,
    )
    if by_first == 0.0:
        return 0.0
    s, c = np.sin(course + turn), np.cos(course + turn)
    by_second = _framed(
        dx * s + dy * c,
        dx * c - dy * s,
        turn,
        length_b,
        width_b,
        length_a,
        width_a,
        along_b,
        across_b,
        along_a,
        across_a,
    )
    return float(min(by_first, by_second))


@_compiled
def _framed(
    forward: float, aside: float, turn: float, length_a: float, width_a: float, length_b: float, width_b: float,
    along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return the probability that the edges of the first do not part two boxes; distances are in its frame."""
    st, ct = abs(np.sin(turn)), abs(np.cos(turn))
    sd_f = np.sqrt(along_a * along_a + (ct * along_b) ** 2 + (st * across_b) ** 2)
    sd_a = np.sqrt(across_a * across_a + (st * along_b) ** 2 + (ct * across_b) ** 2)
    reach_f, reach_a = length_a + ct * length_b + st * width_b, width_a + st * length_b + ct * width_b
    return float(_within(forward, reach_f, max(sd_f, 0.05)) * _within(aside, reach_a, max(sd_a, 0.05)))


@_compiled
def _within(away: float, reach: float, sd: float) -> float:
    """Return the probability that a normal variable with mean ``away`` lies within ``reach`` of zero."""
    if abs(away) > reach + 4 * sd:
        return 0.0
    return 0.5 * (erf((reach - away) / (sd * _ROOT2)) - erf((-reach - away) / (sd * _ROOT2)))


@_compiled
def _cross(
    ax: Floats, ay: Floats, bx: Floats, by: Floats, length_a: float, width_a: float, length_b: float, width_b: float,
    timing: Floats,
) -> tuple[bool, float, float, float]:  # fmt: skip
    """Return (whether two ways cross, where, at which angle) and write when each body is over the place."""
    gone_a = 0.0
    for k in range(len(ax) - 1):
        ux, uy = ax[k + 1] - ax[k], ay[k + 1] - ay[k]
        step_a = np.sqrt(ux * ux + uy * uy)
        if step_a > 0.05:
            gone_b = 0.0
            for m in range(len(bx) - 1):
                vx, vy = bx[m + 1] - bx[m], by[m + 1] - by[m]
                step_b = np.sqrt(vx * vx + vy * vy)
                if step_b > 0.05:
                    cross = ux * vy - uy * vx
                    if abs(cross) > 1e-3 * step_a * step_b:
                        wx, wy = bx[m] - ax[k], by[m] - ay[k]
                        s, t = (wx * vy - wy * vx) / cross, (wx * uy - wy * ux) / cross
                        if 0 <= s <= 1 and 0 <= t <= 1:
                            angle = np.arctan2(vx, vy) - np.arctan2(ux, uy)
                            angle = (angle + np.pi) % (2 * np.pi) - np.pi
                            sine, cosine = max(abs(np.sin(angle)), 0.3), abs(np.cos(angle))
                            over_a = length_a + (width_b + cosine * width_a) / sine
                            over_b = length_b + (width_a + cosine * width_b) / sine
                            here_a, here_b = gone_a + s * step_a, gone_b + t * step_b
                            timing[0], timing[1] = _when(ax, ay, here_a - over_a), _when(ax, ay, here_a + over_a)
                            timing[2], timing[3] = _when(bx, by, here_b - over_b), _when(bx, by, here_b + over_b)
                            return True, ax[k] + s * ux, ay[k] + s * uy, angle
                gone_b += step_b
        gone_a += step_a
    return False, np.nan, np.nan, 0.0


@_compiled
def _when(x: Floats, y: Floats, far_m: float) -> float:
    """Return after how many seconds a way has gone so far; 0 where it has already, infinity where it does not."""
    if far_m <= 0:
        return 0.0
    gone = 0.0
    for k in range(len(x) - 1):
        step = np.sqrt((x[k + 1] - x[k]) ** 2 + (y[k + 1] - y[k]) ** 2)
        if gone + step >= far_m:
            return float((k + (far_m - gone) / max(step, 1e-9)) * STEP_S)
        gone += step
    return np.inf
