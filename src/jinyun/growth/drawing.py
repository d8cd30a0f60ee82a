"""Drawing a candidate network by rule from a seed: simulated, and labelled so wherever it goes.

Junctions are scattered, close in towns and far apart in the country; roads are the Gabriel graph of them (two junctions
are joined when nobody else stands in the circle over both: K. R. Gabriel and R. R. Sokal, 1969), which looks and
measures like a road network. Hills are crossed by tunnels alone. The zone's own roads are taken from its plan as they
are; the country joins them at the fringe.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from jinyun.growth.description import Anchor, Drawing, Growth, Ridge
from jinyun.growth.network import CLASSES, Bools, Floats, Ints, Network
from jinyun.hdmap import curve
from jinyun.hdmap.streets import lay_out
from jinyun.zone import Zone

AROUND_M = 900.0
"""No drawn junction stands nearer to the zone's own roads than this."""
LEAST_ANGLE_RAD = np.radians(28)
"""Of two roads that leave a junction closer together than this, the longer is not drawn."""
WINDING = (1.02, 1.16)
"""Roads are so much longer than the straight line, drawn evenly."""


def draw(zone: Zone, growth: Growth) -> Network:
    """Return the zone's own roads and, drawn around them, the candidates within the growth's extent."""
    rng = np.random.default_rng(growth.drawing.seed)
    ids, xy, sections = _own(zone)
    fringe = np.array([ids.index(id) for id, node in zone.plan.nodes.items() if node.control == "fringe" and id in ids])
    outer = _scattered(rng, growth.drawing, growth.anchors, growth.extent_m, xy)
    points = np.vstack([xy[fringe], outer]) if len(fringe) else outer
    box = (xy.min(axis=0), xy.max(axis=0)) if len(xy) else None
    pairs = _gabriel(points)
    pairs = pairs[~_inside(points, pairs, box, len(fringe))]
    pairs = _through_hills(points, pairs, growth.drawing.ridges)
    pairs = _thinned(points, pairs)
    pairs, tunnels = _tunnelled(points, pairs, growth.drawing.ridges)
    rows = np.r_[fringe, len(ids) + np.arange(len(outer))].astype(np.int32) if len(fringe) else np.arange(len(outer))
    shapes, lengths = _courses(rng, points, pairs)
    town = _urban(points, growth.anchors)
    kinds = _kinds(rng, points, pairs, town)
    network = Network(
        junctions=(*ids, *(f"G{i + 1}" for i in range(len(outer)))),
        x_m=np.r_[xy[:, 0], outer[:, 0]], y_m=np.r_[xy[:, 1], outer[:, 1]],
        segments=(*(s[0] for s in sections), *(f"g{i + 1}" for i in range(len(pairs)))),
        a=np.r_[[s[1] for s in sections], rows[pairs[:, 0]]].astype(np.int32),
        b=np.r_[[s[2] for s in sections], rows[pairs[:, 1]]].astype(np.int32),
        length_m=np.r_[[s[3] for s in sections], lengths],
        kind=np.r_[[s[4] for s in sections], kinds].astype(np.int8),
        tunnel_m=np.r_[[s[5] for s in sections], tunnels],
        open=np.r_[[s[6] for s in sections], np.zeros(len(pairs))].astype(bool),
        shape=(*(s[7] for s in sections), *shapes),
    )  # fmt: skip
    return _reachable(network)


