"""``jinyun industry``: the firms of the chain."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs

FORMS = ("firms", "products", "supplies", "output")


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    industry = verbs.add_parser("industry", help="the industry's chain: firms, gaps, output, share")
    deeds = industry.add_subparsers(dest="deed", required=True, metavar="DEED")
    check = deeds.add_parser("check", help="which rows of a table would be refused, and why (exit code 1 if any)")
    take = deeds.add_parser(
        "import", help="take a table's good rows into the zone's register (exit code 1 if any is refused)"
    )
    for deed in (check, take):
        deed.add_argument("form", choices=FORMS, help="what the table holds")
        deed.add_argument("file", type=Path, metavar="FILE", help=".csv or .xlsx")
    template = deeds.add_parser("template", help="print an empty table with one example row")
    template.add_argument("form", choices=FORMS)
    report = deeds.add_parser("report", help="coverage, gaps, single sources, growth, share, forecast")
    report.add_argument("--html", type=Path, metavar="FILE", help="write one page there")
    report.add_argument("--xlsx", type=Path, metavar="FILE", help="write a workbook there")
    report.add_argument("--date", metavar="DATE", help="the report's date (default: today)")
    for deed in (check, take, report):
        deed.add_argument("--zone", help="the zone (default: science-city)")
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return industry


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.industry.command import industry

    try:
        return industry(args)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"jinyun industry: {error}", file=sys.stderr)
        return 2
