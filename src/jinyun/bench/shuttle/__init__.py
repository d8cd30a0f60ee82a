"""Shuttle: loops of the automated shuttle in simulated traffic, with what the road tells it and without.

Fifty loops of different seeds and traffic, every tenth of them hard (twice the traffic, people who step out, cars that cut
in, a lorry that stands in the lane, a signal out of order), each driven twice: with the roadside's messages and alone.
The planner's time is that of its thread on a processor; ``planner_wall_p99_ms`` has the waiting for one in it.
``jinyun bench shuttle --seconds N`` drives more of them for about N seconds and tells of all that were driven by this very
code, so that it can be stopped and gone on with; each loop is a process of its own (``--case NAME`` drives one alone) and is
kept as a file in the cache; ``--picture FILE`` draws those that are kept and drives none. Judged by
:mod:`jinyun.bench.shuttle.judge` from the simulation's truth. A loop whose process ends by a fault of the simulation is
counted (``simulation_faults``), kept with what it said, and not driven again.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import json
import math
import multiprocessing
import os
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import jinyun
from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.machine import describe
from jinyun.bench.shuttle import picture
from jinyun.bench.shuttle.loops import Case, automated_line, drive
from jinyun.hdmap import Map
from jinyun.net.csae import batch
from jinyun.vehicle.shuttle.guideline import Guideline, guideline
from jinyun.zone import Zone

LOOPS, HARD_EVERY = 50, 10
SECONDS = 600.0
FIRST_SEED = 301
PARTS = ("vehicle/shuttle", "bench/shuttle/judge", "bench/shuttle/loops", "world/shuttle")
USUAL_PER_HARD = 2
"""Loops in usual traffic driven after each hard one, as long as there are hard ones."""
COMPARED = (
    "loops", "km", "collisions", "red_light_runs", "lane_departures", "wrong_way", "stop_error_p99_m", "comfort_share",
    "hard_brakings_per_100_km", "emergency_s", "least_ttc_s", "median_ttc_s", "loop_min", "takeovers_per_100_km", "stepped_out",
)  # fmt: skip
"""Figures told of hard and of usual loops apart: the hard ones come first, and are more of the first than of all."""


def cases() -> list[Case]:
    """Return what is to be driven, in order: each loop with the road and alone, every third a hard one while there are any."""
    hard = [k for k in range(LOOPS) if k % HARD_EVERY == 2]
    usual = [k for k in range(LOOPS) if k % HARD_EVERY != 2]
    order = []
    for k in hard:
        order += [k, *usual[:USUAL_PER_HARD]]
        usual = usual[USUAL_PER_HARD:]
    return [Case(FIRST_SEED + k, k in hard, road) for k in order + usual for road in (True, False)]


def folder() -> Path:
    """Return where the loops driven by this very code are kept."""
    package = Path(jinyun.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        if str(file.relative_to(package)).replace("\\", "/").startswith(PARTS):
            digest.update(file.read_bytes())
    return zones.cache_dir() / "bench" / f"shuttle-{digest.hexdigest()[:12]}"


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Drive more loops for about ``seconds`` of wall time and return the figures of all that are there."""
    kept = folder()
    kept.mkdir(parents=True, exist_ok=True)
    began_s = time.monotonic()
    for case in cases():
        file = kept / f"{case.name}.json"
        if file.exists() or time.monotonic() - began_s > seconds:
            continue
        begin_s = time.monotonic()
        found = _alone(case) | {"wall_s": round(time.monotonic() - begin_s, 1)}
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(found))
        fresh.replace(file)
        print(f"shuttle: {case.name}: {_line(found)}", file=sys.stderr, flush=True)
    all_ = _kept()
    driven = [one for one in all_ if "fault" not in one]
    figures: dict[str, float] = {}
    for way, of in (("", True), ("without_road_", False)):
        its = [one for one in driven if one["road"] is of]
        figures |= {f"{way}{name}": value for name, value in figures_of(its).items()}
        for kind, hard in (("usual_", False), ("hard_", True)):
            apart = figures_of([one for one in its if one["hard"] is hard])
            figures |= {f"{way}{kind}{name}": apart[name] for name in COMPARED if name in apart}
    paired = {d["seed"] for d in driven if d["road"]} & {d["seed"] for d in driven if not d["road"]}
    figures |= {"paired_loops": len(paired), "simulation_faults": len(all_) - len(driven)}
    return {"bench": "shuttle", "machine": describe(), "figures": figures, "peers": {}}


def draw(file: Path) -> int:
    """Draw the loops that are kept into ``file`` (SVG) and return how many pairs it shows; none writes nothing."""
    driven = [one for one in _kept() if "fault" not in one]
    shown = len(picture.pairs(driven))
    if shown:
        file.write_text(picture.svg(driven), encoding="utf-8")
    return shown


def _kept() -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder().glob("*.json"))]


@cache
def _ready() -> tuple[Zone, Map, Guideline]:
    """Return what all loops have in common: read once, and there in the process of each loop where processes can be forked."""
    here = zones.load(zones.find())
    map = hdmap.open(here)
    batch.warm()
    return here, map, guideline(here, map, automated_line(here))


