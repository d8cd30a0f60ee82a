"""An evaluation as a whole (一次评测): streets of several seeds, each watched under several conditions, and one table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.evaluation.figuring import JUDGED, TIMED, WITHOUT_EVENTS, figures, labels_of, tallies
from jinyun.bench.evaluation.labels import BAND
from jinyun.bench.evaluation.matching import Tally
from jinyun.bench.evaluation.watching import Variant, Watched, watch
from jinyun.bench.machine import describe
from jinyun.world.staging import KINDS, by_kind

ZONE = "science-city"
SECONDS, SEEDS = 120.0, (1, 2)
PER_MINUTE = 24.0
"""Deeds of each kind begun in a minute."""
VARIANTS = tuple(Variant(weather, share) for weather in ("clear", "fog", "rain") for share in (0.1, 0.3, 1.0))
COLUMNS = (
    ("events", "events", 0), ("unseen", "unseen", 0), ("recall", "recall", 3), ("right", "right", 0), ("wrong", "wrong", 0),
    ("neither", "neither", 0), ("precision", "precision", 3), ("lead_s_p10", "lead p10 s", 1),
    ("lead_s_p50", "p50 s", 1), ("latency_s_p99", "late p99 s", 1), ("false_per_1000_km", "false/1000 km", 0),
    ("hard_negatives", "hard neg.", 0),
)  # fmt: skip


def evaluate(
    seconds: float = SECONDS, seeds: Sequence[int] = SEEDS, only: Sequence[str] | None = None,
    variants: Sequence[Variant] = VARIANTS, per_minute: float = PER_MINUTE, kinds: tuple[str, ...] = KINDS,
) -> dict[str, Any]:  # fmt: skip
    """Run streets of ``seconds`` with deeds on them and return the figures of their applications.

    ``only`` names applications that are asked and judged (None all that have labels; ``KeyError`` for others). How far it
    is goes to standard error. ``figures`` is flat: ``fcw_clear_30_precision``; ``applications`` holds the same by name.
    """
    unknown = set(only or ()) - set(JUDGED)
    if unknown:
        raise KeyError(sorted(unknown)[0])
    wanted = [id for id in JUDGED if only is None or id in only]
    here = zones.load(zones.find(ZONE))
    map = hdmap.open(here)
    sums: dict[tuple[str, Variant], Tally] = {}
    judged: dict[str, list[int]] = {id: [0, 0] for id in wanted}
    deeds = dict.fromkeys(KINDS, 0)
    for seed in seeds:
        watched = watch(here, map, variants, seconds, seed, per_minute, kinds, wanted if only is not None else None)
        for kind, count in by_kind(watched.deeds).items():
            deeds[kind] += count
        take(watched, wanted, sums, judged)
    return told(sums, judged, wanted, variants, deeds, seconds, seeds)


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
) -> dict[str, Any]:  # fmt: skip
    """Return the figures as one object."""
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
        "figures": flat, "applications": applications,
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown: a line for each application and each of the conditions."""
    head = ["", "conditions", *(title for _, title, _ in COLUMNS)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for its in result["applications"]:
        for name, found in its["by_conditions"].items():
            cells = [f"{found[key]:.{places}f}" if key in found else "—" for key, _, places in COLUMNS]
            lines.append("| " + " | ".join([its["id"], name.replace("_", " ") + " %", *cells]) + " |")
    return "\n".join(lines)
