"""``jinyun ledger``: use, income and emptiness."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    ledger = verbs.add_parser("ledger", help="who used what, at which quality and price; how empty the zone runs")
    deeds = ledger.add_subparsers(dest="deed", required=True, metavar="DEED")
    statement = deeds.add_parser("statement", help="by company, counted from the record (exit code 1: it is cut)")
    statement.add_argument("--zone", help="the zone (default: science-city)")
    statement.add_argument(
        "--record", type=Path, metavar="PATH", help="record's folder, segment or raw log (default: the zone's own)"
    )
    statement.add_argument(
        "--usage", type=Path, metavar="DIR", help="journal of what was given out (default: the zone's)"
    )
    statement.add_argument("--company", metavar="ID", help="only this company")
    statement.add_argument("--from", dest="begin", metavar="DATE", help="from then (UTC)")
    statement.add_argument("--to", dest="end", metavar="DATE", help="until then, not included")
    statement.add_argument("--out", type=Path, metavar="DIR", help="write an XLSX and an HTML for each company there")
    statement.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return ledger


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.cloud.recordings import RecordingError
    from jinyun.ledger.command import LedgerError, ledger

    try:
        return ledger(args)
    except BrokenPipeError:
        raise
    except (LedgerError, RecordingError, OSError) as error:
        print(f"jinyun ledger: {error}", file=sys.stderr)
        return 2
