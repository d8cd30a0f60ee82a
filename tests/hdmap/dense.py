"""An independent and slow reading of OpenDRIVE geometry, for tests: curvature integrated, polynomials walked along.

Nothing of :mod:`jinyun.hdmap.reading` is used. A lane's border is a dense line: the reference line every centimetre,
the border's offset by adding up widths from the records as they stand.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

Floats = NDArray[np.float64]
Records = Sequence[tuple[float, float, float, float, float]]


def piece(kind: str, numbers: tuple[float, ...], length: float, s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return u, v and turn of one geometry at ``s``; ``numbers`` are its attributes in the order of the standard."""
    if kind in ("line", "arc", "spiral"):
        first, last = {"line": (0.0, 0.0), "arc": numbers * 2, "spiral": numbers}[kind]

        def grow(s: float, state: Floats) -> list[float]:
            return [np.cos(state[2]), np.sin(state[2]), first + (last - first) * s / length]

        if kind == "line":
            return s, 0 * s, 0 * s
        walked = solve_ivp(
            grow, (0, length), [0, 0, 0], rtol=1e-11, atol=1e-11, dense_output=True, max_step=length / 50
        )
        u, v, turn = walked.sol(s)
        return u, v, turn
    if kind == "poly3":
        u_of, v_of, most = (0.0, 1.0, 0.0, 0.0), numbers, length
    else:
        u_of, v_of, most = numbers[:4], numbers[4:8], length if numbers[8] else 1.0
    p = np.linspace(0, most, 400_001)
    u, v = np.polyval(u_of[::-1], p), np.polyval(v_of[::-1], p)
    walked_m = np.concatenate([[0], np.cumsum(np.hypot(np.diff(u), np.diff(v)))])
    scale = walked_m[-1] / length if kind == "paramPoly3" else 1.0
    at = np.interp(s * scale, walked_m, p)
    du, dv = (np.polyval(np.polyder(np.array(c[::-1])), at) for c in (u_of, v_of))
    return np.polyval(u_of[::-1], at), np.polyval(v_of[::-1], at), np.arctan2(dv, du)


def numbers_of(shape: ET.Element) -> tuple[float, ...]:
    get = {key: value for key, value in shape.attrib.items() if key != "pRange"}
    if shape.tag == "arc":
        return (float(get["curvature"]),)
    if shape.tag == "spiral":
        return float(get["curvStart"]), float(get["curvEnd"])
    if shape.tag == "poly3":
        return tuple(float(get[key]) for key in "abcd")
    if shape.tag == "paramPoly3":
        both = tuple(float(get[f"{key}{axis}"]) for axis in "UV" for key in "abcd")
        return (*both, float(shape.get("pRange") == "arcLength"))
    return ()


def reference(road: ET.Element, s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return x, y, heading of the road's reference line."""
    geometries = road.findall("planView/geometry")
    starts = [float(g.get("s", 0)) for g in geometries]
    of = np.clip(np.searchsorted(starts, s, side="right") - 1, 0, None)
    x, y, h = np.empty(len(s)), np.empty(len(s)), np.empty(len(s))
    for k, g in enumerate(geometries):
        rows = of == k
        if not rows.any():
            continue
        length = float(g.get("length", 0))
        u, v, turn = piece(g[0].tag, numbers_of(g[0]), length, np.clip(s[rows] - starts[k], 0, length))
        h0 = float(g.get("hdg", 0))
        x[rows] = float(g.get("x", 0)) + np.cos(h0) * u - np.sin(h0) * v
        y[rows] = float(g.get("y", 0)) + np.sin(h0) * u + np.cos(h0) * v
        h[rows] = h0 + turn
    return x, y, h


def profile(items: Sequence[ET.Element], key: str, s: Floats) -> Floats:
    """Return the values of a piecewise cubic, one station after another."""
    records = sorted((float(i.get(key, 0)), *(float(i.get(c, 0)) for c in "abcd")) for i in items)
    out = np.zeros(len(s))
    for start, a, b, c, d in records:
        t = s - start
        out = np.where(t >= -1e-9, a + b * t + c * t**2 + d * t**3, out)
    return out


@lru_cache(maxsize=256)
def _stations(start: float, end: float, step: float) -> Floats:
    return np.linspace(start, end, max(int((end - start) / step), 2))


def lane(road: ET.Element, section: int, number: int, step_m: float = 0.05) -> tuple[Floats, Floats]:
    """Return the inner and the outer border of a lane in the road's direction, each shape (n, 3)."""
    sections = road.findall("lanes/laneSection")
    start = float(sections[section].get("s", 0))
    end = float(sections[section + 1].get("s", 0)) if section + 1 < len(sections) else float(road.get("length", 0))
    s = _stations(start, end, step_m)
    x, y, h = reference(road, s)
    offset = profile(road.findall("lanes/laneOffset"), "s", s)
    z = profile(road.findall("elevationProfile/elevation"), "s", s)
    roll = profile(road.findall("lateralProfile/superelevation"), "s", s)
    side = 1 if number > 0 else -1
    t = offset
    borders = []
    for k in range(1, abs(number) + 1):
        inner = t
        item = next(one for one in sections[section].iter("lane") if one.get("id") == str(side * k))
        if item.findall("width"):
            t = inner + side * profile(item.findall("width"), "sOffset", s - start)
        elif item.findall("border"):
            t = offset + profile(item.findall("border"), "sOffset", s - start)
        borders = [inner, t]
    across = [
        np.column_stack([x - b * np.cos(roll) * np.sin(h), y + b * np.cos(roll) * np.cos(h), z + b * np.sin(roll)])
        for b in borders
    ]
    return across[0], across[1]


def farthest(points: Floats, line: Floats) -> float:
    """Return how far the farthest of ``points`` lies from the polyline ``line``, both shape (n, 2)."""
    a, d = line[:-1], np.diff(line, axis=0)
    square = np.maximum((d**2).sum(axis=1), 1e-18)
    worst = 0.0
    for chunk in np.array_split(points, max(len(points) * len(a) // 2_000_000, 1)):
        along = np.clip(((chunk[:, None] - a) * d).sum(axis=2) / square, 0, 1)
        away = np.linalg.norm(chunk[:, None] - a - along[..., None] * d, axis=2)
        worst = max(worst, float(away.min(axis=1).max()))
    return worst
