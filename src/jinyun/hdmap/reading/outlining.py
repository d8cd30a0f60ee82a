"""Outlines and centre lines of a read map: junction areas, sections of roads, crossings, bays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import curve
from jinyun.hdmap.nearest import LaneIndex
from jinyun.hdmap.precise import LaneKind
from jinyun.hdmap.tables import Columns, filled, from_rows

if TYPE_CHECKING:
    from jinyun.hdmap.reading.assembling import Rows

JUNCTION = 0
CENTRE_TOLERANCE_M = 0.05
_DRIVEN = (LaneKind.CAR, LaneKind.BUS)


def areas(rows: Rows) -> tuple[Columns, Columns]:
    """Return the tables of areas: a junction's outline as the file has it, or the hull of its lanes."""
    found = [(kind, rows.junction.get(id, -1), outline) for kind, id, outline in rows.draft.areas]
    told = any(kind == JUNCTION for kind, *_ in found)
    ridden = np.isin(rows.lanes["kind"], (LaneKind.INNER, LaneKind.INNER_BICYCLE))
    by_junction: dict[int, list[int]] = {}
    for row in np.flatnonzero(ridden & (rows.lanes["junction"] >= 0)).tolist():
        by_junction.setdefault(int(rows.lanes["junction"][row]), []).append(row)
    for junction, item in enumerate(rows.draft.junctions.values()):
        if item.outline is not None:
            found.append((JUNCTION, junction, item.outline[:, :2]))
        elif junction in by_junction and not told:
            sides = [rows.border(row, side) for row in by_junction[junction] for side in ("left", "right")]
            found.append((JUNCTION, junction, hull(np.vstack(sides))))
    return _lines([{"kind": kind, "junction": junction} for kind, junction, _ in found], [o for *_, o in found], "area")


def hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the convex hull of points, counter-clockwise (A. M. Andrew, 1979)."""
    ordered = sorted(set(map(tuple, _outermost(points).tolist())))
    if len(ordered) < 3:
        return np.array(ordered)
    sides = []
    for way in (ordered, ordered[::-1]):
        side: list[tuple[float, ...]] = []
        for p in way:
            while len(side) > 1 and _turn(side[-2], side[-1], p) <= 0:
                side.pop()
            side.append(p)
        sides += side[:-1]
    return np.array(sides)


def _outermost(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points without those within the polygon of the farthest ones in 16 directions: few are left."""
    angles = np.arange(16) * np.pi / 8
    far = points[np.argmax(points @ np.stack([np.cos(angles), np.sin(angles)]), axis=0)]
    side = np.roll(far, -1, axis=0) - far
    real = np.hypot(side[:, 0], side[:, 1]) > 0
    inside = np.ones(len(points), bool)
    for corner, way in zip(far[real], side[real], strict=True):
        away = points - corner
        inside &= way[0] * away[:, 1] - way[1] * away[:, 0] > 0
    return points[~inside]


