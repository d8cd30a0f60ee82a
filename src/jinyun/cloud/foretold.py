"""How far the ends of a map's lights may be trusted (倒计时可信度): the errors SPAT has shown, by signal group of the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.prediction.roadway import Roads, code_of
from jinyun.cloud.quality.prediction import EDGES_S, HORIZONS_S, LEAST_CHANGES, Predictions
from jinyun.cloud.quality.stations import Stations

HORIZON_S = 10
"""The horizon that is asked for: as long before as speeds are advised."""
SHARE = 0.95


def foretold_s(stations: Stations, predictions: Predictions, roads: Roads) -> NDArray[np.float64]:
    """Return the error (s) that 95 % of the ends told 10 s before stayed within, by row of the map's groups.

    The worst of all senders that speak for a group; NaN where fewer than ten changes were seen, infinity beyond 30 s.
    """
    found = np.full(len(roads.code), np.nan)
    rows = np.flatnonzero(stations.station >= 0)
    if not len(rows) or not len(found):
        return found
    counts = np.cumsum(predictions.bins[rows, HORIZONS_S.index(HORIZON_S)], axis=1)
    rows, counts = rows[counts[:, -1] >= LEAST_CHANGES], counts[counts[:, -1] >= LEAST_CHANGES]
    bin_of = (counts < SHARE * counts[:, -1:]).sum(axis=1)
    error = np.append(EDGES_S, np.inf)[bin_of]
    station = stations.station[rows]
    code = code_of(stations.region[station], stations.node[station], stations.phase[rows].astype(np.uint8))
    order = np.argsort(roads.code, kind="stable")
    at = np.minimum(np.searchsorted(roads.code[order], code), len(order) - 1)
    known = roads.code[order][at] == code
    np.fmax.at(found, order[at[known]], error[known])
    return found
