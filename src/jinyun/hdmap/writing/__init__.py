"""Writing the map in other formats, from the one model: OpenDRIVE, Lanelet2, SUMO nets, GeoJSON.

Each writer says in its docstring what its format has no place for. What it is not: a conversion of files; a map that
was read from OpenDRIVE and is written as OpenDRIVE is written from what the model holds of it.
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path

from jinyun.hdmap.fault import MapError
from jinyun.hdmap.precise import Map

__all__ = ["FORMATS", "write"]

_WRITERS = {
    "opendrive": (".xodr", "opendrive"), "lanelet2": (".osm", "lanelet"), "sumo": (".net.xml", "sumo"),
    "geojson": (".geojson", "geojson"),
}  # fmt: skip
"""Suffix and module of each format; a module is loaded when it is asked for: it brings the compiler."""
FORMATS = tuple(_WRITERS)


def write(map: Map, path: Path | str, format: str | None = None) -> None:
    """Write the map to ``path`` in ``format``, told by the suffix (.xodr, .osm, .net.xml, .geojson) where none is named.

    The file appears whole or not at all. Raises :class:`jinyun.hdmap.MapError` where the format is not known, the map
    has what the format cannot hold, or the file cannot be written.
    """
    path = Path(path)
    if format is None:
        format = next((name for name, (suffix, _) in _WRITERS.items() if path.name.lower().endswith(suffix)), None)
        if format is None:
            suffixes = ", ".join(suffix for suffix, _ in _WRITERS.values())
            raise MapError(f"{path.name}: -: its name ends in none of {suffixes}: which format is meant?")
    if format not in _WRITERS:
        raise MapError(f"{path.name}: -: no format {format[:40]!r} is written; there are {', '.join(FORMATS)}")
    try:
        with tempfile.TemporaryDirectory(prefix=".jinyun-", dir=path.parent) as folder:
            work = Path(folder) / path.name
            import_module(f"{__name__}.{_WRITERS[format][1]}").write(map, work)
            work.replace(path)
    except OSError as error:
        raise MapError(f"{path.name}: -: cannot be written: {error.strerror or error}") from None
