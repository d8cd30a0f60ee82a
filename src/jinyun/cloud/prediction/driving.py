"""How a vehicle moves along each of its ways: speed kept, eased or lost to bends, lights and whoever drives ahead.

All ways are driven at once in steps of half a second, so a queue starts one after the other. Nobody drives so fast
that he could not stop behind the one ahead, at a line that holds him, or slow down for a bend: the safe speed of P. G.
Gipps, A behavioural car-following model for computer simulation, Transportation Research B 15 (1981). A way whose own
speed now is not what the vehicle shows is less likely.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.prediction.roadway import SLOWING_MPS2, Floats, Roads
from jinyun.cloud.prediction.ways import ACROSS, ALONG, HEADING, MOST_LANES, NEVER, SPEED, Movers, Plans, X, Y, row_at

STEP_S, STEPS = 0.5, 10
"""Length and number of steps; a sample is taken after each."""
BRAKING_MPS2 = 3.0
"""How hard drivers brake for a line and for the one ahead (ITE: 10 ft/s²)."""
HARDEST_MPS2 = 6.0
"""Nobody brakes harder."""
HASTE_MPS2, RIDER_HASTE_MPS2 = 1.8, 1.0
"""How fast a car, a bicycle picks up speed."""
RIDER_MPS = 4.2
"""Who rides a bicycle wishes to be at least so fast."""
REACTION_S = 1.0
START_S = 0.8
"""How long after its light turns green the first car in the queue moves."""
GAP_M = 2.2
"""Between two that stand in a queue."""
SHORT_OF_LINE_M = 0.5
"""How far before the line one stops."""
FADE_S = 1.2
"""How long a present acceleration lasts that nothing explains."""
WISH_MPS2 = (0.25, 0.7)
"""Below the first acceleration a speed is taken for the wished one, above the second the limit is."""
HELD_MPS = 0.7
"""Who drives so near to its safe speed is held back, and picks up speed when nothing holds it."""
FASTEST = 1.2
"""Who drives faster than so many times the limit is taken to slow down to that."""
STANDING_MPS = 0.3
SHOWN_SD_MPS2, SHOWN_FLOOR = 0.8, 0.3
"""How near the present acceleration is to that of the way it goes, and how much it weighs that it says nothing: drivers
act late, and a track learns of it later still."""
SETTLE_PER_S = 0.9
"""How fast an offset from the lane's middle is lost."""
AHEAD_M = 60.0
"""The one ahead is looked for so far, and as far as one drives in the horizon."""
PLACE_SD_M, SPEED_SD_MPS = 0.3, 0.3
"""Noise of a track that does not state it."""
STEADY_SD_MPS2, PRESSED_SD_MPS2, STILL_SD_MPS2 = 0.45, 0.9, 0.15
"""Spread of the accelerations to come: of who drives freely, of who is held by something, of who stands held."""
RIDER_SHARE = 0.6
"""The same of who rides a bicycle, beside that of a car."""
KEEPING_SD_M, WANDER_MPS = 0.3, 0.03
"""How far one is from the path across it, and how that grows."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def occupants(movers: Movers, lanes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the participants on lanes ordered by lane and station, and where each lane's begin."""
    first = np.zeros(lanes + 1, np.int64)
    n = len(movers.x)
    for i in range(n):
        if movers.lane[i, 0] >= 0:
            first[movers.lane[i, 0] + 1] += 1
    for lane in range(lanes):
        first[lane + 1] += first[lane]
    order = np.empty(first[lanes], np.int64)
    at = first[:-1].copy()
    for i in range(n):
        lane = movers.lane[i, 0]
        if lane < 0:
            continue
        k = at[lane]
        while k > first[lane] and movers.station[order[k - 1], 0] > movers.station[i, 0]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = i
        at[lane] += 1
    return order, first


@_compiled
def _safe(gap: float, ahead_mps: float) -> float:
    """Return the greatest speed from which one can stop behind another that brakes."""
    b = BRAKING_MPS2 * REACTION_S
    square = b * b + ahead_mps * ahead_mps + 2 * BRAKING_MPS2 * max(gap, 0.0)
    return max(float(np.sqrt(square)) - b, 0.0)


