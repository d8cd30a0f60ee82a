"""Figures of an evaluation (评测指标): by application and by conditions, from one or several streets.

Precision counts episodes, recall events; lead time is from the opening of advice to the instant at which it is too late; what
is judged of which application is told by its labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.borders import lane_changes
from jinyun.bench.evaluation.collisions import collisions
from jinyun.bench.evaluation.contact import contacts
from jinyun.bench.evaluation.guidance import promised_greens
from jinyun.bench.evaluation.jams import jams
from jinyun.bench.evaluation.labels import Labels
from jinyun.bench.evaluation.matching import Tally, tally
from jinyun.bench.evaluation.others import doing, lately, others
from jinyun.bench.evaluation.posting import posted
from jinyun.bench.evaluation.rules import red_lights, speeding
from jinyun.bench.evaluation.watching import SEEN_EVERY, Variant, Watched

JUDGED = ("FCW", "EBW", "ICW", "LTA", "VRUCW", "DNPW", "BSW", "RLVW", "SLW", "EVW", "AVW", "CLW", "TJW", "HLW", "IVS",
          "VNFP", "GLOSA")  # fmt: skip
"""The applications that have labels."""
WITHOUT_EVENTS = ("GLOSA",)
"""Those whose advice is judged, but that miss nothing; they do not count for all together."""
TIMED = ("FCW", "EBW", "ICW", "LTA", "VRUCW", "DNPW", "BSW", "RLVW", "CLW", "TJW", "HLW", "IVS",
         "VNFP")  # fmt: skip
"""Those whose events have an instant at which it is too late."""
SAME: Mapping[str, tuple[str, ...]] = {
    "FCW": ("EBW", "AVW", "VRUCW"), "VRUCW": ("FCW",), "EBW": ("FCW", "AVW"), "ICW": ("LTA",), "LTA": ("ICW",), "AVW": ("FCW",),
}  # fmt: skip
"""Which applications mean the same danger: advice of the one is not wrong where an event is the other's."""
AFTER_PASSING = 80
"""Frames after somebody has passed in which neither is judged: the simulation takes them back in no natural way."""
TELLS_ITSELF = ("EVW", "CLW")
"""Those that are about what only a vehicle itself can tell."""
LOOKED_BACK = 2
"""Looks before an event within which somebody must have been seen to be known."""


def labels_of(watched: Watched) -> dict[str, Labels]:
    """Return the labels of a street by application."""
    lives, map = watched.lives, watched.map
    free = np.append(map.lanes["junction"] >= 0, True)[lives.lane]  # the last one is for lane -1
    touching = contacts(lives, free)
    passes, passed = (doing(lives, watched.deeds, watched.begin_s, "overtaking", both) for both in (False, True))
    found = dict(collisions(lives, touching, map, passes, lately(lives, passed, AFTER_PASSING)))
    found |= others(lives, watched.deeds, watched.begin_s, map)
    found |= posted(lives, map, watched.places)
    return found | {
        "BSW": lane_changes(lives, map),
        "RLVW": red_lights(lives, watched.lights, map, touching, watched.told),
        "SLW": speeding(lives, map),
        "TJW": jams(lives, watched.deeds, watched.begin_s, map),
    }


def tallies(watched: Watched, labels: Mapping[str, Labels]) -> Iterator[tuple[Variant, str, Tally]]:
    """Yield what came of each application's advice under each of the conditions."""
    lives = watched.lives
    for variant, said in watched.advice.items():
        hears = lives.connected < variant.share
        for id in JUDGED:
            if id in labels and id in watched.ids:
                its = said[said["application"] == watched.ids.index(id)]
                seen = known(watched, labels[id].events, variant, id in TELLS_ITSELF)
                also = tuple(labels[other] for other in SAME.get(id, ()))
                yield variant, id, tally(lives, labels[id], its, hears, seen, also)
            elif id == "GLOSA" and id in watched.ids:
                its = said[said["application"] == watched.ids.index(id)]
                yield variant, id, promised_greens(watched, its, hears)


def known(watched: Watched, events: NDArray[np.void], variant: Variant, itself: bool = False) -> NDArray[np.bool_]:
    """Return of which events the one they are about could be known: connected or, unless only it ``itself`` can tell, seen
    by a sensor just before."""
    lives, looks = watched.lives, watched.seen[variant.weather]
    life_of = {int(number): life for life, number in enumerate(lives.number.tolist())}
    found = np.ones(len(events), np.bool_)
    for k, event in enumerate(events):
        about = int(event["about"])
        if about == 0 or lives.connected[life_of[about]] < variant.share:
            continue
        if itself:
            found[k] = False
            continue
        at = min(int(event["first"]) // SEEN_EVERY, len(looks) - 1)
        found[k] = any((looks[back] == about).any() for back in range(max(at - LOOKED_BACK, 0), at + 1))
    return found


def figures(tally: Tally, timed: bool) -> dict[str, float]:
    """Return the figures of one application under some conditions; what has no value is left out."""
    found: dict[str, float] = {
        "events": tally.events, "unseen": tally.unseen, "told": tally.told, "recall": tally.recall, "right": tally.right,
        "wrong": tally.wrong, "neither": tally.neither, "precision": tally.precision, "hard_negatives": tally.hard,
        "clear": tally.clear,
        "false_per_1000_km": tally.false_per_1000_km,
    }  # fmt: skip
    if tally.lead_s and timed:
        found["lead_s_p10"], found["lead_s_p50"] = np.percentile(tally.lead_s, [10, 50]).tolist()
    if tally.latency_s:
        found["latency_s_p99"] = float(np.percentile(tally.latency_s, 99))
    return {name: round(float(value), 4) for name, value in found.items() if math.isfinite(value)}
