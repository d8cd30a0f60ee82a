"""The passage between two processes: what is put at one end comes out at the other; an end that is gone is noticed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jinyun.cloud.passage import Passage, PassageClosed
from jinyun.shapes import TRACK, Finding


@pytest.fixture
def ends() -> Iterator[tuple[Passage, Passage]]:
    one, theirs = Passage.pair()
    other = Passage.inherited(theirs)
    yield one, other
    one.close()
    other.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sizes=st.lists(st.integers(0, 70_000), max_size=6), seed=st.integers(0, 2**32 - 1))
def test_arrays_come_out_as_they_were_put_both_ways(ends: tuple[Passage, Passage], sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, 256, n, np.uint8) for n in sizes]
    for here, there in (ends, ends[::-1]):
        here.put({"arrays": arrays, "seed": seed})
        found = there.get()
        assert found["seed"] == seed
        assert all(np.array_equal(a, b) for a, b in zip(found["arrays"], arrays, strict=True))


def test_rows_and_objects_belong_to_the_one_who_took_them(ends: tuple[Passage, Passage]) -> None:
    here, there = ends
    rows = np.zeros(3, TRACK)
    rows["id"], rows["x_m"] = (1, 2, 3), (0.5, np.nan, -1e6)
    finding = Finding("a.rule", "rsu/1", "pos", "is odd", 7)
    here.put((rows[::2], finding))
    taken, told = there.get()
    here.put(np.full(10_000, 255, np.uint8))  # what is put next lies where the last lay
    there.get()
    assert told == finding
    assert taken["id"].tolist() == [1, 3] and taken["x_m"].tolist() == [0.5, -1e6]
    taken["id"] = 9  # its own to change


def test_who_asks_too_early_gets_nothing_and_who_is_left_alone_is_told(ends: tuple[Passage, Passage]) -> None:
    here, there = ends
    assert there.get(0.0) is None
    here.put("last")
    here.link.close()
    assert there.get(0.0) == "last"
    with pytest.raises(PassageClosed):
        there.get(1.0)
    with pytest.raises(PassageClosed):
        there.put("to nobody")
