"""The page's map cut up: an overview of the whole, and tiles of two levels that are fetched where somebody looks.

A thing belongs to one tile of a level, by its place, and may reach over the tile's edge; the finer tiles of a level lie
whole within those of the coarser. Every level names the things of one place in the same tile, so whoever draws a tile
leaves the coarser picture of that same tile away and nothing is drawn twice or missing.

* the **overview**: ridges, waters, parks, the courses of lines, and of every road its carriageways as single lines, no
  farther than ``OVERVIEW_ERROR_M`` from where the road's middle lane is;
* level 1, ``LEVELS[0]``: the lanes that cars use, junctions, blocks and stop lines, thinned by at most its ``error_m``;
* level 2, ``LEVELS[1]``: everything, as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.precise import Columns, LaneKind

Tables = dict[str, Columns]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Key = tuple[int, int, int]
"""Level, column and row of a tile; column 0 and row 0 begin at the zone's origin and count east and north."""


@dataclass(frozen=True)
class Level:
    """One level of tiles: their side, the scale from which on they are drawn, and how far its lines are from the truth.

    Coordinates are rounded to a binary fraction of a metre, ``step_m``: what is not seen would only not compress.
    """

    tile_m: float
    nearer_than: float
    """Metres per drawn pixel."""
    error_m: float
    step_m: float


LEVELS = (Level(2000.0, 16.0, 0.6, 1 / 8), Level(1000.0, 3.0, 0.01, 1 / 128))
OVERVIEW_ERROR_M = 4.0
"""A quarter of a pixel where the overview gives way to the first level."""
OVERVIEW_STEP_M = 1 / 4
GAP_M = 12.0
"""A way through a junction that is shorter leaves no gap in the overview when it is left out."""
SCENERY_ERROR_M = 0.4
"""Ridges, waters and parks are in the overview alone, also for those who look closely."""
_RIDDEN = (LaneKind.CAR, LaneKind.BUS)
_JUNCTION, _WALKING, _BLOCK = 0, 1, 5
_STRAIGHT_ON = float(np.cos(np.pi / 4))
_POINTS = {"lanes": "points", "areas": "area_points", "crossings": "crossing_points"}
_NAMES = ("roads", "rsus", "stops", "chargers"), ("crossings",)
"""The kinds of names that come with each level; those of junctions come with the junctions."""
_HALF = 1 << 15
_SIDE = 1 << 16


@dataclass(frozen=True)
class Tiling:
    """The cut map: tables and meta of the overview and of each tile, ready for :func:`jinyun.net.columns.pack`."""

    overview: tuple[Tables, dict[str, Any]]
    tiles: dict[Key, tuple[Tables, dict[str, Any]]]


