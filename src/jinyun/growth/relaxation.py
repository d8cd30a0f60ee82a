"""An upper bound that no plan can exceed: the linear relaxation with directed Steiner cuts, grown until nothing is broken.

Reaching is an arborescence: each opened segment may carry one of two arcs, a junction is reached by as much as arcs
lead into it, and every set of junctions without the root must be entered by as much as any junction in it is reached
(directed cuts, found by maximum flow: :mod:`jinyun.growth.separation`). Trips' ways and covers of ground stand beside
them. Rows that are rarely needed are added when they are broken. Whatever subset of rows stands, the optimum of the
linear program bounds every plan from above. What is told is not the solver's word: any prices of the rows give a bound
(Lagrange), which is added up anew from the rows as they were written, so it holds whenever one stops, also midway.

HiGHS solves the programs (Q. Huangfu and J. A. J. Hall, 2018).
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from jinyun.growth import separation
from jinyun.growth.network import Floats
from jinyun.growth.problem import Problem

SLICE_S = 30.0
"""The solver is asked so often whether the thread's time is over (its own limit goes by the clock)."""
LEAST_BREACH = 0.01
CUTS_A_ROUND = 300
ROWS_A_ROUND = 4000


class RelaxationError(RuntimeError):
    """HiGHS did not solve a linear program that has a solution."""


