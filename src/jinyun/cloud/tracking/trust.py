"""What is believed of each sender: how much its numbers scatter, and whether its sensor is shifted, turned or mistimed.

**Scatter** is learnt from how well a sender's places, speeds and headings agree with the tracks: the believed variances move
a little in each frame, so that half of all looks fall within the median of the distribution they let expect.

**Offsets** of a roadside sender are learnt from pairs: what it says and what *others* (a car itself, another unit) say of the
same participant at the same time. The difference is a shift, a turn about the middle of what it sees, and its speed times
the error of its clock: four numbers by least squares. A car's own satellite error is the same for a whole passage, so each
passage is one set of equations with that error eliminated, and no passage counts more than it knows (the other sender is
never judged by itself). What was learnt fades within ten minutes. An offset that is certain and large is taken out of the
sender's sightings, their variance grows by what remains uncertain, and :func:`offsets` tells it.
"""

from __future__ import annotations

from math import exp, isfinite, sqrt
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.tracking.gate import HEADING, SPEED, X, Y, cell, cell_hash
from jinyun.shapes import SEEN_BY_ITSELF

SEEN_US, PERIOD_S, SCATTER, SPEED_VAR, HEADING_VAR, LOOKS, MIDDLE_X, MIDDLE_Y, SOLVED_US, OTHERS, APPLIED = range(11)
NORMAL = 11  # upper triangle of the normal equations, 10
RIGHT = 21  # their right side, 4
OFFSET = 25  # east m, north m, clockwise rad, seconds to be added to its times
ERROR = 29  # covariance of the offset, 4 x 4
TALLY = 45  # of this frame's looks, for place, speed and heading: how many more beyond the median than within, how many
COLUMNS = 51
"""Columns of a sender's row."""

SPEED_SD, HEADING_SD = 0.3, 0.06
"""Assumed of a roadside sender until its looks say otherwise (m/s, rad)."""
OWN_SPEED_SD, OWN_HEADING_SD = 0.1, 0.02
"""The same of a car that speaks of itself."""
FIRST_PERIOD_S = 0.5
FORGET_US = 600_000_000
"""A sender that was silent for so long begins anew: its row may be another's."""
LEARN, FEW = 0.1, 10.0
"""Most that one frame moves the logarithm of a believed variance, and how many looks make half of that."""
SCATTER_LEAST, SCATTER_MOST = 0.25, 25.0
"""Bounds of the factor on the stated variance of places."""
SPEED_LEAST, SPEED_MOST, HEADING_LEAST, HEADING_MOST = 0.03**2, 3.0**2, 0.005**2, 0.6**2
MATURE = 10
"""Looks after which a track may judge its senders' scatter."""
JUDGED_MPS = 1.5
MEDIAN_TWO, MEDIAN_ONE = 1.386, 0.455
"""Medians of chi-square with two and with one degree of freedom."""
MIDDLE_LOOKS = 300
"""So many places make the middle of what a sender sees."""

FADE_S = 600.0
PRIOR = np.array([0.4, 0.4, 0.0175, 0.06])
"""One standard deviation of the offsets of a sender nobody has anything against (m, m, rad, s)."""
WORTH = np.array([0.4, 0.4, 0.006, 0.04])
"""Smaller offsets are left alone."""
CERTAIN = 5.0
"""Standard deviations by which an offset must differ from nothing."""
LEAST_PASSES = 3
ROAD_OFFSET_SD_M = 0.3
"""How far off another roadside sender may be when it serves as the reference."""
ALIKE = 50.0
"""Looks of one passage that count as one: what is not constant in the other's error still changes only over seconds."""
PAIR_US = 300_000
"""Two looks farther apart in time are no pair."""
PASS_US, PASS_GAP_US, PASS_LEAST = 15_000_000, 2_000_000, 20

KIN_M, KIN_MPS, KIN_RAD = 8.0, 3.0, 0.35
"""A car that only speaks of itself and one that only the road sees, alike within these and nearest to each other, are taken
for one when their senders are compared: so an offset is found that is too large for the association."""
KIN_UNSEEN_US = 500_000
KIN_EXAMINED = 50

