"""Retention (保存期限): what of the record is let go, when, and in which order; evidence never.

Segments that an event needs are held (``holds/*.json``) until its pack is made. What goes, goes oldest first, and the
book says so before the file is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinyun.record import book
from jinyun.record.segment import listing, number_of
from jinyun.state import read_json, write_json
from jinyun.zone import Profile

HOLDS = "holds"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long each class of data is kept: seconds and bytes, None without limit."""

    segments_s: float | None = None
    segments_bytes: int | None = None
    positions_s: float | None = None
    events_s: float | None = None

    @classmethod
    def of(cls, profile: Profile) -> Keeping:
        """Return what a zone's profile says (``record.*``)."""
        return cls(
            profile["record.segments_kept_h"].value * 3600,
            int(profile["record.segments_most_gb"].value * 1e9),
            profile["record.positions_kept_d"].value * DAY_S,
            profile["record.events_kept_d"].value * DAY_S,
        )


def hold(folder: Path, name: str, from_us: int, to_us: int) -> None:
    """Keep what was recorded between two instants until :func:`release`."""
    (folder / HOLDS).mkdir(exist_ok=True)
    write_json(folder / HOLDS / f"{name}.json", {"from_us": from_us, "to_us": to_us})


def release(folder: Path, name: str) -> None:
    """Let go what was held under this name."""
    (folder / HOLDS / f"{name}.json").unlink(missing_ok=True)


def held(folder: Path) -> list[tuple[int, int]]:
    """Return the spans (us) that are held."""
    found = []
    for path in (folder / HOLDS).glob("*.json"):
        span = read_json(path)
        if isinstance(span, dict) and isinstance(span.get("from_us"), int) and isinstance(span.get("to_us"), int):
            found.append((span["from_us"], span["to_us"]))
    return found


def may_go(folder: Path, ends: dict[int, dict[str, Any]]) -> list[Path]:
    """Return the sealed segments that no event needs, the oldest first."""
    spans = held(folder)
    found = []
    for path in listing(folder):
        end = ends.get(number_of(path))
        if end is not None and not any(a <= end["last_us"] and end["first_us"] <= b for a, b in spans):
            found.append(path)
    return found


def let_go(folder: Path, path: Path, why: str, now_us: int, sign: book.Sign | None) -> int:
    """Remove one segment, after the book has said so where it can; return the bytes won."""
    won = path.stat().st_size
    try:
        book.append(folder, {"let_go": number_of(path), "name": path.name, "why": why, "t_us": now_us}, sign)
    except OSError:
        path.unlink()  # the disk is too full even for the book's word: that comes first now
        book.append(folder, {"let_go": number_of(path), "name": path.name, "why": why, "t_us": now_us}, sign)
        return won
    path.unlink()
    return won


def prune(
    folder: Path, keeping: Keeping, now_us: int, sign: book.Sign | None = None, more_bytes: int = 0, why: str = "age"
) -> list[str]:
    """Let go what is older, or more, than is kept, and ``more_bytes`` beyond that; return the names of what went."""
    lines = book.read(folder)
    ends = book.ends(lines)
    candidates = may_go(folder, ends)
    total = sum(path.stat().st_size for path in listing(folder))
    gone, won = [], 0
    for path in candidates:
        end = ends[number_of(path)]
        old = keeping.segments_s is not None and now_us - end["last_us"] > keeping.segments_s * 1e6
        much = keeping.segments_bytes is not None and total > keeping.segments_bytes
        if not (old or much or won < more_bytes):
            break
        bytes_won = let_go(folder, path, why if won < more_bytes else "age" if old else "room", now_us, sign)
        total, won = total - bytes_won, won + bytes_won
        gone.append(path.name)
    return gone
