"""Improving a plan exactly, window by window: an integer program over the candidates of one or two neighbourhoods.

All else stands as it is. What stands is contracted, so that a window's program is small: which of its candidates are
open, the junctions they reach, and one unit of flow from the root to each, which makes it hang together. HiGHS solves it
within a time, beginning from what is there; what comes back is taken when it is better and sound by :mod:`problem`.
(Large neighbourhood search by integer programs: E. Danna, E. Rothberg and C. Le Pape, 2005.)
"""

from __future__ import annotations

import time
from typing import Any

import highspy
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from jinyun.growth.network import Bools, Floats, Ints
from jinyun.growth.problem import Problem, connected, value, within
from jinyun.growth.relaxation import Rows, new_solver

LEAST_GAIN = 1e-6
MOST_NODES = 60
"""A window's program is left after so many nodes of the search tree, or after its time on the clock."""
WINDOW_S = 20.0


class _Program:
    """Columns and rows of one window, gathered before they are sent."""

    def __init__(self) -> None:
        self.worth: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[int] = []
        self.rows = Rows()

    def column(self, worth: float = 0.0, low: float = 0.0, high: float = 1.0, whole: bool = False) -> int:
        i = len(self.worth)
        self.worth.append(worth)
        self.low.append(low)
        self.high.append(high)
        if whole:
            self.whole.append(i)
        return i

    def solved(self, seconds: float, start: dict[int, float]) -> Floats | None:
        """Return the best columns found, None for none."""
        n, rows = len(self.worth), self.rows
        solver = new_solver()
        for key, setting in (("threads", 1), ("time_limit", seconds), ("mip_rel_gap", 1e-5),
                             ("mip_max_nodes", MOST_NODES)):  # fmt: skip
            solver.setOptionValue(key, setting)
        solver.addVars(n, np.array(self.low), np.array(self.high))
        solver.changeColsCost(n, np.arange(n, dtype=np.int32), -np.array(self.worth))
        integer = np.array(self.whole, np.int32)
        kinds = np.full(len(integer), highspy.HighsVarType.kInteger)
        solver.changeColsIntegrality(len(integer), integer, kinds)
        solver.addRows(
            len(rows.low), np.array(rows.low), np.array(rows.high), len(rows.column), np.array(rows.start, np.int32),
            np.array(rows.column, np.int32), np.array(rows.by),
        )  # fmt: skip
        solver.setSolution(len(start), np.array(list(start), np.int32), np.array(list(start.values())))
        solver.run()
        if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        found: Floats = np.asarray(solver.getSolution().col_value)
        return found


def improved(p: Problem, level: Ints, k: int, free: Bools, seconds: float) -> Ints | None:
    """Return a better plan that differs in stage ``k`` and the ``free`` candidates alone, None where none was found.

    Where the stage breaks its limits, any plan that keeps them is better.

    What an earlier stage opens stays open, and what stage ``k`` opens is open in the next: other stages do not change.
    """
    last = p.stages - 1
    free = free & (level >= k) & ((level <= k + 1) | (k == last))
    now = level <= k
    program, x = _program(p, k, now, free)
    start = {x[int(e)]: float(now[e]) for e in np.flatnonzero(free)}
    if not x:
        return None
    columns = program.solved(seconds, start)
    if columns is None:
        return None
    then = now.copy()
    for e, column in x.items():
        then[e] = columns[column] > 0.5
    if not connected(p, then) or not within(p, then, k):
        return None
    if within(p, now, k) and value(p, then, k) < value(p, now, k) + LEAST_GAIN:
        return None
    result = level.copy()
    result[then & ~now] = k
    result[now & ~then] = k + 1
    return result


