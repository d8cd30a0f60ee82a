"""Association: which track each look is of, and which looks are somebody new.

A sender calls a participant by a number, so a look is first held against the track that bore its number; if it fits, that
is it. All others are assigned by place: for each sender the looks that are left against the tracks it has not named, at
least total cost (:mod:`.assign`); cars that report themselves are assigned together, as one sender would. What is still
left is new; the looks that several senders have of one newcomer are joined in the same way.
"""

from __future__ import annotations

from math import cos, isfinite, sin
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.tracking import gate
from jinyun.cloud.tracking.assign import assign
from jinyun.shapes import SEEN_BY_ITSELF

KEPT_US = 3_000_000
"""A sender's number stands for a track for so long after it was last used."""
LINK_GATE, LINK_MOTION = 36.0, 64.0
"""A look with a track's number may differ from it more, in place and in motion, before the number is doubted."""
MOST_VAR = 9.0
"""A look vaguer than this (m2) is not looked for farther."""
MOST_NEAR = 24
"""Tracks that are weighed for one look at most: the cheapest."""


class Names(NamedTuple):
    """A table of the names by which senders call tracks: the sender's row + 1 (0: BSM ids), its number, the track."""

    sender: NDArray[np.uint64]
    number: NDArray[np.uint64]
    row: NDArray[np.int64]


class Graph(NamedTuple):
    """Looks and the tracks they may be: each look's first edge; columns and costs; the track that each column is."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    costs: NDArray[np.float64]
    row_of_column: NDArray[np.int64]
    width: int


@njit(cache=True)
def _mixed(a: np.uint64, b: np.uint64) -> np.uint64:
    value = (a + np.uint64(0x9E3779B97F4A7C15)) ^ (b * np.uint64(0xBF58476D1CE4E5B9))
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True)
def _numbers(rows: Any, links: Any, alive: NDArray[np.int64], now_us: int) -> Names:
    """Return by which names tracks are called now; of two tracks with one name the one it was used for last."""
    size = 64
    while size < 2 * len(alive) * (links.shape[1] + 1):
        size *= 2
    sender, number = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    row_at, used_us = np.full(size, -1, np.int64), np.zeros(size, np.int64)
    mask = np.uint64(size - 1)
    for row in alive:
        for k in range(links.shape[1] + 1):
            if k < links.shape[1]:
                link = links[row, k]
                last_us = link.last_us
                if last_us == 0 or now_us - last_us > KEPT_US:
                    continue
                a, b = np.uint64(link.source) + np.uint64(1), np.uint64(link.participant)
            else:
                a, b, last_us = np.uint64(0), np.uint64(rows[row].vehicle_id), rows[row].last_us
                if b == 0:
                    continue
            at = _mixed(a, b) & mask
            while row_at[at] >= 0 and not (sender[at] == a and number[at] == b):
                at = (at + np.uint64(1)) & mask
            if row_at[at] < 0 or last_us > used_us[at]:
                sender[at], number[at], row_at[at], used_us[at] = a, b, row, last_us
    return Names(sender, number, row_at)


@njit(cache=True)
def _named(names: Names, a: np.uint64, b: np.uint64) -> int:
    mask = np.uint64(len(names.row) - 1)
    at = _mixed(a, b) & mask
    while names.row[at] >= 0:
        if names.sender[at] == a and names.number[at] == b:
            return int(names.row[at])
        at = (at + np.uint64(1)) & mask
    return -1


@njit(cache=True)
def groups(rows: Any) -> NDArray[np.int64]:
    """Return the bounds of the looks in ordered sightings: a look is all that one sender says of one number."""
    bounds = np.empty(len(rows) + 1, np.int64)
    count = 0
    for i in range(len(rows)):
        if i == 0 or rows[i].source != rows[i - 1].source or rows[i].participant != rows[i - 1].participant:
            bounds[count] = i
            count += 1
    bounds[count] = len(rows)
    return bounds[: count + 1]


def join(
    rows: NDArray[np.void],
    links: NDArray[np.void],
    alive: NDArray[np.intp],
    seen: NDArray[np.float64],
    looks: NDArray[np.void],
    noise: NDArray[np.void],
    bounds: NDArray[np.int64],
    now_us: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return (each look's track, the track that bore its number before or -1, how many are new).

    A track is its row, or ``-2 - k`` for the ``k``-th new one. ``seen`` is :func:`.gate.view`, ``bounds``
    :func:`groups`.
    """
    count = len(bounds) - 1
    row_of, named = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    names = _numbers(rows, links, alive, now_us)
    _by_number(rows, seen, looks, noise, bounds, now_us, names, row_of, named)
    free = _left(looks, bounds, row_of)
    if len(free) and len(alive):
        vaguest = float(min(noise["place"].max() + noise["bias_sd"].max() ** 2, MOST_VAR))
        graph = _near(rows, seen, looks, noise, bounds, now_us, free, row_of, gate.grid(seen, alive, vaguest))
        chosen = assign(graph.starts, graph.columns, graph.costs, graph.width, gate.ALONE)
        row_of[free[chosen >= 0]] = graph.row_of_column[chosen[chosen >= 0]]
    new = _newcomers(looks, noise, bounds, now_us, free, row_of)
    return row_of, named, new


