"""Probe data: what a minute of driving sums up to, against numbers worked out by hand; nobody's id in what is kept."""

import numpy as np
import pytest

from tests.cloud.apps.scenes import Mover, straight
from tests.cloud.cooperation.asking import Talk

STEP_S = 5.0


def minute(movers_at, more_s=60.0):
    """Return the probes of a talk in which ``movers_at`` gives the movers at every fifth second, from a full minute on."""
    talk = Talk()
    start = 60.0 - 1_790_000_000 % 60
    for k in range(round(more_s / STEP_S) + 1):
        talk.at(straight(), movers_at(k * STEP_S), t_s=start + k * STEP_S)
    return talk.state.kept["PDS"]


def test_a_minute_has_mean_speed_travel_time_and_who_came():
    def movers(t_s):
        return [Mover(0.0, 20.0 + 10 * k + 5.0 * t_s, 0, speed) for k, speed in enumerate((5.0, 10.0, 20.0))]

    (row,) = minute(movers).query()
    assert (row["lane"], row["vehicles"], row["samples"], row["valid"]) == (0, 3, 36, True)
    assert row["speed_mps"] == pytest.approx(35 / 3, rel=1e-4)
    harmonic = 3 / (1 / 5 + 1 / 10 + 1 / 20)
    assert row["travel_s"] == pytest.approx(600.0 / harmonic, rel=1e-4)


def test_hard_braking_counts_once_for_each_time_it_begins():
    def movers(t_s):
        brakes = 10 <= t_s <= 20 or t_s == 40
        return [
            Mover(0.0, 20.0, 0, 10.0, accel_mps2=-6.0 if brakes else 0.0), Mover(0.0, 50.0, 0, 10.0), Mover(0.0, 80.0, 0, 10.0),
        ]  # fmt: skip

    (row,) = minute(movers).query()
    assert row["hard_braking"] == 2


@pytest.mark.parametrize("who", [{}, {"connected": False}, {"body": "walker"}])
def test_too_few_to_be_nobodys_is_withheld_and_who_tells_nothing_is_not_summed(who):
    rows = minute(lambda t_s: [Mover(0.0, 20.0 + t_s, 0, 10.0, **who), Mover(0.0, 60.0 + t_s, 0, 8.0, **who)]).query()
    if who:
        assert not len(rows)
    else:
        assert not rows["valid"][0]
        assert np.isnan([rows["speed_mps"][0], rows["travel_s"][0]]).all()
        assert not {"id", "vehicle_id", "track"} & set(rows.dtype.names)


def test_minutes_are_asked_for_by_time_and_lane():
    probes = minute(lambda t_s: [Mover(-3.5, 20.0 + 10 * k, 0, 10.0) for k in range(4)], 180.0)
    rows = probes.query()
    assert len(rows) == 3
    assert list(np.diff(rows["begin_us"])) == [60_000_000] * 2
    assert len(probes.query(int(rows["begin_us"][1]))) == 2
    assert not len(probes.query(lane=0))
    assert len(probes.query(lane=1)) == 3
