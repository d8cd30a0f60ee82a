"""How participants move: carrying a track from one instant to another and taking a sighting of it in.

**Guided** ones (motor vehicles, cyclists with a known heading) move along their heading: place, heading, speed, yaw rate and
acceleration follow a constant turn at a constant acceleration that fade away, and the errors along and across the heading
are two chains (:mod:`.chain`), each steady or manoeuvring. **Free** ones (pedestrians, and whoever's heading is not known
yet) move with a velocity that is driven by white acceleration. Noise grows with time, not with the number of calls.

A sighting older than the filter is used where it belongs: it is compared with the state carried *back* to its instant by
the track's own motion, and its variance is enlarged by what the motion may have changed since (Bar-Shalom, Update with
out-of-sequence measurements in tracking, IEEE TAES 38(3), 2002, without the correlation of the process noise).
"""

from __future__ import annotations

from math import atan2, cos, exp, hypot, isfinite, pi, sin, sqrt
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.tracking import chain
from jinyun.cloud.tracking.chain import ACROSS, ALONG, HARD
from jinyun.shapes import SEEN_BY_ITSELF, Kind

ACCEL_FADE_S, ACCEL_STEADY, ACCEL_MANOEUVRE, YAW_FADE_S, YAW_STEADY, YAW_MANOEUVRE, SLIP, LEAVE, CALM, JOLT = range(10)
"""Columns of :data:`MOTION`."""
MOTION = np.array(
    [
        # fade s, accel sd, sd, fade s, yaw sd, sd, slip m2/s, leave 1/s, calm 1/s, white acceleration m2/s3
        [1.5, 0.5, 2.5, 1.2, 0.03, 0.40, 0.02, 0.3, 0.8, 4.0],  # unknown
        [1.5, 0.4, 4.0, 1.2, 0.003, 0.35, 0.02, 0.05, 0.8, 4.0],  # motor vehicle
        [1.2, 0.3, 2.0, 1.2, 0.004, 0.60, 0.02, 0.03, 0.8, 1.5],  # cyclist
        [1.0, 0.3, 1.0, 1.0, 0.30, 1.50, 0.05, 0.3, 0.8, 0.6],  # pedestrian
        [1.0, 0.1, 0.1, 1.0, 0.01, 0.01, 0.001, 0.3, 0.8, 0.01],  # roadside unit
    ]
)
"""How each :class:`Kind` moves: see the columns' names. Chosen on the simulated street and the radar recording."""
BIAS_FADE_S = 60.0
"""How long a satellite position's error stays like itself."""
FASTEST_MPS = np.array([15.0, 15.0, 6.0, 2.0, 0.1])
"""One standard deviation of a speed nobody has stated, by kind."""
ODD = 16.0
"""A speed or heading farther off than four standard deviations is not used; it widens what is believed instead."""
WIDEN = 0.05
SURPRISE = 9.0
"""A place whose squared normalised difference is larger than this is believed less the farther off it is (Huber)."""
TURNING_RAD2_S = 0.6
"""How fast a free participant's heading becomes unknown."""
KNOWN_COURSE_RAD = 0.25
"""A free vehicle whose course is known this well becomes guided."""
MOTOR, NON_MOTOR = int(Kind.MOTOR), int(Kind.NON_MOTOR)


@njit(cache=True, error_model="numpy")
def turn(angle: float) -> float:
    """Return an angle as -pi..pi."""
    return (angle + pi) % (2 * pi) - pi


DT, RHO_ACCEL, RHO_YAW, KEEP, LEFT, CALMED = range(6)
"""Columns of what a time step does to a kind: kept from track to track, because most make the same step."""


@njit(cache=True, error_model="numpy")
def steps() -> NDArray[np.float64]:
    """Return an empty table (by kind) of what the last time step did."""
    return np.zeros((len(MOTION), 6))


@njit(cache=True, error_model="numpy")
def _step(known: NDArray[np.float64], kind: int, dt: float) -> NDArray[np.float64]:
    """Return what a step of ``dt`` does to a kind."""
    its: NDArray[np.float64] = known[kind]
    if its[DT] != dt:
        motion = MOTION[kind]
        its[DT] = dt
        its[RHO_ACCEL], its[RHO_YAW] = exp(-dt / motion[ACCEL_FADE_S]), exp(-dt / motion[YAW_FADE_S])
        its[KEEP] = exp(-dt / BIAS_FADE_S)
        its[LEFT], its[CALMED] = 1 - exp(-motion[LEAVE] * dt), 1 - exp(-motion[CALM] * dt)
    return its


