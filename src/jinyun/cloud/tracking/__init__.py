"""Tracking: from the sightings of many senders to what the cloud believes of every participant.

    looks        one order, nothing twice, nothing too old, each with its sender's believed noise     :mod:`.align`
    expectation  every track carried to the frame's instant                                           :mod:`.gate`
    association  each look to its track by number, else by place, globally within a sender            :mod:`.associate`
    filter       looks taken in by their own instants, late ones where they belong                    :mod:`.motion`
    life         confirmed, joined and ended by probability and time                                  :mod:`.life`
    trust        scatter and offset of every sender, from what the others say                         :mod:`.trust`

``take`` depends on the tracks, the sightings and the instant alone, and not on the order of the sightings. The work is
done by compiled loops over columns; nothing here makes an object per participant. How it is meant: ``docs/fusion.md``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.tracking import align, associate, gate, life, motion, trust
from jinyun.cloud.tracking.table import LINKS, Tracks
from jinyun.rows import taken
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, TRACK

__all__ = ["Tracks", "published", "take"]

REVERSING_MPS = 0.5
"""Backwards slower than this is standing; faster, the published heading is where it goes."""
MOST_LOOKS = 256
"""Sightings of one track that a frame takes in; nobody is seen by so many at once."""
SIZE_SHARE = 0.05
"""Least share of a new look in a track's size."""
SETTLED_US = 100_000
"""Twins are joined, senders compared and the improbable ended once in so much time, however often looks are taken."""


def take(tracks: Tracks, sightings: NDArray[np.void], now_us: int) -> None:
    """Bring ``sightings`` (SIGHTING rows since the last call) into ``tracks``, as of ``now_us``."""
    if not len(sightings) and tracks.seen_us == now_us:
        return
    looks, noise = align.looks(tracks, sightings, now_us)
    alive = tracks.alive()
    seen = gate.view(tracks.rows, tracks.chains, alive, now_us)
    bounds = associate.groups(looks)
    row_of, named, new = associate.join(tracks.rows, tracks.links, alive, seen, looks, noise, bounds, now_us)
    room = tracks.room_for(new)
    tracks.unplaced += int((row_of <= -2 - len(room)).sum())
    born = np.full(max(new, 1), -1, np.int64)
    born[: len(room)] = room
    row_of = np.where(row_of <= -2, born[np.clip(-2 - row_of, 0, len(born) - 1)], row_of)
    rows, chains, links, passes = tracks.rows, tracks.chains, tracks.links, tracks.passes
    tracks.next_id = _begin(
        rows, links, passes, chains, room, row_of, looks, noise, bounds, tracks.trust, tracks.next_id, now_us
    )
    _name(rows, links, row_of, named, looks, bounds, now_us)
    order, starts = _in_time(rows, row_of, looks, bounds)
    fits = np.empty((len(looks), 6))
    motion.observe(rows, chains, order, starts, looks, noise, fits)
    life.looked(rows, order, starts, looks, fits, now_us)
    trust.judge(rows, passes, tracks.trust, order, starts, looks, noise, fits)
    _describe(rows, order, starts, looks)
    if now_us // SETTLED_US == tracks.settled_us // SETTLED_US:
        return
    tracks.settled_us = now_us
    alive = tracks.alive()
    seen = gate.view(rows, chains, alive, now_us)
    trust.kindred(rows, passes, seen, alive, now_us)
    keep, drop = life.twins(rows, links, seen, alive, now_us)
    if len(keep):
        life.merge(rows, chains, links, passes, keep, drop)
        seen[keep] = gate.view(rows, chains, keep, now_us)[keep]
    life.end(rows, alive, now_us)
    tracks.seen, tracks.seen_us = seen, now_us


def published(tracks: Tracks, now_us: int) -> NDArray[np.void]:
    """Return the TRACK rows that belong into the frame of ``now_us``, carried to it, ordered by id."""
    alive = tracks.alive()
    current = tracks.seen_us == now_us and len(tracks.seen) == len(tracks.rows)
    seen = tracks.seen if current else gate.view(tracks.rows, tracks.chains, alive, now_us)
    out = np.zeros(len(alive), TRACK)
    count = _publish(tracks.rows, seen, tracks.links, alive, out, now_us)
    out = out[:count]
    return taken(out, np.argsort(out["id"], kind="stable"))


