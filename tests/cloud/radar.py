"""A recorded roadside radar through the fusion: how stable and smooth its tracks are, and a picture of them.

    python -m tests.cloud.radar ../shared/data/roadside/radar-tracks-xiongan.json [--no-numbers] [--picture tracks.png]

There is no truth in a recording. Printed is what can be seen without one: how long tracks live, whether the radar's own
number of a vehicle stays with one track, how hard a vehicle would have to accelerate to drive as its track does, and how far
the track is, across its way, from the parabola over two seconds of it; the radar's own places beside it. In the picture the
radar's places are grey dots and each track is a line of its own colour. With ``--no-numbers`` the fusion is given another
number for every look, so that it has places and motion alone to go by.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import twin
from jinyun.cloud.decode import Decoder
from jinyun.cloud.recordings import open_recording
from jinyun.hdmap.picture import Canvas
from jinyun.net.block import Arrival
from jinyun.shapes import SIGNAL, TRACK
from jinyun.zone import Projection

Floats = NDArray[np.float64]
LEAST_S = 2.0
"""Tracks shorter than this have no shape."""
MOVING_MPS = 1.5
WINDOW = 20
SAME_M = 4.0
"""A track farther from a look than this does not show it."""


@dataclass
class Shown:
    """All tracks of all frames with their instants, and the looks (t_us, number, x, y) they were made of."""

    frames: list[tuple[int, NDArray[np.void]]] = field(default_factory=list)
    looks: list[tuple[int, int, float, float]] = field(default_factory=list)

    def tracks(self) -> dict[int, NDArray[np.void]]:
        """Return the rows of each track in time, ``last_us`` replaced by the frame's instant."""
        rows = []
        for t_us, tracks in self.frames:
            its = tracks.copy()
            its["last_us"] = t_us
            rows.append(its)
        every = np.concatenate(rows) if rows else np.empty(0, TRACK)
        return {int(id): every[every["id"] == id] for id in np.unique(every["id"])}


def fuse(path: Path, numbers: bool = True) -> Shown:
    """Run the recording through decoder and twin, a frame each 100 ms; without ``numbers`` the fusion sees none."""
    arrivals = list(open_recording(path, "here").arrivals)
    where = Decoder(lambda lon, lat: (lon, lat)).decode(arrivals[:50]).sightings
    decoder = Decoder(Projection(float(np.median(where["x_m"])), float(np.median(where["y_m"]))))
    state, shown = twin.State(), Shown()
    now_us = arrivals[0].receive_us // twin.TICK_US * twin.TICK_US
    waiting: list[Arrival] = []
    for arrival in [*arrivals, Arrival(arrivals[-1].receive_us + twin.TICK_US, "", b"")]:
        while arrival.receive_us >= now_us + twin.TICK_US:
            now_us += twin.TICK_US
            seen = decoder.decode(waiting).sightings
            waiting = []
            names = ("event_us", "participant", "x_m", "y_m")
            shown.looks += list(zip(*(seen[name].tolist() for name in names), strict=True))
            if not numbers:
                seen["participant"] = len(shown.looks) + np.arange(len(seen)) + 1
            shown.frames.append((now_us, twin.step(state, seen, np.empty(0, SIGNAL), now_us).tracks))
        waiting.append(arrival)
    return shown


