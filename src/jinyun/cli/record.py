"""``jinyun record``: the record."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs, positive


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    record = verbs.add_parser(
        "record", help="what was received and published: list, prove, export, let go, compute again"
    )
    deeds = record.add_subparsers(dest="deed", required=True, metavar="DEED")
    deeds.add_parser("ls", help="what a record holds")
    verify = deeds.add_parser("verify", help="prove that every byte is there as it was written (exit code 1 if not)")
    verify.add_argument("--head", metavar="HEX", help="a last chain value kept elsewhere that must be in the record")
    export = deeds.add_parser("export", help="positions as .csv, .geojson or .parquet")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    export.add_argument("--from", dest="begin", metavar="TIME", help="2026-11-30T08:00:00Z, or 5m for five minutes ago")
    export.add_argument("--to", dest="end", metavar="TIME")
    export.add_argument("--box", metavar="W,S,E,N", help="only inside these degrees")
    export.add_argument("--vehicle", metavar="ID", help="only this vehicle (BSM id, hexadecimal)")
    export.add_argument("--track", type=int, metavar="N", help="only this track")
    prune = deeds.add_parser("prune", help="let go what is too old or too much; what events need stays")
    prune.add_argument("--older-h", type=positive, metavar="HOURS", help="older than this (default: the profile's)")
    prune.add_argument("--most-gb", type=positive, metavar="GB", help="beyond this (default: the profile's)")
    archive = deeds.add_parser("archive", help="copy what is sealed to a store, once (jinyun run --archive: always)")
    fetch = deeds.add_parser("fetch", help="bring a record back from an archive")
    for deed in (archive, fetch):
        deed.add_argument("uri", metavar="URI", help="file:///FOLDER or s3://BUCKET/PATH?endpoint_override=HOST:PORT")
    fetch.add_argument("--name", help="which record, where the archive holds several")
    check = deeds.add_parser(
        "replay-check", help="compute the frames again from the raw bytes and compare (exit code 1 if any differs)"
    )
    check.add_argument("--seconds", type=positive, help="only the first so many of the run")
    for name, deed in deeds.choices.items():
        if name == "fetch":
            deed.add_argument("folder", type=Path, metavar="DIR", help="where to: a new or empty folder")
        else:
            deed.add_argument(
                "folder", nargs="?", type=Path, metavar="DIR", help="the record (default: the zone's own)"
            )
        deed.add_argument("--zone", help="the zone (default: science-city)")
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return record


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.record.book import BookError
    from jinyun.record.command import CommandError, command

    try:
        return _again(args) if args.deed == "replay-check" else command(args)
    except (CommandError, BookError, OSError) as error:
        print(f"jinyun record: {error}", file=sys.stderr)
        return 2


def _again(args: argparse.Namespace) -> int:
    from jinyun import hdmap
    from jinyun import zone as zones
    from jinyun.cloud.rerun import RerunError, check
    from jinyun.record.command import CommandError, place

    zone = zones.load(zones.find(args.zone))
    try:
        found = check(zone, hdmap.open(zone), place(zone, args.folder), args.seconds)
    except RerunError as error:
        raise CommandError(str(error)) from None
    if args.as_json:
        print(json.dumps(found))
    else:
        print(f"{found['frames']} frames computed again from {found['messages']} messages, {found['equal']} are equal")
        print(f"  different: {found['different']}" if found["different"] else "  bit for bit")
    return 0 if found["frames"] and found["frames"] == found["equal"] else 1
