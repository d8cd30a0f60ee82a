"""A plan of stages with its certificate: the best plan found, and a bound that no plan can exceed.

Two bounds are told. **Stage by stage**: each stage is planned for itself on what the one before left, and bounded given
that. **Jointly**: no plan brings more than the sum of what each stage could bring alone, so the sum of the stages'
relaxations bounds all plans together; the plan is the best of several, annealed over all stages at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from jinyun.growth import baselines, rebuilding, search, windows
from jinyun.growth.network import Bools, Floats, Ints
from jinyun.growth.problem import AIMS, Problem, connected, one_stage, shares, used, value, within
from jinyun.growth.relaxation import Relaxation

GROUND = np.array([1.0, 0.0, 0.0, 0.0])
LEAST_PRICE = 1e-3


@dataclass(frozen=True)
class Effort:
    """How long to look: tries of taking down and building again for each stage, moves of annealing, seconds of the
    thread's time for each bound and for windows solved exactly."""

    tries: int = 40
    moves: int = 800_000
    bound_s: float = 20.0
    polish_s: float = 40.0


@dataclass(frozen=True)
class Bound:
    """What one stage can bring at most, what its limits are worth, and what its relaxation opens."""

    points: float
    prices: Floats
    opened: Floats


@dataclass(frozen=True)
class Plan:
    """The stage that opens each candidate (``level``), and what is known of it."""

    level: Ints
    points: tuple[float, ...]
    bounds: tuple[Bound, ...]
    myopic: Ints
    myopic_bounds: tuple[float, ...]
    seconds: float

    @property
    def gap(self) -> float:
        """How far the best plan can at most lie above this one, as a share of this one."""
        return sum(bound.points for bound in self.bounds) / sum(self.points) - 1


def plan(p: Problem, effort: Effort | None = None, seed: int = 1) -> Plan:
    """Return the best plan found and its bounds; raises :class:`ValueError` where no plan keeps the limits."""
    effort = effort or Effort()
    began = time.monotonic()
    relaxations = [Relaxation(one_stage(p, k)) for k in range(p.stages)]
    bounds = []
    for r in relaxations:
        r.grow(effort.bound_s)
        bounds.append(Bound(r.bound, r.prices()[0], r.opened()[0]))
    level = np.full(len(p.a), p.stages, np.int32)
    given = []
    for k, r in enumerate(relaxations):
        if k:
            given.append(_given(r, level < k, effort.bound_s / 2))
        else:
            given.append(bounds[0].points)
        level = _stage(p, k, level, bounds[k], effort, seed)
    myopic = level
    best, found = myopic, total(p, myopic) if sound(p, myopic) else -np.inf
    starts = [myopic, _backward(p, bounds, effort, seed), baselines.greedy(p, GROUND)] if p.stages > 1 else [myopic]
    for start in starts:
        tried, _ = search.improve(p, start, moves=effort.moves, seed=seed, hot=0.04, cold=0.002)
        if sound(p, tried) and total(p, tried) > found:
            best, found = tried, total(p, tried)
    if not sound(p, best):
        best = windows.repaired(p, best)
    if sound(p, best):
        best = windows.polished(p, best, [b.opened for b in bounds], *places(p), effort.polish_s, seed)
    if not sound(p, best):
        raise ValueError("no plan that keeps kilometres, budget, tunnels and test cars of every stage was found")
    return Plan(best, tuple(value(p, best <= k, k) for k in range(p.stages)), tuple(bounds), myopic, tuple(given),
                time.monotonic() - began)  # fmt: skip


def total(p: Problem, level: Ints) -> float:
    """Return the points of all stages together."""
    return sum(value(p, level <= k, k) for k in range(p.stages))


def sound(p: Problem, level: Ints) -> bool:
    """Return whether a plan is connected and keeps the limits in every stage."""
    return all(connected(p, level <= k) and within(p, level <= k, k) for k in range(p.stages))


