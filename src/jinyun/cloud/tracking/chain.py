"""A chain: the error of one axis as a small linear filter with two ways of moving, steady and manoeuvring (IMM).

A guided participant has two chains. Along its heading the links are place, speed and acceleration; across it they are
place, heading and yaw rate, where a heading error moves the place by the speed (``lever``). The last link is how far the
participant's own statements of its place are off: an error of satellite navigation that changes over tens of seconds
(Gauss-Markov), so that ten reports a second are not taken for ten independent ones.

Each way of moving has a row of fifteen columns: the error's mean (4), its covariance (upper triangle, 10), and the way's
probability. Both ways share one transition and differ in how strongly the third link is driven (Blom and Bar-Shalom,
The interacting multiple model algorithm, IEEE TAC 33(8), 1988).
"""

from __future__ import annotations

from math import exp, log

import numpy as np
from numba import njit
from numpy.typing import NDArray

P00, P01, P02, P03, P11, P12, P13, P22, P23, P33 = range(4, 14)
WEIGHT = 14
LEAST_WEIGHT = 1e-4
"""No way of moving is ever quite impossible."""


@njit(cache=True)
def begin(chain: NDArray[np.float64], place: float, rate: float, third: float, bias: float) -> None:
    """Begin a chain with these variances; a ``bias`` above 0 says that the place came from the participant itself."""
    for mode in range(2):
        row = chain[mode]
        for column in range(15):
            row[column] = 0.0
        row[P00], row[P11], row[P22] = place + bias, rate, third
        row[P03], row[P33] = -bias, bias
        row[WEIGHT] = 0.5


@njit(cache=True)
def mix(chain: NDArray[np.float64], leave: float, calm: float) -> None:
    """Let the ways of moving interact: with probability ``leave`` the steady one ends, with ``calm`` the other."""
    a, b = chain[0], chain[1]
    to_a, to_b = (1 - leave) * a[WEIGHT] + calm * b[WEIGHT], leave * a[WEIGHT] + (1 - calm) * b[WEIGHT]
    for column in range(4, 14):
        one, two = a[column], b[column]
        a[column] = ((1 - leave) * a[WEIGHT] * one + calm * b[WEIGHT] * two) / to_a
        b[column] = (leave * a[WEIGHT] * one + (1 - calm) * b[WEIGHT] * two) / to_b
    share_a, share_b = (1 - leave) * a[WEIGHT] / to_a, leave * a[WEIGHT] / to_b
    column = 4
    for i in range(4):
        for j in range(i, 4):
            spread = (a[i] - b[i]) * (a[j] - b[j])
            a[column] += share_a * (1 - share_a) * spread
            b[column] += share_b * (1 - share_b) * spread
            column += 1
    for i in range(4):
        one, two = a[i], b[i]
        a[i] = share_a * one + (1 - share_a) * two
        b[i] = share_b * one + (1 - share_b) * two
    a[WEIGHT], b[WEIGHT] = to_a, to_b


@njit(cache=True)
def carry(
    chain: NDArray[np.float64],
    dt: float,
    lever: float,
    fade_s: float,
    steady_sd: float,
    manoeuvre_sd: float,
    slip: float,
    bias_var: float,
    bias_fade_s: float,
) -> None:
    """Carry both ways of moving on by ``dt`` (s > 0).

    The third link is an Ornstein-Uhlenbeck process of ``fade_s`` with one of the two standard deviations; ``slip``
    (m2/s) is what the place may move otherwise.
    """
    rho, keep = exp(-dt / fade_s), exp(-dt / bias_fade_s)
    f01, f12 = lever * dt, fade_s * (1 - rho)
    f02 = lever * fade_s * fade_s * (rho - 1 + dt / fade_s)
    for mode in range(2):
        row = chain[mode]
        sd = steady_sd if mode == 0 else manoeuvre_sd
        drive = sd * sd * (1 - rho * rho) / dt
        row[0] += f01 * row[1] + f02 * row[2]
        row[1] += f12 * row[2]
        row[2] *= rho
        row[3] *= keep
        p01, p02, p03, p11, p12, p13 = row[P01], row[P02], row[P03], row[P11], row[P12], row[P13]
        p22, p23 = row[P22], row[P23]
        row[P00] += (
            2 * f01 * p01 + 2 * f02 * p02 + f01 * f01 * p11 + 2 * f01 * f02 * p12 + f02 * f02 * p22
            + lever * lever * drive * dt**5 / 20 + slip * dt
        )  # fmt: skip
        row[P01] = p01 + f12 * p02 + f01 * (p11 + f12 * p12) + f02 * (p12 + f12 * p22) + lever * drive * dt**4 / 8
        row[P02] = rho * (p02 + f01 * p12 + f02 * p22) + lever * drive * dt**3 / 6
        row[P03] = keep * (p03 + f01 * p13 + f02 * p23)
        row[P11] = p11 + 2 * f12 * p12 + f12 * f12 * p22 + drive * dt**3 / 3
        row[P12] = rho * (p12 + f12 * p22) + drive * dt**2 / 2
        row[P13] = keep * (p13 + f12 * p23)
        row[P22] = rho * rho * p22 + drive * dt
        row[P23] = rho * keep * p23
        row[P33] = keep * keep * row[P33] + (1 - keep * keep) * bias_var


