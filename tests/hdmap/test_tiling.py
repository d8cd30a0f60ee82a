"""The cut map: what all tiles of a level hold is held against the drawing itself, row by row and line by line."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map, Tiling
from jinyun.hdmap.tiling import corners
from jinyun.zone import Zone

POINTS = {"lanes": "points", "areas": "area_points", "crossings": "crossing_points"}
PLACES = {"stop_lines": ("x1_m", "y1_m", "x2_m", "y2_m"), "junctions": ("x_m", "y_m"), "arrows": ("x_m", "y_m"),
          "heads": ("x_m", "y_m")}  # fmt: skip
RIDDEN = (LaneKind.CAR, LaneKind.BUS)


@pytest.fixture(scope="module")
def whole(precise_map: Map, here: Zone) -> tuple[dict[str, Any], dict[str, Any]]:
    return hdmap.drawing(precise_map, here)


@pytest.fixture(scope="module")
def cut(whole: Any) -> Tiling:
    return hdmap.tiling(*whole)


def lines(tables: dict[str, Any], name: str) -> list[np.ndarray]:
    points = tables[POINTS[name]]
    xy = np.column_stack([points["x_m"], points["y_m"]]).astype(np.float64)
    return [xy[a : a + n] for a, n in zip(tables[name]["first"].tolist(), tables[name]["count"].tolist(), strict=True)]


def of_level(cut: Tiling, level: int) -> list[tuple[tuple[int, int, int], dict[str, Any], dict[str, Any]]]:
    return [(key, *tile) for key, tile in sorted(cut.tiles.items()) if key[0] == level]


def farthest(from_line: np.ndarray, to_line: np.ndarray, ring: bool) -> float:
    """Return how far the first line's corners and the middles between them are from the second line, at most."""
    places = np.vstack([from_line, (from_line[1:] + from_line[:-1]) / 2])
    a, b = to_line, np.roll(to_line, -1, axis=0)
    if not ring:
        a, b = a[:-1], b[:-1]
    along = np.clip(((places[:, None] - a) * (b - a)).sum(axis=2) / np.maximum(((b - a) ** 2).sum(axis=1), 1e-12), 0, 1)
    return float(np.linalg.norm(places[:, None] - a - along[..., None] * (b - a), axis=2).min(axis=1).max())


def test_the_finest_tiles_hold_every_row_of_the_drawing_once(whole: Any, cut: Tiling) -> None:
    drawn = whole[0]
    tiles = of_level(cut, 2)
    seen = set()
    for name in (*POINTS, *PLACES):
        expected: Counter[Any] = Counter()
        got: Counter[Any] = Counter()
        columns = [c for c in drawn[name] if c not in ("first", "count", "edge", *PLACES.get(name, ()))]
        rows = np.column_stack([drawn[name][c] for c in columns]).tolist()
        kept = drawn[name]["kind"].tolist() if name == "areas" else [0] * len(rows)
        expected.update(
            tuple(row) for row, kind in zip(rows, kept, strict=True) if name != "areas" or kind in (0, 1, 5)
        )
        for _, tables, _ in tiles:
            if name in tables:
                got.update(map(tuple, np.column_stack([tables[name][c] for c in columns]).tolist()))
        assert got == expected, name
        seen.add(name)
    assert seen == set(drawn) - set(POINTS.values())


