"""Compiling what driving needs before a shuttle drives: one that has to wait for its compiler stands still in traffic.

``python -m jinyun.vehicle.shuttle.warming --zone FOLDER`` does it in a process of its own, beside a street that runs; numba
keeps what it compiled, so whoever drives then has it in moments.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from jinyun import hdmap
from jinyun.hdmap import Map
from jinyun.net.csae import batch
from jinyun.parent import end_with_parent
from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import Pose, move
from jinyun.vehicle.shuttle.driving import Senses, Shuttle
from jinyun.vehicle.shuttle.guideline import Guideline, guideline
from jinyun.vehicle.shuttle.objects import SEEN
from jinyun.zone import Projection, load


def warm(map: Map, line: Guideline, project: Projection) -> None:
    """Plan and move once, beside somebody on foot, a cycle and a car, with an empty word of the road."""
    shuttle = Shuttle(map, line, project)
    x, y, heading = line.place(np.array([20.0, 12.0, 0.0]), np.array([0.0, 3.0, 0.0]))
    pose = Pose(float(x[2]), float(y[2]), float(heading[2]), 3.0)
    seen = np.zeros(3, SEEN)
    seen["number"], seen["kind"] = np.arange(1, 4), [Kind.MOTOR, Kind.NON_MOTOR, Kind.PEDESTRIAN]
    seen["x_m"], seen["y_m"], seen["heading_rad"] = x[[0, 1, 1]], y[[0, 1, 1]], heading[[0, 1, 1]]
    seen["speed_mps"], seen["length_m"], seen["width_m"], seen["height_m"] = 2.0, 4.0, 1.8, 1.5
    for frame in ("rsmFrame", "spatFrame"):
        batch.decode(frame, *batch.join([b"\0\0"]))
    for k in range(2):
        now_s = 0.2 * k
        commands = shuttle.step(now_s, round(now_s * 1e6), pose, Senses(seen, now_s))
        pose = move(pose, *commands, 0.05)


def main() -> None:
    """Warm for the first line of a zone that has automated vehicles."""
    parser = argparse.ArgumentParser(prog="python -m jinyun.vehicle.shuttle.warming")
    parser.add_argument("--zone", type=Path, required=True)
    end_with_parent()
    zone = load(parser.parse_args().zone)
    map = hdmap.open(zone)
    for line in zone.lines:
        if line.automated and line.kind == "shuttle":
            return warm(map, guideline(zone, map, line), zone.project)


if __name__ == "__main__":
    main()