@njit(cache=True)
def update(row: NDArray[np.float64], h0: float, h1: float, h2: float, h3: float, seen: float, variance: float) -> float:
    """Take one measured number (its difference from the nominal one) into one way of moving; return its log-likelihood."""
    a = row[P00] * h0 + row[P01] * h1 + row[P02] * h2 + row[P03] * h3
    b = row[P01] * h0 + row[P11] * h1 + row[P12] * h2 + row[P13] * h3
    c = row[P02] * h0 + row[P12] * h1 + row[P22] * h2 + row[P23] * h3
    d = row[P03] * h0 + row[P13] * h1 + row[P23] * h2 + row[P33] * h3
    s = h0 * a + h1 * b + h2 * c + h3 * d + variance
    off = seen - (h0 * row[0] + h1 * row[1] + h2 * row[2] + h3 * row[3])
    gain = off / s
    row[0] += a * gain
    row[1] += b * gain
    row[2] += c * gain
    row[3] += d * gain
    row[P00] -= a * a / s
    row[P01] -= a * b / s
    row[P02] -= a * c / s
    row[P03] -= a * d / s
    row[P11] -= b * b / s
    row[P12] -= b * c / s
    row[P13] -= b * d / s
    row[P22] -= c * c / s
    row[P23] -= c * d / s
    row[P33] -= d * d / s
    return float(-0.5 * (off * gain + log(s)))


@njit(cache=True)
def weigh(chain: NDArray[np.float64], steady: float, manoeuvre: float) -> None:
    """Weigh the two ways of moving by the log-likelihoods of what was just seen."""
    most = max(steady, manoeuvre)
    a, b = chain[0, WEIGHT] * exp(steady - most), chain[1, WEIGHT] * exp(manoeuvre - most)
    weight = min(max(a / (a + b), LEAST_WEIGHT), 1 - LEAST_WEIGHT)
    chain[0, WEIGHT], chain[1, WEIGHT] = weight, 1 - weight


@njit(cache=True)
def centre(chain: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the error's mean over both ways and take it out of the chain: the caller moves the nominal state by it."""
    w = chain[0, WEIGHT]
    m0 = w * chain[0, 0] + (1 - w) * chain[1, 0]
    m1 = w * chain[0, 1] + (1 - w) * chain[1, 1]
    m2 = w * chain[0, 2] + (1 - w) * chain[1, 2]
    m3 = w * chain[0, 3] + (1 - w) * chain[1, 3]
    for mode in range(2):
        chain[mode, 0] -= m0
        chain[mode, 1] -= m1
        chain[mode, 2] -= m2
        chain[mode, 3] -= m3
    return m0, m1, m2, m3


@njit(cache=True)
def expect(chain: NDArray[np.float64], h0: float, h1: float, h2: float, h3: float) -> float:
    """Return the variance of a combination of the links, over both ways of moving."""
    total = 0.0
    mean = 0.0
    square = 0.0
    for mode in range(2):
        row, w = chain[mode], chain[mode, WEIGHT]
        total += w * (
            row[P00] * h0 * h0 + row[P11] * h1 * h1 + row[P22] * h2 * h2 + row[P33] * h3 * h3
            + 2 * (row[P01] * h0 * h1 + row[P02] * h0 * h2 + row[P03] * h0 * h3)
            + 2 * (row[P12] * h1 * h2 + row[P13] * h1 * h3 + row[P23] * h2 * h3)
        )  # fmt: skip
        off = row[0] * h0 + row[1] * h1 + row[2] * h2 + row[3] * h3
        mean += w * off
        square += w * off * off
    return total + square - mean * mean