@pytest.mark.parametrize(("level", "error_m"), [(1, 0.6), (2, 0.01)])
@pytest.mark.parametrize("name", POINTS)
def test_a_levels_lines_are_those_of_the_drawing_within_its_error(
    whole: Any, cut: Tiling, level: int, error_m: float, name: str
) -> None:
    drawn = whole[0]
    kinds = {1: {"lanes": (*RIDDEN, LaneKind.INNER), "areas": (0, 5)}, 2: {"areas": (0, 1, 5)}}[level].get(name)
    if (level, name) == (1, "crossings"):
        assert not any(tables.get(name, {}).get("count", np.zeros(0)).size for _, tables, _ in of_level(cut, 1))
        return
    expected = [
        line for row, line in enumerate(lines(drawn, name)) if kinds is None or drawn[name]["kind"][row] in kinds
    ]
    got = [line for _, tables, _ in of_level(cut, level) if name in tables for line in lines(tables, name)]
    assert len(got) == len(expected)
    ends = cKDTree([np.concatenate([line[0], line[-1]]) for line in got])
    reach = 2 * error_m + 1e-6
    taken: Counter[int] = Counter()
    ring = name == "areas"
    for line in expected:
        here = ends.query_ball_point(np.concatenate([line[0], line[-1]]), reach)
        fits = [
            k for k in here
            if farthest(line, got[k], ring) <= error_m and farthest(got[k], line, ring) <= error_m
        ]  # fmt: skip
        assert fits, (name, line[0])
        taken[min(fits, key=lambda k: taken[k])] += 1
    assert len(taken) == len(expected) and max(taken.values()) == 1


def test_what_has_one_place_has_it_within_the_levels_error(whole: Any, cut: Tiling) -> None:
    for name, columns in PLACES.items():
        expected = np.column_stack([whole[0][name][c] for c in columns])
        for level, error_m in ((1, 0.6), (2, 0.01)):
            tables = [
                tables[name]
                for _, tables, _ in of_level(cut, level)
                if len(tables.get(name, {}).get("phase", tables.get(name, {}).get("x_m", [])))
            ]
            if level == 1 and name != "stop_lines":
                assert not tables
                continue
            got = np.vstack([np.column_stack([table[c] for c in columns]) for table in tables])
            assert len(got) == len(expected)
            assert cKDTree(got).query(expected)[0].max() <= 2 * error_m
            assert cKDTree(expected).query(got)[0].max() <= 2 * error_m


