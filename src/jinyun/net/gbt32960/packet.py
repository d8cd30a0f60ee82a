"""Packets of GB/T 32960.3: the frame, its checksum, its commands; bytes to :class:`Packet` and back, exactly.

Frame (big-endian): ``## or $$ | command | response | VIN 17 | encryption | length u16 | data unit | BCC`` where BCC is the XOR
of everything between the start and itself. Times are six bytes of Beijing time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

from jinyun.net.gbt32960 import commands
from jinyun.net.gbt32960.body import Cut, Item

STARTS = {b"##": 2016, b"$$": 2025}
_START_OF = {edition: start for start, edition in STARTS.items()}
HEADER = 24
MAX_DATA = 65_531
COMMAND = 0xFE
"""The response flag of a packet that is a command itself."""
UNENCRYPTED = 1
BEIJING = timezone(timedelta(hours=8))
COMMANDS = {
    0x01: "vehicle_login", 0x02: "realtime", 0x03: "reissue", 0x04: "vehicle_logout", 0x05: "platform_login",
    0x06: "platform_logout", 0x07: "heartbeat", 0x08: "time_sync", 0x09: "activation", 0x0A: "activation_response",
    0x0B: "key_sync", 0x80: "query", 0x81: "set", 0x82: "control",
}  # fmt: skip


class GbtError(ValueError):
    """A packet is broken; ``field`` names the place."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


@dataclass(slots=True)
class Packet:
    """One packet. ``time`` is the raw six bytes where the data unit begins with them, ``data`` what follows.

    ``data`` holds raw integers: ``items`` of a report, the fields of a login. Whatever cannot be read (encrypted, a
    command no public text describes, an acknowledgement with more than a time) is ``{"raw": bytes}``.
    """

    edition: int
    command: int
    response: int
    vin: str
    encryption: int = UNENCRYPTED
    time: bytes | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return COMMANDS.get(self.command, f"0x{self.command:02X}")

    @property
    def items(self) -> list[Item]:
        found: list[Item] = self.data.get("items", [])
        return found

    @property
    def event_us(self) -> int | None:
        """When it was so (us UTC), None without a time or with one that is no date."""
        if self.time is None:
            return None
        year, month, day, hour, minute, second = self.time
        try:
            when = datetime(2000 + year, month, day, hour, minute, second, tzinfo=BEIJING)
        except ValueError:
            return None
        return int(when.timestamp()) * 1_000_000


def beijing_time(now_us: int) -> bytes:
    """Return ``now_us`` (us UTC) as the six bytes of a data unit."""
    when = datetime.fromtimestamp(now_us // 1_000_000, BEIJING)
    return bytes([when.year - 2000, when.month, when.day, when.hour, when.minute, when.second])


def bcc(data: bytes) -> int:
    """Return the XOR of all bytes."""
    return int(np.bitwise_xor.reduce(np.frombuffer(data, np.uint8)))


def decode(frame: bytes) -> Packet:
    """Return the packet in ``frame``, which holds exactly one; raises :class:`GbtError`."""
    edition = STARTS.get(frame[:2])
    if edition is None:
        raise GbtError("start", f"{frame[:2]!r} is neither ## nor $$")
    if len(frame) < HEADER + 1:
        raise GbtError("length", f"{len(frame)} bytes are too few")
    length = int.from_bytes(frame[22:24], "big")
    if length > MAX_DATA or len(frame) != HEADER + length + 1:
        raise GbtError("length", f"{length} announced, {len(frame) - HEADER - 1} there")
    if (found := bcc(frame[2:-1])) != frame[-1]:
        raise GbtError("checksum", f"0x{frame[-1]:02X} stated, 0x{found:02X} computed")
    packet = Packet(edition, frame[2], frame[3], frame[4:21].decode("latin-1"), frame[21])
    data = frame[HEADER:-1]
    try:
        if packet.encryption != UNENCRYPTED or packet.command not in COMMANDS:
            packet.data = commands.raw(data)
        elif packet.response != COMMAND:
            packet.time, packet.data = commands.read_answer(data)
        else:
            packet.time, packet.data = commands.read(edition, packet.command, data)
    except Cut as cut:
        raise GbtError(cut.place, cut.reason) from None
    return packet


def encode(packet: Packet) -> bytes:
    """Return the bytes of a packet; the inverse of :func:`decode`.

    Raises ``ValueError``, ``KeyError``, ``OverflowError`` or ``struct.error`` where the packet is not one: our own fault.
    """
    data = packet.time or b""
    if "raw" in packet.data:
        data += packet.data["raw"]
    elif packet.data:
        data += commands.write(packet.edition, packet.command, packet.data)
    if len(data) > MAX_DATA:
        raise ValueError(f"a data unit of {len(data)} bytes, at most {MAX_DATA}")
    head = bytes([packet.command, packet.response]) + commands.text(packet.vin, 17) + bytes([packet.encryption])
    body = head + len(data).to_bytes(2, "big") + data
    return _START_OF[packet.edition] + body + bytes([bcc(body)])


def acknowledge(packet: Packet, response: int = 1) -> bytes:
    """Return the answer to a command: the same command and time, ``response`` 1 for taken."""
    return encode(Packet(packet.edition, packet.command, response, packet.vin, UNENCRYPTED, packet.time))
