"""The precise map (精确的图): lanes, junctions, signals, crossings and stops of a zone, and who is on which lane.

``open`` compiles a zone's road plan (through SUMO's ``netconvert``) at its first use and reads it from the cache ever
after; it needs no simulation. ``read`` makes the same map of an OpenDRIVE, Lanelet2, SUMO or OpenStreetMap file, told by
its content, and ``write`` writes it to such a file; :mod:`jinyun.hdmap.numbering` keeps the numbers of signal groups
through revisions. ``mapdata`` says a junction in the words of MAP messages, ``drawing`` gives the page its map and ``tiling``
cuts that into an overview and tiles. What it is
not: traffic, and routes (the world and the shuttle have those).
"""

from __future__ import annotations

from jinyun.hdmap.compiling import folder_of
from jinyun.hdmap.compiling import open_map as open
from jinyun.hdmap.drawing import drawing
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.message import mapdata, mapdata_parts
from jinyun.hdmap.plain import CompileError
from jinyun.hdmap.precise import LaneKind, Map, Turn
from jinyun.hdmap.reading import read
from jinyun.hdmap.tiling import Tiling, tiling
from jinyun.hdmap.writing import write

__all__ = [
    "CompileError", "LaneKind", "Map", "MapError", "Tiling", "Turn", "drawing", "folder_of", "mapdata", "mapdata_parts",
    "open", "read", "tiling", "write",
]  # fmt: skip