def test_a_thing_is_in_the_finer_tile_that_lies_in_its_coarser_one(cut: Tiling) -> None:
    """A viewer leaves the coarse picture of a place away where the fine one is there."""
    fine: dict[tuple[float, ...], list[tuple[int, int]]] = {}
    for (_, column, row), tables, _ in of_level(cut, 2):
        for line, kind in (
            zip(lines(tables, "lanes"), tables["lanes"]["kind"], strict=True) if "lanes" in tables else ()
        ):
            if kind in (*RIDDEN, LaneKind.INNER):
                fine.setdefault(tuple(np.rint(np.concatenate([line[0], line[-1]]) * 4)), []).append(
                    (column // 2, row // 2)
                )
    tree = cKDTree(list(fine))
    parents = list(fine.values())
    for (_, column, row), tables, _ in of_level(cut, 1):
        if "lanes" not in tables or not len(tables["lanes"]["kind"]):
            continue
        ends = np.array([np.concatenate([line[0], line[-1]]) for line in lines(tables, "lanes")]) * 4
        distance, at = tree.query(ends)
        assert distance.max() < 4
        assert all((column, row) in parents[k] for k in at.tolist())


def test_the_overview_has_every_carriageway_within_its_error(whole: Any, cut: Tiling) -> None:
    tables, meta = cut.overview
    index = tables["tiles"]
    order = np.argsort(index["first"][index["level"] == 1], kind="stable")
    first, count = (index[c][index["level"] == 1][order].astype(int) for c in ("first", "count"))
    kept = count > 0
    assert first[kept][0] == 0 and (first[kept][1:] == (first + count)[kept][:-1]).all()
    assert count.sum() == len(tables["lanes"]["kind"])
    assert not index["count"][index["level"] == 2].any()
    coarse = lines(tables, "lanes")
    drawn = whole[0]["lanes"]
    roads = [k for k in range(len(drawn["kind"])) if drawn["kind"][k] in RIDDEN]
    edges = {int(drawn["edge"][k]) for k in roads}
    assert len(coarse) >= len(edges)
    width = tables["lanes"]["width_m"]
    middles = np.array([line.mean(axis=0) for line in coarse])
    span = np.array([np.linalg.norm(line - line.mean(axis=0), axis=1).max() for line in coarse])
    for k, line in ((k, line) for k, line in enumerate(lines(whole[0], "lanes")) if k in set(roads)):
        near = np.flatnonzero(np.linalg.norm(middles - line.mean(axis=0), axis=1) < span + 60)
        assert min(farthest(line, coarse[j], False) - width[j] / 2 for j in near) <= meta["error_m"], k


def test_a_tile_lies_in_the_box_that_the_overview_tells(cut: Tiling) -> None:
    index = cut.overview[0]["tiles"]
    told = set(zip(*(index[c].tolist() for c in ("level", "column", "row")), strict=True))
    assert told == set(cut.tiles) and len(told) == len(index["level"])
    for i, key in enumerate(zip(*(index[c].tolist() for c in ("level", "column", "row")), strict=True)):
        tables, meta = cut.tiles[key]
        places = [line for name in POINTS if name in tables for line in lines(tables, name)]
        places += [
            np.column_stack([tables[name][x], tables[name][y]])
            for name, columns in PLACES.items() if name in tables
            for x, y in (columns[:2], columns[-2:])
        ]  # fmt: skip
        places += [
            np.array([[n["x_m"], n["y_m"]]]) for kind, all in meta["names"].items() if kind != "junctions" for n in all
        ]
        if places:
            x, y = np.vstack(places).T
            assert index["west_m"][i] <= x.min() + 1e-3 and x.max() - 1e-3 <= index["east_m"][i]
            assert index["south_m"][i] <= y.min() + 1e-3 and y.max() - 1e-3 <= index["north_m"][i]
        if key[0] == 2:
            assert (1, key[1] // 2, key[2] // 2) in told


def test_every_name_comes_once_with_the_overview_or_a_tile(whole: Any, cut: Tiling) -> None:
    names = whole[1]["names"]
    for kind, all in names.items():
        found = list(cut.overview[1]["names"].get(kind, []))
        for _, meta in cut.tiles.values():
            found += meta["names"].get(kind, [])
        assert Counter(map(repr, found)) == Counter(map(repr, all)), kind
    for tables, meta in cut.tiles.values():
        titles = meta["names"].get("junctions", [])
        assert len(titles) == len(tables.get("junctions", {}).get("node", []))


def test_thinning_keeps_within_its_tolerance_and_all_ends() -> None:
    rng = np.random.default_rng(5)
    count = rng.integers(2, 200, 40)
    first = np.cumsum(count) - count
    walk = np.cumsum(rng.normal((1.5, 0.0), 1, (count.sum(), 2)), axis=0)
    keep = corners(walk[:, 0], walk[:, 1], first, count, 2.0)
    assert keep[first].all() and keep[first + count - 1].all() and keep.mean() < 0.6
    for a, n in zip(first.tolist(), count.tolist(), strict=True):
        line = walk[a : a + n]
        assert farthest(line, line[keep[a : a + n]], False) <= 2.0 + 1e-9


def test_a_map_without_areas_crossings_or_signals_is_cut_too(whole: Any) -> None:
    tables = {name: {c: v[:0] for c, v in table.items()} for name, table in whole[0].items()}
    meta = {**whole[1], "names": {**whole[1]["names"], "junctions": []}}
    empty = hdmap.tiling(tables, meta)
    assert len(empty.overview[0]["lanes"]["kind"]) == 0
    tables |= {name: whole[0][name] for name in ("lanes", "points")}
    bare = hdmap.tiling(tables, meta)
    lanes = sum(len(t.get("lanes", {}).get("kind", [])) for key, (t, _) in bare.tiles.items() if key[0] == 2)
    assert lanes == len(whole[0]["lanes"]["kind"])
