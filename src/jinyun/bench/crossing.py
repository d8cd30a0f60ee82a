"""Crossing: how right the signs of smart crossings are, how fast, and how soon a dead sensor is admitted.

Streets of several seeds, on which people walk over the smart crossings more often than elsewhere, are seen by the zone's own
sensors; every RSM is decoded and taken as on the live way, and the signs are held against where people really were.

* ``recall``: of the people who leave the kerb onto a crossing, the share for whom the sign was lit by then, or within the time
  the sensor itself takes (its latency and one period). Who walks along on the kerb's edge has left it once he is 0.3 m beyond.
* ``recall_near``: of the tenths of a second in which somebody is within 1.5 m of the kerb and leaves it within a second, those
  in which the sign was lit.
* ``false_share``: of the time that signs are lit, the share in which nobody is on the crossing, stands at it, or steps out
  within the next two seconds.
* ``sensing_to_sign_p99_ms``: from the arrival of the message that changes a sign to the word of it on the broker, with a real
  broker and the road as a process; ``loss_shown_ms``: from the last message of a unit to the sign that says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.brokered import brokered
from jinyun.bench.machine import describe
from jinyun.hdmap import Map
from jinyun.net import topics
from jinyun.net.ingest import BlockReader, open_reader
from jinyun.road.crossing.live import Crossings
from jinyun.road.crossing.place import Place
from jinyun.road.crossing.sign import EDGE_M, Shows
from jinyun.road.seen import look
from jinyun.shapes import Kind
from jinyun.world.offline import Conditions, moments
from jinyun.world.street import STEP_S, Street
from jinyun.zone import Zone

SEEDS, SECONDS, WARM_S = (301, 302), 180.0, 5.0
PERSONS, VEHICLES = 80, 120
SETS_OUT_M = 40.0
"""So near to the crossing's corner people set out, and so far beyond it they walk at most."""
NEAR_M, BESIDE_M, STANDS_MPS = 1.5, 1.0, 0.3
SOON_S, STEPS_OUT_S, SENSOR_S = 1.0, 2.0, 0.2
LIVE_S = 12.0
LIT = (Shows.PEOPLE, Shows.CAR)


class Walked(Street):
    """A street whose people set out near smart crossings and walk over them, to wherever they were going."""

    def __init__(self, zone: Zone, map: Map, seed: int | None = None) -> None:
        self._ground = map
        self._row_of = {str(id): row for row, id in enumerate(map.edges["id"])}
        edge_of, names = map.lanes["edge"], map.edges["id"]
        smart = np.flatnonzero(map.crossings["smart"]).tolist()
        self._smart = {str(names[edge_of[map.crossings["lane"][row]]]): row for row in smart}
        super().__init__(zone, map, seed)

    def _fill(self) -> None:
        self._ways = []
        for way in self._pool["person"]:
            for k in (k for k, edge in enumerate(way) if edge in self._smart):
                first = next((n for n in range(k - 1, -1, -1) if not way[n].startswith(":")), -1)
                last = next((n for n in range(k + 1, len(way)) if not way[n].startswith(":")), -1)
                if first >= 0 and last >= 0:
                    self._ways.append((self._smart[way[k]], way[first : last + 1]))
        super()._fill()

    def _add(self, group: str, midway: bool = False) -> None:
        if group != "person" or not self._ways:
            return super()._add(group, midway)
        crossing, way = self._ways[int(self._rng.integers(len(self._ways)))]
        self._made += 1
        id, api = f"p{self._made}", self.api
        api.person.add(id, way[0], self._near(way[0], crossing), typeID="walker")
        api.person.appendWalkingStage(id, way, self._near(way[-1], crossing))
        self._group[id], self._waiting[id] = group, (group, api.simulation.getTime())

    def _near(self, edge: str, crossing: int) -> float:
        """Return a place on an edge that is at most some metres from the end at which a crossing lies."""
        map, long = self._ground, self._lengths[edge]
        line = map.lane_line(int(map.edges["first"][self._row_of[edge]]))
        at = int(map.crossings["first"][crossing])
        x, y = float(map.crossing_points["x_m"][at]), float(map.crossing_points["y_m"][at])
        off = 0.5 + float(self._rng.random()) * max(min(SETS_OUT_M, long - 1), 0.0)
        ahead = np.hypot(*(line[-1] - (x, y))) < np.hypot(*(line[0] - (x, y)))
        return long - off if ahead else off


def walked(zone: Zone) -> Zone:
    """Return the zone with many walkers and with those of its units alone that watch a crossing."""
    assert zone.traffic is not None
    busy = {"persons": PERSONS, "vehicles": VEHICLES, "connected": 0.0}
    watching = {crossing.rsu for crossing in zone.crossings}
    units = tuple(rsu for rsu in zone.rsus if rsu.id in watching)
    return replace(zone, rsus=units, traffic=zone.traffic.model_copy(update=busy))


