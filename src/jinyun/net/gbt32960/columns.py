"""Many reports at a time, as columns: no Python object per packet, and one bad packet costs only itself.

    batch = decode(*join(frames))
    batch.tables["vehicle"]["current_a"]     # float64, one row per packet, NaN where nobody says
    batch.tables["cells"]["voltage_v"]       # every cell of every pack of every packet

Tables with one row per packet, in their order: ``packets`` (vin S17, event_us int64, edition, reissue, items),
``vehicle``, ``position`` (lon, lat, valid, datum), ``extremes``, ``alarms`` (level, flags), ``engine``, ``fuel_cell``.
Tables with rows of their own, told apart by ``packet`` (row of the packet): ``motors``, ``packs``, ``cells`` (pack, cell,
voltage_v) and ``probes`` (pack, probe, temperature_degc), where pack is the number that the sender gives it.

Quantities are float64 (float32 in cells and probes) in the unit of their name, NaN where abnormal, invalid or not sent.
Codes keep their raw number, all ones where not sent; ``flags`` are 0 then. An item sent twice counts as its last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.net.gbt32960 import kernel
from jinyun.net.gbt32960.fields import (
    CUSTOM,
    DATUMS,
    EDITIONS,
    INVALID,
    ITEMS,
    KINDS,
    OPAQUE,
    Field,
    Layout,
    Part,
    Rows,
    Run,
)
from jinyun.net.gbt32960.kernel import GENERAL, OK, OTHER, REFUSED
from jinyun.net.gbt32960.quantities import POSITION_INVALID, SOUTH, WEST

__all__ = ["FAULTS", "GENERAL", "HELD", "OK", "OTHER", "REFUSED", "Batch", "decode", "join", "warm"]

Table = dict[str, NDArray[Any]]

FAULTS = ("", "start", "length", "checksum", "time", "item", *KINDS)
"""What is wrong with a refused packet, by its number in ``fault``: of the frame, or in which item."""
HELD = {name: 1 << bit for bit, name in enumerate(KINDS)}
HELD |= {"custom": 1 << kernel.CUSTOM_BIT, "undescribed": 1 << kernel.OPAQUE_BIT}
"""Bits of ``packets.items``: which items a report holds. Those without a table are read by the codec of single packets."""

_UNITS = {"km/h": "mps", "km": "km", "V": "v", "A": "a", "%": "percent", "kΩ": "kohm", "°C": "degc", "rpm": "rpm",
          "N·m": "nm", "L/100km": "l_100km", "kg/100km": "kg_100km", "MPa": "mpa", "°": "deg"}  # fmt: skip
_PER_UNIT = {"km/h": 3.6}
"""How many of a field's unit make one of its column's."""
_ALIGNED = ("vehicle", "position", "extremes", "alarms", "engine", "fuel_cell")
_ROWS = {"motors": kernel.MOTORS, "packs": kernel.PACKS}
_RUNS = {"cells": kernel.CELLS, "temperatures": kernel.PROBES}
_WIDTH = {"B": 1, "H": 2, "I": 4}
_TYPE: dict[str, type[np.unsignedinteger[Any]]] = {"B": np.uint8, "H": np.uint16, "I": np.uint32}


@dataclass(frozen=True, slots=True)
class Batch:
    """The columns of many packets, and what became of each.

    ``verdict`` (uint8) is OK; REFUSED, then ``fault`` (uint8) says why in :data:`FAULTS` and ``at`` (int32) at which octet;
    GENERAL for an encrypted report; OTHER for a frame that is no report. Row i of the aligned tables is packet i, with
    nothing in it where that is not OK.
    """

    verdict: NDArray[np.uint8]
    fault: NDArray[np.uint8]
    at: NDArray[np.int32]
    tables: dict[str, Table]


def join(frames: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return (buffer, offsets, lengths) of frames that are bytes of their own."""
    lengths = np.fromiter(map(len, frames), np.int64, len(frames))
    return np.frombuffer(b"".join(frames), np.uint8), np.cumsum(lengths) - lengths, lengths


# -- the table of fields as the kernel walks it ---------------------------------------------------------------------------


def column_name(field: Field) -> str:
    """Return what a field's column is called: its name and the unit of its numbers."""
    return f"{field.name}_{_UNITS[field.unit]}" if field.unit else field.name


class _Column(NamedTuple):
    """A column of numbers: of which kind of item, its name, and the type of its codes (None: a quantity)."""

    kind: str
    name: str
    code: type[np.unsignedinteger[Any]] | None


