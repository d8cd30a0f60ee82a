"""Nodes, ways and relations of an OSM file as they stand, and the plane its nodes lie in."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.reading.georeference import Georeference, Plane, mgrs_square, utm
from jinyun.hdmap.reading.source import FARTHEST_M, Source
from jinyun.zone import Projection

SAME_PLANE_M = 0.5
"""``local_x``, ``local_y`` are UTM metres of ``lat``, ``lon`` (but for whole squares) if they differ by no more."""
SQUARE_M = 100_000.0


@dataclass(frozen=True)
class Way:
    id: str
    nodes: tuple[int, ...]
    """Rows of :attr:`Primitives.places`."""
    tags: dict[str, str]


@dataclass(frozen=True)
class Relation:
    id: str
    members: tuple[tuple[str, str, str], ...]
    """Role, kind (node, way, relation) and id."""
    tags: dict[str, str]

    def of(self, role: str, kind: str) -> list[str]:
        """Return the ids of the members of a kind in a role."""
        return [id for its, what, id in self.members if its == role and what == kind]


@dataclass(frozen=True)
class Primitives:
    """All of a file: places of nodes in metres of ``georeference``, shape (n, 3), ways and relations by id."""

    georeference: Georeference
    places: NDArray[np.float64]
    ways: dict[str, Way]
    relations: dict[str, Relation]

    def line(self, way: Way) -> NDArray[np.float64]:
        """Return the places of a way's nodes, shape (n, 3)."""
        return self.places[list(way.nodes)]


def tags_of(element: ET.Element) -> dict[str, str]:
    """Return the tags of a node, way or relation."""
    return {tag.get("k") or "": tag.get("v") or "" for tag in element.iterfind("tag")}


def gather(root: ET.Element, source: Source) -> Primitives:
    """Return the file's primitives; raises :class:`jinyun.hdmap.MapError` where a way names a node that is not there."""
    row: dict[str, int] = {}
    nodes: list[tuple[float, ...]] = []
    square = ""
    meta = root.find("MetaInfo")
    nowhere = meta is not None and meta.get("projector_type") == "Local"  # its degrees are made up
    for element in _present(root, "node"):
        id = element.get("id") or ""
        where = f"node {id}"
        if not id or id in row:
            raise source.fault(where, "comes twice" if id else "has no id")
        tags = tags_of(element)
        row[id] = len(nodes)
        square = square or tags.get("mgrs_code", "")
        nodes.append((
            *(math.nan if nowhere else _number(element.get(key), key, where, source) for key in ("lon", "lat")),
            *(_number(tags.get(key), key, where, source) for key in ("local_x", "local_y")),
            _number(tags.get("ele"), "ele", where, source),
        ))  # fmt: skip
    ways: dict[str, Way] = {}
    for element in _present(root, "way"):
        id = element.get("id") or ""
        if not id or id in ways:
            raise source.fault(f"way {id}", "comes twice" if id else "has no id")
        refs = [ref.get("ref") or "" for ref in element.iterfind("nd")]
        lost = next((ref for ref in refs if ref not in row), None)
        if lost is not None:
            raise source.fault(f"way {id}", f"names node {lost[:40]!r}, which is not there")
        ways[id] = Way(id, tuple(row[ref] for ref in refs), tags_of(element))
    relations: dict[str, Relation] = {}
    for element in _present(root, "relation"):
        id = element.get("id") or ""
        if not id or id in relations:
            raise source.fault(f"relation {id}", "comes twice" if id else "has no id")
        members = tuple(
            (m.get("role") or "", m.get("type") or "", m.get("ref") or "") for m in element.iterfind("member")
        )
        relations[id] = Relation(id, members, tags_of(element))
    table = np.array(nodes, np.float64).reshape(-1, 5)
    used = np.zeros(len(table), bool)
    for way in ways.values():
        used[list(way.nodes)] = True
    georeference, xy = _plane(table, used, square, source)
    high = np.where(np.isfinite(table[:, 4]), table[:, 4], 0.0)
    return Primitives(georeference, np.column_stack([xy, high]), ways, relations)


def _present(root: ET.Element, tag: str) -> list[ET.Element]:
    return [e for e in root.iterfind(tag) if e.get("action") != "delete" and e.get("visible") != "false"]


def _number(text: str | None, key: str, where: str, source: Source) -> float:
    if text is None or not text.strip():
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not abs(value) < FARTHEST_M or "_" in text:
        raise source.fault(where, f"{key} is {text[:40]!r}, not a number of a place on Earth")
    return value


def _plane(
    table: NDArray[np.float64], used: NDArray[np.bool_], square: str, source: Source
) -> tuple[Georeference, NDArray[np.float64]]:
    """Return the georeference and the places of nodes in its plane, shape (n, 2); nodes that nobody names may lie anywhere.

    ``local_x`` and ``local_y`` are taken where they are whole: they are a survey's own metres. They belong to the Earth
    if they fit ``lat`` and ``lon`` but for a shift of whole squares of 100 km, or if an ``mgrs_code`` names the square.
    """
    lon, lat, x, y = table[:, :4].T
    if not used.any():
        raise source.fault("-", "has no ways")
    degrees = (np.abs(lat[used]) <= 85).all() and (np.abs(lon[used]) <= 180).all()
    degrees = bool(degrees and (np.ptp(lat[used]) > 0 or np.ptp(lon[used]) > 0))
    local = bool(np.isfinite(x[used]).all() and np.isfinite(y[used]).all())
    if degrees:
        middle = float(np.mean(lon[used])), float(np.mean(lat[used]))
        if local:
            plane = utm(int((middle[0] + 180) // 6) % 60 + 1, middle[1] >= 0)
            east, north = Projection(plane.lon_deg, 0.0)(lon[used], lat[used])
            shift = np.array([
                plane.east_m + plane.scale * east - x[used], plane.north_m + plane.scale * north - y[used],
            ])  # fmt: skip
            whole = np.round(np.median(shift, axis=1) / SQUARE_M) * SQUARE_M
            if np.abs(shift - whole[:, None]).max() < SAME_PLANE_M:
                shifted = Plane(plane.lon_deg, 0.0, plane.scale, plane.east_m - whole[0], plane.north_m - whole[1])
                return Georeference(shifted, "WGS-84"), np.column_stack([x, y])
            source.ignored["local_x and local_y that are not UTM metres of lat and lon"] += int(used.sum())
        own = Plane(round(middle[0], 4), round(middle[1], 4))
        x, y = Projection(own.lon_deg, own.lat_deg)(lon, lat)
        return Georeference(own, "WGS-84"), np.column_stack([x, y])
    if local:
        plane_of = mgrs_square(square) if square else None
        if plane_of is not None:
            return Georeference(plane_of, "WGS-84"), np.column_stack([x, y])
        why = f"mgrs_code {square[:20]!r} is no square" if square else "nodes have local_x and local_y alone"
        return Georeference(None, "", why), np.column_stack([x, y])
    row = int(np.flatnonzero(used & ~np.isfinite(lon + lat))[0]) if (used & ~np.isfinite(lon + lat)).any() else 0
    raise source.fault(f"node number {row + 1}", "has neither lat and lon on Earth nor local_x and local_y")