def run(zone: Zone, map: Map, seed: int, seconds: float) -> dict[str, list[float]]:
    """Let one street be seen; return counts and the times a look takes."""
    busy = walked(zone)
    crossings = Crossings.of(busy, map)
    prefixes = {f"jinyun.{zone.id}.rsu.{unit}.up.rsm" for unit in crossings.units}
    steps = round(seconds / STEP_S)
    lit = np.zeros((steps, len(crossings.crossings)), bool)
    truth: list[list[NDArray[np.float64]]] = []
    for k, moment in enumerate(moments(busy, map, {"clear": Conditions()}, seconds, seed, Walked)):
        for arrival in moment.road["clear"]:
            if arrival.subject in prefixes:
                seen = look(arrival.subject, arrival.payload, arrival.receive_us, zone.project)
                if seen is not None:
                    crossings.take(seen)
        lit[k] = [state.shows in LIT for state in crossings.states(moment.t_us)]
        now = moment.now
        on_foot = now.kind == Kind.PEDESTRIAN
        people = np.column_stack([now.number, now.x_m, now.y_m, now.speed_mps])[on_foot]
        truth.append([_near(crossing.place, people) for crossing in crossings.crossings])
    counts = {name: 0.0 for name in ("left", "left_lit", "near", "near_lit", "lit", "lit_needless")}
    for j, crossing in enumerate(crossings.crossings):
        for name, value in judge([row[j] for row in truth], lit[:, j], crossing.place.half_width_m).items():
            counts[name] += value
    return {name: [value] for name, value in counts.items()}