def places(p: Problem) -> tuple[Floats, Floats]:
    """Return the middle of each candidate [m]."""
    net = p.network
    return (net.x_m[net.a] + net.x_m[net.b])[p.segment] / 2, (net.y_m[net.a] + net.y_m[net.b])[p.segment] / 2


def _given(r: Relaxation, opened: Bools, seconds: float) -> float:
    """Return the bound of a stage when these candidates are open already; the relaxation is free again afterwards."""
    m = len(opened)
    columns = np.arange(r.x, r.x + m, dtype=np.int32)
    bound, values = r.bound, r.values
    r.solver.changeColsBounds(m, columns, opened.astype(float), np.ones(m))
    r.bound = np.inf
    r.grow(seconds)
    found = min(r.bound, bound)
    r.solver.changeColsBounds(m, columns, np.zeros(m), np.ones(m))
    r.bound, r.values = bound, values
    return found


def _stage(
    p: Problem, k: int, level: Ints, bound: Bound, effort: Effort, seed: int, allowed: Bools | None = None
) -> Ints:
    """Return ``level`` with stage ``k`` planned on top of the stages before it: several beginnings, each built again."""
    m = len(level)
    inst = search.instance(p)
    x, y = places(p)
    may = np.ones(m, bool) if allowed is None else allowed
    locked = level < k
    best: tuple[float, Ints] | None = None
    leant = 1.4 - 0.9 * bound.opened
    for price, lean in ((GROUND, np.ones(m)), (bound.prices + LEAST_PRICE, leant), (GROUND + LEAST_PRICE, leant)):
        st = search.state(p, inst, level)
        rebuilding.extend(inst, st, k, price, baselines.priced(p, price) * lean, lean, may)
        rebuilding.fill(inst, st, k, np.flatnonzero(may).astype(np.int32)) if _short(p, st.used[k], k) else None
        points = rebuilding.rebuild(inst, st, k, price, x, y, may, locked, lean, effort.tries // 3, seed, 0.1)
        if best is None or points > best[0]:
            result = level.copy()
            result[st.open[k] & (result > k)] = k
            best = (points, result)
    assert best is not None
    return best[1]


def _short(p: Problem, now: Floats, k: int) -> bool:
    return bool((now < p.low[k] - 1e-9).any())


def _backward(p: Problem, bounds: list[Bound], effort: Effort, seed: int) -> Ints:
    """Return a plan made from its end: the last stage first, each earlier stage within the later one."""
    level = np.full(len(p.a), p.stages, np.int32)
    allowed = np.ones(len(p.a), bool)
    none = np.full(len(p.a), p.stages, np.int32)
    for k in range(p.stages - 1, -1, -1):
        here = _stage(p, k, none, bounds[k], effort, seed, allowed) == k
        level[here] = k
        allowed = here
    return level


def described(p: Problem, plan: Plan) -> list[dict[str, Any]]:
    """Return the stages of a plan as they are told: kilometres, points, cost, shares, opened segments."""
    told = []
    before = np.zeros(len(p.a), bool)
    spent = 0.0
    for k in range(p.stages):
        now = plan.level <= k
        km, cost, tunnel, cars = (float(v) for v in used(p, now))
        told.append({
            "opened_km": round(float(p.use[0] @ (now & ~before)), 3),
            "total_km": round(p.network.open_km + km, 3),
            "connected": connected(p, now),
            "value": round(plan.points[k], 4),
            "cost_cny": round((cost - spent) * 1e6),
            "budget_cny": round((p.high[k, 1] - spent) * 1e6),
            "tunnel_km": round(tunnel, 3),
            "test_cars": round(p.open_cars + cars, 1),
            "bound": round(plan.bounds[k].points, 4),
            "shares": {aim: round(float(share), 4) for aim, share in zip(AIMS, shares(p, now), strict=True)},
            "segments": [p.network.segments[e] for e in p.segment[now & ~before]],
        })  # fmt: skip
        before, spent = now, cost
    return told
