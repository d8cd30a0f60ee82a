"""The journal of what consumers were given: calls of the interface, messages of the live picture; lines on disk.

A line is ``{"t_us", "company", "account", "service", "units", "good", "bytes"}``: what one account was given of one service
since the line before. Lines are appended whole, a file a day; nothing on the centre's fast way waits for them: counts are
gathered in memory and written every few seconds, and once more at the end.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = "usage"
EVERY_S = 5.0
MOST_KEYS = 10_000
"""Accounts and services counted at a time; what comes beyond is written down first."""


class Journal:
    """Counts by company, account and service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._counts: dict[tuple[str, str, str], list[int]] = {}
        self._one = threading.Lock()
        self._written = time.monotonic()

    def note(self, company: str, account: str, service: str, units: int = 1, good: int = 1, size: int = 0) -> None:
        """Count what was given; ``good`` of the ``units`` were as agreed."""
        with self._one:
            count = self._counts.setdefault((company, account, service), [0, 0, 0])
            count[0] += units
            count[1] += good
            count[2] += size
            due = time.monotonic() - self._written > EVERY_S or len(self._counts) > MOST_KEYS
            if due:
                self._written = time.monotonic()
        if due:  # beside: whoever is counted does not wait for a disk
            threading.Thread(target=self.write, daemon=True).start()

    def write(self, t_us: int | None = None) -> None:
        """Write what was counted since the last time."""
        with self._one:
            counts, self._counts = self._counts, {}
            self._written = time.monotonic()
            if not counts:
                return
            now = time.time_ns() // 1000 if t_us is None else t_us
            self.folder.mkdir(parents=True, exist_ok=True)
            lines = [
                json.dumps({"t_us": now, "company": company, "account": account, "service": service, "units": units,
                            "good": good, "bytes": size}, ensure_ascii=False)
                for (company, account, service), (units, good, size) in counts.items()
            ]  # fmt: skip
            day = datetime.fromtimestamp(now / 1e6, UTC).strftime("%Y%m%d")
            with (self.folder / f"usage-{day}.jsonl").open("a", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in lines))


def read(folder: Path, begin_us: int, end_us: int) -> Iterator[dict[str, Any]]:
    """Yield the journal's lines of a time; a line that is broken is left out and counted by nobody."""
    for path in sorted(folder.glob("usage-*.jsonl")):
        with path.open(encoding="utf-8") as file:
            for text in file:
                try:
                    line = json.loads(text)
                    good = begin_us <= line["t_us"] < end_us and all(
                        isinstance(line[name], int) and line[name] >= 0 for name in ("units", "good", "bytes")
                    )
                except (ValueError, KeyError, TypeError):
                    continue
                if good:
                    yield line
