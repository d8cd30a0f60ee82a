"""Labels of who is about to collide (碰撞类标注): FCW, EBW, ICW, LTA, VRUCW and DNPW, from contacts with the true future.

*Must*: driven on as it brakes now, the host touches somebody within :data:`MUST_S`, and not at a creep: it is too late soon,
and its driver does not do enough about it. *Clear*: driven on with the speed it has, it comes near nobody of that class
within :data:`CLEAR_S`; or its driver is braking and, as it brakes, comes near nobody. Nothing is clear just before a driver
leaves the lane, with braking sooner: the way that was really gone then holds the evasion already. Which application a contact
belongs to is told by its geometry and by the way that the host truly takes through the junction.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.borders import LIT
from jinyun.bench.evaluation.contact import ACROSS, BEHIND, HEAD_ON, HORIZON, VULNERABLE, Contacts, accelerations, soon
from jinyun.bench.evaluation.labels import Labels, labelled
from jinyun.bench.evaluation.lives import FRAME_S, Lives
from jinyun.bench.evaluation.others import before, lately
from jinyun.hdmap import Map, Turn
from jinyun.shapes import Kind
from jinyun.world.street import LEFT_LAMP

MUST_S, CLEAR_S, HARD_S = 2.0, 3.5, 6.0
"""Touching before the first is an event, after the second it is none yet; until the third it is a hard one."""
ACTS_MPS2 = -1.0
"""A driver who brakes so much is doing something about it."""
CREEP_MPS = 2.5
"""A touch at less is no collision to be warned of."""
OPPOSED_RAD = 2.2
MOST_HOPS = 6
EVADES_MPS2, EVADES_S, EVADES_M, LEAVES_S = -1.0, 3.5, 8.0, 1.0
"""A driver who brakes so hard within that time and leaves the lane where it would be soon, or leaves it at once, may evade."""
HARD_BRAKING_MPS2, SOFT_BRAKING_MPS2 = -5.0, -3.0
"""Braking of the one ahead that is hard, and braking that is not."""
EBW_S = 3.0
UNBEGUN_M, UNBEGUN_COS = 0.8, 0.9998
"""Bodies so far apart sideways, on courses that differ by 1.1 degrees at most, have not begun to change lane."""
PASSES_S = 5.0


def collisions(
    lives: Lives, found: Contacts, map: Map, passes: NDArray[np.bool_], aside: NDArray[np.bool_] | None = None
) -> Mapping[str, Labels]:
    """Return the labels of the six applications by their ids; ``passes`` says of every row whether its driver goes round
    somebody without leaving the lane that the simulation has it on, ``aside`` who is not judged, as host or as the other
    (None: the same), but for passing.
    """
    left = turning_left(lives, map)[found.row]
    opposed = _opposed(lives, found, map)
    evades = (evading(lives, map) | passes)[found.row]
    every = np.ones(len(found.row), np.bool_)
    aside = passes if aside is None else aside
    begun = ~_unbegun(lives, found)
    left_out = {what: ~(aside[found.row] | _about(lives, found, what, aside)) for what in (BEHIND, ACROSS, VULNERABLE)}
    return {
        "FCW": _of(lives, found, BEHIND, begun, evades, left_out[BEHIND]),
        "EBW": _braked(lives, found, evades, left_out[BEHIND]),
        "ICW": _of(lives, found, ACROSS, ~(left & opposed), evades, left_out[ACROSS]),
        "LTA": _of(lives, found, ACROSS, left & opposed, evades, left_out[ACROSS]),
        "VRUCW": _of(lives, found, VULNERABLE, every, evades, left_out[VULNERABLE]),
        "DNPW": _passing(lives, found, passes),
    }


def evading(lives: Lives, map: Map) -> NDArray[np.bool_]:
    """Return of every row whether its driver may be evading: goes over to the lane beside soon, or later but brakes."""
    changes = changing(lives, map)
    brakes = soon(lives, accelerations(lives) <= EVADES_MPS2, round(EVADES_S / FRAME_S))
    n = len(changes)
    following = np.minimum.accumulate(np.where(changes, np.arange(n), n)[::-1])[::-1]
    same = following < lives.first[1:][lives.life]
    metres = np.where(same, lives.s_m[np.minimum(following, n - 1)] - lives.s_m, np.inf)
    on_its_way = metres <= lives.speed_mps * CLEAR_S + EVADES_M  # however long it stood before it went by
    return (on_its_way & brakes) | soon(lives, changes, round(LEAVES_S / FRAME_S))


def changing(lives: Lives, map: Map) -> NDArray[np.bool_]:
    """Return of every row whether its vehicle has just come over to the lane beside."""
    life, lane = lives.life, lives.lane
    beside = np.zeros(len(lane), np.bool_)
    other = (lane[1:] != lane[:-1]) & (lane[1:] >= 0) & (lane[:-1] >= 0) & (life[1:] == life[:-1])
    edge = map.lanes["edge"]
    beside[1:] = other & (edge[lane[1:]] == edge[lane[:-1]])
    return beside


def _unbegun(lives: Lives, found: Contacts) -> NDArray[np.bool_]:
    """Return which contacts with one ahead come of a change of lane that neither has begun: nobody can know of it, so it is
    no event yet, and what is said of it is not judged."""
    whom = found.whom[:, BEHIND]
    its = np.where(whom >= 0, lives.row(np.maximum(whom, 0), lives.frame[found.row]), -1)
    i, j = found.row, np.maximum(its, 0)
    s, c = np.sin(lives.heading_rad[i]), np.cos(lives.heading_rad[i])
    aside = np.abs((lives.x_m[j] - lives.x_m[i]) * c - (lives.y_m[j] - lives.y_m[i]) * s)
    apart = aside > (lives.width_m[lives.life[i]] + lives.width_m[lives.life[j]]) / 2 + UNBEGUN_M
    parallel = np.cos(lives.heading_rad[j] - lives.heading_rad[i]) > UNBEGUN_COS
    lanes = (lives.lane[i] != lives.lane[j]) & (lives.lane[i] >= 0) & (lives.lane[j] >= 0)
    unbegun: NDArray[np.bool_] = (its >= 0) & apart & parallel & lanes
    return unbegun


def _about(lives: Lives, found: Contacts, what: int, it: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return of which host instants ``it`` holds of the one they would touch, or come near."""
    frame, about = lives.frame[found.row], np.zeros(len(found.row), np.bool_)
    for whom in (found.whom[:, what], found.near_whom[:, what]):
        row = np.where(whom >= 0, lives.row(np.maximum(whom, 0), frame), -1)
        about |= (row >= 0) & it[np.maximum(row, 0)]
    return about