@njit(cache=True)
def _begin(
    rows: Any,
    links: Any,
    passes: NDArray[np.float64],
    chains: NDArray[np.float64],
    born: NDArray[np.int64],
    row_of: NDArray[np.int64],
    looks: Any,
    noise: Any,
    bounds: NDArray[np.int64],
    senders: NDArray[np.float64],
    next_id: int,
    now_us: int,
) -> int:
    """Make the new tracks, each of the oldest sighting that anybody has of it; return the next id."""
    oldest = np.full(len(rows), -1, np.int64)
    for row in born:
        rows[row].alive = False
    for k in range(len(row_of)):
        row = row_of[k]
        if row >= 0 and not rows[row].alive:
            for i in range(bounds[k], bounds[k + 1]):
                first = oldest[row]
                if first < 0 or looks[i].event_us < looks[first].event_us:
                    oldest[row] = i
    for row in born:
        i = oldest[row]
        look, track = looks[i], rows[row]
        track.id = next_id
        next_id = next_id % 0xFFFF_FFFF + 1
        track.alive = True
        track.kind, track.classification, track.vehicle_id = look.kind, look.classification, look.vehicle_id
        track.length_m, track.width_m, track.height_m = look.length_m, look.width_m, look.height_m
        track.self_us = track.road_us = 0
        track.looks, track.rival, track.rival_us = 0, 0, 0
        for n in range(links.shape[1]):
            links[row, n].last_us = 0
        for n in range(passes.shape[1]):
            passes[row, n] = 0.0
        motion.begin(track, chains[row], look, noise[i])
        life.born(track, look, senders[look.source, trust.PERIOD_S], now_us)
    return next_id


@njit(cache=True)
def _name(
    rows: Any,
    links: Any,
    row_of: NDArray[np.int64],
    named: NDArray[np.int64],
    looks: Any,
    bounds: NDArray[np.int64],
    now_us: int,
) -> None:
    """Note by which number each sender calls each track now; a number that moved is taken from where it was."""
    for k in range(len(row_of)):
        look, row, before = looks[bounds[k]], row_of[k], named[k]
        if before >= 0 and before != row:
            for n in range(links.shape[1]):
                link = links[before, n]
                if link.source == look.source and link.participant == look.participant:
                    link.last_us = 0
            if look.by == SEEN_BY_ITSELF and rows[before].vehicle_id == look.vehicle_id:
                rows[before].vehicle_id = 0
                rows[before].self_us = 0
    for k in range(len(row_of)):
        look, row = looks[bounds[k]], row_of[k]
        if row < 0:
            continue
        place = -1
        for n in range(links.shape[1]):
            link = links[row, n]
            if link.last_us != 0 and link.source == look.source and link.participant == look.participant:
                place = n
        if place < 0:  # the sender's old number for it, else a free place, else the one unused for longest
            for n in range(links.shape[1]):
                link = links[row, n]
                if link.last_us != 0 and link.source == look.source and link.last_us < now_us:
                    place = n
        if place < 0:
            place = 0
            for n in range(links.shape[1]):
                if links[row, n].last_us < links[row, place].last_us:
                    place = n
        link = links[row, place]
        link.source, link.participant, link.last_us = look.source, look.participant, now_us
        if look.vehicle_id != 0 and (look.by == SEEN_BY_ITSELF or rows[row].vehicle_id == 0):
            rows[row].vehicle_id = look.vehicle_id


