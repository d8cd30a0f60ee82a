"""From what arrived to looks: in one order, each once, none too old, with the noise that its sender is believed to have.

The order depends on the sightings' content alone, so it does not matter in which order messages came within a frame.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.tracking import trust as believed
from jinyun.cloud.tracking.table import Tracks
from jinyun.rows import taken
from jinyun.shapes import SEEN_BY_ITSELF

_LOW = np.uint64(0xFFFF_FFFF)
LATEST_US = 500_000
"""A sighting older than this at the frame's instant goes to the record only."""
EARLIEST_US = 100_000
"""One from farther in the future than this is taken as of now."""
DEFAULT_SD_M, OWN_DEFAULT_SD_M = 1.0, 1.5
"""Assumed where a roadside sender, a participant itself, states no accuracy."""
LEAST_SD_M = 0.05
MOST_AT_ONCE = 64
"""Sightings of one sender and number in one frame: the newest; more are counted and not used."""
LONG_RUN = 200
TWICE, TOO_MANY = 1, 2
WHITE_SHARE = 0.2
"""Share of a participant's own stated accuracy that changes from message to message; the rest changes slowly."""
LEAST_WHITE_M = 0.08

NOISE = np.dtype(
    [
        ("place", np.float64), ("bias_sd", np.float64), ("speed", np.float64), ("heading", np.float64),
        ("raw_x", np.float64), ("raw_y", np.float64), ("raw_us", np.int64),
    ]
)  # fmt: skip
"""Beside each sighting: variance of its place on one axis that is new each time (m2), standard deviation of its slow part
(m), variances of speed (m2/s2) and heading (rad2), and place and time as its sender stated them."""


