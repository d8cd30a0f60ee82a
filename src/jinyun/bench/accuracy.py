"""Accuracy: the fused picture of the simulated street against what really was there.

The street of science-city is run without a broker (:mod:`jinyun.world.offline`): every message is encoded by its sender and
decoded by the cloud as on the live way, and arrives with its delay. The same street is seen under several conditions at
once: as the zone states its sensors, in fog, in rain, with one roadside unit turned by two degrees, and with the clocks of
two units 300 ms wrong, one behind and one ahead; and once with the words of the cars alone and the roadside alone. Scored by
:mod:`.scoring`, which reads the truth and the published tracks only. All of it is simulated.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench import scoring
from jinyun.bench.machine import describe
from jinyun.cloud import twin
from jinyun.cloud.decode import Decoder
from jinyun.cloud.tracking import trust
from jinyun.net.block import Arrival, Block
from jinyun.shapes import SIGHTING, SIGNAL
from jinyun.world.faults import Fault
from jinyun.world.offline import Conditions, Moment, moments

ZONE = "science-city"
SECONDS = 600.0
SCORED_EVERY = 5
"""Of ten frames a second two are scored."""
BEGIN_FRAMES = 20
"""In the first two seconds everybody is new; they are not scored."""
TOLD_EVERY = 300
"""Frames between two words on how far it is."""
TURN_DEG, CLOCK_MS = 2.0, 300.0
TURNED, BEHIND, AHEAD = "RSU-A5", "RSU-A5", "RSU-A6"
CONDITIONS: Mapping[str, Conditions] = {
    "stated": Conditions(),
    "fog": Conditions("fog"),
    "rain": Conditions("rain"),
    "turned": Conditions(faults={TURNED: Fault(turn_deg=TURN_DEG)}),
    "clock": Conditions(faults={BEHIND: Fault(clock_ms=-CLOCK_MS), AHEAD: Fault(clock_ms=CLOCK_MS)}),
}
ABLATION = {"bsm_only": (True, False), "rsu_only": (False, True)}
"""Whose messages are used: the cars', the roadside's."""


@dataclass(slots=True)
class Run:
    """One cloud at work on what arrives, and what it published."""

    decoder: Decoder
    own: bool = True
    road: bool = True
    began_us: int = 0
    twin: twin.State = field(default_factory=twin.State)
    shown: list[NDArray[np.void]] = field(default_factory=list)
    truth: list[NDArray[np.void]] = field(default_factory=list)
    found_us: dict[str, int] = field(default_factory=dict)

    def step(self, frame: int, moment: Moment, arrivals: list[Arrival], due: NDArray[np.bool_]) -> None:
        """Take what arrived and keep the frame, and every fifth time the truth, for scoring."""
        self.began_us = self.began_us or moment.t_us
        sightings = self.decoder.read(Block.of(arrivals)).sightings if arrivals else np.empty(0, SIGHTING)
        tracks = twin.step(self.twin, sightings, np.empty(0, SIGNAL), moment.t_us).tracks
        for row, *_ in trust.offsets(self.twin.tracks.trust):
            source = self.decoder.sources.at(row)
            if source is not None:
                self.found_us.setdefault(source.device, moment.t_us)
        if frame >= BEGIN_FRAMES and frame % SCORED_EVERY == 0:
            shown = np.zeros(len(tracks), scoring.SHOWN)
            for name in ("id", "kind", "x_m", "y_m", "speed_mps", "heading_rad"):
                shown[name] = tracks[name]
            shown["frame"] = frame
            self.shown.append(shown)
            self.truth.append(_truth(frame, moment, due))

    def offset_of(self, device: str) -> tuple[float, float, float, float] | None:
        """Return (east m, north m, clockwise rad, clock s) that the cloud takes out of a unit's sightings."""
        source = self.decoder.sources.find("rsu", device)
        for row, *offset in trust.offsets(self.twin.tracks.trust):
            if source is not None and row == source.row:
                return offset[0], offset[1], offset[2], offset[3]
        return None


