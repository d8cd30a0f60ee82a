"""Whom the roads are for: trips between zones and their routes, lines between anchors, ground to be seen (simulated).

Trips follow a gravity model with exponential decay of distance between trip zones (clusters of junctions); a trip may
take each of up to :data:`ROUTES` ways that are not much longer than the quickest. People and jobs lie around the
anchors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from jinyun.growth.description import CENTRE, Anchor, Growth
from jinyun.growth.network import Floats, Network, way
from jinyun.zone.profile import Profile

ROUTES = 3
DEARER = 1.45
"""A way's segments are made so much longer before the next way is looked for."""
CELL_M = 1000.0
CENTRE_PEOPLE, CENTRE_JOBS, CENTRE_RADIUS_M = 90_000.0, 80_000.0, 2000.0


@dataclass(frozen=True)
class Demand:
    """What a plan serves.

    ``trips`` per day by pair (row of ``pairs``: junctions from, to) and ``routes``: for each pair, ways as sorted rows
    of segments, without those already open. ``carried``: passengers and loads of lines per day on each segment.
    ``anchors``: junctions that join each anchor, and its ``weights`` (people and jobs). ``cells``: segments that serve
    each cell of ground, its ``ground`` (people, jobs and a little for the land), and how many open segments serve it
    today (two at most).
    """

    pairs: tuple[tuple[int, int], ...]
    trips: Floats
    routes: tuple[tuple[tuple[int, ...], ...], ...]
    carried: Floats
    anchors: tuple[tuple[int, ...], ...]
    weights: Floats
    cells: tuple[tuple[int, ...], ...]
    ground: Floats
    served: NDArray[np.int8]
    cells_m: Floats

    def scaled(self, factor: float, near: tuple[float, float] | None = None, radius_m: float = 4000.0,
               network: Network | None = None) -> Demand:  # fmt: skip
        """Return the demand with trips times ``factor``, of all pairs or of those that begin or end near a place."""
        touched = np.ones(len(self.trips), bool)
        if near is not None and network is not None:
            away = np.hypot(network.x_m - near[0], network.y_m - near[1]) <= radius_m
            touched = np.array([bool(away[u] or away[v]) for u, v in self.pairs], bool)
        return Demand(self.pairs, np.where(touched, self.trips * factor, self.trips), self.routes, self.carried,
                      self.anchors, self.weights, self.cells, self.ground, self.served, self.cells_m)  # fmt: skip


def demand(network: Network, growth: Growth, profile: Profile) -> Demand:
    """Return the demand of a zone's growth description on a network."""
    middle = Anchor(id=CENTRE, zh="科学城", en="Science City", kind="town", at=(0.0, 0.0), radius_m=CENTRE_RADIUS_M,
                    people=CENTRE_PEOPLE, jobs=CENTRE_JOBS)  # fmt: skip
    anchors = [middle, *growth.anchors]
    drawing = growth.drawing
    pairs, trips = _pairs(network, anchors, drawing.trip_zone_m, drawing.trip_decay_m, drawing.trip_pairs)
    travel = network.travel_s(profile)
    cells, ground, served, places = _cells(network, anchors, growth.extent_m, profile["growth.seen_m"].value)
    reach = profile["growth.line_walk_m"].value
    return Demand(
        pairs=tuple(pairs), trips=trips, routes=_routes(network, travel, pairs, profile["growth.route_detour"].value),
        carried=_carried(network, travel, growth),
        anchors=tuple(_joining(network, anchor, reach) for anchor in growth.anchors),
        weights=np.array([anchor.people + anchor.jobs for anchor in growth.anchors]),
        cells=cells, ground=ground, served=served, cells_m=places,
    )  # fmt: skip


def _joining(network: Network, anchor: Anchor, reach_m: float) -> tuple[int, ...]:
    """Return the junctions that join an anchor: those within reach of its middle, at least the nearest."""
    away = np.hypot(network.x_m - anchor.at[0], network.y_m - anchor.at[1])
    near = np.flatnonzero(away <= reach_m)
    return tuple(int(v) for v in near) if len(near) else (int(np.argmin(away)),)


def _people(places: Floats, anchors: Sequence[Anchor], count: str) -> Floats:
    """Return the people or jobs at each place: each anchor's shared out by a normal curve."""
    found = np.zeros(len(places))
    for anchor in anchors:
        square = ((places - np.asarray(anchor.at)) ** 2).sum(axis=1)
        share = np.exp(-square / (2 * anchor.radius_m**2)) + 1e-12
        found += float(getattr(anchor, count)) * share / share.sum()
    return found


