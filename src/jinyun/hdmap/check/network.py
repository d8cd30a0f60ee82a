"""Where lanes lead: none may end inside the network, and each must be reached from where traffic comes in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jinyun.hdmap.check.rule import FAULT, INFO, WARNING, Found, Rows, rule
from jinyun.hdmap.check.view import View


def _degree(view: View) -> tuple[Rows, Rows]:
    """Return how many lanes follow on each lane, and how many lead to it."""
    before, after = view.pairs
    n = len(view.first)
    return np.bincount(before, minlength=n), np.bincount(after, minlength=n)


@rule("lane.dead-end", FAULT, "路网内部的车道应有后继", "A lane inside the network must lead on")
def dead_end(view: View) -> Iterator[Found]:
    follow, _ = _degree(view)
    return _loose(view, follow, 1, "ends at", "leads to no lane")


@rule("lane.drop", INFO, "车道在路段中终止", "A lane ends on the way, beside others that lead on")
def drop(view: View) -> Iterator[Found]:
    follow, _ = _degree(view)
    for row in np.flatnonzero(view.driven & ~view.inside & (follow == 0)):
        if not view.fringe[view.map.lanes["edge"][row], 1] and _beside_leads(view, int(row), follow):
            yield Found(view.lane(row), "ends here; the lanes beside it lead on",
                        float(view.x[view.last[row]]), float(view.y[view.last[row]]))  # fmt: skip


def _beside_leads(view: View, row: int, degree: Rows) -> bool:
    """Return whether a lane beside it that one can change to goes on."""
    for side in ("left", "right"):
        here, looked = int(view.map.lanes[side][row]), 0
        while here >= 0 and view.driven[here] and looked < 32:
            if degree[here]:
                return True
            here, looked = int(view.map.lanes[side][here]), looked + 1
    return False


@rule("lane.orphan", FAULT, "路网内部的车道应有前驱", "A lane inside the network must be led to")
def orphan(view: View) -> Iterator[Found]:
    _, lead = _degree(view)
    return _loose(view, lead, 0, "begins at", "no lane leads to it")


def _loose(view: View, degree: Rows, side: int, verb: str, fault: str) -> Iterator[Found]:
    """Yield the lanes without a ``degree`` at their beginning (``side`` 0) or end (1), unless one beside them has it."""
    edge = view.map.lanes["edge"]
    junction, point = view.map.edges[("start", "end")[side]], (view.first, view.last)[side]
    for row in np.flatnonzero(view.driven & (degree == 0)):
        if view.inside[row]:
            where = f"lies in {view.junction(int(view.map.lanes['junction'][row]))}"
        elif view.fringe[edge[row], side] or _beside_leads(view, int(row), degree):
            continue
        else:
            where = f"{verb} {view.junction(int(junction[edge[row]]))}"
        yield Found(view.lane(row), f"{where} and {fault}", float(view.x[point[row]]), float(view.y[point[row]]))


@rule(
    "lane.unreachable", WARNING, "每条车道应可由路网入口到达", "Every lane must be reached from where traffic comes in"
)
def unreachable(view: View) -> Iterator[Found]:
    """From the lanes that begin where the network does, or from its largest round-trip part where none does."""
    _, lead = _degree(view)
    before, after = _ways(view)
    reached = _spread(_gates(view, 0, before, after), before, after)
    orphans = view.driven & (lead == 0)  # their own rule names them
    for row in np.flatnonzero(view.driven & ~reached & ~orphans & ~view.inside):
        yield Found(view.lane(row), "cannot be reached from any way into the network", *view.middle(int(row)))


@rule("lane.trap", WARNING, "每条车道应可驶出", "From every lane there must be a way out")
def trap(view: View) -> Iterator[Found]:
    """To the lanes that end where the network does, or to its largest round-trip part where none does."""
    follow, _ = _degree(view)
    before, after = _ways(view)
    reached = _spread(_gates(view, 1, before, after), after, before)
    for row in np.flatnonzero(view.driven & ~reached & (follow > 0) & ~view.inside):
        yield Found(view.lane(row), "leads into a part of the network that nobody leaves", *view.middle(int(row)))


def _gates(view: View, side: int, before: Rows, after: Rows) -> NDArray[np.bool_]:
    """Return the driven lanes that begin (``side`` 0) or end (1) where the network does, or those of its largest part."""
    gates: NDArray[np.bool_] = view.driven & ~view.inside & view.fringe[view.map.lanes["edge"], side]
    if gates.any() or not view.driven.any():
        return gates
    n = len(view.first)
    graph = coo_array((np.ones(len(before)), (before, after)), shape=(n, n)).tocsr()
    _, part = connected_components(graph, directed=True, connection="strong")
    largest: NDArray[np.bool_] = part == np.bincount(part[view.driven]).argmax()
    return largest


def _ways(view: View) -> tuple[Rows, Rows]:
    """Return the pairs of driven lanes of which one follows on, or lies beside, the other."""
    before, after = view.pairs
    both = view.driven[before] & view.driven[after]
    ways = [np.column_stack([before[both], after[both]])]
    for side in ("left", "right"):
        beside = view.map.lanes[side].astype(np.int64)
        rows = np.flatnonzero((beside >= 0) & view.driven & ~view.inside)
        rows = rows[view.driven[beside[rows]]]
        ways.append(np.column_stack([rows, beside[rows]]))
    whole = np.vstack(ways)
    return whole[:, 0], whole[:, 1]


def _spread(start: NDArray[np.bool_], before: Rows, after: Rows) -> NDArray[np.bool_]:
    """Return the lanes that can be had from ``start``."""
    reached = start.copy()
    while True:
        more = after[reached[before] & ~reached[after]]
        if not len(more):
            return reached
        reached[more] = True


RULES = (dead_end, drop, orphan, unreachable, trap)