def _of(
    lives: Lives, found: Contacts, what: int, belongs: NDArray[np.bool_], evades: NDArray[np.bool_],
    judged: NDArray[np.bool_] | bool = True,
) -> Labels:  # fmt: skip
    kept, near, near_kept = found.kept_s[:, what], found.near_s[:, what], found.near_kept_s[:, what]
    must = (kept <= MUST_S) & (found.closing_mps[:, what] >= CREEP_MPS) & belongs & judged
    acts = (lives.accel_mps2[found.row] <= ACTS_MPS2) & np.isinf(near_kept)
    clear = ((near > CLEAR_S) | acts) & ~evades
    hard = clear & (near <= HARD_S)
    frame = lives.frame[found.row]
    return labelled(
        lives, found.row, must, clear, hard, peak=frame + np.nan_to_num(kept, posinf=HORIZON * FRAME_S) / FRAME_S,
        about=found.whom[:, what], known=found.known & judged,
    )  # fmt: skip


def _braked(lives: Lives, found: Contacts, evades: NDArray[np.bool_], judged: NDArray[np.bool_]) -> Labels:
    """Return the labels of EBW: the one ahead truly brakes hard and the host would touch it; clear is it where nobody on
    the host's way brakes harder than drivers do every day."""
    accel, frame = accelerations(lives), lives.frame[found.row]
    whom, kept = found.whom[:, BEHIND], found.kept_s[:, BEHIND]
    its = np.where(whom >= 0, lives.row(np.maximum(whom, 0), frame), -1)
    hard_now = lately(lives, accel <= HARD_BRAKING_MPS2, 5)
    must = (
        judged
        & (kept <= EBW_S)
        & (found.closing_mps[:, BEHIND] >= CREEP_MPS)
        & (its >= 0)
        & hard_now[np.maximum(its, 0)]
    )
    braking = lately(lives, accel <= SOFT_BRAKING_MPS2, 10) & (lives.kind[lives.life] == Kind.MOTOR)
    away, _, _ = before(lives, found.row, braking, braking)
    clear = np.isinf(away) & ~evades
    return labelled(
        lives, found.row, must, clear, clear & (found.near_s[:, BEHIND] <= HARD_S),
        peak=frame + np.nan_to_num(kept, posinf=HORIZON * FRAME_S) / FRAME_S, about=whom, known=found.known & judged,
    )  # fmt: skip


