"""``jinyun zone``: make a zone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs, count


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    zone = verbs.add_parser("zone", help="make a zone")
    deeds = zone.add_subparsers(dest="deed", required=True, metavar="DEED")
    new = deeds.add_parser("new", help="a running zone of a map file, with units, sensors and traffic by rule")
    new.add_argument("folder", type=Path, metavar="DIR", help="folder to make; its name is the zone's id")
    new.add_argument("--map", type=Path, required=True, metavar="FILE", help="OpenDRIVE, Lanelet2, SUMO net or OSM")
    new.add_argument("--name", help="what people call it (default: the folder's name)")
    new.add_argument("--origin", metavar="LON,LAT", help="where the zero of the file's metres lies, if it does not say")
    new.add_argument("--vehicles", type=count, help="how many simulated vehicles (default: by the length of lanes)")
    new.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return zone


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.founding import zone_command
    from jinyun.hdmap import CompileError, MapError
    from jinyun.zone import ZoneError

    try:
        return zone_command(args)
    except (MapError, CompileError, ZoneError, OSError) as error:
        print(f"jinyun zone: {error}", file=sys.stderr)
        return 2
