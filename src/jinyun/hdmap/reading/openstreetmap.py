"""OpenStreetMap streets: ``netconvert`` guesses lanes, junctions, signals and crossings from them, then a SUMO net is read."""

from __future__ import annotations

import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import sumo as eclipse_sumo  # type: ignore[import-untyped]

from jinyun.hdmap.reading import sumo
from jinyun.hdmap.reading.draft import Draft
from jinyun.hdmap.reading.source import Source, content, parse

__all__ = ["has_streets", "read"]

SECONDS = 300
"""How long netconvert may take."""
OPTIONS = [
    "--geometry.remove", "--roundabouts.guess", "--junctions.join", "--tls.guess-signals", "--tls.join",
    "--tls.default-type", "static", "--osm.turn-lanes", "--osm.sidewalks", "--osm.crossings", "--crossings.guess",
    "--osm.bike-access", "--walkingareas", "--no-turnarounds", "--remove-edges.by-vclass", "rail,tram,ship,aircraft,subway",
    "--remove-edges.isolated", "--precision", "3", "--junctions.corner-detail", "6", "--no-warnings", "--xml-validation",
    "never",
]  # fmt: skip
HELD = {"osm", "node", "way", "relation", "tag", "nd", "member", "bounds", "note", "meta"}


def has_streets(root: ET.Element) -> bool:
    """Return whether an OSM file holds streets."""
    return any(tag.get("k") == "highway" for way in root.iterfind("way") for tag in way.iterfind("tag"))


def read(root: ET.Element, data: bytes, source: Source) -> Draft:
    """Return the lanes and all that belongs to them; raises :class:`jinyun.hdmap.MapError`."""
    source.leave(root, HELD)
    nodes = {node.get("id") for node in root.iterfind("node")}
    for way in root.iterfind("way"):
        source.ignored["nd of a node that is not there"] += sum(nd.get("ref") not in nodes for nd in way.iterfind("nd"))
        kinds = {tag.get("k") or "" for tag in way.iterfind("tag")}
        if "highway" not in kinds:
            kept = next((kind for kind in ("building", "landuse", "natural", "railway", "waterway", "leisure", "amenity",
                                           "barrier", "parking") if kind in kinds), "other")  # fmt: skip
            source.ignored[f"way {kept}"] += 1
    with tempfile.TemporaryDirectory(prefix="jinyun-osm-") as folder:
        streets, net = Path(folder) / "streets.osm.xml", Path(folder) / "streets.net.xml"
        streets.write_bytes(data)
        command = [
            str(Path(eclipse_sumo.SUMO_HOME) / "bin" / "netconvert"),
            "--osm-files",
            str(streets),
            "-o",
            str(net),
        ]
        home = {**os.environ, "SUMO_HOME": eclipse_sumo.SUMO_HOME}
        try:
            done = subprocess.run(
                [*command, *OPTIONS],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                env=home,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise source.fault("-", f"netconvert took more than {SECONDS} s") from None
        if done.returncode != 0 or not net.exists():
            told = [line for line in (done.stderr or done.stdout).splitlines() if line.startswith("Error")]
            raise source.fault("-", told[0][7:200] if told else f"netconvert returned {done.returncode}")
        return sumo.read(parse(source.name, content(net)), source, "osm")