def _near(place: Place, people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (number, metres before the nearer kerb, metres across, speed) of the people about a crossing."""
    along, across = place.local(people[:, 1], people[:, 2])
    before = np.where(along <= place.length_m / 2, -along, along - place.length_m)
    about = (np.abs(across) < place.half_width_m + 4) & (before < 6)
    return np.column_stack([people[:, 0], before, across, people[:, 3]])[about]


def judge(truth: list[NDArray[np.float64]], lit: NDArray[np.bool_], half_width_m: float) -> dict[str, float]:
    """Hold one sign against where people were: rows of (number, before the kerb, across, speed) for each tenth of a second."""
    steps, warm, late = len(truth), round(WARM_S / STEP_S), round(SENSOR_S / STEP_S)
    soon, out = round(SOON_S / STEP_S), round(STEPS_OUT_S / STEP_S)
    needed = np.zeros(steps, bool)
    counts = {name: 0.0 for name in ("left", "left_lit", "near", "near_lit", "lit", "lit_needless")}
    paths: dict[int, list[tuple[int, float, float, float]]] = {}
    for k, rows in enumerate(truth):
        for number, before, across, speed in rows.tolist():
            paths.setdefault(int(number), []).append((k, before, across, speed))
    for path in paths.values():
        table = np.array(path)
        at, before, across, speed = table[:, 0].astype(int), table[:, 1], table[:, 2], table[:, 3]
        beside = np.abs(across) <= half_width_m + BESIDE_M
        on = beside & (before < -EDGE_M)
        needed[at[beside & (before < 0)]] = True
        needed[at[beside & (before >= 0) & (before <= NEAR_M) & (speed < STANDS_MPS)]] = True
        for row in np.flatnonzero(~on[:-1] & on[1:] & (np.diff(at) == 1)).tolist():
            k = int(at[row + 1])
            needed[max(k - out, 0) : k] = True
            if k < warm or k + late >= steps or before[row] < -1.0:
                continue
            counts["left"] += 1
            counts["left_lit"] += bool(lit[k : k + late + 1].any())
            earlier = at[max(row - soon + 1, 0) : row + 1]
            was = beside[max(row - soon + 1, 0) : row + 1] & (before[max(row - soon + 1, 0) : row + 1] <= NEAR_M)
            counts["near"] += int(was.sum())
            counts["near_lit"] += int(lit[earlier[was]].sum())
    shown = lit.copy()
    shown[:warm] = False
    counts["lit"], counts["lit_needless"] = float(shown.sum()), float((shown & ~needed).sum())
    return counts


# -- with a real broker -----------------------------------------------------------------------------------------------


def live(zone: Zone, map: Map, seconds: float = LIVE_S) -> dict[str, float]:
    """Play recorded sight to the road as a process; return how fast signs change and how soon a dead unit is shown."""
    busy = walked(zone)
    units = {crossing.rsu for crossing in zone.crossings}
    messages: list[tuple[float, str, bytes]] = []
    base_ms = 0
    for k, moment in enumerate(moments(busy, map, {"clear": Conditions()}, seconds, SEEDS[0], Walked)):
        messages += [
            (k * STEP_S, a.subject, a.payload) for a in moment.road["clear"] if a.subject.split(".")[3] in units
        ]
    try:
        with tempfile.TemporaryDirectory(prefix="jinyun-bench-") as name, brokered(Path(name)) as where:
            argv = [
                sys.executable,
                "-m",
                "jinyun.road",
                "--zone",
                str(zone.folder),
                "--nats-port",
                str(where.nats_port),
            ]
            road = subprocess.Popen([*argv, "--state-dir", name, "--with-parent"], stdin=subprocess.PIPE)
            try:
                return asyncio.run(_play(zone, where.nats_port, messages, base_ms))
            finally:
                road.terminate()
                road.wait(10)
    except OSError as error:
        raise RuntimeError(f"the broker is away: {error}") from None


async def _play(zone: Zone, port: int, messages: list[tuple[float, str, bytes]], base_ms: int) -> dict[str, float]:
    """Send what units saw in its own time, begun at that second of a minute at which it was seen: its stamps are right."""
    reader: BlockReader = await open_reader("127.0.0.1", port, [topics.road_subject(zone.id, "crossing")], "bench")
    deadline = time.monotonic() + 120
    while reader.take() is None:  # the road speaks: it is ready
        if time.monotonic() > deadline:
            raise TimeoutError("the road does not speak")
        await asyncio.sleep(0.05)
    delays: list[float] = []
    shown: dict[str, tuple[Any, ...]] = {}
    silent: dict[str, float] = {}
    await asyncio.sleep((base_ms - time.time_ns() // 1_000_000) % 60_000 / 1000)
    reader.take()
    began, k = time.monotonic(), 0
    last: dict[str, int] = {}
    end = messages[-1][0] + 2.5
    while time.monotonic() - began < end:
        while k < len(messages) and messages[k][0] <= time.monotonic() - began:
            _, subject, payload = messages[k]
            last[subject.split(".")[3]] = time.time_ns() // 1000
            reader.publish(subject, payload)
            k += 1
        await asyncio.sleep(0.001)
        block = reader.take()
        for arrival in block.arrivals() if block is not None else ():
            for one in json.loads(arrival.payload)["crossings"]:
                now = one["shows"], one["waiting"], one["crossing"], one["reason"]
                if shown.get(one["id"]) != now:
                    if one["shows"] != "fault" and shown.get(one["id"], ("fault",))[0] != "fault":
                        delays.append((arrival.receive_us - one["receive_us"]) / 1000)
                    if one["reason"] == "silent" and one["id"] not in silent and k >= len(messages):
                        silent[one["id"]] = (arrival.receive_us - last[one["unit"]]) / 1000
                    shown[one["id"]] = now
    reader.close()
    return {
        "sensing_to_sign_p50_ms": round(float(np.percentile(delays, 50)), 1) if delays else float("nan"),
        "sensing_to_sign_p99_ms": round(float(np.percentile(delays, 99)), 1) if delays else float("nan"),
        "sign_changes": len(delays), "loss_shown_ms": round(max(silent.values()), 1) if silent else float("nan"),
        "losses_shown": len(silent), "losses": len(zone.crossings),
    }  # fmt: skip


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Run all streets and the live part; about four minutes on two cores for the default."""
    total = {name: 0.0 for name in ("left", "left_lit", "near", "near_lit", "lit", "lit_needless")}
    for seed in SEEDS:
        for name, (value,) in _part(["--seed", str(seed), "--seconds", str(seconds)]).items():
            total[name] += value
    figures: dict[str, float] = {
        "people": total["left"], "recall": round(total["left_lit"] / max(total["left"], 1), 4),
        "recall_near": round(total["near_lit"] / max(total["near"], 1), 4),
        "false_share": round(total["lit_needless"] / max(total["lit"], 1), 4), "lit_s": round(total["lit"] * STEP_S, 1),
        **_part(["--live"]),
    }  # fmt: skip
    return {"bench": "crossing", "machine": describe(), "figures": figures, "peers": {}}


def _part(arguments: list[str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "jinyun.bench.crossing", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "a run failed")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.bench.crossing", description="one part of the measurement")
    parser.add_argument("--seed", type=int, default=SEEDS[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--live", action="store_true")
    args = parser.parse_args()
    zone = zones.load(zones.find())
    map = hdmap.open(zone)
    print(json.dumps(live(zone, map) if args.live else run(zone, map, args.seed, args.seconds)))


if __name__ == "__main__":
    main()
