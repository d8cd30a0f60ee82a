"""Deeds on scenario files: what of one is played, what happens in it, how one of ours is written."""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
from pathlib import Path
from typing import Any

from jinyun.trial.catalogue.items import scenarios
from jinyun.trial.fault import TrialError, Unsupported
from jinyun.trial.saying import numbers, say
from jinyun.trial.scenario import distributions
from jinyun.trial.scenario.compact import compile
from jinyun.trial.scenario.reading import read
from jinyun.trial.scenario.written import checked
from jinyun.trial.storyboard.play import Played, network_of
from jinyun.trial.storyboard.play import play as kinematic


def check(args: argparse.Namespace) -> int:
    """Say what of a file is not played here."""
    try:
        if (spread := distributions.read(args.file)) is not None:
            return _spread(spread, args)
        scenario = read(args.file)
        network_of(scenario, args.file.parent)
    except Unsupported as error:
        if args.as_json:
            say({"file": args.file.name, "played": False, "unsupported": error.names})
        else:
            for name in error.names:
                print(f"not played here: {name}")
        return 1
    except TrialError as error:
        if args.as_json:
            say({"file": args.file.name, "played": False, "unsupported": [], "error": str(error)})
        else:
            print(f"jinyun trial: {error}", file=sys.stderr)
        return 2
    told = {
        "file": args.file.name, "played": True, "version": scenario.version,
        "entities": [one.name for one in scenario.entities],
        "parameters": scenario.parameters, "notes": list(scenario.notes), "unsupported": [],
    }  # fmt: skip
    if args.as_json:
        say(told)
    else:
        print(f"{args.file.name}: OpenSCENARIO {scenario.version}, {len(scenario.entities)} entities: played here")
        for note in scenario.notes:
            print(f"note: {note}")
    return 0


def _spread(spread: distributions.Distribution, args: argparse.Namespace) -> int:
    """Say what a distribution file is; its scenario is read with the first values."""
    scenario = read(spread.scenario, spread.variations[0] if spread.variations else None)
    network_of(scenario, spread.scenario.parent)
    names = sorted({key for values in spread.variations for key in values})
    if args.as_json:
        say({"file": spread.source, "played": True, "distribution": spread.kind, "scenario": spread.scenario.name,
             "variations": len(spread.variations), "parameters": names, "unsupported": [],
             "notes": [*spread.notes, *scenario.notes]})  # fmt: skip
    else:
        over = f"of {', '.join(names)} over {spread.scenario.name}"
        print(f"{spread.source}: {spread.kind} distribution {over}: {len(spread.variations)} variations: played here")
    return 0


def play(args: argparse.Namespace) -> int:
    """Play a file and say what happens when; a distribution file plays each of its variations."""
    if not 1e-4 <= args.step <= 1 or not 0 < args.seconds <= 3600:
        raise TrialError("a step is from 0.0001 to 1 s, a play at most 3600 s")
    try:
        spread = distributions.read(args.file)
        if spread is not None:
            return _play_all(spread, args)
        told, played = _played(args.file, None, args)
    except (ArithmeticError, LookupError, ValueError) as error:  # what no check of ours foresaw is still one line
        raise TrialError(f"{args.file.name}: cannot be played: {type(error).__name__}: {error}") from error
    if args.csv is not None:
        _rows(played, args.csv)
    if args.as_json:
        say(told)
    else:
        for at, kind, name, what in played.log:
            print(f"[{at:8.3f}] {kind} {name} {what}")
        among = f"; {told['traffic']} vehicles of traffic" if "traffic" in told else ""
        print(f"ended by {played.ended}; {len(played.contacts)} contacts{among}; simulated")
    return 0


def _played(path: Path, values: dict[str, str] | None, args: argparse.Namespace) -> tuple[dict[str, Any], Played]:
    """Play a scenario file with the executor that is asked for; return what is told of it, and the play."""
    scenario = read(path, values)
    network = network_of(scenario, path.parent)
    told: dict[str, Any] = {"file": path.name, "simulated": True, "executor": args.executor}
    if args.executor == "sumo":
        from jinyun.trial.traffic import play_among

        among = play_among(
            scenario, path.parent, network, traffic=args.traffic, seed=args.seed, dt=args.step, most_s=args.seconds
        )
        played = among.played
        told |= {"traffic": among.entered, "apart_m": round(among.apart_m, 6), "on_lane": round(among.on_lane, 4)}
    else:
        played = kinematic(scenario, network, dt=args.step, most_s=args.seconds)
    told |= {"ended": played.ended, "log": [list(line) for line in played.log],
             "contacts": [list(line) for line in played.contacts], "notes": list(scenario.notes)}  # fmt: skip
    return told, played


def _play_all(spread: distributions.Distribution, args: argparse.Namespace) -> int:
    """Play every variation of a distribution file; what happens in each is how it ends and who touches."""
    if args.csv is not None:
        raise TrialError(f"{spread.source}: rows are written of a scenario, not of {len(spread.variations)} variations")
    if args.executor == "sumo":
        raise TrialError(f"{spread.source}: variations are played by the kinematic executor: SUMO plays one a process")
    found = []
    for values in spread.variations:
        told, _ = _played(spread.scenario, values, args)
        found.append({"parameters": values, "ended": told["ended"], "contacts": told["contacts"]})
        if not args.as_json:
            said = ", ".join(f"{key} {value}" for key, value in values.items())
            print(f"{said}: ended by {told['ended']}; {len(told['contacts'])} contacts")
    if args.as_json:
        say({"file": spread.source, "simulated": True, "distribution": spread.kind, "scenario": spread.scenario.name,
             "variations": found})  # fmt: skip
    return 0


def _rows(played: Played, path: Path) -> None:
    """Write all rows as the plain table of :mod:`jinyun.trial.recorded.plain`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        bodies = ("name", "kind", "length_m", "width_m", "ahead_m")
        writer.writerow(["simulated", *(played.rows.dtype.names or ()), *bodies])
        for row in played.rows.tolist():
            of = played.entities[row[1]]
            kind = of.kind if of.kind != "vehicle" else of.category
            writer.writerow([1, *row, of.name, kind, of.length_m, of.width_m, of.centre_x_m])


def write(args: argparse.Namespace) -> int:
    """Write a scenario of the catalogue, or a compact one, as OpenSCENARIO and OpenDRIVE."""
    if args.scenario.endswith(".toml"):
        path = Path(args.scenario)
        try:
            form = checked(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TrialError(f"{path.name}: {error}") from None
    elif args.scenario in scenarios():
        form = scenarios()[args.scenario]
    else:
        raise TrialError(f"no scenario {args.scenario!r}; there are {', '.join(scenarios())}")
    made = compile(form, numbers(args.set))
    args.out.mkdir(parents=True, exist_ok=True)
    files = [args.out / f"{made.name}.xosc", args.out / f"{made.name}.xodr"]
    files[0].write_bytes(made.xosc)
    files[1].write_bytes(made.xodr)
    say([str(file) for file in files]) if args.as_json else print(*files, sep="\n")
    return 0
