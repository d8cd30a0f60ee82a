"""The precise map: lanes, junctions, signals, crossings and stops of a zone as columns, and its file in the cache.

Every table is a mapping of column name to array; rows of one table are named from another by row number, -1 for none.

========== ==========================================================================================================
lanes      id, edge, index (0 is the rightmost of its edge), kind, first, count (rows of points), width_m (mean),
           speed_limit_mps (NaN unknown), length_m, junction, open, tunnel, section, left, right (rows of the lanes
           beside it that lead the same way)
points     x_m, y_m, z_m, s_m (distance along the lane), left_x_m, left_y_m, right_x_m, right_y_m: where the lane's
           borders are abreast of the point
edges      id, road, first, count (rows of lanes), start, end (rows of junctions)
links      start, end, via (rows of lanes), turn, group: one way on from a lane; ``via`` its first lane in the junction
successors lane; those of lane ``i`` are the rows from ``successors_first.row[i]`` to ``[i + 1]``, lanes inside junctions
           among them; ``predecessors`` likewise
junctions  id, node, x_m, y_m, signalised, control, zh, en, cycle_s, offset_s, first_group, groups, first_step, steps
groups     junction, phase, walkers, turns, heading_rad: what one signal head governs; phase is SPAT's PhaseID
steps      junction, duration_s, first_light: a signal program; ``lights[first_light + k]`` is the light of group k
heads      x_m, y_m, z_m, heading_rad, junction, phase: signal heads; the heading is that of who obeys it
stop_lines x1_m, y1_m, x2_m, y2_m, junction, phase, turn, lane
conflicts  junction, first, second (rows of links, first < second), kind (:class:`Conflict`), first_s_m, second_s_m (where
           along each path from its stop line)
crossings  id, lane, first, count (rows of crossing_points), width_m, junction, phase, smart
stops      id, lane, start_m, end_m, x_m, y_m
bays       id, kind (:class:`Bay`), lane (the nearest that is driven), x_m, y_m (the middle), heading_rad, length_m, width_m
sections   road, start, end, length_m, open, tunnel, first, count (rows of section_points: the centre line)
areas      kind (0 junction, 1 where people walk and wait, 2 ridge, 3 water, 4 park, 5 built block), first, count (rows
           of area_points), junction
about      zone, lon, lat (the origin; NaN where nobody knows), region (NodeReferenceID.region), net (the SUMO net's file
           name), datum, projection (how the metres were made of degrees), source (file name), format (plan, opendrive,
           lanelet2, sumo, osm), revision (a hash of the map's content), ignored (JSON: how many of each element or
           attribute of the source the map does not hold): one row
========== ==========================================================================================================
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap import conflicts, fence, reach
from jinyun.hdmap import match as matching
from jinyun.hdmap.approaches import Approaches
from jinyun.hdmap.nearest import LaneIndex
from jinyun.hdmap.route import CARS, Route, Ways
from jinyun.hdmap.tables import COLUMNS, Columns, filled
from jinyun.zone import Projection

__all__ = ["Bay", "Columns", "Conflict", "LaneKind", "Map", "Turn", "complete", "dump", "restore", "revision_of"]


class LaneKind(IntEnum):
    """What a lane is for; kinds to ``AREA`` are the page's, the later two are drawn as part of the junction."""

    CAR = 0
    BUS = 1
    BICYCLE = 2
    SIDEWALK = 3
    INNER = 4
    AREA = 5
    CROSSING = 6
    INNER_BICYCLE = 7


class Turn(IntEnum):
    """Bits of a movement's direction."""

    STRAIGHT = 1
    LEFT = 2
    RIGHT = 4
    U_TURN = 8


class Conflict(IntEnum):
    """How two ways through a junction meet."""

    CROSSING = 0
    MERGING = 1
    DIVERGING = 2


class Bay(IntEnum):
    """What a bay is for."""

    PARKING = 0
    CHARGING = 1


