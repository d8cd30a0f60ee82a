"""The cloud's step run again over a record (复算): from the raw bytes to frames, to be held against those that were published.

The record holds every turn of the cloud: what it took, until when it let its clock run, how late each window was, what the
applications were asked and when their answer was heard. So the same code over the same turns must give the same frames, bit for
bit, from the cloud's start on.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.adviser import Adviser, Question, Reply
from jinyun.cloud.desk import Desk
from jinyun.cloud.live import Cloud
from jinyun.cloud.recording import COUNSEL, SPREAD, revision
from jinyun.cloud.shedding import Shedding
from jinyun.hdmap import Map
from jinyun.record import frames, messages
from jinyun.record.segment import Block, Kind, blocks, listing
from jinyun.shapes import Finding, Frame
from jinyun.zone import Zone

TOLD = 20


class RerunError(ValueError):
    """The record cannot be run again; one clear line."""


class Unhurried(Shedding):
    """Sheds as the record says it was shed: by the lags of then, not by the time it takes now."""

    def __init__(self) -> None:
        super().__init__()
        self.lags_s: deque[float] = deque()

    def lagged(self, lag_s: float) -> None:
        super().lagged(self.lags_s.popleft() if self.lags_s else 0.0)


@dataclass(slots=True)
class _Counsel:
    """What the record says of the applications: the frames (instants) they were asked about, and how it went on."""

    asked_us: set[int] = field(default_factory=set)
    heard: dict[int, int] = field(default_factory=dict)  # after which frame (its number) the answer to which was heard
    restarted_us: set[int] = field(default_factory=set)
    spread: bool = False


class _House:
    """A desk in this process in the place of a passage to another: it answers when the record says the answer came."""

    def __init__(self, cloud: Cloud, map: Map, heard: dict[int, int]) -> None:
        self._cloud, self._map, self._heard = cloud, map, heard
        self.begin()

    def begin(self) -> None:
        """Know nothing yet, as a process that was started again."""
        self.desk = Desk(self._cloud.zone, self._map)
        self._reply: Reply | None = None

    def put(self, question: Question) -> None:
        self._reply = self.desk.reply(question)

    def get(self, wait_s: float = 0.0) -> Reply | None:
        reply = self._reply
        if reply is None or self._heard.get(reply.answer.t_us, 2**62) > self._cloud.twin.seq:
            return None
        self._reply = None
        return reply

    def close(self) -> None:
        """Nothing is open."""


class Recalled(Adviser):
    """Asks the applications about the frames that were asked about then, and hears their answers when they were heard."""

    def __init__(self, cloud: Cloud, map: Map, counsel: _Counsel) -> None:
        self._counsel, self._house = counsel, _House(cloud, map, counsel.heard)
        super().__init__(cloud.zone.folder, cloud.decoder.sources, cloud.zone.id)

    def _start(self) -> None:
        self._passage = self._house  # type: ignore[assignment]
        self.sources.changed.update(source.row for source in self.sources)
        self.state = "ready"

    def ask(self, frame: Frame, foretold_s: NDArray[np.float64] | None) -> list[Finding]:
        self._look()
        if frame.t_us in self._counsel.restarted_us:
            self._house.begin()
            self._start()
        if frame.t_us in self._counsel.asked_us:
            self._hand(frame, foretold_s)
        return []


def runs(folder: Path) -> list[list[Path]]:
    """Return the segments of a record by the cloud that wrote them: a run begins where a cloud began with frame 1."""
    found: list[list[Path]] = []
    for path in listing(folder):
        first = next((block for block in blocks(path) if block.kind == Kind.FRAMES), None)
        begins = first is not None and next(frames.unpack(first.content())).seq == 1
        if begins or not found:
            found.append([])
        found[-1].append(path)
    return found


def check(zone: Zone, map: Map | None, folder: Path, seconds: float | None = None) -> dict[str, Any]:
    """Run the last whole run of a record again and return ``{"frames", "equal", "different", ...}``.

    Only a run that is there from its beginning can be checked; raises :class:`RerunError` otherwise.
    """
    whole = [run for run in runs(folder) if _begins(run[0])]
    if not whole:
        raise RerunError(f"{folder}: the beginning of the run is not in the record any more: nothing to compute from")
    about = next(blocks(whole[-1][0])).as_json()
    if about.get("zone") != zone.id:
        raise RerunError(f"{folder}: was recorded in zone {about.get('zone')}, not {zone.id}")
    if about.get("map") != revision(map):
        raise RerunError(f"{folder}: was recorded with map {about.get('map')}, this is {revision(map)}")
    cloud = Cloud(zone, clock="live", simulated=bool(about.get("simulated", True)), map=map)
    cloud.shedding = shedding = Unhurried()
    counsel = _counselled(whole[-1])
    if counsel.spread:
        raise RerunError(f"{folder}: workers fused this run (--workers); what they were told is not in the record")
    if map is not None:
        cloud.ask_beside(Recalled(cloud, map, counsel))
    made: dict[int, bytes] = {}
    published: dict[int, bytes] = {}
    result: dict[str, Any] = {"frames": 0, "equal": 0, "different": [], "messages": 0, "lost": 0, "restarts": 0}
    until_us = None
    for block in _all(whole[-1]):
        if until_us is None:
            until_us = block.first_us + int(seconds * 1e6) if seconds is not None else 2**62
        if block.first_us > until_us:
            break
        if block.kind == Kind.MESSAGES:
            for seq, data in _again(cloud, shedding, messages.unpack(block.content())):
                made[seq] = data
        elif block.kind == Kind.FRAMES:
            published |= {frame.seq: frame.data for frame in frames.unpack(block.content())}
        elif block.kind == Kind.NOTES:
            _note(block, result)
        result["messages"] += block.count if block.kind == Kind.MESSAGES else 0
        for seq in [seq for seq in published if seq in made]:
            result["frames"] += 1
            if made.pop(seq) == published.pop(seq):
                result["equal"] += 1
            elif len(result["different"]) < TOLD:
                result["different"].append(seq)
    result["not_made"] = len(published)
    return result


def _begins(path: Path) -> bool:
    first = next((block for block in blocks(path) if block.kind == Kind.FRAMES), None)
    return first is not None and next(frames.unpack(first.content())).seq == 1


def _all(paths: list[Path]) -> Iterator[Block]:
    for path in paths:
        yield from blocks(path)


def _counselled(paths: list[Path]) -> _Counsel:
    """Return what a run's notes say of the applications."""
    found = _Counsel()
    for block in _all(paths):
        if block.kind == Kind.NOTES:
            for note in map(json.loads, block.content().splitlines()):
                if note["kind"] == COUNSEL:
                    found.asked_us.update(note["asked"])
                    found.heard.update((int(t_us), int(seq)) for t_us, seq in note["heard"])
                    found.restarted_us.update(note["restarted"])
                elif note["kind"] == SPREAD:
                    found.spread = True
    return found


def _note(block: Block, result: dict[str, Any]) -> None:
    for note in map(json.loads, block.content().splitlines()):
        if note["kind"] == "record.lost":
            result["lost"] += note.get("messages", 1)
        elif note["kind"] == "account":
            result["restarts"] = max(result["restarts"], (note.get("advising") or {}).get("restarts", 0))


def _again(cloud: Cloud, shedding: Unhurried, turns: messages.Turns) -> Iterator[tuple[int, bytes]]:
    """Take the turns as they were taken and yield the frames they make, each with its number."""
    at = lag = 0
    for row in turns.rows:
        count, lags, now_us = int(row["messages"]), int(row["lags"]), int(row["now_us"])
        if row["deed"] == messages.TOLD:
            cloud.account(now_us)
            continue
        shedding.lags_s.extend(turns.lags_s[lag : lag + lags].tolist())
        block = turns.messages.part(at, at + count) if count else None
        at, lag = at + count, lag + lags
        packed = cloud.advance(block, now_us)
        cloud.fused(now_us)
        cloud.published(now_us)
        cloud.replies = []
        for k, data in enumerate(packed):
            yield cloud.twin.seq - len(packed) + 1 + k, data
