"""``jinyun growth``: which road to open next."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs, positive


def _open_in(text: str) -> tuple[str, int]:
    id, sign, stage = text.rpartition("@")
    if not sign or not stage.isdecimal() or int(stage) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no SEGMENT@STAGE, the first stage is 1")
    return id, int(stage) - 1


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    growth = verbs.add_parser("growth", help="line, network, area: which road to open next, and why")
    deeds = growth.add_subparsers(dest="deed", required=True, metavar="DEED")
    plan = deeds.add_parser("plan", help="the best plan of all stages that is found, and how much better any could be")
    plan.add_argument("--effort", type=positive, default=1.0, help="how much longer to look (default 1)")
    plan.add_argument("--seed", type=int, default=1, help="of the search (default 1)")
    plan.add_argument("--svg", type=Path, metavar="FILE", help="draw the plan beside the baselines there")
    whatif = deeds.add_parser("whatif", help="the kept plan with one thing changed, in seconds")
    whatif.add_argument("--open", dest="open_in", type=_open_in, action="append", default=[], metavar="SEGMENT@STAGE")
    whatif.add_argument("--without", action="append", default=[], metavar="SEGMENT")
    whatif.add_argument("--budget", type=positive, default=1.0, metavar="FACTOR", help="budgets times this")
    whatif.add_argument("--km", type=positive, default=1.0, metavar="FACTOR", help="kilometres to open times this")
    whatif.add_argument("--trips", type=positive, default=1.0, metavar="FACTOR", help="trips per day times this")
    whatif.add_argument("--lines", type=positive, default=1.0, metavar="FACTOR", help="what lines carry times this")
    deeds.add_parser("score", help="which of the zone's own roads are ready, from their records")
    compare = deeds.add_parser("compare", help="the kept plan against baselines and against what was delivered")
    compare.add_argument(
        "--margins", action="store_true", help="with the marginal value of each segment per million CNY"
    )
    compare.add_argument("--sensitivity", action="store_true", help="with changed budgets, kilometres, trips, lines")
    section = deeds.add_parser("section", help="the life of sections: list, trail, next step")
    section.add_argument("id", nargs="?", metavar="SECTION")
    section.add_argument("to", nargs="?", metavar="STATE", help="its next state, or: approve")
    section.add_argument("--by", help="who")
    section.add_argument("--reason", help="why")
    section.add_argument("--role", choices=["operator", "regulator"], help="for approve")
    for deed in deeds.choices.values():
        deed.add_argument("--zone", help="the zone (default: science-city)")
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return growth


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.growth.asking import QuestionError
    from jinyun.growth.command import GrowthError, growth
    from jinyun.growth.section import SectionError

    try:
        return growth(args)
    except BrokenPipeError:
        raise
    except (GrowthError, QuestionError, SectionError, OSError) as error:
        print(f"jinyun growth: {error}", file=sys.stderr)
        return 1 if isinstance(error, QuestionError | SectionError) else 2
