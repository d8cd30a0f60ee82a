"""``jinyun apps``: the cooperative applications."""

from __future__ import annotations

import argparse
import sys

from jinyun.cli.kinds import Verbs, positive


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    apps = verbs.add_parser(
        "apps", help="the cooperative applications: what there are, what each does, how right they are"
    )
    deeds = apps.add_subparsers(dest="deed", required=True, metavar="DEED")
    listed = deeds.add_parser("list", help="all applications, a line each; with --json their numbers too")
    explain = deeds.add_parser("explain", help="what one does, whom it tells what, with which numbers from where")
    explain.add_argument("name", metavar="NAME", help="the application, as FCW")
    for deed in (listed, explain):
        deed.add_argument("--zone", help="the zone whose numbers apply (default: science-city)")
    evaluate = deeds.add_parser("evaluate", help="hold advice against the true future of simulated streets (minutes)")
    evaluate.add_argument("--only", metavar="NAMES", help="these applications only, as FCW,ICW")
    evaluate.add_argument("--seconds", type=positive, help="seconds of each street (default 100)")
    evaluate.add_argument("--seed", type=int, help="one street, of this seed (default: two)")
    for deed in deeds.choices.values():
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return apps


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.apps import AppsError, apps

    try:
        return apps(args)
    except AppsError as error:
        print(f"jinyun apps: {error}", file=sys.stderr)
        return 2
