"""The logs of a zone's parts: a bound for each, a bound for all, and nothing lost while a part goes on writing."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest

from jinyun.run import logs
from jinyun.run.logs import DAY_S, LOG_BYTES, Logs
from jinyun.run.parts import Part
from tests.conftest import wait_for

NOON = 1_790_000_000.0 // DAY_S * DAY_S + DAY_S / 2


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now_s = NOON

    def __call__(self) -> float:
        return self.now_s


def written(path: Path, text: bytes, at_s: float) -> None:
    with path.open("ab") as file:
        file.write(text)
    os.utime(path, (at_s, at_s))


def test_what_is_of_yesterday_is_laid_aside_and_what_is_of_today_stays(tmp_path: Path) -> None:
    clock = Clock()
    kept = Logs(tmp_path / "log", 183, clock)
    written(kept.of("cloud"), b"one\n", clock.now_s)
    kept.tend()
    assert kept.of("cloud").read_bytes() == b"one\n"
    clock.now_s += DAY_S
    kept.tend()
    assert kept.of("cloud").read_bytes() == b""
    (aside,) = (tmp_path / "log").glob("*.gz")
    assert aside.name == f"cloud-{logs._day(NOON)}.log.gz"
    assert gzip.decompress(aside.read_bytes()) == b"one\n"
    written(kept.of("cloud"), b"two\n", clock.now_s)
    again = Logs(tmp_path / "log", 183, clock)  # a second start on the same day
    again.tend()
    assert again.of("cloud").read_bytes() == b"two\n"


def test_a_long_log_is_laid_aside_at_once_while_its_part_goes_on_writing(tmp_path: Path) -> None:
    kept = Logs(tmp_path / "log", 183)
    say = "import sys\nfor line in sys.stdin:\n    print(line.strip() * 1000, flush=True)\n    sys.stderr.flush()"
    part = Part("talker", [sys.executable, "-c", say], kept.of("talker"))
    part.start()
    assert part.process is not None and part.process.stdin is not None
    lines = LOG_BYTES // 5000 + 1
    part.process.stdin.write(b"a" * 5 + b"\n")
    part.process.stdin.write((b"a" * 5 + b"\n") * (lines - 1))
    part.process.stdin.flush()
    length = lines * 5001
    wait_for(lambda: kept.of("talker").stat().st_size == length)
    kept.tend()
    assert kept.of("talker").stat().st_size == 0
    part.process.stdin.write(b"z\n")
    part.process.stdin.close()
    part.process.stdin = None
    part.process.wait(20)
    assert kept.of("talker").read_bytes() == b"z" * 1000 + b"\n"
    (aside,) = (tmp_path / "log").glob("*.gz")
    assert len(gzip.decompress(aside.read_bytes())) == length


def test_old_logs_go_and_so_do_the_oldest_of_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    kept = Logs(tmp_path / "log", 183, clock)
    for day in range(200):
        written(kept.of("cloud"), f"day {day}\n".encode(), clock.now_s)
        kept.tend()
        clock.now_s += DAY_S
    kept.tend()
    left = sorted((tmp_path / "log").glob("*.gz"))
    assert 183 <= len(left) <= 185
    assert gzip.decompress(left[-1].read_bytes()) == b"day 199\n"
    monkeypatch.setattr(logs, "ASIDE_BYTES", sum(path.stat().st_size for path in left[-3:]))
    kept.tend()
    assert sorted((tmp_path / "log").glob("*.gz")) == left[-3:]


def test_a_disk_that_takes_nothing_does_not_end_the_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    kept = Logs(tmp_path / "log", 183, clock)
    written(kept.of("cloud"), b"one\n", clock.now_s)
    kept.tend()
    clock.now_s += DAY_S

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    kept.tend()
    assert kept.of("cloud").read_bytes() == b"one\n"  # still there for the next try
