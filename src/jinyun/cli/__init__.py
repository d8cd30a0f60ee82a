"""The ``jinyun`` command: one verb for each thing people do with a zone, a file a verb.

Exit codes: 0 done, 1 the work found something wrong, 2 the command was not understood or cannot be carried out.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from jinyun import __version__

VERBS = (
    "run",
    "replay",
    "record",
    "rules",
    "event",
    "message",
    "apps",
    "quality",
    "map",
    "zone",
    "trial",
    "admin",
    "account",
    "charging",
    "growth",
    "industry",
    "ledger",
    "worker",
    "broker",
    "cluster",
    "bench",
    "fuse",
)
"""Modules here, in the order ``jinyun --help`` lists them: ``add`` says a verb's grammar, ``perform`` carries it out."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    top = argparse.ArgumentParser(prog="jinyun", description="Jinyun 缙云: one system for a vehicle-road-cloud zone.")
    top.add_argument("--version", action="version", version=f"jinyun {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name in VERBS:
        module = import_module(f"jinyun.cli.{name}")
        module.add(verbs).set_defaults(perform=module.perform)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return its exit code."""
    args = parser().parse_args(argv)
    perform = args.perform
    del args.perform
    from jinyun.zone import ZoneError

    try:
        return int(perform(args))
    except ZoneError as error:
        for line in error.messages:
            print(line, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141
