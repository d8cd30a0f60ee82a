"""What the page draws around the roads: ridges as contours, water, parks, built blocks. Nothing computes with it.

Contours and blocks are made from the few lines a person wrote in the road plan, always the same for the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Columns
from jinyun.hdmap.streets import POCKET_LANE_M, parts
from jinyun.zone.plan import Frontage, Plan, Ridge

RIDGE, WATER, PARK, BLOCK = 2, 3, 4, 5
LEAST_MEDIAN_M = 4.5
END_GAP_M = {"signal": 30.0, "crossing": 5.0, "zebra": 5.0, "priority": 17.0}
CLEAR_M = 5.0
"""Free ground between a block and a road's edge other than its own."""


def areas(plan: Plan, sections: Columns, section_points: Columns) -> Iterator[tuple[int, Line]]:
    """Yield (kind, outline) of every area of scenery, in the order in which they are to be painted.

    ``sections`` and ``section_points`` are the precise map's tables: the roads that blocks stand clear of.
    """
    lines = [
        np.column_stack([section_points[key][first : first + count] for key in ("x_m", "y_m")])
        for first, count in zip(sections["first"], sections["count"], strict=True)
    ]
    roads = [str(road) for road in sections["road"]]
    for ridge in plan.ridges:
        yield from ((RIDGE, outline) for outline in contours(ridge))
    for park in plan.parks:
        yield PARK, closed(park.outline)
    yield from ((PARK, strip) for strip in greenery(plan, sections, roads, lines))
    for stream in plan.streams:
        yield WATER, ribbon(np.array(stream.course, dtype=np.float64)[:, :2], stream.width_m)
    for water in plan.water:
        yield WATER, closed(water.outline)
    yield from ((BLOCK, block) for block in blocks(plan, roads, lines, sections["tunnel"].tolist()))


def greenery(plan: Plan, sections: Columns, roads: list[str], lines: list[Line]) -> Iterator[Line]:
    """Yield the planted strips in the middle of wide roads, as far as left-turn pockets leave room, and islands."""
    for node in plan.nodes.values():
        if node.control == "roundabout":
            of = plan.classes["circle"]
            turn = np.arange(0, 2 * np.pi, np.radians(6))
            radius = node.radius_m - of.lanes * of.lane_m / 2 - 1.2
            yield np.array(node.at[:2]) + radius * np.column_stack([np.cos(turn), np.sin(turn)])
    for row, line in enumerate(lines):
        of = plan.classes[plan.road(roads[row]).section]
        if of.median_m < LEAST_MEDIAN_M or sections["tunnel"][row]:
            continue
        ends = [plan.nodes[str(sections[key][row])] for key in ("start", "end")]
        gap = [e.radius_m + 14 if e.control == "roundabout" else END_GAP_M.get(e.control, 2.0) for e in ends]
        length = curve.length_m(line)
        pockets = [sum(b - a for name, a, b in parts(of, length, e.control) if name == "p") for e in ends]
        s = np.arange(gap[0], length - gap[1], 4.0)
        if len(s) < 3:
            continue
        half = of.median_m / 2 - 0.4
        room = []
        for along, pocket in ((length - s, pockets[1]), (s, pockets[0])):
            taper = np.clip((pocket + 6 - along) / 8, 0, 1) if pocket else np.zeros(len(s))
            room.append(half - taper * POCKET_LANE_M)
        at = curve.at_station(line, s)
        heads = curve.headings_rad(at)
        across = np.column_stack([np.cos(heads), -np.sin(heads)])
        right, left = at + across * room[0][:, None], at - across * room[1][:, None]
        yield np.vstack([right, left[::-1]])


def closed(outline: list[list[float]]) -> Line:
    """Return a smooth closed outline through the points."""
    points = np.array([p[:2] for p in outline], dtype=np.float64)
    if not np.allclose(points[0], points[-1]):
        points = np.vstack([points, points[:1]])
    line, _ = curve.spline(points)
    return curve.simplified(line, 0.8)[:-1]


