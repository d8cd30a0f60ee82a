"""Columns on the wire: a self-describing container of typed arrays, the same bytes for browsers, files and the broker.

Layout (little-endian): ``u32 magic "JYC1" | u32 header length | JSON header | padding to 8 | columns, each padded to 8``.
The header is ``{"meta": {...}, "tables": [{"name", "n", "cols": [[name, type], ...]}, ...]}`` with types ``u1 u2 u4 u8
i1 i2 i4 i8 f4 f8``. Columns follow table by table in the header's order. A reader ignores tables and columns it does
not know, so either may be added without a new version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"JYC1"
MAX_HEADER = 1 << 20
_TYPES = frozenset({"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"})

Table = Mapping[str, NDArray[Any]]


class ColumnsError(ValueError):
    """The bytes are not a container of columns; the message names the place."""


def _pad(n: int) -> int:
    return -n % 8


def pack(tables: Mapping[str, Table], meta: Mapping[str, Any] | None = None) -> bytes:
    """Return the container of ``tables`` (name -> column name -> one-dimensional array) with ``meta`` in its header.

    All columns of one table have the same length. Raises ``ValueError`` on unequal lengths or an unsupported type.
    """
    listing: list[dict[str, Any]] = []
    body: list[bytes] = []
    for name, table in tables.items():
        lengths = {len(column) for column in table.values()}
        if len(lengths) > 1:
            raise ValueError(f"table {name}: columns differ in length: {sorted(lengths)}")
        cols = []
        for column_name, column in table.items():
            kind = column.dtype.str[1:]
            if kind not in _TYPES or column.ndim != 1:
                raise ValueError(f"table {name}, column {column_name}: {column.dtype} of {column.ndim} dimensions")
            cols.append([column_name, kind])
            raw = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<")).tobytes()
            body.append(raw)
            body.append(bytes(_pad(len(raw))))
        listing.append({"name": name, "n": lengths.pop() if lengths else 0, "cols": cols})
    header = json.dumps(
        {"meta": dict(meta or {}), "tables": listing}, separators=(",", ":"), ensure_ascii=False
    ).encode()
    return b"".join([MAGIC, len(header).to_bytes(4, "little"), header, bytes(_pad(8 + len(header))), *body])


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, dict[str, NDArray[Any]]]]:
    """Return ``(meta, tables)`` of a container; arrays are read-only views of ``data``.

    Raises :class:`ColumnsError` when the bytes are cut, foreign or claim more than they hold.
    """
    if data[:4] != MAGIC or len(data) < 8:
        raise ColumnsError("does not begin with JYC1")
    header_length = int.from_bytes(data[4:8], "little")
    if header_length > MAX_HEADER or 8 + header_length > len(data):
        raise ColumnsError(f"header of {header_length} bytes in {len(data)}")
    try:
        header = json.loads(data[8 : 8 + header_length])
        at = 8 + header_length
        at += _pad(at)
        tables: dict[str, dict[str, NDArray[Any]]] = {}
        for table in header["tables"]:
            n = int(table["n"])
            columns: dict[str, NDArray[Any]] = {}
            for column_name, kind in table["cols"]:
                if kind not in _TYPES or n < 0:
                    raise ColumnsError(f"table {table['name']}, column {column_name}: type {kind}, {n} rows")
                size = n * int(kind[1])
                if at + size > len(data):
                    raise ColumnsError(f"table {table['name']}, column {column_name}: cut at byte {len(data)}")
                columns[column_name] = np.frombuffer(data, dtype="<" + kind, count=n, offset=at)
                at += size + _pad(size)
            tables[table["name"]] = columns
        return header["meta"], tables
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ColumnsError):
            raise
        raise ColumnsError(f"header: {error}") from None