def at_random(seed: int, segments: int, open_km: float = 40.0) -> Network:
    """Return a network of about so many segments over a plain, a piece of which in the middle is open: for measuring."""
    rng = np.random.default_rng(seed)
    side = 1500.0 * np.sqrt(segments / 1.9)
    towns = _towns(rng, segments, side)
    drawing = Drawing(seed=seed, town_spacing_m=700, country_spacing_m=2000, trip_zone_m=1300, trip_decay_m=3200,
                      trip_pairs=segments)  # fmt: skip
    half = side / 2
    points = _scattered(rng, drawing, towns, (-half, -half, half, half), np.empty((0, 2)))
    pairs = _thinned(points, _gabriel(points))
    while len(pairs) > 1.02 * segments:  # a smaller piece of the same plain
        half *= np.sqrt(segments / len(pairs))
        points = points[(np.abs(points) <= half).all(axis=1)]
        pairs = _thinned(points, _gabriel(points))
    shapes, lengths = _courses(rng, points, pairs)
    kinds = _kinds(rng, points, pairs, _urban(points, towns))
    a, b = pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)
    middle = (points[a] + points[b]) / 2
    order = np.argsort(np.hypot(middle[:, 0], middle[:, 1]))
    open_ = np.zeros(len(a), bool)
    reached = {int(a[order[0]])}
    for e in order:  # the nearest first, what joins
        if lengths[open_].sum() >= 1000 * open_km:
            break
        if int(a[e]) in reached or int(b[e]) in reached:
            open_[e] = True
            reached |= {int(a[e]), int(b[e])}
    return _reachable(Network(
        junctions=tuple(f"G{i + 1}" for i in range(len(points))), x_m=points[:, 0], y_m=points[:, 1],
        segments=tuple(f"g{i + 1}" for i in range(len(a))), a=a, b=b, length_m=lengths, kind=kinds,
        tunnel_m=np.zeros(len(a)), open=open_, shape=tuple(shapes),
    ))  # fmt: skip


def towns_at_random(seed: int, segments: int, network: Network) -> list[Anchor]:
    """Return the towns of :func:`at_random` that lie within the network, as anchors."""
    side = 1500.0 * np.sqrt(segments / 1.9)
    low, high = (network.x_m.min(), network.y_m.min()), (network.x_m.max(), network.y_m.max())
    towns = _towns(np.random.default_rng(seed), segments, side)
    return [town for town in towns if all(low[i] <= town.at[i] <= high[i] for i in (0, 1))]


