"""Building plans way by way, and taking them partly down to build them again better (ruin and recreate), in numba.

A candidate out of reach is judged by the whole way that leads to it, with all that the way brings. Taking down a
neighbourhood and building it again by slightly changed tastes leads out of what way-by-way building is caught in.
(P. Shaw, large neighbourhood search, 1998; G. Schrimpf and others, ruin and recreate, 2000.)
"""

from __future__ import annotations

import numpy as np

from jinyun.growth.network import Bools, Floats, Ints
from jinyun.growth.search import Instance, State, _compiled, _joins, _toggle

LOCAL_FROM = 1000
"""In a network of so many candidates or more, what was taken down is built again from candidates near it."""


@_compiled
def ways_from_open(
    inst: Instance, st: State, k: int, cost: Floats, before: Ints, far: Floats, heap: Ints, at: Ints
) -> None:
    """Dijkstra from all reached junctions: leave the cost of reaching each and the segment by which one comes."""
    n = len(far)
    size = 0
    far[:] = np.inf
    before[:] = -1
    at[:] = -1
    for v in range(n):
        if st.degree[k, v] > 0:
            far[v] = 0.0
            heap[size] = v
            at[v] = size
            size += 1
    while size > 0:  # a binary heap by hand
        v = heap[0]
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            at[heap[0]] = 0
            i = 0
            while True:
                c = 2 * i + 1
                if c >= size:
                    break
                if c + 1 < size and far[heap[c + 1]] < far[heap[c]]:
                    c += 1
                if far[heap[c]] >= far[heap[i]]:
                    break
                heap[i], heap[c] = heap[c], heap[i]
                at[heap[i]], at[heap[c]] = i, c
                i = c
        at[v] = -2
        for j in range(inst.leave_first[v], inst.leave_first[v + 1]):
            e = inst.leave[j]
            w = inst.a[e] + inst.b[e] - v
            if w == v or at[w] == -2 or st.degree[k, w] > 0:
                continue
            reach = far[v] + cost[e]
            if reach < far[w]:
                far[w] = reach
                before[w] = e
                if at[w] == -1:
                    at[w] = size
                    heap[size] = w
                    size += 1
                i = at[w]
                while i > 0 and far[heap[(i - 1) // 2]] > far[heap[i]]:
                    parent = (i - 1) // 2
                    heap[i], heap[parent] = heap[parent], heap[i]
                    at[heap[i]], at[heap[parent]] = i, parent
                    i = parent


@_compiled
def fits(inst: Instance, st: State, k: int) -> bool:
    over = 0
    for limit in range(len(inst.use)):
        over += st.used[k, limit] > inst.high[k, limit] + 1e-9
    return over == 0


@_compiled
def _lay(inst: Instance, st: State, k: int, t: int, before: Ints, far: Floats, allowed: Bools, taken: Ints) -> int:
    """Open way ``t`` in a stage and enter what was opened in ``taken``; return how many that are, 0 where there is none.

    Ways are numbered: to each junction, over each candidate, and what is lacking of each trip's way.
    """
    m, n = len(inst.a), len(before)
    size = 0
    start = -1
    if t < n:
        start = t
        if before[t] < 0:
            return 0
    elif t < n + m:  # over a candidate, wherever it is
        e = t - n
        if st.open[k, e]:
            return 0
        taken[0] = e
        size = 1
        for v in (inst.a[e], inst.b[e]):
            if st.degree[k, v] == 0 and np.isfinite(far[v]):
                start = v
                break
    else:
        r = t - n - m
        if st.whole[k, inst.pair[r]] > 0 or st.missing[k, r] == 0:
            return 0
        touches, near = False, -1
        for i in range(inst.way_first[r], inst.way_first[r + 1]):
            e = inst.way_of[i]
            touches = touches or st.degree[k, inst.a[e]] > 0 or st.degree[k, inst.b[e]] > 0
            if not st.open[k, e]:
                taken[size] = e
                size += 1
            for v in (inst.a[e], inst.b[e]):
                if near < 0 or far[v] < far[near]:
                    near = v
        if not touches:
            start = near
    if start >= 0:
        v = start
        while before[v] >= 0:
            taken[size] = before[v]
            size += 1
            v = inst.a[before[v]] + inst.b[before[v]] - v
    for i in range(size):
        if not allowed[taken[i]]:
            return 0
    done = 0
    for i in range(size):
        if not st.open[k, taken[i]]:
            _toggle(inst, st, k, taken[i])
            taken[done] = taken[i]
            done += 1
    return done


@_compiled
def _paid(st: State, k: int, price: Floats) -> float:
    total = 0.0
    for limit in range(len(price)):
        total += st.used[k, limit] * price[limit]
    return total


@_compiled
def _judge(
    inst: Instance, st: State, k: int, t: int, price: Floats, taste: Floats, before: Ints, far: Floats, allowed: Bools,
    taken: Ints,
) -> float:  # fmt: skip
    """Return the points per price of way ``t``, 0 where it brings nothing, is not allowed or does not fit."""
    points, spent = st.points[k], _paid(st, k, price)
    done = _lay(inst, st, k, t, before, far, allowed, taken)
    if done == 0:
        return 0.0
    gain = st.points[k] - points
    ratio = 0.0
    if gain > 0 and fits(inst, st, k):
        ratio = gain / max((_paid(st, k, price) - spent) * taste[taken[0]], 1e-9)
    for i in range(done - 1, -1, -1):
        _toggle(inst, st, k, taken[i])
    return ratio


@_compiled
def _ask(stale: Ints, many: int, asked: Ints, turn: int, t: int) -> int:
    """Put way ``t`` on the list of those to be judged again, once a turn; return how many are on it."""
    if asked[t] == turn:
        return many
    asked[t] = turn
    stale[many] = t
    return many + 1


@_compiled
def extend(inst: Instance, st: State, k: int, price: Floats, cost: Floats, taste: Floats, allowed: Bools) -> int:
    """Open, again and again, the way with the most points per price that fits; return how many candidates were opened.

    ``price`` is what one unit of each limit costs, ``cost`` what each candidate costs when ways are looked for, ``taste``
    a factor on each way's price by its first candidate.

    Ways end in a junction, in a candidate between reached junctions, or in all that one trip still lacks. After a way is
    opened only those are judged again that it may have made better: ways to junctions that are nearer now, and the trips
    on it; all others when their turn comes, and everything once more before the end (lazy evaluation: M. Minoux, 1978).
    """
    m, n = len(inst.a), len(st.mark)
    before, far = np.empty(n, np.int32), np.empty(n)
    heap, at = np.empty(n, np.int32), np.empty(n, np.int32)
    taken = np.empty(4 * m + n, np.int32)
    opened, turn = 0, 0
    ratio = np.zeros(n + m + len(inst.pair))
    stale, asked = np.empty(len(ratio), np.int32), np.zeros(len(ratio), np.int32)
    while True:
        ways_from_open(inst, st, k, cost, before, far, heap, at)
        for t in range(len(ratio)):
            ratio[t] = _judge(inst, st, k, t, price, taste, before, far, allowed, taken)
        found = False
        while True:
            t = int(np.argmax(ratio))
            if ratio[t] <= 0:
                break
            now = _judge(inst, st, k, t, price, taste, before, far, allowed, taken)
            if now < ratio[t] * (1 - 1e-9):
                ratio[t] = now
                continue
            done = _lay(inst, st, k, t, before, far, allowed, taken)
            ratio[t] = 0.0
            opened += done
            found = True
            nearer = far.copy()
            ways_from_open(inst, st, k, cost, before, far, heap, at)
            turn += 1
            many = 0
            for v in range(n):
                if far[v] < nearer[v]:
                    many = _ask(stale, many, asked, turn, v)
                    for j in range(inst.leave_first[v], inst.leave_first[v + 1]):
                        e = inst.leave[j]
                        many = _ask(stale, many, asked, turn, n + e)
                        for i in range(inst.on_way_first[e], inst.on_way_first[e + 1]):
                            r = inst.on_way[i]
                            if st.missing[k, r] == inst.way_first[r + 1] - inst.way_first[r]:
                                many = _ask(stale, many, asked, turn, n + m + r)
            for i in range(done):
                e = taken[i]
                for j in range(inst.on_way_first[e], inst.on_way_first[e + 1]):
                    r = inst.on_way[j]
                    if st.whole[k, inst.pair[r]] > 0:
                        continue
                    many = _ask(stale, many, asked, turn, n + m + r)
                    if st.missing[k, r] <= 3:
                        for h in range(inst.way_first[r], inst.way_first[r + 1]):
                            other = inst.way_of[h]
                            if not st.open[k, other]:
                                many = _ask(stale, many, asked, turn, n + other)
                                many = _ask(stale, many, asked, turn, inst.a[other])
                                many = _ask(stale, many, asked, turn, inst.b[other])
            for i in range(many):
                t = stale[i]
                ratio[t] = _judge(inst, st, k, t, price, taste, before, far, allowed, taken)
        if not found:
            return opened


@_compiled
def fill(inst: Instance, st: State, k: int, among: Ints) -> None:
    """Open whatever of these still joins and fits, in their order."""
    again = True
    while again:
        again = False
        for e in among:
            if not st.open[k, e] and (st.degree[k, inst.a[e]] > 0 or st.degree[k, inst.b[e]] > 0):
                _toggle(inst, st, k, e)
                if fits(inst, st, k):
                    again = True
                else:
                    _toggle(inst, st, k, e)


@_compiled
def prune(inst: Instance, st: State, k: int, reached: Bools) -> None:
    """Close what no way joins to the root any more."""
    reached[:] = False
    reached[0] = True
    st.queue[0] = 0
    at, seen = 0, 1
    while at < seen:
        v = st.queue[at]
        at += 1
        for i in range(inst.leave_first[v], inst.leave_first[v + 1]):
            e = inst.leave[i]
            w = inst.a[e] + inst.b[e] - v
            if st.open[k, e] and not reached[w]:
                reached[w] = True
                st.queue[seen] = w
                seen += 1
    for e in range(len(inst.a)):
        if st.open[k, e] and not reached[inst.a[e]]:
            _toggle(inst, st, k, e)


@_compiled
def rebuild(
    inst: Instance, st: State, k: int, price: Floats, x: Floats, y: Floats, allowed: Bools, locked: Bools, lean: Floats,
    tries: int, seed: int, heat: float,
) -> float:  # fmt: skip
    """Improve stage ``k`` of ``st`` by taking down neighbourhoods and building again; return its best points.

    Only ``allowed`` candidates are opened, ``locked`` ones stay; ``lean`` makes candidates cheaper or dearer to the
    taste. The state is left at the best found that keeps the limits.
    """
    np.random.seed(seed)  # noqa: NPY002 (numba has no other)
    m = len(inst.a)
    best_open, now_open = st.open[k].copy(), st.open[k].copy()
    reached = np.empty(len(st.mark), np.bool_)
    short = st.used[k] < inst.low[k] - 1e-9
    best = -np.inf if short.any() or not fits(inst, st, k) else st.points[k]
    now = best
    cost, taste = np.empty(m), np.empty(m)
    here = allowed.copy()
    for _ in range(tries):
        spread = 0.15 + 0.5 * np.random.random()  # noqa: NPY002
        for e in range(m):
            taste[e] = lean[e] * np.exp(spread * np.random.normal())  # noqa: NPY002
            cost[e] = 1e-9
            for limit in range(len(price)):
                half = (inst.junction_use[limit, inst.a[e]] + inst.junction_use[limit, inst.b[e]]) / 2
                cost[e] += price[limit] * (inst.use[limit, e] + half)
            cost[e] *= taste[e]
        middle = np.random.randint(m)  # noqa: NPY002
        radius = 800.0 * np.exp(2.2 * np.random.random())  # noqa: NPY002
        share = 0.3 + 0.7 * np.random.random()  # noqa: NPY002
        scattered = np.random.random() < 0.3  # noqa: NPY002
        if m >= LOCAL_FROM:
            scattered = np.random.random() < 0.03  # noqa: NPY002
            for e in range(m):
                away = (x[e] - x[middle]) ** 2 + (y[e] - y[middle]) ** 2
                here[e] = allowed[e] and (scattered or away < (1.5 * radius + 1500.0) ** 2)
        for e in range(m):
            if st.open[k, e] and not locked[e]:
                near = (x[e] - x[middle]) ** 2 + (y[e] - y[middle]) ** 2 < radius * radius
                if (np.random.random() < 0.12) if scattered else (near and np.random.random() < share):  # noqa: NPY002
                    _toggle(inst, st, k, e)
        prune(inst, st, k, reached)
        extend(inst, st, k, price, cost, taste, here)
        short = st.used[k] < inst.low[k] - 1e-9
        got = -np.inf if short.any() else st.points[k]
        if got > best + 1e-9:
            best = got
            best_open[:] = st.open[k]
        if got >= now - heat * np.random.random():  # noqa: NPY002
            now = got
            now_open[:] = st.open[k]
        else:
            for e in range(m):
                if st.open[k, e] != now_open[e]:
                    _toggle(inst, st, k, e)
    for e in range(m):
        if st.open[k, e] != best_open[e]:
            _toggle(inst, st, k, e)
    return best


@_compiled
def shrink(inst: Instance, st: State, k: int, cost: Floats, locked: Bools) -> None:
    """Close what brings least for its cost, at ends that nothing hangs on, until the stage keeps its limits."""
    while not fits(inst, st, k):
        worst, least = -1, np.inf
        for e in range(len(inst.a)):
            if st.open[k, e] and not locked[e]:
                a, b = inst.a[e], inst.b[e]
                sound = a == b or st.degree[k, a] == 1 or st.degree[k, b] == 1
                before = st.points[k]
                _toggle(inst, st, k, e)
                if not sound:
                    sound = _joins(inst, st, k, a, b)
                worth = (before - st.points[k]) / cost[e]
                _toggle(inst, st, k, e)
                if sound and worth < least:
                    worst, least = e, worth
        if worst < 0:
            return
        _toggle(inst, st, k, worst)