def ribbon(course: Line, width_m: float) -> Line:
    """Return the outline of a stream whose width breathes by a third along its course."""
    line, _ = curve.spline(course)
    line = curve.simplified(line, 0.3)
    s = curve.stations(line)
    half = width_m / 2 * (1 + 0.33 * np.sin(s / 61.0) * np.sin(s / 23.0 + 1))
    heads = curve.headings_rad(line)
    across = np.column_stack([np.cos(heads), -np.sin(heads)]) * half[:, None]
    return np.vstack([line + across, (line - across)[::-1]])


def contours(ridge: Ridge) -> list[Line]:
    """Return nested outlines of a ridge, the widest (lowest) first."""
    line, rows = curve.spline([p[:2] for p in ridge.crest])
    s = curve.stations(line)
    half = np.interp(s, s[rows], ridge.half_width_m)
    fine = np.linspace(0, s[-1], max(int(s[-1] / 25), 12))
    crest, width = curve.at_station(line, fine), np.interp(fine, s, half)
    heads = curve.headings_rad(crest)
    across = np.column_stack([np.cos(heads), -np.sin(heads)])
    ends = np.sqrt(np.clip(1 - (2 * fine / s[-1] - 1) ** 8, 0, 1))
    outlines = []
    for level in range(ridge.levels):
        share = 1 - level / ridge.levels
        keep = ends > 0.15 + 0.5 * level / ridge.levels
        sides = []
        for side, phase in ((1, 0.4), (-1, 2.1)):
            spurs = 1 + 0.16 * np.sin(fine / 173 + phase + 0.25 * level) + 0.09 * np.sin(fine / 71 + 2 * phase)
            reach = width * share**1.15 * ends * spurs
            sides.append((crest + side * across * reach[:, None])[keep])
        outlines.append(curve.simplified(np.vstack([sides[0], sides[1][::-1]]), 1.5))
    return outlines


def blocks(plan: Plan, roads: list[str], lines: list[Line], tunnels: list[bool]) -> list[Line]:
    """Return the built blocks along the plan's frontages: rectangles that stand clear of roads, water and each other."""
    keep_out = _KeepOut(plan, roads, lines, tunnels)
    rng = np.random.default_rng(7)
    found: list[Line] = []
    for frontage in plan.frontages:
        own = keep_out.half_width[frontage.road]
        for road, line in zip(roads, lines, strict=True):
            if road == frontage.road:
                for side in (1.0, -1.0):
                    found += _row(line, side, own, frontage, keep_out, rng)
    return found


def _row(
    centre: Line, side: float, own_m: float, frontage: Frontage, keep_out: _KeepOut, rng: np.random.Generator
) -> list[Line]:
    found: list[Line] = []
    s, x, y = curve.stations(centre), centre[:, 0], centre[:, 1]
    total = float(s[-1])
    base = own_m + frontage.setback_m
    for _ in range(frontage.rows):
        at = float(rng.uniform(4, 20))
        deepest = 0.0
        while True:
            width = float(rng.uniform(*frontage.width_m))
            depth = float(rng.uniform(*frontage.depth_m))
            if at + width > total:
                break
            p, q = np.column_stack([np.interp([at, at + width], s, x), np.interp([at, at + width], s, y)])
            way = (q - p) / max(float(np.linalg.norm(q - p)), 1e-9)
            out = side * np.array([way[1], -way[0]])
            corner = p + out * base
            block = np.array([corner, corner + way * width, corner + way * width + out * depth, corner + out * depth])
            if keep_out.take(block):
                found.append(block)
                deepest = max(deepest, depth)
            at += width + float(rng.uniform(*frontage.gap_m))
        base += (deepest or frontage.depth_m[0]) + float(rng.uniform(*frontage.gap_m))
    return found


