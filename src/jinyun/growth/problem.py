"""The planner's question in numbers: what each aim is worth, what binds, and the value of what is open.

All aims are shares of what there is, times the stage's points. With x (a segment is open), y (a junction is reached):

* **corridor**: passenger-kilometres of lines on open road, of all: a weight of each x.
* **anchors**: people and jobs of the anchors joined to the zone, of all: an anchor counts when one of its junctions is
  reached.
* **trips**: trips one of whose ways is wholly open, of all.
* **loops**: independent circuits (opened segments less newly reached junctions), of those of all candidates.
* **area**: people, jobs and land within reach of an open road, of all; **density**: those reached by two segments.

What is open today is contracted to junction 0 (the root); what it already serves counts in every stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jinyun.growth.demand import Demand
from jinyun.growth.description import Stage
from jinyun.growth.network import Bools, Floats, Ints, Network
from jinyun.zone.profile import Profile

AIMS = ("corridor", "anchors", "trips", "loops", "area", "density")
LIMITS = ("km", "cost", "tunnel_km", "test_cars")
"""What a stage uses of each is bounded; of test cars it must be able to carry so many at least."""
UNBOUNDED = np.inf


@dataclass(frozen=True)
class Sparse:
    """Lists of rows, one after the other: list i is ``of[first[i]:first[i + 1]]``."""

    first: Ints
    of: Ints

    def __len__(self) -> int:
        return len(self.first) - 1

    def __getitem__(self, i: int) -> Ints:
        return self.of[self.first[i] : self.first[i + 1]]

    def turned(self, many: int) -> Sparse:
        """Return for each of ``many`` entries the lists it stands in."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.first))
        order = np.argsort(self.of, kind="stable")
        return Sparse(
            np.searchsorted(self.of[order], np.arange(many + 1)).astype(np.int32), owner[order].astype(np.int32)
        )


def sparse(lists: Sequence[Sequence[int]]) -> Sparse:
    """Return lists as columns."""
    first = np.r_[0, np.cumsum([len(one) for one in lists])].astype(np.int32)
    return Sparse(first, np.array([i for one in lists for i in one], np.int32))


@dataclass(frozen=True)
class Problem:
    """Candidates (rows of ``segment`` in the network) between contracted junctions ``a``, ``b`` (0: open already).

    ``weight`` (aims x candidates), ``at_junction`` (aims x junctions): what x and y alone are worth; ``routes`` of
    ``pair``; ``cells``; ``groups`` of junctions that join an anchor; each with its worth. ``already``: the share of
    each aim served today; ``open_cars``: the test cars that what is open today carries. ``points``: stages x aims, times
    years. ``use`` (limits x candidates), ``junction_use``; ``low``, ``high``: stages x limits. All values are additive in
    these.
    """

    network: Network
    segment: Ints
    junction: Ints
    many_junctions: int
    a: Ints
    b: Ints
    weight: Floats
    at_junction: Floats
    pair: Ints
    routes: Sparse
    pair_worth: Floats
    cells: Sparse
    cell_worth: Floats
    served: NDArray[np.int8]
    groups: Sparse
    group_worth: Floats
    already: Floats
    points: Floats
    use: Floats
    junction_use: Floats
    low: Floats
    high: Floats
    open_cars: float

    @property
    def stages(self) -> int:
        """How many stages there are."""
        return len(self.points)


def problem(
    network: Network, demand: Demand, stages: Sequence[Stage], profile: Profile, scale: Floats | None = None
) -> Problem:
    """Return the question of a network, its demand and its stages.

    ``scale`` (aims): the whole that each share is of, to compare demands by the same measure; default the demand's own.
    """
    rows = np.flatnonzero(~network.open).astype(np.int32)
    place = np.full(len(network.segments), -1, np.int32)
    place[rows] = np.arange(len(rows))
    to, many = _contracted(network)
    own_km = network.length_m / 1000
    line_km = demand.carried * own_km
    whole = totals(network, demand) if scale is None else scale
    weight = np.zeros((len(AIMS), len(rows)))
    at_junction = np.zeros((len(AIMS), many))
    weight[0] = line_km[rows] / whole[0]
    weight[3] = 1 / whole[3]
    at_junction[3, 1:] = -1 / whole[3]
    routes: list[list[int]] = []
    pair: list[int] = []
    worth: list[float] = []
    covered = 0.0
    for ways, trips in zip(demand.routes, demand.trips, strict=True):
        if any(len(one) == 0 for one in ways):
            covered += trips / whole[2]
        elif ways:
            routes += [[int(place[e]) for e in one] for one in ways]
            pair += [len(worth)] * len(ways)
            worth.append(trips / whole[2])
    groups, group_worth, joined = [], [], 0.0
    for junctions, people in zip(demand.anchors, demand.weights, strict=True):
        reached = sorted({int(to[v]) for v in junctions})
        if reached[0] == 0:
            joined += people / whole[1]
        else:
            groups.append(reached)
            group_worth.append(people / whole[1])
    ground = demand.ground / whole[4]
    cells = sparse([[int(place[e]) for e in cell] for cell in demand.cells])
    served = demand.served
    costs, junction_costs = network.costs(profile)
    by_junction = np.zeros(many)
    np.maximum.at(by_junction, to, junction_costs)
    by_junction[0] = 0
    over = 1 + profile["growth.opened_over_target"].value
    budget = np.cumsum([stage.budget_mcny for stage in stages])
    aims: Floats = np.array([[getattr(s.points, aim) * s.years for aim in AIMS] for s in stages], float)
    open_km, open_tunnel = network.open_km, float(network.tunnel_m[network.open].sum()) / 1000
    cars = network.test_cars(profile)
    open_cars = float(cars[network.open].sum())
    high = np.array([
        [s.km * over - open_km, budget[i], s.tunnel_km - open_tunnel, UNBOUNDED] for i, s in enumerate(stages)
    ])  # fmt: skip
    low = np.array([[s.km - open_km, 0.0, 0.0, max(s.test_cars - open_cars, 0.0)] for s in stages])
    zero = np.zeros(many)
    return Problem(
        network=network, segment=rows, junction=to, many_junctions=many, a=to[network.a[rows]], b=to[network.b[rows]],
        weight=weight, at_junction=at_junction, pair=np.array(pair, np.int32), routes=sparse(routes),
        pair_worth=np.array(worth), cells=cells, cell_worth=ground, served=served, groups=sparse(groups),
        group_worth=np.array(group_worth),
        already=np.array([line_km[network.open].sum() / whole[0], joined, covered, 0.0,
                          ground[served > 0].sum(), ground[served > 1].sum()]),
        points=aims, use=np.array([own_km[rows], costs[rows] / 1e6, network.tunnel_m[rows] / 1000, cars[rows]]),
        junction_use=np.array([zero, by_junction / 1e6, zero, zero]), low=low, high=high,
        open_cars=open_cars,
    )  # fmt: skip


