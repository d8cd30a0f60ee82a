"""Gathering (取证): what a record holds around an instant, as an event's pack and the replay in the centre need it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinyun.net import columns, topics
from jinyun.net.block import Arrival
from jinyun.record import book, frames, messages
from jinyun.record.frames import Packed
from jinyun.record.segment import MAGIC, Block, Kind, SegmentError, blocks, listing, number_of
from jinyun.supervision import items

MOST_BYTES = 512 << 20
"""Raw bytes of one pack at most."""
MOST_BETWEEN = 8 << 20
MOST_ITEMS = 200_000
"""Messages of data items in one span at most: two minutes of eight hundred test vehicles."""
_ITEMS = f".up.{topics.TEST_ITEMS}"


@dataclass(slots=True)
class Cut:
    """Recorded blocks of one segment that lie one after the other: provable with the chain value before them."""

    segment: str
    chain_before: bytes
    data: bytearray = field(default_factory=lambda: bytearray(MAGIC))


@dataclass(slots=True)
class Gathered:
    """What was recorded between two instants."""

    from_us: int
    to_us: int
    cuts: list[Cut] = field(default_factory=list)
    frames: list[Packed] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    vehicle_of: dict[int, int] = field(default_factory=dict)
    senders: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)  # data items of test vehicles, as they were said
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def covers_us(self) -> tuple[int, int]:
        """First and last instant of which there is a frame; (0, 0) for none."""
        return (self.frames[0].t_us, self.frames[-1].t_us) if self.frames else (0, 0)


def segments_between(folder: Path, from_us: int, to_us: int) -> list[Path]:
    """Return the segments that may hold something of a span (us), the one being written included."""
    ends = book.ends(book.read(folder))
    found = []
    for path in listing(folder):
        end = ends.get(number_of(path))
        if end is None or (end["last_us"] >= from_us and end["first_us"] <= to_us):
            found.append(path)
    return found


def recorded_blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a segment up to where it is still being written, or broken."""
    try:
        yield from blocks(path)
    except SegmentError:
        return


def gather(folder: Path, from_us: int, to_us: int) -> Gathered:
    """Return what a record holds of a span (us); raises ``OSError`` or ``BookError``."""
    found = Gathered(from_us, to_us)
    size = 0
    for path in segments_between(folder, from_us, to_us):
        cut: Cut | None = None
        chain, between = b"", bytearray()
        for block in recorded_blocks(path):
            if block.kind == Kind.OPEN:
                found.about = block.as_json()
            inside = block.last_us >= from_us and block.first_us <= to_us and block.kind not in (Kind.OPEN, Kind.SEAL)
            if inside and size < MOST_BYTES:
                if cut is None:
                    cut = Cut(path.name, chain)
                    found.cuts.append(cut)
                cut.data += between + block.bytes_after(chain)
                size += len(between) + len(block.stored)
                between.clear()
                _take(found, block)
            elif cut is not None and block.kind != Kind.SEAL:
                between += block.bytes_after(chain)  # a cut is one piece: it is in it if anything of the span follows
                if len(between) > MOST_BETWEEN:
                    break
            chain = block.chain
    found.frames.sort(key=lambda frame: frame.t_us)
    return found


def _take(found: Gathered, block: Block) -> None:
    if block.kind == Kind.FRAMES:
        found.frames += [one for one in frames.unpack(block.content()) if found.from_us <= one.t_us <= found.to_us]
    elif block.kind == Kind.NOTES:
        notes = (json.loads(line) for line in block.content().splitlines())
        found.notes += [note for note in notes if found.from_us <= note.get("t_us", 0) <= found.to_us]
    elif block.kind == Kind.IDENTITIES:
        rows = frames.unpack_identities(block.content())
        found.vehicle_of |= dict(zip(rows["track"].tolist(), rows["vehicle_id"].tolist(), strict=True))
    elif block.kind == Kind.MESSAGES:
        block_of = messages.unpack(block.content()).messages
        for k in range(len(block_of)):
            arrival = block_of.arrival(k)
            said = found.senders.setdefault(
                arrival.subject, {"messages": 0, "bytes": 0, "first_us": arrival.receive_us}
            )
            said["messages"] += 1
            said["bytes"] += len(arrival.payload)
            said["last_us"] = arrival.receive_us
            if arrival.subject.endswith(_ITEMS) and len(found.items) < MOST_ITEMS:
                _take_items(found, arrival)


def _take_items(found: Gathered, arrival: Arrival) -> None:
    """Keep one message of data items as it was said; one that supervision would refuse stands in the raw blocks alone."""
    try:
        said = items.read(arrival.payload, arrival.receive_us)
    except items.ItemsError:
        return
    if found.from_us <= said.t_us <= found.to_us:
        found.items.append({"source": arrival.subject, "receive_us": arrival.receive_us, **json.loads(arrival.payload)})


def tables_of(frame: Packed) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return a frame's head, its tracks and its signals as columns; raises ``ColumnsError``."""
    meta, tables = columns.unpack(frame.data)
    return meta, tables.get("tracks", {}), tables.get("signals", {})
