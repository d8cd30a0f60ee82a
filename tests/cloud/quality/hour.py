"""Run the simulated street as fast as it goes through the signal checks and print what was found: the evidence behind
``docs/signal-quality.md``.

    python -m tests.cloud.quality.hour --seconds 3600 [--shift RSU-A2] [--drop-connection RSU-A2]

Lights come from SUMO itself through our SPAT encoder and decoder, MAPs through ours, vehicles with noise of 0.4 m, 2 degrees
and 0.3 m/s. ``--shift`` tells a junction's lights half a cycle late, ``--drop-connection`` leaves the first
connection of each lane out of a junction's MAP.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap, zone
from jinyun.cloud.quality.received import MapHeard
from jinyun.cloud.quality.truth import SignalTruth
from jinyun.hdmap import Map, mapdata_parts
from jinyun.net import csae
from jinyun.shapes import TRACK, Finding, Frame
from jinyun.world.signals import Signals
from jinyun.world.street import Snapshot, Street
from jinyun.zone import Zone
from tests.cloud.quality.lamps import START_US, numbered, spat


class Scene:
    """The street with its lights and maps as told; faults are planted by the unit's name."""

    def __init__(self, here: Zone, map: Map, shifted: str = "", drop: str = "", seed: int = 7) -> None:
        self.map, self.region = map, here.map.region
        units = [(rsu.id, rsu.junction) for rsu in here.rsus if rsu.junction is not None]
        self.names = [name for name, _ in units]
        lit = [(k, id) for k, (_, id) in enumerate(units) if map.junctions["steps"][map.junction_row(id)] > 0]
        self.source = np.array([k for k, _ in lit], np.int64)
        self.lights = [id for _, id in lit]
        self.signals = Signals(map, [map.junction_row(id) for id in self.lights])
        self.street = Street(here, map)
        self.rng = np.random.default_rng(seed)
        self.shift_s = np.zeros(len(lit))
        if shifted:
            at = int(np.flatnonzero(self.source == self.names.index(shifted))[0])
            self.shift_s[at] = float(map.junctions["cycle_s"][map.junction_row(self.lights[at])]) / 2
        self.frames = []
        for k, (name, id) in enumerate(units):
            for part in mapdata_parts(map, map.junction_row(id)):
                if name == drop:
                    for link in part["nodes"][0].get("inLinks", ()):
                        for lane in link["lanes"]:
                            if len(lane.get("connectsTo", ())) > 1:
                                lane["connectsTo"] = lane["connectsTo"][1:]
                self.frames.append((k, csae.encode("mapFrame", part)))
        self.count = 0

    def name_of(self, row: int) -> str:
        return f"rsu/{self.names[row]}"

    def step(self, truth: SignalTruth) -> tuple[list[Finding], Snapshot]:
        """Move on by 0.1 s and return what was found."""
        now = self.street.step()
        t_us = START_US + round(now.time_s * 1e6)
        self.count = (self.count + 1) % 128
        steps, left_s = self.street.signal_steps(self.lights)
        n = len(self.lights)
        columns: Any = self.signals.spat(steps, left_s, self.shift_s, [t_us] * n, [self.count] * n, self.region)
        heard = []
        if self.count % 10 == 0:
            heard = [MapHeard(k, t_us + 12_000, numbered(frame, self.count // 10)) for k, frame in self.frames]
        found = truth.take([spat(columns, np.full(n, t_us, np.int64), self.source)], heard, t_us + 20_000)
        found += truth.frame(Frame(0, t_us, tracks(now, t_us, self.rng), np.empty(0)))
        return found, now


def tracks(now: Snapshot, t_us: int, rng: np.random.Generator) -> NDArray[np.void]:
    """Return everybody as tracks, with the noise of fused sensors."""
    rows = np.zeros(len(now.number), TRACK)
    for name in ("kind", "classification", "length_m", "width_m", "height_m"):
        rows[name] = getattr(now, name)
    rows["id"], rows["last_us"] = now.number, t_us
    for name, sd in (("x_m", 0.4), ("y_m", 0.4), ("heading_rad", np.radians(2.0)), ("speed_mps", 0.3)):
        rows[name] = getattr(now, name) + sd * rng.standard_normal(len(rows))
    rows["speed_mps"] = np.maximum(rows["speed_mps"], 0)
    return rows


def found_in(scene: Scene, truth: SignalTruth, seconds: float) -> Iterator[tuple[int, list[Finding]]]:
    for step in range(int(seconds * 10)):
        yield step, scene.step(truth)[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--shift", default="")
    parser.add_argument("--drop-connection", default="")
    args = parser.parse_args()
    here = zone.load(zone.find())
    map = hdmap.open(here)
    scene = Scene(here, map, args.shift, args.drop_connection)
    truth = SignalTruth(here, map, scene.name_of)
    causes: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], tuple[float, str]] = {}
    began = time.perf_counter()
    for step, found in found_in(scene, truth, args.seconds):
        for one in found:
            key = (one.rule, one.source, one.field)
            causes[key] += 1
            first.setdefault(key, (step / 10, one.reason))
        if step % 3000 == 2999:
            print(f"{(step + 1) / 10:.0f} s of street in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    colours: Counter[str] = Counter()
    for station in truth.summary()["stations"]:
        for phase in station["phases"]:
            colours.update(phase["crossed_on"])
    told = [
        {
            "rule": key[0],
            "source": key[1],
            "field": key[2],
            "findings": n,
            "after_s": first[key][0],
            "reason": first[key][1],
        }
        for key, n in causes.most_common()
    ]
    drives = truth.movements.drives if truth.movements else 0
    print(
        json.dumps(
            {"simulated": True, "seconds": args.seconds, "found": told, "crossed_on": colours, "drives": drives},
            indent=1,
        )
    )
    scene.street.close()


if __name__ == "__main__":
    main()