def looks(tracks: Tracks, sightings: NDArray[np.void], now_us: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return (SIGHTING rows to be used, offsets taken out; NOISE rows beside them), ordered by sender, number and time.

    What is too late and what came twice is counted in ``tracks`` and left out.
    """
    fresh = now_us - sightings["event_us"] <= LATEST_US
    placed = np.isfinite(sightings["x_m"]) & np.isfinite(sightings["y_m"])
    tracks.late += int((~fresh).sum())
    usable = fresh & placed
    rows = _ordered(sightings if usable.all() else taken(sightings, usable))
    if len(rows):
        tracks.known_up_to(int(rows["source"][-1]))
    verdict = _once(rows)
    if verdict.any():
        tracks.duplicate += int((verdict == TWICE).sum())
        tracks.excess += int((verdict == TOO_MANY).sum())
        rows = taken(rows, verdict == 0)
    noise = np.zeros(len(rows), NOISE)
    _judge(rows, noise, tracks.trust, now_us)
    return rows, noise


def _ordered(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return the sightings in an order that depends on their content alone: by sender, number and time."""
    participant = rows["participant"]
    key = rows["source"].astype(np.uint64) << np.uint64(32) | (participant ^ participant >> np.uint64(32)) & _LOW
    order = np.argsort(key)
    key = key[order]
    if (
        len(key) > LONG_RUN and (key[LONG_RUN:] == key[:-LONG_RUN]).any()
    ):  # somebody floods: no matter how long it takes
        names = ("kind", "heading_rad", "speed_mps", "y_m", "x_m", "event_us", "participant")
        return taken(rows, np.lexsort((*(rows[name] for name in names), rows["source"])))
    rows = taken(rows, order)
    _settle(rows, key)
    return rows


@njit(cache=True)
def _before(a: Any, b: Any) -> bool:
    """Return whether one sighting of a sender stands before another: by number and time, then by any rule that is one."""
    if a.participant != b.participant:
        return bool(a.participant < b.participant)
    if a.event_us != b.event_us:
        return bool(a.event_us < b.event_us)
    if a.x_m != b.x_m:
        return bool(a.x_m < b.x_m)
    if a.y_m != b.y_m:
        return bool(a.y_m < b.y_m)
    if a.speed_mps != b.speed_mps:
        return bool(a.speed_mps < b.speed_mps)
    if a.heading_rad != b.heading_rad:
        return bool(a.heading_rad < b.heading_rad)
    return bool(a.kind < b.kind)


@njit(cache=True)
def _settle(rows: Any, key: NDArray[np.uint64]) -> None:
    """Order the rows that share a key: few, because a sender says little of one participant in a frame."""
    spare = rows[:1].copy()
    for i in range(1, len(rows)):
        j = i
        while j > 0 and key[j - 1] == key[j] and _before(rows[j], rows[j - 1]):
            spare[0] = rows[j]
            rows[j] = rows[j - 1]
            rows[j - 1] = spare[0]
            j -= 1


@njit(cache=True)
def _once(rows: Any) -> NDArray[np.uint8]:
    """Return which of the ordered sightings are TWICE there, or TOO_MANY of one sender and number (the newest stay)."""
    verdict = np.zeros(len(rows), np.uint8)
    first = kept = 0
    for i in range(len(rows)):
        same = i > 0 and rows[i].source == rows[i - 1].source and rows[i].participant == rows[i - 1].participant
        if same and rows[i].event_us == rows[i - 1].event_us:
            verdict[i] = TWICE
            continue
        if not same:
            first, kept = i, 0
        kept += 1
        if kept > MOST_AT_ONCE:
            while verdict[first] != 0:
                first += 1
            verdict[first] = TOO_MANY
    return verdict


@njit(cache=True)
def _judge(rows: Any, noise: Any, trust: NDArray[np.float64], now_us: int) -> None:
    """Fill ``noise`` and take the offsets of their senders out of the sightings."""
    for i in range(len(rows)):
        row, its = rows[i], noise[i]
        known = trust[row.source]
        own = row.by == SEEN_BY_ITSELF
        if row.event_us > now_us + EARLIEST_US:
            row.event_us = now_us
        believed.meet(known, own, row.event_us)
        its.raw_x, its.raw_y, its.raw_us = row.x_m, row.y_m, row.event_us
        sd = row.position_sd_m
        its.speed, its.heading = known[believed.SPEED_VAR], known[believed.HEADING_VAR]
        if own:
            sd = max(sd, LEAST_SD_M) if isfinite(sd) else OWN_DEFAULT_SD_M
            its.bias_sd = sd
            its.place = max(WHITE_SHARE * sd, LEAST_WHITE_M) ** 2 * known[believed.SCATTER]
            continue
        sd = max(sd, LEAST_SD_M) if isfinite(sd) else DEFAULT_SD_M
        its.place = sd * sd * known[believed.SCATTER]
        if known[believed.LOOKS] < believed.MIDDLE_LOOKS:
            known[believed.LOOKS] += 1
            share = 1 / known[believed.LOOKS]
            known[believed.MIDDLE_X] += share * (row.x_m - known[believed.MIDDLE_X])
            known[believed.MIDDLE_Y] += share * (row.y_m - known[believed.MIDDLE_Y])
        elif known[believed.APPLIED] > 0:
            speed = row.speed_mps if isfinite(row.speed_mps) and isfinite(row.heading_rad) else 0.0
            heading = row.heading_rad if isfinite(row.heading_rad) else 0.0
            offset = known[believed.OFFSET : believed.OFFSET + 4]
            its.place += believed.doubt(known, row.x_m, row.y_m, speed * np.sin(heading), speed * np.cos(heading))
            ux, uy = row.x_m - known[believed.MIDDLE_X], row.y_m - known[believed.MIDDLE_Y]
            row.x_m -= offset[0] + offset[2] * uy
            row.y_m -= offset[1] - offset[2] * ux
            row.heading_rad -= offset[2]
            row.event_us = min(row.event_us + np.int64(round(offset[3] * 1e6)), now_us + EARLIEST_US)
