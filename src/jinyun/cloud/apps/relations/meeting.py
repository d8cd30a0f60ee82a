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
SLACK_SD, NEVER_SD = 2.0, 3.5
"""Standard deviations beyond which bodies are not looked at closer, and beyond which they never touch."""
LIKELY = 0.2
"""What a pair of ways counts for that is likely, however little its bodies touch: the pair whose times are told."""
STRIP_M = 120.0
"""Least width of the strips in which pairs are sought."""
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
        kind, length = tracks["kind"], tracks["length_m"]
        driven = (kind == Kind.MOTOR) | ((kind == Kind.UNKNOWN) & (length >= 3.0))
        speed = np.nan_to_num(tracks["speed_mps"].astype(np.float64))
        reach = np.hypot(half_length_m, half_width_m) + 1.0
        ways = _sampled(tracks, paths)
        box = _boxes(paths.first, paths.probability, ways, reach)
        order = np.argsort(box[:, 0, 0], kind="stable")
        pairs = _sweep(order, box, driven, speed)
        pairs.sort(axis=1)
        found = np.zeros((len(pairs), 13))
        kept = _meet(
            pairs,
            paths.first,
            paths.probability.astype(np.float64),
            ways,
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


X, Y, SINE, COSINE, ALONG, ACROSS = range(6)
"""Columns of a sample: place, course, standard deviations."""


def _sampled(tracks: NDArray[np.void], paths: Paths) -> Floats:
    """Return the samples of all ways with the present before them, shape (m, 11, 6)."""
    of = paths.track
    noise = tracks["position_sd_m"].astype(np.float64)
    noise = np.where(np.isfinite(noise), noise, 0.5)
    ways = np.empty((len(of), SAMPLES, 6))
    ways[:, 0, X], ways[:, 0, Y] = tracks["x_m"][of], tracks["y_m"][of]
    ways[:, 1:, X], ways[:, 1:, Y] = paths.x_m, paths.y_m
    heading = np.nan_to_num(np.column_stack([tracks["heading_rad"][of], paths.heading_rad]))
    ways[:, :, SINE], ways[:, :, COSINE] = np.sin(heading), np.cos(heading)
    ways[:, 0, ALONG] = ways[:, 0, ACROSS] = noise[of]
    ways[:, 1:, ALONG], ways[:, 1:, ACROSS] = paths.along_sd_m, paths.across_sd_m
    np.minimum(ways[:, :, ALONG], ALONG_SD_MOST_M, out=ways[:, :, ALONG])
    np.minimum(ways[:, :, ACROSS], ACROSS_SD_MOST_M, out=ways[:, :, ACROSS])
    return ways


@_compiled
def _boxes(first: NDArray[np.int64], probability: NDArray[np.float32], ways: Floats, reach: Floats) -> Floats:
    """Return what holds all likely ways of each track: a box for the whole, for its earlier and for its later half.

    Shape (n, 3, 4): least and greatest east, least and greatest north; an empty box (infinity) where nothing is known.
    """
    n = len(first) - 1
    box = np.empty((n, 3, 4))
    half = SAMPLES // 2
    for i in range(n):
        box[i, :, 0], box[i, :, 2] = np.inf, np.inf
        box[i, :, 1], box[i, :, 3] = -np.inf, -np.inf
        for p in range(first[i], first[i + 1]):
            if probability[p] < LEAST_PATH:
                continue
            for part in range(2):
                for k in range(part * half, part * half + half + 1):
                    x, y = ways[p, k, X], ways[p, k, Y]
                    b = box[i, 1 + part]
                    b[0], b[1] = min(b[0], x - reach[i]), max(b[1], x + reach[i])
                    b[2], b[3] = min(b[2], y - reach[i]), max(b[3], y + reach[i])
        for axis in range(0, 4, 2):
            box[i, 0, axis] = min(box[i, 1, axis], box[i, 2, axis])
            box[i, 0, axis + 1] = max(box[i, 1, axis + 1], box[i, 2, axis + 1])
    return box


@_compiled
def _apart(a: Floats, b: Floats) -> bool:
    """Return whether two boxes are apart."""
    return bool(a[0] > b[1] or b[0] > a[1] or a[2] > b[3] or b[2] > a[3])


@_compiled
def _sweep(order: NDArray[np.int64], box: Floats, driven: NDArray[np.bool_], speed: Floats) -> NDArray[np.int32]:
    """Return the pairs whose boxes overlap, those of halves among them, shape (k, 2).

    Participants are taken in strips of north so that each is held against those near it alone, however large the city.
    """
    n, found = len(order), 0
    pairs = np.empty((max(4 * n, 64), 2), np.int32)
    low_y, high_y = np.inf, -np.inf
    for i in range(n):
        if box[i, 0, 1] >= box[i, 0, 0]:
            low_y, high_y = min(low_y, box[i, 0, 2]), max(high_y, box[i, 0, 2])
    if not high_y >= low_y:
        return pairs[:0]
    strips = int(min(max((high_y - low_y) / STRIP_M, 0.0), 4096.0)) + 1
    width = max((high_y - low_y) / strips, 1e-3)
    count = np.zeros(strips + 1, np.int64)
    strip = np.full(n, -1, np.int64)
    deepest = 0
    for i in range(n):
        if box[i, 0, 1] >= box[i, 0, 0]:
            strip[i] = min(int((box[i, 0, 2] - low_y) / width), strips - 1)
            count[strip[i] + 1] += 1
            deepest = max(deepest, min(int((box[i, 0, 3] - low_y) / width), strips - 1) - strip[i])
    for k in range(strips):
        count[k + 1] += count[k]
    at = count[:-1].copy()
    member = np.empty(count[strips], np.int64)
    west = np.empty(count[strips])
    for a in range(n):
        i = order[a]
        if strip[i] >= 0:
            member[at[strip[i]]], west[at[strip[i]]] = i, box[i, 0, 0]
            at[strip[i]] += 1
    widest = 0.0
    for i in range(n):
        if strip[i] >= 0:
            widest = max(widest, box[i, 0, 1] - box[i, 0, 0])
    for k in range(strips):
        for other in range(k, min(k + deepest + 1, strips)):
            begin = count[other]
            for a in range(count[k], count[k + 1]):
                i = member[a]
                if other == k:
                    begin = a + 1
                else:
                    while begin < count[other + 1] and west[begin] < box[i, 0, 0] - widest:
                        begin += 1
                for b in range(begin, count[other + 1]):
                    if west[b] > box[i, 0, 1]:
                        break
                    j = member[b]
                    if _apart(box[i, 0], box[j, 0]):
                        continue
                    if not (driven[i] or driven[j]) or (speed[i] < MOVING_MPS and speed[j] < MOVING_MPS):
                        continue
                    if (
                        _apart(box[i, 1], box[j, 1]) and _apart(box[i, 1], box[j, 2])
                        and _apart(box[i, 2], box[j, 1]) and _apart(box[i, 2], box[j, 2])
                    ):  # fmt: skip
                        continue
                    if found == len(pairs):
                        more = np.empty((2 * found, 2), np.int32)
                        more[:found] = pairs
                        pairs = more
                    pairs[found, 0], pairs[found, 1] = i, j
                    found += 1
    return pairs[:found]


@_compiled
def _meet(
    pairs: NDArray[np.int32], first: NDArray[np.int64], probability: Floats, ways: Floats, half_length: Floats,
    half_width: Floats, driven: NDArray[np.bool_], reach: Floats, found: Floats,
) -> int:  # fmt: skip
    """Work out each pair; write those that matter, one a row, and return how many."""
    kept = 0
    whole = np.zeros((SAMPLES - 1) * FINE + 1)
    heaviest_touch = np.zeros((SAMPLES - 1) * FINE + 1)
    timing = np.empty(4)
    alike = np.cos(PARALLEL_RAD)
    for row in range(len(pairs)):
        i, j = pairs[row, 0], pairs[row, 1]
        both_driven = driven[i] and driven[j]
        total, heaviest = 0.0, -1.0
        best_p, best_q, best_most = -1, -1, 0.0
        near = reach[i] + reach[j]
        for p in range(first[i], first[i + 1]):
            if probability[p] < LEAST_PATH:
                continue
            for q in range(first[j], first[j + 1]):
                if probability[q] < LEAST_PATH:
                    continue
                both = probability[p] * probability[q]
                most, touched = 0.0, False
                for k in range(SAMPLES - 1):
                    a, b = ways[p, k], ways[q, k]
                    c, d = ways[p, k + 1], ways[q, k + 1]
                    dx0, dy0 = b[X] - a[X], b[Y] - a[Y]
                    ex, ey = d[X] - c[X] - dx0, d[Y] - c[Y] - dy0
                    # nearest approach of two straight pieces: is it near enough to look closer?
                    share = -(dx0 * ex + dy0 * ey) / max(ex * ex + ey * ey, 1e-9)
                    share = min(max(share, 0.0), 1.0)
                    cx, cy = dx0 + share * ex, dy0 + share * ey
                    slack = near + SLACK_SD * np.sqrt(c[ALONG] * c[ALONG] + d[ALONG] * d[ALONG])
                    if cx * cx + cy * cy > slack * slack:
                        continue
                    for f in range(FINE + (1 if k == SAMPLES - 2 else 0)):
                        u = f / FINE
                        ux, uy = dx0 + u * ex, dy0 + u * ey
                        if ux * ux + uy * uy > slack * slack:
                            continue
                        e, g = (c, d) if u >= 0.5 else (a, b)
                        st, ct = g[SINE] * e[COSINE] - g[COSINE] * e[SINE], g[COSINE] * e[COSINE] + g[SINE] * e[SINE]
                        if both_driven and ct > alike:
                            continue
                        value = _touching(
                            ux, uy, e[SINE], e[COSINE], st, ct, half_length[i], half_width[i], half_length[j], half_width[j],
                            a[ALONG] + u * (c[ALONG] - a[ALONG]), a[ACROSS] + u * (c[ACROSS] - a[ACROSS]),
                            b[ALONG] + u * (d[ALONG] - b[ALONG]), b[ACROSS] + u * (d[ACROSS] - b[ACROSS]),
                        )  # fmt: skip
                        if value > 0.0:
                            if not touched:
                                touched = True
                                whole[:] = 0.0
                            whole[k * FINE + f] = value
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
        crosses, cross_x, cross_y, cross_angle = _cross(
            ways[best_p], ways[best_q], half_length[i], half_width[i], half_length[j], half_width[j], timing
        )
        if crosses and abs(cross_angle) < PARALLEL_RAD and both_driven:
            crosses = False
        if not crosses:
            timing[:] = np.nan
        apart = max(timing[2] - timing[1], timing[0] - timing[3]) if crosses else np.inf
        if not (total >= LEAST or apart <= APART_S):
            continue
        after, at_x, at_y, angle = np.inf, np.nan, np.nan, 0.0
        if best_most > 0.0:
            for m in range(len(heaviest_touch)):
                if heaviest_touch[m] >= best_most / 2:
                    k = min(m // FINE, SAMPLES - 2)
                    u = m / FINE - k
                    after = m * STEP_S / FINE
                    a, b, c, d = ways[best_p, k], ways[best_q, k], ways[best_p, k + 1], ways[best_q, k + 1]
                    at_x = (a[X] + b[X]) / 2 * (1 - u) + (c[X] + d[X]) / 2 * u
                    at_y = (a[Y] + b[Y]) / 2 * (1 - u) + (c[Y] + d[Y]) / 2 * u
                    angle = np.arctan2(
                        b[SINE] * a[COSINE] - b[COSINE] * a[SINE], b[COSINE] * a[COSINE] + b[SINE] * a[SINE]
                    )
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
def _touch(
    dx: float, dy: float, course: float, turn: float, length_a: float, width_a: float, length_b: float, width_b: float,
    along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return the probability that two boxes overlap whose middles are apart by (dx, dy) with these standard deviations.

    ``course`` is that of the first, ``turn`` that of the second seen from it; lengths and widths are halves.
    """
    return float(
        _touching(
            dx, dy, np.sin(course), np.cos(course), np.sin(turn), np.cos(turn), length_a, width_a, length_b, width_b,
            along_a, across_a, along_b, across_b,
        )
    )  # fmt: skip


@_compiled
def _touching(
    dx: float, dy: float, s: float, c: float, st: float, ct: float, length_a: float, width_a: float, length_b: float,
    width_b: float, along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return what :func:`_touch` does, with sine and cosine of the first's course (s, c) and of the turn (st, ct).

    Boxes overlap where no edge of either parts them (separating axes); errors of place are taken as normal. The edges of
    the one and of the other are asked apart, and the lesser probability of the two holds.
    """
    bt, bs = abs(ct), abs(st)
    by_first = _framed(
        dx * s + dy * c,
        dx * c - dy * s,
        bs,
        bt,
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
    s, c = s * ct + c * st, c * ct - s * st
    by_second = _framed(
        dx * s + dy * c,
        dx * c - dy * s,
        bs,
        bt,
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
    forward: float, aside: float, st: float, ct: float, length_a: float, width_a: float, length_b: float, width_b: float,
    along_a: float, across_a: float, along_b: float, across_b: float,
) -> float:  # fmt: skip
    """Return the probability that the edges of the first do not part two boxes; distances are in its frame.

    ``st`` and ``ct`` are the magnitudes of sine and cosine of the turn between the two.
    """
    sd_a = np.sqrt(across_a * across_a + (st * along_b) ** 2 + (ct * across_b) ** 2)
    beside = _within(aside, width_a + st * length_b + ct * width_b, max(sd_a, 0.05))
    if beside == 0.0:
        return 0.0
    sd_f = np.sqrt(along_a * along_a + (ct * along_b) ** 2 + (st * across_b) ** 2)
    return float(beside * _within(forward, length_a + ct * length_b + st * width_b, max(sd_f, 0.05)))


@_compiled
def _within(away: float, reach: float, sd: float) -> float:
    """Return the probability that a normal variable with mean ``away`` lies within ``reach`` of zero."""
    away = abs(away)
    if away > reach + NEVER_SD * sd:
        return 0.0
    if away < reach - NEVER_SD * sd:
        return 1.0
    return 0.5 * (erf((reach - away) / (sd * _ROOT2)) - erf((-reach - away) / (sd * _ROOT2)))


@_compiled
def _cross(
    a: Floats, b: Floats, length_a: float, width_a: float, length_b: float, width_b: float, timing: Floats
) -> tuple[bool, float, float, float]:
    """Return (whether two ways cross, where, at which angle) and write when each body is over the place."""
    low_x = high_x = b[0, X]
    low_y = high_y = b[0, Y]
    for m in range(1, len(b)):
        low_x, high_x = min(low_x, b[m, X]), max(high_x, b[m, X])
        low_y, high_y = min(low_y, b[m, Y]), max(high_y, b[m, Y])
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
