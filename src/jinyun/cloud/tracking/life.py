"""Life of a track: how probable it is that there is somebody, when that is enough to show, and when it is not any more.

Each look raises the log-odds of existence by how much likelier it is as a look at this track than as clutter. Time without
a look lowers them: either the participant is gone, or its senders missed it (with their period and the probability of
detection), or something hides it, which becomes less likely with every moment (Musicki, Evans and Stankovic, Integrated
probabilistic data association, IEEE TAC 39(6), 1994, with time in the place of scans). Calls of the twin count for nothing.
"""

from __future__ import annotations

from math import exp, isfinite, log, pi
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.tracking import chain, gate
from jinyun.shapes import SEEN_BY_ITSELF

DETECTED = 0.9
"""Probability that a sender which sees a participant reports it the next time."""
CLUTTER_PER_M2 = 1e-4
"""Density of looks at nothing, per look of a sender."""
FIRST_ODDS, FIRST_ODDS_OWN = -1.5, 3.0
"""Log-odds after one look: by the road (it may be clutter), by the participant itself (somebody must have sent it)."""
MOST_ODDS = 8.0
MOST_GAIN = 4.0
CONFIRMED_ODDS = 2.2
"""A probability of 0.9."""
ENDED_ODDS = -2.2
"""A probability of 0.1."""
HIDDEN = 0.05
"""Probability that a participant not reported is hidden rather than missed."""
HIDDEN_FADE_S = 0.40
"""How the probability of being hidden fades: a sure track is kept for three seconds."""
SHOWN_US = 1_000_000
"""A track is published while its newest look is younger than this, or than three periods of its senders."""
SHOWN_PERIODS = 3
SHOWN_SD_M = 6.0
"""A track whose place is vaguer than this is not published."""
KEPT_US = 3_200_000

TWIN_M = 3.0
"""Tracks of one participant are looked for within this distance."""
TWIN_OFF = 9.0
TWIN_EXAMINED = 100
"""Neighbours of one track that are weighed at most."""
TWIN_US = 300_000
"""Two tracks must be alike for so long to be joined."""
RECENT_US = 1_000_000


@njit(cache=True)
def odds_at(track: Any, now_us: int) -> float:
    """Return the log-odds that the participant is there at ``now_us``, given in which frame it was last seen."""
    unseen_s = (now_us - track.seen_us) / 1e6
    misses = max(0.0, unseen_s / track.period_s - 1.5)
    if misses == 0.0:
        return float(track.odds)
    return float(track.odds + log((1 - HIDDEN) * (1 - DETECTED) ** misses + HIDDEN * exp(-unseen_s / HIDDEN_FADE_S)))


@njit(cache=True)
def born(track: Any, look: Any, period_s: float, now_us: int) -> None:
    """Begin a track's existence with its first look."""
    track.seen_us = now_us
    track.odds = FIRST_ODDS_OWN if look.by == SEEN_BY_ITSELF else FIRST_ODDS
    track.first_us = track.last_us = look.event_us
    track.period_s = period_s
    track.confirmed = track.odds >= CONFIRMED_ODDS


@njit(cache=True)
def looked(
    rows: Any, order: NDArray[np.int64], starts: NDArray[np.int64], looks: Any, fits: NDArray[np.float64], now_us: int
) -> None:
    """Raise the tracks' odds by their looks; arguments as of :func:`.motion.observe`."""
    for row in range(len(rows)):
        if starts[row] < starts[row + 1]:
            rows[row].odds = odds_at(rows[row], now_us)
            rows[row].seen_us = now_us
        for n in range(starts[row], starts[row + 1]):
            track, look, fit = rows[row], looks[order[n]], fits[order[n]]
            if not isfinite(fit[0]):
                continue
            if look.event_us > track.last_us:
                step = min((look.event_us - track.last_us) / 1e6, 2.0)
                if step > 0.005:
                    track.period_s += 0.2 * (step - track.period_s)
                track.last_us = look.event_us
            gain = log(DETECTED / (CLUTTER_PER_M2 * 2 * pi * fit[3])) - fit[0] / 2
            track.odds = min(track.odds + min(max(gain, -1.0), MOST_GAIN), MOST_ODDS)
            if look.by == SEEN_BY_ITSELF:
                track.odds = max(track.odds, FIRST_ODDS_OWN)
            if track.odds >= CONFIRMED_ODDS:
                track.confirmed = True


