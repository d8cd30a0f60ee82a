"""``./jinyun fuzz``: minutes of random messages of every type against independent codecs, and a storm of damaged frames.

    ./jinyun fuzz                      20,000 values of each type, 1,000,000 damaged frames (hours)
    ./jinyun fuzz --values 200 --frames 100000 --seconds 300

Random values of every type are encoded by us and by asn1tools and must agree byte for byte, both ways. Damaged frames
(flipped bits, cuts, random octets) go through the batch kernels and the whole decoder: nothing may crash, hold up a block
or keep memory. Ends with one line of JSON; exit code 1 at the first disagreement, with the octets that show it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator

import psutil

from jinyun.cloud.decode import Decoder
from jinyun.net.block import Arrival, Block
from jinyun.net.csae.types import dictionary
from jinyun.zone import Projection
from tests.net.csae.oracle import asn1, vectors
from tests.net.csae.test_single_messages import check_random

MESSAGES = ("bsm", "map", "rsm", "spat", "rsi")
BLOCK = 500
"""Damaged frames in a block."""


def values_agree(count: int, rng: random.Random, end: float) -> int:
    """Compare ``count`` random values of every type with asn1tools; return how many were compared."""
    names = sorted(dictionary("A").types)
    done = 0
    for _ in range(count):
        for name in names:
            check_random(name, rng)
            done += 1
            if time.monotonic() > end:
                return done
        if sys.stderr.isatty():
            print(f"\r{done} values", end="", file=sys.stderr, flush=True)
    return done


def damaged(seeds: list[bytes], rng: random.Random) -> Iterator[bytes]:
    """Yield frames with a few flipped bits, cut short, spliced, or of random octets altogether."""
    while True:
        data = bytearray(rng.choice(seeds))
        way = rng.random()
        if way < 0.05:
            data = bytearray(rng.randbytes(rng.randrange(200)))
        elif way < 0.2:
            del data[rng.randrange(len(data) + 1) :]
        elif way < 0.3:
            other = rng.choice(seeds)
            data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]
        for _ in range(rng.randrange(4)):
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        yield bytes(data)


def storm(count: int, rng: random.Random, end: float) -> dict[str, float]:
    """Send ``count`` damaged frames through the decoder; return the slowest times (ms) and the memory that stayed.

    The slowest frame is sought in each block that was slower than all before it, frame by frame.
    """
    seeds = [data for name, data in vectors() if name == "MessageFrame"]
    frames = damaged(seeds, rng)
    decoder = Decoder(Projection(106.3, 29.6))
    decoder.warm()
    process = psutil.Process()
    done, slowest_ms, slowest_frame_ms, after_warm = 0, 0.0, 0.0, 0
    while done < count and time.monotonic() < end:
        rows = [
            Arrival(1_795_000_000_000_000 + done, f"jinyun.z.rsu.R{n % 40}.up.{MESSAGES[n % 5]}", next(frames))
            for n in range(BLOCK)
        ]
        block = Block.of(rows)
        begin = time.thread_time()  # the machine's other work does not count
        decoder.read(block)
        took_ms = (time.thread_time() - begin) * 1000
        if took_ms > slowest_ms:
            slowest_ms = took_ms
            slowest_frame_ms = max(slowest_frame_ms, *(alone_ms(row, decoder.project) for row in rows))
        done += BLOCK
        if done == 20 * BLOCK:
            after_warm = process.memory_info().rss
    grown = (process.memory_info().rss - after_warm) / 2**20 if after_warm else 0.0
    taken = sum(decoder.received.values())
    return {
        "frames": done, "taken": taken, "refused": decoder.refused, "slowest_block_ms": round(slowest_ms, 2),
        "block": BLOCK, "slowest_frame_ms": round(slowest_frame_ms, 2), "grown_mb": round(grown, 2),
    }  # fmt: skip


def alone_ms(row: Arrival, project: Projection) -> float:
    """Return the time one frame takes in a decoder of its own: the better of two, so that only the frame counts."""
    taken = []
    for _ in range(2):
        decoder = Decoder(project)
        begin = time.thread_time()
        decoder.decode([row])
        taken.append((time.thread_time() - begin) * 1000)
    return min(taken)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./jinyun fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--values", type=int, default=20_000, help="random values of each type")
    parser.add_argument("--frames", type=int, default=1_000_000, help="damaged frames")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="give each half at most so long")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    rng = random.Random(args.seed)
    asn1()
    try:
        compared = values_agree(args.values, rng, time.monotonic() + args.seconds)
        found = storm(args.frames, rng, time.monotonic() + args.seconds)
    except AssertionError as error:
        print(json.dumps({"seed": args.seed, "disagreement": str(error)[:2000]}))
        return 1
    print(json.dumps({"seed": args.seed, "values": compared, "types": len(dictionary("A").types), **found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
