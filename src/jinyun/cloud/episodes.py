"""Episodes: findings of one cause, opened, updated and closed, so a fault is one line and never one alarm a message."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jinyun.shapes import Finding

QUIET_US = 5_000_000
"""An episode closes when its cause has not been seen for this long."""
KEPT = 200
"""Closed episodes kept for the page; open ones are bounded by ``MAX_OPEN``."""
MAX_OPEN = 1000


@dataclass(slots=True)
class Episode:
    """One cause at one source: what was found, since when, how often, and whether it still goes on."""

    id: int
    rule: str
    source: str
    field: str
    reason: str
    severity: str
    opened_us: int
    last_us: int
    count: int
    open: bool = True

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Episodes:
    """The open and the recently closed episodes."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, str], Episode] = {}
        self._closed: OrderedDict[int, Episode] = OrderedDict()
        self._next = 1
        self.unlisted = 0  # findings that found the list of open episodes full

    def note(self, findings: Iterable[Finding]) -> None:
        """Open or update the episode of each finding; the newest reason is the one shown."""
        for finding in findings:
            key = (finding.rule, finding.source, finding.field)
            episode = self._open.get(key)
            if episode is None:
                if len(self._open) >= MAX_OPEN:
                    self.unlisted += 1
                    continue
                episode = self._open[key] = Episode(
                    self._next, *key, finding.reason, finding.severity, finding.t_us, finding.t_us, 0
                )
                self._next += 1
            episode.count += finding.count
            episode.last_us = max(episode.last_us, finding.t_us)
            episode.reason = finding.reason

    def close_quiet(self, now_us: int) -> None:
        """Close what has not been seen for :data:`QUIET_US`."""
        quiet = [key for key, episode in self._open.items() if now_us - episode.last_us > QUIET_US]
        for key in quiet:
            episode = self._open.pop(key)
            episode.open = False
            self._closed[episode.id] = episode
        while len(self._closed) > KEPT:
            self._closed.popitem(last=False)

    def listing(self, limit: int = 100) -> list[dict[str, Any]]:
        """Return open episodes first, the newest first within each half, at most ``limit``."""
        rows = sorted(self._open.values(), key=lambda e: -e.opened_us)
        rows += sorted(self._closed.values(), key=lambda e: -e.last_us)
        return [episode.as_json() for episode in rows[:limit]]