@njit(cache=True)
def end(rows: Any, alive: NDArray[np.int64], now_us: int) -> None:
    """End the tracks that are improbable by now."""
    for row in alive:
        track = rows[row]
        if odds_at(track, now_us) < ENDED_ODDS or now_us - track.last_us > KEPT_US:
            track.alive = False


@njit(cache=True)
def shown(track: Any, now_us: int) -> bool:
    """Return whether a track belongs into the frame of ``now_us``."""
    unseen_us = now_us - track.last_us
    return bool(
        track.confirmed
        and unseen_us <= max(SHOWN_US, SHOWN_PERIODS * track.period_s * 1e6)
        and odds_at(track, now_us) > 0
    )


@njit(cache=True)
def _told_apart(links: Any, one: int, two: int, now_us: int) -> bool:
    """Return whether a sender has seen both tracks lately under different numbers."""
    for a in range(links.shape[1]):
        first = links[one, a]
        if first.last_us == 0 or now_us - first.last_us > RECENT_US:
            continue
        for b in range(links.shape[1]):
            second = links[two, b]
            if second.last_us != 0 and now_us - second.last_us <= RECENT_US and first.source == second.source:
                return True
    return False


@njit(cache=True)
def twins(
    rows: Any, links: Any, seen: NDArray[np.float64], alive: NDArray[np.int64], now_us: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (rows to keep, rows to give up): tracks that have been alike for a while and that no sender tells apart."""
    keep, drop = np.empty(len(alive), np.int64), np.empty(len(alive), np.int64)
    count = 0
    size = 16
    while size < 2 * len(alive):
        size *= 2
    head, following = np.full(size, -1, np.int64), np.full(len(alive), -1, np.int64)
    cell_x, cell_y = np.empty(len(alive), np.int64), np.empty(len(alive), np.int64)
    gone = np.zeros(len(rows), np.bool_)
    for n in range(len(alive)):
        row = alive[n]
        track, its = rows[row], seen[row]
        cx, cy = gate.cell(its[gate.X], TWIN_M), gate.cell(its[gate.Y], TWIN_M)
        rival, least, examined = -1, 1e9, 0
        for x in range(cx - 1, cx + 2):
            for y in range(cy - 1, cy + 2):
                m = head[gate.cell_hash(x, y, size - 1)]
                while m >= 0 and examined < TWIN_EXAMINED:
                    other = alive[m]
                    examined += 1
                    here = cell_x[m] == x and cell_y[m] == y
                    m = following[m]
                    if not here or gone[other]:
                        continue
                    off = _unlike(track, rows[other], its, seen[other], now_us)
                    if off < least and not _told_apart(links, row, other, now_us):
                        rival, least = other, off
        cell_x[n], cell_y[n] = cx, cy
        at = gate.cell_hash(cx, cy, size - 1)
        following[n], head[at] = head[at], n
        if rival < 0 or least > TWIN_OFF:
            track.rival = 0
            continue
        if track.rival != rows[rival].id:
            track.rival, track.rival_us = rows[rival].id, now_us
        if now_us - track.rival_us >= TWIN_US:
            elder = rival if rows[rival].first_us <= track.first_us else row
            younger = row if elder == rival else rival
            gone[younger] = True
            keep[count], drop[count] = elder, younger
            count += 1
    return keep[:count], drop[:count]


@njit(cache=True)
def _unlike(a: Any, b: Any, one: NDArray[np.float64], two: NDArray[np.float64], now_us: int) -> float:
    """Return how far apart two tracks are (squared, normalised; place and velocity), 1e9 where they cannot be one."""
    if a.kind != b.kind and a.kind != gate.UNKNOWN and b.kind != gate.UNKNOWN:
        return 1e9
    both = a.vehicle_id != 0 and b.vehicle_id != 0 and a.vehicle_id != b.vehicle_id
    if both and now_us - a.self_us <= gate.OWN_QUIET_US and now_us - b.self_us <= gate.OWN_QUIET_US:
        return 1e9
    dx, dy = one[gate.X] - two[gate.X], one[gate.Y] - two[gate.Y]
    if dx * dx + dy * dy > TWIN_M * TWIN_M:
        return 1e9
    sine, cosine = np.sin(one[gate.HEADING]), np.cos(one[gate.HEADING])
    if not isfinite(sine):
        sine, cosine = 0.0, 1.0
    along, across = dx * sine + dy * cosine, dx * cosine - dy * sine
    place = along**2 / (one[gate.V_ALONG] + two[gate.V_ALONG]) + across**2 / (one[gate.V_ACROSS] + two[gate.V_ACROSS])
    speed = (one[gate.SPEED] - two[gate.SPEED]) ** 2 / (one[gate.V_SPEED] + two[gate.V_SPEED] + gate.SPEED_SLACK)
    return float(place + speed)


@njit(cache=True)
def merge(
    rows: Any, chains: NDArray[np.float64], links: Any, passes: NDArray[np.float64], keep: NDArray[np.int64],
    drop: NDArray[np.int64],
) -> None:  # fmt: skip
    """Let each track to keep take over what is known of the one given up; the surer state of the two goes on."""
    for n in range(len(keep)):
        one, two = rows[keep[n]], rows[drop[n]]
        surer = _vagueness(two, chains[drop[n]]) < _vagueness(one, chains[keep[n]])
        if surer:
            one.t_us, one.guided, one.kind = two.t_us, two.guided, two.kind
            one.x_m, one.y_m, one.heading_rad, one.speed_mps = two.x_m, two.y_m, two.heading_rad, two.speed_mps
            one.yaw_rps, one.accel_mps2 = two.yaw_rps, two.accel_mps2
            one.bias_x, one.bias_y, one.bias_sd = two.bias_x, two.bias_y, two.bias_sd
            one.vx, one.vy, one.pp, one.pv, one.vv, one.hh = two.vx, two.vy, two.pp, two.pv, two.vv, two.hh
            for column in range(chains.shape[1]):
                chains[keep[n], column] = chains[drop[n], column]
        if two.self_us > one.self_us:
            one.self_us, one.vehicle_id = two.self_us, two.vehicle_id
        if one.classification == 0:
            one.classification = two.classification
        one.seen_us = max(one.seen_us, two.seen_us)
        one.road_us, one.last_us = max(one.road_us, two.road_us), max(one.last_us, two.last_us)
        one.odds, one.confirmed = max(one.odds, two.odds), one.confirmed or two.confirmed
        one.period_s = min(one.period_s, two.period_s)
        one.rival = 0
        two.alive = False
        for column in range(passes.shape[1]):
            passes[keep[n], column] = 0.0
        for a in range(links.shape[1]):
            oldest = 0
            for b in range(links.shape[1]):
                if links[keep[n], b].last_us < links[keep[n], oldest].last_us:
                    oldest = b
            if links[drop[n], a].last_us > links[keep[n], oldest].last_us:
                to, of = links[keep[n], oldest], links[drop[n], a]
                to.source, to.participant, to.last_us = of.source, of.participant, of.last_us


@njit(cache=True)
def _vagueness(track: Any, its: NDArray[np.float64]) -> float:
    return float(its[chain.ALONG + chain.P00] + its[chain.ACROSS + chain.P00] if track.guided else 2 * track.pp)