@dataclass
class Rows:
    """Rows gathered for one call of the solver: low <= sum of coefficients times columns <= high."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    by: list[float] = field(default_factory=list)

    def add(self, low: float, high: float, columns: list[int], by: list[float]) -> None:
        self.low.append(low)
        self.high.append(high)
        self.start.append(len(self.column))
        self.column += columns
        self.by += by


def new_solver() -> Any:
    """Return a new solver without the banner that it writes to standard output past Python."""
    sys.stdout.flush()
    libc = ctypes.CDLL(None)
    kept = os.dup(1)
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (a device)
            os.dup2(nowhere.fileno(), 1)
            solver = highspy.Highs()  # type: ignore[no-untyped-call]
            solver.setOptionValue("output_flag", False)
            libc.fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    return solver


class Relaxation:
    """The linear program of all stages of a problem, ready to be solved, extended and asked again."""

    def __init__(self, p: Problem) -> None:
        self.p = p
        m, n, s = len(p.a), p.many_junctions, p.stages
        counts = [m, n, 2 * m, len(p.routes), len(p.groups), len(p.cells), len(p.cells)]
        starts = np.cumsum([0, *counts])
        self.x, self.y, self.arc, self.w, self.g, self.c, self.u = (int(i) for i in starts[:-1])
        self.width = int(starts[-1])
        self.solver: Any = new_solver()
        for key, setting in (("output_flag", False), ("presolve", "off"), ("threads", 1), ("simplex_strategy", 1)):
            self.solver.setOptionValue(key, setting)
        self.tail = np.stack([p.a, p.b], axis=1).reshape(-1)  # arc 2e: a to b, 2e + 1: b to a
        self.head = np.stack([p.b, p.a], axis=1).reshape(-1)
        loop = self.tail == self.head
        inward = self.head == 0
        order = np.argsort(self.tail, kind="stable").astype(np.int32)
        self.first = np.searchsorted(self.tail[order], np.arange(n + 1)).astype(np.int32)
        self.leaving = order
        high = np.ones(self.width)
        high[self.arc : self.arc + 2 * m][loop | inward] = 0
        high[self.y] = 0  # the root is reached already
        high[self.c : self.c + len(p.cells)][p.served > 0] = 0
        high[self.u : self.u + len(p.cells)][p.served > 1] = 0
        self.worth = np.array([self._worth(k) for k in range(s)])
        self.solver.addVars(s * self.width, np.zeros(s * self.width), np.tile(high, s))
        total = s * self.width
        self.solver.changeColsCost(total, np.arange(total, dtype=np.int32), -self.worth.reshape(-1))
        self.constant = float((p.points @ p.already).sum())
        rows = Rows()
        for k in range(s):
            self._stage_rows(rows, k)
        for k in range(s - 1):
            for e in range(m):
                rows.add(-np.inf, 0, [self.column(k, self.x, e), self.column(k + 1, self.x, e)], [1, -1])
        self.limit_rows: list[list[int]] = []
        for k in range(s):
            here = []
            for limit in range(len(p.use)):
                columns, by = self._limit(k, limit)
                here.append(len(rows.low))
                rows.add(p.low[k, limit] if p.low[k, limit] > 0 else -np.inf, p.high[k, limit], columns, by)
            self.limit_rows.append(here)
        self._send(rows)
        self.cuts = 0
        self.has_way_row: set[tuple[int, int, int]] = set()
        self.turned = p.routes.turned(m)
        self.values = np.zeros((s, self.width))
        self.bound = self.constant + float(
            np.maximum(self.worth * high, 0).sum()
        )  # all at once: what stands before any solving
        self.solved = False

    def column(self, stage: int, block: int, i: int) -> int:
        return stage * self.width + block + i

    def _worth(self, stage: int) -> Floats:
        p, points = self.p, self.p.points[stage]
        return np.concatenate([
            points @ p.weight, points @ p.at_junction, np.zeros(2 * len(p.a)), points[2] * p.pair_worth[p.pair],
            points[1] * p.group_worth, points[4] * p.cell_worth, points[5] * p.cell_worth,
        ])  # fmt: skip

    def _limit(self, stage: int, limit: int) -> tuple[list[int], list[float]]:
        p = self.p
        e, v = np.flatnonzero(p.use[limit]), np.flatnonzero(p.junction_use[limit])
        columns = [self.column(stage, self.x, int(i)) for i in e] + [self.column(stage, self.y, int(i)) for i in v]
        return columns, [*p.use[limit, e].tolist(), *p.junction_use[limit, v].tolist()]

    def _stage_rows(self, rows: Rows, k: int) -> None:
        p, col = self.p, self.column
        m, n = len(p.a), p.many_junctions
        into: list[list[int]] = [[] for _ in range(n)]
        for a in range(2 * m):
            if self.head[a] != 0 and self.head[a] != self.tail[a]:
                into[self.head[a]].append(a)
        for v in range(1, n):
            rows.add(
                0, 0, [*(col(k, self.arc, a) for a in into[v]), col(k, self.y, v)], [*([1.0] * len(into[v])), -1.0]
            )
        for e in range(m):
            if p.a[e] == p.b[e]:
                continue
            rows.add(-np.inf, 0, [col(k, self.arc, 2 * e), col(k, self.arc, 2 * e + 1), col(k, self.x, e)], [1, 1, -1])
            for end in (p.a[e], p.b[e]):
                if end:
                    rows.add(-np.inf, 0, [col(k, self.x, e), col(k, self.y, int(end))], [1, -1])
            for a in (2 * e, 2 * e + 1):  # nothing leaves a junction that did not come in over another segment
                v = int(self.tail[a])
                if v and self.head[a]:
                    others = [b for b in into[v] if b != a ^ 1]
                    columns = [col(k, self.arc, a), *(col(k, self.arc, b) for b in others)]
                    rows.add(-np.inf, 0, columns, [1.0, *([-1.0] * len(others))])
        start = 0
        for r in range(1, len(p.pair) + 1):
            if r == len(p.pair) or p.pair[r] != p.pair[start]:
                if r - start > 1:
                    rows.add(-np.inf, 1, [col(k, self.w, i) for i in range(start, r)], [1.0] * (r - start))
                start = r
        for g in range(len(p.groups)):
            members = p.groups[g]
            rows.add(-np.inf, 0, [col(k, self.g, g), *(col(k, self.y, int(v)) for v in members)],
                     [1.0, *([-1.0] * len(members))])  # fmt: skip
        dense_first = p.points[k, 5] > p.points[k, 4]
        for c in range(len(p.cells)):
            near = p.cells[c]
            if p.served[c] < 2:
                rows.add(-np.inf, 0, [col(k, self.c, c), col(k, self.u, c), *(col(k, self.x, int(e)) for e in near)],
                         [1.0, 1.0, *([-1.0] * len(near))])  # fmt: skip
            if dense_first and p.served[c] == 0:
                rows.add(-np.inf, 0, [col(k, self.u, c), col(k, self.c, c)], [1, -1])

    def _send(self, rows: Rows) -> None:
        if rows.low:
            self.solver.addRows(
                len(rows.low), np.array(rows.low), np.array(rows.high), len(rows.column),
                np.array(rows.start, np.int32), np.array(rows.column, np.int32), np.array(rows.by),
            )  # fmt: skip

    def solve(self, seconds: float = np.inf) -> bool:
        """Solve what stands within so many seconds of the thread's time; return whether it was solved (``values`` are new).

        The bound is renewed either way.
        """
        until = time.thread_time() + seconds
        while True:
            left = until - time.thread_time()
            if np.isfinite(left):
                limit = self.solver.getRunTime() + min(max(left, 0.1), SLICE_S)
                self.solver.setOptionValue("time_limit", limit)
            self.solver.run()
            status = self.solver.getModelStatus()
            if status != highspy.HighsModelStatus.kTimeLimit or time.thread_time() >= until:
                break
        self.bound = min(self.bound, self.constant + self.priced_bound())
        if status == highspy.HighsModelStatus.kTimeLimit:
            return False
        if status != highspy.HighsModelStatus.kOptimal:
            raise RelaxationError(f"HiGHS ends with {self.solver.modelStatusToString(status)}")
        self.solved = True
        solution = self.solver.getSolution()
        self.values = np.asarray(solution.col_value).reshape(self.p.stages, self.width)
        return True

    def priced_bound(self) -> float:
        """Return what no solution of the rows exceeds [points, without what is served already], by the rows' present prices.

        Lagrange's bound: each row's price times its nearer side, and each column at the better end of its range.
        """
        dual = np.asarray(self.solver.getSolution().row_dual, float)
        lp = self.solver.getLp()
        low, high = np.asarray(lp.row_lower_, float), np.asarray(lp.row_upper_, float)
        if len(dual) != len(low):
            return np.inf
        price = np.where((dual > 0) & np.isinf(low) | (dual < 0) & np.isinf(high), 0.0, dual)
        side = np.where(price > 0, low, np.where(price < 0, high, 0.0))
        a = lp.a_matrix_
        shape = (len(low), len(lp.col_cost_))
        parts = (np.asarray(a.value_), np.asarray(a.index_), np.asarray(a.start_))
        by_column = a.format_ == highspy.MatrixFormat.kColwise
        matrix = csc_matrix(parts, shape=shape) if by_column else csr_matrix(parts, shape=shape)
        left = np.asarray(lp.col_cost_, float) - matrix.T @ price
        ends = np.minimum(left * np.asarray(lp.col_lower_, float), left * np.asarray(lp.col_upper_, float))
        return -float(price @ side + ends.sum())

    def tighten(self) -> int:
        """Add rows that the present solution breaks; return how many."""
        rows = Rows()
        for k in range(self.p.stages):
            self._ways(rows, k)
            self._cuts(rows, k)
        self._send(rows)
        return len(rows.low)

    def _ways(self, rows: Rows, k: int) -> None:
        """A way is open no more than each of its segments; ways of one pair that share a segment share it."""
        p = self.p
        x = self.values[k, self.x : self.x + len(p.a)]
        w = self.values[k, self.w : self.w + len(p.routes)]
        owner = np.repeat(np.arange(len(p.a)), np.diff(self.turned.first))
        by_pair = p.pair[self.turned.of].astype(np.int64) + owner.astype(np.int64) * (int(p.pair.max(initial=0)) + 1)
        key, inverse = np.unique(by_pair, return_inverse=True)
        total = np.bincount(inverse, w[self.turned.of], len(key))
        segment = key // (int(p.pair.max(initial=0)) + 1)
        breach = total - x[segment]
        for i in np.argsort(-breach)[:ROWS_A_ROUND]:
            if breach[i] < LEAST_BREACH:
                break
            e = int(segment[i])
            pair = int(key[i] % (int(p.pair.max(initial=0)) + 1))
            if (k, e, pair) in self.has_way_row:
                continue
            self.has_way_row.add((k, e, pair))
            ways = [int(r) for r in self.turned[e] if p.pair[r] == pair]
            columns = [self.column(k, self.x, e), *(self.column(k, self.w, r) for r in ways)]
            rows.add(-np.inf, 0, columns, [-1.0, *([1.0] * len(ways))])

    def _cuts(self, rows: Rows, k: int) -> None:
        p = self.p
        n = p.many_junctions
        y = self.values[k, self.y : self.y + n]
        arcs = np.maximum(self.values[k, self.arc : self.arc + 2 * len(p.a)], 0)
        targets = np.flatnonzero(y > 0.02)
        targets = targets[np.argsort(-y[targets])].astype(np.int32)
        sides, of = np.zeros((CUTS_A_ROUND, n), bool), np.zeros(CUTS_A_ROUND, np.int32)
        many = separation.violated(self.first, self.leaving, self.head.astype(np.int32), arcs, targets, y[targets],
                                   LEAST_BREACH, CUTS_A_ROUND, sides, of)  # fmt: skip
        for i in range(many):
            entering = np.flatnonzero(~sides[i, self.tail] & sides[i, self.head])
            v = int(targets[of[i]])
            columns = [*(self.column(k, self.arc, int(a)) for a in entering), self.column(k, self.y, v)]
            rows.add(0, np.inf, columns, [*([1.0] * len(entering)), -1.0])
        self.cuts += many

    def grow(self, seconds: float, rest: float = 2e-4) -> float:
        """Solve and tighten until nothing is broken, little is gained or the thread's time is over; return the bound."""
        until = time.thread_time() + seconds
        before = np.inf
        slow = 0
        while self.solve(until - time.thread_time()) and time.thread_time() < until:
            slow = slow + 1 if before - self.bound < rest * abs(self.bound) else 0
            before = self.bound
            if slow >= 4 or not self.tighten():
                break
        return self.bound

    def opened(self) -> Floats:
        """Return how much of each candidate the relaxation opens, stages x candidates."""
        m = len(self.p.a)
        return self.values[:, self.x : self.x + m].copy()

    def prices(self) -> Floats:
        """Return what one unit more of each limit is worth in points, stages x limits (0 where it does not bind)."""
        dual = np.asarray(self.solver.getSolution().row_dual)
        found: Floats = np.array([[max(-dual[r], 0.0) for r in here] for here in self.limit_rows])
        return found
