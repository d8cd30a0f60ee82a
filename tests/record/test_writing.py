"""Writing the record: what is handed over is there, a kill loses the last moment only, a full disk loses the oldest."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from jinyun.net.block import Block
from jinyun.record import book, frames, retention, segment
from jinyun.record.retention import Keeping
from jinyun.record.segment import Kind, blocks, listing
from jinyun.record.verifying import verify
from jinyun.record.writing import Recorder, RecordError
from tests.record.writing import T0_US, TICK_US, arrivals, notes, numbers, record

ROUNDS = int(os.environ.get("JINYUN_KILL_ROUNDS", "2"))
TURNS = 10


def test_every_message_frame_and_word_handed_over_is_in_the_record(tmp_path: Path) -> None:
    assert record(tmp_path, 3) == []
    assert numbers(tmp_path) == list(range(150))
    assert len(listing(tmp_path)) == 3
    made = [frame for path in listing(tmp_path) for block in blocks(path) if block.kind == Kind.FRAMES
            for frame in frames.unpack(block.content())]  # fmt: skip
    assert [frame.seq for frame in made] == [1, 2, 3]
    assert made[1] == (2, T0_US + 61_000_000, b"JYC1" + (1).to_bytes(4, "little") * 20)
    said = notes(tmp_path)
    assert [bytes.fromhex(note["payload"]) for note in said if note["kind"] == "sent"] == [b"down"] * 3
    assert sum(note["kind"] == "account" for note in said) == 3


def test_a_second_writer_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, {})
    with pytest.raises(RecordError, match="another writer"):
        Recorder(tmp_path, {})
    recorder.close()
    Recorder(tmp_path, {}).close()


def test_a_step_of_the_clock_is_said_and_costs_no_message(tmp_path: Path) -> None:
    stepped_ns = [0]
    recorder = Recorder(tmp_path, {}, clock_ns=lambda: time.time_ns() + stepped_ns[0])
    for first, at_us in ((0, T0_US), (10, T0_US + 20_000), (20, T0_US - 3_600_000_000), (30, T0_US)):
        stepped_ns[0] = (at_us - T0_US) * 1000
        recorder.turn(Block.of(arrivals(first, 10, at_us)), at_us, [], [], 0, TICK_US)
    recorder.close()
    assert numbers(tmp_path) == list(range(40))
    steps = [round(note["step_us"] / 1e6) for note in notes(tmp_path) if note["kind"] == "clock.step"]
    assert steps == [-3600, 3600]
    assert verify(tmp_path)["ok"]


@pytest.mark.integration
def test_kill_9_at_full_load_loses_at_most_the_last_second_and_never_breaks_the_record(tmp_path: Path) -> None:
    lost: list[float] = []
    before = 0
    for turn in range(ROUNDS):
        folder = tmp_path / str(
            turn // TURNS
        )  # ten lives in one record, so that each is read ten times and not a hundred
        before = before if turn % TURNS else 0
        argv = [sys.executable, "-m", "tests.record.writing", str(folder), "1000"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begun\n"
            handed, handed_us = 0, 0
            end_at = time.monotonic() + random.uniform(0.2, 3.0)
            while time.monotonic() < end_at:
                first, at_us = child.stdout.readline().split()
                handed, handed_us = int(first), int(at_us)
            child.send_signal(signal.SIGKILL)
            child.wait()
        torn = listing(folder)[-1]
        Recorder(folder, {}).close()  # the next start mends
        verdict = verify(folder)
        assert verdict["ok"], verdict["faults"]
        ours = numbers(folder)[before:]
        assert ours == list(range(len(ours)))  # nothing in the middle is missing
        last_us = (
            max(block.last_us for block in blocks(torn) if block.kind != Kind.SEAL) if len(ours) < handed else handed_us
        )
        assert handed_us - last_us <= 1_000_000
        lost.append((handed_us - last_us) / 1000)
        before += len(ours)
    print(f"{ROUNDS} kills: lost {sorted(lost)[len(lost) // 2]:.0f} ms in the middle, {max(lost):.0f} ms at most")


def test_the_next_start_says_when_a_record_was_cut(tmp_path: Path) -> None:
    record(tmp_path, 1)
    path = listing(tmp_path)[0]
    last = next(block for block in blocks(path) if block.kind == Kind.SEAL)
    path.write_bytes(path.read_bytes()[: last.at - 5])  # the writer died in the middle of a block
    (tmp_path / book.FILE).unlink()
    recorder = Recorder(tmp_path, {})
    assert [finding.rule for finding in recorder.findings()] == ["record.cut"]
    recorder.close()
    assert numbers(tmp_path) == list(range(50))
    assert verify(tmp_path)["ok"]


def test_a_power_cut_that_left_room_without_content_is_mended(tmp_path: Path) -> None:
    record(tmp_path, 1)
    path = listing(tmp_path)[0]
    last = next(block for block in blocks(path) if block.kind == Kind.SEAL)
    path.write_bytes(path.read_bytes()[: last.at] + bytes(4096))
    (tmp_path / book.FILE).unlink()
    Recorder(tmp_path, {}).close()
    assert numbers(tmp_path) == list(range(50))
    assert verify(tmp_path)["ok"]


class SmallDisk:
    """A disk of so many bytes: writing beyond them fails as a full disk does, after a part was written."""

    def __init__(self, folder: Path, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.most = folder, most
        monkeypatch.setattr(segment, "write", self.write)

    def write(self, file: object, data: memoryview) -> int:
        used = sum(path.stat().st_size for path in self.folder.glob("*"))
        room = max(self.most - used, 0)
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(file.fileno(), data[:room])  # type: ignore[attr-defined]


def full_disk(tmp_path: Path, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    SmallDisk(tmp_path, most, monkeypatch)
    monkeypatch.setattr("jinyun.record.writing.ROOM_BYTES", 4096)


def test_a_full_disk_lets_the_oldest_go_first_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_disk(tmp_path, 60_000, monkeypatch)
    found = record(tmp_path, 30)
    assert "record.full" in {finding.rule for finding in found}
    assert "record.lost" not in {finding.rule for finding in found}
    kept = numbers(tmp_path)
    assert kept == list(range(kept[0], 1500)) and 0 < kept[0] < 1500
    assert [note["let_go"][:1] != [] for note in notes(tmp_path) if note["kind"] == "record.full"]
    assert verify(tmp_path)["ok"]


def test_what_an_event_needs_stays_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, 1)
    retention.hold(tmp_path, "event-1", T0_US - 1, T0_US + 1)
    full_disk(tmp_path, 60_000, monkeypatch)
    recorder = Recorder(tmp_path, {})
    for number in range(1, 30):
        now_us = T0_US + number * 61_000_000
        recorder.turn(Block.of(arrivals(50 * number, 50, now_us)), now_us, [], [], 0, TICK_US)
        recorder.flush()
    recorder.close()
    kept = numbers(tmp_path)
    assert kept[:50] == list(range(50)) and kept[50] > 50 and kept[-1] == 1499
    assert verify(tmp_path)["ok"]


def test_a_disk_that_is_full_of_evidence_loses_what_comes_says_how_much_and_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retention.hold(tmp_path, "all", 0, T0_US * 2)
    full_disk(tmp_path, 30_000, monkeypatch)
    recorder = Recorder(tmp_path, {})
    for number in range(30):
        now_us = T0_US + number * 61_000_000
        recorder.turn(Block.of(arrivals(50 * number, 50, now_us)), now_us, [], [], 0, TICK_US)
        recorder.flush()
    recorder.close()
    assert recorder.lost > 0 and recorder.written + recorder.lost == 1500
    assert "record.lost" in {finding.rule for finding in recorder.findings()}
    assert numbers(tmp_path) == list(range(recorder.written))


def test_a_slow_disk_makes_the_record_lose_and_never_the_caller_wait(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, {}, most_waiting=10_000)
    for number in range(20):
        recorder.turn(Block.of(arrivals(50 * number, 50, T0_US + number)), T0_US + number, [], [], 0, TICK_US)
    recorder.close()
    assert recorder.lost > 0 and recorder.written + recorder.lost == 1000
    lost = [note for note in notes(tmp_path) if note["kind"] == "record.lost"]
    assert sum(note["messages"] for note in lost) == recorder.lost


def test_a_bounded_record_keeps_the_newest_and_its_book_stays_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jinyun.record.writing.FOLD_LINES", 5)
    record(tmp_path, 40, keeping=Keeping(segments_bytes=40_000))
    kept = numbers(tmp_path)
    assert kept == list(range(kept[0], 2000)) and kept[0] > 0
    assert sum(path.stat().st_size for path in listing(tmp_path)) <= 50_000
    assert len(book.read(tmp_path)) < 40
    verdict = verify(tmp_path)
    assert verdict["ok"] and verdict["let_go"] + verdict["segments"] == 40


def test_identities_come_back_as_they_were(tmp_path: Path) -> None:
    rows = np.zeros(2, frames.IDENTITY)
    rows["track"], rows["vehicle_id"] = [1, 2], [2**63 + 5, 7]
    recorder = Recorder(tmp_path, {})
    recorder.second(T0_US, {}, rows)
    recorder.close()
    (found,) = [frames.unpack_identities(block.content()) for path in listing(tmp_path) for block in blocks(path)
                if block.kind == Kind.IDENTITIES]  # fmt: skip
    assert (found == rows).all()
