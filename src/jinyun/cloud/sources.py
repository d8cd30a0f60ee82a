"""Sources: every sender the cloud has heard, with its counts, its gaps and its clock.

A message says when it was so only by the sender's clock. ``receive - event`` is transport delay plus clock offset; its
lower envelope over half a minute is the offset of a bad clock, or the shortest delay of a good one. A source whose clock
is absent or jumps is timed by our receipt; one whose clock is steadily wrong is corrected by the envelope. Either is a
Finding, and neither costs the source its data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from jinyun.shapes import Finding

EARLIEST_US = -50_000
"""A message from the future by more than this proves a wrong clock; less is ordinary synchronisation."""
LATEST_US = 1_000_000
"""If even the fastest message of half a minute is older than this, the clock is wrong, not the network."""
ENVELOPE_US = 30_000_000
JUMP_US = 2_000_000
ERRATIC_AFTER = 3
"""So many jumps within an envelope and the clock is not used at all."""
FORGOTTEN_US = 600_000_000
MAX_SOURCES = 200_000


@dataclass(slots=True)
class Clock:
    """The lower envelope of ``receive - event`` of one source, in two half-windows."""

    previous_us: int | None = None
    current_us: int | None = None
    window_from_us: int = 0
    last_delay_us: int = 0
    jumps: int = 0
    erratic: bool = False

    @property
    def offset_us(self) -> int:
        """What must be added to event times: 0 while the clock is plausible."""
        seen = [value for value in (self.previous_us, self.current_us) if value is not None]
        least = min(seen) if seen else 0
        return least if not EARLIEST_US <= least <= LATEST_US else 0

    def observe(self, event_us: int, receive_us: int) -> bool:
        """Take one message's times into the envelope; return whether its time can be used."""
        delay = receive_us - event_us
        jumped = False
        if receive_us - self.window_from_us > ENVELOPE_US // 2:
            self.previous_us, self.current_us = self.current_us, None
            self.window_from_us = receive_us
            self.erratic = self.jumps >= ERRATIC_AFTER or (self.erratic and self.jumps > 0)
            self.jumps = 0
        if self.current_us is not None and abs(delay - self.last_delay_us) > JUMP_US:
            jumped = True
            self.previous_us = self.current_us = None  # what was learnt of another offset says nothing of this one
            self.jumps += 1
            self.erratic = self.erratic or self.jumps >= ERRATIC_AFTER
        self.last_delay_us = delay
        self.current_us = delay if self.current_us is None else min(self.current_us, delay)
        return not (jumped or self.erratic)


@dataclass(slots=True)
class Source:
    """One sender: who it is, what it sent, what was lost on the way, how its clock stands."""

    row: int
    kind: str  # rsu | obu | sensor
    device: str
    first_us: int
    last_us: int = 0
    received: dict[str, int] = field(default_factory=dict)
    last_message_us: dict[str, int] = field(default_factory=dict)
    last_count: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    lost: int = 0
    duplicate: int = 0
    late: int = 0  # messages stamped before a stamp this sender had already stated
    newest_us: int = 0
    clock: Clock = field(default_factory=Clock)
    recent: dict[str, int] = field(default_factory=dict)  # counts of the running second
    rates: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.device}"

    def heard(self, message: str, receive_us: int) -> None:
        self.last_us = receive_us
        self.last_message_us[message] = receive_us
        self.received[message] = self.received.get(message, 0) + 1
        self.recent[message] = self.recent.get(message, 0) + 1

    def counted(self, message: str, count: int) -> None:
        """Follow msgCnt (T/CSAE 53: +1 per message of a kind, modulo 128) and count the gaps as lost."""
        last = self.last_count.get(message)
        self.last_count[message] = count
        if last is not None:
            step = (count - last) % 128
            if step == 0:
                self.duplicate += 1
            elif step <= 64:  # a longer step is a sender that began again
                self.lost += step - 1

    def time(self, event_us: int | None, receive_us: int, findings: list[Finding]) -> int:
        """Return the event time to use for a message, noting what is wrong with the clock."""
        if event_us is None:
            findings.append(
                Finding(
                    "clock.absent", self.name, "secMark", "the message carries no time; receipt is used", receive_us
                )
            )
            return receive_us
        self.late += event_us < self.newest_us
        self.newest_us = max(self.newest_us, event_us)
        clock = self.clock
        if not clock.observe(event_us, receive_us):
            reason = "its clock jumps by seconds between messages; receipt is used"
            findings.append(Finding("clock.erratic", self.name, "secMark", reason, receive_us))
            return receive_us
        offset = clock.offset_us
        if offset:
            word = "behind" if offset > 0 else "ahead"
            reason = f"its clock is {abs(offset) / 1e6:.3f} s {word}; corrected by the fastest message of 30 s"
            findings.append(Finding("clock.offset", self.name, "secMark", reason, receive_us))
        return event_us + offset


class Sources:
    """The table of senders: a row number for each, freed when it has been silent for ten minutes."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], Source] = {}
        self._rows: list[Source | None] = []
        self._free: list[int] = []

    def __iter__(self) -> Iterator[Source]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, kind: str, device: str, now_us: int) -> Source | None:
        """Return the source, made on first sight; None when the table is full of living ones."""
        source = self._by_name.get((kind, device))
        if source is None:
            if len(self._by_name) >= MAX_SOURCES:
                return None
            row = self._free.pop() if self._free else len(self._rows)
            source = Source(row, kind, device, now_us)
            if row == len(self._rows):
                self._rows.append(source)
            else:
                self._rows[row] = source
            self._by_name[kind, device] = source
        return source

    def at(self, row: int) -> Source | None:
        """Return the source in ``row``, None where it was freed."""
        return self._rows[row]

    def forget(self, now_us: int) -> None:
        """Free the rows of long silent cars; configured devices come back by speaking again."""
        gone = [key for key, source in self._by_name.items() if now_us - source.last_us > FORGOTTEN_US]
        for key in gone:
            source = self._by_name.pop(key)
            self._rows[source.row] = None
            self._free.append(source.row)

    def roll(self, seconds: float) -> None:
        """Close the running interval of ``seconds`` and make its counts the rates."""
        for source in self._by_name.values():
            for message in source.received:
                fresh = source.recent.get(message, 0) / seconds
                old = source.rates.get(message, fresh)
                source.rates[message] = round(old + 0.5 * (fresh - old), 2)
            source.recent.clear()
