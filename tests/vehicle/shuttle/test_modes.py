"""Who drives: a request is answered, or the shuttle comes to a stop by itself."""

from __future__ import annotations

import math

from jinyun.vehicle.shuttle.modes import ANSWER_S, Mode, Modes


def test_a_request_that_nobody_answers_becomes_a_minimal_risk_manoeuvre() -> None:
    modes = Modes()
    modes.request("blocked", 10.0, 500.0)
    modes.tick(10.0 + ANSWER_S - 0.1)
    assert modes.mode is Mode.AUTOMATED
    modes.tick(10.0 + ANSWER_S + 0.1)
    assert modes.mode is Mode.MINIMAL_RISK
    assert modes.takeovers[-1].reason == "blocked"
    assert math.isnan(modes.takeovers[-1].taken_s)


def test_a_driver_who_takes_over_in_time_drives() -> None:
    modes = Modes()
    modes.request("off_path", 10.0, 500.0)
    modes.take(Mode.MANUAL, 12.0)
    modes.tick(100.0)
    assert modes.mode is Mode.MANUAL
    assert (modes.takeovers[-1].asked_s, modes.takeovers[-1].taken_s) == (10.0, 12.0)
    assert modes.takeovers[-1].odometer_m == 500.0


def test_while_a_person_drives_nothing_is_asked_of_them_again() -> None:
    modes = Modes()
    modes.take(Mode.REMOTE, 1.0, 20.0)
    modes.request("blocked", 2.0, 20.0)
    assert modes.open is None
    assert [one.reason for one in modes.takeovers] == ["asked"]


def test_every_change_of_who_drives_is_kept() -> None:
    modes = Modes()
    modes.take(Mode.MANUAL, 1.0)
    modes.give_back(9.0)
    assert modes.changes == [(1.0, Mode.MANUAL), (9.0, Mode.AUTOMATED)]
