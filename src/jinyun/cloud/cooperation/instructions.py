"""Instructions for lanes (车道指令): which lanes are closed, for buses, one-way the other way or slower, from when until when.

A zone writes them in ``lanes.toml`` beside its description::

    [[instruction]]
    id = "night-works"
    lanes = ["yungu.0+_1"]         # ids of the map's lanes
    use = "closed"                 # closed | bus | reversed | limit
    from = 2026-11-30T22:00:00+08:00
    until = 2026-12-01T05:00:00+08:00
    limit_kmh = 40                 # with use = "limit"
    description = "夜间施工"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinyun.hdmap import Map

FILE = "lanes.toml"
USES = ("closed", "bus", "reversed", "limit")
MOST, MOST_LANES, MOST_TEXT = 256, 64, 200
_KEYS = {"id", "lanes", "use", "from", "until", "limit_kmh", "description"}


class InstructionError(Exception):
    """A file of instructions that is none; the text names file, place and reason."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: lanes (rows of the map), what holds on them, and from when until when."""

    id: str
    lanes: tuple[int, ...]
    use: str
    from_us: int
    until_us: int
    limit_mps: float = float("nan")
    description: str = ""


def load(folder: Path, map: Map) -> tuple[Instruction, ...]:
    """Return the instructions of a zone's folder, none without a file; raises :class:`InstructionError`."""
    path = folder / FILE
    if not path.exists():
        return ()
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InstructionError(f"{FILE}: -: cannot be read: {error}") from None
    rows = written.get("instruction", [])
    if not isinstance(rows, list) or len(rows) > MOST or set(written) - {"instruction"}:
        raise InstructionError(f"{FILE}: instruction: up to {MOST} tables [[instruction]] and nothing else")
    found = [_one(row, f"instruction {k}", map) for k, row in enumerate(rows, start=1)]
    if len({one.id for one in found}) < len(found):
        raise InstructionError(f"{FILE}: id: two instructions have the same")
    return tuple(found)


def _one(row: Any, place: str, map: Map) -> Instruction:
    def fail(key: str, reason: str) -> InstructionError:
        return InstructionError(f"{FILE}: {place}: {key}: {reason}")

    if not isinstance(row, dict) or (unknown := set(row) - _KEYS):
        raise fail(", ".join(sorted(unknown)) if isinstance(row, dict) else "-", "is not known here")
    use, lanes = row.get("use"), row.get("lanes")
    if use not in USES:
        raise fail("use", f"{use!r} is none of {', '.join(USES)}")
    if not isinstance(lanes, list) or not 0 < len(lanes) <= MOST_LANES:
        raise fail("lanes", f"a list of one to {MOST_LANES} ids of lanes")
    rows = []
    for id in lanes:
        try:
            rows.append(map.lane_row(str(id)))
        except KeyError:
            raise fail("lanes", f"the map has no lane {id!r}") from None
    times = []
    for key in ("from", "until"):
        at = row.get(key)
        if not isinstance(at, datetime) or at.tzinfo is None:
            raise fail(key, "a date and time with its offset from UTC")
        times.append(round(at.timestamp() * 1e6))
    if times[1] <= times[0]:
        raise fail("until", "is not after from")
    limit = row.get("limit_kmh", float("nan"))
    if use == "limit" and not (isinstance(limit, (int, float)) and 0 < limit <= 200):
        raise fail("limit_kmh", "a speed above 0 and up to 200 belongs to a limit")
    text = str(row.get("description", ""))
    if len(text) > MOST_TEXT:
        raise fail("description", f"longer than {MOST_TEXT} characters")
    return Instruction(str(row.get("id", place)), tuple(rows), use, times[0], times[1], float(limit) / 3.6, text)
