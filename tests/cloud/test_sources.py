"""Senders: their counts, their gaps and their clocks."""

from __future__ import annotations

from jinyun.cloud.sources import FORGOTTEN_US, Sources
from jinyun.shapes import Finding

T0 = 1_795_000_000_000_000


def test_gaps_in_the_message_count_are_lost_messages_and_a_restart_is_not() -> None:
    source = Sources().find("rsu", "R1", T0)
    assert source is not None
    for count in (125, 126, 127, 0, 3, 3, 4, 2):  # two lost before 3, 3 twice, then the sender began again
        source.counted("spat", count)
    assert (source.lost, source.duplicate) == (2, 1)


def test_a_good_clock_is_believed() -> None:
    source = Sources().find("rsu", "R1", T0)
    assert source is not None
    findings: list[Finding] = []
    for n in range(100):
        event = T0 + n * 100_000
        assert source.time(event, event + 30_000 + n % 7 * 10_000, findings) == event
    assert findings == []


def test_a_clock_that_is_steadily_wrong_is_corrected_to_the_fastest_message() -> None:
    for wrong_us in (-3_600_000_000, -200_000, 5_000_000):
        source = Sources().find("rsu", "R1", T0)
        assert source is not None
        findings: list[Finding] = []
        for n in range(100):
            event = T0 + n * 100_000
            used = source.time(event - wrong_us, event + 20_000 + n % 5 * 10_000, findings)
            if n > 5:
                assert abs(used - event) <= 20_000
        assert {finding.rule for finding in findings} == {"clock.offset"}


def test_a_clock_that_jumps_is_not_used_and_costs_no_message() -> None:
    source = Sources().find("sensor", "D", T0)
    assert source is not None
    findings: list[Finding] = []
    for n in range(50):
        receive = T0 + n * 100_000
        stated = receive + n * 7_000_000 % 60_000_000
        assert source.time(stated, receive, findings) == receive
    assert "clock.erratic" in {finding.rule for finding in findings}


def test_no_clock_at_all_is_timed_by_receipt() -> None:
    source = Sources().find("rsu", "R1", T0)
    assert source is not None
    findings: list[Finding] = []
    assert source.time(None, T0, findings) == T0
    assert [finding.rule for finding in findings] == ["clock.absent"]


def test_long_silent_senders_are_forgotten_and_their_rows_used_again() -> None:
    sources = Sources()
    for n in range(5):
        source = sources.find("obu", f"car{n}", T0)
        assert source is not None
        source.heard("bsm", T0 + n)
    sources.forget(T0 + FORGOTTEN_US + 3)
    assert [source.device for source in sources] == ["car3", "car4"]
    fresh = sources.find("obu", "new", T0)
    assert fresh is not None and fresh.row < 3


def test_rates_follow_what_came_in_the_last_second() -> None:
    sources = Sources()
    source = sources.find("rsu", "R1", T0)
    assert source is not None
    for _ in range(4):
        for _ in range(10):
            source.heard("spat", T0)
        sources.roll(1.0)
    assert source.rates == {"spat": 10.0}
    for _ in range(20):
        sources.roll(1.0)
    assert source.rates["spat"] < 0.1