def _passing(lives: Lives, found: Contacts, passes: NDArray[np.bool_]) -> Labels:
    """Return the labels of DNPW: who passes and would touch one that comes head-on; clear is it where nobody passes, soon
    or lately, or shows that he will."""
    frames = round(PASSES_S / FRAME_S)
    shows = lately(lives, (lives.doing["lights"] & LEFT_LAMP) > 0, LIT)
    near = (soon(lives, passes, frames) | lately(lives, passes, frames) | shows)[found.row]
    kept = found.kept_s[:, HEAD_ON]
    must = passes[found.row] & (kept <= PASSES_S)
    return labelled(
        lives, found.row, must, ~near, ~near & np.isfinite(found.near_s[:, HEAD_ON]),
        peak=lives.frame[found.row] + np.nan_to_num(kept, posinf=HORIZON * FRAME_S) / FRAME_S,
        about=found.whom[:, HEAD_ON], known=found.known,
    )  # fmt: skip


def way_through(lives: Lives, map: Map) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for every row the link by which its vehicle goes through the junction it is in or comes to, and the row at which
    it enters; -1 for none within the horizon."""
    link = _links_of(map)[lives.lane]
    n, life = len(link), lives.life
    enters = (link >= 0) & ~np.append(False, (link[:-1] >= 0) & (life[1:] == life[:-1]))[:n]
    held = np.where(enters, np.arange(n), -1)
    inside = np.maximum.accumulate(np.where(enters, np.arange(n), 0))
    ahead = np.minimum.accumulate(np.where(enters, np.arange(n), n)[::-1])[::-1]
    entry = np.where(link >= 0, np.where(held >= 0, held, inside), np.where(ahead < n, ahead, -1))
    good = (entry >= 0) & (life[np.maximum(entry, 0)] == life) & (entry - np.arange(n) <= HORIZON)
    entry = np.where(good, entry, -1)
    return np.where(entry >= 0, link[np.maximum(entry, 0)], -1), entry


def _links_of(map: Map) -> NDArray[np.int64]:
    """Return by lane the link whose way leads over it in a junction, -1 for none; the last one is for lane -1."""
    via = np.full(len(map.lanes["id"]) + 1, -1, np.int64)
    has = map.links["via"] >= 0
    via[map.links["via"][has]] = np.flatnonzero(has)
    first, after = map.successors_first["row"].astype(np.int64), map.successors["lane"]
    for _ in range(MOST_HOPS):  # a way through a junction may have several lanes, one after the other
        known = np.flatnonzero(via[:-1] >= 0)
        for lane in known.tolist():
            for on in after[first[lane] : first[lane + 1]].tolist():
                if map.lanes["junction"][on] >= 0 and via[on] < 0:
                    via[on] = via[lane]
        if (via[:-1] >= 0).sum() == len(known):
            break
    return via


def turning_left(lives: Lives, map: Map) -> NDArray[np.bool_]:
    """Return of every row whether its vehicle truly turns left at the junction it is in or comes to."""
    link, _ = way_through(lives, map)
    turns: NDArray[np.bool_] = (link >= 0) & ((map.links["turn"][np.maximum(link, 0)] & (Turn.LEFT | Turn.U_TURN)) > 0)
    return turns


def _opposed(lives: Lives, found: Contacts, map: Map) -> NDArray[np.bool_]:
    """Return whether the one across comes to the junction from the arm opposite to that of the host, whichever way both then
    turn."""
    _, entry = way_through(lives, map)

    def came(row: NDArray[np.int64]) -> NDArray[np.float64]:
        course: NDArray[np.float64] = lives.heading_rad[np.where(entry[row] >= 0, entry[row], row)]
        return course

    whom = found.whom[:, ACROSS]
    other = np.where(whom >= 0, lives.row(np.maximum(whom, 0), lives.frame[found.row]), -1)
    turn = np.abs((came(np.maximum(other, 0)) - came(found.row) + np.pi) % (2 * np.pi) - np.pi)
    return (other >= 0) & (turn > OPPOSED_RAD)
