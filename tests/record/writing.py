"""What tests of the record write: numbered messages, frames, and a whole record of several segments."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.net.block import Arrival, Block
from jinyun.record import frames, messages, writing
from jinyun.record.key import Key
from jinyun.record.retention import Keeping
from jinyun.record.segment import Kind, SegmentError, blocks, listing
from jinyun.record.writing import Recorder
from jinyun.shapes import Finding

T0_US = 1_795_000_000_000_000
TICK_US = 100_000


def arrivals(first: int, count: int, at_us: int) -> list[Arrival]:
    """Return messages whose payload is their number, padded as random octets are: they cannot be packed smaller."""
    pad = np.random.default_rng(first).bytes(80 * count)
    return [
        Arrival(at_us, f"jinyun.z.obu.c{n % 7}.up.bsm", n.to_bytes(8, "little") + pad[80 * (n - first) :][:80])
        for n in range(first, first + count)
    ]


def numbers(folder: Path) -> list[int]:
    """Return the numbers of all messages that can be read of a record, in their order."""
    found: list[int] = []
    for path in listing(folder):
        try:
            for block in blocks(path):
                if block.kind == Kind.MESSAGES:
                    turns = messages.unpack(block.content())
                    found += [int.from_bytes(one.payload[:8], "little") for one in turns.messages.arrivals()]
        except SegmentError:
            pass
    return found


def record(
    folder: Path, segments: int = 3, key: Key | None = None, each: int = 50, keeping: Keeping | None = None
) -> list[Finding]:
    """Write a record of so many segments, a minute each by its clock, and return the findings."""
    recorder = Recorder(folder, {"zone": "z", "map": "0123456789abcdef" * 20}, keeping, key)
    found: list[Finding] = []
    seq = 1
    for number in range(segments):
        now_us = T0_US + number * 61_000_000
        block = Block.of(arrivals(number * each, each, now_us))
        frame = b"JYC1" + number.to_bytes(4, "little") * 20
        recorder.turn(block, now_us, [0.001], [frame], seq, TICK_US, [("a/b", b"down")])
        recorder.second(now_us, {"episodes": [{"id": 1, "last_us": now_us, "rule": "x"}]}, np.zeros(0, frames.IDENTITY))
        seq += 1
        recorder.flush()
    recorder.close()
    found += recorder.findings()
    return found


def notes(folder: Path) -> list[dict[str, Any]]:
    import json

    return [
        json.loads(line)
        for path in listing(folder)
        for block in blocks(path)
        if block.kind == Kind.NOTES
        for line in block.content().splitlines()
    ]


def pour(folder: Path, per_turn: int) -> None:
    """Write for ever at full load, saying which number was handed over last: what a test kills."""
    recorder = Recorder(folder, {"zone": "z"})
    first, seq = 0, 1
    print("begun", flush=True)
    while True:
        now_us = time.time_ns() // 1000
        recorder.turn(Block.of(arrivals(first, per_turn, now_us)), now_us, [], [], seq, TICK_US)
        first += per_turn
        sys.stdout.write(f"{first} {now_us}\n")
        sys.stdout.flush()
        time.sleep(0.02)


if __name__ == "__main__":
    writing.SEGMENT_S = 2.0
    pour(Path(sys.argv[1]), int(sys.argv[2]))
