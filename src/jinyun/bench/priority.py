"""Priority: what giving way to shuttles and buses saves them, and what it costs who crosses their way.

Ten streets (seeds) are run twice each, with and without priority, everything else alike; each run is a process of its own.
Line vehicles ask as in a running zone (:mod:`jinyun.world.asking`); grants are made by :mod:`jinyun.road.signals` and
executed by the simulated controllers. Measured are the time from where a line's vehicle begins to ask until it has passed
the light, the speed of the lines with their stops, and how long vehicles stand on the approaches that no line uses at those
junctions, for each that passes. Differences are of the same seed; the interval is Student's, at 95 %.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.machine import describe
from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.courses import courses
from jinyun.road.signals.control import Demand, Want
from jinyun.road.signals.network import Network
from jinyun.world.asking import Askers
from jinyun.world.offline import second
from jinyun.world.roadside import Roadside
from jinyun.world.street import STEP_S, Street
from jinyun.zone import Zone

SEEDS = tuple(range(101, 111))
SECONDS, WARM_S = 900.0, 60.0
ASK_STEPS = 5


class Watch:
    """What is measured on one street."""

    def __init__(self, zone: Zone, map: Map) -> None:
        self.waited: dict[str, list[float]] = {"line": [], "asked": []}
        self._since: dict[tuple[int, int], float] = {}
        self.halted = {"line": 0.0, "cross": 0.0}
        self.passed = {"line": 0, "cross": 0}
        self.metres = self.vehicle_s = 0.0
        self._lanes = _approaches(zone, map)
        self._before: dict[str, set[str]] = {}

    def asked(self, asking: list[Any], now_s: float, warm: bool) -> None:
        """Note how long each line's vehicle takes from its first request to passing."""
        for one in asking:
            key = one.number, one.node
            if one.passed:
                since = self._since.pop(key, None)
                if since is not None and warm:
                    self.waited["asked"].append(now_s - since)
            else:
                self._since.setdefault(key, now_s)

    def second(self, api: Any) -> None:
        """Note who stands on the approaches, and who has left them, since the last second."""
        for id in api.vehicle.getIDList():
            if api.vehicle.getLine(id):
                self.metres += api.vehicle.getSpeed(id)
                self.vehicle_s += 1
        for lane, kind in self._lanes.items():
            self.halted[kind] += api.lane.getLastStepHaltingNumber(lane)
            here = set(api.lane.getLastStepVehicleIDs(lane))
            self.passed[kind] += len(self._before.get(lane, set()) - here)
            self._before[lane] = here

    def told(self) -> dict[str, float]:
        waited = self.waited["asked"]
        return {
            "passes": len(waited), "to_pass_s": float(np.mean(waited)) if waited else float("nan"),
            "line_kmh": 3.6 * self.metres / max(self.vehicle_s, 1),
            **{f"{kind}_stand_s": self.halted[kind] / max(self.passed[kind], 1) for kind in self.halted},
        }  # fmt: skip


def _approaches(zone: Zone, map: Map) -> dict[str, str]:
    """Return the driven lanes before the lights that lines pass: ``line`` where a line comes from there, else ``cross``."""
    rows = {str(id): row for row, id in enumerate(map.edges["id"].tolist())}
    used = {rows[edge] for course in courses(zone, map) for edge in course.edges}
    lit = {int(map.edges["end"][edge]) for edge in used} - {-1}
    lit = {junction for junction in lit if map.junctions["steps"][junction] > 0}
    found = {}
    driven = np.isin(map.lanes["kind"], (LaneKind.CAR, LaneKind.BUS))
    for lane in np.flatnonzero(driven & (map.lanes["junction"] < 0)).tolist():
        edge = int(map.lanes["edge"][lane])
        if int(map.edges["end"][edge]) in lit:
            found[str(map.lanes["id"][lane])] = "line" if edge in used else "cross"
    return found


