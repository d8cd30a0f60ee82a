"""The street's clock: simulated seconds beside UTC, and UTC in the words of T/CSAE 53 messages.

The simulation is paced by the monotonic clock; where it could not keep up, or where somebody set the computer's clock,
the two are tied together anew, so that a message always carries the UTC of its measurement.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

LEAD_S = 0.12
"""How far ahead of the clock the street is computed: its messages are ready when they are due."""
BEHIND_S = 1.0
STEPPED_S = 0.25


class Clock:
    """Ties simulated seconds to the monotonic clock and to UTC."""

    def __init__(self, time_s: float) -> None:
        self._tie(time_s)

    def _tie(self, time_s: float) -> None:
        self._monotonic_s = time.monotonic() + LEAD_S - time_s
        self._utc_us = time.time_ns() // 1000 - round((time.monotonic() - self._monotonic_s) * 1e6)

    def keep(self, time_s: float) -> None:
        """Tie the clocks anew where the street at ``time_s`` is more than a second late, or UTC was set."""
        behind = time.monotonic() - self.due_s(time_s)
        expected_us = self._utc_us + round((time.monotonic() - self._monotonic_s) * 1e6)
        if behind > BEHIND_S or abs(time.time_ns() // 1000 - expected_us) > STEPPED_S * 1e6:
            self._tie(time_s)

    def due_s(self, time_s: float) -> float:
        """Return the monotonic instant of a simulated one."""
        return self._monotonic_s + time_s

    def late_s(self, time_s: float) -> float:
        """Return how much later than planned the step at ``time_s`` is ready; negative while there is time."""
        return time.monotonic() - (self.due_s(time_s) - LEAD_S)

    def utc_us(self, time_s: float) -> int:
        """Return the UTC of a simulated instant, in microseconds."""
        return self._utc_us + round(time_s * 1e6)


def second_mark(utc_us: int) -> int:
    """Return DSecond: milliseconds in the minute."""
    return utc_us // 1000 % 60_000


def minute_of_year(utc_us: int) -> int:
    """Return MinuteOfTheYear, 0..527039."""
    now = datetime.fromtimestamp(utc_us / 1e6, UTC)
    return (now.timetuple().tm_yday - 1) * 1440 + now.hour * 60 + now.minute