@njit(cache=True, error_model="numpy")
def ahead(row: Any, dt: float, known: NDArray[np.float64]) -> tuple[float, float, float, float, float, float]:
    """Return (x_m, y_m, heading_rad, speed_mps, accel_mps2, yaw_rps) of a track ``dt`` seconds after its instant (>= 0).

    ``known`` is a table of :func:`steps`.
    """
    if not row.guided:
        return row.x_m + row.vx * dt, row.y_m + row.vy * dt, row.heading_rad, hypot(row.vx, row.vy), 0.0, 0.0
    its = _step(known, row.kind, dt)
    fade = MOTION[row.kind, ACCEL_FADE_S]
    gained = row.accel_mps2 * fade * (1 - its[RHO_ACCEL])
    speed = row.speed_mps + gained
    accel = row.accel_mps2 * its[RHO_ACCEL]
    reach = row.speed_mps * dt + fade * (row.accel_mps2 * dt - gained)
    if row.speed_mps > 0 and speed < 0:  # who brakes comes to a stop
        reach, speed, accel = max(0.0, row.speed_mps**2 / max(-2 * row.accel_mps2, 0.1)), 0.0, 0.0
    turned = row.yaw_rps * MOTION[row.kind, YAW_FADE_S] * (1 - its[RHO_YAW])
    middle = row.heading_rad + turned / 2
    return (
        row.x_m + reach * sin(middle), row.y_m + reach * cos(middle), (row.heading_rad + turned) % (2 * pi),
        speed, accel, row.yaw_rps * its[RHO_YAW],
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def spread(row: Any, its: NDArray[np.float64], dt: float) -> tuple[float, float, float, float]:
    """Return the variances (along, across, speed, heading) of a track ``dt`` seconds after its instant."""
    motion = MOTION[row.kind]
    if not row.guided:
        q = motion[JOLT]
        place = row.pp + 2 * dt * row.pv + dt * dt * row.vv + q * dt**3 / 3 + motion[SLIP] * dt
        return place, place, row.vv + q * dt, row.hh + TURNING_RAD2_S * dt
    hard = its[ALONG + HARD + chain.WEIGHT]
    q = 2 * (hard * motion[ACCEL_MANOEUVRE] ** 2 + (1 - hard) * motion[ACCEL_STEADY] ** 2) / motion[ACCEL_FADE_S]
    a = chain.expect(its, ALONG, 1.0, dt, dt * dt / 2, 0.0) + q * dt**5 / 20 + motion[SLIP] * dt
    s = chain.expect(its, ALONG, 0.0, 1.0, dt, 0.0) + q * dt**3 / 3
    hard = its[ACROSS + HARD + chain.WEIGHT]
    q = 2 * (hard * motion[YAW_MANOEUVRE] ** 2 + (1 - hard) * motion[YAW_STEADY] ** 2) / motion[YAW_FADE_S]
    reach = abs(row.speed_mps) * dt
    c = chain.expect(its, ACROSS, 1.0, reach, reach * dt / 2, 0.0) + reach * reach * q * dt**3 / 20 + motion[SLIP] * dt
    h = chain.expect(its, ACROSS, 0.0, 1.0, dt, 0.0) + q * dt**3 / 3
    return max(a, 1e-6), max(c, 1e-6), max(s, 1e-6), max(h, 1e-8)


@njit(cache=True, error_model="numpy")
def advance(row: Any, its: NDArray[np.float64], t_us: int, known: NDArray[np.float64]) -> None:
    """Carry a track on to ``t_us``; one that is already there or later stays."""
    if t_us <= row.t_us:
        return
    dt = (t_us - row.t_us) / 1e6
    row.t_us = t_us
    motion = MOTION[row.kind]
    if not row.guided:
        q = motion[JOLT]
        row.x_m += row.vx * dt
        row.y_m += row.vy * dt
        row.pp += 2 * dt * row.pv + dt * dt * row.vv + q * dt**3 / 3 + motion[SLIP] * dt
        row.pv += dt * row.vv + q * dt * dt / 2
        row.vv += q * dt
        row.hh += TURNING_RAD2_S * dt
        return
    before = row.speed_mps
    x, y, heading, speed, accel, yaw = ahead(row, dt, known)
    row.x_m, row.y_m, row.heading_rad = x, y, heading
    row.speed_mps, row.accel_mps2, row.yaw_rps = speed, accel, yaw
    step = _step(known, row.kind, dt)
    bias_var = row.bias_sd * row.bias_sd
    chain.mix(its, ALONG, step[LEFT], step[CALMED], bias_var > 0)
    chain.mix(its, ACROSS, step[LEFT], step[CALMED], bias_var > 0)
    chain.carry(
        its, ALONG, dt, 1.0, motion[ACCEL_FADE_S], step[RHO_ACCEL], motion[ACCEL_STEADY], motion[ACCEL_MANOEUVRE],
        motion[SLIP], step[KEEP], bias_var,
    )  # fmt: skip
    chain.carry(
        its, ACROSS, dt, (before + speed) / 2, motion[YAW_FADE_S], step[RHO_YAW], motion[YAW_STEADY], motion[YAW_MANOEUVRE],
        motion[SLIP], step[KEEP], bias_var,
    )  # fmt: skip
    if bias_var > 0:
        row.bias_x *= step[KEEP]
        row.bias_y *= step[KEEP]


@njit(cache=True, error_model="numpy")
def begin(row: Any, its: NDArray[np.float64], look: Any, noise: Any) -> None:
    """Make a track of its first sighting; ``noise`` holds its variances (:data:`.align.NOISE`)."""
    row.t_us = look.event_us
    row.x_m, row.y_m = look.x_m, look.y_m
    row.yaw_rps = row.accel_mps2 = row.bias_x = row.bias_y = 0.0
    row.bias_sd = noise.bias_sd
    headed = isfinite(look.heading_rad)
    moving = headed and isfinite(look.speed_mps)
    row.heading_rad = look.heading_rad if headed else np.nan
    row.hh = noise.heading if headed else 10.0
    row.guided = headed and (row.kind == MOTOR or row.kind == NON_MOTOR)
    unknown = FASTEST_MPS[row.kind] ** 2
    row.speed_mps = look.speed_mps if isfinite(look.speed_mps) else 0.0
    row.vx = look.speed_mps * sin(look.heading_rad) if moving else 0.0
    row.vy = look.speed_mps * cos(look.heading_rad) if moving else 0.0
    if row.guided:
        motion = MOTION[row.kind]
        bias = noise.bias_sd**2
        chain.begin(its, ALONG, noise.place, noise.speed if moving else unknown, motion[ACCEL_MANOEUVRE] ** 2 / 2, bias)
        chain.begin(its, ACROSS, noise.place, noise.heading, motion[YAW_MANOEUVRE] ** 2 / 2, bias)
        return
    row.pp, row.pv = noise.place + noise.bias_sd**2, 0.0
    row.vv = noise.speed + row.speed_mps**2 * noise.heading if moving else unknown


@njit(cache=True, error_model="numpy")
def observe(
    rows: Any,
    chains: NDArray[np.float64],
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    looks: Any,
    noise: Any,
    fits: NDArray[np.float64],
) -> None:
    """Take all sightings into their tracks, those of one track (``order[starts[row]:starts[row + 1]]``) one by one.

    ``fits`` receives for each sighting the squared normalised differences of place (two dimensions; NaN: the track began
    with it), speed and heading (NaN: not stated), the area in which the place was expected (m2), and the track's velocity.
    """
    known = steps()
    off, variance = np.empty((2, 2)), np.empty((2, 2))  # made once: a sighting takes hardly longer than two arrays
    for row in range(len(rows)):
        if starts[row] == starts[row + 1]:
            continue
        track, its = rows[row], chains[row]
        new = track.looks == 0
        for n in range(starts[row], starts[row + 1]):
            i = order[n]
            look, fit = looks[i], fits[i]
            fit[0] = fit[1] = fit[2] = fit[3] = np.nan
            fit[4], fit[5] = track.vx, track.vy
            if not new:
                advance(track, its, look.event_us, known)
                lag = max(0.0, (track.t_us - look.event_us) / 1e6)
                if track.guided:
                    _observe_guided(track, its, look, noise[i], look.by == SEEN_BY_ITSELF, lag, fit, off, variance)
                else:
                    _observe_free(track, look, noise[i], lag, fit)
                    if (track.kind == MOTOR or track.kind == NON_MOTOR) and track.hh < KNOWN_COURSE_RAD**2:
                        _guide(track, its)
            new = False
            track.looks = min(track.looks + 1, 1_000_000)


@njit(cache=True, error_model="numpy")
def _observe_guided(
    row: Any, its: NDArray[np.float64], look: Any, noise: Any, itself: bool, lag: float, fit: NDArray[np.float64],
    off: NDArray[np.float64], variance: NDArray[np.float64],
) -> None:  # fmt: skip
    """Take one sighting into a guided track; ``off`` and ``variance`` (2, 2) are room to reckon, by chain and way of moving."""
    motion = MOTION[row.kind]
    v = row.speed_mps
    own = 1.0 if itself else 0.0
    if itself and noise.bias_sd > row.bias_sd:  # the first word of its own: its error is not known yet
        more = noise.bias_sd**2 - row.bias_sd**2
        for mode in range(2):
            its[ALONG + mode * HARD + chain.P33] += more
            its[ACROSS + mode * HARD + chain.P33] += more
        row.bias_sd = noise.bias_sd
    biased = row.bias_sd > 0
    sine, cosine = sin(row.heading_rad), cos(row.heading_rad)
    reach = v * lag - row.accel_mps2 * lag * lag / 2
    middle_sine, middle_cosine = _turned(sine, cosine, -row.yaw_rps * lag / 2)
    back_sine, back_cosine = _turned(sine, cosine, -row.yaw_rps * lag)
    dx = look.x_m - own * row.bias_x - row.x_m + reach * middle_sine
    dy = look.y_m - own * row.bias_y - row.y_m + reach * middle_cosine
    e_along, e_across = dx * back_sine + dy * back_cosine, dx * back_cosine - dy * back_sine
    half, far = lag * lag / 2, v * lag
    s_along = chain.expect(its, ALONG, 1.0, -lag, half, own) + noise.place
    s_across = chain.expect(its, ACROSS, 1.0, -far, far * lag / 2, own) + noise.place
    fit[0] = e_along**2 / s_along + e_across**2 / s_across
    fit[3] = sqrt(s_along * s_across)
    place_var = noise.place + motion[SLIP] * lag
    if fit[0] > SURPRISE:
        place_var += (s_along + s_across) / 2 * (sqrt(fit[0] / SURPRISE) - 1)
    speed_off = turn_off = np.nan
    if isfinite(look.speed_mps):
        was = v - row.accel_mps2 * lag
        speed_off = look.speed_mps - was if was > -0.3 else -look.speed_mps - was
        fit[1] = speed_off**2 / (chain.expect(its, ALONG, 0.0, 1.0, -lag, 0.0) + noise.speed)
        if fit[1] > ODD:
            for mode in range(2):
                its[ALONG + mode * HARD + chain.P11] += WIDEN * speed_off**2
            speed_off = np.nan
    if isfinite(look.heading_rad):
        turn_off = turn(look.heading_rad - row.heading_rad + row.yaw_rps * lag)
        fit[2] = turn_off**2 / (chain.expect(its, ACROSS, 0.0, 1.0, -lag, 0.0) + noise.heading)
        if fit[2] > ODD:
            for mode in range(2):
                its[ACROSS + mode * HARD + chain.P11] += WIDEN * turn_off**2
            turn_off = np.nan
    cube, fifth = lag**3 / 3, lag**5 / 20
    for mode in range(2):
        a, c = ALONG + mode * HARD, ACROSS + mode * HARD
        sd = motion[ACCEL_STEADY] if mode == 0 else motion[ACCEL_MANOEUVRE]
        q = 2 * sd * sd / motion[ACCEL_FADE_S]
        row_off, row_var = chain.update(its, a, 1.0, -lag, half, own, e_along, place_var + q * fifth, biased)
        if isfinite(speed_off):
            more, factor = chain.update(its, a, 0.0, 1.0, -lag, 0.0, speed_off, noise.speed + q * cube, biased)
            row_off, row_var = row_off + more, row_var * factor
        off[0, mode], variance[0, mode] = row_off, row_var
        sd = motion[YAW_STEADY] if mode == 0 else motion[YAW_MANOEUVRE]
        q = 2 * sd * sd / motion[YAW_FADE_S]
        row_off, row_var = chain.update(
            its, c, 1.0, -far, far * lag / 2, own, e_across, place_var + v * v * q * fifth, biased
        )
        if isfinite(turn_off):
            more, factor = chain.update(its, c, 0.0, 1.0, -lag, 0.0, turn_off, noise.heading + q * cube, biased)
            row_off, row_var = row_off + more, row_var * factor
        off[1, mode], variance[1, mode] = row_off, row_var
    chain.weigh(its, ALONG, off[0, 0], off[0, 1], variance[0, 0], variance[0, 1])
    chain.weigh(its, ACROSS, off[1, 0], off[1, 1], variance[1, 0], variance[1, 1])
    place, rate, third, bias = chain.centre(its, ALONG)
    side, angle, yaw, bias_side = chain.centre(its, ACROSS)
    row.x_m += place * sine + side * cosine
    row.y_m += place * cosine - side * sine
    row.bias_x += bias * sine + bias_side * cosine
    row.bias_y += bias * cosine - bias_side * sine
    row.speed_mps += rate
    row.accel_mps2 += third
    row.heading_rad = (row.heading_rad + angle) % (2 * pi)
    row.yaw_rps += yaw
    sine, cosine = _turned(sine, cosine, angle)
    fit[4], fit[5] = row.speed_mps * sine, row.speed_mps * cosine


@njit(cache=True, error_model="numpy")
def _turned(sine: float, cosine: float, angle: float) -> tuple[float, float]:
    """Return sine and cosine of a heading after a turn, which is mostly small."""
    if abs(angle) > 0.3:
        s, c = sin(angle), cos(angle)
    else:
        s, c = angle * (1 - angle * angle / 6), 1 - angle * angle / 2 * (1 - angle * angle / 12)
    return sine * c + cosine * s, cosine * c - sine * s


@njit(cache=True, error_model="numpy")
def _observe_free(row: Any, look: Any, noise: Any, lag: float, fit: NDArray[np.float64]) -> None:
    q = MOTION[row.kind, JOLT]
    dx, dy = look.x_m - row.x_m + row.vx * lag, look.y_m - row.y_m + row.vy * lag
    place, rate = row.pp - lag * row.pv, row.pv - lag * row.vv
    s = place - lag * rate + noise.place + noise.bias_sd**2 + q * lag**3 / 3 + MOTION[row.kind, SLIP] * lag
    fit[0], fit[3] = (dx * dx + dy * dy) / s, s
    if fit[0] > SURPRISE:
        s *= sqrt(fit[0] / SURPRISE)
    row.x_m += place / s * dx
    row.y_m += place / s * dy
    row.vx += rate / s * dx
    row.vy += rate / s * dy
    row.pp -= place * place / s
    row.pv -= place * rate / s
    row.vv -= rate * rate / s
    headed = isfinite(look.heading_rad)
    if headed and isfinite(look.speed_mps):
        off_x = look.speed_mps * sin(look.heading_rad) - row.vx
        off_y = look.speed_mps * cos(look.heading_rad) - row.vy
        s = row.vv + (noise.speed + look.speed_mps**2 * noise.heading) / 2 + q * lag
        if off_x * off_x + off_y * off_y <= 2 * ODD * s:
            fit[1] = (off_x * off_x + off_y * off_y) / (2 * s)
            row.x_m += row.pv / s * off_x
            row.y_m += row.pv / s * off_y
            row.vx += row.vv / s * off_x
            row.vy += row.vv / s * off_y
            row.pp -= row.pv * row.pv / s
            row.pv -= row.pv * row.vv / s
            row.vv -= row.vv * row.vv / s
    row.speed_mps = hypot(row.vx, row.vy)
    fit[4], fit[5] = row.vx, row.vy
    if headed:
        if isfinite(row.heading_rad):
            off = turn(look.heading_rad - row.heading_rad)
            gain = row.hh / (row.hh + noise.heading)
            row.heading_rad = (row.heading_rad + gain * off) % (2 * pi)
            row.hh *= 1 - gain
        else:
            row.heading_rad, row.hh = look.heading_rad, noise.heading
    elif row.speed_mps**2 * KNOWN_COURSE_RAD**2 > row.vv:  # nobody says where it heads, and it moves: where it goes
        row.heading_rad, row.hh = atan2(row.vx, row.vy) % (2 * pi), row.vv / row.speed_mps**2


@njit(cache=True, error_model="numpy")
def _guide(row: Any, its: NDArray[np.float64]) -> None:
    """Let a free vehicle whose course is known go on as a guided one."""
    motion = MOTION[row.kind]
    row.guided = True
    row.speed_mps = row.vx * sin(row.heading_rad) + row.vy * cos(row.heading_rad)
    row.yaw_rps = row.accel_mps2 = row.bias_x = row.bias_y = row.bias_sd = 0.0
    chain.begin(its, ALONG, row.pp, row.vv, motion[ACCEL_MANOEUVRE] ** 2 / 2, 0.0)
    chain.begin(its, ACROSS, row.pp, row.hh, motion[YAW_MANOEUVRE] ** 2 / 2, 0.0)
    for mode in range(2):
        its[ALONG + mode * HARD + chain.P01] = row.pv