# columns of a track's passage
OF, BEGAN_US, LATEST_US, N, UX, UY, VX, VY, UU, UV, VV, RX, RY, UR, VR, BIAS, AGAIN = range(17)
OWN, ROAD = 18, 26  # the newest look of the participant itself and of a roadside unit: us, x, y, vx, vy, source, sd


def blank(count: int) -> NDArray[np.float64]:
    """Return ``count`` rows about senders of whom nothing is known."""
    return np.zeros((count, COLUMNS))


@njit(cache=True)
def meet(trust: NDArray[np.float64], own: bool, event_us: int) -> None:
    """Note that a sender was heard; one that is new, or was silent for long, begins anew."""
    if trust[SEEN_US] == 0 or event_us - trust[SEEN_US] > FORGET_US:
        for k in range(COLUMNS):
            trust[k] = 0.0
        trust[SCATTER] = 1.0
        trust[SPEED_VAR] = OWN_SPEED_SD**2 if own else SPEED_SD**2
        trust[HEADING_VAR] = OWN_HEADING_SD**2 if own else HEADING_SD**2
        trust[PERIOD_S] = FIRST_PERIOD_S
        trust[SEEN_US] = event_us
    elif event_us > trust[SEEN_US]:
        period = min((event_us - trust[SEEN_US]) / 1e6, 2.0)
        if period > 0.005:  # sensors of one unit may be milliseconds apart
            trust[PERIOD_S] += 0.1 * (period - trust[PERIOD_S])
        trust[SEEN_US] = event_us


@njit(cache=True)
def _tally(trust: NDArray[np.float64], fit: NDArray[np.float64], speed_mps: float) -> None:
    """Count by one look's squared normalised differences (place, speed, heading) whether more or less was believed.

    Speeds are judged by whoever moves: that a standing vehicle stands is easily seen.
    """
    trust[TALLY] += 1 if fit[0] > MEDIAN_TWO else -1
    trust[TALLY + 1] += 1
    if isfinite(fit[1]) and speed_mps > JUDGED_MPS:
        trust[TALLY + 2] += 1 if fit[1] > MEDIAN_ONE else -1
        trust[TALLY + 3] += 1
    if isfinite(fit[2]):
        trust[TALLY + 4] += 1 if fit[2] > MEDIAN_ONE else -1
        trust[TALLY + 5] += 1


@njit(cache=True)
def _learn(trust: NDArray[np.float64], column: int, tally: int, least: float, most: float) -> None:
    """Move one believed variance by what a frame's looks say, however many they were."""
    if trust[tally + 1] > 0:
        factor = exp(LEARN * trust[tally] / (trust[tally + 1] + FEW))
        trust[column] = min(max(trust[column] * factor, least), most)
        trust[tally] = trust[tally + 1] = 0.0


@njit(cache=True)
def doubt(trust: NDArray[np.float64], x_m: float, y_m: float, vx: float, vy: float) -> float:
    """Return the variance (m2, one axis) that the uncertain offset of a sender adds to its sighting at this place."""
    ux, uy = x_m - trust[MIDDLE_X], y_m - trust[MIDDLE_Y]
    e = ERROR  # the mean of h C h' over the rows (1, 0, uy, vx) and (0, 1, -ux, vy)
    total = trust[e] + trust[e + 5] + (ux * ux + uy * uy) * trust[e + 10] + (vx * vx + vy * vy) * trust[e + 15]
    total += 2 * (uy * trust[e + 2] + vx * trust[e + 3] - ux * trust[e + 6] + vy * trust[e + 7])
    total += 2 * (uy * vx - ux * vy) * trust[e + 11]
    return max(float(total) / 2, 0.0)


