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
FOR_EVER = np.iinfo(np.int64).max
MOST_NEAR, MOST_EXAMINED = 24, 500
"""Tracks that are weighed for one look at most: the cheapest, of so many around."""


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
def _numbers(
    rows: Any, links: Any, alive: NDArray[np.int64], looks: Any, bounds: NDArray[np.int64], now_us: int
) -> NDArray[np.uint64]:
    """Return which tracks bear the names of the looks, as a table: sender's row + 2 (1: BSM ids), number, track + 1, last use.

    Of two tracks with one name it is the one that was called so last. Only names that a look bears are in it.
    """
    size = 64
    while size < 6 * len(bounds):
        size *= 2
    names = np.zeros((size, 4), np.uint64)
    mask = np.uint64(size - 1)
    for k in range(len(bounds) - 1):
        look = looks[bounds[k + 1] - 1]
        for sender, number in ((np.uint64(look.source + 2), look.participant), (np.uint64(1), look.vehicle_id)):
            at = _at(names, mask, sender, number)
            names[at, 0], names[at, 1] = sender, number
    for row in alive:
        for k in range(links.shape[1]):
            link = links[row, k]
            if link.last_us != 0 and now_us - link.last_us <= KEPT_US:
                _call(names, mask, np.uint64(link.source + 2), link.participant, row, link.last_us)
        if rows[row].vehicle_id != 0:
            _call(names, mask, np.uint64(1), rows[row].vehicle_id, row, rows[row].last_us)
    return names


@njit(cache=True)
def _at(names: NDArray[np.uint64], mask: np.uint64, sender: np.uint64, number: np.uint64) -> np.uint64:
    """Return where a name is kept, or the free place where it would be."""
    at = _mixed(sender, number) & mask
    while names[at, 0] != 0 and not (names[at, 0] == sender and names[at, 1] == number):
        at = (at + np.uint64(1)) & mask
    return at


@njit(cache=True)
def _call(
    names: NDArray[np.uint64], mask: np.uint64, sender: np.uint64, number: np.uint64, row: int, used: int
) -> None:
    """Note that a track bears a name, where anybody asks for that."""
    at = _at(names, mask, sender, number)
    if names[at, 0] != 0 and (names[at, 2] == 0 or used > np.int64(names[at, 3])):
        names[at, 2], names[at, 3] = np.uint64(row + 1), np.uint64(used)


@njit(cache=True)
def _named(names: NDArray[np.uint64], sender: np.uint64, number: np.uint64) -> np.int64:
    """Return the track that bears a name, -1 for none."""
    return np.int64(names[_at(names, np.uint64(len(names) - 1), sender, number), 2]) - 1


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
    names = _numbers(rows, links, alive, looks, bounds, now_us)
    _by_number(rows, seen, looks, noise, bounds, now_us, names, row_of, named)
    free = _left(looks, bounds, row_of)
    if len(free) and len(alive):
        vaguest = float(min(noise["place"].max() + noise["bias_sd"].max() ** 2, MOST_VAR))
        x_m, y_m = _places(looks, bounds, free, now_us)
        near = gate.grid(seen, alive, vaguest, gate.wanted(x_m, y_m))
        graph = _near(rows, seen, looks, noise, bounds, now_us, free, x_m, y_m, row_of, near)
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
    names: NDArray[np.uint64],
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
        row = _named(names, np.uint64(look.source + 2), look.participant)
        if row < 0 and look.vehicle_id != 0:
            row = _named(names, np.uint64(1), look.vehicle_id)
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
def _places(
    looks: Any, bounds: NDArray[np.int64], free: NDArray[np.int64], now_us: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the free looks' participants are at the frame's instant by their own motion."""
    x_m, y_m = np.empty(len(free)), np.empty(len(free))
    for n in range(len(free)):
        look = looks[bounds[free[n] + 1] - 1]
        dt = max(0.0, (now_us - look.event_us) / 1e6)
        x_m[n], y_m[n] = look.x_m, look.y_m
        if isfinite(look.speed_mps) and isfinite(look.heading_rad):
            x_m[n] += look.speed_mps * dt * sin(look.heading_rad)
            y_m[n] += look.speed_mps * dt * cos(look.heading_rad)
    return x_m, y_m


@njit(cache=True)
def _near(
    rows: Any,
    seen: NDArray[np.float64],
    looks: Any,
    noise: Any,
    bounds: NDArray[np.int64],
    now_us: int,
    free: NDArray[np.int64],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    row_of: NDArray[np.int64],
    entries: gate.Grid,
) -> Graph:
    """Return the graph of free looks and tracks near them that their sender has not named.

    A column is a track as one sender may have it, so the looks of different senders do not compete. A roadside unit may
    lose its number for somebody from one scan to the next: what it names later is no other one for that.
    """
    # What each sender has named already: pairs of (row, sender) and until when, kept in a small table.
    size = 64
    while size < 2 * len(row_of):
        size *= 2
    taken, until_us = np.full(size, -1, np.int64), np.zeros(size, np.int64)
    for k in range(len(row_of)):
        if row_of[k] >= 0:
            last = looks[bounds[k + 1] - 1]
            pair = row_of[k] << 33 | (_sender(last) + 1)
            at = np.int64(_mixed(np.uint64(pair), np.uint64(1)) & np.uint64(size - 1))
            while taken[at] >= 0 and taken[at] != pair:
                at = (at + 1) & (size - 1)
            taken[at] = pair
            until_us[at] = max(until_us[at], FOR_EVER if last.by == SEEN_BY_ITSELF else last.event_us)
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
        examined = 0
        middle_x, middle_y = gate.cell(x_m[n], gate.CELL_M), gate.cell(y_m[n], gate.CELL_M)
        for cx in range(middle_x - 1, middle_x + 2):
            for cy in range(middle_y - 1, middle_y + 2):
                entry = entries.head[gate.cell_hash(cx, cy, len(entries.head) - 1)]
                while entry >= 0 and examined < MOST_EXAMINED:
                    row = entries.row[entry]
                    here = entries.cells[2 * entry] == cx and entries.cells[2 * entry + 1] == cy
                    entry = entries.following[entry]
                    if not here or last_look[row] == n:
                        continue
                    last_look[row] = n
                    examined += 1
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
                    if taken[at] == pair and looks[bounds[k]].event_us <= until_us[at]:
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
    seen = np.zeros((len(free), 10))
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
                examined = 0
                for cx in range(middle_x - 1, middle_x + 2):
                    for cy in range(middle_y - 1, middle_y + 2):
                        other_new = head[gate.cell_hash(cx, cy, size - 1)]
                        while other_new >= 0 and examined < MOST_EXAMINED:
                            m = other_new
                            other_new = following[m]
                            examined += 1
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