class State(NamedTuple):
    """How each way is being driven."""

    v: Floats
    gone: Floats  # metres since now
    lane_k: NDArray[np.int64]  # the lane of the way that it is on
    row: NDArray[np.int64]  # and the point of it that it has passed
    begun: Floats  # where that lane begins, as a station on from the way's first lane
    wish: Floats
    top: Floats
    over: Floats  # how many times the limit this driver drives
    bend_out: Floats  # (m, MOST_LANES): square of the speed at which each lane has to be left
    leader: NDArray[np.int64]
    leader_k: NDArray[np.int64]
    gap_m: Floats  # between the bodies, now, beyond what is kept in a queue
    shared_m: Floats  # after so far the one ahead leaves the way
    shift_s: Floats  # time that counts for going sideways
    pressed: Floats  # steps in which something held it
    allowed: Floats


def state(room: int) -> State:
    """Return room for so many ways."""
    real = np.zeros((8, room))
    return State(
        v=real[0], gone=real[1], lane_k=np.zeros(room, np.int64), row=np.zeros(room, np.int64), begun=real[2],
        wish=real[3], top=real[4], over=real[5], bend_out=np.full((room, MOST_LANES), np.inf),
        leader=np.full(room, -1, np.int64), leader_k=np.zeros(room, np.int64), gap_m=np.full(room, np.inf),
        shared_m=np.full(room, NEVER), shift_s=real[6], pressed=real[7], allowed=np.zeros(room),
    )  # fmt: skip


@_compiled
def set_out(
    movers: Movers, road: Roads, plans: Plans, total: int, first: NDArray[np.int64], order: NDArray[np.int64],
    at: NDArray[np.int64], its: State, probability: Floats,
) -> NDArray[np.int64]:  # fmt: skip
    """Enter where each way begins and its probability; return the likeliest way of each participant, -1 for none."""
    main = np.full(len(movers.x), -1, np.int64)
    for h in range(total):
        i, lane = plans.of[h], plans.lane[h, 0]
        v = movers.speed[i]
        its.v[h], its.row[h] = v, row_at(road.s, road.first[lane], road.points[lane], plans.start_m[h])
        limit = road.limit_mps[lane]
        its.over[h] = min(max(v / limit, 1.0), FASTEST)
        urge = min(max((movers.accel[i] - WISH_MPS2[0]) / (WISH_MPS2[1] - WISH_MPS2[0]), 0.0), 1.0)
        top = max(v, RIDER_MPS) if movers.rider[i] else its.over[h] * limit
        its.top[h] = top
        its.wish[h] = v + urge * (top - v) if v <= top else top
        for k in range(MOST_LANES - 2, -1, -1):
            onward = plans.lane[h, k + 1]
            if onward >= 0:
                entry = min(road.cap2[road.first[onward]], (road.limit_mps[onward] * its.over[h]) ** 2)
                its.bend_out[h, k] = min(entry, its.bend_out[h, k + 1] + 2 * SLOWING_MPS2 * road.extent_m[onward])
        if main[i] < 0 or plans.weight[h] > plans.weight[main[i]]:
            main[i] = h
    leaders(movers, road, plans, total, order, at, its)
    part(movers, road, plans, total, its, main)
    allow(movers, road, plans, total, 0.0, its, main)
    for h in range(total):
        i = plans.of[h]
        a0, v = movers.accel[i], its.v[h]
        model = max(min((its.allowed[h] - v) / REACTION_S, 0.0), -HARDEST_MPS2)
        if model > -0.2:
            model = min(max(a0, 0.0), HASTE_MPS2)
        if a0 < -0.4 and plans.hold_from[h] <= 0.0 and plans.line_m[h] > 0.5:  # brakes earlier than it must
            model = max(min(model, -v * v / (2 * plans.line_m[h])), -HARDEST_MPS2)
        off = (a0 - model) / SHOWN_SD_MPS2
        probability[h] = plans.weight[h] * (np.exp(-0.5 * off * off) + SHOWN_FLOOR)
    for i in range(len(movers.x)):
        whole, best = 0.0, -1
        for h in range(first[i], first[i + 1]):
            whole += probability[h]
            if best < 0 or probability[h] > probability[best]:
                best = h
        for h in range(first[i], first[i + 1]):
            probability[h] /= whole
        main[i] = best
    part(movers, road, plans, total, its, main)
    return main


