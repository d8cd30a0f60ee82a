"""Shift, turn and clock are found from pairs made by hand, each alone and together."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.quality import lean


@pytest.mark.parametrize(
    "truth",
    [(1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.035, 0.0), (0.0, 0.0, 0.0, 0.2), (-0.6, 0.8, -0.02, 0.1), (0.0, 0.0, 0.0, 0.0)],
)
def test_an_offset_is_found_within_its_stated_deviation(truth: tuple[float, ...]) -> None:
    rng = np.random.default_rng(2)
    n = 600
    place, heading = rng.uniform(-100, 100, (n, 2)), rng.uniform(0, 2 * np.pi, n)
    velocity = rng.uniform(3, 15, n)[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    east, north, turn, clock = truth
    # clockwise about the mast: what lies north goes east, what lies east goes south
    off = np.array([east, north]) + turn * np.stack([place[:, 1], -place[:, 0]], axis=1) + clock * velocity
    off = off + np.repeat(rng.standard_normal((n // 12, 2)) * 0.6, 12, axis=0)  # a car's own error, for a passage
    offsets, sd = lean.solve(lean.equations(np.ones(n, np.int64), place, velocity, off, 3))
    assert np.all(np.abs(offsets[1] - truth) < 4 * sd[1])
    assert sd[1, 0] < 0.15 and sd[1, 2] < 0.005 and sd[1, 3] < 0.03
    assert np.allclose(offsets[[0, 2]], 0) and np.allclose(sd[0], lean.PRIOR_SD)


def test_pairs_with_unknown_values_say_nothing() -> None:
    bad = np.array([[np.nan, 1.0]])
    good = np.ones((1, 2))
    for away, velocity, off in ((bad, good, good), (good, bad, good), (good, good, bad)):
        assert not lean.equations(np.zeros(1, np.int64), away, velocity, off, 1).any()