@njit(cache=True)
def judge(
    rows: Any,
    passes: NDArray[np.float64],
    trust: NDArray[np.float64],
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    looks: Any,
    noise: Any,
    fits: NDArray[np.float64],
) -> None:
    """Learn of the senders from all sightings just taken in; arguments as of :func:`.motion.observe`."""
    for row in range(len(rows)):
        for n in range(starts[row], starts[row + 1]):
            i = order[n]
            look, fit, track = looks[i], fits[i], rows[row]
            if track.looks > MATURE and track.guided and isfinite(fit[0]):
                _tally(trust[look.source], fit, track.speed_mps)
            _compare(passes[row], trust, look, noise[i], look.by == SEEN_BY_ITSELF, fit[4], fit[5])
    for i in range(len(looks)):
        if i == 0 or looks[i].source != looks[i - 1].source:
            its = trust[looks[i].source]
            _learn(its, SCATTER, TALLY, SCATTER_LEAST, SCATTER_MOST)
            _learn(its, SPEED_VAR, TALLY + 2, SPEED_LEAST, SPEED_MOST)
            _learn(its, HEADING_VAR, TALLY + 4, HEADING_LEAST, HEADING_MOST)


@njit(cache=True)
def _compare(
    gathered: NDArray[np.float64], trust: NDArray[np.float64], look: Any, noise: Any, own: bool, vx: float, vy: float
) -> None:
    """Compare a sighting with what others said of the same participant, and keep it for those who come after.

    ``gathered`` is the track's row of passages, ``trust`` the table of all senders; ``vx``, ``vy`` is the track's velocity.
    Places and times are those the sender stated, before any correction.
    """
    source = look.source
    if not own:
        other = OWN
        if gathered[OWN] == 0 or abs(noise.raw_us - gathered[OWN]) > PAIR_US:
            other = ROAD
        fresh = gathered[other] != 0 and abs(noise.raw_us - gathered[other]) <= PAIR_US
        if fresh and gathered[other + 5] != source and trust[source, LOOKS] >= MIDDLE_LOOKS:
            _gather(gathered, trust, look, noise, other)
        slot = ROAD
    else:
        slot = OWN
    gathered[slot], gathered[slot + 1], gathered[slot + 2] = noise.raw_us, noise.raw_x, noise.raw_y
    if own and isfinite(look.speed_mps) and isfinite(look.heading_rad):
        vx, vy = look.speed_mps * np.sin(look.heading_rad), look.speed_mps * np.cos(look.heading_rad)
    gathered[slot + 3], gathered[slot + 4], gathered[slot + 5] = vx, vy, source
    gathered[slot + 6] = noise.bias_sd if own else ROAD_OFFSET_SD_M
    if not own:  # a reference speaks with its own offset taken out
        gathered[slot], gathered[slot + 1], gathered[slot + 2] = look.event_us, look.x_m, look.y_m


@njit(cache=True)
def _gather(gathered: NDArray[np.float64], trust: NDArray[np.float64], look: Any, noise: Any, other: int) -> None:
    """Add one pair to the running passage, closing the one before where it is over or another's."""
    source = look.source
    over = noise.raw_us - gathered[LATEST_US] > PASS_GAP_US or noise.raw_us - gathered[BEGAN_US] > PASS_US
    if gathered[N] > 0 and over:
        _close(gathered, trust)
    if gathered[N] == 0:
        # Whoever stands here for minutes has one error of its own, not a new one each time.
        gathered[AGAIN] = gathered[AGAIN] + 1 if gathered[OF] == source and gathered[LATEST_US] > 0 else 1
        gathered[OF], gathered[BEGAN_US] = source, noise.raw_us
        gathered[BIAS] = gathered[other + 6] * gathered[AGAIN]
    elif gathered[OF] != source:
        return
    dt = (noise.raw_us - gathered[other]) / 1e6
    vx, vy = gathered[other + 3], gathered[other + 4]
    rx = noise.raw_x - gathered[other + 1] - vx * dt
    ry = noise.raw_y - gathered[other + 2] - vy * dt
    ux, uy = noise.raw_x - trust[source, MIDDLE_X], noise.raw_y - trust[source, MIDDLE_Y]
    gathered[LATEST_US] = noise.raw_us
    gathered[N] += 1
    gathered[UX] += ux
    gathered[UY] += uy
    gathered[VX] += vx
    gathered[VY] += vy
    gathered[UU] += ux * ux + uy * uy
    gathered[UV] += uy * vx - ux * vy
    gathered[VV] += vx * vx + vy * vy
    gathered[RX] += rx
    gathered[RY] += ry
    gathered[UR] += uy * rx - ux * ry
    gathered[VR] += vx * rx + vy * ry