@_compiled
def leaders(
    movers: Movers, road: Roads, plans: Plans, total: int, order: NDArray[np.int64], at: NDArray[np.int64], its: State
) -> None:
    """Enter who drives ahead on each way, on which of its lanes, and the gap between the two."""
    for h in range(total):
        i = plans.of[h]
        far = AHEAD_M + movers.speed[i] * STEP_S * STEPS
        before = -plans.start_m[h]
        for k in range(MOST_LANES):
            lane = plans.lane[h, k]
            if lane < 0 or before > far:
                break
            low, high = at[lane], at[lane + 1]
            if k == 0:  # the first beyond its own station
                while low < high:
                    middle = (low + high) // 2
                    if movers.station[order[middle], 0] <= plans.start_m[h]:
                        low = middle + 1
                    else:
                        high = middle
                high = at[lane + 1]
            while low < high and order[low] == i:
                low += 1
            if low < high:
                j = order[low]
                its.leader[h], its.leader_k[h] = j, k
                ahead_m = before + movers.station[j, 0]
                its.gap_m[h] = ahead_m - movers.half_length[j] - movers.half_length[i] - GAP_M
                break
            before += road.extent_m[lane]


@_compiled
def part(movers: Movers, road: Roads, plans: Plans, total: int, its: State, main: NDArray[np.int64]) -> None:
    """Enter how far the ones ahead stay on the ways, by their likeliest ways."""
    for h in range(total):
        j = its.leader[h]
        if j < 0:
            continue
        its.shared_m[h] = NEVER
        other, k, way = main[j], its.leader_k[h], 0.0
        if other < 0:
            continue
        for n in range(MOST_LANES - k):
            mine, theirs = plans.lane[h, k + n], plans.lane[other, n]
            if mine < 0 or theirs < 0:
                break
            if mine != theirs:
                its.shared_m[h] = way
                break
            way += road.extent_m[mine] - (movers.station[j, 0] if n == 0 else 0.0)


@_compiled
def allow(
    movers: Movers, road: Roads, plans: Plans, total: int, now_s: float, its: State, main: NDArray[np.int64]
) -> None:
    """Enter the greatest speed that bends, light and the one ahead allow each way now."""
    for h in range(total):
        k = its.lane_k[h]
        lane = plans.lane[h, k]
        gone = its.gone[h]
        s = plans.start_m[h] + gone - its.begun[h]
        p = its.row[h] + 1
        square = road.cap2[p] + 2 * SLOWING_MPS2 * max(road.s[p] - s, 0.0)
        out = its.bend_out[h, k] + 2 * SLOWING_MPS2 * max(road.extent_m[lane] - s, 0.0)
        allowed = np.sqrt(min(square, out))
        if plans.hold_from[h] <= now_s and now_s < plans.hold_until[h] + START_S:
            allowed = min(allowed, _safe(plans.line_m[h] - SHORT_OF_LINE_M - gone, 0.0))
        j = its.leader[h]
        if j >= 0:
            m = main[j]
            moved = its.gone[m] if m >= 0 else movers.speed[j] * now_s
            if moved <= its.shared_m[h]:
                allowed = min(allowed, _safe(its.gap_m[h] + moved - gone, its.v[m] if m >= 0 else movers.speed[j]))
        its.allowed[h] = allowed


