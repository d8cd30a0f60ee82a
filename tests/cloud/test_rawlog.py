"""The raw log of old: what stands in one is read, and what is broken is told."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from jinyun.cloud.rawlog import RawLogError, read
from jinyun.net.block import Arrival

ARRIVALS = [Arrival(1_795_000_000_000_000 + n, f"jinyun.z.rsu.R{n}.up.spat", bytes(range(n))) for n in range(50)]


def written(folder: Path) -> Path:
    """Return a raw log written by the description of its form."""
    data = b"JYRAW1\n"
    for arrival in ARRIVALS:
        subject = arrival.subject.encode()
        body = struct.pack("<qH", arrival.receive_us, len(subject)) + subject + arrival.payload
        data += struct.pack("<II", len(body), zlib.crc32(body)) + body
    path = folder / "raw-20261118T110640.000000Z.jyr"
    path.write_bytes(data)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert list(read(written(tmp_path))) == ARRIVALS


def test_every_cut_gives_what_stands_before_it_and_says_so(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = path.read_bytes()
    ends = []
    at = 7
    while at < len(data):
        at += 8 + int.from_bytes(data[at : at + 4], "little")
        ends.append(at)
    for length in range(7, len(data)):
        path.write_bytes(data[:length])
        whole = sum(end <= length for end in ends)
        got = []
        if length == 7 or length in ends:
            assert list(read(path)) == ARRIVALS[:whole]
            continue
        with pytest.raises(RawLogError, match="cut at byte"):
            for arrival in read(path):
                got.append(arrival)
        assert got == ARRIVALS[:whole]


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = bytearray(path.read_bytes())
    for at in range(7, len(data), 13):
        data[at] ^= 0x10
        path.write_bytes(data)
        with pytest.raises(RawLogError):
            list(read(path))
        data[at] ^= 0x10
    path.write_bytes(b"something else")
    with pytest.raises(RawLogError, match="JYRAW1"):
        list(read(path))
