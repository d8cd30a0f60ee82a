"""Which lane a track is on: remembered by its id, whatever the order of the frame."""

from __future__ import annotations

import numpy as np

from jinyun.cloud.lanes import Lanes
from jinyun.shapes import Kind
from tests.cloud.prediction.scenes import tracks
from tests.hdmap.town import town


def test_a_lane_is_remembered_by_the_track_and_forgotten_with_it() -> None:
    lanes = Lanes(town())
    # 10 m before the junction on lane 1, then between lanes 0 and 1 with a wide error: memory says which
    first = lanes.step(tracks({"id": 7, "x_m": -100.0, "y_m": -1.75, "speed_mps": 10.0}))
    assert first.lane.tolist() == [1] and abs(first.offset_m[0]) < 0.01 and first.certainty[0] > 0.9
    assert first.s_m[0] == 100.0
    astray = {"id": 7, "x_m": -99.0, "y_m": -3.7, "speed_mps": 10.0, "position_sd_m": 1.0}
    other = {"id": 3, "x_m": -99.0, "y_m": -3.7, "speed_mps": 10.0, "position_sd_m": 1.0}
    both = lanes.step(tracks(other, astray))
    assert both.lane.tolist() == [0, 1]
    assert lanes.history.lane[:, 0].tolist() == [0, 1]
    lanes.step(tracks(other))
    again = lanes.step(tracks(astray, other))
    assert again.lane.tolist() == [0, 0]


def test_people_on_foot_and_places_that_nobody_knows_are_on_no_lane() -> None:
    lanes = Lanes(town())
    walker = {"id": 1, "kind": Kind.PEDESTRIAN, "x_m": -100.0, "y_m": -1.75}
    found = lanes.step(tracks(walker, {"id": 2, "x_m": np.nan, "y_m": np.nan}, {"id": 3, "x_m": 5000.0}))
    assert found.lane.tolist() == [-1, -1, -1]
    assert np.isnan(found.s_m).all() and np.isnan(found.certainty).all()
    assert len(lanes.step(tracks()).lane) == 0
