"""``jinyun rules``: the rules of supervision."""

from __future__ import annotations

import argparse
import json

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    rules = verbs.add_parser("rules", help="the rules of supervision: article, numbers and their status, tests")
    form = rules.add_mutually_exclusive_group()
    form.add_argument("--md", action="store_true", dest="as_md", help="print a table in Markdown")
    form.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    rules.add_argument("--zone", help="the zone whose profile applies (default: science-city)")
    return rules


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun import zone as zones
    from jinyun.supervision.rules import RULES, as_markdown, listing

    profile = zones.load(zones.find(args.zone)).profile
    if args.as_json:
        print(json.dumps(listing(profile), ensure_ascii=False))
    elif args.as_md:
        print(as_markdown(profile), end="")
    else:
        for rule in RULES:
            print(f"{rule.id:12} {rule.article:8} {rule.status(profile):7} {rule.about.zh} · {rule.about.en}")
    return 0
