"""Packets for the tests: recordings beside the checkout, a few as facts, and random ones of every kind of item."""

from __future__ import annotations

import random
from typing import Any

from jinyun.net.gbt32960 import Packet, encode
from jinyun.net.gbt32960.fields import EDITIONS, INVALID, ITEMS, Layout, Part, Rows, Run
from tests.conftest import shared_json

VIN = "LTEST000000000001"
NOON = bytes([25, 6, 1, 12, 0, 0])  # 2025-06-01 12:00:00 in Beijing

FACTS = {
    # github terryhart/32960, VIN replaced and checksum made again
    "login": (
        "232301fe4c5445535430303030303030303030303701001e120a1e14233600fd383938363034303231303137303031373937373901004e"
    ),
    "realtime": (
        "232302fe4c5445535430303030303030303030303801007f120a1e142400010103010000001b390b164925da39023e41b6000102"
        "010104284e204e2028000027100500073d270801dcda6a06013f0cbf015b0cb2010246014e400700000000000000000080003000"
        "000003e803e8ffffffffffffffffffffffffffff1649feca00000000000000000000ffff00000000ff280028282802d6"
    ),
    "logout": ("232304fe4c54455354303030303030303030303039010008120a1e142411001493"),
    "logout answer": ("232304014c54455354303030303030303030303039010006120a1e14241176"),
    "heartbeat": ("232307fe4c54455354303030303030303030303131010000a2"),
    "heartbeat answer": ("232307014c544553543030303030303030303031310100005d"),
    "platform logout answer": ("232306014c5445535430303030303030303030313001000612061610151549"),
    "realtime answer": ("232302014c54455354303030303030303030303137010006120a1e1021214e"),
    "reissue answer": ("232303014c54455354303030303030303030303230010006120a1e0f2b0a75"),
    # github Sengezuidiao/GB32960Tool, VIN replaced and checksum made again
    "logout 2021": ("232304fe4c54455354303030303030303030303032010008150814093b330001a2"),
    # github beidouchangxi/rtm_con, VIN replaced and checksum made again
    "login 2025": (
        "242401fe4c54455354303030303030303030303232010036190a1b140202000c3839383630393234373930303233313636363036"
        "010130524a504541303048415530414146313331303031393535e1"
    ),
    "motors invalid": (
        "232302fe4c54455354303030303030303030303232010020190a1b1402020202fffffffffffffffffffffffffefefefefefefefe"
        "fefefefe9b"
    ),
    "login answer 2025": ("242401014c54455354303030303030303030303232010006190a1b14020241"),
    "activation response": ("24240afe4c544553543030303030303030303032330100020201af"),
}
"""Frames as they were seen on the line, by what they are."""


def recorded() -> list[bytes]:
    """Return all recorded packets; skips the test where they are not beside the checkout."""
    return [bytes.fromhex(row["hex"]) for row in shared_json("gb32960/packets.json")]


def reports(frames: list[bytes]) -> list[bytes]:
    return [frame for frame in frames if frame[2] in (2, 3) and frame[3] == 0xFE]


def report(edition: int, items: list[dict[str, Any]], command: int = 2, vin: str = VIN, time: bytes = NOON) -> bytes:
    return encode(Packet(edition, command, 0xFE, vin, 1, time, {"items": items}))


def vehicle(edition: int = 2016, **fields: int) -> dict[str, Any]:
    """Return a vehicle item: 36.0 km/h, 12345.6 km, 380.0 V, 10.0 A, 80 %."""
    item = {"item": "vehicle", "state": 1, "charge": 3, "mode": 1, "speed": 360, "odometer": 123_456, "voltage": 3800,
            "current": 10_100 if edition == 2016 else 30_100, "soc": 80, "dcdc": 1, "gear": 0x2E, "insulation": 1000,
            "accelerator": 10, "brake": 0}  # fmt: skip
    return item | fields


# -- random --------------------------------------------------------------------------------------------------------------


def _number(rng: random.Random, width: str) -> int:
    invalid = INVALID[width]
    chance = rng.random()
    if chance < 0.1:
        return invalid - rng.randrange(2)
    return rng.randrange(min(invalid, 250) if chance < 0.4 else invalid)


def _fields(rng: random.Random, parts: tuple[Part, ...]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, Layout):
            item |= {field.name: _number(rng, field.width) for field in part.fields}
        elif isinstance(part, Run):
            count = 0 if rng.random() < 0.3 else rng.randrange(1, 12)
            item[part.field.name] = tuple(_number(rng, part.field.width) for _ in range(count))
            if not count and rng.random() < 0.3:
                item[f"{part.field.name}_count"] = INVALID[part.width] - rng.randrange(2)
        elif isinstance(part, Rows):
            item[part.name] = [_fields(rng, part.parts) for _ in range(rng.randrange(4))]
            if not item[part.name] and rng.random() < 0.3:
                item[f"{part.name}_count"] = 0xFF - rng.randrange(2)
        else:
            item[part.name] = rng.randbytes(rng.randrange(40))
    return item


def random_items(rng: random.Random, edition: int, count: int = 6) -> list[dict[str, Any]]:
    """Return items of every kind, custom and undescribed ones too."""
    items: list[dict[str, Any]] = []
    for kind in rng.choices(list(ITEMS[edition].values()), k=rng.randrange(count + 1)):
        items.append({"item": kind.name, **_fields(rng, kind.parts)})
        if rng.random() < 0.1:
            items.append({"item": "custom", "type": rng.randrange(0x80, 0xFF), "data": rng.randbytes(rng.randrange(9))})
    if rng.random() < 0.1:
        items.append({"item": "custom", "type": rng.randrange(0x80, 0xFF), "rest": rng.randbytes(rng.randrange(9))})
    elif edition == 2025 and rng.random() < 0.1:
        items.append({"item": "undescribed", "type": 0x30, "rest": rng.randbytes(rng.randrange(9))})
    return items


def random_report(rng: random.Random, edition: int | None = None) -> bytes:
    """Return a report of random items; seldom with another command, encryption or a time that is no date."""
    edition = edition or rng.choice(EDITIONS)
    time = bytes([rng.randrange(99), rng.randrange(14), rng.randrange(33), rng.randrange(25), rng.randrange(61), 0])
    command = rng.choice((2, 2, 2, 3, 3, 4 if rng.random() < 0.1 else 2))
    vin = f"LTEST{rng.randrange(10**12):012d}"
    if command == 4:
        return encode(Packet(edition, 4, 0xFE, vin, 1, time, {"serial": 1}))
    frame = report(edition, random_items(rng, edition), command, vin, time)
    if rng.random() < 0.03:
        frame = sealed(frame[:21] + bytes([rng.choice((2, 3, 0xFE, 0xFF))]) + frame[22:])
    return frame


def sealed(frame: bytes) -> bytes:
    """Return ``frame`` with the length and the checksum that it should have."""
    frame = frame[:22] + (len(frame) - 25).to_bytes(2, "big") + frame[24:-1]
    folded = 0
    for byte in frame[2:]:
        folded ^= byte
    return frame + bytes([folded])
