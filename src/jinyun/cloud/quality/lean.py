"""How far what a sender sees lies off, as of the last minutes: a shift, a turn about its mast and its clock, from pairs.

Each moving car that a sender sees in a second is one equation a coordinate: the difference of places is the shift, the turn
times the distance from the mast, and the car's velocity times the error of the clock. Four numbers by least squares; a
car's own satellite error is the same through a passage, so a second of one car weighs little. The fusion learns the same
more finely and more slowly (:mod:`jinyun.cloud.tracking.trust`); here what began minutes ago shows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TERMS = 20
"""Columns of a sender's equations: 16 of the matrix, 4 of the right side."""
ONE_SECOND_VAR_M2 = 5.0
"""Variance of one car-second: 0.6 m of the car's own error, the same for a passage of some twelve seconds."""
PRIOR_SD = np.array([2.0, 2.0, 0.05, 0.5])
"""Metres, metres, radians, seconds: an offset nobody expects to exceed."""


def equations(who: NDArray[np.int64], away: Floats, velocity: Floats, off: Floats, n: int) -> Floats:
    """Return the equations (n, TERMS) of car-seconds: (k, 2) places from the mast, velocities, and differences of places."""
    h = np.zeros((len(who), 2, 4))
    h[:, 0, 0] = h[:, 1, 1] = 1.0
    h[:, 0, 2], h[:, 1, 2] = away[:, 1], -away[:, 0]
    h[:, :, 3] = velocity
    out = np.zeros((n, TERMS))
    known = np.isfinite(away).all(axis=1) & np.isfinite(velocity).all(axis=1) & np.isfinite(off).all(axis=1)
    h, off, who = h[known], off[known], who[known]
    np.add.at(out[:, :16], who, np.einsum("kai,kaj->kij", h, h).reshape(-1, 16) / ONE_SECOND_VAR_M2)
    np.add.at(out[:, 16:], who, np.einsum("kai,ka->ki", h, off) / ONE_SECOND_VAR_M2)
    return out


def solve(sums: Floats) -> tuple[Floats, Floats]:
    """Return ((n, 4) offsets, (n, 4) standard deviations): east m, north m, clockwise rad, seconds to add to its times."""
    matrix = sums[:, :16].reshape(-1, 4, 4) + np.diag(PRIOR_SD**-2.0)
    inverse = np.linalg.inv(matrix)
    offsets = np.einsum("nij,nj->ni", inverse, sums[:, 16:])
    return offsets, np.sqrt(np.maximum(np.einsum("nii->ni", inverse), 0.0))
