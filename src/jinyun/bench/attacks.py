"""Attacks: cars of the simulated street that lie in the ways of the VeReMi data set, before the cloud that is to find them.

The street of science-city is run without a broker (:mod:`jinyun.world.offline`). For a time everybody is honest, and the
cloud learns where the road sees nearly everybody; then a share of the connected cars attacks (:mod:`jinyun.world.attacks`),
in each of several clouds by another class of attack, and in one nobody does. What is asked: how many liars were named and
how soon, how many honest ones besides, and whether the picture goes on to show everybody who is really there. All of it is
simulated; the attackers know nothing of the checks.
"""

from __future__ import annotations

import copy
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench import scoring
from jinyun.bench.accuracy import SCORED_EVERY, ZONE
from jinyun.bench.machine import describe
from jinyun.cloud import twin
from jinyun.cloud.decode import Decoder
from jinyun.cloud.quality.claims import Claims
from jinyun.hdmap import Map
from jinyun.net import topics
from jinyun.net.block import Arrival, Block
from jinyun.shapes import SIGHTING, SIGNAL, Finding
from jinyun.world import attacks
from jinyun.world.offline import Conditions, Moment, moments
from jinyun.zone import Zone

SECONDS = 300.0
HONEST_SHARE = 0.4
"""Of the whole time; the rest is attacked."""
ATTACKERS = 0.2
"""Of the connected cars."""
JUDGED_S = 10.0
"""Whoever lies for less than this is not counted: most of them leave the zone."""
ASKED_EVERY = 10
TOLD_EVERY = 300


@dataclass(slots=True)
class Run:
    """One cloud, what attacks it, whom it names, and what it shows."""

    zone: Zone
    map: Map
    decoder: Decoder
    twin: twin.State = field(default_factory=twin.State)
    attack: attacks.Attack | None = None
    named: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    heard_us: dict[str, list[int]] = field(default_factory=dict)
    shown: list[NDArray[np.void]] = field(default_factory=list)
    truth: list[NDArray[np.void]] = field(default_factory=list)
    doubted: int = 0
    claims: Claims = field(init=False)

    def __post_init__(self) -> None:
        self.claims = Claims(self.name_of, self.map)

    def name_of(self, row: int) -> str:
        source = self.decoder.sources.at(row)
        return source.name if source else "?"

    def attacked_by(self, kind: str, begins_us: int) -> Run:
        """Return a cloud that knows what this one knows and is attacked from now on; no kind: that nobody attacks."""
        other = copy.deepcopy(self, {id(self.map): self.map, id(self.zone): self.zone})
        other.attack = attacks.Attack(kind, self.zone.project, ATTACKERS, begins_us) if kind else None
        other.named, other.heard_us = {}, {}
        return other

    def step(self, frame: int, moment: Moment, own: list[Arrival], counts: bool) -> None:
        """Take a tenth of a second as the live cloud does; where it ``counts``, keep what is scored."""
        if self.attack is not None:
            own = self.attack.on(own)
        arrivals = sorted([*own, *moment.road["stated"]], key=lambda arrival: arrival.receive_us)
        decoded = self.decoder.read(Block.of(arrivals)) if arrivals else None
        sightings = decoded.sightings if decoded else np.empty(0, SIGHTING)
        self._note(decoded.findings if decoded else [], moment.t_us)
        self._note(self.claims.take(sightings, moment.t_us), moment.t_us)
        picture = twin.step(self.twin, sightings, np.empty(0, SIGNAL), moment.t_us)
        if frame % ASKED_EVERY == 0:
            self._note(self.claims.ask(picture.tracks, moment.t_us), moment.t_us)
        if not counts:
            return
        for arrival in own:
            self.heard_us.setdefault(_device(arrival), [moment.t_us, 0])[1] = moment.t_us
        if frame % SCORED_EVERY == 0:
            shown = np.zeros(len(picture.tracks), scoring.SHOWN)
            for name in ("id", "kind", "x_m", "y_m", "speed_mps", "heading_rad"):
                shown[name] = picture.tracks[name]
            shown["frame"] = frame
            self.shown.append(shown)
            self.truth.append(_truth(frame, moment))

    def _note(self, findings: list[Finding], t_us: int) -> None:
        for one in findings:
            if one.rule.startswith("claim.") or one.rule == "source.flood":
                self.named.setdefault((one.source, one.rule), []).append(t_us)


def _device(arrival: Arrival) -> str:
    return arrival.subject.split(".")[attacks.DEVICE_AT]


