"""Many messages at a time, as columns: no Python object per message, and one bad message costs only itself.

    batch = decode("rsmFrame", buffer, offsets, lengths)
    participants = batch.tables["participants"]
    participants["pos.offsetLL.lon"]        # int32, units of the wire
    si("Speed", participants["speed"])      # float64 m/s, NaN where unavailable or absent

What tables and columns there are is told by :func:`tables`; how they are named, by :mod:`jinyun.net.csae.program`. All
columns are int32 in the units of the wire, :data:`ABSENT` where there is no value: enumerations are indices, bit strings
numbers whose highest bit is bit 0 of the standard. Octet strings of four to eight octets are uint64, big-endian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.net.csae import codec
from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.program import FIRST_STAGE, Program, TableSchema, program
from jinyun.net.csae.read_kernel import read
from jinyun.net.csae.units import si
from jinyun.net.csae.words import ABSENT, GENERAL, OK, OTHER, REFUSED
from jinyun.net.csae.write_kernel import write

__all__ = [
    "ABSENT",
    "GENERAL",
    "OK",
    "OTHER",
    "REFUSED",
    "Batch",
    "Encoded",
    "decode",
    "degrees",
    "encode",
    "join",
    "kinds",
    "si",
    "tables",
    "warm",
]

Table = dict[str, NDArray[Any]]

_SAMPLE = 16
_SMALL = 1 << 18
"""Numbers that may be claimed without asking how many will be needed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The columns of many messages, and what became of each.

    ``verdict`` (uint8) is OK; REFUSED, then ``bit`` (int32) says where; GENERAL for a good message that has no columns
    (extension additions that the tables know, fragmented lengths), which :func:`jinyun.net.csae.decode` reads; or OTHER
    for another kind of frame. ``unknown`` counts extension additions that were skipped. ``tables`` maps a table's path to
    its columns; row i of ``messages`` is message i, all ABSENT where that is not OK.
    """

    verdict: NDArray[np.uint8]
    bit: NDArray[np.int32]
    unknown: NDArray[np.int32]
    tables: dict[str, Table]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Frames in one buffer: frame i is ``buffer[offsets[i] : offsets[i] + lengths[i]]``.

    A row that does not fit has REFUSED in ``verdict`` and length 0, and :meth:`misfit` names the column; GENERAL is one
    that only :func:`jinyun.net.csae.encode` can write (16 kB and more in one frame extension).
    """

    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    verdict: NDArray[np.uint8]
    column: NDArray[np.int64]
    plan: Program

    def misfit(self, i: int) -> str:
        """Return the path of the column whose number does not fit in message ``i``, "" where all do."""
        return self.plan.path(int(self.column[i])) if self.verdict[i] == REFUSED else ""

    def frames(self) -> list[bytes]:
        """Return each frame's octets, empty where there is none."""
        data = self.buffer.tobytes()
        return [data[o : o + n] for o, n in zip(self.offsets.tolist(), self.lengths.tolist(), strict=True)]