@_compiled
def move(movers: Movers, road: Roads, plans: Plans, total: int, now_s: float, its: State) -> None:
    """Drive each way for one step, as fast as wished and allowed."""
    fade = np.exp(-(now_s + STEP_S / 2) / FADE_S)
    for h in range(total):
        i = plans.of[h]
        v, allowed = its.v[h], its.allowed[h]
        waits = its.leader[h] >= 0 or plans.hold_from[h] <= now_s
        if allowed < v + HELD_MPS and (now_s > 0 or v > STANDING_MPS or waits):
            its.wish[h] = max(its.wish[h], its.top[h])
            its.pressed[h] += 1
        free = min(max((its.wish[h] - v) / REACTION_S, -1.0), RIDER_HASTE_MPS2 if movers.rider[i] else HASTE_MPS2)
        a = free
        if v > STANDING_MPS:
            a0 = movers.accel[i]
            a += (min(a0, 0.0) if its.wish[h] <= v else a0 - free) * fade
        new = max(min(v + a * STEP_S, max(allowed, v - HARDEST_MPS2 * STEP_S)), 0.0)
        its.gone[h] += (v + new) / 2 * STEP_S
        its.shift_s[h] += STEP_S * min((v + new) / 4, 1.0)
        its.v[h] = new
        k = its.lane_k[h]
        here = plans.start_m[h] + its.gone[h]
        while k + 1 < MOST_LANES and plans.lane[h, k + 1] >= 0:
            end = its.begun[h] + road.extent_m[plans.lane[h, k]]
            if here <= end:
                break
            its.begun[h] = end
            k += 1
            lane = plans.lane[h, k]
            its.row[h] = road.first[lane]
            if not movers.rider[i]:
                its.top[h] = its.over[h] * road.limit_mps[lane]
                its.wish[h] = min(its.wish[h], its.top[h])
        its.lane_k[h] = k
        lane = plans.lane[h, k]
        last = road.first[lane] + road.points[lane] - 2
        while its.row[h] < last and road.s[its.row[h] + 1] <= here - its.begun[h]:
            its.row[h] += 1


@_compiled
def sample(
    movers: Movers, road: Roads, plans: Plans, total: int, step: int, its: State, place_sd: Floats, speed_sd: Floats,
    samples: Floats,
) -> None:  # fmt: skip
    """Enter where each way is after ``step`` steps."""
    t = step * STEP_S
    for h in range(total):
        i = plans.of[h]
        p, v = its.row[h], its.v[h]
        share = (plans.start_m[h] + its.gone[h] - its.begun[h] - road.s[p]) / max(road.s[p + 1] - road.s[p], 1e-9)
        course = road.heading[p] + min(share, 1.0) * (road.heading[p + 1] - road.heading[p])
        te, aside = its.shift_s[h], plans.aside_m[h]
        rate = plans.drift_mps[h] + SETTLE_PER_S * aside
        faded = np.exp(-SETTLE_PER_S * te)
        off = (aside + rate * te) * faded
        slope = (rate - SETTLE_PER_S * (aside + rate * te)) * faded / max(v, 2.0)
        sine = road.east[p] + share * (road.east[p + 1] - road.east[p])
        cosine = road.north[p] + share * (road.north[p + 1] - road.north[p])
        it = samples[h, step - 1]
        it[X] = road.x[p] + share * (road.x[p + 1] - road.x[p]) + off * cosine
        it[Y] = road.y[p] + share * (road.y[p + 1] - road.y[p]) - off * sine
        it[HEADING] = course + slope - 2 * np.pi * np.floor((course + slope) / (2 * np.pi))
        it[SPEED] = v
        if its.gone[h] < 0.1 and its.pressed[h] >= step - 1:
            spread = STILL_SD_MPS2
        else:
            spread = STEADY_SD_MPS2 + (PRESSED_SD_MPS2 - STEADY_SD_MPS2) * its.pressed[h] / step
        if movers.rider[i]:
            spread *= RIDER_SHARE
        it[ALONG] = np.sqrt(place_sd[i] ** 2 + (speed_sd[i] * t) ** 2 + (spread * t * t / 2) ** 2)
        it[ACROSS] = np.sqrt(place_sd[i] ** 2 + KEEPING_SD_M**2 + (WANDER_MPS * its.gone[h]) ** 2)


@_compiled
def drive(
    movers: Movers, road: Roads, plans: Plans, total: int, first: NDArray[np.int64], order: NDArray[np.int64],
    at: NDArray[np.int64], its: State, place_sd: Floats, speed_sd: Floats, probability: Floats,
    samples: Floats,
) -> None:  # fmt: skip
    """Drive all ways: enter the probability of each and its samples, shape (total, STEPS, 6)."""
    main = set_out(movers, road, plans, total, first, order, at, its, probability)
    for step in range(1, STEPS + 1):
        now_s = (step - 1) * STEP_S
        allow(movers, road, plans, total, now_s, its, main)
        move(movers, road, plans, total, now_s, its)
        sample(movers, road, plans, total, step, its, place_sd, speed_sd, samples)
