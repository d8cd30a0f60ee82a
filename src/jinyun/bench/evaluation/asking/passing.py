"""Cases of passing by appointment (协作通行测例): CIP at junctions without lights, CVM where ways merge.

Due is a plan for one who asks with nobody else near; undue is a plan at a junction with lights, and a pair of plans whose
bodies, driven here from point to point as the messages say, ever touch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.asking.town import Town
from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.hdmap import LaneKind, Turn
from jinyun.hdmap.precise import Conflict

Rng = np.random.Generator
BITS = {Turn.STRAIGHT: 1 << 10, Turn.LEFT: 1 << 9, Turn.RIGHT: 1 << 8}
RAMP = 1 << 12
STEP_S = 0.1
LENGTH_M, WIDTH_M = 4.6, 1.8


def junction(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Let one or two ask to pass a junction, with lights or without."""
    _ask(town, rng, verdict, "CIP", Conflict.CROSSING)


def merge(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Let one or two ask to merge."""
    _ask(town, rng, verdict, "CVM", Conflict.MERGING)


def _ask(town: Town, rng: Rng, verdict: Verdict, application: str, kind: int) -> None:
    map, c = town.map, town.map.conflicts
    lit = bool(rng.random() < 0.5)
    links = map.links
    fits = (c["kind"] == kind) & (map.junctions["signalised"][c["junction"]] == lit)
    ways = np.bincount(links["start"], minlength=len(map.lanes["id"]))
    named = links["start"].astype(np.int64) * 256 + links["turn"]
    _, which, many = np.unique(named, return_inverse=True, return_counts=True)
    for side in ("first", "second"):
        start = links["start"][c[side]]
        fits &= many[which[c[side]]] == 1  # its turn names one way
        if application == "CVM":
            fits &= ways[start] == 1  # who merges does not say by which way: there must be one
        fits &= (map.lanes["kind"][start] == LaneKind.CAR) & (links["via"][c[side]] >= 0)
        fits &= (map.lanes["length_m"][start] > 60.0) & (map.lanes["kind"][links["end"][c[side]]] == LaneKind.CAR)
    rows = np.flatnonzero(fits)
    if not len(rows):
        return
    row = int(rng.choice(rows))
    two, askers, heard = bool(rng.random() < 0.6), [], []
    for side in ("first", "second")[: 1 + two]:
        link = int(c[side][row])
        own = int(links["start"][link])
        before, speed = float(rng.uniform(30, 50)), float(rng.uniform(4, 9))
        who = town.on(own, float(map.lanes["length_m"][own]) - before, speed)
        turn = next((t for t in BITS if links["turn"][link] & t), Turn.STRAIGHT)
        askers.append(who)
        heard.append(town.vir(who, bits=RAMP if application == "CVM" else BITS[turn]))
    out = town.step(*heard, verdict=verdict)
    plans = [
        one.content.guidance for who in askers for one in out
        if one.application == application and one.message == "rsc" and one.vehicle == town.vehicle(who)
    ]  # fmt: skip
    if lit:
        verdict.undue(bool(plans))
    elif not two:
        verdict.due(bool(plans))
    elif len(plans) == 2:
        verdict.undue(_touch(town, askers, plans))


def _touch(town: Town, askers: list[int], plans: list[tuple[object, ...]]) -> bool:
    """Return whether two who drive from point to point as told ever touch."""
    ways = []
    for who, plan in zip(askers, plans, strict=True):
        row = town.rows[who]
        points = [(0.0, row["x_m"], row["y_m"], row["heading_rad"])]
        points += [(p.after_s, p.x_m, p.y_m, p.heading_rad) for p in plan]  # type: ignore[attr-defined]
        ways.append(np.array(points))
    until = min(way[-1, 0] for way in ways)
    t = np.arange(0.0, until, STEP_S)
    a, b = (_driven(way, t) for way in ways)
    return bool(np.any(_overlap(a, b)))


def _driven(way: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    heading = np.unwrap(way[:, 3])
    return np.column_stack([np.interp(t, way[:, 0], column) for column in (way[:, 1], way[:, 2], heading)])


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return when two boxes overlap: no edge of either parts them."""
    apart = np.zeros(len(a), np.bool_)
    for own, other in ((a, b), (b, a)):
        s, c = np.sin(own[:, 2]), np.cos(own[:, 2])
        dx, dy = other[:, 0] - own[:, 0], other[:, 1] - own[:, 1]
        turn = other[:, 2] - own[:, 2]
        long = LENGTH_M / 2 * (1 + np.abs(np.cos(turn))) + WIDTH_M / 2 * np.abs(np.sin(turn))
        wide = WIDTH_M / 2 * (1 + np.abs(np.cos(turn))) + LENGTH_M / 2 * np.abs(np.sin(turn))
        apart |= (np.abs(dx * s + dy * c) > long) | (np.abs(dx * c - dy * s) > wide)
    return ~apart
