"""Lanes of roads as borders: stations chosen so that no border strays, then all borders of a section at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Bay, LaneKind
from jinyun.hdmap.reading.draft import Draft, DraftBay, DraftEdge, DraftLane
from jinyun.hdmap.reading.opendrive import geometry
from jinyun.hdmap.reading.opendrive.geometry import Floats
from jinyun.hdmap.reading.opendrive.roads import Road, RoadLane, Section, curve_all
from jinyun.hdmap.reading.source import MOST_POINTS, Source

CHORD_ERROR_M = 0.004
"""Between two points a lane's border and middle line stray from their curves by no more than this."""
THINNING_M, THINNINGS = 0.0005, 5
"""Borders stray by no more in each of so many rounds in which points that nothing needs are dropped."""
LONGEST_M = 500.0
"""Points are no farther apart, so that a straight line stays one when degrees lie between two planes."""
SHORTEST_M = 0.05
"""Points are no nearer together: nothing that is driven on bends so sharply."""
MOST_STATIONS = 200_000
"""No lane section needs more points along it."""
THIN_M = 0.02
"""A lane that is nowhere wider is none."""
PARKING_PIECE_M = 0.3
"""A parking strip is cut into bays as long as they stray no farther from its curve."""
KINDS = {
    **dict.fromkeys(
        ("driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "slipLane", "bidirectional", "HOV",
         "mwyEntry", "mwyExit", "shared"), LaneKind.CAR,
    ),
    "bus": LaneKind.BUS, "taxi": LaneKind.BUS, "biking": LaneKind.BICYCLE, "sidewalk": LaneKind.SIDEWALK,
    "walking": LaneKind.SIDEWALK,
}  # fmt: skip
"""What a lane type is for; lanes of other types are nobody's way and counted as ignored."""


@dataclass(frozen=True)
class Laid:
    """A lane as laid: its id, and whether it leads along the road's stations."""

    id: str
    along: bool
    kind: LaneKind


Table = dict[tuple[str, int, int], Laid]
"""By road, number of section and number of lane."""


def lay(roads: Sequence[Road], draft: Draft, laid: Table, source: Source) -> None:
    """Add the lanes and edges of all roads to the draft and to ``laid``."""
    curves = curve_all(roads, source)
    parts: list[tuple[Road, int, Section]] = []
    for road in roads:
        for number, section in enumerate(road.sections):
            if section.end_m - section.start_m < 0.01:
                source.ignored["lane section shorter than 1 cm"] += 1
            else:
                parts.append((road, number, section))
    if not parts:
        return
    breaks = [_breaks(road, section) for road, _, section in parts]
    along = [road.pieces_at((at[:-1] + at[1:]) / 2) for (road, _, _), at in zip(parts, breaks, strict=True)]
    half = np.concatenate([np.diff(at) / 2 for at in breaks])
    rows, middle = np.concatenate([row for row, _ in along]), np.concatenate([s for _, s in along])
    curvature = geometry.sharpest(curves, rows, middle - half, middle + half)
    stations, first, points = [], 0, 0
    for (road, _, section), at in zip(parts, breaks, strict=True):
        stations.append(_stations(road, section, at, curvature[first : first + len(at) - 1], source))
        first += len(at) - 1
        points += len(stations[-1]) * len(section.lanes)
        if points > MOST_POINTS:
            raise source.fault(road.where, f"lanes have more than {MOST_POINTS} points")
    where = [road.pieces_at(s) for (road, _, _), s in zip(parts, stations, strict=True)]
    line = geometry.evaluate(curves, np.concatenate([row for row, _ in where]), np.concatenate([s for _, s in where]))
    first = 0
    for (road, number, section), s in zip(parts, stations, strict=True):
        own = slice(first, first + len(s))
        x, y, heading = (column[own] for column in line)
        left, right = sides(road, section, s)
        borders = _places(road, s, x, y, heading, left, right)
        middles = _middles(road, section, s, x, y, heading, (left + right) / 2)
        kept = _needed(np.concatenate([*borders, *(line[None] for line in middles.values())]))
        its_left, its_right = (side[:, kept] for side in borders)
        middles = {row: line[kept] for row, line in middles.items()}
        _add(road, number, section, its_left, its_right, middles, (left - right)[:, kept], draft, laid, source)
        first += len(s)


def forward(road: Road, lane: RoadLane) -> bool:
    """Return whether the lane leads along the road's stations."""
    along = (lane.number < 0) != road.left_hand
    return along != (lane.direction == "reversed")