@njit(cache=True)
def _by_number(
    rows: Any,
    seen: NDArray[np.float64],
    looks: Any,
    noise: Any,
    bounds: NDArray[np.int64],
    now_us: int,
    names: Names,
    row_of: NDArray[np.int64],
    named: NDArray[np.int64],
) -> None:
    """Hold each look against the track that bore its number."""
    count = len(bounds) - 1
    off_of = np.zeros(count)
    holder = np.full(len(rows), -1, np.int64)  # the look of the running sender that has the track
    holder_own = np.full(len(rows), -1, np.int64)
    for k in range(count):
        look, its = looks[bounds[k + 1] - 1], noise[bounds[k + 1] - 1]
        own = look.by == SEEN_BY_ITSELF
        row = _named(names, np.uint64(look.source) + np.uint64(1), np.uint64(look.participant))
        if row < 0 and look.vehicle_id != 0:
            row = _named(names, np.uint64(0), np.uint64(look.vehicle_id))
        named[k] = row
        if row < 0 or not gate.fits(look, rows[row], now_us):
            continue
        off, other, _ = gate.distance(look, its, seen[row], now_us)
        if off > LINK_GATE or other > LINK_MOTION:
            continue
        before = holder_own[row] if own else holder[row]
        if before >= 0 and (own or looks[bounds[before]].source == look.source):
            if off_of[before] <= off:
                continue
            row_of[before] = -1
        row_of[k], off_of[k] = row, off
        if own:
            holder_own[row] = k
        else:
            holder[row] = k