class _Program:
    """The steps of ``kernel`` for all items of both editions, and whose field goes into which column."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, ...]] = []
        self._fields: list[tuple[int, ...]] = []
        self._per: list[float] = []
        self.column_of: list[_Column] = []  # of each field
        self.units = np.ones(4)  # how many of the raw number make one, run by run
        self.opens = np.full((len(EDITIONS), 256), kernel.UNKNOWN, np.int64)
        kinds: list[tuple[int, int]] = []
        for row, edition in enumerate(EDITIONS):
            self.opens[row, list(CUSTOM)] = kernel.CUSTOM
            self.opens[row, list(OPAQUE[edition])] = kernel.OPAQUE
            for code, kind in ITEMS[edition].items():
                self.opens[row, code] = len(kinds)
                kinds.append((len(self._steps), KINDS.index(kind.name)))
                self._parts(kind.name, kind.parts, kind.name in _ALIGNED)
                self._step(kernel.DONE)
        self.kinds, self.steps = np.array(kinds, np.int64), np.array(self._steps, np.int64)
        self.fields, self.per = np.array(self._fields, np.int64), np.array(self._per, np.float64)
        self.columns = list(dict.fromkeys(self.column_of))

    def _step(self, *words: int) -> None:
        self._steps.append((*words, *[0] * (7 - len(words))))

    def _parts(self, kind: str, parts: tuple[Part, ...], kept: bool, own_row: bool = False) -> None:
        first_cell = -1
        for part in parts:
            if isinstance(part, Layout):
                first = len(self._fields)
                for field in part.fields if kept else ():
                    self._field(kind, field, part.at[field.name])
                self._step(kernel.FIXED, part.size, first, len(self._fields), own_row)
                first_cell = part.at.get("first_cell", -1)
            elif isinstance(part, Run):
                run = _RUNS.get(part.field.name, -1) if own_row else -1
                per = part.field.per or 1
                if run >= 0:
                    self.units[run] = per
                counted = _WIDTH[part.width], INVALID[part.width] - 1
                self._step(kernel.RUN, *counted, _WIDTH[part.field.width], run, first_cell, -part.field.offset * per)
            elif isinstance(part, Rows):
                rows, table = len(self._steps), _ROWS.get(kind, -1)
                self._step(kernel.ROWS, _WIDTH["B"], INVALID["B"] - 1, rows + len(part.parts) + 2, table)
                self._parts(kind, part.parts, table >= 0, own_row=True)
                self._step(kernel.NEXT, 0, 0, rows + 1, table)
            else:
                self._step(kernel.RUN, _WIDTH["H"], INVALID["H"] + 1, _WIDTH["B"], -1)

    def _field(self, kind: str, field: Field, at: int) -> None:
        per, is_code = field.per or 1, field.per is None
        self._fields.append((at, _WIDTH[field.width], -is_code, INVALID[field.width] - 1, -field.offset * per))
        self._per.append(per * _PER_UNIT.get(field.unit, 1.0))
        self.column_of.append(_Column(kind, column_name(field), _TYPE[field.width] if is_code else None))


_PROGRAM = _Program()


# -- reading -------------------------------------------------------------------------------------------------------------


class _Columns:
    """The arrays that the kernel fills: as many packets as ``count``, as many ``rows`` of the tables of their own.

    The columns of quantities lie one behind the other in one array, those of codes in another, the rows of the four
    tables in a third.
    """

    def __init__(self, count: int, rows: list[int]) -> None:
        sizes = [rows[_ROWS[column.kind]] if column.kind in _ROWS else count for column in _PROGRAM.columns]
        self._begin: dict[_Column, tuple[int, int]] = {}
        ends = {True: 0, False: 0}
        for column, size in zip(_PROGRAM.columns, sizes, strict=True):
            is_code = column.code is not None
            self._begin[column] = ends[is_code], ends[is_code] + size
            ends[is_code] += size
        self.base = np.array([self._begin[column][0] for column in _PROGRAM.column_of], np.int64)
        self.quantities, self.codes = np.full(ends[False], np.nan), np.full(ends[True], 0xFFFFFFFF, np.uint32)
        self.rows = np.cumsum([0, *rows])
        total = int(self.rows[-1])
        self.owner, self.pack, self.position = (np.empty(total, t) for t in (np.uint32, np.uint8, np.uint32))
        self.value = np.empty(total, np.float32)
        self.vin, self.event_us = np.zeros((count, 17), np.uint8), np.zeros(count, np.int64)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        return (self.base, self.rows, self.vin, self.event_us, self.quantities, self.codes, self.owner, self.pack,
                self.position, self.value)  # fmt: skip

    def of(self, kind: str) -> Table:
        """Return the columns of one kind of item by name."""
        found: Table = {"packet": self._of_table(self.owner, _ROWS[kind])} if kind in _ROWS else {}
        for column in _PROGRAM.columns:
            if column.kind == kind:
                part = slice(*self._begin[column])
                found[column.name] = (
                    self.quantities[part] if column.code is None else self.codes[part].astype(column.code)
                )
        return found

    def run(self, table: int, one: str, name: str) -> Table:
        """Return the table of a run of numbers."""
        names = ("packet", "pack", one, name)
        arrays = (self.owner, self.pack, self.position, self.value)
        return {name: self._of_table(array, table) for name, array in zip(names, arrays, strict=True)}

    def _of_table(self, array: NDArray[Any], table: int) -> NDArray[Any]:
        return array[self.rows[table] : self.rows[table + 1]]


def decode(buffer: NDArray[np.uint8], offsets: ArrayLike, lengths: ArrayLike) -> Batch:
    """Return the columns of the packets that lie in ``buffer`` at ``offsets`` with ``lengths``, in octets.

    A packet is read or refused exactly as :func:`jinyun.net.gbt32960.decode` would. Raises ``ValueError`` for offsets
    outside of the buffer.
    """
    octets = np.ascontiguousarray(buffer, np.uint8).view()
    octets.flags.writeable = False  # whatever was given, the kernel is compiled for one kind of array
    begins, sizes = np.ascontiguousarray(offsets, np.int64), np.ascontiguousarray(lengths, np.int64)
    count = len(begins)
    if len(sizes) != count:
        raise ValueError(f"{count} offsets, {len(sizes)} lengths")
    if count and (begins.min() < 0 or sizes.min() < 0 or (begins + sizes).max() > len(octets)):
        raise ValueError("a packet lies outside of the buffer")
    plan = _PROGRAM
    verdict, fault, at = np.zeros(count, np.uint8), np.zeros(count, np.uint8), np.zeros(count, np.int32)
    stop, held, counts = np.zeros(count, np.int64), np.zeros(count, np.uint32), np.zeros((3, 4), np.int64)
    both = (
        octets, begins, sizes, plan.opens, plan.kinds, plan.steps, plan.fields, plan.per,
        plan.units, verdict, fault, at, stop, held, counts,
    )  # fmt: skip
    kernel.walk(*both, False, *_Columns(0, [0] * 4).arrays)
    columns = _Columns(count, counts[0].tolist())
    counts[:] = 0
    kernel.walk(*both, True, *columns.arrays)
    good = verdict == OK
    edition, reissue = np.zeros(count, np.uint16), np.zeros(count, np.bool_)
    edition[good] = np.array(EDITIONS, np.uint16)[octets[begins[good]] - 0x23]
    reissue[good] = octets[begins[good] + 2] == 3
    vin = columns.vin.view("S17").ravel()
    packets = {"vin": vin, "event_us": columns.event_us, "edition": edition, "reissue": reissue, "items": held}
    tables = {"packets": packets} | {kind: columns.of(kind) for kind in (*_ALIGNED, *_ROWS)}
    tables["cells"] = columns.run(kernel.CELLS, "cell", "voltage_v")
    tables["probes"] = columns.run(kernel.PROBES, "probe", "temperature_degc")
    tables["position"] = _position(tables["position"])
    flags = tables["alarms"]["flags"]
    flags[flags >= 0xFFFFFFFE] = 0
    return Batch(verdict, fault, at, tables)


def warm() -> None:
    """Compile the kernel, or load it from its cache: some seconds in a fresh installation, once."""
    decode(*join([]))


def _position(raw: Table) -> Table:
    """Return lon, lat (degrees, NaN where the hemisphere is unknown), valid, datum (1 WGS-84, 2 GCJ-02, 3 other, 0 untold)."""
    status, datum = raw["status"], raw["coordinates"]
    told = status < 0xFE
    lon = np.where(told, np.where(status & WEST, -raw["longitude_deg"], raw["longitude_deg"]), np.nan)
    lat = np.where(told, np.where(status & SOUTH, -raw["latitude_deg"], raw["latitude_deg"]), np.nan)
    valid = told & (status & POSITION_INVALID == 0) & (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    return {"lon": lon, "lat": lat, "valid": valid, "datum": np.where(np.isin(datum, list(DATUMS)), datum, 0)}
