"""``jinyun fuse``: fuse recorded sightings."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    fuse = verbs.add_parser("fuse", help="run the fusion over a recording of plain JSON sightings (docs/fusion.md)")
    fuse.add_argument("file", type=Path, metavar="FILE", help="JSON list of sightings, or one object a line")
    fuse.add_argument("--json", action="store_true", dest="as_json", help="print tracks and account as one JSON object")
    fuse.add_argument("--out", type=Path, metavar="FILE", help="write the frames there, one JSON object a line")
    return fuse


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.cloud.plain import PlainError, command

    try:
        result = command(args.file, args.out, args.as_json)
    except (PlainError, OSError) as error:
        print(f"jinyun fuse: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, ensure_ascii=False, indent=None if args.as_json else 2))
    return 1 if result["refused"] else 0