def totals(network: Network, demand: Demand) -> Floats:
    """Return the whole that the shares of each aim are of."""
    _, many = _contracted(network)
    loops = max(int((~network.open).sum()) - (many - 1), 1)
    ground = float(demand.ground.sum())
    found = [
        (demand.carried * network.length_m / 1000).sum(),
        demand.weights.sum(),
        demand.trips.sum(),
        loops,
        ground,
        ground,
    ]
    result: Floats = np.maximum(np.array(found, float), 1e-12)
    return result


def _contracted(network: Network) -> tuple[Ints, int]:
    """Return the new row of each junction, 0 for all that what is open joins, and how many there are."""
    root = np.zeros(len(network.junctions), bool)
    root[network.a[network.open]] = root[network.b[network.open]] = True
    to = np.zeros(len(root), np.int32)
    to[~root] = np.arange(1, int((~root).sum()) + 1)
    return to, int((~root).sum()) + 1


def shares(p: Problem, chosen: Bools) -> Floats:
    """Return the share of each aim that is reached with these candidates open (:data:`AIMS`)."""
    reached = np.zeros(p.many_junctions, bool)
    reached[p.a[chosen]] = reached[p.b[chosen]] = True
    reached[0] = False
    found = p.already + p.weight @ chosen + p.at_junction @ reached
    missing = np.array([np.count_nonzero(~chosen[p.routes[r]]) for r in range(len(p.routes))])
    found[2] += p.pair_worth[np.unique(p.pair[missing == 0])].sum()
    found[1] += sum(w for g, w in enumerate(p.group_worth) if reached[p.groups[g]].any())
    count = np.array([chosen[p.cells[c]].sum() for c in range(len(p.cells))]) + p.served
    found[4] += p.cell_worth[(count > 0) & (p.served == 0)].sum()
    found[5] += p.cell_worth[(count > 1) & (p.served < 2)].sum()
    result: Floats = found
    return result


def value(p: Problem, chosen: Bools, stage: int) -> float:
    """Return the points of a stage with these candidates open at its end."""
    return float(p.points[stage] @ shares(p, chosen))


def used(p: Problem, chosen: Bools) -> Floats:
    """Return kilometres, money [million CNY], tunnel kilometres and test cars of these candidates (:data:`LIMITS`)."""
    reached = np.zeros(p.many_junctions, bool)
    reached[p.a[chosen]] = reached[p.b[chosen]] = True
    result: Floats = p.use @ chosen + p.junction_use @ reached
    return result


def connected(p: Problem, chosen: Bools) -> bool:
    """Return whether every chosen candidate is joined to what is open today."""
    reached = np.zeros(p.many_junctions, bool)
    reached[0] = True
    rest = np.flatnonzero(chosen)
    while len(rest):
        joins = reached[p.a[rest]] | reached[p.b[rest]]
        if not joins.any():
            return False
        reached[p.a[rest[joins]]] = reached[p.b[rest[joins]]] = True
        rest = rest[~joins]
    return True


def within(p: Problem, chosen: Bools, stage: int) -> bool:
    """Return whether these candidates keep the limits of a stage."""
    total = used(p, chosen)
    return bool((total <= p.high[stage] + 1e-6).all() and (total >= p.low[stage] - 1e-6).all())


def one_stage(p: Problem, stage: int) -> Problem:
    """Return the question of one stage alone."""
    only = slice(stage, stage + 1)
    return replace(p, points=p.points[only], low=p.low[only], high=p.high[only])
