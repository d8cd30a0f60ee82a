"""Latency percentiles against NumPy's own."""

import numpy as np

from jinyun.cloud.latency import BIN_US, Histogram


def test_percentiles_agree_with_numpy_to_a_bin() -> None:
    delays = np.random.default_rng(1).gamma(4.0, 12_000.0, 50_000).astype(np.int64)
    histogram = Histogram()
    for part in np.array_split(delays, 7):
        histogram.add(part)
    for share in (0.1, 0.5, 0.99, 0.999):
        found = histogram.percentile_ms(share)
        assert found is not None
        assert abs(found - np.quantile(delays, share) / 1000) <= 2 * BIN_US / 1000


def test_no_message_has_no_percentile_and_a_clock_step_no_negative_one() -> None:
    histogram = Histogram()
    assert histogram.percentile_ms(0.5) is None
    histogram.add(np.array([-5_000_000, 10_000_000_000], np.int64))
    assert histogram.total == 2
    assert histogram.percentile_ms(0.4) == 0.2
