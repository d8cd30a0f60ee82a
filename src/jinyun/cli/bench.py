"""``jinyun bench``: measure."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from jinyun.cli.kinds import Verbs, positive


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    bench = verbs.add_parser("bench", help="measure; prints one JSON object")
    bench.add_argument("name", help="which measurement")
    bench.add_argument("--json", action="store_true", help="(always: the output is JSON)")
    bench.add_argument("--seconds", type=positive, help="how long, for measurements that can be told")
    bench.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw what was measured before instead (SVG); for shuttle"
    )
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
    picture = getattr(args, "picture", None)
    if picture is not None:
        return _draw(args.name, picture)
    options = {} if seconds is None else {"seconds": seconds}
    print(json.dumps(bench.measure(args.name, **options), ensure_ascii=False))
    return 0


def _draw(name: str, file: Path) -> int:
    draw = getattr(import_module(f"jinyun.bench.{name}"), "draw", None)
    if draw is None:
        print(f"jinyun bench: {name} draws no picture", file=sys.stderr)
        return 2
    shown = draw(file)
    if not shown:
        print(f"jinyun bench: nothing measured by this code is there to draw; run jinyun bench {name}", file=sys.stderr)
        return 1
    print(f"{file}: {shown}")
    return 0
