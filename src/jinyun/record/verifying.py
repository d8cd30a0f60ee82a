"""Verifying a record (校验): is every byte of it as it was written, and is all of it there?

Found are a byte that changed, a segment that was removed, added or put in another's place, a book that was changed, and a
signature that is not the zone's. A file that a crash cut is no fault but is said. What nobody outside keeps, nobody can
prove: who removes the last segment *and* its line of the book leaves a shorter record that is true in itself. Keep the
``head`` (of the seal of the last segment) elsewhere and give it here to close that door.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinyun.record import book
from jinyun.record.key import PUBLIC_FILE, is_signed
from jinyun.record.segment import GENESIS, Kind, SegmentError, blocks, listing, number_of


def verify(folder: Path, head: str | None = None) -> dict[str, Any]:
    """Return ``{"segments", "ok", "faults", "notes", ...}``; raises ``OSError`` where there is no such folder.

    A fault is ``{"segment", "fault", "at", "reason"}``. ``head`` is a chain value kept elsewhere that must be in the record.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    faults: list[dict[str, Any]] = []
    notes: list[str] = []
    lines = _book(folder, faults)
    ends, gone = book.ends(lines), book.let_go(lines)
    public = _public(folder, faults)
    for number, line in enumerate(lines, 1):
        if public and not is_signed(public, bytes.fromhex(line["line"]), str(line.get("signature"))):
            faults.append(_fault(book.FILE, "signature", number, f"line {number} is not signed with {PUBLIC_FILE}"))
            break
    paths = {number_of(path): path for path in listing(folder)}
    if len(paths) < len(listing(folder)):
        faults.append(_fault("", "double", 0, "two segments have the same number"))
    counts: dict[str, int] = {}
    folded, _, folded_chain = book.folded(lines)
    chain, chains = bytes.fromhex(folded_chain) if folded else GENESIS, {folded_chain}
    last = max([folded, *paths, *ends])
    for number in range(folded + 1, last + 1):
        path, end = paths.get(number), ends.get(number)
        if path is None:
            if number not in gone:
                name = end["name"] if end else f"{number:08d}"
                faults.append(_fault(name, "missing", number, "the file is not there and was not let go"))
            chain = bytes.fromhex(end["chain"]) if end else chain
        else:
            if number in gone:
                notes.append(f"{path.name}: let go by the book but still there")
            chain = _segment(path, chain, end, number == last, faults, notes, counts)
        chains.add(chain.hex())
    if head is not None and head not in chains:
        faults.append(_fault("", "head", 0, f"no segment ends with {head}"))
    return {
        "segments": len(paths),
        "ok": not faults,
        "faults": faults,
        "notes": notes,
        "let_go": len(gone) + folded,
        "counts": counts,
        "bytes": sum(path.stat().st_size for path in paths.values()),
        "signed": bool(public),
        "head": chain.hex(),
    }


def _fault(segment: str, fault: str, at: int, reason: str) -> dict[str, Any]:
    return {"segment": segment, "fault": fault, "at": at, "reason": reason}


def _book(folder: Path, faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        return book.read(folder)
    except book.BookError as error:
        faults.append(_fault(book.FILE, "book", 0, str(error)))
        return []


def _public(folder: Path, faults: list[dict[str, Any]]) -> str:
    try:
        text = (folder / PUBLIC_FILE).read_text().strip()
        bytes.fromhex(text)
        return text
    except FileNotFoundError:
        return ""
    except ValueError:
        faults.append(_fault(PUBLIC_FILE, "signature", 0, "is no key"))
        return ""


def _segment(
    path: Path,
    chain: bytes,
    end: dict[str, Any] | None,
    is_last: bool,
    faults: list[dict[str, Any]],
    notes: list[str],
    counts: dict[str, int],
) -> bytes:
    """Prove one file after ``chain`` and return its last chain value, the book's where the file is broken."""
    sealed, place = False, -1
    given = chain
    try:
        for block in blocks(path, chain):
            chain = block.chain
            if sealed:
                faults.append(_fault(path.name, "order", block.at, "goes on after its seal"))
                break
            if block.kind == Kind.OPEN:
                place = int(block.as_json().get("segment", -1))
            sealed = block.kind == Kind.SEAL
            name = Kind(block.kind).name.lower() if block.kind in Kind._value2member_map_ else "unknown"
            counts[name] = counts.get(name, 0) + block.count
    except SegmentError as error:
        if error.cut and is_last and end is None:
            notes.append(f"{path.name}: not sealed, {error.reason} at byte {error.at}: it is being written or was cut")
            return chain
        faults.append(_broken(path, given, error))
        return bytes.fromhex(end["chain"]) if end else chain
    if place not in (-1, number_of(path)):
        faults.append(_fault(path.name, "order", 0, f"says it is segment {place}"))
    if not sealed and (end is not None or not is_last):
        faults.append(_fault(path.name, "cut", path.stat().st_size, "its seal is not there"))
    elif not sealed:
        notes.append(f"{path.name}: not sealed: it is being written or was cut")
    if end is not None and end["chain"] != chain.hex():
        faults.append(_fault(path.name, "book", 0, "ends otherwise than the book says"))
    return chain


def _broken(path: Path, before: bytes, error: SegmentError) -> dict[str, Any]:
    """Return the fault of a broken file: out of its place where it is whole in itself, else changed."""
    if error.at <= len(b"JYREC2\r\n"):
        try:
            for _ in blocks(path):
                pass
        except SegmentError:
            pass
        else:
            return _fault(path.name, "order", error.at, "is whole but does not follow the segment before it")
    return _fault(path.name, "cut" if error.cut else "checksum", error.at, error.reason)
