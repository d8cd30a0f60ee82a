"""``jinyun trial``: what each deed does; text for people, one JSON object with ``--json``."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinyun.state import state_dir
from jinyun.trial import playing, record, runner
from jinyun.trial.catalogue.items import Case, Item, load, scenarios, selected
from jinyun.trial.driver.offers import offer, offers
from jinyun.trial.fault import TrialError
from jinyun.trial.saying import OUTCOMES, say
from jinyun.trial.scenario.ranges import Spread, boundary
from jinyun.trial.verdict import item as verdicts
from jinyun.trial.verdict.case import run as run_case

ZONE = "trial"


def trial(args: argparse.Namespace) -> int:
    """Carry out one deed; return the exit code."""
    return _DEEDS[args.deed](args)


def runs_dir() -> Path:
    """Return where runs are kept if nobody says where."""
    return state_dir(ZONE) / "runs"


def latest(given: Path | None) -> Path:
    """Return the run that is meant; raises :class:`TrialError` where there is none."""
    if given is not None:
        if not (given / "summary.json").exists():
            raise TrialError(f"{given}: is no folder of a finished run")
        return given
    found = sorted(runs_dir().glob("*/summary.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise TrialError("no run yet: `jinyun trial run --all`")
    return found[-1].parent


def _list(args: argparse.Namespace) -> int:
    items = selected(load(), args.items)
    drivers = offers(runner.competent_numbers(runner.limits_of(runner.PROFILE)))
    if args.as_json:
        say({
            "items": [about(one) for one in items],
            "drivers": [
                {"name": one.name, "zh": one.zh, "en": one.en, "lacks": sorted(one.lacks)} for one in drivers.values()
            ],
            "scenarios": sorted(scenarios()), "cases": sum(len(one.cases()) for one in items),
        })  # fmt: skip
        return 0
    for one in items:
        print(f"{one.id:18} {len(one.cases()):4} cases  {one.form.limits:10}  {one.form.en}  {one.form.zh}")
    print(f"{sum(len(one.cases()) for one in items)} cases of {len(items)} items; drivers: {', '.join(drivers)}")
    return 0


def about(item: Item) -> dict[str, Any]:
    """Return what an item is, for JSON."""
    form = item.form
    return {
        "id": form.id, "zh": form.zh, "en": form.en, "sheet": item.sheet.id, "document": item.sheet.document,
        "clause": form.clause,
        "limits": form.limits, "scenario": form.scenario, "needs": form.needs, "domain": form.domain,
        "cases": len(item.cases()),
        "rules": [rule.model_dump() for rule in form.rules],
    }  # fmt: skip


def _run(args: argparse.Namespace) -> int:
    if not args.all and not args.items:
        raise TrialError("run what? Name items, or --all")
    chosen = selected(load(), [] if args.all else args.items)
    plan = runner.Plan(args.driver, tuple(one.id for one in chosen), args.profile, version=args.version)
    folder = args.out or _fresh(args.driver)

    def progress(done: int, total: int, case: str) -> None:
        bar = "#" * round(30 * done / total)
        print(f"\r[{bar:30}] {done}/{total} {case:32}", end="", file=sys.stderr, flush=True)

    summary = runner.run(plan, folder, jobs=args.jobs, progress=progress if sys.stderr.isatty() else None, ray=args.ray)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if args.as_json:
        say(summary | {"folder": str(folder)})
    else:
        _tell(summary)
        print(folder)
    return 0 if all(told["outcome"] == "pass" for told in summary["items"]) else 1


def _fresh(driver: str) -> Path:
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in driver)
    for number in range(1, 100_000):
        folder = runs_dir() / f"{name}-{number:03d}"
        if not (folder / "summary.json").exists():  # one that was broken off goes on
            return folder
    raise TrialError(f"{runs_dir()}: too many runs")


def _tell(summary: dict[str, Any]) -> None:
    for told in summary["items"]:
        print(f"{OUTCOMES[told['outcome']]:8} {told['passed']:3}/{told['cases']:<3} {told['id']:18} {told['en']}")
        for rule in told["why"][:2] if told["outcome"] != "pass" else ():
            print(f"         {told['shown']}: {rule['rule']}: {rule['en']}")
    counts = ", ".join(f"{summary[key]} {key}" for key in ("passed", "failed", "invalid"))
    took = f"in {summary['seconds']} s ({summary['simulated_seconds']} s simulated)"
    print(f"{summary['cases']} cases: {counts}, {took}, digest {summary['deterministic_digest'][:16]}")


def _report(args: argparse.Namespace) -> int:
    folder = latest(args.run)
    summary = record.get(folder / "summary.json")
    if args.html is not None:
        from jinyun.trial.report import html

        args.html.write_text(html(folder, args.lang), encoding="utf-8")
        print(args.html)
    elif args.as_json:
        say(summary | {"score": verdicts.score(summary["items"]), "folder": str(folder)})
    else:
        _tell(summary)
        for of in verdicts.score(summary["items"]):
            print(f"{of['sheet']:12} {of['passed']}/{of['items']} items passed: {of['score']}")
        for of in summary["domain"]:
            print(f"domain {of['element']:12} {of['passed']}/{of['items']}")
    return 0


def _diff(args: argparse.Namespace) -> int:
    from jinyun.trial.verdict.comparing import compare

    told = compare(latest(args.before), latest(args.after))
    if args.as_json:
        say(told)
    else:
        for change in told["changed"]:
            print(f"{change['case']}: {change['before']} -> {change['after']}  {change['why_en']}")
        repeat = ", ".join(told["repeat"]) or "nothing"
        print(f"{len(told['changed'])} verdicts changed, {told['worse']} for the worse; to be repeated: {repeat}")
    return 1 if told["worse"] else 0


def _admit(args: argparse.Namespace) -> int:
    from jinyun.trial.verdict.admitting import admit

    told = admit(latest(args.run), args.ledger, args.out, args.key)
    if args.as_json:
        say(told)
    else:
        for stage in told["stages"]:
            print(f"{'met    ' if stage['met'] else 'not met'} {stage['id']:14} {stage['en']}")
            for condition in stage["conditions"]:
                print(f"    {'yes' if condition['met'] else 'no '} {condition['en']}")
        print(told["folder"])
    return 0 if told["stages"][0]["met"] else 1


def _verify(args: argparse.Namespace) -> int:
    from jinyun.trial.verdict.sealing import verify

    told = verify(args.folder)
    if args.as_json:
        say(told)
    else:
        for fault in told["faults"]:
            print(fault)
        print(f"{told['files']} files: {'as sealed' if told['good'] else 'NOT as sealed'}; key {told['key']}")
    return 0 if told["good"] else 1


def _map(args: argparse.Namespace) -> int:
    from jinyun.trial.picture import cut_in_map

    svg, told = cut_in_map(runner.competent_numbers(runner.limits_of(runner.PROFILE)), args.kmh / 3.6)
    args.out.write_text(svg, encoding="utf-8")
    say(told | {"file": str(args.out)}) if args.as_json else print(args.out)
    return 0


def _edge(args: argparse.Namespace) -> int:
    item = load().get(args.item)
    if item is None:
        raise TrialError(f"no item {args.item!r}")
    if args.parameter not in item.scenario.parameters:
        raise TrialError(
            f"{args.item}: no parameter {args.parameter!r}; there are {', '.join(item.scenario.parameters)}"
        )
    if not args.high > args.low or not args.within > 0:
        raise TrialError("low must be below high, and --within above 0")
    limits = runner.limits_of(runner.PROFILE)
    chosen = offer(args.driver, runner.competent_numbers(limits))
    others: list[dict[str, float]] = []
    for case in item.cases():
        other = {key: value for key, value in case.values.items() if key != args.parameter}
        if other not in others:
            others.append(other)

    def passes(values: dict[str, float]) -> bool:
        return run_case(item, Case(item.id, 0, values), chosen, limits).result.outcome == "pass"

    edges = boundary(passes, args.parameter, Spread(low=args.low, high=args.high), others, args.within)
    told = [
        {"at": edge.at, "fails": None if math.isnan(edge.fails) else edge.fails,
         "passes": None if math.isnan(edge.passes) else edge.passes, "tried": edge.tried} for edge in edges
    ]  # fmt: skip
    if args.as_json:
        say({"item": item.id, "parameter": args.parameter, "driver": args.driver, "edges": told, "simulated": True})
    else:
        for edge in told:
            print(f"{edge['at']}: fails at {edge['fails']}, passes at {edge['passes']} ({edge['tried']} runs)")
    return 0


def _driven(args: argparse.Namespace) -> int:
    from jinyun.trial import driving  # it brings maps, ledgers and pages: not before they are asked for

    return driving.judge(args) if args.deed == "judge" else driving.weekly(args)


_DEEDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list, "run": _run, "check": playing.check, "play": playing.play, "write": playing.write, "report": _report,
    "diff": _diff, "admit": _admit, "verify": _verify, "map": _map, "edge": _edge, "judge": _driven, "weekly": _driven,
}  # fmt: skip