@njit(cache=True)
def _close(gathered: NDArray[np.float64], trust: NDArray[np.float64]) -> None:
    """End a track's passage: its equations, without the other sender's own constant error, go to the sender judged."""
    n = gathered[N]
    source = int(gathered[OF])
    if n >= PASS_LEAST and trust[source, LOOKS] >= MIDDLE_LOOKS:
        _add(gathered, trust[source])
    for k in range(N, BIAS):
        gathered[k] = 0.0


@njit(cache=True)
def _add(gathered: NDArray[np.float64], trust: NDArray[np.float64]) -> None:
    n = gathered[N]
    ux, uy, vx, vy, rx, ry = gathered[UX], gathered[UY], gathered[VX], gathered[VY], gathered[RX], gathered[RY]
    white = ALIKE * 0.15
    # How far this passage is from what is believed: a liar is heard, but not louder than a crowd.
    off_x = rx - n * trust[OFFSET] - uy * trust[OFFSET + 2] - vx * trust[OFFSET + 3]
    off_y = ry - n * trust[OFFSET + 1] + ux * trust[OFFSET + 2] - vy * trust[OFFSET + 3]
    away = sqrt(off_x * off_x + off_y * off_y) / n
    weight = min(1.0, 3 * sqrt(gathered[BIAS] * gathered[BIAS] + 1.0) / max(away, 1e-6))
    fade = 1.0
    if trust[SOLVED_US] > 0:
        fade = exp(-max(0.0, gathered[LATEST_US] - trust[SOLVED_US]) / 1e6 / FADE_S)
    trust[SOLVED_US] = max(trust[SOLVED_US], gathered[LATEST_US])
    trust[OTHERS] = trust[OTHERS] * fade + 1
    # Sums of the rows of H, (n, 0, uy, vx) and (0, n, -ux, vy), times what the common error takes away.
    common = (1 / white) ** 2 / (n / white + 1 / (gathered[BIAS] * gathered[BIAS]))
    per, taken = weight / white, weight * common
    for k in range(14):
        trust[NORMAL + k] *= fade
    trust[NORMAL] += per * n - taken * n * n
    trust[NORMAL + 2] += per * uy - taken * n * uy
    trust[NORMAL + 3] += per * vx - taken * n * vx
    trust[NORMAL + 4] += per * n - taken * n * n
    trust[NORMAL + 5] += -per * ux + taken * n * ux
    trust[NORMAL + 6] += per * vy - taken * n * vy
    trust[NORMAL + 7] += per * gathered[UU] - taken * (ux * ux + uy * uy)
    trust[NORMAL + 8] += per * gathered[UV] - taken * (uy * vx - ux * vy)
    trust[NORMAL + 9] += per * gathered[VV] - taken * (vx * vx + vy * vy)
    trust[RIGHT] += per * rx - taken * n * rx
    trust[RIGHT + 1] += per * ry - taken * n * ry
    trust[RIGHT + 2] += per * gathered[UR] - taken * (uy * rx - ux * ry)
    trust[RIGHT + 3] += per * gathered[VR] - taken * (vx * rx + vy * ry)
    _solve(trust)


