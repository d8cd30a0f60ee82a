"""What the cloud hands to its record: each turn as it was, and which track is which vehicle; nothing here waits.

The record of a zone at work is a ring in its state folder, bounded by the profile (``record.*``), so that an event finds the
minutes before it; ``--record DIR`` keeps everything there instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import __version__
from jinyun.cloud import twin
from jinyun.cloud.advising import Answer
from jinyun.cloud.counsel import Counsel
from jinyun.cloud.live import Cloud
from jinyun.cloud.shedding import Shedding
from jinyun.cloud.window import Decoded
from jinyun.hdmap import Map
from jinyun.net.block import Block
from jinyun.record import key
from jinyun.record.frames import IDENTITY
from jinyun.record.retention import Keeping
from jinyun.record.writing import Recorder
from jinyun.shapes import Finding, Frame
from jinyun.state import write_json

RING = "record"
WHERE = "recording.json"
"""Says in the state folder where the zone records to."""


COUNSEL, SPREAD = "counsel", "spread"
"""Kinds of notes: what the applications were asked and answered; that workers fuse, of whom the record knows nothing."""


class Remembered(Shedding):
    """Sheds as ever, and keeps how late each window was: with that the same is shed when the record is run again."""

    def __init__(self) -> None:
        super().__init__()
        self.lags_s: list[float] = []

    def lagged(self, lag_s: float) -> None:
        self.lags_s.append(lag_s)
        super().lagged(lag_s)


class Overheard:
    """The counsel as it is, with what was asked and when which answer came: frames hold advice by that."""

    def __init__(self, counsel: Counsel, cloud: Cloud) -> None:
        self._counsel, self._cloud = counsel, cloud
        self.asked_us: list[int] = []
        self.restarted_us: list[int] = []
        self.heard: list[
            tuple[int, int]
        ] = []  # the frame (its instant) that was answered, the number of the last one made

    def take(self, decoded: Decoded, end_us: int) -> list[Finding]:
        return self._counsel.take(decoded, end_us)

    def ask(self, frame: Frame, foretold_s: NDArray[np.float64] | None) -> list[Finding]:
        before = self._counsel.told()
        findings = self._counsel.ask(frame, foretold_s)
        after = self._counsel.told()
        if after["restarts"] != before["restarts"]:
            self.restarted_us.append(frame.t_us)
        if after["asked"] != before["asked"]:
            self.asked_us.append(frame.t_us)
        return findings

    def answer(self) -> Answer | None:
        answer = self._counsel.answer()
        if answer is not None:
            self.heard.append((answer.t_us, self._cloud.twin.seq))
        return answer

    def forget(self, row: int) -> None:
        self._counsel.forget(row)

    def account(self) -> list[dict[str, Any]]:
        return self._counsel.account()

    def told(self) -> dict[str, Any]:
        return self._counsel.told()

    def words(self) -> list[dict[str, Any]]:
        """Return what there was since the last call, for the record."""
        if not (self.asked_us or self.heard or self.restarted_us):
            return []
        said = {"kind": COUNSEL, "asked": self.asked_us, "heard": self.heard, "restarted": self.restarted_us}
        self.asked_us, self.heard, self.restarted_us = [], [], []
        return [said]


class Recording:
    """The record of one cloud: opened with it, handed every turn, closed after it."""

    def __init__(self, cloud: Cloud, map: Map | None, state_dir: Path, folder: Path | None) -> None:
        """Begin a record in ``folder``, or the ring where None; raises ``RecordError``."""
        zone = cloud.zone
        about: dict[str, Any] = {
            "zone": zone.id, "profile": zone.profile.id, "version": __version__, "simulated": cloud.simulated,
            "map": revision(map),
        }  # fmt: skip
        where = folder or state_dir / RING
        keeping = Keeping.of(zone.profile) if folder is None else None
        self.recorder = Recorder(where, about, keeping, key.own(state_dir))
        write_json(state_dir / WHERE, {"folder": str(where.resolve()), "ring": folder is None})
        cloud.shedding = self.shedding = Remembered()
        self._seq = 0
        self._overheard: Overheard | None = None
        if cloud.counsel is not None:
            cloud.counsel = self._overheard = Overheard(cloud.counsel, cloud)
        self._spread = False

    def turn(
        self, cloud: Cloud, block: Block | None, now_us: int, packed: list[bytes], sent: list[tuple[str, bytes]]
    ) -> None:
        """Hand over what a turn took, until when the clock ran, and what came of it."""
        lags_s, self.shedding.lags_s = self.shedding.lags_s, []
        first_seq, self._seq = self._seq + 1, cloud.twin.seq
        words = self._overheard.words() if self._overheard is not None else []
        if cloud.spread is not None and not self._spread:
            self._spread = True
            words.append({"kind": SPREAD})
        self.recorder.turn(block, now_us, lags_s, packed, first_seq, twin.TICK_US, sent, words)

    def second(self, cloud: Cloud, now_us: int, account: dict[str, Any]) -> list[Finding]:
        """Hand over a second's account and return what is wrong with the record."""
        self.recorder.second(now_us, account, _identities(cloud))
        return self.recorder.findings()

    def close(self) -> None:
        """Write what waits."""
        self.recorder.close()


def _identities(cloud: Cloud) -> NDArray[np.void]:
    rows = cloud.twin.tracks.rows
    known = rows[rows["alive"] & (rows["vehicle_id"] > 0)]
    found = np.zeros(len(known), IDENTITY)
    found["track"], found["vehicle_id"] = known["id"], known["vehicle_id"]
    return found


def revision(map: Map | None) -> str | None:
    """Return which state of the map it is, None for none."""
    return str(map.about["revision"][0]) if map is not None else None
