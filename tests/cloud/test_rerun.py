"""The step run again over a record gives the same frames, bit for bit, however late the applications answered then."""

from __future__ import annotations

import itertools
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cloud import rerun
from jinyun.cloud.adviser import Adviser, Question, Reply
from jinyun.cloud.desk import Desk
from jinyun.cloud.live import Cloud
from jinyun.cloud.recording import RING, Recording, revision
from jinyun.cloud.warm import _street
from jinyun.net.block import Arrival, Block
from jinyun.record import frames
from jinyun.record.segment import Kind, blocks, listing
from jinyun.zone import Zone


class LateHouse:
    """Applications in this process that answer after so many looks, as another process would after so long."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.waits = itertools.cycle([1, 80, 7, 2, 13])  # one so late that its advice is in no frame any more
        self.replies: deque[tuple[int, Reply]] = deque()

    def put(self, question: Question) -> None:
        self.replies.append((next(self.waits), self.desk.reply(question)))

    def get(self, wait_s: float = 0.0) -> Reply | None:
        if not self.replies:
            return None
        left, reply = self.replies.popleft()
        if left > 0:
            self.replies.appendleft((left - 1, reply))
            return None
        return reply

    def close(self) -> None:
        """Nothing is open."""


class LateAdviser(Adviser):
    def __init__(self, zone: Zone, map: hdmap.Map, cloud: Cloud) -> None:
        self.house = LateHouse(Desk(zone, map))
        super().__init__(zone.folder, cloud.decoder.sources, zone.id)

    def _start(self) -> None:
        self._passage = self.house  # type: ignore[assignment]
        self.sources.changed.update(source.row for source in self.sources)
        self.state = "ready"


@pytest.fixture(scope="module")
def zone() -> Zone:
    return zones.load(zones.find(None))


@pytest.fixture(scope="module")
def kept(zone: Zone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a few seconds of a live cloud: windows taken late, the clock of the account running, one stall."""
    state = tmp_path_factory.mktemp("state")
    map = hdmap.open(zone)
    cloud = Cloud(zone, clock="live", map=map)
    adviser = LateAdviser(zone, map, cloud)
    cloud.ask_beside(adviser)
    recording = Recording(cloud, map, state, state / RING)
    turns: list[tuple[int, list[Arrival]]] = []
    for now_us, arrivals in _street(zone):
        for fifth in range(5):  # what comes in a tenth of a second is spread over five turns of the loop
            at_us = now_us + 20_000 * fifth
            turns.append((at_us + 700 * (fifth + 1), [one._replace(receive_us=at_us) for one in arrivals[fifth::5]]))
    turns[60:90] = [(turns[90][0] - 1000, [arrival for _, some in turns[60:90] for arrival in some])]  # a stall
    turns.append((turns[-1][0] + 2_000_000, []))
    told_us = 0
    for now_us, arrivals in turns:
        block = Block.of(arrivals) if arrivals else None
        packed = cloud.advance(block, now_us)
        cloud.fused(now_us)
        cloud.published(now_us)
        sent, cloud.replies = cloud.replies, []
        recording.turn(cloud, block, now_us, packed, sent)
        if now_us - told_us > 400_000:
            told_us = now_us
            assert recording.second(cloud, now_us, cloud.account(now_us)) == []
    recording.close()
    assert cloud.shedding.share < 1.0  # what was shed then must be shed again
    assert adviser.left_out > 0
    return state / RING


def test_every_frame_of_a_record_is_computed_again_bit_for_bit(kept: Path, zone: Zone) -> None:
    found = rerun.check(zone, hdmap.open(zone), kept)
    assert found["frames"] > 15 and found["messages"] > 100
    assert found["equal"] == found["frames"] and found["different"] == [] and found["not_made"] == 0
    advised = [frame for path in listing(kept) for block in blocks(path) if block.kind == Kind.FRAMES
               for frame in frames.unpack(block.content()) if b'"advised_us":0' not in frame.data[:600]]  # fmt: skip
    assert advised  # the applications' answers are in the frames that were compared


def test_messages_that_are_missing_in_the_record_change_frames(
    kept: Path, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack = rerun.messages.unpack

    def without_the_last_car(content: bytes) -> Any:
        turns = unpack(content)
        kept_at = [k for k, one in enumerate(turns.messages.arrivals()) if ".warm5." not in one.subject]
        rows = turns.rows.copy()
        ends = np.cumsum(rows["messages"].astype(np.int64))
        rows["messages"] = np.diff(np.searchsorted(kept_at, np.concatenate([[0], ends])))
        return type(turns)(rows, Block.of([turns.messages.arrival(k) for k in kept_at]), turns.lags_s)

    monkeypatch.setattr(rerun.messages, "unpack", without_the_last_car)
    found = rerun.check(zone, hdmap.open(zone), kept)
    assert found["equal"] < found["frames"] and found["different"]


def test_a_record_of_another_map_or_without_its_beginning_cannot_be_computed_again(
    kept: Path, zone: Zone, tmp_path: Path
) -> None:
    with pytest.raises(rerun.RerunError, match="the beginning of the run is not in the record"):
        rerun.check(zone, hdmap.open(zone), tmp_path)
    with pytest.raises(rerun.RerunError, match="was recorded with map"):
        rerun.check(zone, None, kept)
    assert revision(None) is None
