"""The book of a record (记录台账): which segments there were, how each ended, which were let go and why.

``record.jsonl`` is a line of JSON for each deed, in their order. Each line holds ``line``, the SHA-256 of the line before's and
its own content, and, where the zone has a key, an Ed25519 ``signature`` of that: so the book too cannot be changed unseen,
and a segment that is missing without the book's word was taken.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FILE = "record.jsonl"
LONGEST_LINE = 65_536
Sign = Callable[[bytes], bytes]


class BookError(ValueError):
    """A line of the book is not what was written."""


def digest(before: str, content: dict[str, Any]) -> str:
    """Return what a line's ``line`` must be after a line whose was ``before``."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((before + text).encode()).hexdigest()


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a record's book; a last line that a power cut tore is left out. Raises :class:`BookError`."""
    try:
        data = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return []
    lines, before = [], ""
    for number, raw in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1):
        try:
            line: dict[str, Any] = json.loads(raw)
            good = line["line"] == digest(before, content_of(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BookError(f"{FILE}: line {number} cannot be read: {error}") from None
        if not good:
            raise BookError(f"{FILE}: line {number} was changed, or the one before it")
        before = line["line"]
        lines.append(line)
    return lines


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the book while it is written: the writer and whoever prunes take turns."""
    with (folder / (FILE + ".lock")).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def append(folder: Path, content: dict[str, Any], sign: Sign | None = None) -> dict[str, Any]:
    """Write one more line and wait until it is on the disk; returns it. Raises ``OSError`` or :class:`BookError`."""
    with _alone(folder):
        path = folder / FILE
        before, end = _last(path)
        line = line_after(before, content, sign)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(descriptor, end)  # a last line that a power cut tore goes
            data = written(line)
            try:
                if os.pwrite(descriptor, data, end) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                os.ftruncate(descriptor, end)
                raise
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return line


def fold(folder: Path, most_lines: int, sign: Sign | None = None) -> None:
    """Say in one line what more than ``most_lines`` lines say of segments at the beginning that are all gone."""
    with _alone(folder):
        lines = read(folder)
        gone, known = let_go(lines), ends(lines)
        if len(gone) <= most_lines:
            return
        first = lines[0].get("folded", 0) + 1
        last = first
        while last in gone and last in known:
            last += 1
        last -= 1
        if last < first:
            return
        content: dict[str, Any] = {"folded": last, "chain": known[last]["chain"], "name": known[last]["name"]}
        content |= {"book": lines[-1]["line"]}
        kept = [line_after("", content, sign)]
        for line in lines:
            number = line.get("segment", line.get("let_go"))
            if number is not None and number > last:
                kept.append(line_after(kept[-1]["line"], content_of(line), sign))
        fresh = folder / (FILE + ".new")
        with fresh.open("wb") as file:
            file.write(b"".join(map(written, kept)))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / FILE)


def line_after(before: str, content: dict[str, Any], sign: Sign | None) -> dict[str, Any]:
    """Return the line that says ``content`` after a line whose ``line`` was ``before``."""
    line = content | {"line": digest(before, content)}
    if sign is not None:
        line["signature"] = sign(bytes.fromhex(line["line"])).hex()
    return line


def written(line: dict[str, Any]) -> bytes:
    """Return a line as it stands in the file."""
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _last(path: Path) -> tuple[str, int]:
    """Return (``line`` of the last whole line, where it ends), without reading what stands before."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(0, size - LONGEST_LINE)
            file.seek(begin)
            data = file.read()
    except FileNotFoundError:
        return "", 0
    end = data.rfind(b"\n") + 1
    if not end:
        if begin:
            raise BookError(f"{FILE}: no line ends in its last {LONGEST_LINE} bytes")
        return "", 0
    try:
        return str(json.loads(data[data.rfind(b"\n", 0, end - 1) + 1 : end])["line"]), begin + end
    except (ValueError, KeyError, TypeError) as error:
        raise BookError(f"{FILE}: its last line cannot be read: {error}") from None


def ends(lines: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return how each segment ended, by its number."""
    return {line["segment"]: line for line in lines if "segment" in line}


def let_go(lines: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the word on each segment that was let go, by its number."""
    return {line["let_go"]: line for line in lines if "let_go" in line}


def content_of(line: dict[str, Any]) -> dict[str, Any]:
    """Return what a line says, without what chains and signs it."""
    return {key: value for key, value in line.items() if key not in ("line", "signature")}


def folded(lines: list[dict[str, Any]]) -> tuple[int, str, str]:
    """Return (number, name, chain value) of the last segment that the book only says is gone; (0, "", "") for none."""
    if lines and "folded" in lines[0]:
        return int(lines[0]["folded"]), str(lines[0]["name"]), str(lines[0]["chain"])
    return 0, "", ""
