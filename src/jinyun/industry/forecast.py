"""Looking ahead in a series of output: a trend of the logarithm with seasons, and the interval it deserves.

Ordinary least squares of ln(value) on time and on the season (quarter or month), if two whole years are known; the
interval is the exact one of that model (Student's t, new observation), carried back by the exponential. It says how
far the past's scatter reaches, not what a new factory or a new tax does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
LEAST_POINTS = 4


def forecast(points: Sequence[tuple[str, float]], ahead: int, level: float = 0.9) -> list[dict[str, Any]]:
    """Return the next ``ahead`` periods with value, low and high of the interval; empty where too little is known.

    Values that are not positive end the history: only what follows the last of them counts.
    """
    rows = list(points)
    for i in range(len(rows) - 1, -1, -1):
        if rows[i][1] <= 0:
            rows = rows[i + 1 :]
            break
    if len(rows) < LEAST_POINTS:
        return []
    seasons = 4 if "Q" in rows[0][0] else 12
    t = np.array([_ordinal(period, seasons) for period, _ in rows], float)
    log = np.log([value for _, value in rows])
    seasonal = len(rows) >= 2 * seasons
    design = _design(t, t[0], seasons if seasonal else 1)
    if len(t) - np.linalg.matrix_rank(design) < 1:
        return []
    coefficients, *_ = np.linalg.lstsq(design, log, rcond=None)
    inverse = np.linalg.pinv(design.T @ design)
    freedom = len(t) - design.shape[1]
    variance = float(((log - design @ coefficients) ** 2).sum()) / freedom
    reach = float(stats.t.ppf(0.5 + level / 2, freedom))
    told = []
    for step in range(1, ahead + 1):
        when = t[-1] + step
        row = _design(np.array([when]), t[0], seasons if seasonal else 1)[0]
        middle = float(row @ coefficients)
        width = reach * float(np.sqrt(variance * (1 + row @ inverse @ row)))
        told.append(
            {
                "period": _period(int(when), seasons),
                "value": float(np.exp(middle)),
                "low": float(np.exp(middle - width)),
                "high": float(np.exp(middle + width)),
                "level": level,
            }
        )
    return told


def _design(t: Floats, origin: float, seasons: int) -> Floats:
    columns = [np.ones(len(t)), t - origin]
    columns += [(t % seasons == s).astype(float) for s in range(1, seasons)]
    return np.column_stack(columns)


def _ordinal(period: str, seasons: int) -> int:
    return int(period[:4]) * seasons + int(period[6:] if seasons == 4 else period[5:]) - 1


def _period(ordinal: int, seasons: int) -> str:
    year, part = divmod(ordinal, seasons)
    return f"{year}-Q{part + 1}" if seasons == 4 else f"{year}-{part + 1:02d}"
