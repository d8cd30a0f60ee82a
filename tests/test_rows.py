"""Rows copied as bytes are what numpy's own copies are, of rows in memory of their own or within wider ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinyun.rows import copied, joined, taken

INNER = np.dtype([("a", np.uint8), ("b", np.float64), ("c", np.float32, (3,))])
OUTER = np.dtype([("inner", INNER), ("more", np.uint16)])


def drawn(count: int, seed: int = 1) -> np.ndarray:
    """Return rows of chance that lie within wider ones."""
    rng = np.random.default_rng(seed)
    return np.frombuffer(rng.bytes(count * OUTER.itemsize), OUTER).copy()


@pytest.mark.parametrize("within", [False, True])
@given(st.lists(st.integers(0, 19), max_size=40), st.lists(st.booleans(), min_size=20, max_size=20))
def test_what_is_taken_is_what_numpy_takes(within: bool, index: list[int], mask: list[bool]) -> None:
    rows = drawn(20)["inner"] if within else drawn(20)
    for which in (np.array(index, np.int64), np.array(mask, np.bool_)):
        found = taken(rows, which)
        assert found.dtype == rows.dtype and found.tobytes() == rows[which].tobytes()
        found["a" if within else "more"] = 7  # a copy, and one that can be changed
    assert copied(rows).tobytes() == rows.tobytes() and not np.shares_memory(copied(rows), rows)


def test_of_a_table_whole_rows_are_taken() -> None:
    table = drawn(12).reshape(4, 3)
    for which in (np.array([3, 0, 3]), np.array([True, False, False, True])):
        assert taken(table, which).tobytes() == table[which].tobytes()


def test_what_is_joined_stands_one_after_another() -> None:
    parts = [drawn(3, 1)["inner"], drawn(0)["inner"], drawn(2, 2)["inner"].copy()]
    found = joined(parts, INNER)
    assert found.dtype == INNER and found.tobytes() == b"".join(part.tobytes() for part in parts)
    assert len(joined([], INNER)) == 0 and joined([], INNER).dtype == INNER


def test_an_index_beyond_the_rows_is_an_error() -> None:
    for rows in (drawn(3), drawn(3)["inner"]):
        with pytest.raises(IndexError):
            taken(rows, np.array([3]))
