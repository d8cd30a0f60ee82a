"""Planted faults and healthy streets before the scorecard, faster than the clock: ``python -m tests.cloud.quality.faults``.

The simulated science-city runs with all faults at once, each on a unit of its own (``--onset`` minutes after the start);
printed is after how many seconds each was named, by which words, and whatever was said of a unit without a fault. With
``--healthy`` nothing is planted. Each hour of the street is told as it ends. All data is simulated.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cloud import tracking
from jinyun.cloud.decode import Decoder
from jinyun.cloud.quality.scorecard import Scorecard
from jinyun.shapes import SEEN_BY_ROAD
from jinyun.world import offline
from jinyun.world.faults import Fault
from tests.cloud.quality.planted import PLANTED, Unit

UNITS = ("RSU-A3", "RSU-R4", "RSU-A7", "RSU-R10", "RSU-X1", "RSU-A6", "RSU-W2", "RSU-R9", "RSU-R5")
"""Which unit gets which fault, in the order of PLANTED: apart from each other, on streets of ordinary traffic."""


STEPS_AN_HOUR = 36_000
AHEAD = "RSU-X2"
"""The unit whose clock is ahead by 200 ms."""


def watch(where: str, minutes: float, onset: float, units: tuple[str, ...], seed: int | None) -> dict[str, Any]:
    """Run the street and return what was found after how many seconds, and what it cost."""
    zone = zones.load(zones.find(where))
    decoder = Decoder(zone.project)

    def name_of(row: int) -> str:
        source = decoder.sources.at(row)
        return source.name if source else "?"

    card, tracks = Scorecard(zone, name_of), tracking.Tracks()
    masts = {rsu.id: (rsu.x_m, rsu.y_m) for rsu in zone.rsus}
    faulty = {f"rsu/{unit}": (fault, PLANTED[fault][1], Unit(masts[unit], np.random.default_rng(k)))
              for k, (unit, fault) in enumerate(zip(units, PLANTED, strict=False))}  # fmt: skip
    found: dict[tuple[str, str], tuple[float, str]] = {}
    spent_s, seen, step, now_us = 0.0, 0, 0, 0
    first_us = 0
    # A clock that is ahead goes through the decoder's own correction, so it is planted in the street itself.
    ahead = {AHEAD: Fault(clock_ms=200.0)} if units else {}
    conditions = {"it": offline.Conditions(faults=ahead)}
    for step, moment in enumerate(offline.moments(zone, hdmap.open(zone), conditions, minutes * 60, seed), 1):
        now_us, first_us = moment.t_us, first_us or moment.t_us
        arrivals = sorted(moment.own + moment.road["it"], key=lambda arrival: arrival.receive_us)
        rows: NDArray[np.void] = decoder.decode(arrivals).sightings
        seen += len(rows)
        if (now_us - first_us) / 6e7 >= onset:
            rows = _planted(rows, decoder, faulty)
        began = time.process_time()
        card.take(rows)
        spent_s += time.process_time() - began
        tracking.take(tracks, rows.copy(), now_us)
        if step % 10 == 0:
            began = time.process_time()
            findings = card.second(tracks, decoder.sources, now_us)
            spent_s += time.process_time() - began
            for finding in findings:
                at_s = (now_us - first_us) / 1e6 - onset * 60
                found.setdefault((finding.source, finding.rule), (round(at_s), finding.reason))
        if step % STEPS_AN_HOUR == 0:
            print(f"{step // STEPS_AN_HOUR} h, {len(found)} told", file=sys.stderr, flush=True)
    planted = {name: (fault, PLANTED[fault][0]) for name, (fault, _, _) in faulty.items()}
    if units:
        planted[f"rsu/{AHEAD}"] = ("clock 200 ms ahead (all along)", "sensor.clock")
    return {
        "minutes": minutes,
        "sightings_per_s": round(seen / (minutes * 60)),
        "cpu_ms_per_s": round(1000 * spent_s / (minutes * 60), 1),
        "found": [
            {"fault": fault, "device": name, "rule": rule, "after_s": told[0] if told else None,
             "first_words": told[1] if told else None,
             "at_the_end": next((v.en for v in card.standing(now_us) if v.device == name), None)}
            for name, (fault, rule) in planted.items()
            for told in [found.get((name, rule))]
        ],
        "besides": [
            {"device": device, "rule": rule, "after_s": told[0], "words": told[1]}
            for (device, rule), told in found.items()
            if planted.get(device, ("", ""))[1] != rule
        ],
    }  # fmt: skip


def _planted(rows: NDArray[np.void], decoder: Decoder, faulty: dict[str, Any]) -> NDArray[np.void]:
    out, left = [], np.ones(len(rows), np.bool_)
    for name, (_, does, unit) in faulty.items():
        source = decoder.sources.find(*name.split("/", 1))
        mine = (rows["source"] == (source.row if source else -1)) & (rows["by"] == SEEN_BY_ROAD)
        left &= ~mine
        if mine.any():
            out.append(does(rows[mine], unit))
    return np.concatenate([rows[left], *out])


def main() -> None:
    """Read the command line, run, and print."""
    top = argparse.ArgumentParser(description=__doc__)
    top.add_argument("--zone", default="science-city", help="another zone has no faults of ours: only --healthy")
    top.add_argument("--minutes", type=float, default=10.0)
    top.add_argument("--onset", type=float, default=0.0, help="minutes of healthy data before")
    top.add_argument("--healthy", action="store_true")
    top.add_argument("--units", nargs="*", default=list(UNITS))
    top.add_argument("--seed", type=int)
    args = top.parse_args()
    if args.zone != "science-city" and not args.healthy:
        top.error("faults are planted on units of science-city")
    result = watch(args.zone, args.minutes, args.onset, () if args.healthy else tuple(args.units), args.seed)
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
