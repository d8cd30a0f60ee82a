"""``jinyun growth``: plan, what-if, score, compare and the life of sections, as text or JSON."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

from jinyun import zone as zones
from jinyun.growth import asking, description, keeping, picture, readiness, section, verifying
from jinyun.growth.drawing import draw
from jinyun.growth.plan import Effort
from jinyun.state import state_dir


class GrowthError(ValueError):
    """The command cannot be carried out; the text says why."""


def growth(args: argparse.Namespace) -> int:
    """Carry one deed out; raises :class:`GrowthError`, ``ZoneError``, ``SectionError`` and ``QuestionError``."""
    zone = zones.load(zones.find(args.zone))
    folder = state_dir(zone.id)
    if args.deed == "section":
        return _section(args, zone, folder)
    if args.deed == "score":
        network = draw(zone, description.read(zone.folder))
        told: Any = readiness.score(zone, network, *readiness.records(zone, folder))
        _say(args, {"zone": zone.id, "simulated": zone.simulated, "sections": told}, _scores(told))
        return 0
    question = keeping.Question(zone)
    if args.deed == "plan":
        effort = Effort(
            tries=round(40 * args.effort),
            moves=round(800_000 * args.effort),
            bound_s=20 * max(args.effort, 1),
            polish_s=40 * args.effort,
        )
        found, told = keeping.made(question, effort, args.seed)
        keeping.keep(folder, question, found, told)
        if args.svg:
            args.svg.write_text(picture.svg(question, found, told), encoding="utf-8")
        _say(args, told, _plan(told))
        return 0
    known = keeping.kept(folder, question)
    if known is None:
        raise GrowthError("no plan is kept for this zone: jinyun growth plan makes one")
    found, told = known
    if args.deed == "whatif":
        began = time.monotonic()
        asked = asking.Question(tuple(args.open_in), tuple(args.without), args.budget, args.km, args.trips, args.lines)
        answer = asking.answer(question.problem, found, asked)
        answer.pop("level")
        answer["seconds"] = round(time.monotonic() - began, 2)
        text = f"{answer['value']:.2f} points ({answer['change']:+.2f}), at most {answer['gap']:.1%} more possible"
        _say(args, answer, [text, *(_line(i, s) for i, s in enumerate(answer["stages"]))])
        return 0
    sections = section.sections(folder / keeping.FOLDER, question.network)
    opened = {id for id, one in sections.items() if one.state == "opened"}
    compared = {
        "zone": zone.id, "simulated": question.growth.simulated, "plan": told["joint"], "baselines": told["baselines"],
        "vs_greedy": told["vs_greedy"], "vs_greedy_per_km": told["vs_greedy_per_km"], "vs_rings": told["vs_rings"],
        "delivered": keeping.delivered(question, found, opened),
    }  # fmt: skip
    if args.margins:
        compared["margins"] = asking.margins(question.problem, found)
    if args.sensitivity:
        compared["sensitivity"] = asking.sensitivity(question.problem, found)
    _say(args, compared, _compared(compared))
    return 0


def _section(args: argparse.Namespace, zone: zones.Zone, state: Any) -> int:
    folder, network = state / keeping.FOLDER, draw(zone, description.read(zone.folder))
    if args.id is None:
        found = section.sections(folder, network)
        rows = [vars(one) for one in found.values()]
        _say(args, {"zone": zone.id, "sections": rows}, [f"{row['id']:<14}{row['state']}" for row in rows])
        return 0
    if args.to is None:
        trail = [entry for entry in section.entries(folder) if entry["section"] == args.id]
        _say(args, {"section": args.id, "trail": trail}, [f"{e['deed']:<10}{e['by']}: {e['reason']}" for e in trail])
        return 0
    if not args.by or not args.reason:
        raise GrowthError("who and why: --by NAME --reason TEXT")
    if args.id not in network.segments:
        raise GrowthError(f"no section {args.id!r} on the map or among the candidates")
    if args.to == "approve":
        one = section.approve(folder, args.id, args.role or "", args.by, args.reason, network=network)
    else:
        evidence = verifying.days_passed(zone, network, args.id, state) if args.to == "verified" else {}
        one = section.step(
            folder, args.id, args.to, args.by, args.reason, zone.profile, network=network, evidence=evidence
        )
    _say(args, vars(one), [f"{one.id}: {one.state}"])
    return 0


def _say(args: argparse.Namespace, told: Any, lines: list[str]) -> None:
    print(json.dumps(told, ensure_ascii=False, default=_plain) if args.as_json else "\n".join(lines))


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value).__name__)


def _line(i: int, stage: dict[str, Any]) -> str:
    name = f"{stage.get('zh', '')} {stage.get('en', ''):<8}"
    way = f"+{stage['opened_km']:7.1f} km -> {stage['total_km']:6.1f} km"
    state = "connected" if stage["connected"] else "TORN"
    return f"  {i + 1} {name} {way}  {stage['value']:6.2f} points  {stage['cost_cny'] / 1e6:7.1f} M CNY  {state}"


def _plan(told: dict[str, Any]) -> list[str]:
    label = " (simulated)" if told["simulated"] else ""
    better = {name: f"{told[name] - 1:+.1%}" for name in ("vs_greedy", "vs_greedy_per_km", "vs_rings")}
    return [
        f"{told['zone']}{label}: {told['open_km']} km open, {told['candidate_km']} km candidates",
        *(_line(i, stage) for i, stage in enumerate(told["stages"])),
        f"no plan is more than {told['gap']:.1%} better; found in {told['seconds']} s",
        f"{better['vs_greedy']} against the most value for money first ({better['vs_greedy_per_km']} for kilometres), "
        f"{better['vs_rings']} against ring by ring",
    ]


def _scores(told: list[dict[str, Any]]) -> list[str]:
    def word(row: dict[str, Any]) -> str:
        if row["ready"]:
            return "ready"
        return f"unknown: {', '.join(row['unknown'])}" if row["unknown"] else f"low: {', '.join(row['low'])}"

    return [f"{row['segment']:<14}{'open' if row['open'] else '':<6}{word(row)}" for row in told]


def _compared(told: dict[str, Any]) -> list[str]:
    lines = [f"plan {told['plan']['value']:.2f} points, bound {told['plan']['bound']:.2f}"]
    lines += [f"{name:<14}{row['value']:7.2f} points" for name, row in told["baselines"].items()]
    for row in told["delivered"]:
        promised = f"promised {row['promised_km']:6.1f} km, {row['promised_value']:6.2f} points"
        lines.append(
            f"{row['id']:<10}{promised}; delivered {row['delivered_km']:6.1f} km, {row['delivered_value']:6.2f}"
        )
    return lines