def _towns(rng: np.random.Generator, segments: int, side: float) -> list[Anchor]:
    many = max(segments // 50, 4)
    x, y = rng.uniform(-side / 2, side / 2, (2, many))
    people = 20_000 * rng.pareto(1.6, many) + 8000
    return [
        Anchor(id=f"t{i}", zh=f"镇{i}", en=f"Town {i}", kind="town", at=(float(x[i]), float(y[i])), radius_m=1500,
               people=float(people[i]), jobs=float(people[i]) * 0.6)
        for i in range(many)
    ]  # fmt: skip


Own = tuple[str, int, int, float, int, float, bool, Floats]


def _own(zone: Zone) -> tuple[list[str], Floats, list[Own]]:
    """Return the junctions of the zone's plan, their places, and its sections as segments."""
    ids = list(zone.plan.nodes)
    xy = np.array([zone.plan.nodes[id].at[:2] for id in ids], float).reshape(-1, 2)
    sections: list[Own] = []
    for part in lay_out(zone.plan).sections:
        start, end = (ids.index(node.rstrip("+-")) for node in (part.start, part.end))
        line = np.asarray(part.centre, float)
        kind = CLASSES.index(
            "arterial" if zone.plan.classes[zone.plan.road(part.road).section].lanes >= 3 else "street"
        )
        length = curve.length_m(part.centre)
        shape = curve.simplified(line, 8.0)[:, :2]
        name = f"{part.road}.{part.section}"
        sections.append((name, start, end, length, kind, length * part.tunnel, part.open, shape))
    return ids, xy, sections


def _urban(points: Floats, anchors: Sequence[Anchor]) -> Floats:
    """Return how much of a town each place is: 0 country, 1 the middle of a town."""
    town = np.zeros(len(points))
    for anchor in anchors:
        square = ((points - np.asarray(anchor.at)) ** 2).sum(axis=1)
        town = np.maximum(town, np.exp(-square / (2 * (1.15 * anchor.radius_m) ** 2)))
    return town


def _scattered(
    rng: np.random.Generator, drawing: Drawing, anchors: Sequence[Anchor], extent: Sequence[float], own: Floats
) -> Floats:
    """Return places no nearer to each other than the spacing there: dart throwing, the closest spacing last."""
    west, south, east, north = extent
    area = (east - west) * (north - south)
    darts = rng.uniform((west, south), (east, north), (int(area / drawing.town_spacing_m**2 * 14), 2))
    keep = np.ones(len(darts), bool)
    for ridge in drawing.ridges:
        keep &= _to_crest(darts, ridge) > ridge.half_width_m
    if len(own):
        low, high = own.min(axis=0) - AROUND_M, own.max(axis=0) + AROUND_M
        keep &= ~((darts > low) & (darts < high)).all(axis=1)
    darts = darts[keep]
    wide, close = drawing.country_spacing_m, drawing.town_spacing_m
    space = wide * (close / wide) ** np.minimum(1.6 * _urban(darts, anchors), 1)
    middles = np.array([anchor.at for anchor in anchors if len(own) == 0 or np.hypot(*anchor.at) > 0]).reshape(-1, 2)
    darts, space = np.vstack([middles, darts]), np.r_[np.full(len(middles), close), space]
    cell = close / np.sqrt(2)
    taken: dict[tuple[int, int], list[int]] = {}
    chosen: list[int] = []
    for i, (x, y) in enumerate(darts):
        here = (int(x // cell), int(y // cell))
        ring = int(np.ceil(space[i] / cell))
        near = (
            j
            for u in range(here[0] - ring, here[0] + ring + 1)
            for v in range(here[1] - ring, here[1] + ring + 1)
            for j in taken.get((u, v), ())
        )
        if all(np.hypot(darts[j, 0] - x, darts[j, 1] - y) >= min(space[i], space[j]) for j in near):
            taken.setdefault(here, []).append(i)
            chosen.append(i)
    return darts[chosen]


def _gabriel(points: Floats) -> Ints:
    """Return the pairs of places in whose circle nobody else stands, shape (n, 2)."""
    corners = Delaunay(points).simplices
    pairs = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    middle, radius = (points[pairs[:, 0]] + points[pairs[:, 1]]) / 2, _spans(points, pairs) / 2
    nearest = cKDTree(points).query(middle)[0]
    found: Ints = pairs[nearest >= radius * (1 - 1e-9)].astype(np.int32)
    return found


def _spans(points: Floats, pairs: Ints) -> Floats:
    spans: Floats = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    return spans


def _inside(points: Floats, pairs: Ints, box: tuple[Floats, Floats] | None, fringe: int) -> Bools:
    """Return which pairs would cross the zone's own ground, or join two of its fringe junctions."""
    if box is None:
        return np.zeros(len(pairs), bool)
    inner_low, inner_high = box[0] + 250, box[1] - 250
    crosses = np.zeros(len(pairs), bool)
    for share in np.linspace(0, 1, 41):
        at = points[pairs[:, 0]] * (1 - share) + points[pairs[:, 1]] * share
        crosses |= ((at > inner_low) & (at < inner_high)).all(axis=1)
    return crosses & (pairs[:, 0] >= fringe) | (pairs < fringe).all(axis=1)


def _to_crest(places: Floats, ridge: Ridge) -> Floats:
    """Return how far each place is from the crest."""
    crest = np.asarray(ridge.crest, float)
    away = np.full(len(places), np.inf)
    for start, end in pairwise(crest):
        along = np.clip((places - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
        away = np.minimum(away, np.hypot(*(places - start - along[:, None] * (end - start)).T))
    return away


def _crossing(points: Floats, pairs: Ints, ridge: Ridge) -> Bools:
    """Return which pairs lead across the crest."""
    crest = np.asarray(ridge.crest, float)
    p, q = points[pairs[:, 0]], points[pairs[:, 1]]
    crossed = np.zeros(len(pairs), bool)
    for start, end in pairwise(crest):
        crossed |= (_side(start, end, p) * _side(start, end, q) < 0) & (_side(p, q, start) * _side(p, q, end) < 0)
    return crossed


def _side(a: Floats, b: Floats, c: Floats) -> Floats:
    d, e = b - a, c - a
    side: Floats = d[..., 0] * e[..., 1] - d[..., 1] * e[..., 0]
    return side


def _through_hills(points: Floats, pairs: Ints, ridges: Sequence[Ridge]) -> Ints:
    """Return the pairs without those across a hill, but for its tunnels: the shortest, well apart."""
    keep = np.ones(len(pairs), bool)
    for ridge in ridges:
        across = np.flatnonzero(_crossing(points, pairs, ridge))
        keep[across] = False
        middle = (points[pairs[:, 0]] + points[pairs[:, 1]]) / 2
        apart = np.hypot(*np.diff(np.asarray(ridge.crest), axis=0).T).sum() / (ridge.tunnels + 1) / 1.6
        for e in across[np.argsort(_spans(points, pairs[across]))]:
            built = across[keep[across]]
            if len(built) < ridge.tunnels and all(np.hypot(*(middle[e] - middle[other])) > apart for other in built):
                keep[e] = True
    return pairs[keep]


def _tunnelled(points: Floats, pairs: Ints, ridges: Sequence[Ridge]) -> tuple[Ints, Floats]:
    """Return the pairs and how much of each lies within a hill."""
    tunnel = np.zeros(len(pairs))
    for ridge in ridges:
        crossed = np.flatnonzero(_crossing(points, pairs, ridge))
        tunnel[crossed] = np.minimum(2 * ridge.half_width_m, 0.8 * _spans(points, pairs[crossed]))
    return pairs, tunnel


def _thinned(points: Floats, pairs: Ints) -> Ints:
    """Return the pairs without the longer of two that leave a junction at a small angle, where the graph stays whole."""
    ends: dict[int, list[int]] = {}
    for e, (u, v) in enumerate(pairs):
        ends.setdefault(int(u), []).append(e)
        ends.setdefault(int(v), []).append(e)
    span, drop = _spans(points, pairs), np.zeros(len(pairs), bool)
    for junction, edges in ends.items():
        for i, e in enumerate(edges):
            for f in edges[i + 1 :]:
                d = [points[pairs[g, 0] + pairs[g, 1] - junction] - points[junction] for g in (e, f)]
                turn = abs(np.arctan2(d[0][0] * d[1][1] - d[0][1] * d[1][0], d[0] @ d[1]))
                if turn < LEAST_ANGLE_RAD and not drop[e] and not drop[f]:
                    drop[e if span[e] > span[f] else f] = True
    return pairs[~drop]


def _courses(rng: np.random.Generator, points: Floats, pairs: Ints) -> tuple[list[Floats], Floats]:
    """Return a gently bent line for each pair, and its length: WINDING times the straight one."""
    span = _spans(points, pairs)
    length = span * rng.uniform(*WINDING, len(pairs))
    bend = rng.choice([-1.0, 1.0], len(pairs)) * np.sqrt(np.maximum(length**2 - span**2, 0)) / 2
    lines = []
    for (u, v), off, far in zip(pairs, bend, span, strict=True):
        step = points[v] - points[u]
        aside = np.array([-step[1], step[0]]) / far * off * 0.35
        lines.append(np.array([points[u], points[u] + step / 3 + aside, points[u] + 2 * step / 3 + aside, points[v]]))
    return lines, length


def _kinds(rng: np.random.Generator, points: Floats, pairs: Ints, town: Floats) -> NDArray[np.int8]:
    """Return the class of each pair: country roads outside towns; in towns a third are main roads."""
    urban = (town[pairs[:, 0]] + town[pairs[:, 1]]) / 2
    kinds = np.where(urban < 0.22, CLASSES.index("rural"), CLASSES.index("street"))
    main = rng.random(len(pairs)) < np.where(urban < 0.22, 0.12, 0.33)
    return np.where(main, CLASSES.index("arterial"), kinds).astype(np.int8)


def _reachable(network: Network) -> Network:
    """Return the network without segments that no way joins to what is open."""
    n = len(network.junctions)
    graph = coo_matrix((np.ones(len(network.a)), (network.a, network.b)), shape=(n, n))
    part = connected_components(graph, directed=False)[1]
    largest = np.bincount(part[network.a[network.open]]).argmax()
    keep = np.flatnonzero(part[network.a] == largest)
    used = np.unique(np.r_[network.a[keep], network.b[keep]])
    row = np.full(n, -1, np.int32)
    row[used] = np.arange(len(used))
    return Network(
        junctions=tuple(network.junctions[i] for i in used), x_m=network.x_m[used], y_m=network.y_m[used],
        segments=tuple(network.segments[e] for e in keep), a=row[network.a[keep]], b=row[network.b[keep]],
        length_m=network.length_m[keep], kind=network.kind[keep], tunnel_m=network.tunnel_m[keep],
        open=network.open[keep], shape=tuple(network.shape[e] for e in keep), simulated=network.simulated,
    )  # fmt: skip
