"""How fast GB/T 32960.3 reports are read and written, against rtm-con in the same run, on one core.

The packets are the realtime and re-sent reports recorded from real senders, both editions, where these recordings lie
beside the checkout; else reports made like them. Each is repeated under other VINs until there is a window's worth.
Columns, the codec of single packets and rtm-con take turns; a figure is the median of the rounds, its time that of the
thread, so other processes weigh on all alike. rtm-con (PyPI, GPL-2.0, wants openpyxl) is no part of Jinyun: where it is not
installed, figures against it are left out.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import statistics
import time
from collections.abc import Callable
from importlib import import_module, metadata
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from jinyun.bench.machine import describe
from jinyun.net import gbt32960
from jinyun.net.gbt32960 import columns
from jinyun.net.gbt32960.fields import EXTREMES
from jinyun.net.gbt32960.packet import COMMAND, Packet, beijing_time
from jinyun.net.gbt32960.server import Limits, serve

RECORDED = Path(__file__).parents[3].parent / "shared" / "data" / "gb32960" / "packets.json"
WINDOW = 2000
"""What a zone of 20,000 vehicles sends in a second at a report every ten."""
ROUNDS = 7
_RTM_CON = "rtm-con"


def recorded() -> list[bytes]:
    """Return the recorded reports, none where they are not beside the checkout."""
    if not RECORDED.exists():
        return []
    frames = [bytes.fromhex(row["hex"]) for row in json.loads(RECORDED.read_text())]
    return [frame for frame in frames if frame[2] in (2, 3) and frame[3] == COMMAND]


def made(count: int = 24) -> list[bytes]:
    """Return reports of ``count`` simulated vehicles of both editions, with 96 to 192 cells, as real ones are."""
    rng = random.Random(32960)
    return [_report(rng, 2016 if n % 2 else 2025, rng.choice((96, 108, 126, 192))) for n in range(count)]


def _report(rng: random.Random, edition: int, cells: int) -> bytes:
    zero_a = 10_000 if edition == 2016 else 30_000
    volts, current = cells * 3300 // 100, zero_a + rng.randrange(-1000, 1000)
    vehicle = {
        "item": "vehicle", "state": 1, "charge": 3, "mode": 1, "speed": rng.randrange(1200), "odometer": rng.randrange(10**6),
        "voltage": volts, "current": current, "soc": rng.randrange(10, 101), "dcdc": 1, "gear": 0x2E, "insulation": 5000,
        "accelerator": 10, "brake": 0,
    }  # fmt: skip
    motor = {
        "index": 1, "state": 1, "controller_temperature": 70, "rotation": 25_000, "torque": 20_500, "temperature": 80,
        "controller_voltage": volts, "controller_current": 10_000,
    }  # fmt: skip
    extremes = dict.fromkeys((field.name for field in EXTREMES.fields), 1)
    items: list[dict[str, Any]] = [
        vehicle,
        {"item": "motors", "motors": [motor]},
        {"item": "position", "status": 0, "coordinates": 1, "longitude": 106_500_000, "latitude": 29_500_000},
        *([{"item": "extremes", **extremes}] if edition == 2016 else []),
        {"item": "alarms", "level": 0, "flags": 0, "battery": (), "motor": (), "engine": (), "other": (), "levels": []},
        {"item": "packs", "packs": [{"index": 1, "voltage": volts, "current": current, "cells_total": cells,
                                     "first_cell": 1, "cells": tuple(rng.randrange(3250, 3350) for _ in range(cells))}]},
        {"item": "probes", "packs": [{"index": 1, "temperatures": tuple(rng.randrange(60, 80) for _ in range(cells // 4))}]},
    ]  # fmt: skip
    if edition == 2025:
        items.append({"item": "signature", "algorithm": 1, "r": rng.randbytes(32), "s": rng.randbytes(32)})
    now = beijing_time(1_748_750_400_000_000)
    return gbt32960.encode(
        Packet(edition, 2, COMMAND, f"LSIM{rng.randrange(10**13):013d}", time=now, data={"items": items})
    )


def window(frames: list[bytes], count: int = WINDOW) -> list[bytes]:
    """Return ``count`` reports: those of ``frames`` again and again, each as of another vehicle."""
    found = []
    for number, frame in enumerate(islice(cycle(frames), count)):
        packet = gbt32960.decode(frame)
        packet.vin = f"LSIM{number:013d}"
        found.append(gbt32960.encode(packet))
    return found


def _per_second(work: Callable[[], object], items: int, seconds: float) -> float:
    """Return how many items ``work`` gets done in a second of this thread."""
    runs, begin = 0, time.thread_time()
    while (spent := time.thread_time() - begin) < seconds or not runs:
        work()
        runs += 1
    return runs * items / max(spent, 1e-9)


def _other() -> Callable[[bytes], object] | None:
    """Return rtm-con's reader, None where it is not installed."""
    try:
        parse: Callable[[bytes], object] = import_module("rtm_con").msg.parse
    except (ImportError, NameError):  # without openpyxl it raises the latter
        return None
    return parse