def _truth(frame: int, moment: Moment) -> NDArray[np.void]:
    now = moment.now
    rows = np.zeros(len(now.number), scoring.TRUE)
    rows["frame"], rows["id"], rows["kind"], rows["due"] = frame, now.number, now.kind, moment.visible["stated"]
    rows["x_m"], rows["y_m"] = now.x_m, now.y_m
    rows["speed_mps"], rows["heading_rad"] = now.speed_mps, now.heading_rad
    return rows


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Run ``seconds`` of the street and return for each class of attack (``sybil_detected_share`` ...):

    ``detected_share`` of the ``attackers`` that lied for 10 s or longer, ``found_p50_s`` and ``found_p95_s`` after their
    first lie (of those found), ``accused`` honest cars and accusations (of one car by one rule) ``false_per_hour`` of an
    honest vehicle; ``recall`` and ``recall_of_attackers``: the share of honest participants, and of attackers' real
    vehicles, that a roadside sensor could see and that the picture shows, beside what it shows of the same when nobody
    attacks (``..._unattacked``), and ``false_share`` of all tracks. ``healthy_`` is the street without an attack.
    """
    runs = simulate(seconds)
    found: dict[str, float] = {"simulated_s": seconds}
    for name, run in runs.items():
        its = _named(run) | _shown(run, runs["healthy"])
        found |= {f"{name}_{key}": round(value, 5) for key, value in its.items() if np.isfinite(value)}
    return {"bench": "attacks", "machine": describe(), "figures": found, "peers": {}}


def simulate(seconds: float) -> dict[str, Run]:
    """Run the street and return the cloud of each class of attack, and the one that nobody attacks (``healthy``)."""
    here = zones.load(zones.find(ZONE))
    most_hz = {kind: here.profile[f"link.{kind}_most_hz"].value for kind in topics.DEVICE_KINDS
               if f"link.{kind}_most_hz" in here.profile}  # fmt: skip
    map = hdmap.open(here)
    one = Run(here, map, Decoder(here.project, most_hz))
    one.decoder.warm()
    begin_frame = round(seconds * HONEST_SHARE * 10)
    runs, began = {"learning": one}, time.monotonic()
    for frame, moment in enumerate(moments(here, map, {"stated": Conditions()}, seconds)):
        if frame == begin_frame:
            runs = {name or "healthy": one.attacked_by(name, moment.t_us) for name in ("", *attacks.KINDS)}
        for run in runs.values():
            run.step(frame, moment, moment.own, frame >= begin_frame)
        if frame % TOLD_EVERY == TOLD_EVERY - 1:
            took = time.monotonic() - began
            print(f"{(frame + 1) / 10:.0f} of {seconds:.0f} s of street in {took:.0f} s", file=sys.stderr)
    return runs


def _named(run: Run) -> dict[str, float]:
    """Return who was named, rightly and wrongly."""
    lies = run.attack.lies_since_us if run.attack else {}
    guilty = {f"obu/{device}": since_us for device, since_us in lies.items()
              if run.heard_us.get(device, [0, 0])[1] - since_us >= JUDGED_S * 1e6}  # fmt: skip
    every = {f"obu/{device}" for device in lies}
    after_s = {
        source: (min(min(at) for (who, _), at in run.named.items() if who == source) - since_us) / 1e6
        for source, since_us in guilty.items()
        if any(who == source for who, _ in run.named)
    }
    wrong = [(source, rule) for source, rule in run.named if source not in every]
    honest_s = sum(
        (last - first) / 1e6 for device, (first, last) in run.heard_us.items() if f"obu/{device}" not in every
    )
    found: dict[str, float] = {}
    if guilty:
        took = list(after_s.values())
        found |= {"attackers": len(guilty), "detected_share": len(took) / len(guilty)}
        if took:
            found |= {"found_p50_s": float(np.median(took)), "found_p95_s": float(np.percentile(took, 95))}
    return found | {
        "honest_vehicle_hours": honest_s / 3600,
        "accused": len({source for source, _ in wrong}),
        "false_per_hour": len(wrong) / max(honest_s / 3600, 1e-9),
    }


def _shown(run: Run, healthy: Run) -> dict[str, float]:
    """Return what the picture shows of those who are really there, beside the picture nobody attacked."""
    truth, shown, usual = (np.concatenate(rows) for rows in (run.truth, run.shown, healthy.shown))
    lies = run.attack.lies_since_us if run.attack else {}
    guilty = np.isin(truth["id"], [int(device[1:]) for device in lies if device.startswith("C")])
    found: dict[str, float] = {}
    for name, who in (("recall", ~guilty), ("recall_of_attackers", guilty)):
        asked = truth.copy()
        asked["due"] &= who
        if not asked["due"].any():
            continue
        found[name], false_share, position_p95_m = scoring.shares(asked, shown)
        if name == "recall":
            found |= {"false_share": false_share, "position_p95_m": position_p95_m}
        if run is not healthy:
            found[f"{name}_unattacked"] = scoring.shares(asked, usual)[0]
    return found
