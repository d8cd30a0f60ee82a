"""A stream of bytes becomes frames, however it is cut and whatever lies between."""

from __future__ import annotations

import random

import pytest

from jinyun.net.gbt32960 import GbtError, StreamReader
from jinyun.net.gbt32960.stream import PATIENCE
from tests.net.gbt32960.packets import FACTS, random_report, report, vehicle

FRAMES = [bytes.fromhex(text) for text in FACTS.values()]


def fed(reader: StreamReader, stream: bytes, size: int) -> list[bytes]:
    return [frame for at in range(0, len(stream), size) for frame in reader.feed(stream[at : at + size])]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
def test_frames_come_out_whole_however_the_stream_is_cut(size: int) -> None:
    reader = StreamReader()
    assert fed(reader, b"".join(FRAMES), size) == FRAMES
    assert reader.skipped == reader.refused == 0


@pytest.mark.parametrize("size", [1, 5, 100_000])
def test_garbage_between_frames_is_skipped_and_counted(size: int) -> None:
    rng = random.Random(size)
    for garbage in (
        b"\0\1\2",
        b"#",
        b"$$$",
        b"####\x7f",
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(range(256)),
        rng.randbytes(40),
    ):
        reader = StreamReader()
        assert fed(reader, garbage.join([b"", *FRAMES, b""]) + FRAMES[0], size)[: len(FRAMES)] == FRAMES
        assert reader.skipped >= len(garbage)


def test_a_frame_with_a_wrong_checksum_is_left_out_and_its_neighbours_stay() -> None:
    frame = report(2016, [vehicle()])
    for at in (5, 25, len(frame) - 1):
        bad = frame[:at] + bytes([frame[at] ^ 4]) + frame[at + 1 :]
        reader = StreamReader()
        assert fed(reader, frame + bad + frame, 1000) == [frame, frame]
        assert (reader.refused, reader.skipped, reader.reason[:8]) == (1, len(bad), "checksum")


def test_a_length_that_lies_hides_the_frames_behind_it_only_until_it_is_known() -> None:
    frame = report(2016, [vehicle()])
    liar = frame[:22] + b"\x02\x00" + frame[24:]
    reader = StreamReader()
    assert fed(reader, liar + frame * 10, 50) == [frame] * 10
    assert reader.refused == 1


def test_a_frame_over_the_limit_is_refused_and_the_next_is_read() -> None:
    small, large = report(2016, []), report(2016, [{"item": "custom", "type": 0x80, "data": bytes(300)}])
    reader = StreamReader(max_frame=200)
    assert fed(reader, small + large + small, 100) == [small, small]
    assert reader.refused == 1 and "at most 200" in reader.reason


def test_beginnings_of_no_frame_are_borne_for_a_while_only() -> None:
    liar = b"##\x02\xfe" + b"X" * 17 + b"\x01\xff\xfb"  # announces the largest frame there can be
    reader = StreamReader()
    with pytest.raises(GbtError, match="refused in a row"):
        fed(reader, liar * 40_000, 1 << 20)
    assert reader.refused == PATIENCE
    with pytest.raises(GbtError):
        fed(StreamReader(max_frame=100), (b"##\x02\xfe" + b"X" * 17 + b"\x01\xff\xff") * 100, 1000)


def test_what_is_kept_is_bounded() -> None:
    reader = StreamReader()
    assert fed(reader, b"\0" * 10_000_000, 1 << 16) == []
    assert reader.skipped == 10_000_000
    assert list(reader.feed(FRAMES[0])) == [FRAMES[0]]


def test_random_streams_give_each_frame_once() -> None:
    rng = random.Random(5)
    for _ in range(50):
        frames = [random_report(rng) for _ in range(5)]
        stream = b"".join(frame + (rng.randbytes(rng.randrange(5)) if rng.random() < 0.5 else b"") for frame in frames)
        found = fed(StreamReader(), stream + FRAMES[0] * 3, rng.randrange(1, 300))
        assert found[:5] == frames
