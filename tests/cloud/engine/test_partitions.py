"""The map in partitions: everything is told to whom it concerns, and the picture is the one that a single process has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from jinyun.cloud import tracking
from jinyun.cloud.engine.assembly import Assembly
from jinyun.cloud.engine.partition import CheckpointError, Partition
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.engine.worker import share_out
from tests.cloud.engine.street import EPOCH_US, WINDOW_US, Cars

TILING = Tiling(parts=6, tile_m=400.0, rim_m=40.0)
TICK_US = 100_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-5e3, 5e3)] * 2), min_size=1, max_size=30))
def test_a_place_is_told_to_every_partition_that_has_a_place_within_the_rim(places: list[tuple[float, float]]) -> None:
    x, y = np.array(places).T
    rows, bounds = TILING.split(x, y)
    told = [set(rows[bounds[p] : bounds[p + 1]].tolist()) for p in range(TILING.parts)]
    around = np.linspace(-TILING.rim_m, TILING.rim_m, 9)
    for i in range(len(x)):
        near_x, near_y = (grid.ravel() for grid in np.meshgrid(x[i] + around, y[i] + around))
        concerned = set(TILING.owner(near_x, near_y).tolist())
        assert concerned == {p for p in range(TILING.parts) if i in told[p]}
        assert int(TILING.owner(x[i : i + 1], y[i : i + 1])[0]) in concerned


def test_the_picture_of_partitions_is_that_of_one_process_and_keeps_every_number_over_the_borders() -> None:
    cars = Cars(120)
    one, assembly = tracking.Tracks(), Assembly(TILING)
    partitions = [Partition(part) for part in range(TILING.parts)]
    number_of: dict[int, int] = {}
    tile_of: dict[int, int] = {}
    crossings = 0
    for step in range(1, 400):
        now_us = EPOCH_US + step * WINDOW_US
        sightings = cars.sightings(now_us)
        tracking.take(one, sightings, now_us)
        rows, bounds = TILING.split(sightings["x_m"], sightings["y_m"])
        for its in partitions:
            its.take(sightings[rows[bounds[its.part] : bounds[its.part + 1]]], now_us)
        if now_us % TICK_US or step < 50:
            continue
        alone = tracking.published(one, now_us)
        picture = assembly.take(np.concatenate([its.beliefs(TILING) for its in partitions]), now_us)
        assert len(picture) == len(alone) == len(cars.x)
        assert len(np.unique(picture["id"])) == len(picture)
        off_m, at = cKDTree(np.c_[picture["x_m"], picture["y_m"]]).query(np.c_[alone["x_m"], alone["y_m"]])
        assert len(np.unique(at)) == len(alone) and off_m.max() < 0.3
        owner = TILING.owner(alone["x_m"].copy(), alone["y_m"].copy())
        for mine, its, part in zip(alone["id"].tolist(), picture["id"][at].tolist(), owner.tolist(), strict=True):
            crossings += tile_of.setdefault(mine, part) != part
            tile_of[mine] = part
            assert number_of.setdefault(mine, its) == its
    assert crossings > 20


def test_a_checkpoint_goes_on_to_the_bit_as_if_nothing_had_happened() -> None:
    cars, all_of_it = Cars(80, 150.0), Tiling(parts=1)
    its = Partition(0)
    for step in range(1, 150):
        its.take(cars.sightings(EPOCH_US + step * WINDOW_US), EPOCH_US + step * WINDOW_US)
    again = Partition.restored(its.checkpoint())
    for step in range(150, 300):
        sightings = cars.sightings(EPOCH_US + step * WINDOW_US)
        its.take(sightings, EPOCH_US + step * WINDOW_US)
        again.take(sightings, EPOCH_US + step * WINDOW_US)
    assert len(its.beliefs(all_of_it)) == len(cars.x)
    assert its.beliefs(all_of_it).tobytes() == again.beliefs(all_of_it).tobytes()
    assert (its.number, its.until_us) == (again.number, again.until_us)


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: b"", lambda data: b"x" + data])
def test_a_damaged_checkpoint_is_refused(damage) -> None:  # type: ignore[no-untyped-def]
    its = Partition(0)
    its.take(Cars(10).sightings(EPOCH_US), EPOCH_US)
    with pytest.raises(CheckpointError):
        Partition.restored(damage(its.checkpoint()))


def test_a_partition_that_says_nothing_leaves_a_hole_and_nothing_else() -> None:
    cars = Cars(120)
    assembly = Assembly(TILING)
    partitions = [Partition(part) for part in range(TILING.parts)]
    now_us = EPOCH_US
    for step in range(1, 101):
        now_us = EPOCH_US + step * WINDOW_US
        sightings = cars.sightings(now_us)
        rows, bounds = TILING.split(sightings["x_m"], sightings["y_m"])
        for its in partitions:
            its.take(sightings[rows[bounds[its.part] : bounds[its.part + 1]]], now_us)
    whole = assembly.take(np.concatenate([its.beliefs(TILING) for its in partitions]), now_us)
    holed = assembly.take(np.concatenate([its.beliefs(TILING) for its in partitions if its.part != 2]), now_us)
    outside = TILING.owner(whole["x_m"].copy(), whole["y_m"].copy()) != 2
    assert 0 < outside.sum() < len(whole)
    assert set(whole["id"][outside].tolist()) <= set(holed["id"].tolist()) <= set(whole["id"].tolist())


@given(st.sets(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=12), st.integers(1, 64))
def test_partitions_are_shared_out_evenly_and_all_of_them(names: set[str], count: int) -> None:
    owners = share_out(frozenset(names), count)
    assert len(owners) == count and set(owners) <= names
    owned = [owners.count(name) for name in names]
    assert max(owned) - min(owned) <= 1


def test_few_partitions_move_when_a_worker_goes() -> None:
    names = frozenset(f"w{n}" for n in range(8))
    before, after = share_out(names, 64), share_out(names - {"w3"}, 64)
    moved = sum(a != b for a, b in zip(before, after, strict=True) if a != "w3")
    assert moved <= 20  # beside the eight that had to
