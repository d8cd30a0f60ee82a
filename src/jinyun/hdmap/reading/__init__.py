"""Reading maps of other formats into the one model: OpenDRIVE, Lanelet2, SUMO nets, OpenStreetMap.

What it is not: a check of the map (:mod:`jinyun.hdmap.check` does that). A file either makes a map, with all that the
map does not hold counted in ``about["ignored"]``, or raises :class:`jinyun.hdmap.MapError` naming file, element and
reason. Facts: ASAM OpenDRIVE 1.4 to 1.8, the Lanelet2 documentation and Autoware's extension of it, SUMO's network
format, OpenStreetMap's XML.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jinyun.hdmap.fault import MapError
from jinyun.hdmap.precise import Map
from jinyun.hdmap.reading import lanelet, opendrive, openstreetmap, source, sumo
from jinyun.hdmap.reading.assembling import assemble

__all__ = ["read"]


def read(path: Path | str, *, origin: tuple[float, float] | None = None) -> Map:
    """Return the map in a file of any format, told by its content.

    ``origin`` (longitude, latitude in degrees) becomes the zero of the map's metres; without it that is the zero of the
    file's own plane where this is a transverse Mercator through it, else the middle of the map. A file without a
    georeference keeps its own metres: ``about["lon"]`` and ``["lat"]`` are NaN then unless ``origin`` says where their
    zero lies. Raises :class:`jinyun.hdmap.MapError`.
    """
    path = Path(path)
    data = source.content(path)
    if data[:1] == b"{":
        raise MapError(f"{path.name}: -: is JSON: GeoJSON is written only, maps are read from XML formats")
    root = source.parse(path.name, data)
    reading = source.Source(path.name)
    with np.errstate(all="ignore"):  # absurd numbers of a broken file are told where they are found
        if root.tag == "OpenDRIVE":
            draft = opendrive.read(root, reading)
        elif root.tag == "osm" and lanelet.is_lanelets(root):
            draft = lanelet.read(root, reading)
        elif root.tag == "osm" and openstreetmap.has_streets(root):
            draft = openstreetmap.read(root, data, reading)
        elif root.tag == "net":
            draft = sumo.read(root, reading)
        elif root.tag == "osm":
            raise MapError(f"{path.name}: osm: has neither lanelets nor streets")
        else:
            raise MapError(f"{path.name}: {str(root.tag)[:40]}: is the root of no map format that is read")
        return assemble(draft, reading, origin)
