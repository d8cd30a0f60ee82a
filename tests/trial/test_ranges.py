"""Ranges of parameters: grids, Latin hypercubes, the edge of failure."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jinyun.trial.scenario.ranges import Spread, boundary, concrete, latin


def test_a_grid_is_every_combination() -> None:
    rows = concrete({"a": [1.0, 2.0], "b": Spread(low=0, high=1, steps=3)}, "grid", 0, "x")
    assert rows == [{"a": a, "b": b} for a in (1.0, 2.0) for b in (0.0, 0.5, 1.0)]


def test_a_latin_hypercube_has_one_point_in_every_slice_of_every_parameter() -> None:
    rows = latin({"a": Spread(low=0, high=10), "b": Spread(low=-1, high=1)}, 20, "x")
    for key, low, high in (("a", 0, 10), ("b", -1, 1)):
        slices = sorted(min(int((row[key] - low) / (high - low) * 20), 19) for row in rows)
        assert slices == list(range(20))
    assert rows == latin({"a": Spread(low=0, high=10), "b": Spread(low=-1, high=1)}, 20, "x")


@pytest.mark.parametrize("kind", ["normal", "lognormal"])
def test_a_distribution_has_its_mean_within_its_range(kind: str) -> None:
    spread = Spread(low=5, high=15, kind=kind, mean=10, sd=1)  # type: ignore[arg-type]
    values = [spread.quantile(share) for share in np.linspace(0.005, 0.995, 100)]
    assert np.mean(values) == pytest.approx(10, abs=0.05)
    assert np.std(values) == pytest.approx(1, abs=0.06)
    assert 5 <= min(values) <= max(values) <= 15


def test_the_edge_of_failure_is_found_by_bisection_and_its_absence_is_said() -> None:
    edges = boundary(lambda v: v["x"] > v["y"], "x", Spread(low=0, high=10), [{"y": 3.3}, {"y": 20.0}], 0.01)
    assert edges[0].fails <= 3.3 < edges[0].passes <= edges[0].fails + 0.0101
    assert math.isnan(edges[1].passes)
