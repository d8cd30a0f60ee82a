"""Broken copies of a map, and what reading them gives: run as a module for many copies of one file.

``python -m tests.hdmap.corruption FILE [COPIES [SEED]]`` prints how many copies made a map and how many were refused.
"""

from __future__ import annotations

import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from jinyun import hdmap
from jinyun.hdmap import Map, MapError

SECONDS = 60
"""Reading a copy that takes longer counts as a hang."""
VALUE = re.compile(rb'="([^"]*)"')
ODD = (
    b"",
    b"0",
    b"-1",
    b"nan",
    b"inf",
    b"1e308",
    b"-1e9",
    b"99999999999",
    b"x",
    b"1_0",
    "\u00e9".encode(),
    b"true",
    b"1 2",
)


def corrupt(data: bytes, dice: random.Random) -> bytes:
    """Return a copy broken in one of six ways, each as files break: bits, cuts, values at wrong places, absurd values."""
    copy = bytearray(data)
    how = dice.randrange(6)
    if how == 0:
        for _ in range(dice.choice((1, 3, 20, 200))):
            copy[dice.randrange(len(copy))] ^= 1 << dice.randrange(8)
    elif how == 1:
        del copy[dice.randrange(len(copy)) :]
    elif how == 2:
        start = dice.randrange(len(copy))
        del copy[start : start + dice.choice((1, 40, 4000))]
    elif how == 3:
        start = dice.randrange(len(copy))
        copy[start:start] = copy[start : start + dice.choice((10, 400, 40_000))]
    else:
        places = list(VALUE.finditer(data))
        for _ in range(dice.choice((1, 2, 8))):
            a, b = dice.choice(places), dice.choice(places)
            new = b[1] if how == 4 else dice.choice(ODD)
            if how == 5 and dice.random() < 0.4:  # the same attribute everywhere
                name = data[data.rfind(b" ", 0, a.start()) : a.start()]
                return data.replace(name + b'="' + a[1] + b'"', name + b'="' + new + b'"')
            data = data[: a.start()] + b'="' + new + b'"' + data[a.end() :]
            places = list(VALUE.finditer(data))
        return data
    return bytes(copy)


def whole(map: Map) -> None:
    """Assert what any map holds, however odd its source: rows that exist and places on Earth."""
    lanes, points, n = map.lanes, map.points, len(map.lanes["id"])
    assert n and np.isfinite(points["x_m"]).all() and np.isfinite(points["left_y_m"]).all()
    assert (lanes["first"] + lanes["count"] <= len(points["x_m"])).all() and (lanes["count"] >= 2).all()
    for table, column in (
        ("lanes", "left"),
        ("lanes", "right"),
        ("links", "via"),
        ("successors", "lane"),
        ("bays", "lane"),
    ):
        rows = getattr(map, table)[column]
        assert ((rows >= -1) & (rows < n)).all(), (table, column)
    assert ((map.edges["end"] >= -1) & (map.edges["end"] < len(map.junctions["id"]))).all()
    assert (map.links["group"] < len(map.groups["phase"])).all()
    assert set(map.ignored.values()) >= set() and str(map.about["revision"][0])


def survey(path: Path, copies: int, seed: int) -> Counter[str]:
    """Read broken copies of a map; return how many made a map and how many were refused, and why.

    Raises whatever a copy raised that is no :class:`MapError`, with the copy kept beside its name for a closer look.
    """
    data, told = path.read_bytes(), Counter[str]()

    def late(*_: object) -> None:
        raise TimeoutError(f"reading takes more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    try:
        with tempfile.TemporaryDirectory() as folder:
            at = Path(folder) / path.name
            for copy in range(copies):
                broken = corrupt(data, random.Random(f"{path.name} {seed} {copy}"))
                at.write_bytes(broken)
                signal.alarm(SECONDS)
                try:
                    whole(hdmap.read(at))
                    told["read"] += 1
                except MapError as error:
                    told["refused"] += 1
                    assert str(error).startswith(f"{path.name}: ") and len(str(error)) < 500
                except BaseException as error:
                    error.add_note(f"{path.name}, seed {seed}, copy {copy}")
                    raise
                finally:
                    signal.alarm(0)
    finally:
        signal.signal(signal.SIGALRM, before)
    return told


if __name__ == "__main__":
    name, copies, seed = (*sys.argv[1:], *("100", "1")[len(sys.argv) - 2 :])
    begin = time.monotonic()
    print(name, dict(survey(Path(name), int(copies), int(seed))), f"{time.monotonic() - begin:.0f} s")
