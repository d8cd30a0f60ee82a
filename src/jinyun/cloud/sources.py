"""Sources: every sender the cloud has heard, one row each, with its counts, its gaps, its clock and its rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import account
from jinyun.net import topics
from jinyun.shapes import Finding

KINDS = (*topics.MESSAGES, *topics.SECOND_STAGE, *topics.VENDOR_FORMS, "status")
"""The messages that are counted; a column each."""
FORGOTTEN_US = 600_000_000
BURST_S = 2.0
"""A sender may catch up so much of its most at once: links stall and recover."""
MAX_SOURCES = 200_000
SMOOTHING = 0.5
_REASONS = {
    account.ABSENT: ("clock.absent", "the message carries no time; receipt is used"),
    account.JUMPED: ("clock.erratic", "its clock jumps by seconds between messages; receipt is used"),
}


def _clock_finding(source: Source, wrong: int, shift_us: int, receive_us: int, count: int) -> Finding:
    if wrong == account.OFFSET:
        side = "behind" if shift_us > 0 else "ahead"
        reason = f"its clock is {abs(shift_us) / 1e6:.3f} s {side}; corrected by the fastest message of 30 s"
        return Finding("clock.offset", source.name, "secMark", reason, receive_us, count=count)
    rule, reason = _REASONS[wrong]
    return Finding(rule, source.name, "secMark", reason, receive_us, count=count)


class Source(NamedTuple):
    """Who a row stands for."""

    row: int
    kind: str  # rsu | obu | sensor | nev
    device: str

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.device}"


class Sources:
    """The table of senders; a row is freed when its sender has been silent for ten minutes."""

    def __init__(self, most_hz: Mapping[str, float] | None = None) -> None:
        """Begin an empty table; ``most_hz`` is the most messages a second of one device, by kind (none: unbounded)."""
        self.limits = dict(most_hz or {})
        self.changed: set[int] = (
            set()
        )  # rows that another sender has got, or none: for whoever keeps a copy, who clears it
        self._by_name: dict[tuple[str, str], Source] = {}
        self._at: list[Source | None] = []
        self._free: list[int] = []
        self._make(256)

    def _make(self, size: int) -> None:
        kinds = len(KINDS)
        self.clocks = np.zeros((size, 6), np.int64)
        self.tallies = np.zeros((size, 4), np.int64)
        self.received = np.zeros((size, kinds), np.int64)
        self.last_count = np.full((size, kinds), account.NO_COUNT, np.int64)
        self.newest_us = np.zeros((size, kinds), np.int64)
        self.last_us = np.zeros((size, kinds), np.int64)
        self.gap_us = np.zeros((size, kinds), np.int64)
        self.ages = np.zeros((size, account.AGES), np.int64)
        self.rates = np.zeros((size, kinds))
        self.refused = np.zeros(size, np.int64)
        self._before = np.zeros((size, kinds), np.int64)
        self._known = np.zeros(size, np.bool_)  # rates were measured at least once
        self._most_hz = np.zeros(size)  # 0: unbounded
        self._level = np.zeros(size)  # messages beyond what has drained away since
        self._drained_us = np.zeros(size, np.int64)
        self.clocks[:, [account.PREVIOUS, account.CURRENT]] = account.NOTHING

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}

    def _grow(self) -> None:
        old = self._columns()
        size = len(self.clocks)
        self._make(2 * size)
        for name, value in old.items():
            getattr(self, name)[:size] = value

    def _clear(self, row: int) -> None:
        for array in self._columns().values():
            array[row] = 0
        self.last_count[row] = account.NO_COUNT
        self.clocks[row, [account.PREVIOUS, account.CURRENT]] = account.NOTHING

    def __iter__(self) -> Iterator[Source]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, kind: str, device: str) -> Source | None:
        """Return the source, made on first sight; None when the table is full of living ones."""
        source = self._by_name.get((kind, device))
        if source is None:
            if len(self._by_name) >= MAX_SOURCES:
                return None
            row = self._free.pop() if self._free else len(self._at)
            source = self._by_name[kind, device] = Source(row, kind, device)
            if row == len(self._at):
                self._at.append(source)
                if row == len(self.clocks):
                    self._grow()
            else:
                self._at[row] = source
            self._most_hz[row] = self.limits.get(kind, 0.0)
            self.changed.add(row)
        return source

    def admit(self, rows: NDArray[np.int64], counts: NDArray[np.int64], now_us: int) -> NDArray[np.int64]:
        """Return how many of the ``counts`` messages of each of the senders ``rows`` (each once) are within its rate."""
        most = self._most_hz[rows]
        passed_s = np.maximum(now_us - self._drained_us[rows], 0) / 1e6
        level = np.maximum(self._level[rows] - passed_s * most, 0.0)
        room = np.where(most > 0, most * BURST_S - level, np.inf)
        admitted = np.minimum(counts, np.maximum(room, 0.0)).astype(np.int64)
        self._level[rows], self._drained_us[rows] = level + admitted, now_us
        return admitted

    def at(self, row: int) -> Source | None:
        """Return the source in ``row``, None where it was freed (and for no row, -1)."""
        return self._at[row] if row >= 0 else None

    def enter(
        self,
        rows: NDArray[np.int64],
        message: str,
        count: NDArray[np.int64],
        event_us: NDArray[np.int64],
        receive_us: NDArray[np.int64],
        findings: list[Finding],
    ) -> NDArray[np.int64]:
        """Enter messages in the order they came; return the event times to use, noting what is wrong with clocks."""
        used, wrong = account.account(
            rows, KINDS.index(message), count, event_us, receive_us, self.clocks, self.tallies, self.received,
            self.last_count, self.newest_us, self.last_us, self.gap_us, self.ages,
        )  # fmt: skip
        bad = np.flatnonzero(wrong)
        if len(bad):  # one Finding a sender and cause, however many messages of the window show it
            causes, first, counts = np.unique(rows[bad] * 8 + wrong[bad], return_index=True, return_counts=True)
            for cause, index, shown in zip(causes.tolist(), bad[first].tolist(), counts.tolist(), strict=True):
                source = self._at[cause // 8]
                if source is not None:
                    shift_us = int(used[index]) - int(event_us[index])
                    findings.append(_clock_finding(source, cause % 8, shift_us, int(receive_us[index]), shown))
        return used

    def offset_us(self, row: int) -> int:
        """Return what is added to a source's times, 0 while its clock is plausible."""
        return int(account.clock_offset_us(self.clocks[row]))

    def tally(self, column: int) -> int:
        """Return the sum of one tally over all living sources."""
        return int(self.tallies[: len(self._at), column].sum())  # rows that are free hold nothing

    def forget(self, now_us: int) -> list[int]:
        """Free the rows of long silent senders, and return them; the senders come back by speaking again."""
        silent = now_us - self.tallies[: len(self._at), account.LAST] > FORGOTTEN_US
        rows = []
        for row in np.flatnonzero(silent).tolist():
            source = self._at[row]
            if source is None:
                continue
            del self._by_name[source.kind, source.device]
            self._at[row] = None
            self._clear(row)
            self._free.append(row)
            self.changed.add(row)
            rows.append(row)
        return rows

    def roll(self, seconds: float) -> None:
        """Close the running interval of ``seconds`` and make its counts the rates (smoothed, per second)."""
        fresh = (self.received - self._before) / seconds
        self._before[:] = self.received
        known = self._known[:, None]
        self.rates = np.where(known, self.rates + SMOOTHING * (fresh - self.rates), fresh)
        self._known = self.received.sum(axis=1) > 0

    def roll_minute(self) -> None:
        """Begin a new minute of gaps; ages fade by half, so that their percentiles follow the last minutes."""
        self.gap_us[:] = 0
        self.ages >>= 1

    def total_rates(self) -> dict[str, float]:
        """Return the rates of all senders together."""
        return {kind: round(float(self.rates[:, column].sum()), 1) for column, kind in enumerate(KINDS)}

    def rates_of(self, row: int) -> dict[str, float]:
        """Return the rates of the messages that one source has ever sent."""
        return {
            kind: round(float(self.rates[row, column]), 2)
            for column, kind in enumerate(KINDS)
            if self.received[row, column]
        }
