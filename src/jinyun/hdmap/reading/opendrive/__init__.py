"""OpenDRIVE 1.4 to 1.8 (ASAM): roads as curves with lanes hung on them, by a reader of our own.

What the map does not hold of a file is counted: road marks, lanes that are nobody's way, signs, surfaces, user data.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

from jinyun.hdmap.reading import georeference
from jinyun.hdmap.reading.draft import Draft
from jinyun.hdmap.reading.opendrive import beyond, lanes, linking, roads, standing
from jinyun.hdmap.reading.source import MOST_LANES, Source

__all__ = ["read"]

HELD = frozenset((
    "OpenDRIVE", "header", "geoReference", "offset", "road", "link", "predecessor", "successor", "type", "speed",
    "planView", "geometry", "line", "arc", "spiral", "poly3", "paramPoly3", "elevationProfile", "elevation",
    "lateralProfile", "superelevation", "lanes", "laneOffset", "laneSection", "left", "right", "center", "lane",
    "width", "border", "signals", "signal", "positionInertial", "validity", "signalReference", "objects", "object", "outline",
    "outlines", "cornerLocal", "cornerRoad", "parkingSpace", "repeat", "tunnel", "junction", "connection",
    "laneLink", "controller", "control",
))  # fmt: skip
"""Elements that are read; what is not held of them is counted where they are."""
EDITIONS = range(4, 9)


def read(root: ET.Element, source: Source) -> Draft:
    """Return the lanes and all that belongs to them; raises :class:`jinyun.hdmap.MapError`."""
    header = root.find("header")
    draft = Draft("opendrive", georeference.understand(header.findtext("geoReference") if header is not None else None))
    if header is not None and source.whole(header, "revMinor", "header", 4) not in EDITIONS:
        source.ignored[f"edition 1.{header.get('revMinor')}"] += 1
    source.leave(root, HELD)
    elements: dict[str, ET.Element] = {}
    read_roads: dict[str, roads.Road] = {}
    for element in root.iterfind("road"):
        road = roads.read(element, source)
        if road.id in read_roads:
            raise source.fault(road.where, "comes twice")
        elements[road.id], read_roads[road.id] = element, road
    laid: lanes.Table = {}
    lanes.lay(list(read_roads.values()), draft, laid, source)
    if len(draft.lanes) > MOST_LANES:
        raise source.fault("-", f"more than {MOST_LANES} lanes")
    linking.link(read_roads, root, draft, laid, source)
    standing.signals(root, elements, read_roads, draft, laid, source)
    standing.objects(elements, read_roads, draft, laid, source)
    beyond.take_up(root, elements, draft, laid, source)
    beyond.stops(elements, draft, source)
    if header is not None and (shift := header.find("offset")) is not None:
        _shift(draft, shift, source)
    return draft


def _shift(draft: Draft, shift: ET.Element, source: Source) -> None:
    """Move the whole map by the header's ``offset``: from the file's metres to those of its georeference."""
    dx, dy, dz = (source.place(shift, key, "header offset", 0.0) for key in "xyz")
    turn = source.number(shift, "hdg", "header offset", 0.0)
    if (dx, dy, dz, turn) != (0, 0, 0, 0):
        draft.move(
            lambda x, y: (x * math.cos(turn) - y * math.sin(turn) + dx, x * math.sin(turn) + y * math.cos(turn) + dy),
            dz,
        )