def _turn(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def sections(rows: Rows) -> tuple[Columns, Columns]:
    """Return the table of sections, one for both ways of a stretch of road, and name them in the lanes' rows."""
    if rows.draft.sections:
        return _told_sections(rows)
    row_of: dict[tuple[str, int], int] = {}
    table: list[dict[str, Any]] = []
    lines = []
    ids = rows.junctions["id"]
    is_driven = np.isin(rows.lanes["kind"], _DRIVEN)
    for number, edge in enumerate(rows.draft.edges.values()):
        first, count = int(rows.edges["first"][number]), int(rows.edges["count"][number])
        lanes = np.arange(first, first + count)
        driven = lanes[is_driven[lanes]]
        if not len(driven) or not edge.road:
            continue
        key = edge.road, edge.part
        if key not in row_of:
            row_of[key] = len(table)
            centre = curve.simplified(rows.border(int(driven[-1]), "left"), CENTRE_TOLERANCE_M)
            start, end = int(rows.edges["start"][number]), int(rows.edges["end"][number])
            table.append({
                "road": edge.road, "start": str(ids[start]) if start >= 0 else "",
                "end": str(ids[end]) if end >= 0 else "", "length_m": curve.length_m(centre), "open": False,
                "tunnel": bool(rows.lanes["tunnel"][driven].any()),
            })  # fmt: skip
            lines.append(centre)
        rows.lanes["section"][lanes] = row_of[key]
    return _lines(table, lines, "section")


def _told_sections(rows: Rows) -> tuple[Columns, Columns]:
    """Return the sections that the file itself tells."""
    row_of = {name: row for row, name in enumerate(rows.draft.sections)}
    of_edge = np.array([row_of.get(edge.section, -1) for edge in rows.draft.edges.values()], np.int32)
    rows.lanes["section"] = of_edge[rows.lanes["edge"]]
    told = list(rows.draft.sections.values())
    keys = ("road", "start", "end", "length_m", "open", "tunnel")
    return _lines([{key: getattr(one, key) for key in keys} for one in told], [one.line for one in told], "section")


def stops(rows: Rows) -> Columns:
    """Return the table of stops; their places are the middle of their stretch of the lane's middle line."""
    table = []
    for stop in rows.draft.stops:
        lane = rows.lane.get(stop.lane, -1)
        if lane < 0:
            continue
        first, count = int(rows.lanes["first"][lane]), int(rows.lanes["count"][lane])
        s = rows.points["s_m"][first : first + count]
        x, y = (
            float(np.interp((stop.start_m + stop.end_m) / 2, s, rows.points[key][first : first + count]))
            for key in ("x_m", "y_m")
        )
        table.append({"id": stop.id, "lane": lane, "start_m": stop.start_m, "end_m": stop.end_m, "x_m": x, "y_m": y})
    return from_rows("stops", table)


def crossings(rows: Rows, phases: dict[str, int]) -> tuple[Columns, Columns]:
    """Return the tables of crossings; ``phases`` are those of their signals by id."""
    table = [
        {
            "id": crossing.id, "lane": rows.lane.get(crossing.lane, -1), "width_m": crossing.width_m,
            "junction": rows.junction.get(crossing.junction, -1), "phase": phases.get(crossing.id, 0),
            "smart": crossing.smart,
        }
        for crossing in rows.draft.crossings
    ]  # fmt: skip
    return _lines(table, [crossing.line[:, :2] for crossing in rows.draft.crossings], "crossing")


def _lines(table: list[dict[str, Any]], lines: list[NDArray[np.float64]], what: str) -> tuple[Columns, Columns]:
    """Return a table whose rows have a line each, and the table of its points."""
    first = 0
    for row, line in zip(table, lines, strict=True):
        row["first"], row["count"] = first, len(line)
        first += len(line)
    whole = np.vstack(lines) if lines else np.zeros((0, 2))
    plural = {"area": "areas", "section": "sections", "crossing": "crossings"}[what]
    return from_rows(plural, table), filled(f"{what}_points", {"x_m": whole[:, 0], "y_m": whole[:, 1]})


def bays(rows: Rows) -> Columns:
    """Return the table of bays, each with its lane: the file's, or the nearest that is driven (-1 where none is near)."""
    made = rows.draft.bays
    if not made:
        return from_rows("bays", [])
    driven = np.flatnonzero(np.isin(rows.lanes["kind"], (*_DRIVEN, LaneKind.INNER)))
    lane = np.full(len(made), -1)
    if len(driven):
        index = LaneIndex(rows.lanes, rows.points, driven)
        lane, *_ = index.nearest([bay.x_m for bay in made], [bay.y_m for bay in made], None, None)
    lane = np.array([rows.lane.get(bay.lane, near) for bay, near in zip(made, lane.tolist(), strict=True)])
    return filled("bays", {
        "id": [bay.id for bay in made], "kind": [bay.kind for bay in made], "lane": lane,
        **{key: [getattr(bay, key) for bay in made] for key in ("x_m", "y_m", "heading_rad", "length_m", "width_m")},
    })  # fmt: skip
