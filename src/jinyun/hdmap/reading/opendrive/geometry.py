"""A road's reference line: line, arc, spiral, poly3 and paramPoly3 one after another, evaluated at any stations.

Angles are radians counter-clockwise from east, as OpenDRIVE has them; left of the line is positive. Stations are
metres along the curve: a polynomial's parameter is found from the length of its curve, scaled so that the curve ends
where the file says it ends.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.reading.source import Source

Floats = NDArray[np.float64]
STRAIGHT = 1e-9
"""An arc or spiral that turns by less is a line [rad]."""
PANEL_RAD = 0.5
"""A spiral is integrated in panels that turn by no more, each by five Gauss-Legendre nodes: exact to rounding."""
MOST_TURNED = 50.0
"""No road turns farther within one geometry [rad]: eight times round."""
PIECES = 32
"""Intervals in which the length of a polynomial's curve is summed, each by five Gauss-Legendre nodes."""
KINDS = ("line", "arc", "spiral", "poly3", "paramPoly3")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)


@dataclass(frozen=True)
class Polynomial:
    """A cubic curve in its own plane: u and v of the parameter p, and the parameter at each of ``s``."""

    u: Floats
    v: Floats
    p: Floats
    s: Floats
    scale: float

    def at(self, s: Floats) -> Floats:
        """Return the parameter at stations within the curve."""
        found = np.interp(s, self.s, self.p)
        slope = np.diff(self.s)
        k = np.clip(np.searchsorted(self.s, s, side="right") - 1, 0, len(self.p) - 2)
        for _ in range(2):  # Newton on the length from the interval's beginning
            reached = self.s[k] + _length(self.u, self.v, self.p[k], found) * self.scale
            speed = np.hypot(_slope(self.u, found), _slope(self.v, found)) * self.scale
            found = np.clip(found + (s - reached) / np.maximum(speed, 1e-9), self.p[k], self.p[k + 1])
        return np.where(slope[k] > 0, found, self.p[k])


@dataclass(frozen=True)
class Piece:
    """One ``geometry``: where it begins, its heading there, and its curvature at both ends or its polynomials."""

    kind: str
    s_m: float
    x_m: float
    y_m: float
    heading: float
    length_m: float
    curvature: tuple[float, float] = (0.0, 0.0)
    polynomial: Polynomial | None = None


def pieces(road: ET.Element, where: str, source: Source) -> list[Piece]:
    """Return the geometries of a road's plan view; raises :class:`MapError` naming road and geometry."""
    found: list[Piece] = []
    for number, item in enumerate(road.iterfind("planView/geometry")):
        at = f"{where} geometry {number}"
        shape = next((child for child in item if child.tag in KINDS), None)
        if shape is None:
            raise source.fault(at, "has no line, arc, spiral, poly3 or paramPoly3")
        length = source.length(item, "length", at)
        start = source.number(item, "s", at)
        if found and not math.isclose(start, found[-1].s_m + found[-1].length_m, abs_tol=0.5):
            raise source.fault(
                at, f"begins at s={start:g} where the one before ends at {found[-1].s_m + found[-1].length_m:g}"
            )
        if length < 1e-6:
            source.ignored["geometry of no length"] += 1
            continue
        place = source.place(item, "x", at), source.place(item, "y", at), source.number(item, "hdg", at)
        curvature, polynomial = (0.0, 0.0), None
        if shape.tag == "arc":
            curvature = (source.number(shape, "curvature", at),) * 2
        elif shape.tag == "spiral":
            curvature = source.number(shape, "curvStart", at), source.number(shape, "curvEnd", at)
        elif shape.tag != "line":
            polynomial = _polynomial(shape, length, at, source)
        if max(abs(c) for c in curvature) * length > MOST_TURNED:
            raise source.fault(at, f"turns by {max(abs(c) for c in curvature) * length:.0f} rad within {length:g} m")
        found.append(Piece(shape.tag, start, *place, length, curvature, polynomial))
    if not found:
        raise source.fault(where, "has no plan view")
    return found


def _polynomial(shape: ET.Element, length: float, at: str, source: Source) -> Polynomial:
    if shape.tag == "poly3":
        v = np.array([source.number(shape, key, at) for key in "abcd"])
        u, last = (
            np.array([0.0, 1.0, 0.0, 0.0]),
            length,
        )  # u itself is the parameter; it ends where the length is used up
    else:
        u = np.array([source.number(shape, f"{key}U", at) for key in "abcd"])
        v = np.array([source.number(shape, f"{key}V", at) for key in "abcd"])
        kind = shape.get("pRange") or "normalized"
        if kind not in ("arcLength", "normalized"):
            raise source.fault(at, f"pRange is {kind[:40]!r}, neither arcLength nor normalized")
        last = length if kind == "arcLength" else 1.0
    if max(np.abs(u).max(), np.abs(v).max()) > 1e7:
        raise source.fault(at, f"a coefficient of {shape.tag} is beyond 1e7")
    for _ in range(6 if shape.tag == "poly3" else 1):  # v(u) is longer than u: shorten u until it is as long as it says
        p = np.linspace(0.0, last, PIECES + 1)
        s = np.concatenate([[0.0], np.cumsum(_length(u, v, p[:-1], p[1:]))])
        last *= length / s[-1] if shape.tag == "poly3" else 1.0
    if not 0.2 < s[-1] / length < 5:
        raise source.fault(at, f"{shape.tag} is {s[-1]:.3g} m long, its length says {length:g} m")
    scale = length / s[-1]
    return Polynomial(u, v, p, s * scale, scale)