def _program(p: Problem, k: int, now: Bools, free: Bools) -> tuple[_Program, dict[int, int]]:
    """Return the program of a window and the column of each of its candidates."""
    points, stays = p.points[k], now & ~free
    own = np.flatnonzero(free)
    n = p.many_junctions
    rows = np.flatnonzero(stays)
    of = connected_components(coo_matrix((np.ones(len(rows)), (p.a[rows], p.b[rows])), shape=(n, n)), directed=False)[1]
    reached = np.zeros(n, bool)
    reached[p.a[rows]] = reached[p.b[rows]] = True
    reached[0] = True
    root, here = int(of[0]), _Program()
    weight, at_junction = points @ p.weight, points @ p.at_junction
    x = {int(e): here.column(float(weight[e]), whole=True) for e in own}
    alone = {int(v) for e in own for v in (p.a[e], p.b[e]) if not reached[v]}
    y: dict[int, int] = {}  # by part of the network, the root's left out
    for e in own:
        for v in (int(p.a[e]), int(p.b[e])):
            part = int(of[v])
            if part != root and part not in y:
                must = v not in alone
                y[part] = here.column(0.0 if must else float(at_junction[v]), 1.0 if must else 0.0, whole=not must)
    _connection(p, here, own, of, root, x, y)
    _trips(p, here, points, stays, free, x)
    for c in np.unique(_touched(p.cells.turned(len(p.a)), own)):
        seen = int(p.served[c]) + int(stays[p.cells[c]].sum())
        if seen >= 2:
            continue
        twice = here.column(float(points[5] * p.cell_worth[c]))
        once = [here.column(float(points[4] * p.cell_worth[c]))] if seen == 0 else []
        near = [x[int(e)] for e in p.cells[c] if free[e]]
        here.rows.add(-np.inf, 0, [*once, twice, *near], [1.0] * (len(once) + 1) + [-1.0] * len(near))
        if once:
            here.rows.add(-np.inf, 0, [twice, once[0]], [1.0, -1.0])
    for g in range(len(p.groups)):
        members = p.groups[g]
        near = [y[int(of[v])] for v in members if int(v) in alone]
        if near and not reached[members].any():
            joined = here.column(float(points[1] * p.group_worth[g]))
            here.rows.add(-np.inf, 0, [joined, *near], [1.0, *([-1.0] * len(near))])
    reached[0] = False
    for limit in range(len(p.use)):
        fixed = float(p.use[limit] @ stays + p.junction_use[limit] @ reached)
        columns = [*(x[int(e)] for e in own), *(y[int(of[v])] for v in sorted(alone))]
        by = [*(float(p.use[limit, e]) for e in own), *(float(p.junction_use[limit, v]) for v in sorted(alone))]
        here.rows.add(float(p.low[k, limit] - fixed), float(p.high[k, limit] - fixed), columns, by)
    return here, x


def _touched(turned: Any, own: Any) -> Ints:
    found: Ints = np.concatenate([turned[int(e)] for e in own]) if len(own) else np.empty(0, np.int32)
    return found


def _connection(p: Problem, here: _Program, own: Any, of: Any, root: int, x: dict[int, int], y: dict[int, int]) -> None:
    """Write down that what is opened hangs together with the root: arcs into each part it reaches, and flow over them."""
    into: dict[int, list[tuple[int, int]]] = {part: [] for part in y}  # part: (arc, from)
    carried: dict[int, list[tuple[int, float]]] = {part: [] for part in y}
    many = float(max(len(y), 1))
    for e in own:
        ends = int(of[p.a[e]]), int(of[p.b[e]])
        for part in ends:
            if part != root:
                here.rows.add(-np.inf, 0, [x[int(e)], y[part]], [1.0, -1.0])
        if ends[0] == ends[1]:
            continue
        arcs = []
        for tail, head in (ends, ends[::-1]):
            if head == root:
                continue
            arc, flow = here.column(), here.column(high=many)
            arcs.append(arc)
            into[head].append((arc, tail))
            carried[head].append((flow, 1.0))
            if tail != root:
                carried[tail].append((flow, -1.0))
            here.rows.add(-np.inf, 0, [flow, arc], [1.0, -many])
            here.rows.add(0, np.inf, [flow, arc], [1.0, -1.0])
        here.rows.add(-np.inf, 0, [*arcs, x[int(e)]], [*([1.0] * len(arcs)), -1.0])
    for part, column in y.items():
        here.rows.add(0, 0, [*(arc for arc, _ in into[part]), column], [*([1.0] * len(into[part])), -1.0])
        here.rows.add(0, 0, [*(flow for flow, _ in carried[part]), column], [*(by for _, by in carried[part]), -1.0])
        for arc, tail in into[part]:  # nothing leaves a part that did not come in from elsewhere
            if tail != root:
                others = [other for other, before in into[tail] if before != part]
                here.rows.add(-np.inf, 0, [arc, *others], [1.0, *([-1.0] * len(others))])