def measure(seconds: float = 12.0) -> dict[str, Any]:
    """Measure for about ``seconds`` and return ``{"bench", "machine", "figures", "peers"}``.

    ``realtime_decode_per_s`` is the batch reader, frames to columns, and ``vs_rtm_con`` how many times rtm-con's rate that
    is; ``general_...`` the codec of single packets; ``endpoint_reports_per_s`` reports through a TCP endpoint on loopback,
    decoded, checked and acknowledged, sender and receiver sharing one thread.
    """
    frames = recorded() or made()
    many = window(frames)
    joined = columns.join(many)
    assert (columns.decode(*joined).verdict == columns.OK).all()
    packets = [gbt32960.decode(frame) for frame in frames]
    assert [gbt32960.encode(packet) for packet in packets] == frames
    other = _other()
    work: dict[str, tuple[Callable[[], object], int]] = {
        "realtime_decode": (lambda: columns.decode(*joined), len(many)),
        "general_decode": (lambda: [gbt32960.decode(frame) for frame in frames], len(frames)),
        "general_encode": (lambda: [gbt32960.encode(packet) for packet in packets], len(frames)),
    }
    if other is not None:
        work["rtm_con_decode"] = (lambda: [other(frame) for frame in frames], len(frames))
    gc.collect()
    gc.freeze()  # what the set-up left behind is not to be gone through again and again while measuring
    try:
        slice_s = seconds / (ROUNDS * len(work))
        rounds = [{name: _per_second(call, n, slice_s) for name, (call, n) in work.items()} for _ in range(ROUNDS)]
        endpoint = asyncio.run(_endpoint_rate(many))
    finally:
        gc.unfreeze()
    figures = {f"{name}_per_s": statistics.median(r[name] for r in rounds) for name in work if name != "rtm_con_decode"}
    figures["realtime_decode_mb_per_s"] = figures["realtime_decode_per_s"] * len(joined[0]) / len(many) / 1e6
    figures["endpoint_reports_per_s"] = endpoint
    figures |= {"packets": float(len(frames)), "packet_bytes": sum(map(len, frames)) / len(frames)}
    peers: dict[str, Any] = {"packets": "recorded" if RECORDED.exists() else "made"}
    if other is None:
        peers["rtm_con"] = "not installed: pip install rtm-con openpyxl"
    else:
        figures["vs_rtm_con"] = statistics.median(r["realtime_decode"] / r["rtm_con_decode"] for r in rounds)
        figures["general_vs_rtm_con"] = statistics.median(r["general_decode"] / r["rtm_con_decode"] for r in rounds)
        rate = statistics.median(r["rtm_con_decode"] for r in rounds)
        peers["rtm_con"] = {"version": metadata.version(_RTM_CON), "decode_per_s": rate}
    return {"bench": "gb32960", "machine": describe(), "figures": figures, "peers": peers}


async def _endpoint_rate(frames: list[bytes]) -> float:
    """Return how many reports a second a platform gets through an endpoint, at most 200 without an answer."""
    server = await serve(
        "127.0.0.1", 0, lambda _: True, verify=lambda *_: True, limits=Limits(platform_rate=1e9, burst_s=1.0)
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    platform = {"serial": 1, "user": "bench", "password": "", "rule": 1}
    time_ = beijing_time(time.time_ns() // 1000)
    writer.write(gbt32960.encode(Packet(2016, 5, COMMAND, "BENCH", time=time_, data=platform)))
    answers = gbt32960.StreamReader()
    begin, unanswered, taken = time.thread_time(), 1, 0
    for frame in frames:
        writer.write(frame)
        unanswered += 1
        while unanswered > 200:
            got = len(list(answers.feed(await reader.read(1 << 16))))
            unanswered, taken = unanswered - got, taken + got
    while unanswered:
        got = len(list(answers.feed(await reader.read(1 << 16))))
        unanswered, taken = unanswered - got, taken + got
    spent = time.thread_time() - begin
    assert server.dialogue.counters["accepted"] == taken == len(frames) + 1
    writer.close()
    await writer.wait_closed()
    await server.close()
    return len(frames) / spent