class _KeepOut:
    """Ground that is taken: a raster of 5 m cells."""

    CELL_M = 5.0

    def __init__(self, plan: Plan, roads: list[str], lines: list[Line], tunnels: list[bool]) -> None:
        self.half_width: dict[str, float] = {}
        for road in plan.roads:
            of = plan.classes[road.section]
            one_way = of.lanes * of.lane_m + of.bike_m + of.sidewalk_m
            self.half_width[road.id] = one_way / 2 if road.oneway else of.median_m / 2 + one_way
        everything = np.vstack(lines)
        self._low = everything.min(axis=0) - 400
        size = np.ceil((everything.max(axis=0) + 400 - self._low) / self.CELL_M).astype(int)
        self._taken = np.zeros((size[0], size[1]), dtype=bool)
        self._most = size - 1
        for name, line, tunnel in zip(roads, lines, tunnels, strict=True):
            if not tunnel:
                self._along(line, self.half_width[name] + CLEAR_M)
        for node in plan.nodes.values():
            if node.control == "roundabout":
                turn = np.linspace(0, 2 * np.pi, 60)
                circle = np.array(node.at[:2]) + node.radius_m * np.column_stack([np.cos(turn), np.sin(turn)])
                self._along(circle, 22.0)
        for stream in plan.streams:
            course, _ = curve.spline([p[:2] for p in stream.course])
            self._along(course, stream.width_m * 0.7 + 14)
        for area in (*plan.water, *plan.parks):
            outline = closed(area.outline)
            self._along(np.vstack([outline, outline[:1]]), 8.0)
            self._fill(outline)
        for ridge in plan.ridges:
            self._fill(contours(ridge)[min(1, ridge.levels - 1)])

    def take(self, block: Line) -> bool:
        """Take the ground of a block and return True, or return False where some of it is taken."""
        cells = self._cells(self._inside(block))
        if self._taken[cells].any():
            return False
        self._taken[cells] = True
        return True

    def _inside(self, block: Line) -> NDArray[np.float64]:
        a, b = block[1] - block[0], block[3] - block[0]
        n, m = (max(int(np.linalg.norm(v) / self.CELL_M) + 2, 2) for v in (a, b))
        u, v = np.linspace(0, 1, n)[:, None, None], np.linspace(0, 1, m)[None, :, None]
        inside: NDArray[np.float64] = (block[0] + u * a + v * b).reshape(-1, 2)
        return inside

    def _cells(self, points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        cells = np.clip(((points - self._low) / self.CELL_M).astype(np.int64), 0, self._most)
        return cells[:, 0], cells[:, 1]

    def _along(self, line: Line, reach_m: float) -> None:
        places = curve.at_station(line, np.arange(0, curve.length_m(line) + 2, 2.0))
        heads = curve.headings_rad(places)
        across = np.column_stack([np.cos(heads), -np.sin(heads)])
        steps = np.arange(-reach_m, reach_m + self.CELL_M / 2, self.CELL_M / 2)
        self._taken[self._cells((places[:, None, :] + steps[None, :, None] * across[:, None, :]).reshape(-1, 2))] = True

    def _fill(self, outline: Line) -> None:
        """Take the inside of an outline, row by row of the raster (even-odd rule)."""
        p, q = outline, np.roll(outline, -1, axis=0)
        low, high = outline.min(axis=0), outline.max(axis=0)
        for y in np.arange(low[1], high[1], self.CELL_M / 2):
            cut = (p[:, 1] <= y) != (q[:, 1] <= y)
            at = np.sort(p[cut, 0] + (y - p[cut, 1]) / (q[cut, 1] - p[cut, 1]) * (q[cut, 0] - p[cut, 0]))
            for a, b in zip(at[::2], at[1::2], strict=False):
                run = np.arange(max(a, self._low[0]), b, self.CELL_M / 2)
                if len(run) and self._low[1] <= y:
                    self._taken[self._cells(np.column_stack([run, np.full(len(run), y)]))] = True