def run(zone: Zone, map: Map, seed: int, priority: bool, seconds: float) -> dict[str, Any]:
    """Drive one street and return what was measured on it."""
    street = Street(zone, map, seed)
    units, askers = Roadside(zone, map, seed, controlled=True), Askers(zone, map)
    network, watch = Network.of(map, zone.profile), Watch(zone, map)
    lights = [plan.plan.id for plan in network.junctions.values()]
    nodes = list(network.junctions)
    lanes = _lanes_by_phase(street.api, map, network)
    wants: dict[int, dict[tuple[int, int], Want]] = defaultdict(dict)
    taken = 0
    try:
        for step in range(round((WARM_S + seconds) / STEP_S)):
            full = second(street) is not None
            now_s = float(street.api.simulation.getTime())
            warm = step * STEP_S >= WARM_S
            if step % ASK_STEPS == 0:
                asking = askers.look(street)
                watch.asked(asking, now_s, warm)
                for one in asking:
                    key = one.number, one.node
                    if one.passed:
                        wants[one.node].pop(key, None)
                    else:
                        wants[one.node][key] = Want(key, one.phase, now_s + one.seconds)
                if priority:
                    steps, left = street.signal_steps(lights)
                    places = dict(zip(nodes, zip(steps, left, strict=True), strict=True))
                    standing = {node: list(of.values()) for node, of in wants.items()}
                    changes = network.step(now_s, places, standing, lambda node: _demand(street.api, lanes[node]))
                    taken += units.change(street, now_s, changes)
            if full and warm:
                watch.second(street.api)
    finally:
        street.close()
    return {**watch.told(), "taken": taken, "ledger": network.told()}


def _lanes_by_phase(api: Any, map: Map, network: Network) -> dict[int, dict[int, set[str]]]:
    """Return for each node and phase the lanes that come to its stop line."""
    found: dict[int, dict[int, set[str]]] = {}
    for node, junction in network.junctions.items():
        row = map.junction_row(junction.plan.id)
        of: dict[int, set[str]] = defaultdict(set)
        lines = np.flatnonzero(map.stop_lines["junction"] == row)
        for line in lines.tolist():
            of[int(map.stop_lines["phase"][line])].add(str(map.lanes["id"][map.stop_lines["lane"][line]]))
        found[node] = of
    return found


def _demand(api: Any, lanes: Mapping[int, set[str]]) -> dict[int, Demand]:
    return {
        phase: Demand(sum(api.lane.getLastStepHaltingNumber(lane) for lane in of))
        for phase, of in lanes.items()
    }  # fmt: skip


def interval(differences: list[float]) -> tuple[float, float]:
    """Return the mean of paired differences and half the width of its 95 % interval (Student)."""
    values = np.array(differences)
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()), half


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Run all streets with and without priority; about half an hour on two cores for the default."""
    results: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for seed in SEEDS:
        for priority in (False, True):
            argv = [sys.executable, "-m", "jinyun.bench.priority", "--seed", str(seed), "--seconds", str(seconds)]
            done = subprocess.run([*argv, *(["--priority"] if priority else [])], capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "a run failed")
            results[priority].append(json.loads(done.stdout.strip().splitlines()[-1]))
    figures: dict[str, float] = {"seeds": len(SEEDS), "seconds": seconds}
    for name in ("to_pass_s", "line_kmh", "cross_stand_s", "line_stand_s"):
        with_, without = ([one[name] for one in results[on]] for on in (True, False))
        mean, half = interval([a - b for a, b in zip(with_, without, strict=True)])
        figures |= {
            f"{name}_without": round(float(np.mean(without)), 2), f"{name}_with": round(float(np.mean(with_)), 2),
            f"{name}_difference": round(mean, 2), f"{name}_difference_ci95": round(half, 2),
        }  # fmt: skip
    figures["passes"] = sum(one["passes"] for one in results[True])
    for name in (
        "requested",
        "needless",
        "granted",
        "used",
        "unused",
        "longer",
        "sooner",
        "benefit_s",
        "cost_vehicle_s",
    ):
        figures[name] = round(sum(one["ledger"][name] for one in results[True]), 1)
    return {"bench": "priority", "machine": describe(), "figures": figures, "peers": {}}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m jinyun.bench.priority", description="one street of the measurement"
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--priority", action="store_true")
    args = parser.parse_args()
    zone = zones.load(zones.find())
    print(json.dumps(run(zone, hdmap.open(zone), args.seed, args.priority, args.seconds)))


if __name__ == "__main__":
    main()
