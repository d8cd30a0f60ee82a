"""Logs (日志): what the parts say, laid aside by the day and by size, and let go when old enough (``record.logs_kept_d``)."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

LOG_BYTES = 4 << 20
"""A log that grew beyond this is laid aside before its day is over."""
ASIDE_BYTES = 1 << 30
"""What is laid aside takes no more than this, packed; the oldest goes first."""
DAY_S = 86_400.0


class Logs:
    """The log files of a zone: ``NAME.log`` is written to, ``NAME-DAY.log.gz`` is what was (days of UTC)."""

    def __init__(self, folder: Path, kept_d: float, clock: Callable[[], float] = time.time) -> None:
        """Tend the logs in ``folder``, which is made; ``clock`` tells seconds of UTC."""
        self.folder, self.kept_s, self._clock = folder, kept_d * DAY_S, clock
        self._day: dict[Path, str] = {}
        folder.mkdir(exist_ok=True)

    def of(self, part: str) -> Path:
        """Return the file that a part writes to."""
        return self.folder / f"{part}.log"

    def tend(self) -> None:
        """Lay aside what is of another day or too long, and let go of what is old or too much; never raises.

        A part goes on writing to its file meanwhile: a line that comes between its being read and emptied is lost.
        """
        today = _day(self._clock())
        for path in self.folder.glob("*.log"):
            with contextlib.suppress(OSError):  # a full disk must not end the watch over the parts
                now = path.stat()
                day = self._day.setdefault(path, _day(now.st_mtime))
                if now.st_size and (day != today or now.st_size > LOG_BYTES):
                    self._lay_aside(path, day)
                self._day[path] = today
        self._let_go()

    def _lay_aside(self, path: Path, day: str) -> None:
        number, aside = 1, self.folder / f"{path.stem}-{day}.log.gz"
        while aside.exists():
            number += 1
            aside = self.folder / f"{path.stem}-{day}-{number}.log.gz"
        packing = aside.with_suffix(".part")
        with path.open("rb") as log, gzip.open(packing, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(log, packed)
        now_s = self._clock()
        os.utime(packing, (now_s, now_s))
        packing.rename(aside)
        os.truncate(path, 0)

    def _let_go(self) -> None:
        aside = []
        for path in self.folder.glob("*.log.gz"):
            with contextlib.suppress(OSError):
                aside.append((path.stat().st_mtime, path.stat().st_size, path))
        total = 0
        for at_s, size, path in sorted(aside, reverse=True):
            total += size
            if self._clock() - at_s > self.kept_s or total > ASIDE_BYTES:
                path.unlink(missing_ok=True)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