def _length(u: Floats, v: Floats, start: Floats, end: Floats) -> Floats:
    """Return the lengths of the curve between parameters."""
    half = (end - start) / 2
    at = (start + end)[:, None] / 2 + half[:, None] * _NODES
    speed: Floats = np.hypot(_slope(u, at), _slope(v, at)) @ _WEIGHTS
    lengths: Floats = half * speed
    return lengths


def _value(c: Floats, p: Floats) -> Floats:
    value: Floats = c[0] + p * (c[1] + p * (c[2] + p * c[3]))
    return value


def _slope(c: Floats, p: Floats) -> Floats:
    slope: Floats = c[1] + p * (2 * c[2] + p * 3 * c[3])
    return slope


def evaluate(pieces: list[Piece], s_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Return x, y and heading of the reference line at stations ``s_m``; beyond its ends it goes straight on."""
    x, y, heading = np.empty(len(s_m)), np.empty(len(s_m)), np.empty(len(s_m))
    of = np.searchsorted([piece.s_m for piece in pieces], s_m + 1e-9, side="right") - 1
    of = np.clip(of, 0, len(pieces) - 1)
    for k in range(int(of.min()), int(of.max()) + 1) if len(s_m) else ():
        rows = np.flatnonzero(of == k)
        if not len(rows):
            continue
        piece = pieces[k]
        along = s_m[rows] - piece.s_m
        inside = np.clip(along, 0.0, piece.length_m)
        u, v, turned = _local(piece, inside)
        u, v = u + (along - inside) * np.cos(turned), v + (along - inside) * np.sin(turned)
        c, n = math.cos(piece.heading), math.sin(piece.heading)
        x[rows], y[rows] = piece.x_m + c * u - n * v, piece.y_m + n * u + c * v
        heading[rows] = piece.heading + turned
    return x, y, heading


def _local(piece: Piece, s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return u along and v to the left of the piece's first heading, and how far the line has turned."""
    if piece.polynomial is not None:
        p = piece.polynomial.at(s)
        u, v = piece.polynomial.u, piece.polynomial.v
        return _value(u, p), _value(v, p), np.arctan2(_slope(v, p), _slope(u, p))
    first, last = piece.curvature
    growth = (last - first) / piece.length_m
    turned = first * s + growth / 2 * s * s
    if abs(last - first) * piece.length_m > STRAIGHT:
        return *_spiral(first, growth, s), turned
    if abs(first) * piece.length_m > STRAIGHT:
        return np.sin(turned) / first, (1 - np.cos(turned)) / first, turned
    return s, first / 2 * s * s, turned


def _spiral(first: float, growth: float, s: Floats) -> tuple[Floats, Floats]:
    """Return the integrals of cos and sin of ``first * s + growth / 2 * s ** 2`` from 0 to each of ``s``."""
    stops, back = np.unique(s, return_inverse=True)
    start = np.concatenate([[0.0], stops[:-1]])
    span = stops - start
    sharpest = np.maximum(np.abs(first + growth * start), np.abs(first + growth * stops))
    n = np.maximum(np.ceil(span * sharpest / PANEL_RAD), 1).astype(np.int64)
    step = np.repeat(span / n, n)
    begin = np.repeat(start, n) + step * (np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n))
    at = begin[:, None] + step[:, None] * (1 + _NODES) / 2
    angle = first * at + growth / 2 * at * at
    last = np.cumsum(n) - 1
    along = np.cumsum(np.cos(angle) @ _WEIGHTS * step / 2)[last]
    aside = np.cumsum(np.sin(angle) @ _WEIGHTS * step / 2)[last]
    return along[back], aside[back]


def sharpest(piece: Piece, start_m: Floats, end_m: Floats) -> Floats:
    """Return the greatest absolute curvature between stations of the piece [1/m]; sampled for polynomials."""
    if piece.polynomial is None:
        growth = (piece.curvature[1] - piece.curvature[0]) / piece.length_m
        ends: Floats = np.abs(piece.curvature[0] + growth * (np.stack([start_m, end_m]) - piece.s_m)).max(axis=0)
        return ends
    s = start_m[:, None] + (end_m - start_m)[:, None] * np.linspace(0, 1, 9) - piece.s_m
    u, v = piece.polynomial.u, piece.polynomial.v
    p = piece.polynomial.at(np.clip(s.ravel(), 0, piece.length_m)).reshape(s.shape)
    du, dv = _slope(u, p), _slope(v, p)
    ddu, ddv = 2 * u[2] + 6 * u[3] * p, 2 * v[2] + 6 * v[3] * p
    found: Floats = (np.abs(du * ddv - dv * ddu) / np.maximum(np.hypot(du, dv), 1e-6) ** 3).max(axis=1)
    return found
