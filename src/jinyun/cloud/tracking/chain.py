"""A chain: the error of one axis as a small linear filter with two ways of moving, steady and manoeuvring (IMM).

A guided participant has two chains. Along its heading the links are place, speed and acceleration; across it they are
place, heading and yaw rate, where a heading error moves the place by the speed (``lever``). The last link is how far the
participant's own statements of its place are off: an error of satellite navigation that changes over tens of seconds
(Gauss-Markov), so that ten reports a second are not taken for ten independent ones.

A track has a row of :data:`NUMBERS`, fifteen for each way of moving: the error's mean (4), its covariance (upper triangle,
10), and the way's probability. Both ways share one transition and differ in how strongly the third link is driven (Blom and
Bar-Shalom, The interacting multiple model algorithm, IEEE TAC 33(8), 1988).
"""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

P00, P01, P02, P03, P11, P12, P13, P22, P23, P33 = range(4, 14)
WEIGHT = 14
WAY = 15
"""Columns of one way of moving."""
HARD = WAY
"""Where the manoeuvring way stands, from the steady one."""
ALONG, ACROSS = 0, 2 * WAY
"""Where the two chains stand in a track's row of numbers."""
NUMBERS = 4 * WAY
LEAST_WEIGHT = 1e-4
"""No way of moving is ever quite impossible."""


@njit(cache=True)
def begin(its: NDArray[np.float64], axis: int, place: float, rate: float, third: float, bias: float) -> None:
    """Begin a chain with these variances; a ``bias`` above 0 says that the place came from the participant itself."""
    for at in (axis, axis + HARD):
        for column in range(WAY):
            its[at + column] = 0.0
        its[at + P00], its[at + P11], its[at + P22] = place + bias, rate, third
        its[at + P03], its[at + P33] = -bias, bias
        its[at + WEIGHT] = 0.5


@njit(cache=True)
def mix(its: NDArray[np.float64], axis: int, leave: float, calm: float, biased: bool) -> None:
    """Let the ways of moving interact: with probability ``leave`` the steady one ends, with ``calm`` the other."""
    a, b = axis, axis + HARD
    to_a = (1 - leave) * its[a + WEIGHT] + calm * its[b + WEIGHT]
    to_b = leave * its[a + WEIGHT] + (1 - calm) * its[b + WEIGHT]
    share_a, share_b = (1 - leave) * its[a + WEIGHT] / to_a, leave * its[a + WEIGHT] / to_b
    spread_a, spread_b = share_a * (1 - share_a), share_b * (1 - share_b)
    column = 4
    for i in range(4):
        for j in range(i, 4):
            if biased or j < 3:
                spread = (its[a + i] - its[b + i]) * (its[a + j] - its[b + j])
                one, two = its[a + column], its[b + column]
                its[a + column] = two + share_a * (one - two) + spread_a * spread
                its[b + column] = two + share_b * (one - two) + spread_b * spread
            column += 1
    for i in range(4):
        one, two = its[a + i], its[b + i]
        its[a + i] = share_a * one + (1 - share_a) * two
        its[b + i] = share_b * one + (1 - share_b) * two
    its[a + WEIGHT], its[b + WEIGHT] = to_a, to_b


@njit(cache=True)
def carry(
    its: NDArray[np.float64],
    axis: int,
    dt: float,
    lever: float,
    fade_s: float,
    rho: float,
    steady_sd: float,
    manoeuvre_sd: float,
    slip: float,
    keep: float,
    bias_var: float,
) -> None:
    """Carry both ways of moving on by ``dt`` (s > 0).

    The third link is an Ornstein-Uhlenbeck process of ``fade_s`` (``rho`` is left of it after ``dt``) with one of the two
    standard deviations; ``slip`` (m2/s) is what the place may move otherwise; ``keep`` is left of the fourth.
    """
    f01, f12 = lever * dt, fade_s * (1 - rho)
    f02 = lever * fade_s * (dt - f12)
    for at in (axis, axis + HARD):
        sd = steady_sd if at == axis else manoeuvre_sd
        drive = sd * sd * (1 - rho * rho)  # dt times its power density
        its[at + 0] += f01 * its[at + 1] + f02 * its[at + 2]
        its[at + 1] += f12 * its[at + 2]
        its[at + 2] *= rho
        p01, p02, p11, p12, p22 = its[at + P01], its[at + P02], its[at + P11], its[at + P12], its[at + P22]
        its[at + P00] += (
            2 * f01 * p01 + 2 * f02 * p02 + f01 * f01 * p11 + 2 * f01 * f02 * p12 + f02 * f02 * p22
            + f01 * f01 * dt * dt * drive / 20 + slip * dt
        )  # fmt: skip
        its[at + P01] = p01 + f12 * p02 + f01 * (p11 + f12 * p12) + f02 * (p12 + f12 * p22) + f01 * dt * dt * drive / 8
        its[at + P02] = rho * (p02 + f01 * p12 + f02 * p22) + f01 * dt * drive / 6
        its[at + P11] = p11 + 2 * f12 * p12 + f12 * f12 * p22 + dt * dt * drive / 3
        its[at + P12] = rho * (p12 + f12 * p22) + dt * drive / 2
        its[at + P22] = rho * rho * p22 + drive
        if bias_var > 0:
            p13, p23 = its[at + P13], its[at + P23]
            its[at + 3] *= keep
            its[at + P03] = keep * (its[at + P03] + f01 * p13 + f02 * p23)
            its[at + P13] = keep * (p13 + f12 * p23)
            its[at + P23] = rho * keep * p23
            its[at + P33] = keep * keep * its[at + P33] + (1 - keep * keep) * bias_var


