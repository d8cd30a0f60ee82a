"""The cloud's end of the partitions: tells each what was seen in its tiles, gathers what they believe into one picture.

Windows are told on core subjects and kept for ``KEPT_US``, so that a partition's new owner, or one that missed something, is
told again. Of a tick it waits ``WAIT_US`` for what is missing; a partition that says nothing leaves a hole in that picture
and a finding that names it, and holds up nobody.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.engine import wire
from jinyun.cloud.engine.assembly import Assembly
from jinyun.cloud.engine.line import Heard, Line
from jinyun.cloud.engine.partition import BELIEF
from jinyun.cloud.engine.senders import TRUST, Senders
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.tracking.table import LINK
from jinyun.cloud.twin import TICK_US
from jinyun.net import parts
from jinyun.rows import joined, taken
from jinyun.shapes import Finding

KEPT_US = 8_000_000
"""Windows are kept this long; a checkpoint is two seconds old when its owner dies, or a little more."""
WAIT_US = 60_000
"""A tick's picture waits this long for partitions."""
GONE_US = 2_000_000
"""A worker that was not heard for so long is gone."""
MOST_TICKS = 20
AGAIN_MOST = 300
"""Windows told again at one asking."""

Say = Callable[[str, bytes], None]


@dataclass(slots=True)
class _Heard:
    """What one tick's partitions have said so far."""

    beliefs: dict[int, NDArray[np.void]] = field(default_factory=dict)


class Seen(NamedTuple):
    """A worker as it was heard last."""

    name: str
    parts: list[int]
    host: str
    heard_us: int


