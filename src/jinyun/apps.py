"""``jinyun apps``: the cooperative applications there are, what each does with which numbers, and how right they are."""

from __future__ import annotations

import argparse
import json
import sys
from difflib import get_close_matches
from importlib import resources
from inspect import getdoc
from typing import Any

from jinyun import zone as zones
from jinyun.cloud.apps import CATALOGUE, parameters
from jinyun.cloud.apps.application import Application
from jinyun.zone import Profile

COMMON = ("hold_s", "linger_s", "repeat_s")
"""Parameters that every application has, its own or those of all."""
MEASURED = "measured.json"
"""What ``jinyun apps evaluate --json`` printed, with the command that did."""
SHOWN = ("events", "recall", "right", "wrong", "precision", "lead_s_p10", "lead_s_p50", "false_per_1000_km")
ROW = ("positive", "negative", "recall", "precision", "lead_p10_s", "lead_p50_s", "latency_p99_ms", "false_per_1000_km")
STANDARD = {1: "T/CSAE 53-2020", 2: "T/CSAE 157-2020"}


class AppsError(ValueError):
    """What was asked for cannot be had; the text is one line for people."""


def apps(args: argparse.Namespace) -> int:
    """Do one deed of ``jinyun apps``; raises :class:`AppsError` for names there are not."""
    if args.deed == "evaluate":
        return _evaluate(args)
    profile = zones.load(zones.find(args.zone)).profile
    if args.deed == "list":
        listed = [described(about, profile) for about in CATALOGUE]
        print(json.dumps(listed, ensure_ascii=False) if args.as_json else _listed())
        return 0
    about = named(args.name)
    print(json.dumps(described(about, profile), ensure_ascii=False) if args.as_json else explained(about, profile))
    return 0


def named(name: str) -> Application:
    """Return the application of that name, in whatever case; raises :class:`AppsError` with the nearest name."""
    by_id = {about.id: about for about in CATALOGUE}
    if name.upper() in by_id:
        return by_id[name.upper()]
    near = get_close_matches(name.upper(), by_id, n=1, cutoff=0.4)
    also = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(by_id)}"
    raise AppsError(f"no application {name!r}{also}")


def quantities(about: Application, profile: Profile) -> dict[str, dict[str, Any]]:
    """Return its parameters by name: value, unit, document, clause, status and what they are, as the profile says."""
    found: dict[str, dict[str, Any]] = {}
    own = f"app.{about.id.lower()}."
    for name in parameters(profile, about.id):
        if own + name in profile:
            found[name] = profile[own + name].model_dump()
        elif name in COMMON:
            found[name] = profile[f"app.{name}"].model_dump()
    return found


def described(about: Application, profile: Profile) -> dict[str, Any]:
    """Return what there is to say of an application, as JSON holds it."""
    return {
        "id": about.id, "zh": about.zh, "en": about.en, "day": about.day, "standard": STANDARD[about.day],
        "receivers": about.receivers, "messages": list(about.messages), "reads": list(about.reads), "unit": about.unit,
        "behaviour": about.behaviour, "says_zh": about.says_zh, "says_en": about.says_en,
        "does": _docstring(about), "parameters": quantities(about, profile),
    }  # fmt: skip


def explained(about: Application, profile: Profile) -> str:
    """Return an application laid out for people."""
    lines = [
        f"{about.id}  {about.zh}  {about.en}  ({STANDARD[about.day]})", "", _docstring(about), "",
        f"advises: {about.receivers}   by: {', '.join(about.messages) or 'nothing'}   reads: {', '.join(about.reads)}",
        f"says:    {about.says_zh}", f"         {about.says_en}", "", "parameters:",
    ]  # fmt: skip
    for name, its in quantities(about, profile).items():
        lines.append(f"  {name:<22} {its['value']:g} {its['unit']:<6} {its['zh']}  {its['en']}")
        lines.append(f"  {'':<22} {its['document']}; {its['clause']} ({its['status']})")
    found = measured()
    row = found.get("apps", {}).get(about.id, {})
    if row.get("cases"):
        said = "  ".join(f"{key} {row[key]:g}" for key in ROW if key in row)
        lines += ["", f"measured (simulated; {row.get('from', found['command'])}):", f"  {said}"]
    for its in (one for one in found.get("applications", ()) if one["id"] == about.id):
        lines += ["", f"by weather and share of connected vehicles (simulated; {found['command']}):"]
        for name, values in its["by_conditions"].items():
            said = "  ".join(f"{key} {values[key]:g}" for key in SHOWN if key in values)
            lines.append(f"  {name.replace('_', ' ') + ' %':<12} {said}")
    return "\n".join(lines)


def measured() -> dict[str, Any]:
    """Return the figures of the last whole evaluation that was kept with the program; empty where none is."""
    file = resources.files("jinyun.bench.evaluation") / MEASURED
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _docstring(about: Application) -> str:
    return getdoc(sys.modules[about.advise.__module__]) or ""


def _listed() -> str:
    lines = []
    for about in CATALOGUE:
        by = ",".join(about.messages)
        lines.append(f"{about.id:<8} {STANDARD[about.day]:<16} {about.receivers:<8} {by:<9} {about.zh}  {about.en}")
    return "\n".join(lines)


def _evaluate(args: argparse.Namespace) -> int:
    from jinyun.bench.evaluation.measuring import PLAN, SECONDS, evaluate, table

    only = None
    if args.only is not None:
        only = [named(name.strip()).id for name in args.only.split(",") if name.strip()]
    plan = PLAN if args.seed is None else {args.seed: PLAN.get(args.seed, PLAN[1])}
    result = evaluate(args.seconds or SECONDS, plan, only)
    print(json.dumps(result, ensure_ascii=False) if args.as_json else table(result))
    return 0