def _breaks(road: Road, section: Section) -> Floats:
    """Return the stations of a section at which anything begins, its own ends among them."""
    profiles = [road.offset, road.elevation, road.superelevation]
    profiles += [p for lane in section.lanes for p in (lane.width, lane.border, lane.aside) if p is not None]
    every = np.concatenate([[section.start_m, section.end_m], road.starts, *(p.s for p in profiles)])
    every = np.unique(every[(every >= section.start_m) & (every <= section.end_m)])
    every = every[np.concatenate([[True], np.diff(every) > 1e-4])]
    every[-1] = section.end_m
    breaks: Floats = every
    return breaks


def _stations(road: Road, section: Section, breaks: Floats, curvature: Floats, source: Source) -> Floats:
    """Return stations from the section's beginning to its end between which nothing strays (:data:`CHORD_ERROR_M`)."""
    start, end = breaks[:-1], breaks[1:]
    left, right = sides(road, section, breaks)
    reach = float(max(np.abs(left).max(initial=0), np.abs(right).max(initial=0)))
    slope, bend = road.offset.steepest(start, end)
    rise = road.elevation.steepest(start, end)[1]
    for side in (1, -1):
        for lane in section.lanes:
            profile = lane.width or lane.border
            if profile is not None and lane.number * side > 0:
                more = profile.steepest(start, end)
                slope, bend = slope + more[0], bend + more[1]
    tilt = road.superelevation.steepest(start, end)
    most = curvature * (1 + curvature * reach) + 2 * curvature * slope + bend + rise + reach * (tilt[1] + tilt[0] ** 2)
    span = end - start
    steps = np.maximum(np.ceil(span * np.sqrt(most / (8 * CHORD_ERROR_M))), np.ceil(span / LONGEST_M))
    steps = np.minimum(steps, np.ceil(span / SHORTEST_M))
    if steps.sum() > MOST_STATIONS:
        raise source.fault(road.where, f"needs more than {MOST_STATIONS} points")
    n = steps.astype(np.int64)
    first = np.repeat(np.cumsum(n) - n, n)
    share = (np.arange(n.sum()) - first) / np.repeat(n, n)
    return np.append(np.repeat(start, n) + share * np.repeat(span, n), section.end_m)


