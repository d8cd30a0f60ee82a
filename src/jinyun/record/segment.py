"""A segment of the record: a file that only grows, of blocks that each name all that stands before them.

A file ``NNNNNNNN-TIME.jyr`` is ``JYREC2\\r\\n`` and then blocks (little-endian)::

    "JB" | u8 kind | u8 form | u32 count | u32 stored | u32 plain | i64 first us | i64 last us | u32 CRC-32 of these 32 bytes
    | 32 bytes SHA-256(chain of the block before | these 36 bytes | the content) | content of ``stored`` bytes

``form`` is 0 as it is, 1 zstd. The first block of a file says which file came before it and that file's last chain value, so a
record is one chain over all its files: a byte that changed, a file that went or two that changed places break it. A file
ends with a seal; one without is being written, or its writer died.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

MAGIC = b"JYREC2\r\n"
SUFFIX = ".jyr"
GENESIS = bytes(32)
"""What stands before the first block of all."""
MOST_BLOCK = 1 << 28
_HEAD = struct.Struct("<2sBBIIIqq")
_CRC = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CRC.size
BLOCK_BYTES = HEAD_BYTES + 32
_TAG = b"JB"
_PLAIN, _ZSTD = 0, 1
_WORTH_PACKING = 256


class Kind(IntEnum):
    """What a block holds."""

    OPEN = 1  # JSON: which file this is, what came before it
    MESSAGES = 2  # raw messages with receive times, and the turns of the cloud they came in (:mod:`.messages`)
    FRAMES = 3  # packed frames as they were published (:mod:`.frames`)
    NOTES = 4  # JSON lines: findings, the cloud's account, what was sent down, gaps
    IDENTITIES = 5  # which track was which vehicle (:mod:`.frames`)
    SEAL = 9  # JSON: the end of the file


class SegmentError(ValueError):
    """A file is no segment, or a block in it is broken: ``at`` is the byte, ``cut`` whether the file merely ends early."""

    def __init__(self, path: Path, at: int, reason: str, cut: bool = False) -> None:
        super().__init__(f"{path.name}: {reason} at byte {at}")
        self.path, self.at, self.reason, self.cut = path, at, reason, cut


@dataclass(frozen=True, slots=True)
class Block:
    """One block as it stands in a file; ``at`` is its first byte, ``end`` the byte after it."""

    kind: int
    form: int
    count: int
    plain: int
    first_us: int
    last_us: int
    chain: bytes
    stored: bytes
    at: int

    def bytes_after(self, chain: bytes) -> bytes:
        """Return the block as it stands in a file after ``chain``; raises ``ValueError`` where it does not follow that."""
        head = _HEAD.pack(
            _TAG, self.kind, self.form, self.count, len(self.stored), self.plain, self.first_us, self.last_us
        )
        head += _CRC.pack(zlib.crc32(head))
        if hashlib.sha256(chain + head + self.stored).digest() != self.chain:
            raise ValueError(f"the block at byte {self.at} does not follow this chain")
        return head + self.chain + self.stored

    @property
    def end(self) -> int:
        return self.at + BLOCK_BYTES + len(self.stored)

    def content(self) -> bytes:
        """Return what was put in; raises ``ValueError`` where it cannot be unpacked."""
        if self.form == _PLAIN:
            return self.stored
        try:
            unpacked: bytes = pa.decompress(self.stored, self.plain, codec="zstd", asbytes=True)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"content cannot be unpacked: {error}") from None
        return unpacked

    def as_json(self) -> dict[str, Any]:
        """Return the content of a block that holds one JSON object."""
        value: dict[str, Any] = json.loads(self.content())
        return value


def put(chain: bytes, kind: Kind, content: bytes, count: int, first_us: int, last_us: int) -> tuple[bytes, bytes]:
    """Return (the block's bytes, its chain value) of a block that follows ``chain``."""
    form, stored = _PLAIN, content
    if len(content) >= _WORTH_PACKING and kind not in (Kind.OPEN, Kind.SEAL):  # these can be read with nothing at hand
        form, stored = _ZSTD, pa.Codec("zstd", compression_level=1).compress(content, asbytes=True)
    head = _HEAD.pack(_TAG, kind, form, count, len(stored), len(content), first_us, last_us)
    head += _CRC.pack(zlib.crc32(head))
    digest = hashlib.sha256(chain)
    digest.update(head)
    digest.update(stored)
    return b"".join([head, digest.digest(), stored]), digest.digest()


def blocks(path: Path, chain: bytes | None = None, at: int = 0) -> Iterator[Block]:
    """Yield the blocks of a file, each proved against the one before; raises :class:`SegmentError` at a broken one.

    ``chain`` is what must stand before the first block; None takes it from that block's own word, which proves the file in
    itself but not its place in the record. ``at`` > 0 begins at a block already known, with its predecessor's ``chain``.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise SegmentError(path, 0, "no JYREC2 file")
        at = at or len(MAGIC)
        file.seek(at)
        while head := file.read(BLOCK_BYTES):
            if len(head) < BLOCK_BYTES:
                raise SegmentError(path, at, "a block is cut", cut=True)
            tag, kind, form, count, stored_bytes, plain, first_us, last_us = _HEAD.unpack_from(head)
            crc_is_good = zlib.crc32(head[: _HEAD.size]) == _CRC.unpack_from(head, _HEAD.size)[0]
            if tag != _TAG or not crc_is_good or stored_bytes > MOST_BLOCK or plain > MOST_BLOCK:
                raise SegmentError(path, at, "the head of a block is broken")
            stored = file.read(stored_bytes)
            if len(stored) < stored_bytes:
                raise SegmentError(path, at, "a block is cut", cut=True)
            if chain is None:
                chain = _said_before(path, kind, stored, at)
            digest = hashlib.sha256(chain)
            digest.update(head[:HEAD_BYTES])
            digest.update(stored)
            chain = head[HEAD_BYTES:]
            if digest.digest() != chain:
                raise SegmentError(path, at, "checksum of a block is wrong")
            yield Block(kind, form, count, plain, first_us, last_us, chain, stored, at)
            at += BLOCK_BYTES + stored_bytes


class Head(NamedTuple):
    """The head of a block, without its content."""

    kind: int
    entries: int
    first_us: int
    last_us: int
    at: int


def heads(path: Path) -> list[Head]:
    """Return the heads of a file's blocks, leaping over what is in them and proving none of it, up to the first break."""
    found = []
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        at = len(MAGIC)
        while at + BLOCK_BYTES <= size:
            file.seek(at)
            head = file.read(HEAD_BYTES)
            tag, kind, _, count, stored, _, first_us, last_us = _HEAD.unpack_from(head)
            whole = at + BLOCK_BYTES + stored <= size
            if tag != _TAG or not whole or zlib.crc32(head[: _HEAD.size]) != _CRC.unpack_from(head, _HEAD.size)[0]:
                break
            found.append(Head(kind, count, first_us, last_us, at))
            at += BLOCK_BYTES + stored
    return found


def load(path: Path, at: int) -> Block:
    """Return the block that begins at a byte, without proving its place in the chain; raises :class:`SegmentError`."""
    with path.open("rb") as file:
        file.seek(at)
        head = file.read(BLOCK_BYTES)
        if len(head) < BLOCK_BYTES or head[:2] != _TAG:
            raise SegmentError(path, at, "no block begins here")
        _, kind, form, count, stored, plain, first_us, last_us = _HEAD.unpack_from(head)
        content = file.read(min(stored, MOST_BLOCK))
        if len(content) < stored:
            raise SegmentError(path, at, "a block is cut", cut=True)
        return Block(kind, form, count, plain, first_us, last_us, head[HEAD_BYTES:], content, at)


def _said_before(path: Path, kind: int, stored: bytes, at: int) -> bytes:
    try:
        return bytes.fromhex(json.loads(stored)["before"]["chain"])
    except (ValueError, KeyError, TypeError):
        raise SegmentError(path, at, f"begins with a block of kind {kind} that does not say what came before") from None


def number_of(path: Path) -> int:
    """Return a segment's number, -1 where its name is no segment's."""
    word = path.name.partition("-")[0]
    return int(word) if word.isdecimal() and path.suffix == SUFFIX else -1


def listing(folder: Path) -> list[Path]:
    """Return the segments of a record in the order of their numbers."""
    return sorted((path for path in folder.glob("*" + SUFFIX) if number_of(path) >= 0), key=number_of)


def write(file: BinaryIO, data: memoryview) -> int:
    """Write what the disk takes of ``data`` and return how much that was; raises ``OSError``."""
    return os.write(file.fileno(), data)


class Segment:
    """A file that is being written; :meth:`add` leaves whole blocks in it or none."""

    def __init__(
        self, folder: Path, number: int, before: tuple[str, bytes], now_us: int, about: dict[str, Any]
    ) -> None:
        """Begin file ``number`` after the file ``before`` (name, last chain value); raises ``OSError``."""
        at = datetime.fromtimestamp(now_us / 1e6, UTC).strftime("%Y%m%dT%H%M%SZ")
        self.path = folder / f"{number:08d}-{at}{SUFFIX}"
        self.number, self.chain = number, before[1]
        self.opened_us = self.first_us = self.last_us = now_us
        self.counts: dict[str, int] = {}
        self._sealed: dict[str, Any] | None = None
        self._file: BinaryIO = self.path.open("xb", buffering=0)
        self.bytes = 0
        try:
            self._write(MAGIC)
            said = {"segment": number, "opened_us": now_us, "before": {"name": before[0], "chain": before[1].hex()}}
            self._add(Kind.OPEN, json.dumps(said | about, ensure_ascii=False).encode(), 1, now_us, now_us)
        except OSError:
            self._file.close()
            self.path.unlink(missing_ok=True)
            raise

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[write(self._file, view) :]
        except OSError:
            os.ftruncate(self._file.fileno(), self.bytes)
            self._file.seek(self.bytes)
            raise
        self.bytes += len(data)

    def _add(self, kind: Kind, content: bytes, count: int, first_us: int, last_us: int) -> None:
        data, chain = put(self.chain, kind, content, count, first_us, last_us)
        self._write(data)
        self.chain = chain

    def add(self, kind: Kind, content: bytes, count: int, first_us: int, last_us: int) -> None:
        """Append a block; raises ``OSError`` (the disk is full), then the file is as it was."""
        self._add(kind, content, count, first_us, last_us)
        self.first_us = min(self.first_us, first_us)
        self.last_us = max(self.last_us, last_us)
        name = kind.name.lower()
        self.counts[name] = self.counts.get(name, 0) + count

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        os.fdatasync(self._file.fileno())

    def seal(self, now_us: int) -> dict[str, Any]:
        """End the file and return what is to be kept of it in the record's list."""
        said = {"sealed_us": now_us, "first_us": self.first_us, "last_us": self.last_us, "counts": self.counts}
        if self._sealed is None:  # a seal that is written but not yet on the disk is not written twice
            self._add(Kind.SEAL, json.dumps(said).encode(), 1, now_us, now_us)
            self._sealed = said
        said = self._sealed
        self.sync()
        self.close()
        return {"segment": self.number, "name": self.path.name, "chain": self.chain.hex(), "bytes": self.bytes} | said

    def close(self) -> None:
        self._file.close()


def mend(path: Path, before: bytes, now_us: int) -> dict[str, Any]:
    """Seal a file whose writer died: keep its whole blocks, drop the torn rest, say how much that was.

    Returns what is to be kept of it in the record's list. Raises :class:`SegmentError` where a block is broken rather
    than cut short, unless it is the last thing in the file (a power cut may leave a block's room without its content).
    """
    chain, end, first_us, last_us = before, len(MAGIC), 0, 0
    counts: dict[str, int] = {}
    try:
        for block in blocks(path, before):
            chain, end = block.chain, block.end
            if block.kind == Kind.SEAL:
                return _kept(path, chain, block.as_json())
            first_us = min(first_us or block.first_us, block.first_us)
            last_us = max(last_us, block.last_us)
            if block.kind != Kind.OPEN:
                name = Kind(block.kind).name.lower()
                counts[name] = counts.get(name, 0) + block.count
    except SegmentError as error:
        if not error.cut and _whole_block_after(path, error.at):
            raise
    torn = max(path.stat().st_size - end, 0)
    with path.open("r+b") as file:
        file.truncate(end)
        if end == len(MAGIC):
            file.seek(0)
            file.write(MAGIC)
        file.seek(end)
        said = {"sealed_us": now_us, "first_us": first_us, "last_us": last_us, "counts": counts}
        said |= {"cut": True, "torn_bytes": torn}
        data, chain = put(chain, Kind.SEAL, json.dumps(said).encode(), 1, now_us, now_us)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return _kept(path, chain, said)


def _kept(path: Path, chain: bytes, said: dict[str, Any]) -> dict[str, Any]:
    about = {"segment": number_of(path), "name": path.name, "chain": chain.hex(), "bytes": path.stat().st_size}
    return about | said


def _whole_block_after(path: Path, at: int) -> bool:
    """Return whether any block with a good head begins after byte ``at`` + 1."""
    data = path.read_bytes()
    found = data.find(_TAG, at + 1)
    while found >= 0:
        head = data[found : found + HEAD_BYTES]
        if len(head) == HEAD_BYTES and zlib.crc32(head[: _HEAD.size]) == _CRC.unpack_from(head, _HEAD.size)[0]:
            return True
        found = data.find(_TAG, found + 1)
    return False
