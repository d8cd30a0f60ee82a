"""Packets of GB/T 32960.3: the frame, its checksum, its commands; bytes to :class:`Packet` and back, exactly.

Frame (big-endian): ``## or $$ | command | response | VIN 17 | encryption | length u16 | data unit | BCC`` where BCC is the XOR
of everything between the start and itself. Times are six bytes of Beijing time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import reduce
from operator import xor
from typing import Any

from jinyun.net.gbt32960.body import Cut, Item, read_items, write_items

STARTS = {b"##": 2016, b"$$": 2025}
HEADER = 24
MAX_DATA = 65_531
COMMAND = 0xFE
"""The response flag of a packet that is a command itself."""
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
    encryption: int = 1
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
    when = datetime.fromtimestamp(now_us / 1e6, BEIJING)
    return bytes([when.year - 2000, when.month, when.day, when.hour, when.minute, when.second])


def bcc(data: bytes) -> int:
    """Return the XOR of all bytes (folded eight at a time, as this is half the cost of a packet otherwise)."""
    pad = -len(data) % 8
    words = memoryview(data + bytes(pad)).cast("Q")
    folded = reduce(xor, words, 0)
    folded ^= folded >> 32
    folded ^= folded >> 16
    return (folded ^ folded >> 8) & 0xFF


def decode(frame: bytes) -> Packet:
    """Return the packet in ``frame``, which holds exactly one; raises :class:`GbtError`."""
    edition = STARTS.get(frame[:2])
    if edition is None:
        raise GbtError("start", f"{frame[:2]!r} is neither ## nor $$")
    if len(frame) < HEADER + 1:
        raise GbtError("length", f"{len(frame)} bytes are too few")
    length = int.from_bytes(frame[22:24], "big")
    if len(frame) != HEADER + length + 1:
        raise GbtError("length", f"{length} announced, {len(frame) - HEADER - 1} there")
    if bcc(frame[2:-1]) != frame[-1]:
        raise GbtError("checksum", f"0x{frame[-1]:02X} stated, 0x{bcc(frame[2:-1]):02X} computed")
    packet = Packet(edition, frame[2], frame[3], frame[4:21].decode("latin-1"), frame[21])
    try:
        _read_data(packet, frame[HEADER:-1])
    except Cut as cut:
        raise GbtError(cut.place, cut.reason) from None
    return packet


def _read_data(packet: Packet, data: bytes) -> None:
    if packet.encryption != 1 or packet.command in (0x0B, 0x80, 0x81, 0x82) or packet.command not in COMMANDS:
        packet.data = {"raw": data} if data else {}
        return
    if packet.command in (0x07, 0x08) and not data:
        return
    if packet.command == 0x0A:
        if len(data) != 2:
            raise Cut("activation_response", f"{len(data)} bytes, 2 wanted")
        packet.data = {"result": data[0], "info": data[1]}
        return
    if packet.response != COMMAND and not data:
        return  # acknowledgements without a time exist in the field
    if len(data) < 6:
        raise Cut("time", f"{len(data)} bytes, 6 wanted")
    packet.time, rest = data[:6], data[6:]
    if packet.response != COMMAND:
        packet.data = {"raw": rest} if rest else {}
    elif packet.command in (0x02, 0x03):
        packet.data = {"items": read_items(packet.edition, data, 6)}
    elif packet.command == 0x01:
        packet.data = _read_login(packet.edition, rest)
    elif packet.command in (0x04, 0x06):
        if len(rest) != 2:
            raise Cut("serial", f"{len(rest)} bytes, 2 wanted")
        packet.data = {"serial": int.from_bytes(rest, "big")}
    elif packet.command == 0x05:
        if len(rest) != 35:
            raise Cut("platform_login", f"{len(rest)} bytes, 35 wanted")
        user, password = rest[2:14].decode("latin-1"), rest[14:34].decode("latin-1")
        packet.data = {"serial": int.from_bytes(rest[:2], "big"), "user": user, "password": password, "rule": rest[34]}
    elif packet.command == 0x09:
        packet.data = _read_activation(rest)
    elif rest:
        packet.data = {"raw": rest}


def _read_login(edition: int, rest: bytes) -> dict[str, Any]:
    if len(rest) < 23:
        raise Cut("login", f"{len(rest)} bytes, 23 or more wanted")
    found: dict[str, Any] = {"serial": int.from_bytes(rest[:2], "big"), "iccid": rest[2:22].decode("latin-1")}
    count, at = rest[22], 23
    if edition == 2016:
        if at >= len(rest):
            raise Cut("login.code_length", "missing")
        size, at = rest[at], at + 1
        found["code_length"] = size
    else:
        size = 24
        found["packs_per_system"] = tuple(rest[at : at + count])
        at += count
        count = sum(found["packs_per_system"])
    if len(rest) - at != count * size:
        raise Cut("login.codes", f"{count} codes of {size} bytes wanted, {len(rest) - at} bytes left")
    found["codes"] = tuple(rest[at + size * n : at + size * (n + 1)].decode("latin-1") for n in range(count))
    return found


def _read_activation(rest: bytes) -> dict[str, Any]:
    size = int.from_bytes(rest[16:18], "big")
    at = 18 + size
    if len(rest) < at + 17:
        raise Cut("activation", f"{len(rest)} bytes, {at + 17} or more wanted")
    return {"chip": rest[:16].decode("latin-1"), "public_key": rest[18:at], "vin": rest[at : at + 17].decode("latin-1"),
            "signature": rest[at + 17 :]}  # fmt: skip


def encode(packet: Packet) -> bytes:
    """Return the bytes of a packet; the inverse of :func:`decode`. Raises ``KeyError`` or ``struct.error`` on our own faults."""
    data = (packet.time or b"") + _write_data(packet)
    if len(data) > MAX_DATA:
        raise ValueError(f"a data unit of {len(data)} bytes, at most {MAX_DATA}")
    start = next(mark for mark, edition in STARTS.items() if edition == packet.edition)
    vin = packet.vin.encode("latin-1").ljust(17, b"\0")[:17]
    body = (
        bytes([packet.command, packet.response])
        + vin
        + bytes([packet.encryption])
        + len(data).to_bytes(2, "big")
        + data
    )
    return start + body + bytes([bcc(body)])


def _write_data(packet: Packet) -> bytes:
    data = packet.data
    if "raw" in data:
        raw: bytes = data["raw"]
        return raw
    if "items" in data:
        return write_items(packet.edition, data["items"])
    if "codes" in data:
        head = data["serial"].to_bytes(2, "big") + data["iccid"].encode("latin-1").ljust(20, b"\0")
        if packet.edition == 2016:
            counts = bytes([len(data["codes"]), data["code_length"]])
        else:
            counts = bytes([len(data["packs_per_system"]), *data["packs_per_system"]])
        return head + counts + "".join(data["codes"]).encode("latin-1")
    if "user" in data:
        user, password = (
            data[key].encode("latin-1").ljust(size, b"\0") for key, size in (("user", 12), ("password", 20))
        )
        return data["serial"].to_bytes(2, "big") + user + password + bytes([data["rule"]])
    if "chip" in data:
        key = data["public_key"]
        chip = data["chip"].encode("latin-1").ljust(16, b"\0")
        return chip + len(key).to_bytes(2, "big") + key + data["vin"].encode("latin-1") + data["signature"]
    if "result" in data:
        return bytes([data["result"], data["info"]])
    return data["serial"].to_bytes(2, "big") if "serial" in data else b""


def acknowledge(packet: Packet, response: int = 1) -> bytes:
    """Return the answer to a command: the same command and time, ``response`` 1 for taken."""
    return encode(Packet(packet.edition, packet.command, response, packet.vin, 1, packet.time))


class StreamReader:
    """Cuts a TCP stream into frames; what lies between them is skipped and counted."""

    def __init__(self) -> None:
        self._rest = b""
        self.skipped = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the whole frames that ``data`` completes."""
        self._rest += data
        while True:
            starts = [at for mark in STARTS if (at := self._rest.find(mark)) >= 0]
            if not starts:
                keep = 1 if self._rest[-1:] in (b"#", b"$") else 0
                self.skipped += len(self._rest) - keep
                self._rest = self._rest[len(self._rest) - keep :]
                return
            begin = min(starts)
            self.skipped += begin
            self._rest = self._rest[begin:]
            if len(self._rest) < HEADER:
                return
            end = HEADER + int.from_bytes(self._rest[22:24], "big") + 1
            if len(self._rest) < end:
                return
            frame = self._rest[:end]
            if bcc(frame[2:-1]) != frame[-1] and any(frame.find(mark, 2) > 0 for mark in STARTS):
                # A start inside a frame whose sum is wrong: the length may be a lie, so only the start is given up.
                self.skipped += 2
                self._rest = self._rest[2:]
                continue
            self._rest = self._rest[end:]
            yield frame
