"""Reference lines of roads: line, arc, spiral, poly3 and paramPoly3 one after another, evaluated for all roads at once.

Angles are radians counter-clockwise from east, as OpenDRIVE has them; left of the line is positive. Stations are
metres along the curve: a polynomial's parameter is found from the length of its curve, scaled so that the curve ends
where the file says it ends.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.reading.source import Source

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
STRAIGHT = 1e-9
"""An arc or spiral that turns by less is a line [rad]."""
PANEL_RAD = 0.5
"""A spiral is integrated in panels that turn by no more, each by five Gauss-Legendre nodes: exact to rounding."""
MOST_TURNED = 50.0
"""No road turns farther within one geometry [rad]: eight times round."""
MOST_COEFFICIENT = 1e7
PIECES = 32
"""Intervals in which the length of a polynomial's curve is summed, each by five Gauss-Legendre nodes."""
AT_ONCE = 10_000
"""Polynomials whose lengths are summed at once, for the sake of memory."""
KINDS = ("line", "arc", "spiral", "poly3", "paramPoly3")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)
Cubics = tuple[tuple[float, ...], tuple[float, ...]]
"""Coefficients of u and v by rising power."""
_LINE: Cubics = (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """One ``geometry``: where it begins, its heading there, its curvature at both ends or its polynomials u and v of p.

    ``last`` is p at the end; NaN where that is to be found from the length (poly3).
    """

    where: str
    s_m: float
    x_m: float
    y_m: float
    heading: float
    length_m: float
    curvature: tuple[float, float] = (0.0, 0.0)
    polynomials: Cubics = _LINE
    last: float = 0.0


def pieces(road: ET.Element, where: str, source: Source) -> list[Piece]:
    """Return the geometries of a road's plan view; raises :class:`MapError` naming road and geometry."""
    found: list[Piece] = []
    for number, item in enumerate(road.iterfind("planView/geometry")):
        at = f"{where} geometry {number}"
        shape = next((child for child in item if child.tag in KINDS), None)
        if shape is None:
            raise source.fault(at, "has no line, arc, spiral, poly3 or paramPoly3")
        length, start = source.length(item, "length", at), source.number(item, "s", at)
        if found and not math.isclose(start, found[-1].s_m + found[-1].length_m, abs_tol=0.5):
            raise source.fault(
                at, f"begins at s={start:g} where the one before ends at {found[-1].s_m + found[-1].length_m:g}"
            )
        if length < 1e-6:
            source.ignored["geometry of no length"] += 1
            continue
        place = source.place(item, "x", at), source.place(item, "y", at), source.number(item, "hdg", at)
        curvature, polynomials, last = (0.0, 0.0), _LINE, 0.0
        if shape.tag == "arc":
            curvature = (source.number(shape, "curvature", at),) * 2
        elif shape.tag == "spiral":
            curvature = source.number(shape, "curvStart", at), source.number(shape, "curvEnd", at)
        elif shape.tag != "line":
            polynomials, last = _polynomials(shape, length, at, source)
        if max(map(abs, curvature)) * length > MOST_TURNED:
            raise source.fault(at, f"turns by {max(map(abs, curvature)) * length:.0f} rad within {length:g} m")
        found.append(Piece(at, start, *place, length, curvature, polynomials, last))
    if not found:
        raise source.fault(where, "has no plan view")
    return found


def _polynomials(shape: ET.Element, length: float, at: str, source: Source) -> tuple[Cubics, float]:
    """Return u and v of p, and p at the end."""
    if shape.tag == "poly3":
        u, v, last = _LINE[0], tuple([source.number(shape, key, at) for key in "abcd"]), math.nan
    else:
        u = tuple(source.number(shape, f"{key}U", at) for key in "abcd")
        v = tuple(source.number(shape, f"{key}V", at) for key in "abcd")
        kind = shape.get("pRange") or "normalized"
        if kind not in ("arcLength", "normalized"):
            raise source.fault(at, f"pRange is {kind[:40]!r}, neither arcLength nor normalized")
        last = length if kind == "arcLength" else 1.0
    if max(map(abs, u + v)) > MOST_COEFFICIENT:
        raise source.fault(at, f"a coefficient of {shape.tag} is beyond {MOST_COEFFICIENT:g}")
    return (u, v), last


@dataclass(frozen=True)
class Curves:
    """All pieces of a file as columns. Polynomials: u and v by rising power, and p and s at the ends of intervals."""

    s: Floats
    x: Floats
    y: Floats
    heading: Floats
    length: Floats
    first: Floats
    growth: Floats
    polynomial: Rows
    """Row of the following columns, -1 for lines, arcs and spirals."""
    u: Floats
    v: Floats
    p: Floats
    walked: Floats
    scale: Floats

    def parameter(self, rows: Rows, s: Floats) -> Floats:
        """Return p of polynomials (rows of :attr:`u`) at lengths along their curves."""
        whole = self.walked[:, -1]
        steps = (self.walked / whole[:, None] + np.arange(len(whole))[:, None]).ravel()
        k = np.searchsorted(steps, s / whole[rows] + rows, side="right") - 1 - rows * (PIECES + 1)
        k = np.clip(k, 0, PIECES - 1)
        low, high, begun = self.p[rows, k], self.p[rows, k + 1], self.walked[rows, k]
        found = low + (high - low) * np.clip((s - begun) / np.maximum(self.walked[rows, k + 1] - begun, 1e-12), 0, 1)
        u, v, scale = self.u[rows], self.v[rows], self.scale[rows]
        for _ in range(2):  # Newton on the length from the interval's beginning
            reached = begun + _lengths(u, v, low, found) * scale
            speed = np.hypot(_slope(u, found), _slope(v, found)) * scale
            found = np.clip(found + (s - reached) / np.maximum(speed, 1e-9), low, high)
        parameter: Floats = found
        return parameter


def curves(found: Sequence[Piece], source: Source) -> Curves:
    """Return pieces as columns; raises :class:`MapError` where a polynomial is not as long as its geometry says."""
    curved = [piece for piece in found if piece.last != 0]
    is_curved = np.array([piece.last != 0 for piece in found], bool)
    rows = np.where(is_curved, np.cumsum(is_curved) - 1, -1)
    u = np.array([piece.polynomials[0] for piece in curved], np.float64).reshape(-1, 4)
    v = np.array([piece.polynomials[1] for piece in curved], np.float64).reshape(-1, 4)
    told = np.array([piece.length_m for piece in curved])
    last = np.array([piece.last for piece in curved])
    open_end = np.isnan(last)
    last = np.where(open_end, told, last)
    share = np.linspace(0.0, 1.0, PIECES + 1)
    for _ in range(6 if open_end.any() else 1):  # v(u) is longer than u: shorten u until it is as long as it says
        p = last[:, None] * share
        walked = _walked(u, v, p)
        last = np.where(open_end, last * told / walked[:, -1], last)
    if len(curved):
        wrong = np.flatnonzero(~((walked[:, -1] > 0.2 * told) & (walked[:, -1] < 5 * told)))
        if len(wrong):
            piece = curved[int(wrong[0])]
            raise source.fault(
                piece.where, f"is {walked[wrong[0], -1]:.3g} m long, its length says {piece.length_m:g} m"
            )
    scale = told / walked[:, -1]
    columns = np.array([
        (piece.s_m, piece.x_m, piece.y_m, piece.heading, piece.length_m, piece.curvature[0],
         (piece.curvature[1] - piece.curvature[0]) / piece.length_m) for piece in found
    ], np.float64).reshape(-1, 7).T  # fmt: skip
    at, x, y, heading, length, first, growth = columns
    return Curves(at, x, y, heading, length, first, growth, rows, u, v, p, walked * scale[:, None], scale)


def _walked(u: Floats, v: Floats, p: Floats) -> Floats:
    """Return the lengths of curves up to each of their parameters, shape of ``p``."""
    out = np.zeros(p.shape)
    for begin in range(0, len(p), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        step = _lengths(u[part, None], v[part, None], p[part, :-1], p[part, 1:])
        out[part, 1:] = np.cumsum(step, axis=1)
    return out


def _lengths(u: Floats, v: Floats, start: Floats, end: Floats) -> Floats:
    """Return the lengths of curves between parameters; ``u``, ``v`` have the coefficients in their last axis."""
    half = (end - start)[..., None] / 2
    at = (start + end)[..., None] / 2 + half * _NODES
    speed = np.hypot(_slope(u[..., None, :], at), _slope(v[..., None, :], at))
    lengths: Floats = (speed * _WEIGHTS).sum(axis=-1) * half[..., 0]
    return lengths


def _value(c: Floats, p: Floats) -> Floats:
    value: Floats = c[..., 0] + p * (c[..., 1] + p * (c[..., 2] + p * c[..., 3]))
    return value


def _slope(c: Floats, p: Floats) -> Floats:
    slope: Floats = c[..., 1] + p * (2 * c[..., 2] + p * 3 * c[..., 3])
    return slope


def evaluate(curves: Curves, rows: Rows, along_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Return x, y and heading on pieces ``rows`` at lengths ``along_m`` from their beginnings; beyond, straight on."""
    s = np.clip(along_m, 0.0, curves.length[rows])
    first, growth = curves.first[rows], curves.growth[rows]
    turned = first * s + growth / 2 * s * s
    u, v = s.copy(), first / 2 * s * s
    length = curves.length[rows]
    spiral = np.flatnonzero(np.abs(growth) * length * length > STRAIGHT)
    arc = np.flatnonzero((np.abs(growth) * length * length <= STRAIGHT) & (np.abs(first) * length > STRAIGHT))
    u[arc], v[arc] = np.sin(turned[arc]) / first[arc], (1 - np.cos(turned[arc])) / first[arc]
    u[spiral], v[spiral] = _spiral(first[spiral], growth[spiral], s[spiral])
    which = curves.polynomial[rows]
    curved = np.flatnonzero(which >= 0)
    if len(curved):
        its = which[curved]
        p = curves.parameter(its, s[curved])
        cu, cv = curves.u[its], curves.v[its]
        u[curved], v[curved] = _value(cu, p), _value(cv, p)
        turned[curved] = np.arctan2(_slope(cv, p), _slope(cu, p))
    beyond = along_m - s
    u, v = u + beyond * np.cos(turned), v + beyond * np.sin(turned)
    c, n = np.cos(curves.heading[rows]), np.sin(curves.heading[rows])
    return curves.x[rows] + c * u - n * v, curves.y[rows] + n * u + c * v, curves.heading[rows] + turned


def _spiral(first: Floats, growth: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Return the integrals of cos and sin of ``first * s + growth / 2 * s ** 2`` from 0 to each of ``s``."""
    if not len(s):
        return s, s
    turned = s * np.maximum(np.abs(first), np.abs(first + growth * s))
    n = np.maximum(np.ceil(turned / PANEL_RAD), 1).astype(np.int64)
    begins = np.cumsum(n) - n
    step = np.repeat(s / n, n)
    start = step * (np.arange(n.sum()) - np.repeat(begins, n))
    at = start[:, None] + step[:, None] * (1 + _NODES) / 2
    angle = np.repeat(first, n)[:, None] * at + np.repeat(growth, n)[:, None] / 2 * at * at
    along = np.add.reduceat(np.cos(angle) @ _WEIGHTS * step / 2, begins)
    aside = np.add.reduceat(np.sin(angle) @ _WEIGHTS * step / 2, begins)
    return along, aside


def sharpest(curves: Curves, rows: Rows, start_m: Floats, end_m: Floats) -> Floats:
    """Return the greatest absolute curvature of pieces between lengths along them [1/m]; sampled for polynomials."""
    ends = np.abs(curves.first[rows] + curves.growth[rows] * np.stack([start_m, end_m]))
    found: Floats = ends.max(axis=0)
    which = curves.polynomial[rows]
    curved = np.flatnonzero(which >= 0)
    if len(curved):
        its = np.repeat(which[curved], 9)
        s = start_m[curved, None] + (end_m - start_m)[curved, None] * np.linspace(0, 1, 9)
        p = curves.parameter(its, np.clip(s.ravel(), 0, np.repeat(curves.length[rows[curved]], 9)))
        u, v = curves.u[its], curves.v[its]
        du, dv = _slope(u, p), _slope(v, p)
        ddu, ddv = 2 * u[:, 2] + 6 * u[:, 3] * p, 2 * v[:, 2] + 6 * v[:, 3] * p
        bend = np.abs(du * ddv - dv * ddu) / np.maximum(np.hypot(du, dv), 1e-6) ** 3
        found[curved] = bend.reshape(-1, 9).max(axis=1)
    return found