class Spread:
    """One life of the cloud's end; ``say`` publishes (subject, payload)."""

    def __init__(self, zone: str, tiling: Tiling, say: Say, epoch: int | None = None) -> None:
        self.zone, self.tiling = zone, tiling
        self.epoch = time.time_ns() // 1000 if epoch is None else epoch
        self.assembly = Assembly(tiling)
        self.senders = Senders()
        self.rows = self.copies = 0  # sightings told, once and counted as often as they were
        self.again = 0  # windows told again
        self.stale = 0  # beliefs of owners that had lost their partition
        self._say = say
        self._number = [0] * tiling.parts
        self._kept: list[deque[wire.Turn]] = [deque() for _ in range(tiling.parts)]
        self._fence = [0] * tiling.parts
        self._joiners: dict[str, parts.Joiner] = {}
        self._ticks: dict[int, _Heard] = {}
        self._workers: dict[str, Seen] = {}
        self._silent_us = [0] * tiling.parts

    def tell(self, sightings: NDArray[np.void], now_us: int) -> None:
        """Tell every partition one window's SIGHTING rows, as of ``now_us``; nothing where there is nothing, but at ticks."""
        rows, bounds = self.tiling.split(sightings["x_m"], sightings["y_m"])
        told = taken(sightings, rows)
        self.rows += len(sightings)
        self.copies += len(rows)
        tick = now_us % TICK_US == 0
        if tick:
            self._ticks[now_us] = _Heard()
            while len(self._ticks) > MOST_TICKS:
                del self._ticks[min(self._ticks)]
        for part in range(self.tiling.parts):
            its = told[bounds[part] : bounds[part + 1]]
            if len(its) or tick:
                self._number[part] += 1
                turn = wire.Turn(part, self.epoch, 0, self._number[part], now_us, its)
                kept = self._kept[part]
                kept.append(turn)
                while kept[0].t_us < now_us - KEPT_US:
                    kept.popleft()
                self._send(turn)
            if tick:
                self._say(wire.turn_subject(self.zone, part), str(now_us).encode())

    def _send(self, turn: wire.Turn) -> None:
        for payload in parts.cut(wire.pack(turn), turn.number):
            self._say(wire.in_subject(self.zone, turn.part), payload)

    def listen(self, line: Line) -> None:
        """Hear on a line what partitions say, what they ask for again, and which workers there are."""
        line.listen(wire.out_subject(self.zone), self.hear_beliefs)
        line.listen(wire.senders_subject(self.zone), self._hear_senders)
        line.listen(wire.again_subject(self.zone), self._tell_again)
        line.listen(wire.alive_subject(self.zone), self._hear_alive)

    def hear_beliefs(self, message: Heard) -> None:
        """Take what a partition believes, or what of it came in parts."""
        turn = self._whole(message)
        if turn is None or turn.rows.dtype != BELIEF:
            return
        heard = self._ticks.get(turn.t_us)
        if heard is not None:
            heard.beliefs.setdefault(turn.part, turn.rows)

    def _hear_senders(self, message: Heard) -> None:
        turn = self._whole(message)
        if turn is not None and turn.rows.dtype in (LINK, TRUST):
            self.senders.take(turn.part, turn.t_us, turn.rows)

    def _whole(self, message: Heard) -> wire.Turn | None:
        """Return what a partition's owner says, None where parts are missing or another owns it by now."""
        try:
            whole = self._joiners.setdefault(message.subject, parts.Joiner()).take(message.payload)
            turn = wire.unpack(whole) if whole is not None else None
        except ValueError:
            return None  # of another version, or nobody's: the partition will be silent, and that is said
        if turn is None or turn.part >= self.tiling.parts or turn.epoch != self.epoch:
            return None
        if turn.fence < self._fence[turn.part]:
            self.stale += 1
            return None
        self._fence[turn.part] = turn.fence
        return turn

    def _tell_again(self, message: Heard) -> None:
        try:
            wish = json.loads(message.payload)
            part, after, before = int(wish["part"]), int(wish["after"]), int(wish["before"])
            kept = self._kept[part] if wish["epoch"] == self.epoch and 0 <= part < self.tiling.parts else deque()
        except (ValueError, KeyError, TypeError):
            return
        for turn in islice((turn for turn in kept if after < turn.number < before), AGAIN_MOST):
            self.again += 1
            self._send(turn)

    def _hear_alive(self, message: Heard) -> None:
        now_us = time.time_ns() // 1000
        try:
            told = json.loads(message.payload)
            seen = Seen(str(told["name"])[:64], [int(part) for part in told["parts"]], str(told["host"])[:64], now_us)
        except (ValueError, KeyError, TypeError):
            return
        self._workers[seen.name] = seen
        for name in [name for name, its in self._workers.items() if now_us - its.heard_us > GONE_US]:
            del self._workers[name]

    def workers(self, now_us: int) -> list[Seen]:
        """Return the workers that were heard lately, by name."""
        return sorted(its for its in self._workers.values() if now_us - its.heard_us <= GONE_US)

    def told(self, now_us: int) -> list[dict[str, Any]]:
        """Return the workers for the account: ``name``, ``host``, ``parts`` (which partitions each owns)."""
        return [{"name": its.name, "host": its.host, "parts": its.parts} for its in self.workers(now_us)]

    def complete(self, t_us: int) -> bool:
        """Return whether every partition has said what it believes at a tick."""
        heard = self._ticks.get(t_us)
        return heard is not None and len(heard.beliefs) == self.tiling.parts

    def picture(self, t_us: int) -> tuple[NDArray[np.void], list[Finding]]:
        """Return (TRACK rows of a tick from what was said by now, findings about the partitions that said nothing)."""
        heard = self._ticks.pop(t_us, _Heard())
        beliefs = [heard.beliefs[part] for part in sorted(heard.beliefs)]
        tracks = self.assembly.take(joined(beliefs, BELIEF), t_us)
        findings = []
        for part in range(self.tiling.parts):
            if part in heard.beliefs:
                self._silent_us[part] = 0
                continue
            since = self._silent_us[part] = self._silent_us[part] or t_us
            reason = f"no word from its owner for {(t_us - since) / 1e6:.1f} s: its tiles are missing from the picture"
            findings.append(Finding("partition.silent", f"partition {part}", "beliefs", reason, t_us, "fault"))
        return tracks, findings