def _trips(p: Problem, here: _Program, points: Floats, stays: Bools, free: Bools, x: dict[int, int]) -> None:
    """Write down which trips' ways the window can make whole."""
    routes = np.unique(_touched(p.routes.turned(len(p.a)), np.flatnonzero(free)))
    done = {int(p.pair[r]) for r in _siblings(p, routes) if stays[p.routes[r]].all()}
    by_pair: dict[int, list[tuple[int, list[int]]]] = {}
    for r in routes:
        way, pair = p.routes[int(r)], int(p.pair[r])
        if pair not in done and (stays[way] | free[way]).all():
            column = here.column(float(points[2] * p.pair_worth[pair]))
            by_pair.setdefault(pair, []).append((column, [x[int(e)] for e in way if free[e]]))
    for ways in by_pair.values():
        here.rows.add(-np.inf, 1, [column for column, _ in ways], [1.0] * len(ways))
        over: dict[int, list[int]] = {}
        for column, needs in ways:
            for e in needs:
                over.setdefault(e, []).append(column)
        for e, columns in over.items():
            here.rows.add(-np.inf, 0, [*columns, e], [*([1.0] * len(columns)), -1.0])


def _siblings(p: Problem, routes: Ints) -> Ints:
    """Return all ways of the trips that these ways are of."""
    found: Ints = np.flatnonzero(np.isin(p.pair, p.pair[routes])).astype(np.int32)
    return found


def repaired(p: Problem, level: Ints, seconds: float = 60.0) -> Ints:
    """Return a plan in which each stage that broke its limits keeps them, as far as a program over all candidates finds one."""
    for k in range(p.stages):
        if not within(p, level <= k, k):
            better = improved(p, level, k, np.ones(len(level), bool), seconds)
            level = level if better is None else better
    return level


def polished(
    p: Problem, level: Ints, opened: list[Floats], x: Floats, y: Floats, seconds: float, seed: int, size: int = 120,
) -> Ints:  # fmt: skip
    """Return the plan after so many seconds of the thread's time of windows, at random about where it and its bound differ.

    ``opened``: how much of each candidate each stage's relaxation opens; ``x``, ``y``: middles of candidates.
    """
    rng = np.random.default_rng(seed)
    until = time.thread_time() + seconds
    while (left := until - time.thread_time()) > 0.2:
        k = int(rng.integers(p.stages))
        odd = np.abs(opened[k] - (level <= k)) + 0.02
        odd[(level < k) | ((level > k + 1) & (k < p.stages - 1))] = 0
        if not odd.any():
            continue
        many = int(rng.integers(1, 3))
        free = np.zeros(len(level), bool)
        for middle in rng.choice(len(level), many, p=odd / odd.sum()):
            near = np.where(odd > 0, np.hypot(x - x[middle], y - y[middle]), np.inf)
            free[np.argsort(near)[: size // many]] = True
        better = improved(p, level, k, free, min(WINDOW_S, 4 * left + 1))
        level = level if better is None else better
    return level
