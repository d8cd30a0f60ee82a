"""A picture of a map and its faults, as PNG: lanes, borders, stop lines, crossings, and a numbered mark for each fault.

Drawn by sampling every surface finer than a pixel at twice the size, so it needs nothing but NumPy and zlib.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.precise import LaneKind, Map

if TYPE_CHECKING:
    from jinyun.hdmap.check import Fault

MOST_PIXELS = 1800
"""Longer side of the picture."""
LEAST_PIXELS = 200
MARGIN = 40
FINE = 2
"""The picture is drawn so many times larger and then made smaller: that softens its edges."""
MOST_SAMPLES = 4_000_000
"""Samples drawn in one go: bounds the memory."""
MOST_MARKS = 999
Colour = tuple[int, int, int]
PAPER: Colour = (243, 244, 246)
LANES: dict[int, Colour] = {
    LaneKind.AREA: (226, 226, 222), LaneKind.SIDEWALK: (214, 214, 208), LaneKind.INNER: (163, 170, 179),
    LaneKind.INNER_BICYCLE: (163, 176, 166), LaneKind.CAR: (138, 146, 156), LaneKind.BUS: (178, 158, 110),
    LaneKind.BICYCLE: (138, 166, 140), LaneKind.CROSSING: (224, 224, 224),
}  # fmt: skip
"""Surfaces in the order they are drawn."""
BORDER: Colour = (250, 250, 250)
STOP_LINE: Colour = (255, 255, 255)
MARKS: dict[str, Colour] = {"info": (52, 120, 198), "warning": (222, 138, 20), "fault": (208, 40, 40)}
_GLYPHS = (
    "111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001",
    "111100111001111", "111100111101111", "111001001010010", "111101111101111", "111101111001111",
)  # fmt: skip
"""The digits, three pixels wide and five high."""


class Canvas:
    """A picture in metres: ``scale`` pixels a metre, north up."""

    def __init__(self, west: float, south: float, east: float, north: float) -> None:
        span = max(east - west, north - south, 1.0)
        self.scale = (MOST_PIXELS - 2 * MARGIN) * FINE / span
        self.west, self.north = west, north
        wide, high = (max(int(side * self.scale), LEAST_PIXELS) for side in (east - west, north - south))
        edge = 2 * MARGIN * FINE
        shape = ((high + edge) // FINE * FINE, (wide + edge) // FINE * FINE, 3)
        self.pixels: NDArray[np.uint8] = np.full(shape, PAPER, np.uint8)
        self._labels: list[tuple[float, float]] = []

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return column and row of places in metres."""
        return (x - self.west) * self.scale + MARGIN * FINE, (self.north - y) * self.scale + MARGIN * FINE

    def dots(self, column: NDArray[np.float64], row: NDArray[np.float64], colour: Colour) -> None:
        """Colour the pixels at columns and rows; what lies outside or is not finite is left out."""
        high, wide, _ = self.pixels.shape
        fit = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
        self.pixels[row[fit].astype(np.int64), column[fit].astype(np.int64)] = colour

    def quads(self, corners: Sequence[NDArray[np.float64]], colour: Colour) -> None:
        """Fill four-cornered surfaces: ``corners`` are four arrays of shape (n, 2), in metres, left and right, then on."""
        left, right, left_on, right_on = (np.column_stack(self.at(*corner.T)) for corner in corners)
        along = np.ceil(np.maximum(_size(left_on - left), _size(right_on - right)) * 1.5)
        across = np.ceil(np.maximum(_size(right - left), _size(right_on - left_on)) * 1.5)
        real = np.isfinite(along) & np.isfinite(across) & (along < 1e5) & (across < 1e4)
        rows = np.flatnonzero(real)
        many = ((along[rows] + 1) * (across[rows] + 1)).astype(np.int64)
        for part in np.split(rows, np.flatnonzero(np.diff(np.cumsum(many) // MOST_SAMPLES)) + 1):
            n, m = along[part].astype(np.int64) + 1, across[part].astype(np.int64) + 1
            of = np.repeat(part, n * m)
            k = np.arange(len(of)) - np.repeat(np.cumsum(n * m) - n * m, n * m)
            step, span = np.repeat(m, n * m), np.repeat(n, n * m)
            u = ((k // step) / np.maximum(span - 1, 1))[:, None]
            v = ((k % step) / np.maximum(step - 1, 1))[:, None]
            here = (1 - u) * ((1 - v) * left[of] + v * right[of]) + u * ((1 - v) * left_on[of] + v * right_on[of])
            self.dots(here[:, 0], here[:, 1], colour)

    def lines(self, begin: NDArray[np.float64], end: NDArray[np.float64], width_m: float, colour: Colour) -> None:
        """Draw straight lines between places, shape (n, 2), as wide as ``width_m`` but at least a pixel."""
        way = end - begin
        half = max(width_m, 1.0 * FINE / self.scale) / 2
        normal = np.column_stack([way[:, 1], -way[:, 0]]) / np.maximum(_size(way), 1e-9)[:, None] * half
        self.quads((begin - normal, begin + normal, end - normal, end + normal), colour)

    def mark(self, number: int, x_m: float, y_m: float, colour: Colour) -> None:
        """Put a ring with a number beside it at a place."""
        column, row = (float(value[0]) for value in self.at(np.array([x_m]), np.array([y_m])))
        if not (np.isfinite(column) and np.isfinite(row)):
            return
        angle, radius = np.meshgrid(np.linspace(0, 2 * np.pi, 160), np.linspace(7, 9.5, 8) * FINE)
        self.dots((column + radius * np.cos(angle)).ravel(), (row + radius * np.sin(angle)).ravel(), colour)
        top = row - 5 * FINE
        while any(abs(column - x) < 30 * FINE and abs(top - y) < 12 * FINE for x, y in self._labels[-40:]):
            top += 12 * FINE  # numbers of marks in one place stand below each other
        self._labels.append((column, top))
        for place, digit in enumerate(str(number)):
            for bit in np.flatnonzero([c == "1" for c in _GLYPHS[int(digit)]]):
                size = 2 * FINE
                left, high = column + 11 * FINE + (4 * place + bit % 3) * size, top + bit // 3 * size
                u, v = np.meshgrid(np.arange(size) + left, np.arange(size) + high)
                self.dots(u.ravel(), v.ravel(), colour)

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        high, wide, _ = self.pixels.shape
        small = self.pixels.reshape(high // FINE, FINE, wide // FINE, FINE, 3).mean(axis=(1, 3)).astype(np.uint8)
        return png(small)


def _size(way: NDArray[np.float64]) -> NDArray[np.float64]:
    size: NDArray[np.float64] = np.hypot(way[:, 0], way[:, 1])
    return size


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels, shape (rows, columns, 3), as a PNG file (ISO/IEC 15948: 8-bit true colour, no filter)."""
    high, wide, _ = pixels.shape
    rows = np.concatenate([np.zeros((high, 1), np.uint8), pixels.reshape(high, wide * 3)], axis=1)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def picture(map: Map, faults: Sequence[Fault] = ()) -> bytes:
    """Return the map as PNG, at most 1800 pixels wide and high, with faults numbered from 1 in their order."""
    points, lanes = map.points, map.lanes
    with np.errstate(all="ignore"):
        known = np.isfinite(points["x_m"]) & np.isfinite(points["y_m"])
        x, y = points["x_m"][known], points["y_m"][known]
        bounds = (x.min(), y.min(), x.max(), y.max()) if len(x) else (0.0, 0.0, 1.0, 1.0)
        canvas = Canvas(*(float(v) for v in bounds))
        starts = np.setdiff1d(np.arange(len(points["x_m"])), lanes["first"].astype(np.int64) + lanes["count"] - 1)
        kind = np.repeat(lanes["kind"], lanes["count"].astype(np.int64))[starts]
        left, right = (np.column_stack([points[f"{side}_x_m"], points[f"{side}_y_m"]]) for side in ("left", "right"))
        for of, colour in LANES.items():
            rows = starts[kind == of]
            canvas.quads((left[rows], right[rows], left[rows + 1], right[rows + 1]), colour)
        if canvas.scale / FINE > 0.8:  # finer lines would hide the lanes
            rows = starts[np.isin(kind, (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE))]
            for border in (left, right):
                canvas.lines(border[rows], border[rows + 1], 0.15, BORDER)
            stop = map.stop_lines
            begin, end = (np.column_stack([stop[f"x{k}_m"], stop[f"y{k}_m"]]) for k in (1, 2))
            canvas.lines(begin, end, 0.4, STOP_LINE)
        for severity, colour in MARKS.items():  # what is worst comes on top
            for number, fault in list(enumerate(faults, start=1))[:MOST_MARKS]:
                if fault.severity == severity:
                    canvas.mark(number, fault.x_m, fault.y_m, colour)
    return canvas.png()
