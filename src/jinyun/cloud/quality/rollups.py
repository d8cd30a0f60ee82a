"""Rollups of the scorecard: what each minute, hour and day came to, as JSON lines in the zone's state folder, bounded.

``latest.json`` is the scorecard as of the last minute; ``minute.jsonl``, ``hour.jsonl`` and ``day.jsonl`` have one line a
period with the figures of every sender. A file that is full becomes ``….1`` and the one before it goes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality import figures
from jinyun.cloud.quality import sensors as of
from jinyun.state import write_json
from jinyun.zone import Zone

FOLDER = "quality"
"""Name of the folder within the zone's state."""
PERIODS_US = {"minute": 60_000_000, "hour": 3_600_000_000, "day": 86_400_000_000}
MOST_BYTES = 16_000_000
"""Of one file; with the one before it a zone keeps at most six such."""


class Rollups:
    """The running minute, hour and day of every sender."""

    def __init__(self, zone: Zone, folder: Path | None) -> None:
        """Write to ``folder`` (made if missing), nowhere without one."""
        self._zone, self._folder = zone, folder
        self.failed = ""
        self._sums = {period: np.zeros((0, len(of.COLUMNS))) for period in PERIODS_US}
        self._bins = {period: np.zeros((0, len(of.MEASURES), of.BINS)) for period in PERIODS_US}
        self._seconds = dict.fromkeys(PERIODS_US, 0.0)

    def add(self, sums: NDArray[np.float64], bins: NDArray[np.float64], seconds: float) -> None:
        """Add ``seconds`` of sums and histograms (a row a sender) to all running periods."""
        for period in PERIODS_US:
            if len(self._sums[period]) < len(sums):
                for table in (self._sums, self._bins):
                    old = table[period]
                    table[period] = np.zeros((len(sums), *old.shape[1:]))
                    table[period][: len(old)] = old
            self._sums[period] += sums
            self._bins[period] += bins
            self._seconds[period] += seconds

    def clear(self, place: int) -> None:
        """Let go of a sender's sums: its row is another's from now on."""
        for period in PERIODS_US:
            self._sums[period][place] = 0
            self._bins[period][place] = 0

    def close(self, from_us: int, until_us: int, names: Sequence[str], told: dict[str, Any]) -> None:
        """End the minute that began at ``from_us``, and the hour and day that end with it; ``told`` is the scorecard now."""
        for period, length_us in PERIODS_US.items():
            begins_us = from_us // length_us * length_us
            if until_us // length_us * length_us == begins_us:
                continue
            line = {
                "t_us": begins_us,
                "seconds": round(self._seconds[period], 1),
                "devices": figures.of_senders(names, self._sums[period], self._bins[period], self._zone),
                "work": told["work"],
            }
            self._append(period, line)
            self._sums[period][:] = 0
            self._bins[period][:] = 0
            self._seconds[period] = 0.0
        if self._folder is not None:
            try:
                write_json(self._folder / "latest.json", told)
            except OSError as error:
                self.failed = str(error)

    def _append(self, period: str, line: dict[str, Any]) -> None:
        if self._folder is None:
            return
        path = self._folder / f"{period}.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > MOST_BYTES:
                path.replace(path.with_name(path.name + ".1"))
            with path.open("a") as file:
                file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
            self.failed = ""
        except OSError as error:  # a full disc must not stop the picture
            self.failed = str(error)


def read(folder: Path, period: str, most: int) -> list[dict[str, Any]]:
    """Return the last ``most`` lines of a period, oldest first; what was cut short while written is left out."""
    lines: list[dict[str, Any]] = []
    for name in (f"{period}.jsonl.1", f"{period}.jsonl"):
        try:
            text = (folder / name).read_text()
        except (OSError, UnicodeDecodeError):
            continue
        for row in text.splitlines()[-most:]:
            try:
                value = json.loads(row)
            except ValueError:
                continue
            if (
                isinstance(value, dict)
                and isinstance(value.get("devices"), dict)
                and isinstance(value.get("t_us"), int)
            ):
                lines.append(value)
    return lines[-most:]