def wobble_m(t_s: Floats, x: Floats, y: Floats) -> Floats:
    """Return how far, across the way, each place lies from the parabola through the two seconds about it."""
    off = []
    for first in range(0, len(t_s) - WINDOW + 1, WINDOW // 2):
        part = slice(first, first + WINDOW)
        t = t_s[part] - t_s[part].mean()
        fit_x, fit_y = np.polyfit(t, x[part], 2), np.polyfit(t, y[part], 2)
        vx, vy = np.polyval(np.polyder(fit_x), t), np.polyval(np.polyder(fit_y), t)
        dx, dy = x[part] - np.polyval(fit_x, t), y[part] - np.polyval(fit_y, t)
        off.append((dx * vy - dy * vx) / np.maximum(np.hypot(vx, vy), 1e-6))
    return np.concatenate(off) if off else np.empty(0)


def figures(shown: Shown) -> dict[str, float]:
    """Return the figures of a recording's tracks; what nothing can be said of is left out."""
    tracks = shown.tracks()
    span_s = (shown.frames[-1][0] - shown.frames[0][0]) / 1e6
    lengths = np.array([(rows["last_us"][-1] - rows["last_us"][0]) / 1e6 for rows in tracks.values()])
    gaps = sum(int((np.diff(rows["last_us"]) > 1.5 * twin.TICK_US).sum()) for rows in tracks.values())
    long = [rows for rows in tracks.values() if rows["last_us"][-1] - rows["last_us"][0] >= LEAST_S * 1e6]
    moving = [rows for rows in long if np.median(rows["speed_mps"]) > MOVING_MPS]
    accel = [np.diff(rows["speed_mps"].astype(np.float64)) / (np.diff(rows["last_us"]) / 1e6) for rows in moving]
    jerk = [np.diff(a) / (twin.TICK_US / 1e6) for a in accel]
    across = [wobble_m(rows["last_us"] / 1e6, rows["x_m"], rows["y_m"]) for rows in moving]
    of_radar = defaultdict(list)
    for t_us, number, x, y in shown.looks:
        of_radar[number].append((t_us / 1e6, x, y))
    raw = []
    for its in of_radar.values():
        t, x, y = np.array(sorted(its)).T
        if len(t) >= WINDOW and np.hypot(x[-1] - x[0], y[-1] - y[0]) > MOVING_MPS * (t[-1] - t[0]):
            raw.append(wobble_m(t, x, y))
    switches, followed = _switches(shown)
    found = {
        "seconds": span_s, "radar_numbers": len(of_radar), "numbers_followed": followed, "switches": switches,
        "tracks": len(tracks), "track_p50_s": float(np.median(lengths)), "whole_span": int((lengths > 0.9 * span_s).sum()),
        "short_tracks": int((lengths < 1.0).sum()), "gaps": gaps, "moving_tracks": len(moving),
    }  # fmt: skip
    for name, values in (("accel_mps2", accel), ("jerk_mps3", jerk), ("wobble_m", across), ("radar_wobble_m", raw)):
        if values:
            every = np.abs(np.concatenate(values))
            found[f"{name}_p50"], found[f"{name}_p95"] = (float(np.percentile(every, share)) for share in (50, 95))
    return {name: round(float(value), 3) for name, value in found.items()}


def _switches(shown: Shown) -> tuple[int, int]:
    """Return (how often a number of the radar went to another track, numbers that some track followed for a second)."""
    at = {t_us: tracks for t_us, tracks in shown.frames}
    followed: dict[int, list[int]] = defaultdict(list)
    for event_us, number, x, y in sorted(shown.looks):
        tracks = at.get(-(-event_us // twin.TICK_US) * twin.TICK_US)
        if tracks is None or not len(tracks):
            continue
        back_s = (-(-event_us // twin.TICK_US) * twin.TICK_US - event_us) / 1e6
        far = np.hypot(
            tracks["x_m"] - tracks["speed_mps"] * back_s * np.sin(tracks["heading_rad"]) - x,
            tracks["y_m"] - tracks["speed_mps"] * back_s * np.cos(tracks["heading_rad"]) - y,
        )
        nearest = int(far.argmin())
        if far[nearest] < SAME_M:
            followed[number].append(int(tracks["id"][nearest]))
    long = [ids for ids in followed.values() if len(ids) >= 10]
    return sum(a != b for ids in long for a, b in pairwise(ids)), len(long)


def picture(shown: Shown) -> bytes:
    """Return the looks and tracks as PNG, north up."""
    looks = np.array([(x, y) for _, _, x, y in shown.looks])
    (west, south), (east, north) = np.percentile(looks, 0.5, axis=0) - 10, np.percentile(looks, 99.5, axis=0) + 10
    canvas = Canvas(float(west), float(south), float(east), float(north))
    half = np.array([0.25, 0.0])
    canvas.lines(looks - half, looks + half, 0.5, (176, 180, 186))
    rng = np.random.default_rng(5)
    for rows in shown.tracks().values():
        places = np.column_stack([rows["x_m"], rows["y_m"]])
        one, two, three = rng.integers(20, 200, 3).tolist()
        canvas.lines(places[:-1], places[1:], 0.4, (one, two, three))
    return canvas.png()


def main() -> None:
    """Read the command line, run, and print."""
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("file", type=Path)
    top.add_argument("--picture", type=Path, metavar="FILE")
    top.add_argument("--no-numbers", action="store_true")
    args = top.parse_args()
    shown = fuse(args.file, not args.no_numbers)
    if args.picture:
        args.picture.write_bytes(picture(shown))
    result: dict[str, Any] = {"file": str(args.file), "figures": figures(shown)}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
