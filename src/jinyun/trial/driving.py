"""Deeds on drives that took place: a recorded one judged, the week on the open road."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.state import state_dir
from jinyun.supervision.deadlines import day_of
from jinyun.supervision.ledger import FILE, Ledger
from jinyun.supervision.tables import as_html, as_xlsx
from jinyun.trial import road, runner
from jinyun.trial.catalogue.items import Case, Item, load
from jinyun.trial.fault import TrialError
from jinyun.trial.onroad.weekly import WEEK, table, week_of
from jinyun.trial.recorded import forms, ground, judging
from jinyun.trial.recorded.clock import on_clock
from jinyun.trial.recorded.page import html
from jinyun.trial.saying import OUTCOMES, numbers, say
from jinyun.trial.verdict.case import prepared


def judge(args: argparse.Namespace) -> int:
    """Judge a recorded drive."""
    limits = runner.limits_of(args.profile)
    zone = zones.load(zones.find(args.zone)) if args.zone is not None else None
    drive = on_clock(forms.read(args.record, zone.project if zone is not None else None), args.own)
    borders: list[list[tuple[float, float]]] = []
    if args.item is not None:
        item, case = _case_of(args)
        borders = prepared(item, case)[2].lines()
        verdict = judging.judged_by_item(drive, item, case, limits)
    else:
        map = hdmap.open(zone) if zone is not None else None
        beneath = ground.of_map(map) if map is not None else None
        if args.road is not None:
            network = road.read(args.road)
            beneath, borders = ground.of_network(network), network.lines()
        verdict = judging.judged_on_road(drive, limits, beneath, ground.stop_lines(map) if map is not None else [])
    told = verdict.told()
    if args.html is not None:
        args.html.write_text(html(verdict, args.lang, borders), encoding="utf-8")
    if args.as_json:
        say(told)
    else:
        for rule in (*told["rules"], *told["not_judged"]):
            outcome = "not judged" if rule["outcome"] == "invalid" else OUTCOMES[rule["outcome"]]
            print(f"{outcome:10} {rule['rule']:14} {rule['en']}")
        for one in told["measures"]:
            if one["valid"]:
                print(f"{one['name']:20} {one['value']:10.3f} {one['unit']:5} {one['about']}")
        for note in told["notes"]:
            print(f"note: {note['en']}")
        of = f"{told['passed']} of {len(told['rules'])} rules kept, {len(told['not_judged'])} not judged"
        print(f"{told['own']}: {told['seconds']} s, {told['km']} km: {OUTCOMES[told['outcome']]}: {of}")
    return 0 if told["outcome"] == "pass" else 1


def weekly(args: argparse.Namespace) -> int:
    """Tell the week of each company, and write it."""
    zone = zones.load(zones.find(args.zone))
    folder = state_dir(zone.id)
    if not (folder / FILE).exists():
        raise TrialError(f"{zone.id}: no ledger of supervision yet: `jinyun run` keeps it")
    try:
        day = date.fromisoformat(args.day) if args.day else day_of(datetime.now(UTC))
    except ValueError:
        raise TrialError(f"--day {args.day}: is no day like 2026-11-30") from None
    first, last = week_of(day)
    ledger = Ledger(folder)
    try:
        found = table(ledger, first, last, args.company)
    finally:
        ledger.close()
    if args.out is not None and args.out.suffix == ".xlsx":
        as_xlsx(zone, found, first, last, args.out, WEEK)
    elif args.out is not None and args.out.suffix == ".html":
        args.out.write_text(as_html(zone, found, first, last, args.lang, WEEK), encoding="utf-8")
    elif args.out is not None:
        raise TrialError(f"{args.out}: a report's name ends in .xlsx or .html")
    if args.as_json:
        days = {"first": first.isoformat(), "last": last.isoformat()}
        say({"zone": zone.id, "simulated": zone.simulated, "rows": found} | days)
        return 0
    simulated = "; simulated" if zone.simulated else ""
    print(f"{zone.id}: {first} to {last}: {len(found)} rows{simulated}")
    for row in found:
        print("  ".join(f"{name} {value}" for name, value in row.items() if value not in (None, "", 0, 0.0)))
    return 0


def _case_of(args: argparse.Namespace) -> tuple[Item, Case]:
    """Return the item and case that a record is said to be of."""
    item = load().get(args.item)
    if item is None:
        raise TrialError(f"no item {args.item!r}")
    cases = item.cases()
    if not 0 <= args.case < len(cases):
        raise TrialError(f"{args.item}: no case {args.case}: there are {len(cases)}")
    values = numbers(args.set)
    if unknown := set(values) - set(item.scenario.parameters):
        raise TrialError(f"{args.item}: no parameter {', '.join(sorted(unknown))}")
    return item, Case(item.id, args.case, {**cases[args.case].values, **values})