def sides(road: Road, section: Section, stations: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return t of the left and of the right side of each lane at each station, shape (lanes, stations)."""
    offset = road.offset.at(stations)
    left = np.empty((len(section.lanes), len(stations)))
    right = np.empty_like(left)
    for side in (1, -1):
        inner = offset
        rows = [row for row, lane in enumerate(section.lanes) if lane.number * side > 0]
        for row in rows[::-1] if side > 0 else rows:  # from the centre outwards
            lane = section.lanes[row]
            if lane.width is not None:
                outer = inner + side * np.maximum(lane.width.at(stations), 0)
            elif lane.border is not None:
                outer = offset + side * np.maximum(side * lane.border.at(stations), side * (inner - offset))
            else:
                outer = inner
            left[row], right[row] = (outer, inner) if side > 0 else (inner, outer)
            inner = outer
    return left, right


def _places(
    road: Road, stations: Floats, x: Floats, y: Floats, heading: Floats, left: Floats, right: Floats
) -> tuple[Line, Line]:
    """Return the places of the sides, shape (lanes, stations, 3)."""
    z, roll = road.elevation.at(stations), road.superelevation.at(stations)
    across = np.cos(roll)
    found = []
    for t in (left, right):
        flat = t * across
        found.append(np.stack([x - flat * np.sin(heading), y + flat * np.cos(heading), z + t * np.sin(roll)], axis=-1))
    return found[0], found[1]


def _middles(
    road: Road, section: Section, stations: Floats, x: Floats, y: Floats, heading: Floats, halfway: Floats
) -> dict[int, Line]:
    """Return by row of a lane the middle lines that do not run halfway between borders, shape (stations, 3) each."""
    rows = [row for row, lane in enumerate(section.lanes) if lane.aside is not None]
    if not rows:
        return {}
    t = np.array([halfway[row] + aside.at(stations) for row in rows if (aside := section.lanes[row].aside) is not None])
    line, _ = _places(road, stations, x, y, heading, t, t)
    return dict(zip(rows, line, strict=True))


def _needed(borders: Line) -> NDArray[np.intp]:
    """Return the stations without those between which all borders (lines, stations, 3) run straight on anyway.

    Files that draw their widths as many short straight pieces would else make a point of each. In each round every
    second station goes if no border strays by :data:`THINNING_M` without it.
    """
    kept = np.arange(borders.shape[1])
    for _ in range(THINNINGS):
        if len(kept) < 3:
            break
        at = borders[:, kept]
        before, between, after = at[:, :-2:2], at[:, 1:-1:2], at[:, 2::2]
        chord, away = after - before, between - before
        square = np.maximum((chord * chord).sum(axis=2), 1e-12)
        share = np.clip((away * chord).sum(axis=2) / square, 0, 1)
        strays = np.sqrt(((away - share[..., None] * chord) ** 2).sum(axis=2)).max(axis=0)
        dropped = strays < THINNING_M
        if not dropped.any():
            break
        mask = np.ones(len(kept), bool)
        mask[1:-1:2] = ~dropped
        kept = kept[mask]
    return kept


def _add(
    road: Road,
    number: int,
    section: Section,
    left: Line,
    right: Line,
    middles: dict[int, Line],
    width: Floats,
    draft: Draft,
    laid: Table,
    source: Source,
) -> None:
    kept: dict[bool, list[tuple[int, DraftLane]]] = {True: [], False: []}
    limit = next((v for s, v in reversed(road.speeds) if s <= (section.start_m + section.end_m) / 2), math.nan)
    for row, lane in enumerate(section.lanes):
        kind = KINDS.get(lane.kind)
        if width[row].max(initial=0) < THIN_M:
            source.ignored["lane of no width"] += 1
            continue
        if kind is None:
            source.ignored[f"lane type={lane.kind[:40]}"] += 1
            if lane.kind == "parking":
                draft.bays += _bays(f"{road.id}.{number}.{lane.number}", left[row], right[row])
                source.ignored["lane type=parking"] -= 1
            continue
        along = forward(road, lane)
        id = f"{road.id}.{number}.{lane.number}"
        wide = _wide(lane, width[row])
        sides = left[row][wide], right[row][wide]
        middle = middles[row][wide] if row in middles else None
        if not along:
            sides = sides[1][::-1], sides[0][::-1]
            middle = middle[::-1] if middle is not None else None
        speed = lane.speed_mps if math.isfinite(lane.speed_mps) else limit
        edge = f"{road.id}.{number}{'+' if along else '-'}"
        one = DraftLane(id, edge, kind, *sides, speed_mps=speed, junction=road.junction, middle=middle)
        kept[along].append((row, one))
        laid[road.id, number, lane.number] = Laid(id, along, kind)
    for along, found in kept.items():
        if along:
            found.reverse()  # listed from the right of their way
        for (row, right_one), (row_left, left_one) in pairwise(found):
            if abs(row - row_left) == 1:
                right_one.beside = left_one.id
        if found:
            edge = found[0][1].edge
            draft.edges[edge] = DraftEdge(edge, road.id, number)
            draft.lanes += [one for _, one in found]


def _wide(lane: RoadLane, width: Floats) -> slice:
    """Return the stations of a lane without those at an end where it has no width yet and nothing leads to it."""
    wide = np.flatnonzero(width >= THIN_M)
    first = 0 if lane.predecessors else max(int(wide[0]) - 1, 0)
    last = len(width) if lane.successors else int(wide[-1]) + 2
    return slice(first, last)


def _bays(id: str, left: Line, right: Line) -> list[DraftBay]:
    """Return a parking strip as bays: one where it is straight, else as many as its curve needs."""
    middle = (left + right)[:, :2] / 2
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(middle, axis=0).T))])
    if s[-1] < 1:
        return []
    for pieces in range(1, 200):
        cuts = np.linspace(0, s[-1], pieces + 1)
        ends = np.column_stack([np.interp(cuts, s, middle[:, k]) for k in (0, 1)])
        along = np.column_stack([np.interp(s, cuts, ends[:, k]) for k in (0, 1)])
        if np.hypot(*(along - middle).T).max() < PARKING_PIECE_M:
            break
    width = np.hypot(*(left - right)[:, :2].T)
    bays = []
    for k, (a, b) in enumerate(pairwise(ends)):
        here = float(np.interp((cuts[k] + cuts[k + 1]) / 2, s, width))
        x, y = (a + b) / 2
        dx, dy = b - a
        bays.append(DraftBay(f"{id}/{k + 1}", Bay.PARKING, x, y, math.atan2(dx, dy), math.hypot(dx, dy), here))
    return bays
