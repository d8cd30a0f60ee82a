"""``jinyun map``: maps of any format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    map_ = verbs.add_parser(
        "map", help="look at a map of any format, check it, compare, convert, say it in MAP messages"
    )
    deeds = map_.add_subparsers(dest="deed", required=True, metavar="DEED")
    info = deeds.add_parser("info", help="what is in a map, and what of its file was left out")
    check = deeds.add_parser("check", help="hold a map against the rules (exit code 1 if one is broken badly)")
    check.add_argument("--geojson", type=Path, metavar="FILE", help="write the findings as points there")
    check.add_argument("--png", type=Path, metavar="FILE", help="draw the map and number the findings in it there")
    convert = deeds.add_parser("convert", help="write a map in another format")
    mapdata = deeds.add_parser("mapdata", help="a junction as MAP messages, field by field")
    mapdata.add_argument("--junction", required=True, metavar="ID", help="the junction's id or number")
    form = mapdata.add_mutually_exclusive_group()
    form.add_argument("--hex", action="store_true", dest="as_hex", help="a message a line in hexadecimal")
    form.add_argument("--json", action="store_true", dest="as_json", help="a message a line in JSON")
    mapdata.add_argument("--dialect", choices=["A", "B"], default="A", help="layout (default A)")
    for deed in (info, check, convert):
        deed.add_argument("map", help="map file (OpenDRIVE, Lanelet2, SUMO, OSM), or folder or name of a zone")
    convert.add_argument("out", type=Path, help="file to write: .xodr, .osm (Lanelet2), .net.xml (SUMO) or .geojson")
    mapdata.add_argument("map", nargs="?", help="map file or zone (default: science-city)")
    diff = deeds.add_parser("diff", help="what changed from one revision to the next (exit code 1 if anything)")
    diff.add_argument("old", help="map file or zone")
    diff.add_argument("new", help="map file or zone")
    for deed in (info, check, diff):
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    for deed in (check, mapdata):
        deed.add_argument("--lang", choices=["zh", "en", "both"], default="en", help="language of reasons and meanings")
    for deed in (info, check, convert, mapdata, diff):
        deed.add_argument(
            "--origin", metavar="LON,LAT", help="where the zero of a file's metres lies, if it does not say"
        )
    return map_


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.hdmap import CompileError, MapError
    from jinyun.map import map_command

    try:
        return map_command(args)
    except (MapError, CompileError, OSError) as error:
        print(f"jinyun map: {error}", file=sys.stderr)
        return 2
