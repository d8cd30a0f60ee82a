"""Looking for a better plan around a given one: annealing over which stage opens each candidate, in numba.

A plan gives each candidate the stage that opens it (its level; the number of stages means never). A move changes the
level of one candidate, or of two; it stands if every stage stays connected, and, by Metropolis' rule, if the points lost
are few for the present temperature. Limits may be broken for a while at a price; what is kept is the best plan that
breaks none. (S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, 1983.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.growth.network import Bools, Floats, Ints
from jinyun.growth.problem import Problem

_compiled: Any = njit(cache=True, nogil=True)


class Instance(NamedTuple):
    """A problem as flat arrays for compiled loops; lists as ``first`` and ``of`` (see :class:`problem.Sparse`)."""

    a: Ints
    b: Ints
    points: Floats
    weight: Floats
    at_junction: Floats
    way_first: Ints
    way_of: Ints
    on_way_first: Ints
    on_way: Ints
    pair: Ints
    pair_worth: Floats
    cell_first: Ints
    cell_of: Ints
    cell_worth: Floats
    served: NDArray[np.int8]
    group_first: Ints
    group_of: Ints
    group_worth: Floats
    use: Floats
    junction_use: Floats
    low: Floats
    high: Floats
    leave_first: Ints
    leave: Ints


class State(NamedTuple):
    """What is open in each stage, and everything that follows from it: kept up to date toggle by toggle."""

    level: Ints
    open: Bools
    degree: Ints
    missing: Ints
    whole: Ints
    seen: Ints
    joined: Ints
    used: Floats
    points: Floats
    mark: Ints
    queue: Ints
    tick: Ints


def instance(p: Problem) -> Instance:
    """Return a problem as flat arrays."""
    m = len(p.a)
    on_way, cell = p.routes.turned(m), p.cells.turned(m)
    group = p.groups.turned(p.many_junctions)
    ends = np.r_[p.a, p.b]
    order = np.argsort(ends, kind="stable")
    leave_first = np.searchsorted(ends[order], np.arange(p.many_junctions + 1)).astype(np.int32)
    return Instance(
        p.a, p.b, p.points, p.points @ p.weight, p.points @ p.at_junction, p.routes.first, p.routes.of, on_way.first,
        on_way.of, p.pair, p.pair_worth, cell.first, cell.of, p.cell_worth, p.served, group.first, group.of, p.group_worth,
        p.use, p.junction_use, p.low, p.high, leave_first, (order % m).astype(np.int32) if m else order.astype(np.int32),
    )  # fmt: skip


def state(p: Problem, inst: Instance, level: Ints) -> State:
    """Return the state of a plan that opens each candidate in the stage of its level."""
    s, m = p.stages, len(p.a)
    length = np.diff(p.routes.first)
    st = State(
        level=np.full(m, s, np.int32), open=np.zeros((s, m), bool), degree=np.zeros((s, p.many_junctions), np.int32),
        missing=np.tile(length, (s, 1)).astype(np.int32), whole=np.zeros((s, len(p.pair_worth)), np.int32),
        seen=np.tile(p.served, (s, 1)).astype(np.int32), joined=np.zeros((s, len(p.groups)), np.int32),
        used=np.zeros((s, len(p.use))), points=p.points @ p.already, mark=np.zeros(p.many_junctions, np.int32),
        queue=np.zeros(p.many_junctions, np.int32), tick=np.zeros(1, np.int32),
    )  # fmt: skip
    st.degree[:, 0] = 1 << 20  # the root is always reached
    for e in range(m):
        for k in range(int(level[e]), s):
            _toggle(inst, st, k, e)
        st.level[e] = level[e]
    return st


@_compiled
def _junction(inst: Instance, st: State, k: int, v: int, by: int) -> None:
    """Reach a junction once more, or once less."""
    before = st.degree[k, v]
    st.degree[k, v] = before + by
    if (by > 0 and before == 0) or (by < 0 and before == 1):
        st.points[k] += by * inst.at_junction[k, v]
        for limit in range(len(inst.use)):
            st.used[k, limit] += by * inst.junction_use[limit, v]
        for i in range(inst.group_first[v], inst.group_first[v + 1]):
            g = inst.group_of[i]
            if (by > 0 and st.joined[k, g] == 0) or (by < 0 and st.joined[k, g] == 1):
                st.points[k] += by * inst.points[k, 1] * inst.group_worth[g]
            st.joined[k, g] += by


@_compiled
def _toggle(inst: Instance, st: State, k: int, e: int) -> None:
    """Open a candidate in a stage, or close it."""
    by = -1 if st.open[k, e] else 1
    st.open[k, e] = by > 0
    st.points[k] += by * inst.weight[k, e]
    for limit in range(len(inst.use)):
        st.used[k, limit] += by * inst.use[limit, e]
    _junction(inst, st, k, inst.a[e], by)
    if inst.a[e] != inst.b[e]:
        _junction(inst, st, k, inst.b[e], by)
    for i in range(inst.on_way_first[e], inst.on_way_first[e + 1]):
        r = inst.on_way[i]
        q = inst.pair[r]
        if by > 0:
            st.missing[k, r] -= 1
            if st.missing[k, r] == 0:
                st.whole[k, q] += 1
                if st.whole[k, q] == 1:
                    st.points[k] += inst.points[k, 2] * inst.pair_worth[q]
        else:
            if st.missing[k, r] == 0:
                st.whole[k, q] -= 1
                if st.whole[k, q] == 0:
                    st.points[k] -= inst.points[k, 2] * inst.pair_worth[q]
            st.missing[k, r] += 1
    for i in range(inst.cell_first[e], inst.cell_first[e + 1]):
        c = inst.cell_of[i]
        n = st.seen[k, c]
        if n == (0 if by > 0 else 1):
            st.points[k] += by * inst.points[k, 4] * inst.cell_worth[c]
        elif n == (1 if by > 0 else 2):
            st.points[k] += by * inst.points[k, 5] * inst.cell_worth[c]
        st.seen[k, c] = n + by


@_compiled
def _joins(inst: Instance, st: State, k: int, start: int, goal: int) -> bool:
    """Return whether a way over what is open in a stage leads from one junction to another."""
    st.tick[0] += 1
    tick = st.tick[0]
    st.mark[start] = tick
    st.queue[0] = start
    at, seen = 0, 1
    while at < seen:
        v = st.queue[at]
        at += 1
        for i in range(inst.leave_first[v], inst.leave_first[v + 1]):
            e = inst.leave[i]
            if st.open[k, e]:
                w = inst.a[e] + inst.b[e] - v
                if w == goal:
                    return True
                if st.mark[w] != tick:
                    st.mark[w] = tick
                    st.queue[seen] = w
                    seen += 1
    return False


@_compiled
def _level(inst: Instance, st: State, e: int, level: int) -> bool:
    """Move a candidate to another level; return whether every stage stays connected (what was done stands either way)."""
    a, b = inst.a[e], inst.b[e]
    before = st.level[e]
    st.level[e] = level
    sound = True
    for k in range(min(before, level), max(before, level)):
        if level < before:
            sound = sound and (st.degree[k, a] > 0 or st.degree[k, b] > 0)
            _toggle(inst, st, k, e)
        else:
            _toggle(inst, st, k, e)
            if sound and a != b and st.degree[k, a] > 0 and st.degree[k, b] > 0:
                sound = _joins(inst, st, k, a, b)
    return sound


@_compiled
def _breach(inst: Instance, st: State, prices: Floats) -> float:
    """Return what broken limits cost in points."""
    total = 0.0
    for k in range(len(st.points)):
        for limit in range(len(inst.use)):
            over = max(st.used[k, limit] - inst.high[k, limit], inst.low[k, limit] - st.used[k, limit])
            if over > 1e-9:
                total += over * prices[limit] + 0.05
    return total


@_compiled
def anneal(
    inst: Instance, st: State, prices: Floats, free: Bools, hot: float, cold: float, moves: int, seed: int, best: Ints
) -> float:
    """Anneal ``st`` from temperature ``hot`` to ``cold`` [points] and leave the best plan's levels in ``best``.

    Only candidates marked in ``free`` move. Returns the points of ``best``, -inf where no plan kept the limits.
    """
    np.random.seed(seed)  # noqa: NPY002 (numba has no other)
    stages = len(st.points)
    movable = np.flatnonzero(free)
    found = -np.inf
    score = st.points.sum() - _breach(inst, st, prices)
    if _breach(inst, st, prices) == 0.0:
        found = st.points.sum()
        best[:] = st.level
    if len(movable) == 0:
        return found
    changed = np.empty(3, np.int32)
    was = np.empty(3, np.int32)
    cooling = np.log(cold / hot)
    heat = hot
    for step in range(moves):
        if step % 512 == 0:
            heat = hot * np.exp(cooling * step / moves)
        many = 1 + int(np.random.random() < 0.75)  # noqa: NPY002
        sound = True
        done = 0
        for i in range(many):
            e = movable[np.random.randint(len(movable))]  # noqa: NPY002
            if i == 1:  # the other way: earlier for later, near or anywhere
                earlier = st.level[changed[0]] < was[0]
                for _ in range(12):
                    if (st.level[e] < stages if earlier else st.level[e] > 0) and e != changed[0]:
                        far = st.degree[:, inst.a[e]].max() == 0 and st.degree[:, inst.b[e]].max() == 0
                        if earlier or not far:
                            break
                    e = movable[np.random.randint(len(movable))]  # noqa: NPY002
                if e == changed[0]:
                    sound = False
                    break
                later = stages if np.random.random() < 0.4 else was[0]  # noqa: NPY002
                to = later if earlier else min(was[0], st.level[e])
                if to == st.level[e]:
                    to = np.random.randint(stages + 1)  # noqa: NPY002
            else:
                to = np.random.randint(stages + 1)  # noqa: NPY002
            if to == st.level[e]:
                sound = False
                break
            changed[done], was[done] = e, st.level[e]
            done += 1
            if not _level(inst, st, e, to):
                sound = False
                break
        if sound:
            breach = _breach(inst, st, prices)
            now = st.points.sum() - breach
            if now >= score or np.random.random() < np.exp((now - score) / heat):  # noqa: NPY002
                score = now
                if breach == 0.0 and now > found + 1e-9:
                    found = now
                    best[:] = st.level
                continue
        for i in range(done - 1, -1, -1):
            _level(inst, st, changed[i], was[i])
    return found


def improve(
    p: Problem, level: Ints, *, moves: int, seed: int, hot: float = 0.3, cold: float = 0.002, free: Bools | None = None,
    prices: Floats | None = None,
) -> tuple[Ints, float]:  # fmt: skip
    """Return a plan no worse than ``level`` (if that keeps the limits) and its points over all stages, -inf for none."""
    inst = instance(p)
    st = state(p, inst, level)
    best = level.astype(np.int32).copy()
    movable = np.ones(len(level), bool) if free is None else free
    per_car = 3 * float(p.points.sum()) / max(float(p.use[3].sum()), 1.0)  # dear enough, whatever the scale
    cost = np.array([1.5, 1.0, 3.0, per_car]) if prices is None else prices
    found = anneal(inst, st, cost, movable, hot, cold, moves, seed, best)
    return best, float(found)