def join(frames: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return (buffer, offsets, lengths) of messages that are octets of their own."""
    lengths = np.fromiter(map(len, frames), np.int64, len(frames))
    return np.frombuffer(b"".join(frames), np.uint8), np.cumsum(lengths) - lengths, lengths


def kinds(buffer: NDArray[np.uint8], offsets: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return the kind of each MessageFrame by its first octet: an index of FIRST_STAGE, 8 second stage, -1 neither."""
    kind = np.full(len(offsets), -1, np.int8)
    some = lengths > 0
    first = buffer[offsets[some]]
    high = (first >> 4).astype(np.int8)
    kind[some] = np.where(high < len(FIRST_STAGE), high, np.where(first == 0x80, 8, -1))
    return kind


def degrees(
    table: Table, ref_lat: ArrayLike, ref_long: ArrayLike, path: str = "pos.offsetLL"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (longitude, latitude) in degrees of a PositionOffsetLL column, NaN where absent or not known.

    ``ref_lat`` and ``ref_long`` are the reference positions in the units of the wire, one per row (or one for all): the
    ``refPos`` of the message or node. Alternative 6 is an absolute place and needs none.
    """
    chosen = table[path]
    absolute = chosen == 6
    lat = table[f"{path}.lat"] + np.where(absolute, 0, np.asarray(ref_lat, np.int64))
    long = table[f"{path}.lon"] + np.where(absolute, 0, np.asarray(ref_long, np.int64))
    bad = (chosen == ABSENT) | (np.abs(lat) > 900000000) | (np.abs(long) > 1800000000)
    return np.where(bad, np.nan, long * 1e-7), np.where(bad, np.nan, lat * 1e-7)


def warm() -> None:
    """Compile the kernels, or load what an earlier process compiled, so that the first message need not wait."""
    nothing = np.zeros(0, np.uint8)
    for message in ("bsmFrame", "SensorSharingMsg"):
        encode(message, decode(message, nothing, [], []).tables)


def tables(message: str, dialect: str = "A") -> tuple[TableSchema, ...]:
    """Return the tables of a message, ``messages`` first, with the name, type and shape of each column."""
    return program(message, dialect).tables


def _words(buffer: NDArray[np.uint8]) -> NDArray[np.uint64]:
    padded = np.zeros((len(buffer) + 7) // 8 * 8 + 16, np.uint8)
    padded[: len(buffer)] = buffer
    return padded.view(">u8").astype(np.uint64)


def _bases(plan: Program, rows: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int]:
    """Return where each narrow and each wide column begins when tables have so many rows, and the lengths of both.

    A column takes an odd number of cache lines: were they a power of two, all columns of a row would fight for one place.
    """
    narrow, length = _lay(plan.owners[0], plan.numbers[0], plan.bounds[:, 0], np.asarray(rows), 16)
    wide, wide_length = _lay(plan.owners[1], plan.numbers[1], plan.bounds[:, 1], np.asarray(rows), 8)
    return narrow, wide, length, wide_length


def _lay(
    owners: NDArray[np.int64], numbers: NDArray[np.int64], bounds: NDArray[np.int64], rows: NDArray[np.int64], line: int
) -> tuple[NDArray[np.int64], int]:
    """Return where each column begins, and where all end, when a cache line holds ``line`` numbers."""
    strides = (-(-rows // line) | 1) * line
    ends = np.cumsum(strides * (bounds[:, 1] - bounds[:, 0]))
    begins = np.concatenate(([0], ends[:-1]))
    return begins[owners] + strides[owners] * numbers, int(ends[-1])


@dataclass(slots=True)
class _Run:
    """What one run of the reading kernel filled."""

    general: int  # how many messages only the codec of single messages can decide; -1 where the tables were too small
    narrow: NDArray[np.int32]
    base: NDArray[np.int64]
    wide: NDArray[np.uint64]
    wide_base: NDArray[np.int64]
    rows: NDArray[np.int64]
    verdict: NDArray[np.uint8]
    bit: NDArray[np.int32]
    unknown: NDArray[np.int32]


def _read(
    plan: Program,
    words: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    capacity: Sequence[int],
) -> _Run:
    count = len(starts)
    base, wide_base, length, wide_length = _bases(plan, capacity)
    rows = np.zeros(len(plan.tables), np.int64)
    rows[0] = count
    run = _Run(
        0, np.full(length, ABSENT, np.int32), base, np.zeros(wide_length, np.uint64), wide_base, rows,
        np.empty(count, np.uint8), np.empty(count, np.int32), np.zeros(count, np.int32),
    )  # fmt: skip
    run.general = read(
        words, starts, ends, plan.frame, plan.message_id, plan.code, plan.alternatives, plan.targets, run.narrow, base,
        run.wide, wide_base, base[plan.parents], np.array(capacity, np.int64), plan.bounds, rows, run.verdict,
        run.bit, run.unknown,
    )  # fmt: skip
    return run


def _capacity(
    plan: Program, words: NDArray[np.uint64], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> list[int]:
    """Return how many rows each table will need, by the first messages: bounds alone would claim far too much memory."""
    count, total = len(starts), int((ends - starts).sum())
    bounds = [count, *(total // t.least + count for t in plan.tables[1:])]
    if count <= _SAMPLE or sum(n * c for n, (c, _) in zip(bounds, plan.counts, strict=True)) < _SMALL:
        return bounds
    starts, ends = starts[:_SAMPLE], ends[:_SAMPLE]
    sampled = int((ends - starts).sum())
    run = _read(plan, words, starts, ends, [_SAMPLE, *(sampled // t.least + _SAMPLE for t in plan.tables[1:])])
    likely = [int(1.25 * n * total / max(sampled, 1)) + 4 * _SAMPLE for n in run.rows[1:].tolist()]
    return [count, *map(min, likely, bounds[1:])]


def decode(
    message: str, buffer: NDArray[np.uint8], offsets: ArrayLike, lengths: ArrayLike, dialect: str = "A"
) -> Batch:
    """Return the columns of the MessageFrames that lie in ``buffer`` at ``offsets`` with ``lengths``, in octets.

    ``message`` is a first-stage frame (``bsmFrame``) or a second-stage type (``SensorSharingMsg``). A frame is read or
    refused exactly as :func:`jinyun.net.csae.decode` would. Raises ``ValueError`` for an unknown message or dialect, or
    for offsets outside of the buffer.
    """
    plan = program(message, dialect)
    starts = np.ascontiguousarray(offsets, np.int64)
    sizes = np.ascontiguousarray(lengths, np.int64)
    if len(starts) and (starts.min() < 0 or sizes.min() < 0 or (starts + sizes).max() > len(buffer)):
        raise ValueError("a message lies outside of the buffer")
    words = _words(buffer)
    capacity = _capacity(plan, words, 8 * starts, 8 * (starts + sizes))
    run = _read(plan, words, 8 * starts, 8 * (starts + sizes), capacity)
    if run.general < 0:
        bounds = [len(starts), *(8 * int(sizes.sum()) // t.least + len(starts) for t in plan.tables[1:])]
        run = _read(plan, words, 8 * starts, 8 * (starts + sizes), bounds)
    for i in np.flatnonzero(run.verdict == GENERAL) if run.general else ():
        _settle(buffer[starts[i] : starts[i] + sizes[i]].tobytes(), dialect, int(i), run.verdict, run.bit)
    found: dict[str, Table] = {}
    for table, schema in enumerate(plan.tables):
        n = int(run.rows[table])
        (columns, wides), (names, wide_names) = plan.counts[table], plan.names[table]
        found[schema.path] = dict(
            zip(names, _block(run.narrow, run.base, plan.first_column[table], columns, n), strict=True)
        )
        if wides:
            block = _block(run.wide, run.wide_base, plan.first_wide[table], wides, n)
            found[schema.path].update(zip(wide_names, block, strict=True))
    return Batch(run.verdict, run.bit, run.unknown, found)


def _block(flat: NDArray[Any], base: NDArray[np.int64], first: int, columns: int, rows: int) -> NDArray[Any]:
    """Return the columns of one table, which lie equally far apart, as a view."""
    at = base[first]
    stride = base[first + 1] - at if columns > 1 else rows
    return flat[at : at + columns * stride].reshape(columns, stride)[:, :rows]


def _settle(data: bytes, dialect: str, i: int, verdict: NDArray[np.uint8], bit: NDArray[np.int32]) -> None:
    """Let the codec of single messages decide about one that the kernel could not."""
    try:
        codec.decode(data, dialect)
    except CsaeError as error:
        verdict[i], bit[i] = REFUSED, error.bit


def encode(message: str, given: Mapping[str, Mapping[str, ArrayLike]], dialect: str = "A") -> Encoded:
    """Return the MessageFrames of columns, one per row of the table ``messages``.

    ``given`` has the tables and columns that :func:`decode` yields. A column left out is absent in every row, and so is a
    table left out; ``parent`` need not be given. The rows of a child table stand in the order of their parents, as many as
    the parent's column says. Raises ``ValueError`` for an unknown table or column, columns of unequal length, or counts
    that do not add up; a number out of range refuses its message alone.
    """
    plan = program(message, dialect)
    rows = _row_counts(plan, given)
    base, wide_base, length, wide_length = _bases(plan, rows)
    narrow = np.full(length, ABSENT, np.int32)
    wide = np.zeros(wide_length, np.uint64)
    first = np.zeros(sum(rows[t.parent] for t in plan.tables[1:]) + 1, np.int64)
    first_base = np.zeros(len(plan.tables), np.int64)
    filled = 0
    for table, schema in enumerate(plan.tables):
        columns = given.get(schema.path, {})
        for all_names, flat, places, begin in (
            (plan.names[table][0], narrow, base, plan.first_column[table]),
            (plan.names[table][1], wide, wide_base, plan.first_wide[table]),
        ):
            for number, name in enumerate(all_names):
                if name in columns:
                    at = places[begin + number]
                    flat[at : at + rows[table]] = columns[name]
    for table, schema in enumerate(plan.tables[1:], 1):
        begin = int(base[plan.list_columns[table]])
        counts = np.maximum(narrow[begin : begin + rows[schema.parent]], 0).astype(np.int64)
        if counts.sum() != rows[table]:
            raise ValueError(f"table {schema.path}: {rows[table]} rows, its parents count {counts.sum()}")
        first_base[table] = filled
        first[filled : filled + len(counts)] = np.cumsum(counts) - counts
        filled += len(counts)
    return _run(plan, rows, narrow, base, wide, wide_base, first, first_base)


def _row_counts(plan: Program, given: Mapping[str, Mapping[str, ArrayLike]]) -> list[int]:
    """Return the rows of each table of ``given``."""
    paths = {t.path for t in plan.tables}
    for path in given:
        if path not in paths:
            raise ValueError(f"no table {path!r}")
    counts = []
    for schema, names in zip(plan.tables, plan.names, strict=True):
        columns = given.get(schema.path, {})
        strange = columns.keys() - {*names[0], *names[1]}
        if strange:
            raise ValueError(f"table {schema.path}: no column {', '.join(sorted(strange))}")
        lengths = {np.shape(column) for column in columns.values()}
        if len(lengths) > 1 or any(len(shape) != 1 for shape in lengths):
            raise ValueError(f"table {schema.path}: columns differ in length: {sorted(lengths)}")
        counts.append(lengths.pop()[0] if lengths else 0)
    return counts


def _run(
    plan: Program,
    rows: list[int],
    narrow: NDArray[np.int32],
    base: NDArray[np.int64],
    wide: NDArray[np.uint64],
    wide_base: NDArray[np.int64],
    first: NDArray[np.int64],
    first_base: NDArray[np.int64],
) -> Encoded:
    count = rows[0]
    bits = sum(n * t.most for n, t in zip(rows, plan.tables, strict=True)) + 192 * count
    words = np.zeros(bits // 64 + 2, np.uint64)
    starts = np.empty(count, np.int64)
    ends = np.empty(count, np.int64)
    verdict = np.empty(count, np.uint8)
    bad = np.empty(count, np.int64)
    write(
        words, starts, plan.frame, plan.message_id, plan.code, plan.alternatives, plan.targets, plan.presence, narrow,
        base, wide, wide_base, first, first_base, ends, verdict, bad,
    )  # fmt: skip
    return Encoded(words.astype(">u8").view(np.uint8), starts // 8, (ends - starts + 7) // 8, verdict, bad, plan)
