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
from jinyun.shapes import Finding
from jinyun.state import read_json, write_json
from jinyun.zone import Profile

HOLDS = "holds"
DAY_S = 86_400.0
ARCHIVE = "archive.json"
"""What the archiving process says of itself in the record's folder (:mod:`.archiving`)."""
ARCHIVE_SILENT_US = 3_600_000_000
"""An archiving process that was not heard of for so long holds nothing back: it was switched off."""
UNARCHIVED = 2.0
"""Segments that are not archived yet stay up to so many times their age and room."""


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


def archived(folder: Path, now_us: int) -> int | None:
    """Return the number of the last segment that is archived, None where nobody archives."""
    said = read_json(folder / ARCHIVE)
    if not isinstance(said, dict) or abs(now_us - int(said.get("told_us") or 0)) > ARCHIVE_SILENT_US:
        return None
    return int(said.get("segment") or 0)


def archive_away(folder: Path, now_us: int) -> list[Finding]:
    """Return the finding that the archive is away, or none."""
    said = read_json(folder / ARCHIVE)
    if archived(folder, now_us) is None or not said.get("away_since_us"):
        return []
    reason = f"the archive cannot be reached; {said.get('waiting', 0)} sealed segments are here only"
    return [Finding(str(said["word"]), "record", "archive", reason, now_us, "warning")]


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
    """Let go what is older, or more, than is kept, and ``more_bytes`` beyond that; return the names of what went.

    What waits to be archived stays longer, but neither a full disk nor a store that is away for days is waited for.
    """
    lines = book.read(folder)
    ends = book.ends(lines)
    candidates = may_go(folder, ends)
    total = sum(path.stat().st_size for path in listing(folder))
    gone, won = [], 0
    safe = archived(folder, now_us)
    for path in candidates:
        end = ends[number_of(path)]
        times = UNARCHIVED if safe is not None and number_of(path) > safe else 1.0
        old = keeping.segments_s is not None and now_us - end["last_us"] > keeping.segments_s * times * 1e6
        much = keeping.segments_bytes is not None and total > keeping.segments_bytes * times
        if not (old or much or won < more_bytes):
            break
        bytes_won = let_go(folder, path, why if won < more_bytes else "age" if old else "room", now_us, sign)
        total, won = total - bytes_won, won + bytes_won
        gone.append(path.name)
    return gone