def _pairs(
    network: Network, anchors: Sequence[Anchor], zone_m: float, decay_m: float, most: int
) -> tuple[list[tuple[int, int]], Floats]:
    """Return the pairs of trip zones with the most trips, as junctions, and their trips per day."""
    places = np.column_stack([network.x_m, network.y_m])
    people, jobs = (_people(places, anchors, count) for count in ("people", "jobs"))
    head = np.full(len(places), -1)
    tree = cKDTree(places)
    for v in np.argsort(-(people + jobs), kind="stable"):  # the busiest junction leads its neighbourhood
        if head[v] < 0:
            near = np.array(tree.query_ball_point(places[v], zone_m))
            head[near[head[near] < 0]] = v
    heads = np.unique(head)
    home = np.array([people[head == h].sum() for h in heads])
    work = np.array([jobs[head == h].sum() for h in heads])
    apart = np.hypot(*(places[heads][:, None, :] - places[heads][None, :, :]).T)
    pull = np.exp(-apart / decay_m)
    np.fill_diagonal(pull, 0)
    flow = home[:, None] * pull * work[None, :] / np.maximum((pull * work[None, :]).sum(axis=1), 1e-9)[:, None]
    flow = flow + flow.T
    u, v = np.triu_indices(len(heads), 1)
    order = np.argsort(-flow[u, v], kind="stable")[:most]
    return [(int(heads[u[k]]), int(heads[v[k]])) for k in order], flow[u[order], v[order]]


def _routes(
    network: Network, travel_s: Floats, pairs: Sequence[tuple[int, int]], detour: float
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Return for each pair its ways (rows of candidate segments): the quickest, then others with used segments dearer."""
    graph = network.graph(travel_s)
    between = network.segment_between(travel_s)
    position = {  # where the weight of a step stands in the sparse matrix
        (int(row), int(graph.indices[k])): k
        for row in range(graph.shape[0]) for k in range(graph.indptr[row], graph.indptr[row + 1])
    }  # fmt: skip
    own = graph.data.copy()
    found = []
    for start, goal in pairs:
        ways: list[tuple[int, ...]] = []
        best = np.inf
        graph.data[:] = own
        for _ in range(ROUTES):
            limit = np.inf if not ways else best * detour * DEARER**ROUTES
            _, previous = dijkstra(graph, indices=start, return_predecessors=True, limit=limit)
            path = way(previous, goal)
            steps = list(pairwise(path))
            if not steps:
                break
            takes = sum(own[position[step]] for step in steps)
            best = min(best, takes)
            segments = (between[min(step), max(step)] for step in steps)
            route = tuple(sorted(e for e in segments if not network.open[e]))
            if takes <= best * detour and route not in ways:
                ways.append(route)
            for u, v in steps:
                graph.data[position[u, v]] *= DEARER
                graph.data[position[v, u]] *= DEARER
        graph.data[:] = own
        # A way that holds all of another way's segments serves nobody more.
        found.append(tuple(w for w in ways if not any(set(o) < set(w) for o in ways)))
    return tuple(found)


def _carried(network: Network, travel_s: Floats, growth: Growth) -> Floats:
    """Return the passengers and loads of all lines per day on each segment: each line takes the quickest way."""
    graph, between = network.graph(travel_s), network.segment_between(travel_s)
    at = {anchor.id: network.nearest(*anchor.at) for anchor in growth.anchors}
    at[CENTRE] = network.nearest(0.0, 0.0)
    carried = np.zeros(len(network.segments))
    for line in growth.lines:
        for start, goal in pairwise(line.via):
            _, previous = dijkstra(graph, indices=at[start], return_predecessors=True)
            path = way(previous, at[goal])
            for u, v in pairwise(path):
                carried[between[min(u, v), max(u, v)]] += line.per_day
    return carried


def _cells(
    network: Network, anchors: Sequence[Anchor], extent: Sequence[float], seen_m: float
) -> tuple[tuple[tuple[int, ...], ...], Floats, NDArray[np.int8], Floats]:
    """Return which candidate segments serve each cell, what lies in it, how many open ones do, and its middle."""
    west, south, east, north = extent
    xs, ys = np.arange(west + CELL_M / 2, east, CELL_M), np.arange(south + CELL_M / 2, north, CELL_M)
    middle = np.array([(x, y) for y in ys for x in xs])
    along, owner = [], []
    for e, line in enumerate(network.shape):  # places along each segment, about 100 m apart
        steps = np.hypot(*np.diff(line, axis=0).T)
        station = np.r_[0, np.cumsum(steps)]
        s = np.linspace(0, station[-1], max(int(station[-1] / 100), 2))
        along.append(np.column_stack([np.interp(s, station, line[:, 0]), np.interp(s, station, line[:, 1])]))
        owner.append(np.full(len(s), e))
    places, owners = np.vstack(along), np.concatenate(owner)
    near = cKDTree(places).query_ball_point(middle, seen_m)
    segments = [np.unique(owners[rows]) if rows else np.empty(0, int) for rows in near]
    served = np.array([min(int(network.open[found].sum()), 2) for found in segments], np.int8)
    people = _people(middle, anchors, "people") + _people(middle, anchors, "jobs")
    ground = people + people.sum() / len(middle) * 0.25  # empty land counts a little
    reachable = np.array([len(found) > 0 for found in segments])
    cells = tuple(
        tuple(int(e) for e in found if not network.open[e]) for found in np.array(segments, object)[reachable]
    )
    return cells, ground[reachable], served[reachable], middle[reachable]
