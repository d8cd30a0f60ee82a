"""The column container: what is packed is unpacked, and nothing else is believed."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinyun.net.columns import ColumnsError, pack, unpack

TABLES = {
    "tracks": {"id": np.array([7, 8], np.uint32), "x_m": np.array([1.5, -2.5], np.float32)},
    "signals": {"light": np.array([3], np.uint8), "end_us": np.array([-1], np.int64)},
    "empty": {},
}


def test_what_is_packed_is_unpacked() -> None:
    meta, tables = unpack(pack(TABLES, {"seq": 5, "name": "缙云"}))
    assert meta == {"seq": 5, "name": "缙云"}
    assert {name: list(table) for name, table in tables.items()} == {name: list(t) for name, t in TABLES.items()}
    for name, table in TABLES.items():
        for column, values in table.items():
            assert tables[name][column].dtype == values.dtype
            assert (tables[name][column] == values).all()


def test_columns_begin_at_multiples_of_eight() -> None:
    data = pack(TABLES)
    _, tables = unpack(data)
    base = np.frombuffer(data, np.uint8).ctypes.data
    offsets = [c.ctypes.data - base for t in tables.values() for c in t.values()]
    assert offsets and all(offset % 8 == 0 for offset in offsets)


def test_every_cut_is_refused() -> None:
    data = pack(TABLES)
    last = data.rstrip(b"\0")
    for length in range(len(last) - 7):
        with pytest.raises(ColumnsError):
            unpack(data[:length])


@given(st.binary(max_size=200))
def test_foreign_bytes_raise_only_the_containers_own_error(data: bytes) -> None:
    for candidate in (data, b"JYC1" + data, b"JYC1" + len(data).to_bytes(4, "little") + data):
        with contextlib.suppress(ColumnsError):
            unpack(candidate)


def test_unequal_lengths_and_foreign_types_are_our_own_fault() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        pack({"t": {"a": np.zeros(1, np.uint8), "b": np.zeros(2, np.uint8)}})
    with pytest.raises(ValueError, match="complex"):
        pack({"t": {"a": np.zeros(1, np.complex64)}})