def _alone(case: Case) -> dict[str, Any]:
    """Drive a loop in a process of its own; what the simulation's library brings down is told as a ``fault``."""
    _ready()
    ways: Any = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    with tempfile.TemporaryDirectory() as work:
        told, said = Path(work) / "told.json", Path(work) / "said.txt"
        process = ways.Process(target=_drive_into, args=(case, told, said))
        process.start()
        process.join()
        if process.exitcode is not None and process.exitcode < 0:
            return {"seed": case.seed, "hard": case.hard, "road": case.road, "fault": said.read_text()[-4000:]}
        if process.exitcode:
            raise RuntimeError(f"{case.name}: {(said.read_text().strip().splitlines() or ['the loop failed'])[-1]}")
        found: dict[str, Any] = json.loads(told.read_text())
    return found


def _drive_into(case: Case, told: Path, said: Path) -> None:
    """Drive a loop and write what was found of it to ``told``; whatever the process says goes to ``said``."""
    with said.open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    faulthandler.enable(file=2)
    found = drive(*_ready(), case) | {"cpu_s": round(time.process_time(), 1)}
    told.write_text(json.dumps(found))


def figures_of(driven: list[dict[str, Any]]) -> dict[str, float]:
    """Return the figures of loops as :func:`jinyun.bench.shuttle.loops.drive` tells them; none for no loop."""
    if not driven:
        return {"loops": 0}
    contacts = [contact for one in driven for contact in one["contacts"]]
    stops = np.abs(np.concatenate([np.array(one["stop_errors_m"], np.float64) for one in driven]))
    plans, waits = (
        np.concatenate([np.array(one[of], np.float64) for one in driven]) for of in ("plan_ms", "plan_wall_ms")
    )
    minutes = [one["loop_min"] for one in driven if one["finished"]]
    km = sum(one["metres"] for one in driven) / 1000
    takeovers = [takeover for one in driven for takeover in one["takeovers"]]
    found = {
        "loops": len(driven), "hard_loops": sum(one["hard"] for one in driven),
        "unfinished_loops": sum(not one["finished"] for one in driven), "km": km,
        "collisions": len(contacts), "collisions_at_fault": sum(contact["at_fault"] for contact in contacts),
        "red_light_runs": sum(len(one["reds"]) for one in driven),
        "lane_departures": sum(len(one["departures"]) for one in driven),
        "wrong_way": sum(len(one["wrong_way"]) for one in driven),
        "stops": len(stops), "stop_error_p99_m": float(np.percentile(stops, 99)) if len(stops) else float("nan"),
        "comfort_share": sum(one["comfortable_steps"] for one in driven) / max(sum(one["moving_steps"] for one in driven), 1),
        "planner_p50_ms": float(np.percentile(plans, 50)), "planner_p99_ms": float(np.percentile(plans, 99)),
        "planner_wall_p99_ms": float(np.percentile(waits, 99)),
        "loop_min": float(np.median(minutes)) if minutes else float("nan"),
        "loop_max_min": float(np.max(minutes)) if minutes else float("nan"),
        "takeovers_per_100_km": 100 * len(takeovers) / max(km, 1e-9),
        "hard_brakings_per_100_km": 100 * sum(one["hard_brakings"] for one in driven) / max(km, 1e-9),
        "emergency_s": sum(one["emergency_steps"] for one in driven) / 10,
        "least_ttc_s": min(one["least_ttc_s"] for one in driven),
        "median_ttc_s": float(np.median([one["least_ttc_s"] for one in driven])),
        "stepped_out": sum(one["stepped_out"] for one in driven), "cut_in": sum(one["cut_in"] for one in driven),
        "lorries": sum(one["lorries"] for one in driven),
    }  # fmt: skip
    for takeover in takeovers:
        name = f"takeovers_{takeover['reason']}"
        found[name] = found.get(name, 0) + 1
    moving = max(sum(one["moving_steps"] for one in driven), 1)
    for one in driven:  # shares of the time that moved, by what was done and felt
        for cause, steps in one["discomforts"].items():
            found[f"discomfort_{cause}"] = found.get(f"discomfort_{cause}", 0.0) + steps / moving
        for reason, times in one["braked_hard_for"].items():
            found[f"braked_hard_for_{reason}"] = found.get(f"braked_hard_for_{reason}", 0) + times
    return {
        name: round(value, 5) for name, value in found.items() if math.isfinite(value)
    }  # what nobody measured is left out


def _line(found: dict[str, Any]) -> str:
    if "fault" in found:
        return f"the simulation's process ended: {found['fault'].strip().splitlines()[0] if found['fault'] else 'silently'}"
    faults = {name: len(found[name]) for name in ("contacts", "reds", "departures", "wrong_way", "takeovers")}
    return f"{found['loop_min']:.1f} min, {faults}, {found['hard_brakings']} hard brakings, {found['cpu_s']} s of a processor"


def main() -> None:
    """Drive one loop and print what was found of it."""
    parser = argparse.ArgumentParser(prog="python -m jinyun.bench.shuttle", description="one loop of the measurement")
    parser.add_argument("--case", required=True, choices=[case.name for case in cases()], metavar="NAME")
    name = parser.parse_args().case
    print(json.dumps(drive(*_ready(), next(case for case in cases() if case.name == name))))
