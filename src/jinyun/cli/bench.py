"""``jinyun bench``: measure."""

from __future__ import annotations

import argparse
import json
import sys

from jinyun.cli.kinds import Verbs, positive


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    bench = verbs.add_parser("bench", help="measure; prints one JSON object")
    bench.add_argument("name", help="which measurement")
    bench.add_argument("--json", action="store_true", help="(always: the output is JSON)")
    bench.add_argument("--seconds", type=positive, help="how long, for measurements that can be told")
    return bench


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun import bench

    if args.name not in bench.names():
        print(f"jinyun bench: no measurement {args.name!r}; there are: {', '.join(bench.names())}", file=sys.stderr)
        return 2
    seconds = getattr(args, "seconds", None)
    if seconds is not None and not bench.takes_seconds(args.name):
        print(f"jinyun bench: {args.name} cannot be told how long to take", file=sys.stderr)
        return 2
    options = {} if seconds is None else {"seconds": seconds}
    print(json.dumps(bench.measure(args.name, **options), ensure_ascii=False))
    return 0
