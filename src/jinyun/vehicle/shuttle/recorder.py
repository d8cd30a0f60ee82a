"""The data recorder (行驶记录): the ten items that an automated test vehicle keeps, as columns, with what came before an event.

工信部联通装〔2021〕97号, article 8: items 1 to 4 are sent in real time; 1 to 10 are kept for at least 90 s before an
accident or a failure, for at least a year. 1 identity, 2 control mode, 3 place, 4 speed,
acceleration, heading, 5 what is perceived and how it is answered, 6 lights and signals, 7 video outside, 8 video and
audio inside, 9 remote commands, 10 faults. Items 7 and 8 a simulated shuttle does not have: they are said to be absent,
never made up.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.net import columns

KEPT_S = 120.0
"""More than the 90 s asked for."""
AFTER_S = 30.0
RATE_HZ = 10.0
MOST_EVENTS = 200
"""Events kept in a folder; the oldest go first."""
ABSENT = "absent: simulated"


class Recorder:
    """Keeps the last two minutes and writes them, with the half minute after, when an event is noted."""

    def __init__(self, identity: str, folder: Path) -> None:
        self.identity, self._folder = identity, folder
        self._rows: deque[tuple[float, dict[str, Any]]] = deque(maxlen=int(KEPT_S * RATE_HZ * 1.5))
        self._event: tuple[float, str] | None = None

    def note(
        self, now_s: float, t_us: int, signals: dict[str, Any], objects: int, remote: str = "", fault: str = ""
    ) -> None:
        """Note one instant; ``signals`` are those of :func:`jinyun.vehicle.shuttle.vss.signals`."""
        self._rows.append((now_s, {"t_us": t_us, "objects": objects, "remote": remote, "fault": fault, **signals}))
        while self._rows and self._rows[0][0] < now_s - KEPT_S - AFTER_S:
            self._rows.popleft()
        if self._event is not None and now_s - self._event[0] >= AFTER_S:
            self._write()

    def event(self, now_s: float, why: str) -> None:
        """Note that something happened: what is kept is written in half a minute; a second event joins the first."""
        if self._event is None:
            self._event = now_s, why

    def close(self) -> None:
        """Write an event that waits."""
        if self._event is not None:
            self._write()

    def _write(self) -> None:
        assert self._event is not None
        at_s, why = self._event
        self._event = None
        rows = [row for then, row in self._rows if then >= at_s - KEPT_S]
        if not rows:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"{rows[-1]['t_us']}.jyc"
        fresh = file.with_suffix(".new")
        fresh.write_bytes(pack(self.identity, why, rows))
        fresh.replace(file)
        for old in sorted(self._folder.glob("*.jyc"))[:-MOST_EVENTS]:
            old.unlink()


def pack(identity: str, why: str, rows: list[dict[str, Any]]) -> bytes:
    """Return the container of rows: table ``items``; words are small numbers, listed in ``meta.words``."""
    words: dict[str, list[str]] = {}
    table: dict[str, Any] = {"t_us": np.array([row["t_us"] for row in rows], np.int64)}
    for name in [key for key in rows[0] if key not in ("t_us", "Vehicle.VehicleIdentification.VIN")]:
        values = [row.get(name) for row in rows]
        if any(isinstance(value, str) for value in values):
            listed = words[name] = sorted({str(value) for value in values})
            table[name] = np.array([listed.index(str(value)) for value in values], np.uint16)
        else:
            table[name] = np.array([np.nan if value is None else float(value) for value in values], np.float64)
    items = {
        "1": identity, "2": "Private.Jinyun.Mode", "3": "Vehicle.CurrentLocation", "4": "Vehicle.Speed, Vehicle.Acceleration, "
        "Vehicle.CurrentLocation.Heading", "5": "objects, Private.Jinyun.State, Private.Jinyun.Reason",
        "6": "Vehicle.Body.Lights", "7": ABSENT, "8": ABSENT, "9": "remote", "10": "fault",
    }  # fmt: skip
    meta = {
        "kind": "shuttle record",
        "identity": identity,
        "event": why,
        "items": items,
        "words": words,
        "simulated": True,
    }
    return columns.pack({"items": table}, meta)