def tiling(tables: Mapping[str, Columns], meta: Mapping[str, Any]) -> Tiling:
    """Cut the drawn map of :func:`jinyun.hdmap.drawing` up.

    The overview's tables: areas, area_points; lanes, points: its carriageways, in the order of the tiles of level 1; and
    tiles: level, column, row, west_m, south_m, east_m, north_m (what its things reach), first, count (the rows of the
    overview's lanes that lie in a tile of level 1). Its meta is the drawing's, with the names of districts and nature
    alone, ``levels`` and ``error_m``. A tile has the drawing's tables, and ``names`` for what lies in it.
    """
    whole = {name: dict(table) for name, table in tables.items()}
    whole["lanes"].pop("edge", None)
    near = np.flatnonzero(np.isin(whole["areas"]["kind"], (_JUNCTION, _WALKING, _BLOCK)))
    roads = _Sorted(
        _thinned(_carriageways(tables), "lanes", OVERVIEW_ERROR_M - OVERVIEW_STEP_M), "lanes", LEVELS[0].tile_m
    )
    tiles: dict[Key, tuple[Tables, dict[str, Any]]] = {}
    boxes: dict[Key, list[Floats]] = {(1, *_at(key)): [roads.box(key)] for key in roads.cuts}
    for number, (sheet, level) in enumerate(
        ((_coarse(whole), LEVELS[0]), (whole | _chosen(whole, "areas", near), LEVELS[1])), 1
    ):
        parts = [_Sorted(sheet, name, level.tile_m) for name in sheet if name not in _POINTS.values()]
        labels = _labels(meta["names"], _NAMES[number - 1], level.tile_m)
        for part in parts:
            if part.name == "junctions":
                titles = [meta["names"]["junctions"][row] for row in part.order.tolist()]
                labels["junctions"] = {key: titles[cut] for key, cut in part.cuts.items()}
        for key in set().union(*(part.cuts for part in parts), *labels.values()):
            content: Tables = {}
            for part in parts:
                content |= part.of(key)
            here = (number, *_at(key))
            names = {kind: found[key] for kind, found in labels.items() if key in found}
            tiles[here] = _rounded(content, level.step_m), {"names": names}
            reach = boxes.setdefault(here, [])
            reach += [part.box(key) for part in parts if key in part.cuts]
            reach += [
                np.array([label["x_m"], label["y_m"]] * 2)
                for kind in _NAMES[number - 1]
                for label in names.get(kind, [])
            ]
    share = int(LEVELS[0].tile_m // LEVELS[1].tile_m)
    for tile in [(1, column // share, row // share) for level, column, row in tiles if level == 2] + list(boxes):
        tiles.setdefault(tile, ({}, {"names": {}}))
        boxes.setdefault(tile, [])
    kept = np.flatnonzero(~np.isin(whole["areas"]["kind"], (_JUNCTION, _WALKING, _BLOCK)))
    overview = _thinned(_chosen(whole, "areas", kept), "areas", SCENERY_ERROR_M - OVERVIEW_STEP_M)
    overview |= roads.tables
    overview = _rounded(overview, OVERVIEW_STEP_M) | {"tiles": _index(sorted(tiles), boxes, roads)}
    return Tiling((overview, {
        **meta,
        "names": {kind: meta["names"].get(kind, []) for kind in ("districts", "nature")},
        "levels": [asdict(level) for level in LEVELS],
        "error_m": OVERVIEW_ERROR_M,
    }), tiles)  # fmt: skip


def _at(key: int) -> tuple[int, int]:
    """Return column and row of a number that :class:`_Sorted` gives a tile."""
    return key // _SIDE - _HALF, key % _SIDE - _HALF


def _index(keys: list[Key], boxes: Mapping[Key, list[Floats]], roads: _Sorted) -> Columns:
    """Return the table of all tiles: what they reach, and which of the overview's lanes are theirs."""
    reach, span = np.zeros((len(keys), 4), np.float32), np.zeros((len(keys), 2), np.uint32)
    for i, (level, column, row) in enumerate(keys):
        found = np.array(boxes[level, column, row] or [np.array([column, row, column, row]) * LEVELS[level - 1].tile_m])
        reach[i] = *found[:, :2].min(axis=0), *found[:, 2:].max(axis=0)
        cut = roads.cuts.get((column + _HALF) * _SIDE + row + _HALF) if level == 1 else None
        if cut is not None:
            span[i] = cut.start, cut.stop - cut.start
    return {
        "level": np.array([key[0] for key in keys], np.uint8), "column": np.array([key[1] for key in keys], np.int16),
        "row": np.array([key[2] for key in keys], np.int16),
        **{name: reach[:, i] for i, name in enumerate(("west_m", "south_m", "east_m", "north_m"))},
        "first": span[:, 0], "count": span[:, 1],
    }  # fmt: skip


def _coarse(whole: Tables) -> Tables:
    """Return what can be told apart from afar: no paint, no bicycle lanes and sidewalks, no crossings, no heads."""
    lanes = np.flatnonzero(np.isin(whole["lanes"]["kind"], (*_RIDDEN, LaneKind.INNER)))
    areas = np.flatnonzero(np.isin(whole["areas"]["kind"], (_JUNCTION, _BLOCK)))
    sheet = _thinned(_chosen(whole, "lanes", lanes), "lanes", LEVELS[0].error_m - LEVELS[0].step_m)
    sheet |= _thinned(_chosen(whole, "areas", areas), "areas", LEVELS[0].error_m - LEVELS[0].step_m)
    none = np.zeros(len(lanes), np.uint8)
    sheet["lanes"] |= {"left": none, "right": none}
    return sheet | {"stop_lines": whole["stop_lines"]}


def _carriageways(tables: Mapping[str, Columns]) -> Tables:
    """Return of each edge one line, its middle lane with the width of all; ways that turn inside junctions are left out."""
    lanes, points = tables["lanes"], tables["points"]
    x, y = points["x_m"].astype(np.float64), points["y_m"].astype(np.float64)
    first = lanes["first"].astype(np.int64)
    last = first + lanes["count"].astype(np.int64) - 1
    begin = np.column_stack([x[first + 1] - x[first], y[first + 1] - y[first]])
    end = np.column_stack([x[last] - x[last - 1], y[last] - y[last - 1]])
    turn = np.sum(begin * end, axis=1) / np.maximum(np.hypot(*begin.T) * np.hypot(*end.T), 1e-9)
    through = (lanes["kind"] == LaneKind.INNER) & (turn > _STRAIGHT_ON)
    through &= np.hypot(x[last] - x[first], y[last] - y[first]) > GAP_M
    rows = np.flatnonzero(np.isin(lanes["kind"], _RIDDEN) | through)
    order = rows[np.argsort(lanes["edge"][rows], kind="stable")]
    starts = np.flatnonzero(np.diff(lanes["edge"][order], prepend=-1))
    counts = np.diff(np.append(starts, len(order)))
    middle = order[starts + counts // 2]
    found = _chosen(tables, "lanes", middle)
    width = np.add.reduceat(lanes["width_m"][order], starts) if len(order) else np.zeros(0)
    opened = np.maximum.reduceat((lanes["open"][order] == 1).astype(np.uint8), starts) if len(order) else np.zeros(0)
    none = np.zeros(len(middle), np.uint8)
    found["lanes"] |= {
        "width_m": width.astype(np.float32), "kind": none, "left": none, "right": none,
        "open": np.where(opened > 0, 1, lanes["open"][middle]).astype(np.uint8),
    }  # fmt: skip
    found["lanes"].pop("edge")
    return found


def _rounded(tables: Tables, step_m: float) -> Tables:
    """Return tables whose coordinates are multiples of a step."""

    def round(name: str, values: NDArray[Any]) -> NDArray[Any]:
        return (np.rint(values / step_m) * step_m).astype(values.dtype) if name[0] in "xy" else values

    return {table: {name: round(name, values) for name, values in columns.items()} for table, columns in tables.items()}


def _chosen(tables: Mapping[str, Columns], name: str, rows: Ints) -> Tables:
    """Return the given rows of a table with points, and their points, in their order."""
    table, points = tables[name], tables[_POINTS[name]]
    counts = table["count"][rows].astype(np.int64)
    first = np.cumsum(counts) - counts
    at = np.repeat(table["first"][rows].astype(np.int64) - first, counts) + np.arange(counts.sum())
    own = {key: values[rows] for key, values in table.items()} | {"first": first.astype(np.uint32)}
    return {name: own, _POINTS[name]: {key: values[at] for key, values in points.items()}}


def _thinned(tables: Tables, name: str, tolerance_m: float) -> Tables:
    """Return a table with points without those points that lie within ``tolerance_m`` of its lines."""
    table, points = tables[name], tables[_POINTS[name]]
    keep = corners(points["x_m"], points["y_m"], table["first"], table["count"], tolerance_m)
    if not len(keep):
        return {name: table, _POINTS[name]: points}
    first, whole = table["first"].astype(np.int64), table["count"].astype(np.int64)
    if name == "areas":  # a small one stays an area
        keep |= np.repeat(np.add.reduceat(keep.astype(np.int64), first) < 3, whole)
    counts = np.add.reduceat(keep.astype(np.int64), first)
    own = table | {"first": (np.cumsum(counts) - counts).astype(np.uint32), "count": counts.astype(np.uint32)}
    return {name: own, _POINTS[name]: {key: values[keep] for key, values in points.items()}}


def corners(
    x_m: NDArray[Any], y_m: NDArray[Any], first: NDArray[Any], count: NDArray[Any], tolerance_m: float
) -> NDArray[np.bool_]:
    """Return which points of many lines stay when each is thinned (Ramer, Douglas, Peucker), all lines at once.

    The lines' points lie one line after another, without gaps; the first and the last point of a line always stay.
    """
    x, y = x_m.astype(np.float64), y_m.astype(np.float64)
    n = len(x)
    keep = np.zeros(n, np.bool_)
    begin = first.astype(np.int64)
    keep[begin] = keep[begin + count.astype(np.int64) - 1] = True
    rows = np.arange(n)
    while n:
        before = np.maximum.accumulate(np.where(keep, rows, 0))
        after = np.minimum.accumulate(np.where(keep, rows, n - 1)[::-1])[::-1]
        dx, dy = x[after] - x[before], y[after] - y[before]
        px, py = x - x[before], y - y[before]
        along = np.clip((px * dx + py * dy) / np.maximum(dx * dx + dy * dy, 1e-12), 0, 1)
        away = np.hypot(px - along * dx, py - along * dy)
        starts = np.flatnonzero(keep)
        worst = np.maximum.reduceat(away, starts)
        far = (away == np.repeat(worst, np.diff(np.append(starts, n)))) & (away > tolerance_m) & ~keep
        if not far.any():
            break
        at = np.flatnonzero(far)
        keep[at[np.diff(before[at], prepend=-1) != 0]] = True
    return keep


class _Sorted:
    """One table in the order of its tiles."""

    def __init__(self, tables: Mapping[str, Columns], name: str, tile_m: float) -> None:
        self.name = name
        x, y = _places(tables, name)
        key = (np.floor(x / tile_m).astype(np.int64) + _HALF) * _SIDE + np.floor(y / tile_m).astype(np.int64) + _HALF
        self.order = np.argsort(key, kind="stable")
        found, starts = np.unique(key[self.order], return_index=True)
        ends = np.append(starts, len(key))[1:]
        self.cuts = {int(k): slice(int(a), int(b)) for k, a, b in zip(found, starts, ends, strict=True)}
        self.tables = (
            _chosen(tables, name, self.order) if name in _POINTS
            else {name: {column: values[self.order] for column, values in tables[name].items()}}
        )  # fmt: skip

    def of(self, key: int) -> Tables:
        """Return the rows of one tile; an empty table where it has none."""
        cut = self.cuts.get(key, slice(0, 0))
        own = {column: values[cut] for column, values in self.tables[self.name].items()}
        if self.name not in _POINTS:
            return {self.name: own}
        points = self._points(cut)
        first = own["first"] - np.uint32(points.start)
        return {
            self.name: own | {"first": first},
            _POINTS[self.name]: {k: values[points] for k, values in self.tables[_POINTS[self.name]].items()},
        }

    def _points(self, cut: slice) -> slice:
        if cut.start == cut.stop:
            return slice(0, 0)
        table = self.tables[self.name]
        return slice(
            int(table["first"][cut.start]), int(table["first"][cut.stop - 1]) + int(table["count"][cut.stop - 1])
        )

    @cached_property
    def _reach(self) -> Floats:
        """West, south, east and north of each row."""
        table = self.tables[self.name]
        if self.name in _POINTS:
            points = self.tables[_POINTS[self.name]]
            at = table["first"].astype(np.int64)
            low = [np.minimum.reduceat(points[key], at) for key in ("x_m", "y_m")]
            high = [np.maximum.reduceat(points[key], at) for key in ("x_m", "y_m")]
        elif "x1_m" in table:
            low = [np.minimum(table[f"{key}1_m"], table[f"{key}2_m"]) for key in "xy"]
            high = [np.maximum(table[f"{key}1_m"], table[f"{key}2_m"]) for key in "xy"]
        else:
            low = high = [table["x_m"], table["y_m"]]
        margin = table["width_m"] / 2 + 1 if "width_m" in table else 3.0
        return np.column_stack([*(side - margin for side in low), *(side + margin for side in high)]).astype(np.float64)

    def box(self, key: int) -> Floats:
        """Return west, south, east and north of what a tile holds."""
        own = self._reach[self.cuts[key]]
        return np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)])


def _places(tables: Mapping[str, Columns], name: str) -> tuple[Floats, Floats]:
    """Return the place by which each row of a table belongs to a tile; thinning a line does not move it."""
    table = tables[name]
    if "x1_m" in table:
        return (table["x1_m"].astype(np.float64) + table["x2_m"]) / 2, (
            table["y1_m"].astype(np.float64) + table["y2_m"]
        ) / 2
    if name not in _POINTS:
        return table["x_m"].astype(np.float64), table["y_m"].astype(np.float64)
    points = tables[_POINTS[name]]
    first = table["first"].astype(np.int64)
    last = first + table["count"].astype(np.int64) - 1
    x, y = ((points[key][first].astype(np.float64) + points[key][last]) / 2 for key in ("x_m", "y_m"))
    return x, y


def _labels(names: Mapping[str, Any], kinds: tuple[str, ...], tile_m: float) -> dict[str, dict[int, list[Any]]]:
    found: dict[str, dict[int, list[Any]]] = {kind: {} for kind in kinds}
    for kind in kinds:
        for label in names.get(kind, []):
            key = (int(label["x_m"] // tile_m) + _HALF) * _SIDE + int(label["y_m"] // tile_m) + _HALF
            found[kind].setdefault(key, []).append(label)
    return found