@njit(cache=True)
def _in_time(
    rows: Any, row_of: NDArray[np.int64], looks: Any, bounds: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (sightings, first of each row): those of one track in the order of their instants."""
    starts = np.zeros(len(rows) + 1, np.int64)
    for k in range(len(row_of)):
        if row_of[k] >= 0 and starts[row_of[k] + 1] < MOST_LOOKS:
            starts[row_of[k] + 1] += bounds[k + 1] - bounds[k]
    for row in range(len(rows)):
        starts[row + 1] += starts[row]
    order = np.empty(starts[len(rows)], np.int64)
    at = np.empty(len(rows), np.int64)
    for row in range(len(rows)):
        at[row] = starts[row]
    for k in range(len(row_of)):
        row = row_of[k]
        if row < 0 or at[row] == starts[row + 1]:
            continue
        for i in range(bounds[k], bounds[k + 1]):
            place = at[row]
            while place > starts[row] and looks[order[place - 1]].event_us > looks[i].event_us:
                order[place] = order[place - 1]
                place -= 1
            order[place] = i
            at[row] += 1
    return order, starts


@njit(cache=True)
def _describe(rows: Any, order: NDArray[np.int64], starts: NDArray[np.int64], looks: Any) -> None:
    """Note what the sightings say of size, class and kind, and who has seen whom when."""
    for row in range(len(rows)):
        for n in range(starts[row], starts[row + 1]):
            _note(rows[row], looks[order[n]])


@njit(cache=True)
def _note(track: Any, look: Any) -> None:
    itself = look.by == SEEN_BY_ITSELF
    share = 1.0 if itself else max(1.0 / track.looks, SIZE_SHARE)
    if itself or track.self_us == 0:  # who says its own size knows it
        if np.isfinite(look.length_m):
            off = look.length_m - track.length_m
            track.length_m = track.length_m + share * off if np.isfinite(off) else look.length_m
        if np.isfinite(look.width_m):
            off = look.width_m - track.width_m
            track.width_m = track.width_m + share * off if np.isfinite(off) else look.width_m
        if np.isfinite(look.height_m):
            off = look.height_m - track.height_m
            track.height_m = track.height_m + share * off if np.isfinite(off) else look.height_m
    if track.kind == gate.UNKNOWN:
        track.kind = look.kind
    if look.classification != 0 and (itself or track.classification == 0):
        track.classification = look.classification
    if itself:
        track.self_us = max(track.self_us, look.event_us)
    else:
        track.road_us = max(track.road_us, look.event_us)


@njit(cache=True)
def _publish(rows: Any, seen: NDArray[np.float64], links: Any, alive: NDArray[np.int64], out: Any, now_us: int) -> int:
    count = 0
    for row in alive:
        track, its = rows[row], seen[row]
        sd = np.sqrt((its[gate.V_ALONG] + its[gate.V_ACROSS]) / 2)
        if not life.shown(track, now_us) or sd > life.SHOWN_SD_M:
            continue
        heading, speed = its[gate.HEADING], its[gate.SPEED]
        it = out[count]
        count += 1
        it.id, it.kind, it.classification, it.vehicle_id = track.id, track.kind, track.classification, track.vehicle_id
        it.first_us, it.last_us = track.first_us, track.last_us
        it.x_m, it.y_m, it.position_sd_m = its[gate.X], its[gate.Y], sd
        if speed < -REVERSING_MPS:
            heading = heading + np.pi
        it.speed_mps = abs(speed) if abs(speed) > REVERSING_MPS else max(speed, 0.0)
        it.heading_rad = np.float32(heading % (2 * np.pi))
        if it.heading_rad >= 2 * np.pi:
            it.heading_rad = 0.0
        it.length_m, it.width_m, it.height_m = track.length_m, track.width_m, track.height_m
        it.accel_mps2, it.yaw_rps = its[gate.ACCEL], its[gate.YAW]
        it.speed_sd_mps, it.heading_sd_rad = np.sqrt(its[gate.V_SPEED]), np.sqrt(its[gate.V_HEADING])
        it.existence = 1 / (1 + np.exp(-life.odds_at(track, now_us)))
        it.seen_by = (SEEN_BY_ITSELF if now_us - track.self_us < life.RECENT_US else 0) | (
            SEEN_BY_ROAD if now_us - track.road_us < life.RECENT_US else 0
        )
        sources = 0
        for n in range(LINKS):
            if links[row, n].last_us != 0 and now_us - links[row, n].last_us < life.RECENT_US:
                sources += 1
        it.sources = sources
    return count
