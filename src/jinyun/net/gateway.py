"""The RSU gateway's envelope around MessageFrames (路侧RSU数据对接, document of 2020-11-23).

``rsuId 8 B | UTC ms 8 B little-endian |`` then for BSM ``count 1 B | {length 2 B LE | MessageFrame} * count``, for every
other message ``length 2 B LE | MessageFrame``. Topics: ``V2X.RSU.{BSM,SPAT,RSI,RSM,MAP}.UP``.
"""

from __future__ import annotations

from typing import NamedTuple

HEADER = 16


class EnvelopeError(ValueError):
    """The envelope is broken; ``field`` names the place."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class Envelope(NamedTuple):
    """What an RSU gateway sent at once: its id, its clock (ms of UTC) and one or more MessageFrames."""

    rsu: str
    utc_ms: int
    frames: list[bytes]


def wrap(rsu: str, utc_ms: int, message: str, frames: list[bytes]) -> bytes:
    """Return the envelope of ``frames``; only ``bsm`` may carry more or less than one."""
    if message != "bsm" and len(frames) != 1:
        raise ValueError(f"{message}: one frame an envelope, not {len(frames)}")
    body = b"".join(len(frame).to_bytes(2, "little") + frame for frame in frames)
    count = bytes([len(frames)]) if message == "bsm" else b""
    return rsu.encode("ascii").ljust(8)[:8] + utc_ms.to_bytes(8, "little") + count + body


def unwrap(data: bytes, message: str) -> Envelope:
    """Return what ``data`` carries; raises :class:`EnvelopeError` unless every byte is accounted for."""
    at = HEADER
    if len(data) < at + (1 if message == "bsm" else 2):
        raise EnvelopeError("header", f"{len(data)} bytes are too few")
    rsu = "".join(chr(c) if 0x21 <= c <= 0x7E else "" for c in data[:8]) or data[:8].hex()
    count = 1
    if message == "bsm":
        count, at = data[at], at + 1
    frames = []
    for index in range(count):
        if at + 2 > len(data):
            raise EnvelopeError(f"frame {index}.length", f"cut at byte {len(data)}")
        length = int.from_bytes(data[at : at + 2], "little")
        at += 2
        if at + length > len(data):
            raise EnvelopeError(f"frame {index}", f"{length} bytes announced, {len(data) - at} there")
        frames.append(data[at : at + length])
        at += length
    if at != len(data):
        raise EnvelopeError("trailer", f"{len(data) - at} bytes after the last frame")
    return Envelope(rsu, int.from_bytes(data[8:16], "little"), frames)
