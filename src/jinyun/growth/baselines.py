"""What a planner without this tool would do: the most value for money first, and ring by ring.

Both look along whole ways (:mod:`jinyun.growth.rebuilding`): neither is made weaker than a careful planner would be.
"""

from __future__ import annotations

import numpy as np

from jinyun.growth import search
from jinyun.growth.network import Floats, Ints
from jinyun.growth.problem import Problem
from jinyun.growth.rebuilding import extend, fill

MONEY = np.array([0.0, 1.0, 0.0, 0.0])


def priced(p: Problem, price: Floats) -> Floats:
    """Return what each candidate costs at these prices of the limits, with half of each of its junctions."""
    cost: Floats = price @ p.use + (price @ p.junction_use)[np.stack([p.a, p.b])].sum(axis=0) / 2 + 1e-9
    return cost


def greedy(p: Problem, price: Floats = MONEY, start: Ints | None = None) -> Ints:
    """Return the levels of a plan made stage by stage of the ways with the most points per price (of :data:`LIMITS`).

    With ``start`` (levels) the greedy goes on from there. A stage takes what still fits until nothing does; it need not
    reach its kilometres.
    """
    inst = search.instance(p)
    level = np.full(len(p.a), p.stages, np.int32) if start is None else start.copy()
    cost, even = priced(p, price), np.ones(len(p.a))
    for k in range(p.stages):
        st = search.state(p, inst, level)
        extend(inst, st, k, price, cost, even, np.ones(len(p.a), np.bool_))
        level[st.open[k] & (level > k)] = k
    return level


def rings(p: Problem) -> Ints:
    """Return the levels of a plan that opens ring by ring around what is open: the nearest that joins, while it fits.

    Within a ring (2 km wide) the more points per cost come first, then whatever fits.
    """
    inst = search.instance(p)
    net = p.network
    x = (net.x_m[net.a] + net.x_m[net.b])[p.segment] / 2
    y = (net.y_m[net.a] + net.y_m[net.b])[p.segment] / 2
    middle = (net.x_m[net.a[net.open]].mean(), net.y_m[net.a[net.open]].mean())
    ring = (np.hypot(x - middle[0], y - middle[1]) // 2000).astype(int)
    level = np.full(len(p.a), p.stages, np.int32)
    cost, even = priced(p, MONEY), np.ones(len(p.a))
    for k in range(p.stages):
        st = search.state(p, inst, level)
        for r in np.unique(ring):
            extend(inst, st, k, MONEY, cost, even, ring <= r)
            fill(inst, st, k, np.flatnonzero(ring <= r).astype(np.int32))
        level[st.open[k] & (level > k)] = k
    return level
