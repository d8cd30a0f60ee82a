"""An allowance: so many dear deeds a second on average, and a few at once."""

from __future__ import annotations


class Allowance:
    """Counts by the messages' own clock of receipt, so that a record gives the same as the live run."""

    def __init__(self, per_s: float, at_once: float) -> None:
        self.per_s, self.at_once = per_s, at_once
        self._left, self._asked_us = at_once, 0

    def take(self, now_us: int) -> bool:
        """Take one deed from what is left at ``now_us``; return whether there was one."""
        passed_s = max(0, now_us - self._asked_us) / 1e6
        self._left, self._asked_us = min(self.at_once, self._left + passed_s * self.per_s), now_us
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