@dataclass(frozen=True)
class Map:
    """The precise map of one zone; see the module for its tables."""

    lanes: Columns
    points: Columns
    edges: Columns
    links: Columns
    successors_first: Columns
    successors: Columns
    predecessors_first: Columns
    predecessors: Columns
    junctions: Columns
    groups: Columns
    steps: Columns
    lights: Columns
    heads: Columns
    stop_lines: Columns
    conflicts: Columns
    crossings: Columns
    crossing_points: Columns
    stops: Columns
    bays: Columns
    sections: Columns
    section_points: Columns
    areas: Columns
    area_points: Columns
    about: Columns

    @property
    def net_file(self) -> Path:
        """The SUMO net that the map was compiled to."""
        return Path(str(self.about["net"][0]))

    @property
    def open_road_km(self) -> float:
        """Centre-line length of all sections open for tests."""
        return float(self.sections["length_m"][self.sections["open"]].sum()) / 1000

    @cached_property
    def index(self) -> LaneIndex:
        """The index behind :meth:`nearest_lane`; built at its first use, a tenth of a second."""
        ground = np.isin(self.lanes["kind"], [LaneKind.AREA], invert=True)
        return LaneIndex(self.lanes, self.points, np.flatnonzero(ground))

    def nearest_lane(
        self, x_m: ArrayLike, y_m: ArrayLike, heading_rad: ArrayLike | None = None, kinds: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
        """Return the lane nearest to each place: row of ``lanes`` (-1 farther than 25 m), offset and station.

        ``offset_m`` is to the right of the lane's middle line, ``s_m`` the distance along it. With ``heading_rad`` a
        lane that runs against the heading counts as up to 12 m farther away; a NaN heading is as none. ``kinds``
        restricts the search to those of :class:`LaneKind`.
        """
        return self.index.nearest(x_m, y_m, heading_rad, kinds)

    def match(
        self, x_m: ArrayLike, y_m: ArrayLike, heading_rad: ArrayLike | None = None, *, sd_m: ArrayLike | None = None,
        kinds: Sequence[int] | None = None, history: matching.History | None = None, rows: ArrayLike | None = None,
    ) -> matching.Match:  # fmt: skip
        """Return the likeliest lane of each place, with ``history`` in view of where it was (:mod:`jinyun.hdmap.match`)."""
        return matching.match(self, x_m, y_m, heading_rad, sd_m=sd_m, kinds=kinds, history=history, rows=rows)

    @cached_property
    def ways(self) -> Ways:
        """The network of lanes: :meth:`Ways.distance_m` for batches, :meth:`Ways.route`."""
        return Ways(self)

    def route(
        self, lane: int, s_m: float, to_lane: int, to_s_m: float, *, by: Literal["length", "time"] = "time",
        kinds: Sequence[int] = CARS, change_cost: float | None = None,
    ) -> Route | None:  # fmt: skip
        """Return the best way over lanes from a place to another, None where there is none (:meth:`Ways.route`)."""
        return self.ways.route(lane, s_m, to_lane, to_s_m, by=by, kinds=kinds, change_cost=change_cost)

    def reachable(
        self, lane: ArrayLike, s_m: ArrayLike, seconds: float, *, speed_mps: float | None = None,
        kinds: Sequence[int] = CARS, changes: bool = True,
    ) -> reach.Reach:  # fmt: skip
        """Return the lanes that can be reached from each place within ``seconds`` (:mod:`jinyun.hdmap.reach`)."""
        return reach.reachable(self, lane, s_m, seconds, speed_mps=speed_mps, kinds=kinds, changes=changes)

    @cached_property
    def lines_ahead(self) -> reach.LineAhead:
        """The stop line ahead of every lane."""
        return reach.lines_ahead(self)

    def to_stop_line(self, lane: ArrayLike, s_m: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return the stop line ahead of each place on a lane and the metres to it (:mod:`jinyun.hdmap.reach`)."""
        return reach.to_stop_line(self, lane, s_m)

    def on_open_road(self, x_m: ArrayLike, y_m: ArrayLike, beyond_m: float = 0.0) -> NDArray[np.bool_]:
        """Return whether each place lies on a lane open for tests, or within ``beyond_m`` of one."""
        return fence.on_open_road(self, x_m, y_m, beyond_m)

    @cached_property
    def project(self) -> Projection:
        """Degrees to the map's metres and back."""
        return Projection(float(self.about["lon"][0]), float(self.about["lat"][0]))

    def lane_line(self, row: int) -> NDArray[np.float64]:
        """Return the middle line of a lane, shape (n, 2)."""
        first, count = int(self.lanes["first"][row]), int(self.lanes["count"][row])
        rows = slice(first, first + count)
        return np.column_stack([self.points["x_m"][rows], self.points["y_m"][rows]])

    @cached_property
    def degrees(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Longitude and latitude of every row of ``points``, in 1e-7 degrees as messages carry them."""
        return self._degrees(self.points)

    @cached_property
    def junction_degrees(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Longitude and latitude of every junction, in 1e-7 degrees."""
        return self._degrees(self.junctions)

    def _degrees(self, table: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        lon, lat = self.project.inverse(table["x_m"], table["y_m"])
        return np.rint(lon * 1e7).astype(np.int64), np.rint(lat * 1e7).astype(np.int64)

    @cached_property
    def ways_on(self) -> dict[int, list[int]]:
        """The rows of ``links`` that lead on from each lane."""
        found: dict[int, list[int]] = {}
        for link, start in enumerate(self.links["start"].tolist()):
            found.setdefault(start, []).append(link)
        return found

    @cached_property
    def parts_before(self) -> dict[int, list[int]]:
        """The lanes that lead to a lane where no junction lies between: the earlier parts of one section."""
        found: dict[int, list[int]] = {}
        ends = self.edges["end"][self.lanes["edge"][self.links["start"]]]
        for link in np.flatnonzero(ends < 0).tolist():
            found.setdefault(int(self.links["end"][link]), []).append(int(self.links["start"][link]))
        return found

    @cached_property
    def approaches(self) -> Approaches:
        """Which lanes come to each junction, from which one upstream."""
        return Approaches(self)

    def section_line(self, row: int) -> NDArray[np.float64]:
        """Return the centre line of a section of a road, shape (n, 2)."""
        first, count = int(self.sections["first"][row]), int(self.sections["count"][row])
        rows = slice(first, first + count)
        return np.column_stack([self.section_points["x_m"][rows], self.section_points["y_m"][rows]])

    def lane_row(self, id: str) -> int:
        """Return the row of the lane with SUMO's id; raises ``KeyError``."""
        return self._lane_rows[id]

    @cached_property
    def _lane_rows(self) -> dict[str, int]:
        return {str(id): row for row, id in enumerate(self.lanes["id"])}

    def junction_row(self, id: str) -> int:
        """Return the row of the junction with the plan's id; raises ``KeyError``."""
        return self._junction_rows[id]

    @cached_property
    def _junction_rows(self) -> dict[str, int]:
        return {str(id): row for row, id in enumerate(self.junctions["id"])}

    def successors_of(self, row: int) -> NDArray[np.int32]:
        """Return the lanes that follow directly on a lane, those inside junctions among them."""
        first = self.successors_first["row"]
        return self.successors["lane"][first[row] : first[row + 1]]

    def predecessors_of(self, row: int) -> NDArray[np.int32]:
        """Return the lanes that lead directly to a lane, those inside junctions among them."""
        first = self.predecessors_first["row"]
        return self.predecessors["lane"][first[row] : first[row + 1]]

    def borders(self, row: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the left and the right border of a lane, each shape (n, 2), abreast of its middle line's points."""
        first, count = int(self.lanes["first"][row]), int(self.lanes["count"][row])
        rows = slice(first, first + count)
        left, right = (
            np.column_stack([self.points[f"{side}_x_m"][rows], self.points[f"{side}_y_m"][rows]])
            for side in ("left", "right")
        )
        return left, right

    @property
    def ignored(self) -> dict[str, int]:
        """How many of each element or attribute of the source the map does not hold."""
        counts: dict[str, int] = json.loads(str(self.about["ignored"][0]))
        return counts


def complete(tables: Mapping[str, Mapping[str, Iterable[Any]]]) -> Map:
    """Return the map of ``tables``: columns of their types, absent tables and columns empty, with its revision.

    Conflicts of links are worked out where the tables have none.
    """
    made = Map(**{name: filled(name, tables.get(name, {})) for name in COLUMNS})
    if "conflicts" not in tables:
        made.conflicts.update(
            conflicts.table(
                made.lanes, made.points, made.edges, made.links, made.successors_first, made.successors, made.stop_lines
            )
        )
    made.about["revision"] = np.array([revision_of(made)])
    return made


def revision_of(map: Map) -> str:
    """Return a hash of the map's content; where its files lie does not count."""
    digest = hashlib.sha256()
    for f in fields(map):
        for column, values in sorted(getattr(map, f.name).items()):
            if (f.name, column) not in (("about", "net"), ("about", "source"), ("about", "revision")):
                digest.update(f"{f.name}.{column} {values.dtype.str} {values.shape} ".encode())
                digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:16]


def dump(map: Map, path: Path) -> None:
    """Write the map as one ``.npz``."""
    arrays = {f"{f.name}.{column}": values for f in fields(map) for column, values in getattr(map, f.name).items()}
    held = io.BytesIO()
    np.savez(held, **arrays)
    path.write_bytes(held.getvalue())


def restore(path: Path) -> Map:
    """Return the map in a file of :func:`dump`."""
    tables: dict[str, Columns] = {f.name: {} for f in fields(Map)}
    with np.load(path, allow_pickle=False) as arrays:
        for key in arrays.files:
            table, column = key.split(".")
            tables[table][column] = arrays[key]
    tables["about"]["net"] = np.array([str(path.with_name("net.net.xml"))])
    return Map(**tables)
