"""An evaluation as a whole (一次评测): streets of several seeds, each watched under several conditions, and one table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.evaluation.asking import CASES, asked
from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.bench.evaluation.figuring import JUDGED, TIMED, WITHOUT_EVENTS, figures, labels_of, tallies
from jinyun.bench.evaluation.labels import BAND
from jinyun.bench.evaluation.matching import Tally
from jinyun.bench.evaluation.watching import Variant, Watched, watch
from jinyun.bench.machine import describe
from jinyun.cloud.apps import CATALOGUE
from jinyun.world.staging import KINDS, by_kind

ZONE = "science-city"
SECONDS = 100.0
PER_MINUTE = 45.0
"""Deeds of each kind begun in a minute."""
PLAN: Mapping[int, tuple[Variant, ...]] = {
    1: (Variant("clear", 0.1), Variant("clear", 0.3), Variant("clear", 1.0)),
    2: (Variant("clear", 1.0), Variant("fog", 1.0), Variant("rain", 1.0)),
}
"""By seed, under what conditions its street is watched: each costs a cloud of its own."""
ALL_CONNECTED = Variant("clear", 1.0)
"""The conditions of which the figures of ``apps`` are."""
ROW = (
    ("precision", "precision"), ("recall", "recall"), ("lead_p10_s", "lead_s_p10"), ("lead_p50_s", "lead_s_p50"),
    ("false_per_1000_km", "false_per_1000_km"), ("wrong", "wrong"),
)  # fmt: skip
COLUMNS = (
    ("events", "events", 0), ("unseen", "unseen", 0), ("recall", "recall", 3), ("right", "right", 0), ("wrong", "wrong", 0),
    ("neither", "neither", 0), ("precision", "precision", 3), ("lead_s_p10", "lead p10 s", 1),
    ("lead_s_p50", "p50 s", 1), ("latency_s_p99", "late p99 s", 1), ("false_per_1000_km", "false/1000 km", 0),
    ("hard_negatives", "hard neg.", 0),
)  # fmt: skip


def evaluate(
    seconds: float = SECONDS, plan: Mapping[int, Sequence[Variant]] = PLAN, only: Sequence[str] | None = None,
    per_minute: float = PER_MINUTE, kinds: tuple[str, ...] = KINDS,
) -> dict[str, Any]:  # fmt: skip
    """Run streets of ``seconds`` with deeds on them and return the figures of their applications; ``plan`` says of which
    seeds, and who watches them.

    ``only`` names applications that are asked and judged (None all; ``KeyError`` for others). How far it
    is goes to standard error. ``figures`` is flat: ``fcw_clear_30_precision``; ``applications`` holds the same by name.
    """
    unknown = set(only or ()) - {*JUDGED, *CASES}
    if unknown:
        raise KeyError(sorted(unknown)[0])
    wanted = [id for id in JUDGED if only is None or id in only]
    here = zones.load(zones.find(ZONE))
    map = hdmap.open(here)
    sums: dict[tuple[str, Variant], Tally] = {}
    judged: dict[str, list[int]] = {id: [0, 0] for id in wanted}
    deeds = dict.fromkeys(KINDS, 0)
    for seed, variants in plan.items() if wanted else ():
        watched = watch(here, map, variants, seconds, seed, per_minute, kinds, wanted if only is not None else None)
        for kind, count in by_kind(watched.deeds).items():
            deeds[kind] += count
        take(watched, wanted, sums, judged)
    dialogues = [id for id in CASES if only is None or id in only]
    verdicts = asked(here, map, only=dialogues) if dialogues else {}
    every = list(dict.fromkeys(variant for variants in plan.values() for variant in variants))
    return told(sums, judged, wanted, every, deeds, seconds, list(plan), verdicts)


def take(
    watched: Watched, wanted: Sequence[str], sums: dict[tuple[str, Variant], Tally], judged: dict[str, list[int]]
) -> None:
    """Add what came of one street."""
    print(f"seed {watched.seed}: labels", file=sys.stderr, flush=True)
    labels = labels_of(watched)
    for id in (id for id in wanted if id in labels):
        state = labels[id].state
        judged[id][0] += int((state == BAND).sum())
        judged[id][1] += int((state >= 0).sum())
    for variant, id, found in tallies(watched, labels):
        if id in wanted:
            sums.setdefault((id, variant), Tally()).add(found)


def told(
    sums: dict[tuple[str, Variant], Tally], judged: dict[str, list[int]], wanted: Sequence[str],
    variants: Sequence[Variant], deeds: Mapping[str, int], seconds: float, seeds: Sequence[int],
    verdicts: Mapping[str, Verdict],
) -> dict[str, Any]:  # fmt: skip
    """Return the figures as one object: ``apps`` has a row for each of the applications, those without cases too."""
    flat: dict[str, float] = {"simulated_s": seconds * len(seeds), "deeds": sum(deeds.values())}
    applications = []
    for id in wanted:
        found = {v.name: figures(sums[id, v], id in TIMED) for v in variants if (id, v) in sums}
        band, all_ = judged[id]
        share = round(band / all_, 4) if all_ else 0.0
        applications.append({"id": id, "band_share": share, "by_conditions": found})
        flat[f"{id.lower()}_band_share"] = share
        for name, its in found.items():
            flat |= {f"{id.lower()}_{name}_{key}": value for key, value in its.items()}
    for variant in variants:
        whole = Tally()
        for id in wanted:
            if (id, variant) in sums and id not in WITHOUT_EVENTS:
                whole.add(sums[id, variant])
        for name in ("precision", "recall"):
            value = getattr(whole, name)
            if value == value:
                flat[f"all_{variant.name}_{name}"] = round(value, 4)
    return {
        "bench": "applications", "simulated": True, "machine": describe(), "seeds": list(seeds), "deeds": dict(deeds),
        "apps": rows(sums, verdicts), "figures": flat, "applications": applications,
    }  # fmt: skip


def rows(sums: Mapping[tuple[str, Variant], Tally], verdicts: Mapping[str, Verdict]) -> dict[str, dict[str, float]]:
    """Return a row for each of the applications, in clear weather with all connected; of one without cases, 0 of them."""
    found: dict[str, dict[str, float]] = {}
    for about in CATALOGUE:
        if about.id in verdicts:
            found[about.id] = verdicts[about.id].figures()
            continue
        if (about.id, ALL_CONNECTED) not in sums:
            found[about.id] = {"cases": 0}
            continue
        its = figures(sums[about.id, ALL_CONNECTED], about.id in TIMED)
        positive = its["events"] - its["unseen"] if about.id not in WITHOUT_EVENTS else its["right"] + its["wrong"]
        row = {"positive": positive, "negative": its["clear"], "cases": positive + its["clear"]}
        row |= {name: its[key] for name, key in ROW if key in its}
        if "latency_s_p99" in its:
            row["latency_p99_ms"] = its["latency_s_p99"] * 1000
        found[about.id] = row
    return found


def table(result: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown: a line for each application and each of the conditions."""
    head = ["", "conditions", *(title for _, title, _ in COLUMNS)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for its in result["applications"]:
        for name, found in its["by_conditions"].items():
            cells = [f"{found[key]:.{places}f}" if key in found else "—" for key, _, places in COLUMNS]
            lines.append("| " + " | ".join([its["id"], name.replace("_", " ") + " %", *cells]) + " |")
    shown = {its["id"] for its in result["applications"]}
    asked_for = {id: row for id, row in result["apps"].items() if id not in shown and row["cases"]}
    if asked_for:
        lines += ["", "| | due | undue | recall | precision |", "|---|---|---|---|---|"]
    for id, row in asked_for.items():
        recall, precision = (f"{row[key]:.3f}" if key in row else "—" for key in ("recall", "precision"))
        lines.append(f"| {id} | {row['positive']:.0f} | {row['negative']:.0f} | {recall} | {precision} |")
    return "\n".join(lines)
