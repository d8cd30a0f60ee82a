"""One tile of thousands: it is told of its own and of its rim, and of nobody else."""

from __future__ import annotations

import pytest

from jinyun.bench import tile
from jinyun.cloud.engine.worker import KEEP_S


def test_a_tile_holds_who_is_in_it_and_is_told_of_its_rim_besides() -> None:
    told = tile.measure(seconds=1.0)
    figures = told["figures"]
    assert told["bench"] == "tile" and all(isinstance(value, float) for value in figures.values())
    # 2,000 a km² at random places (a standard deviation of 45), and few whom two devices in a row missed or invented
    assert figures["participants"] == pytest.approx(2000, rel=0.1)
    # a square of 1,080 m over one of 1,000 m
    assert figures["copies"] == pytest.approx(1.08**2, rel=0.03)
    assert figures["of_predicted"] == pytest.approx(figures["cores"] / figures["predicted_cores"])
    assert figures["cores"] == pytest.approx((figures["fusion_ms"] * 10 + figures["checkpoint_ms"] / KEEP_S) / 1000)