@njit(cache=True)
def update(
    its: NDArray[np.float64],
    at: int,
    h0: float,
    h1: float,
    h2: float,
    h3: float,
    seen: float,
    variance: float,
    biased: bool,
) -> tuple[float, float]:
    """Take one measured number (its difference from the nominal one) into one way of moving.

    Returns (squared normalised difference, its variance). Without ``biased`` the fourth link is nothing and stays so.
    """
    a = its[at + P00] * h0 + its[at + P01] * h1 + its[at + P02] * h2
    b = its[at + P01] * h0 + its[at + P11] * h1 + its[at + P12] * h2
    c = its[at + P02] * h0 + its[at + P12] * h1 + its[at + P22] * h2
    d = 0.0
    off = seen - (h0 * its[at + 0] + h1 * its[at + 1] + h2 * its[at + 2])
    if biased:
        a += its[at + P03] * h3
        b += its[at + P13] * h3
        c += its[at + P23] * h3
        d = its[at + P03] * h0 + its[at + P13] * h1 + its[at + P23] * h2 + its[at + P33] * h3
        off -= h3 * its[at + 3]
    s = h0 * a + h1 * b + h2 * c + h3 * d + variance
    inverse = 1 / s
    gain = off * inverse
    its[at + 0] += a * gain
    its[at + 1] += b * gain
    its[at + 2] += c * gain
    ai, bi = a * inverse, b * inverse
    its[at + P00] -= a * ai
    its[at + P01] -= b * ai
    its[at + P02] -= c * ai
    its[at + P11] -= b * bi
    its[at + P12] -= c * bi
    its[at + P22] -= c * c * inverse
    if biased:
        its[at + 3] += d * gain
        its[at + P03] -= d * ai
        its[at + P13] -= d * bi
        its[at + P23] -= c * d * inverse
        its[at + P33] -= d * d * inverse
    return off * gain, s


@njit(cache=True)
def weigh(
    its: NDArray[np.float64], axis: int, off: float, off_hard: float, variance: float, variance_hard: float
) -> None:
    """Weigh the steady and the manoeuvring way by how well each foretold what was seen.

    Squared normalised differences (summed) and variances (multiplied) are those of :func:`update`.
    """
    odds = its[axis + WEIGHT] / its[axis + HARD + WEIGHT] * sqrt(variance_hard / variance)
    odds *= exp(min(max((off_hard - off) / 2, -50.0), 50.0))
    weight = min(max(odds / (1 + odds), LEAST_WEIGHT), 1 - LEAST_WEIGHT)
    its[axis + WEIGHT], its[axis + HARD + WEIGHT] = weight, 1 - weight


@njit(cache=True)
def centre(its: NDArray[np.float64], axis: int) -> tuple[float, float, float, float]:
    """Return the error's mean over both ways and take it out of the chain: the caller moves the nominal state by it."""
    a, b = axis, axis + HARD
    w, v = its[a + WEIGHT], its[b + WEIGHT]
    m0, m1 = w * its[a] + v * its[b], w * its[a + 1] + v * its[b + 1]
    m2, m3 = w * its[a + 2] + v * its[b + 2], w * its[a + 3] + v * its[b + 3]
    for at in (a, b):
        its[at] -= m0
        its[at + 1] -= m1
        its[at + 2] -= m2
        its[at + 3] -= m3
    return m0, m1, m2, m3


@njit(cache=True)
def expect(its: NDArray[np.float64], axis: int, h0: float, h1: float, h2: float, h3: float) -> float:
    """Return the variance of a combination of the links, over both ways of moving."""
    total = mean = square = 0.0
    for at in (axis, axis + HARD):
        w = its[at + WEIGHT]
        off = its[at] * h0 + its[at + 1] * h1 + its[at + 2] * h2
        its_var = h0 * (its[at + P00] * h0 + 2 * (its[at + P01] * h1 + its[at + P02] * h2))
        its_var += h1 * (its[at + P11] * h1 + 2 * its[at + P12] * h2) + its[at + P22] * h2 * h2
        if h3 != 0.0:
            off += its[at + 3] * h3
            its_var += h3 * (its[at + P33] * h3 + 2 * (its[at + P03] * h0 + its[at + P13] * h1 + its[at + P23] * h2))
        total += w * its_var
        mean += w * off
        square += w * off * off
    return total + square - mean * mean
