"""Senders: their counts, their gaps and their clocks."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud import account
from jinyun.cloud.sources import FORGOTTEN_US, Sources
from jinyun.shapes import Finding

T0 = 1_795_000_000_000_000


class Sender:
    """One sender and what its messages were taken for."""

    def __init__(self, sources: Sources | None = None) -> None:
        self.sources = Sources() if sources is None else sources
        source = self.sources.find("rsu", "R1")
        assert source is not None
        self.row = source.row
        self.findings: list[Finding] = []

    def send(self, events: list[int], receives: list[int], counts: list[int] | None = None) -> list[int]:
        rows = np.full(len(events), self.row, np.int64)
        count = np.array(counts if counts is not None else [account.NO_COUNT] * len(events), np.int64)
        receive = np.array(receives, np.int64)
        return self.sources.enter(rows, "spat", count, np.array(events, np.int64), receive, self.findings).tolist()

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}


def test_gaps_in_the_message_count_are_lost_messages_and_a_restart_is_not() -> None:
    sender = Sender()
    counts = [125, 126, 127, 0, 3, 3, 4, 2]  # two lost before 3, 3 twice, then the sender began again
    sender.send([T0] * 8, [T0] * 8, counts)
    assert sender.sources.tallies[sender.row, [account.LOST, account.DUPLICATE]].tolist() == [2, 1]


def test_a_good_clock_is_believed() -> None:
    sender = Sender()
    events = [T0 + n * 100_000 for n in range(100)]
    assert sender.send(events, [t + 30_000 + n % 7 * 10_000 for n, t in enumerate(events)]) == events
    assert sender.findings == []
    ages = sender.sources.ages[sender.row]
    assert account.age_ms(ages, 0.5) == pytest.approx(60, rel=0.5)
    assert account.age_ms(ages, 0.99) == pytest.approx(90, rel=0.5)


@pytest.mark.parametrize("wrong_us", [-3_600_000_000, -200_000, 5_000_000])
def test_a_clock_that_is_steadily_wrong_is_corrected_to_the_fastest_message(wrong_us: int) -> None:
    sender = Sender()
    events = [T0 + n * 100_000 for n in range(100)]
    used = sender.send([t - wrong_us for t in events], [t + 20_000 + n % 5 * 10_000 for n, t in enumerate(events)])
    assert max(abs(u - t) for u, t in zip(used[6:], events[6:], strict=True)) <= 20_000
    assert sender.rules == {"clock.offset"}


def test_a_clock_that_is_set_right_is_believed_again_within_its_envelope() -> None:
    sender = Sender()
    for n in range(1200):
        event = T0 + n * 100_000
        wrong_us = 300_000 if n < 300 else 0
        (used,) = sender.send([event + wrong_us], [event + 20_000])
    assert used == event


def test_a_clock_that_jumps_is_not_used_and_costs_no_message() -> None:
    sender = Sender()
    receives = [T0 + n * 100_000 for n in range(50)]
    stated = [t + n * 7_000_000 % 60_000_000 for n, t in enumerate(receives)]
    assert sender.send(stated, receives) == receives
    assert "clock.erratic" in sender.rules
    assert sender.sources.tally(account.LATE) > 0


def test_no_clock_at_all_is_timed_by_receipt() -> None:
    sender = Sender()
    assert sender.send([account.NO_TIME], [T0]) == [T0]
    assert sender.rules == {"clock.absent"}


def test_the_longest_gap_of_a_minute_is_kept_kind_by_kind() -> None:
    sender = Sender()
    receives = [T0, T0 + 100_000, T0 + 900_000, T0 + 1_000_000]
    sender.send(receives, receives)
    assert sender.sources.gap_us[sender.row].max() == 800_000
    sender.sources.roll_minute()
    assert sender.sources.gap_us[sender.row].max() == 0


def test_long_silent_senders_are_forgotten_and_their_rows_used_again() -> None:
    sources = Sources()
    for n in range(5):
        source = sources.find("obu", f"car{n}")
        assert source is not None
        sources.tallies[source.row, account.LAST] = T0 + n
        sources.received[source.row] = 7
    sources.forget(T0 + FORGOTTEN_US + 3)
    assert [source.device for source in sources] == ["car3", "car4"]
    fresh = sources.find("obu", "new")
    assert fresh is not None and fresh.row < 3
    assert sources.received[fresh.row].sum() == 0
    assert sources.last_count[fresh.row].max() == account.NO_COUNT


def test_the_table_grows_and_keeps_what_it_knows() -> None:
    sources = Sources()
    sender = Sender(sources)
    sender.send([T0], [T0], [5])
    for n in range(1000):
        sources.find("obu", f"car{n}")
    assert sources.received[sender.row].sum() == 1 and sources.last_count[sender.row].max() == 5
    assert sources.clocks[999, account.CURRENT] == account.NOTHING


def test_rates_follow_what_came_in_the_last_second() -> None:
    sender = Sender()
    for _ in range(4):
        sender.send([T0] * 10, [T0] * 10)
        sender.sources.roll(1.0)
    assert sender.sources.rates_of(sender.row) == {"spat": 10.0}
    assert sender.sources.total_rates()["spat"] == 10.0
    for _ in range(20):
        sender.sources.roll(1.0)
    assert sender.sources.rates_of(sender.row)["spat"] < 0.1
