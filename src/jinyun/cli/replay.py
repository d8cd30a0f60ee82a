"""``jinyun replay``: play recordings."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs, positive


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    replay = verbs.add_parser("replay", help="play recordings through the same path, by their own clock")
    replay.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a record's folder or segment *.jyr, radar JSON, or lines of hex",
    )
    replay.add_argument(
        "--zone", help="zone whose place and devices apply (default: the running one, else science-city)"
    )
    replay.add_argument("--speed", type=positive, help="times real time (default 1; with --json as fast as it goes)")
    replay.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object instead of a page")
    return replay


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.replay import ReplayError, replay

    try:
        result = replay(args.files, args.zone, args.speed, args.as_json)
    except ReplayError as error:
        print(f"jinyun replay: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, ensure_ascii=False, indent=None if args.as_json else 2))
    return 0
