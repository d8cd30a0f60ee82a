"""The cloud predicts once a frame, and the same messages give the same paths however they are handed over."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from jinyun.cloud.live import Cloud
from jinyun.cloud.prediction import Paths
from jinyun.net.block import Block
from tests.cloud.test_live import T0, cars
from tests.hdmap.reference import reference


def test_paths_belong_to_the_newest_frame_and_do_not_depend_on_the_handing_over() -> None:
    zone, map = reference()
    rows = cars(zone, 1.5, count=6)
    clouds = []
    for step_us in (100_000, 37_000):
        cloud, at = Cloud(zone, clock="replay", map=map), 0
        for now_us in [*range(T0, T0 + 1_600_000, step_us), T0 + 1_600_000]:
            end = next((k for k in range(at, len(rows)) if rows[k].receive_us > now_us), len(rows))
            cloud.advance(Block.of(rows[at:end]) if end > at else None, now_us)
            at = end
        clouds.append(cloud)
    one, other = clouds
    assert one.paths is not None and other.paths is not None and one.located is not None
    assert len(one.paths.first) == 7 and len(one.located.lane) == 6
    for field in fields(Paths):
        assert np.array_equal(getattr(one.paths, field.name), getattr(other.paths, field.name), equal_nan=True)
    assert Cloud(zone).paths is None  # without a map nobody asks for ways