@njit(cache=True)
def _left(looks: Any, bounds: NDArray[np.int64], row_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the looks without a track in the order of their senders, those that speak of themselves first."""
    free = np.empty(len(row_of), np.int64)
    left = 0
    for turn in range(2):
        for k in range(len(row_of)):
            if row_of[k] == -1 and (looks[bounds[k]].by == SEEN_BY_ITSELF) == (turn == 0):
                free[left] = k
                left += 1
    return free[:left].copy()


@njit(cache=True)
def _sender(look: Any) -> int:
    """Return whose looks compete with this one: its sender's, or all cars' that report themselves."""
    return -1 if look.by == SEEN_BY_ITSELF else look.source


@njit(cache=True)
def _near(
    rows: Any,
    seen: NDArray[np.float64],
    looks: Any,
    noise: Any,
    bounds: NDArray[np.int64],
    now_us: int,
    free: NDArray[np.int64],
    row_of: NDArray[np.int64],
    entries: gate.Grid,
) -> Graph:
    """Return the graph of free looks and tracks near them that their sender has not named.

    A column is a track as one sender may have it, so the looks of different senders do not compete.
    """
    # What each sender has named already: pairs of (row, sender), kept in a small table.
    size = 64
    while size < 2 * len(row_of):
        size *= 2
    taken = np.full(size, -1, np.int64)
    for k in range(len(row_of)):
        if row_of[k] >= 0:
            pair = row_of[k] << 33 | (_sender(looks[bounds[k]]) + 1)
            at = np.int64(_mixed(np.uint64(pair), np.uint64(1)) & np.uint64(size - 1))
            while taken[at] >= 0:
                at = (at + 1) & (size - 1)
            taken[at] = pair
    starts = np.zeros(len(free) + 1, np.int64)
    room = MOST_NEAR * len(free)
    columns, costs = np.empty(room, np.int64), np.empty(room)
    row_of_column = np.empty(room, np.int64)
    column_of_row, column_group = np.full(len(rows), -1, np.int64), np.full(len(rows), -3, np.int64)
    last_look = np.full(len(rows), -1, np.int64)
    edges = width = 0
    for n in range(len(free)):
        k = free[n]
        look, its = looks[bounds[k + 1] - 1], noise[bounds[k + 1] - 1]
        group = _sender(look)
        first = edges
        dt = max(0.0, (now_us - look.event_us) / 1e6)
        moving = isfinite(look.speed_mps) and isfinite(look.heading_rad)
        x = look.x_m + (look.speed_mps * dt * sin(look.heading_rad) if moving else 0.0)
        y = look.y_m + (look.speed_mps * dt * cos(look.heading_rad) if moving else 0.0)
        middle_x, middle_y = gate.cell(x, gate.CELL_M), gate.cell(y, gate.CELL_M)
        for cx in range(middle_x - 1, middle_x + 2):
            for cy in range(middle_y - 1, middle_y + 2):
                entry = entries.head[gate.cell_hash(cx, cy, len(entries.head) - 1)]
                while entry >= 0:
                    row = entries.row[entry]
                    here = entries.cells[2 * entry] == cx and entries.cells[2 * entry + 1] == cy
                    entry = entries.following[entry]
                    if not here or last_look[row] == n:
                        continue
                    last_look[row] = n
                    if not gate.fits(look, rows[row], now_us):
                        continue
                    off, other, volume = gate.distance(look, its, seen[row], now_us)
                    if off > gate.GATE or other > gate.MOTION_GATE:
                        continue
                    cost = gate.price(off, other, volume)
                    if cost >= gate.ALONE:
                        continue
                    pair = row << 33 | (group + 1)
                    at = np.int64(_mixed(np.uint64(pair), np.uint64(1)) & np.uint64(size - 1))
                    while taken[at] >= 0 and taken[at] != pair:
                        at = (at + 1) & (size - 1)
                    if taken[at] == pair:
                        continue
                    if edges - first >= MOST_NEAR:
                        worst = first
                        for e in range(first, edges):
                            if costs[e] > costs[worst]:
                                worst = e
                        if costs[worst] <= cost:
                            continue
                    else:
                        worst = edges
                        edges += 1
                    columns[worst], costs[worst] = row, cost
        for e in range(first, edges):  # a column is a track as this sender may have it
            row = columns[e]
            if column_group[row] != group:
                column_group[row], column_of_row[row] = group, width
                row_of_column[width] = row
                width += 1
            columns[e] = column_of_row[row]
        starts[n + 1] = edges
    return Graph(starts, columns, costs, row_of_column, width)


@njit(cache=True)
def _newcomers(
    looks: Any, noise: Any, bounds: NDArray[np.int64], now_us: int, free: NDArray[np.int64], row_of: NDArray[np.int64]
) -> int:
    """Give each look that has no track a new one, shared with the looks other senders have of the same newcomer."""
    size = 64
    while size < 2 * len(free):
        size *= 2
    head, following = np.full(size, -1, np.int64), np.full(len(free), -1, np.int64)
    born = np.empty(len(free), np.int64)  # the look that each newcomer began with
    place_x, place_y = np.empty(len(free), np.int64), np.empty(len(free), np.int64)
    seen = np.zeros((len(free), 9))
    named = np.zeros(len(free), np.uint64)
    new = 0
    begin = 0
    while begin < len(free):
        group = _sender(looks[bounds[free[begin]]])
        end = begin
        while end < len(free) and _sender(looks[bounds[free[end]]]) == group:
            end += 1
        starts = np.zeros(end - begin + 1, np.int64)
        columns, costs = np.empty(MOST_NEAR * (end - begin), np.int64), np.empty(MOST_NEAR * (end - begin))
        edges = 0
        for n in range(begin, end):
            k = free[n]
            look, its = looks[bounds[k + 1] - 1], noise[bounds[k + 1] - 1]
            if row_of[k] == -1 and new > 0:
                middle_x, middle_y = gate.cell(look.x_m, gate.CELL_M), gate.cell(look.y_m, gate.CELL_M)
                first = edges
                for cx in range(middle_x - 1, middle_x + 2):
                    for cy in range(middle_y - 1, middle_y + 2):
                        other_new = head[gate.cell_hash(cx, cy, size - 1)]
                        while other_new >= 0:
                            m = other_new
                            other_new = following[m]
                            if place_x[m] != cx or place_y[m] != cy or edges - first >= MOST_NEAR:
                                continue
                            begun = looks[bounds[born[m] + 1] - 1]
                            unlike = look.kind != begun.kind and look.kind != 0 and begun.kind != 0
                            if unlike or (look.vehicle_id != named[m] and look.vehicle_id != 0 and named[m] != 0):
                                continue
                            off, other, volume = gate.distance(look, its, seen[m], now_us)
                            cost = gate.price(off, other, volume)
                            if off <= gate.GATE and other <= gate.MOTION_GATE and cost < gate.ALONE:
                                columns[edges], costs[edges] = m, cost
                                edges += 1
            starts[n - begin + 1] = edges
        chosen = assign(starts, columns, costs, new, gate.ALONE)
        for n in range(begin, end):
            k = free[n]
            if row_of[k] != -1:
                continue
            if chosen[n - begin] >= 0:
                m = chosen[n - begin]
                row_of[k] = -2 - m
                if named[m] == 0:
                    named[m] = looks[bounds[k]].vehicle_id
                continue
            look, its = looks[bounds[k + 1] - 1], noise[bounds[k + 1] - 1]
            row_of[k] = -2 - new
            born[new], named[new] = k, look.vehicle_id
            _expect(seen[new], look, its, now_us)
            cx, cy = gate.cell(look.x_m, gate.CELL_M), gate.cell(look.y_m, gate.CELL_M)
            place_x[new], place_y[new] = cx, cy
            at = gate.cell_hash(cx, cy, size - 1)
            following[new], head[at] = head[at], new
            new += 1
        begin = end
    return new


@njit(cache=True)
def _expect(its: NDArray[np.float64], look: Any, noise: Any, now_us: int) -> None:
    """Fill a view with what one look alone lets expect at the frame's instant."""
    dt = max(0.0, (now_us - look.event_us) / 1e6)
    moving = isfinite(look.speed_mps) and isfinite(look.heading_rad)
    speed = look.speed_mps if moving else 0.0
    heading = look.heading_rad if moving else 0.0
    its[gate.X] = look.x_m + speed * dt * sin(heading)
    its[gate.Y] = look.y_m + speed * dt * cos(heading)
    its[gate.HEADING] = look.heading_rad
    its[gate.SPEED] = speed
    its[gate.YAW] = 0.0
    place = noise.place + noise.bias_sd**2 + (noise.speed + speed * speed * noise.heading) * dt * dt
    its[gate.V_ALONG] = its[gate.V_ACROSS] = place + (0.0 if moving else 225.0 * dt * dt)
    its[gate.V_SPEED] = noise.speed if moving else 225.0
    its[gate.V_HEADING] = noise.heading