@njit(cache=True)
def _solve(trust: NDArray[np.float64]) -> None:
    """Solve the equations with the prior for the offset and its covariance, and decide whether it is applied."""
    work = np.zeros((4, 8))
    at = NORMAL
    for i in range(4):
        for j in range(i, 4):
            work[i, j] = work[j, i] = trust[at]
            at += 1
    for i in range(4):
        work[i, i] += 1 / (PRIOR[i] * PRIOR[i])
        work[i, 4 + i] = 1.0
    for i in range(4):  # Gauss-Jordan; the prior keeps every pivot positive
        pivot = work[i, i]
        for j in range(8):
            work[i, j] /= pivot
        for k in range(4):
            factor = work[k, i]
            if k != i:
                for j in range(8):
                    work[k, j] -= factor * work[i, j]
    certain = False
    need = 0.7 if trust[APPLIED] > 0 else 1.0
    for i in range(4):
        value = 0.0
        for j in range(4):
            value += work[i, 4 + j] * trust[RIGHT + j]
            trust[ERROR + 4 * i + j] = work[i, 4 + j]
        trust[OFFSET + i] = value
        certain |= abs(value) > need * max(WORTH[i], CERTAIN * sqrt(max(work[i, 4 + i], 0.0)))
    trust[APPLIED] = 1.0 if certain and trust[OTHERS] >= LEAST_PASSES * 0.9 else 0.0


@njit(cache=True)
def kindred(
    rows: Any, passes: NDArray[np.float64], seen: NDArray[np.float64], alive: NDArray[np.int64], now_us: int
) -> None:
    """Let tracks that only the road sees know the word of the car that they probably are, for comparison only.

    ``seen`` is :func:`.gate.view`.
    """
    nearest = np.full(len(rows), -1, np.int64)
    least = np.full(len(rows), KIN_M * KIN_M)
    size = 16
    while size < 2 * len(alive):
        size *= 2
    head, following = np.full(size, -1, np.int64), np.full(len(rows), -1, np.int64)
    any_own = False
    for row in alive:
        track = rows[row]
        lonely = now_us - track.road_us > KIN_UNSEEN_US and now_us - track.self_us <= KIN_UNSEEN_US
        if lonely and track.guided:
            at = cell_hash(cell(seen[row, X], KIN_M), cell(seen[row, Y], KIN_M), size - 1)
            following[row], head[at] = head[at], row
            any_own = True
    if not any_own:
        return
    for row in alive:
        track = rows[row]
        if track.self_us != 0 or not track.guided or not track.confirmed:
            continue
        cx, cy = cell(seen[row, X], KIN_M), cell(seen[row, Y], KIN_M)
        for x in range(cx - 1, cx + 2):
            for y in range(cy - 1, cy + 2):
                other = head[cell_hash(x, y, size - 1)]
                examined = 0
                while other >= 0 and examined < KIN_EXAMINED:
                    examined += 1
                    dx, dy = seen[row, X] - seen[other, X], seen[row, Y] - seen[other, Y]
                    apart = dx * dx + dy * dy
                    alike = rows[other].kind == track.kind and abs(seen[row, SPEED] - seen[other, SPEED]) < KIN_MPS
                    turned = (seen[row, HEADING] - seen[other, HEADING] + np.pi) % (2 * np.pi) - np.pi
                    if alike and abs(turned) < KIN_RAD:
                        if apart < least[row]:
                            least[row], nearest[row] = apart, other
                        if apart < least[other]:
                            least[other], nearest[other] = apart, row
                    other = following[other]
    for row in alive:
        other = nearest[row]
        if other >= 0 and rows[row].self_us == 0 and nearest[other] == row:
            for k in range(OWN, ROAD):
                passes[row, k] = passes[other, k]


def offsets(trust: NDArray[np.float64]) -> list[tuple[int, float, float, float, float, int]]:
    """Return (sender, east m, north m, clockwise rad, clock s, passages compared) of each whose offset is being taken out.

    The clock's number is what must be added to the sender's times.
    """
    found = np.flatnonzero(trust[:, APPLIED] > 0)
    return [
        (int(row), *(float(value) for value in trust[row, OFFSET : OFFSET + 4]), round(float(trust[row, OTHERS])))  # type: ignore[misc]
        for row in found
    ]