def _truth(frame: int, moment: Moment, due: NDArray[np.bool_]) -> NDArray[np.void]:
    now = moment.now
    rows = np.zeros(len(now.number), scoring.TRUE)
    rows["frame"], rows["id"], rows["kind"], rows["due"] = frame, now.number, now.kind, due
    rows["x_m"], rows["y_m"] = now.x_m, now.y_m
    rows["speed_mps"], rows["heading_rad"] = now.speed_mps, now.heading_rad
    return rows


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Run ``seconds`` of the street and return the figures.

    Those of the stated conditions have no prefix (``recall``, ``car_idf1`` ...); the others have that of their condition
    (``fog_recall``); ``bsm_only_`` and ``rsu_only_`` are the ablation. ``turned_found_deg`` and ``clock_found_ms`` are what
    the cloud takes out of the faulty units' sightings at the end (missing where it found nothing), ``..._after_s`` when it
    began to, and ``healthy_units_accused`` how many others it wrongs under any condition. What has no value (the places of
    cyclists nobody reported) is left out. How far it is goes to standard error. Raises ``ImportError`` where
    motmetrics is not installed.
    """
    import motmetrics  # type: ignore[import-untyped]  # before minutes of work, not after

    runs = simulate(seconds)
    found: dict[str, float] = {}
    for name, run in runs.items():
        prefix = "" if name == "stated" else f"{name}_"
        print(f"scoring {name}", file=sys.stderr)
        its = scoring.figures(np.concatenate(run.truth), np.concatenate(run.shown))
        found |= {prefix + key: round(value, 5) for key, value in its.items() if np.isfinite(value)}
    found |= _faults(runs)
    return {
        "bench": "accuracy",
        "machine": describe(),
        "figures": {"simulated_s": seconds, **found},
        "peers": {"motmetrics": {"version": motmetrics.__version__}},
    }


def simulate(seconds: float) -> dict[str, Run]:
    """Run the street and one cloud for each set of conditions, and for each part of the ablation."""
    here = zones.load(zones.find(ZONE))
    map = hdmap.open(here)
    runs = {name: Run(Decoder(here.project)) for name in CONDITIONS}
    runs |= {name: Run(Decoder(here.project), own=own, road=road) for name, (own, road) in ABLATION.items()}
    runs["stated"].decoder.warm()
    began = time.monotonic()
    for frame, moment in enumerate(moments(here, map, CONDITIONS, seconds)):
        for name, run in runs.items():
            conditions = name if name in CONDITIONS else "stated"
            arrivals = [*(moment.own if run.own else ()), *(moment.road[conditions] if run.road else ())]
            arrivals.sort(key=lambda arrival: arrival.receive_us)
            run.step(frame, moment, arrivals, moment.visible[conditions] | moment.connected)
        if frame % TOLD_EVERY == TOLD_EVERY - 1:
            took = time.monotonic() - began
            print(f"{(frame + 1) / 10:.0f} of {seconds:.0f} s of street in {took:.0f} s", file=sys.stderr)
    return runs


def _faults(runs: Mapping[str, Run]) -> dict[str, float]:
    """Return what the clouds found out about the faulty units, and how many sound ones they suspect."""
    found: dict[str, float] = {}
    for name, device, column, scale, unit in (
        ("turned", TURNED, 2, 180 / np.pi, "deg"),
        ("clock", BEHIND, 3, 1000.0, "ms"),
    ):
        run = runs[name]
        offset = run.offset_of(device)
        if offset is not None:
            found[f"{name}_found_{unit}"] = round(offset[column] * scale, 3)
            found[f"{name}_found_after_s"] = (run.found_us[device] - run.began_us) / 1e6
    accused = 0
    for name, run in runs.items():
        guilty = CONDITIONS[name].faults if name in CONDITIONS else {}
        accused += len(run.found_us.keys() - guilty.keys())
    return found | {"healthy_units_accused": float(accused)}
