"""ETA: how wrong the boards at stops are, five and ten minutes before the shuttle or bus comes.

Streets of several seeds run as the zone describes them, each in a process of its own; once a second the stops are shown what
a frame would hold (vehicles with a normal error of half a metre, no vehicle hidden) and the true places in the signals' plans.
Every foretold arrival is held against when that vehicle really came to a stand at that stop. The first minutes are not counted:
nobody can have foretold what was on its way before.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.machine import describe
from jinyun.hdmap import Map
from jinyun.road.signals.network import Network
from jinyun.road.stop.live import CLASSES, Stops
from jinyun.shapes import Kind
from jinyun.world.offline import second
from jinyun.world.street import STEP_S, Street
from jinyun.zone import Zone

SEEDS = (201, 202)
SECONDS = 1500.0
ASKED_EVERY_S = 5
HORIZONS_S = (120.0, 300.0, 600.0)
WITHIN_S = 5.0
POSITION_SD_M = 0.5
EPOCH_S = 1.7e9


def run(zone: Zone, map: Map, seed: int, seconds: float) -> dict[str, list[float]]:
    """Drive one street; return the errors (foretold less real, s) by horizon."""
    street, stops = Street(zone, map, seed), Stops(zone, map)
    network, rng = Network.of(map, zone.profile), np.random.default_rng(seed)
    lights, nodes = [j.plan.id for j in network.junctions.values()], list(network.junctions)
    told: list[tuple[float, int, str, float]] = []
    came: dict[tuple[int, str], list[float]] = {}
    standing: set[int] = set()
    try:
        for _ in range(round(seconds / STEP_S)):
            now = second(street)
            if now is None:
                continue
            now_s, api = now.time_s, street.api
            tracks = _tracks(api, rng)
            steps, left = street.signal_steps(lights)
            t_us = round((EPOCH_S + now_s) * 1e6)
            places = dict(zip(nodes, zip(steps, left, strict=True), strict=True))
            stops.look(tracks, t_us, places, network, t_us)
            stand = {
                int(id[1:]) for id in api.vehicle.getIDList() if api.vehicle.getLine(id) and api.vehicle.isStopped(id)
            }
            for number in stand - standing:
                vehicle = stops.vehicles.get(number)
                if vehicle is not None:
                    came.setdefault((number, _nearest(stops, number)), []).append(now_s)
            standing = stand
            if round(now_s) % ASKED_EVERY_S == 0:
                for vehicle in stops.vehicles.values():
                    told += [(now_s, vehicle.track, one.stop, one.t_s - EPOCH_S) for one in vehicle.arrivals]
    finally:
        street.close()
    errors: dict[str, list[float]] = {f"{h:g}": [] for h in HORIZONS_S}
    for at_s, number, stop, foretold_s in told:
        real = next((t for t in came.get((number, stop), ()) if t > at_s), None)
        for horizon in HORIZONS_S if real is not None else ():
            assert real is not None
            if abs(real - at_s - horizon) <= WITHIN_S:
                errors[f"{horizon:g}"].append(foretold_s - real)
    return errors


def _nearest(stops: Stops, number: int) -> str:
    vehicle = stops.vehicles[number]
    ribbon = next(one for one in stops.ribbons if one.line.id == vehicle.line)
    return min(ribbon.stops, key=lambda event: abs(float(ribbon.on_m(vehicle.s_m, event.s_m)))).stop


def _tracks(api: Any, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Return all vehicles as a frame's table of tracks."""
    ids = api.vehicle.getIDList()
    rows = np.array([(*api.vehicle.getPosition(id), api.vehicle.getAngle(id), api.vehicle.getSpeed(id)) for id in ids])
    rows = rows.reshape(-1, 4)
    rows[np.abs(rows[:, :2]).max(axis=1) > 1e8, :2] = 1e7  # not on the street yet
    length = np.array([api.vehicle.getLength(id) for id in ids])
    angle = np.radians(rows[:, 2])
    kinds = [CLASSES["shuttle" if api.vehicle.getTypeID(id) == "shuttle" else "bus"] if api.vehicle.getLine(id) else 10
             for id in ids]  # fmt: skip
    noise = rng.standard_normal((2, len(ids))) * POSITION_SD_M
    return {
        "id": np.array([int(id[1:]) for id in ids], np.uint32), "kind": np.full(len(ids), Kind.MOTOR, np.uint8),
        "class": np.array(kinds, np.uint8), "x_m": rows[:, 0] - length / 2 * np.sin(angle) + noise[0],
        "y_m": rows[:, 1] - length / 2 * np.cos(angle) + noise[1], "heading_deg": rows[:, 2], "speed_mps": rows[:, 3],
    }  # fmt: skip


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Run all streets; about five minutes on two cores for the default."""
    errors: dict[str, list[float]] = {f"{h:g}": [] for h in HORIZONS_S}
    for seed in SEEDS:
        argv = [sys.executable, "-m", "jinyun.bench.eta", "--seed", str(seed), "--seconds", str(seconds)]
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "a run failed")
        for horizon, found in json.loads(done.stdout.strip().splitlines()[-1]).items():
            errors[horizon] += found
    figures: dict[str, float] = {"seeds": len(SEEDS), "seconds": seconds}
    for horizon, found in errors.items():
        minutes, of = f"{float(horizon) / 60:g}_min", np.array(found)
        figures[f"n_{minutes}"] = len(of)
        known = len(of) > 0
        figures[f"p50_s_{minutes}"] = round(float(np.median(np.abs(of))), 1) if known else math.nan
        figures[f"p90_s_{minutes}"] = round(float(np.percentile(np.abs(of), 90)), 1) if known else math.nan
        figures[f"bias_s_{minutes}"] = round(float(of.mean()), 1) if known else math.nan
    return {"bench": "eta", "machine": describe(), "figures": figures, "peers": {}}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.bench.eta", description="one street of the measurement")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    zone = zones.load(zones.find())
    print(json.dumps(run(zone, hdmap.open(zone), args.seed, args.seconds)))


if __name__ == "__main__":
    main()
