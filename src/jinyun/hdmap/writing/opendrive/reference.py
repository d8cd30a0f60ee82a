"""A road's reference line in lines and arcs: smooth, near the left border of the road, square to its ends.

Angles are radians counter-clockwise from east and t is positive to the left, as OpenDRIVE has them. The reference line
need not lie on the border: the lane offset makes good what lies between, so the line may be smoother than the border
and may turn at its ends until it stands square on a slanted cross-section. Between two knots lies a biarc, two arcs
with a common direction where they meet (K. M. Bolton, Biarc curves, Computer-Aided Design 7, 1975).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line

KNOT_M = 0.08
"""Straight lines between the knots stray from the border by no more than this."""
SQUARE = 0.2
"""Least cosine between a road's end and what is square to its cross-section; a more slanted end is not made square."""
TURN_REACH = 4.0
"""A line turns into a slanted end over so many road widths per radian, so that cross-sections do not cross."""
TANGENT_M = 2.0
SLANTED = 0.005
"""A road's end that is slanted by less [rad] needs no knot of its own."""
STRAIGHT = 1e-6
"""An arc that turns by less [rad] is a line."""
SAMPLE_M = 1.0
NEWTON = 12
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """Geometries one after another: station, place, heading, length and curvature of each."""

    s: Floats
    x: Floats
    y: Floats
    heading: Floats
    length: Floats
    curvature: Floats

    @property
    def length_m(self) -> float:
        return float(self.s[-1] + self.length[-1])

    def at(self, s_m: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return x, y, heading and curvature at stations; beyond the ends the end geometries go on."""
        found: Floats = _evaluate(np.ascontiguousarray(s_m), self.s, self.x, self.y, self.heading, self.curvature)
        return found[0], found[1], found[2], found[3]

    def place(self, s_m: Floats, t_m: Floats) -> Line:
        """Return the places at stations and offsets to the left, shape (n, 2)."""
        x, y, h, _ = self.at(s_m)
        return np.column_stack([x - t_m * np.sin(h), y + t_m * np.cos(h)])

    def project(self, places: Line, guess_s_m: Floats | None = None) -> tuple[Floats, Floats]:
        """Return station and offset to the left of places; ``guess_s_m`` says roughly where along the road they lie."""
        total = self.length_m
        samples = np.linspace(0, total, max(int(total / SAMPLE_M), 8) + 1)
        guess = np.full(len(places), np.nan) if guess_s_m is None else np.ascontiguousarray(guess_s_m)
        found: Floats = _project(
            np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1]), guess, samples,
            self.s, self.x, self.y, self.heading, self.curvature,
        )  # fmt: skip
        return found[0], found[1]


@njit(cache=True)
def _one(s: float, rs: Floats, rx: Floats, ry: Floats, rh: Floats, rc: Floats) -> tuple[float, float, float, float]:
    """Return x, y, heading and curvature at one station."""
    k = int(min(max(int(np.searchsorted(rs, s, side="right")) - 1, 0), len(rs) - 1))
    d, h, c = s - rs[k], rh[k], rc[k]
    turn = c * d
    if abs(turn) > 1e-4:
        along_, aside = math.sin(turn) / c, (1 - math.cos(turn)) / c
    else:
        along_, aside = d * (1 - turn * turn / 6), d * turn / 2
    cosine, sine = math.cos(h), math.sin(h)
    return rx[k] + along_ * cosine - aside * sine, ry[k] + along_ * sine + aside * cosine, h + turn, c


@njit(cache=True)
def _evaluate(s: Floats, rs: Floats, rx: Floats, ry: Floats, rh: Floats, rc: Floats) -> Floats:
    done = np.empty((4, len(s)))
    for i in range(len(s)):
        done[0, i], done[1, i], done[2, i], done[3, i] = _one(s[i], rs, rx, ry, rh, rc)
    return done


@njit(cache=True)
def _project(px: Floats, py: Floats, guess: Floats, samples: Floats, rs: Floats, rx: Floats, ry: Floats, rh: Floats,
             rc: Floats) -> Floats:  # fmt: skip
    """Return stations and offsets: from the nearest sample on by Newton's method."""
    at = _evaluate(samples, rs, rx, ry, rh, rc)
    total = samples[-1]
    done = np.empty((2, len(px)))
    for i in range(len(px)):
        best, s = np.inf, 0.0
        for k in range(len(samples)):
            if abs(samples[k] - guess[i]) > 0.2 * total + 15:
                continue
            away = (at[0, k] - px[i]) ** 2 + (at[1, k] - py[i]) ** 2
            if away < best:
                best, s = away, samples[k]
        for _ in range(NEWTON):
            x, y, h, c = _one(s, rs, rx, ry, rh, rc)
            dx, dy, cosine, sine = px[i] - x, py[i] - y, math.cos(h), math.sin(h)
            ahead, aside = dx * cosine + dy * sine, dy * cosine - dx * sine
            step = ahead / max(1 - c * aside, 0.2)
            s = min(max(s + min(max(step, -2 * SAMPLE_M), 2 * SAMPLE_M), 0.0), total)
            if abs(step) < 1e-7:
                break
        x, y, h, c = _one(s, rs, rx, ry, rh, rc)
        done[0, i], done[1, i] = s, (py[i] - y) * math.cos(h) - (px[i] - x) * math.sin(h)
    return done


def along(
    border: Line, start: Line, end: Line, width_m: float, *, right: bool = False, knot_m: float = KNOT_M
) -> Reference:
    """Return the reference line along ``border``, shape (n, 2), of a road ``width_m`` wide.

    ``start`` and ``end`` are the road's cross-sections there, from left to right, shape (2, 2) each; the border is the
    road's left one, or its ``right``.
    """
    s = curve.stations(border)
    total = float(s[-1])
    back = border[::-1]
    natural = [_tangent(border, s), _tangent(back, total - s[::-1]) + math.pi]
    headings = [_square(section, way) for section, way in zip((start, end), natural, strict=True)]
    knots = [*s[curve.corners(border, knot_m)].tolist()]
    for k, at in ((0, 1), (1, -2)):
        skew = abs((headings[k] - natural[k] + math.pi) % (2 * math.pi) - math.pi)
        reach = min(max(TURN_REACH * skew * width_m, 1.0), 0.45 * total)
        if skew > SLANTED:
            inner = reach if k == 0 else total - reach
            knots = [knot for knot in knots if knot in (0.0, total) or (knot > inner) == (k == 0)]
            if abs(knots[at] - inner) > 0.1 * reach or len(knots) == 2:
                knots.append(inner)
            knots.sort()
    middle = np.array(knots[1:-1])
    gaps = np.diff(knots)
    reach_ = 0.5 * np.minimum(gaps[:-1], gaps[1:])
    ahead, back = _on(border, s, middle + reach_), _on(border, s, middle - reach_)
    ways = np.arctan2(ahead[:, 1] - back[:, 1], ahead[:, 0] - back[:, 0])
    places = _on(border, s, np.array(knots))
    places[0], places[-1] = start[int(right)], end[int(right)]
    return _joined(places, np.concatenate([headings[:1], ways, headings[1:]]))


def sheared(start: Line, end: Line) -> Reference | None:
    """Return the line from a cross-section to one that is moved sideways, None where they do not face each other."""
    square = [_square(section, _square(section, math.atan2(*(section[1] - section[0])[::-1]) + math.pi / 2))
              for section in (start, end)]  # fmt: skip
    turn = (square[1] - square[0] + math.pi) % (2 * math.pi) - math.pi
    way = square[0] + turn / 2
    ahead, across = np.array([math.cos(way), math.sin(way)]), end[1] - end[0]
    outward = np.array([-across[1], across[0]])
    facing = float(ahead @ outward)
    if abs(turn) > math.radians(60) or facing <= 0:
        return None
    length = float((end[0] - start[0]) @ outward) / facing
    if length < 0.05:
        return None
    return _joined(np.array([start[0], start[0] + length * ahead]), np.array(square))


def _on(border: Line, s: Floats, at: Floats | float) -> Line:
    places = np.column_stack([np.interp(np.atleast_1d(at), s, border[:, k]) for k in (0, 1)])
    return places if isinstance(at, np.ndarray) else places[0]


def _tangent(border: Line, s: Floats) -> float:
    """Return the direction in which a border begins, of the circle through its first point and two further ones."""
    near = int(np.searchsorted(s, min(TANGENT_M, s[-1] / 4)))
    far = min(int(np.searchsorted(s, 2 * s[near])), len(s) - 1)
    first, second = border[near] - border[0], border[far] - border[near]
    here = math.atan2(first[1], first[0])
    if far == near:
        return here
    turn = (math.atan2(second[1], second[0]) - here + math.pi) % (2 * math.pi) - math.pi
    return here - turn * float(s[near] / s[far])


def _square(section: Line, natural: float) -> float:
    """Return the direction square to a cross-section from left to right, or the natural one where they differ much."""
    right = section[1] - section[0]
    square = math.atan2(right[0], -right[1])
    return square if math.cos(square - natural) > SQUARE else natural


def _joined(places: Line, headings: Floats) -> Reference:
    """Return the biarcs through places with headings."""
    rows: list[tuple[float, float, float, float, float]] = []
    for p, q, h0, h1 in zip(places, places[1:], headings, headings[1:], strict=False):
        middle, turned = _biarc(p, q, h0, h1)
        for a, b, h in ((p, middle, h0), (middle, q, turned)):
            length, curvature = _arc(a, b, h)
            if length > 1e-9:
                rows.append((a[0], a[1], h, length, curvature))
    x, y, h, length, curvature = np.array(_merged(rows)).T
    return Reference(np.concatenate([[0.0], np.cumsum(length)[:-1]]), x, y, h, length, curvature)


def _biarc(p: Line, q: Line, h0: float, h1: float) -> tuple[Line, float]:
    """Return where the two arcs between places with headings meet, and their direction there."""
    a, b = np.array([math.cos(h0), math.sin(h0)]), np.array([math.cos(h1), math.sin(h1)])
    v = q - p
    square, along_, spread = float(v @ v), float(v @ (a + b)), 2 * (1 - float(a @ b))
    if spread > 1e-10:
        d = (-along_ + math.sqrt(along_**2 + spread * square)) / spread
    else:
        d = square / (2 * along_) if along_ > 1e-9 else 0.0
    middle = (p + q + d * (a - b)) / 2
    chord = middle - p
    return middle, 2 * math.atan2(chord[1], chord[0]) - h0


def _arc(a: Line, b: Line, heading: float) -> tuple[float, float]:
    """Return length and curvature of the arc between places that begins with a heading."""
    dx, dy = (b - a).tolist()
    chord = math.hypot(dx, dy)
    half = (math.atan2(dy, dx) - heading + math.pi) % (2 * math.pi) - math.pi
    if abs(half) < STRAIGHT / 2 or chord < 1e-9:
        return chord, 0.0
    return chord * half / math.sin(half), 2 * math.sin(half) / chord


def _merged(rows: list[tuple[float, float, float, float, float]]) -> list[tuple[float, float, float, float, float]]:
    """Return the geometries with neighbours that are one line as one."""
    done = rows[:1]
    for row in rows[1:]:
        last = done[-1]
        if row[4] == last[4] == 0 and abs(math.sin(row[2] - last[2])) < 2 * STRAIGHT:
            done[-1] = (*last[:3], last[3] + row[3], 0.0)
        else:
            done.append(row)
    return done
