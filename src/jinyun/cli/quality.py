"""``jinyun quality``: the scorecard."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    quality = verbs.add_parser("quality", help="how well the roadside sees: the zone's scorecard")
    deeds = quality.add_subparsers(dest="deed", required=True, metavar="DEED")
    report = deeds.add_parser(
        "report", help="faults to be repaired and every device's figures; exit code 1: faults stand"
    )
    report.add_argument("--zone", help="the zone (default: science-city)")
    report.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    report.add_argument("--html", type=Path, metavar="FILE", help="write one page with pictures")
    return quality


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.quality import ReportError, quality

    try:
        return quality(args)
    except (ReportError, OSError) as error:
        print(f"jinyun quality: {error}", file=sys.stderr)
        return 2
