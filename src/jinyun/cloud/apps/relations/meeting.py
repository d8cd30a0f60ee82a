"""Whose ways meet (冲突): bodies as oriented boxes along their predicted ways, with the probability that they touch.

Two ways may also cross in space without the bodies touching; then when each one's body is over the place is known, and
from that the post-encroachment time (PET: Allen, Shin, Cooper, Analysis of traffic conflicts and collisions, 1978). Pairs are
found by sweeping over the boxes that hold a participant's ways. At least one of a pair is a motor vehicle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.apps.relations.pairing import LEAST_PATH, PARALLEL_RAD, boxes, sweep
from jinyun.cloud.apps.relations.touching import touching
from jinyun.cloud.prediction import TIMES_S, Paths
from jinyun.shapes import Kind

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

LEAST = 0.02
"""Less likely pairs are left out, unless their ways cross within :data:`APART_S`."""
APART_S = 4.0
FINE = 4
"""Instants in a step at which is looked when bodies begin to touch."""
ALONG_SD_MOST_M, ACROSS_SD_MOST_M = 6.0, 1.2
"""A way that is vaguer than this says no more where bodies touch."""
REACH_M = 1.0
"""Boxes that hold ways are so much larger on every side."""
SLACK_SD = 2.0
"""Standard deviations beyond which bodies are not looked at closer."""
LIKELY = 0.2
"""What a pair of ways counts for that is likely, however little its bodies touch: the pair whose times are told."""
SAMPLES = len(TIMES_S) + 1
STEP_S = float(TIMES_S[0])
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


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
        kind, length = tracks["kind"], tracks["length_m"]
        driven = (kind == Kind.MOTOR) | ((kind == Kind.UNKNOWN) & (length >= 3.0))
        speed = known(tracks["speed_mps"])
        reach = np.hypot(half_length_m, half_width_m) + REACH_M
        place, rest = _sampled(tracks, paths)
        box, courses = boxes(paths.first, paths.probability, place, rest[:, :, COURSE], reach)
        order = np.argsort(box[:, 0, 0], kind="stable")
        pairs = sweep(order, box, courses, driven, speed)
        pairs.sort(axis=1)
        found = np.zeros((len(pairs), 13))
        kept = _meet(
            pairs,
            paths.first,
            paths.probability.astype(np.float64),
            place,
            rest,
            half_length_m,
            half_width_m,
            driven,
            reach,
            found,
        )
        whole = found[:kept]
        whole = whole[np.lexsort((whole[:, 1], whole[:, 0]))]
    first, second, first_path, second_path = (whole[:, k].astype(np.int32) for k in range(4))
    return Meetings(first, second, first_path, second_path, *(np.ascontiguousarray(whole[:, k]) for k in range(4, 13)))


X, Y = 0, 1
"""Columns of a place."""
COURSE, SINE, COSINE, ALONG, ACROSS = range(5)
"""Columns of what else a sample has: the course and its sine and cosine, standard deviations."""


def _sampled(tracks: NDArray[np.void], paths: Paths) -> tuple[Floats, Singles]:
    """Return the samples of all ways with the present before them: places, shape (m, 11, 2), and the rest, (m, 11, 5)."""
    of = paths.track
    place, rest = np.empty((len(of), SAMPLES, 2)), np.empty((len(of), SAMPLES, 5), np.float32)
    turn = np.empty((len(of), SAMPLES), np.float32)
    turn[:, 0], turn[:, 1:] = tracks["heading_rad"][of], paths.heading_rad
    turn[~np.isfinite(turn)] = 0.0
    _sample(
        of, tracks["x_m"], tracks["y_m"], tracks["position_sd_m"], paths.x_m, paths.y_m, turn, np.sin(turn), np.cos(turn),
        paths.along_sd_m, paths.across_sd_m, place, rest,
    )  # fmt: skip  # numpy's sines of single precision are the quickest there are
    return place, rest


@_compiled
def _sample(
    of: NDArray[np.int32], x: Floats, y: Floats, noise: Singles, way_x: Floats, way_y: Floats, turn: Singles,
    sine: Singles, cosine: Singles, along: Singles, across: Singles, place: Floats, rest: Singles,
) -> None:  # fmt: skip
    vaguest, widest = np.float32(ALONG_SD_MOST_M), np.float32(ACROSS_SD_MOST_M)
    for p in range(len(of)):
        i = of[p]
        sd = noise[i] if np.isfinite(noise[i]) else np.float32(0.5)
        place[p, 0, X], place[p, 0, Y] = x[i], y[i]
        rest[p, 0, ALONG], rest[p, 0, ACROSS] = min(sd, vaguest), min(sd, widest)
        for k in range(SAMPLES - 1):
            place[p, k + 1, X], place[p, k + 1, Y] = way_x[p, k], way_y[p, k]
            rest[p, k + 1, ALONG], rest[p, k + 1, ACROSS] = min(along[p, k], vaguest), min(across[p, k], widest)
        for k in range(SAMPLES):
            row = rest[p, k]
            row[COURSE], row[SINE], row[COSINE] = turn[p, k], sine[p, k], cosine[p, k]


@_compiled
def _bounds(place: Floats, rest: Singles) -> Floats:
    """Return least and greatest east, least and greatest north of each way, and its greatest deviation along."""
    found = np.empty((len(place), 5))
    for p in range(len(found)):
        low_x = high_x = place[p, 0, X]
        low_y = high_y = place[p, 0, Y]
        vague = rest[p, 0, ALONG]
        for k in range(1, SAMPLES):
            x, y = place[p, k, X], place[p, k, Y]
            low_x, high_x, low_y, high_y = min(low_x, x), max(high_x, x), min(low_y, y), max(high_y, y)
            vague = max(vague, rest[p, k, ALONG])
        found[p, 0], found[p, 1], found[p, 2], found[p, 3], found[p, 4] = low_x, high_x, low_y, high_y, vague
    return found


@_compiled
def _meet(
    pairs: NDArray[np.int32], first: NDArray[np.int64], probability: Floats, place: Floats, rest: Singles,
    half_length: Floats, half_width: Floats, driven: NDArray[np.bool_], reach: Floats, found: Floats,
) -> int:  # fmt: skip
    """Work out each pair; write those that matter, one a row, and return how many."""
    kept = 0
    whole, heaviest_touch = np.zeros(SAMPLES - 1), np.zeros(SAMPLES - 1)
    bounds = _bounds(place, rest)
    timing = np.empty(4)
    alike = np.cos(PARALLEL_RAD)
    for row in range(len(pairs)):
        i, j = pairs[row, 0], pairs[row, 1]
        both_driven = driven[i] and driven[j]
        total, heaviest = 0.0, -1.0
        best_p, best_q, best_most = -1, -1, 0.0
        near = reach[i] + reach[j] - 2 * REACH_M
        for p in range(first[i], first[i + 1]):
            if probability[p] < LEAST_PATH:
                continue
            for q in range(first[j], first[j + 1]):
                if probability[q] < LEAST_PATH:
                    continue
                both = probability[p] * probability[q]
                most, touched = 0.0, False
                a, b = bounds[p], bounds[q]
                wide = near + SLACK_SD * np.sqrt(a[4] ** 2 + b[4] ** 2)
                apart = max(a[0] - b[1], b[0] - a[1], a[2] - b[3], b[2] - a[3]) > wide
                for k in range(0 if apart else SAMPLES - 1):
                    dx0, dy0 = place[q, k, X] - place[p, k, X], place[q, k, Y] - place[p, k, Y]
                    dx1, dy1 = place[q, k + 1, X] - place[p, k + 1, X], place[q, k + 1, Y] - place[p, k + 1, Y]
                    if min(dx0, dx1) > wide or max(dx0, dx1) < -wide or min(dy0, dy1) > wide or max(dy0, dy1) < -wide:
                        continue  # most steps end here
                    ex, ey = dx1 - dx0, dy1 - dy0
                    # nearest approach of two straight pieces: is it near enough to look closer?
                    share = -(dx0 * ex + dy0 * ey) / max(ex * ex + ey * ey, 1e-9)
                    share = min(max(share, 0.0), 1.0)
                    cx, cy = dx0 + share * ex, dy0 + share * ey
                    slack = near + SLACK_SD * np.sqrt(
                        np.float64(rest[p, k + 1, ALONG]) ** 2 + np.float64(rest[q, k + 1, ALONG]) ** 2
                    )
                    if cx * cx + cy * cy > slack * slack:
                        continue
                    value = _at(
                        place, rest, p, q, k, share, half_length[i], half_width[i], half_length[j], half_width[j], alike,
                        both_driven,
                    )  # fmt: skip
                    if value > 0.0:
                        if not touched:
                            touched = True
                            whole[:] = 0.0
                        whole[k] = value
                        most = max(most, value)
                total += both * most
                weight = both * (most + LIKELY)
                if weight > heaviest:
                    heaviest, best_p, best_q, best_most = weight, p, q, most
                    if touched:
                        heaviest_touch[:] = whole
        if best_p < 0:
            continue
        timing[:] = np.nan
        crosses, cross_x, cross_y, cross_angle = False, np.nan, np.nan, 0.0
        a, b = bounds[best_p], bounds[best_q]
        if a[0] <= b[1] and b[0] <= a[1] and a[2] <= b[3] and b[2] <= a[3]:
            crosses, cross_x, cross_y, cross_angle = _cross(
                place[best_p], place[best_q], b, half_length[i], half_width[i], half_length[j], half_width[j], timing
            )
        if crosses and abs(cross_angle) < PARALLEL_RAD and both_driven:
            crosses = False
        if not crosses:
            timing[:] = np.nan
        later = max(timing[2] - timing[1], timing[0] - timing[3]) if crosses else np.inf
        if not (total >= LEAST or later <= APART_S):
            continue
        after, at_x, at_y, angle = np.inf, np.nan, np.nan, 0.0
        if best_most > 0.0:
            for k in range(SAMPLES - 1):
                if heaviest_touch[k] < best_most / 2:
                    continue
                u = 1.0
                for f in range(FINE):  # when in this step it begins
                    if best_most / 2 <= _at(
                        place, rest, best_p, best_q, k, f / FINE, half_length[i], half_width[i], half_length[j], half_width[j],
                        alike, both_driven,
                    ):  # fmt: skip
                        u = f / FINE
                        break
                after = (k + u) * STEP_S
                at_x, at_y = 0.0, 0.0
                for path in (best_p, best_q):
                    at_x += (place[path, k, X] + u * (place[path, k + 1, X] - place[path, k, X])) / 2
                    at_y += (place[path, k, Y] + u * (place[path, k + 1, Y] - place[path, k, Y])) / 2
                st, ct = _between(rest, best_p, best_q, k)
                angle = np.arctan2(st, ct)
                break
        if crosses:
            at_x, at_y, angle = cross_x, cross_y, cross_angle
        out = found[kept]
        out[0], out[1], out[2], out[3] = i, j, best_p, best_q
        out[4], out[5], out[6], out[7], out[8] = total, after, at_x, at_y, angle
        out[9], out[10], out[11], out[12] = timing[0], timing[1], timing[2], timing[3]
        kept += 1
    return kept


@_compiled
def _between(rest: Singles, p: int, q: int, k: int) -> tuple[float, float]:
    """Return sine and cosine of the course of way q seen from that of way p, at a sample."""
    s, c = np.float64(rest[p, k, SINE]), np.float64(rest[p, k, COSINE])
    return rest[q, k, SINE] * c - rest[q, k, COSINE] * s, rest[q, k, COSINE] * c + rest[q, k, SINE] * s


@_compiled
def _at(
    place: Floats, rest: Singles, p: int, q: int, k: int, u: float, length_a: float, width_a: float, length_b: float,
    width_b: float, alike: float, both_driven: bool,
) -> float:  # fmt: skip
    """Return the probability that two bodies touch at the share ``u`` of the step after sample ``k``."""
    near = k + 1 if u >= 0.5 else k
    st, ct = _between(rest, p, q, near)
    if both_driven and ct > alike:
        return 0.0
    v, n = 1.0 - u, k + 1
    return float(
        touching(
            v * (place[q, k, X] - place[p, k, X]) + u * (place[q, n, X] - place[p, n, X]),
            v * (place[q, k, Y] - place[p, k, Y]) + u * (place[q, n, Y] - place[p, n, Y]), np.float64(rest[p, near, SINE]),
            np.float64(rest[p, near, COSINE]), st, ct, length_a, width_a, length_b, width_b,
            v * rest[p, k, ALONG] + u * rest[p, n, ALONG], v * rest[p, k, ACROSS] + u * rest[p, n, ACROSS],
            v * rest[q, k, ALONG] + u * rest[q, n, ALONG], v * rest[q, k, ACROSS] + u * rest[q, n, ACROSS],
        )
    )  # fmt: skip


@_compiled
def _cross(
    a: Floats, b: Floats, bounds: Floats, length_a: float, width_a: float, length_b: float, width_b: float, timing: Floats
) -> tuple[bool, float, float, float]:  # fmt: skip
    """Return (whether two ways cross, where, at which angle) and write when each body is over the place; ``bounds`` are b's."""
    low_x, high_x, low_y, high_y = bounds[0], bounds[1], bounds[2], bounds[3]
    gone_a = 0.0
    for k in range(len(a) - 1):
        x, y, to_x, to_y = a[k, X], a[k, Y], a[k + 1, X], a[k + 1, Y]
        ux, uy = to_x - x, to_y - y
        step_a = np.sqrt(ux * ux + uy * uy)
        if (
            step_a > 0.05 and min(x, to_x) <= high_x and max(x, to_x) >= low_x
            and min(y, to_y) <= high_y and max(y, to_y) >= low_y
        ):  # fmt: skip
            side = ux * (b[0, Y] - y) - uy * (b[0, X] - x)  # on which side of this piece the other way is
            for m in range(len(b) - 1):
                before, side = side, ux * (b[m + 1, Y] - y) - uy * (b[m + 1, X] - x)
                if before * side > 0 or before == side:
                    continue
                vx, vy = b[m + 1, X] - b[m, X], b[m + 1, Y] - b[m, Y]
                step_b = np.sqrt(vx * vx + vy * vy)
                cross = ux * vy - uy * vx
                if step_b > 0.05 and abs(cross) > 1e-3 * step_a * step_b:
                    wx, wy = b[m, X] - x, b[m, Y] - y
                    s, t = (wx * vy - wy * vx) / cross, (wx * uy - wy * ux) / cross
                    if 0 <= s <= 1 and 0 <= t <= 1:
                        angle = np.arctan2(vx, vy) - np.arctan2(ux, uy)
                        angle = (angle + np.pi) % (2 * np.pi) - np.pi
                        sine, cosine = max(abs(np.sin(angle)), 0.3), abs(np.cos(angle))
                        over_a = length_a + (width_b + cosine * width_a) / sine
                        over_b = length_b + (width_a + cosine * width_b) / sine
                        gone_b = 0.0
                        for n in range(m):
                            gone_b += np.sqrt((b[n + 1, X] - b[n, X]) ** 2 + (b[n + 1, Y] - b[n, Y]) ** 2)
                        here_a, here_b = gone_a + s * step_a, gone_b + t * step_b
                        timing[0], timing[1] = _when(a, here_a - over_a), _when(a, here_a + over_a)
                        timing[2], timing[3] = _when(b, here_b - over_b), _when(b, here_b + over_b)
                        return True, x + s * ux, y + s * uy, angle
        gone_a += step_a
    return False, np.nan, np.nan, 0.0


@_compiled
def _when(way: Floats, far_m: float) -> float:
    """Return after how many seconds a way has gone so far; 0 where it has already, infinity where it does not."""
    if far_m <= 0:
        return 0.0
    gone = 0.0
    for k in range(len(way) - 1):
        step = np.sqrt((way[k + 1, X] - way[k, X]) ** 2 + (way[k + 1, Y] - way[k, Y]) ** 2)
        if gone + step >= far_m:
            return float((k + (far_m - gone) / max(step, 1e-9)) * STEP_S)
        gone += step
    return np.inf
