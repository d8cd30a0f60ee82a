"""The errors of countdowns by the map's signal groups."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun import zone
from jinyun.cloud.foretold import foretold_s
from jinyun.cloud.prediction import roadway
from jinyun.cloud.quality.prediction import EDGES_S, HORIZONS_S, Predictions
from jinyun.cloud.quality.stations import Stations
from jinyun.zone import load_profile
from tests.hdmap.town import town


def test_the_worst_sender_of_a_group_counts_once_it_has_shown_enough() -> None:
    """The town has the phases 1, 2, 3 of node 1; errors are entered as the bins that hold them."""
    stations = Stations()
    predictions = Predictions(stations, load_profile(zone.profiles_dir() / "national-2020.toml"))
    horizon = HORIZONS_S.index(10)
    for source, phase, bin_, many in ((1, 1, 2, 100), (2, 1, 30, 20), (1, 2, 5, 3), (1, 9, 40, 50)):
        key = (source, 1, 1)
        station = stations.row_of.get(key)
        group = stations.group(stations._make(key) if station is None else station, phase)
        predictions.bins[group, horizon, bin_] = many
    found = foretold_s(stations, predictions, roadway(town()).roads)
    assert found[0] == pytest.approx(EDGES_S[30])
    assert np.isnan(found[1:]).all()  # too few changes; never heard
