"""``jinyun trial``: the proving ground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    trial = verbs.add_parser(
        "trial", help="test, evaluate, admit: scenarios, drivers under test, verdicts, certificates"
    )
    deeds = trial.add_subparsers(dest="deed", required=True, metavar="DEED")
    listed = deeds.add_parser("list", help="the catalogue: items with their cases and rules, and the drivers there are")
    listed.add_argument("items", nargs="*", metavar="ITEM", help="beginning of items' names (default: all)")
    run = deeds.add_parser("run", help="run items with a driver; exit code 1: an item was not passed")
    run.add_argument("items", nargs="*", metavar="ITEM", help="beginning of items' names")
    run.add_argument("--all", action="store_true", help="the whole catalogue")
    run.add_argument(
        "--driver",
        default="reference",
        help="who is under test: a name of `list`, module:attribute, or nats://host:port/subject",
    )
    run.add_argument("--version", default="", help="version of the software under test")
    run.add_argument("--profile", default="national-2020", help="profile whose numbers apply (default national-2020)")
    run.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default: in the state folder)")
    run.add_argument("--jobs", type=int, help="processes (default: one a core)")
    run.add_argument("--ray", default="", metavar="ADDRESS", help="play them on a Ray cluster (auto: the one here)")
    play = deeds.add_parser("play", help="play an OpenSCENARIO file by itself, and say what happens when")
    play.add_argument("file", type=Path, metavar="FILE")
    play.add_argument("--step", type=float, default=0.01, help="seconds of a step (default 0.01)")
    play.add_argument("--seconds", type=float, default=120.0, help="at most so long (default 120)")
    play.add_argument(
        "--executor", choices=["kinematic", "sumo"], default="kinematic",
        help="by itself on its road (default), or among SUMO's own traffic",
    )  # fmt: skip
    play.add_argument("--traffic", type=int, default=0, metavar="N", help="vehicles of SUMO's (default 0)")
    play.add_argument("--seed", type=int, default=1, help="of the traffic (default 1)")
    play.add_argument("--csv", type=Path, metavar="FILE", help="write all rows there")
    check = deeds.add_parser(
        "check",
        help="read an OpenSCENARIO file: what of it is not played; exit code 1: something is not, 2: cannot be read",
    )
    check.add_argument("file", type=Path, metavar="FILE")
    write = deeds.add_parser("write", help="write a scenario of the catalogue, or a compact TOML file, as OpenSCENARIO")
    write.add_argument("scenario", help="id of a scenario, or a TOML file")
    write.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder (default: here)")
    write.add_argument("--set", action="append", default=[], metavar="KEY=NUMBER", help="a parameter's value")
    report = deeds.add_parser("report", help="what a run came to; with --html one page with pictures")
    report.add_argument("run", nargs="?", type=Path, metavar="DIR", help="folder of a run (default: the latest)")
    report.add_argument("--html", type=Path, metavar="FILE", help="write a page")
    report.add_argument("--lang", choices=["zh", "en"], default="zh", help="language of the page (default zh)")
    diff = deeds.add_parser("diff", help="verdicts that changed from one run to another; exit code 1: one got worse")
    diff.add_argument("before", type=Path, metavar="DIR")
    diff.add_argument("after", type=Path, metavar="DIR")
    admit = deeds.add_parser("admit", help="a draft certificate with sealed evidence, and the conditions of each stage")
    admit.add_argument("run", nargs="?", type=Path, metavar="DIR", help="folder of a run (default: the latest)")
    admit.add_argument(
        "--ledger", type=Path, metavar="FILE", help="TOML: vehicle, owner, insurance, permit, drives, incidents"
    )
    admit.add_argument("--out", type=Path, metavar="DIR", help="folder of the certificate (default: beside the run)")
    admit.add_argument("--key", type=Path, metavar="FILE", help="signing key (made where there is none)")
    verify = deeds.add_parser(
        "verify", help="check a certificate's folder; exit code 1: something is not as it was sealed"
    )
    verify.add_argument("folder", type=Path, metavar="DIR")
    field = deeds.add_parser("map", help="which cut-ins each competent driver avoids, as a picture (SVG)")
    field.add_argument("--out", type=Path, default=Path("cut-in.svg"), metavar="FILE")
    field.add_argument("--kmh", type=float, default=60.0, help="speed of the one under test (default 60)")
    edge = deeds.add_parser("edge", help="search where failing turns into passing along one parameter of an item")
    edge.add_argument("item")
    edge.add_argument("parameter")
    edge.add_argument("low", type=float)
    edge.add_argument("high", type=float)
    edge.add_argument("--within", type=float, default=0.1, help="how exactly (default 0.1)")
    edge.add_argument("--driver", default="reference")
    judge = deeds.add_parser(
        "judge", help="judge a recorded drive; exit code 1: a rule was broken, or it cannot be told"
    )
    judge.add_argument(
        "record", type=Path, metavar="RECORD", help=".csv, .parquet or .jyc (docs/trial.md), or a folder"
    )
    judge.add_argument("--own", metavar="NAME", help="who is judged (default: Ego, or the only one)")
    judge.add_argument(
        "--road", type=Path, metavar="FILE", help="the OpenDRIVE road it drove on, in the record's metres"
    )
    judge.add_argument("--zone", metavar="ZONE", help="the zone it drove in: its map and signals")
    judge.add_argument("--item", metavar="ITEM", help="judge it as a case of this item of the catalogue")
    judge.add_argument("--case", type=int, default=0, metavar="N", help="which of the item's cases (default 0)")
    judge.add_argument("--set", action="append", default=[], metavar="KEY=NUMBER", help="a parameter as it was driven")
    judge.add_argument("--profile", default="national-2020", help="profile whose numbers apply (default national-2020)")
    judge.add_argument("--html", type=Path, metavar="FILE", help="write a page")
    judge.add_argument("--lang", choices=["zh", "en"], default="zh", help="language of the page (default zh)")
    weekly = deeds.add_parser("weekly", help="the week of each company on the open road: driven, rules, measures")
    weekly.add_argument("--zone", metavar="ZONE", help="the zone (default: science-city)")
    weekly.add_argument("--day", metavar="DAY", help="a day of the week that is meant (default: today in China)")
    weekly.add_argument("--company", metavar="NAME", help="only this company's")
    weekly.add_argument("--out", type=Path, metavar="FILE", help="write a workbook (.xlsx) or a page (.html)")
    weekly.add_argument("--lang", choices=["zh", "en"], default="zh", help="language of the page (default zh)")
    for deed in deeds.choices.values():
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return trial


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.trial.command import trial
    from jinyun.trial.fault import TrialError

    try:
        return trial(args)
    except (TrialError, OSError) as error:
        print(f"jinyun trial: {error}", file=sys.stderr)
        return 2
