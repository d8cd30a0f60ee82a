"""How fast T/CSAE messages are read and written, against asn1tools in the same run, on one core.

The messages are a BSM with all core options (49 octets), an RSM with 16 participants, and a SPAT (8 phases of 3 states,
261 octets) and a MAP (one node, 529 octets) captured from live roadside units. Each is made into a batch of messages that
differ in their numbers. Our codec and asn1tools, compiled from our own type table, take turns; a figure is the median of
the rounds, its time that of the thread, so other processes weigh on both alike.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jinyun.bench.machine import describe
from jinyun.net import csae
from jinyun.net.csae import asn1, batch

BSM = bytes.fromhex(
    "07c02000000000000000000006639d20605562371f8ce20505000072d07d0e103f7b27d07d07f7ffffe82a59683c0790a4"
)
"""A BSM with all core options (asn1tools, pycrate and asn1c agree on it)."""

SPAT = bytes.fromhex(
    "3660dfcbe28ec00807f80048200390925060000003c003c003c9c1800f000f001e00002306003c003c007800004649418000"
    "000f000f000f2706003c003c007800008c1800f000f001e00001492306000003980398039894180e600e601cc00002706039"
    "80398073000005648c18000001e001e001e25060078007800f000009c1801e001e003c000018925060000003c003c003c9c1"
    "800f000f001e00002306003c003c007800006649418000000f000f000f2706003c003c007800008c1800f000f001e00001c9"
    "2306000003980398039894180e600e601cc0000270603980398073000007648c18000001e001e001e25060078007800f0000"
    "09c1801e001e003c000000"
)
"""Captured from a live roadside unit in Beijing, 2020 (github zyjohn0822/asn1-uper-v2x, Apache-2.0), like the next."""

MAP = bytes.fromhex(
    "1403a1a10060002012a8cc8cf555d43533e33e00020128251a110000226046aea1a01a8cc995c26aea1a1d88cc9622a6aea1"
    "a4138cc923746aea1a6868cc8e5262c0004110c070001009602c0004111c0c0b40444c700170001044380a0000f000100968"
    "0c0001700010447809000188d5d43403519932b84d5d4343b11992c454d5d434827199246e8d5d434d0d1991ca4cf8000804"
    "b0946844000089811aba86cd26332012b9aba86c74a3320e261aba86bfca3321e479aba86b46e3322e0e0b0001044709c000"
    "402502b000104430b02d011131c005c0004111e0280003c000402520300005c0004110e0240006235750d9a4c66402573575"
    "0d8e946641c4c35750d7f946643c8f35750d68dc6645c1c3e00020886251a110000145046aea2001b8cc8da906aea1e2268c"
    "c8d8dc6aea1cc508cc8d80a6aea1b78e8cc8d79e2c00040258170001044706c000402501c0b40428a700170001009680a000"
    "2f0001044780c0003700010094809000388d5d4400371991b520d5d43c44d1991b1b8d5d4398a11991b014d5d436f1d1991a"
    "f3cf800082238946844000051411aba8533e233230a29aba85a26a332316c9aba861582332326c1aba8670ee332332d0b000"
    "100940dc0004110c3b000100960f02d010a29c005c00040252028001bc0004110e030001dc0004025a024001e235750a67c4"
    "664614535750b44d466462d935750c2b0466464d835750ce1dc664665a"
)

BATCH = 2000
"""A window of 20 ms when ten thousand cars send ten messages a second."""
ROUNDS = 7


def messages(kind: str, count: int, rng: random.Random) -> list[bytes]:
    """Return ``count`` frames of a kind (``bsm``, ``rsm16``, ``spat``, ``map``) that differ in their numbers."""
    _, car = csae.decode(BSM)
    if kind == "bsm":
        return [
            csae.encode("bsmFrame", {**car, **_moved(car, rng), "msgCnt": i % 128, "id": rng.randbytes(8)})
            for i in range(count)
        ]
    if kind == "rsm16":
        frames = []
        for i in range(count):
            seen = [_participant(car, number, rng) for number in range(1, 17)]
            value = {"msgCnt": i % 128, "id": b"RSU00001", "refPos": car["pos"], "participants": seen}
            frames.append(csae.encode("rsmFrame", value))
        return frames
    name, value = csae.decode(SPAT if kind == "spat" else MAP)
    return [csae.encode(name, {**value, "msgCnt": rng.randrange(128)}) for _ in range(count)]


def _moved(car: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    place = {**car["pos"], "lat": rng.randint(294000000, 296000000), "long": rng.randint(1064000000, 1066000000)}
    return {
        "pos": place,
        "secMark": rng.randrange(60000),
        "speed": rng.randrange(8191),
        "heading": rng.randrange(28800),
    }


def _participant(car: dict[str, Any], number: int, rng: random.Random) -> dict[str, Any]:
    offset = {"lon": rng.randint(-131072, 131071), "lat": rng.randint(-131072, 131071)}
    return {
        "ptcType": "motor",
        "ptcId": number,
        "source": "integrated",
        "secMark": rng.randrange(60000),
        "pos": {"offsetLL": ("position-LL4", offset)},
        "posConfidence": {"pos": "a50cm"},
        "speed": rng.randrange(8191),
        "heading": rng.randrange(28800),
        "accelSet": car["accelSet"],
        "size": car["size"],
        "vehicleClass": {"classification": 10},
    }


def _each(function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> None:
    """Call a function for each, and keep nothing."""
    for given in arguments:
        function(*given)


def _per_second(work: Callable[[], object], items: int, seconds: float) -> float:
    """Return how many items ``work`` gets done in a second of this thread."""
    runs, begin = 0, time.thread_time()
    while (spent := time.thread_time() - begin) < seconds or not runs:
        work()
        runs += 1
    return runs * items / max(spent, 1e-9)


def measure(seconds: float = 20.0) -> dict[str, Any]:
    """Measure for about ``seconds`` and return ``{"bench", "machine", "figures", "peers"}``.

    ``figures`` holds, for each kind and direction, ``{kind}_{decode|encode}_batch_vs_asn1tools`` (how many times as
    fast) and ``..._per_s`` (messages a second) for batches and for single messages (``general``), and
    ``general_{decode|encode}_vs_asn1tools``, the least over the kinds. ``peers`` holds what asn1tools did. Raises
    ``ImportError`` where asn1tools is not installed.
    """
    import asn1tools

    oracle = asn1tools.compile_string(asn1.text(), "uper")
    rng = random.Random(2020)
    batch.warm()
    gc.freeze()  # what the set-up left behind is not to be gone through again and again while measuring
    try:
        figures, peer = _figures(oracle, seconds, rng)
    finally:
        gc.unfreeze()
    peers = {"asn1tools": {"version": asn1tools.__version__, **peer}}
    return {"bench": "codec", "machine": describe(), "figures": figures, "peers": peers}


def _figures(oracle: Any, seconds: float, rng: random.Random) -> tuple[dict[str, float], dict[str, float]]:
    """Return our figures and those of asn1tools."""
    kinds = {"bsm": "bsmFrame", "rsm16": "rsmFrame", "spat": "spatFrame", "map": "mapFrame"}
    slice_s = seconds / (ROUNDS * len(kinds) * 6)
    figures: dict[str, float] = {}
    peer: dict[str, float] = {}
    least = {"decode": float("inf"), "encode": float("inf")}
    for kind, frame in kinds.items():
        frames = messages(kind, BATCH, rng)
        buffer, offsets, lengths = batch.join(frames)
        columns = batch.decode(frame, buffer, offsets, lengths).tables
        some = frames[:20]
        values = [csae.decode(data) for data in some]
        assert batch.encode(frame, columns).frames() == frames
        assert [oracle.decode("MessageFrame", data) for data in some] == values
        single = partial(oracle.decode, "MessageFrame"), partial(oracle.encode, "MessageFrame")
        work: dict[str, tuple[Callable[[], object], int]] = {
            "decode_batch": (partial(batch.decode, frame, buffer, offsets, lengths), BATCH),
            "encode_batch": (partial(batch.encode, frame, columns), BATCH),
            "decode_general": (partial(_each, csae.decode, [(data,) for data in some]), len(some)),
            "encode_general": (partial(_each, csae.encode, values), len(some)),
            "decode_asn1tools": (partial(_each, single[0], [(data,) for data in some]), len(some)),
            "encode_asn1tools": (partial(_each, single[1], [(value,) for value in values]), len(some)),
        }
        rounds = [{name: _per_second(call, n, slice_s) for name, (call, n) in work.items()} for _ in range(ROUNDS)]
        for way in ("decode", "encode"):
            peer[f"{kind}_{way}_per_s"] = statistics.median(r[f"{way}_asn1tools"] for r in rounds)
            for form in ("batch", "general"):
                ratio = statistics.median(r[f"{way}_{form}"] / r[f"{way}_asn1tools"] for r in rounds)
                figures[f"{kind}_{way}_{form}_vs_asn1tools"] = ratio
                figures[f"{kind}_{way}_{form}_per_s"] = statistics.median(r[f"{way}_{form}"] for r in rounds)
                if form == "general":
                    least[way] = min(least[way], ratio)
    figures |= {f"general_{way}_vs_asn1tools": ratio for way, ratio in least.items()}
    return figures, peer
