"""Cases of data (数据类测例): DDS passes on what is whole, PDS sums up what connected vehicles did.

DDS: a frame of RTCM 3 whose CRC is right, reckoned here bit by bit, goes down through every unit; one that is not does not.
PDS: a lane's minute is due where at least three vehicles with a unit drove over it, with the mean of their speeds to 2 %; a
lane that fewer drove over must not be told.
"""

from __future__ import annotations

import numpy as np

from jinyun.bench.evaluation.asking.town import T0_US, Town
from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.cloud.cooperation.hearing import Heard

Rng = np.random.Generator
CRC24Q = 0x1864CFB
SECONDS = 8


def corrections(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Send frames up, some of them broken on the way."""
    frames, good = [], {}
    for number in rng.choice(np.arange(1001, 1230), 4, replace=False).tolist():
        body = bytes([number >> 4, (number & 0xF) << 4]) + rng.bytes(int(rng.integers(6, 60)))
        whole = bytes([0xD3, len(body) >> 8, len(body) & 0xFF]) + body
        whole += _crc(whole).to_bytes(3, "big")
        broken = bool(rng.random() < 0.7)
        if broken:
            at = int(rng.integers(3, len(whole)))
            whole = whole[:at] + bytes([whole[at] ^ (1 << int(rng.integers(8)))]) + whole[at + 1 :]
        frames.append({"payload": whole})
        good[whole] = not broken
    out = town.step(Heard("rtcm", 1, town.now_us, {"corrections": frames}), verdict=verdict)
    said: dict[int, set[bytes]] = {}
    for one in out:
        if one.message == "rtcm":
            value = one.content(town.zone.project, town.now_us)
            said.setdefault(one.unit, set()).update(bytes(its["payload"]) for its in value["corrections"])
    everywhere = set.intersection(*said.values()) if len(said) == len(town.units) else set()
    anywhere = set().union(*said.values())
    for octets, right in good.items():
        if right:
            verdict.due(octets in everywhere)
        else:
            verdict.undue(octets in anywhere)


def _crc(octets: bytes) -> int:
    crc = 0
    for octet in octets:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= CRC24Q
    return crc & 0xFFFFFF


def probes(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Let some drive over a lane for some seconds of a minute, and read the minute when it is over."""
    lane, many = int(rng.choice(town.long)), int(rng.integers(1, 6))
    speeds = rng.uniform(5, 12, many)
    town.now_s = 60.0 - (T0_US // 1_000_000) % 60 + 1.0  # the first second of a minute
    for second in range(SECONDS):
        town.rows = town.rows[:0]
        for k, speed in enumerate(speeds.tolist()):
            town.on(lane, 20.0 + 14.0 * k + speed * second, speed, unit=k > 0 or many > 1)
        town.step(verdict=verdict if second == 0 else None)
        town.now_s += 1.0
    town.now_s += 60.0
    town.step()
    rows = town.state.kept["PDS"].query(lane=lane)
    valid = rows[rows["valid"]]
    if many >= 3:
        verdict.due(len(valid) == 1 and abs(float(valid["speed_mps"][0]) / speeds.mean() - 1) < 0.02)
    else:
        verdict.undue(bool(len(valid)))
