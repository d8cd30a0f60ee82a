"""Conflicts of links, against a dense sampling of all lines and against the foes that SUMO's net names."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map, conflicts, curve
from jinyun.hdmap.precise import Conflict
from tests.hdmap.drawn import lanes_of

Line = NDArray[np.float64]


def crossroads() -> Map:
    """Two ways through junction 0: from the west straight on (link 0), from the south straight on (1) or right (2)."""
    bend = [(2 + 10 * (1 - np.cos(a)), -12 + 10 * np.sin(a)) for a in np.linspace(0, np.pi / 2, 31)]
    lines = [
        [(-60, -2), (-12, -2)], [(-12, -2), (12, -2)], [(12, -2), (60, -2)],
        [(2, -60), (2, -12)], [(2, -12), (2, 12)], [(2, 12), (2, 60)], bend,
    ]  # fmt: skip
    return lanes_of(
        lines,
        edge=range(7), kind=[0, 4, 0, 0, 4, 0, 4], junction=[-1, 0, -1, -1, 0, -1, 0],
        after=[(0, 1), (1, 2), (3, 4), (4, 5), (3, 6), (6, 2)],
        tables={
            "links": {"start": [0, 3, 3], "end": [2, 5, 2], "via": [1, 4, 6], "turn": [1, 1, 4], "group": [-1] * 3},
            "edges": {"start": [-1] * 7, "end": [0, -1, -1, 0, -1, -1, -1]},
            "stop_lines": {"x1_m": [-13, 0], "y1_m": [0, -14], "x2_m": [-13, 4], "y2_m": [-4, -14], "junction": [0, 0],
                           "phase": [0, 0], "turn": [1, 5], "lane": [0, 3]},
        },
    )  # fmt: skip


def test_ways_that_cross_merge_and_part_are_named_with_their_places() -> None:
    found = crossroads().conflicts
    pairs = {(a, b): k for k, (a, b) in enumerate(zip(found["first"], found["second"], strict=True))}
    assert {pair: found["kind"][k] for pair, k in pairs.items()} == {
        (0, 1): Conflict.CROSSING, (0, 2): Conflict.MERGING, (1, 2): Conflict.DIVERGING,
    }  # fmt: skip
    first, second = found["first_s_m"], found["second_s_m"]
    assert (first[pairs[0, 1]], second[pairs[0, 1]]) == pytest.approx((1 + 14, 2 + 10))  # the lines lie before the ends
    need = conflicts.OVERLAP * 3.5  # the bend leaves the straight way by 10 (1 - cos a), after 10 a
    angle = np.arccos(1 - need / 10)
    assert second[pairs[1, 2]] == pytest.approx(2 + 10 * angle, abs=0.05)
    assert first[pairs[1, 2]] == pytest.approx(
        2 + np.sqrt((10 + need) ** 2 - 100), abs=0.05
    )  # seen from the straight one
    assert second[pairs[0, 2]] == pytest.approx(2 + 10 * (np.pi / 2 - angle), abs=0.05)


def test_ways_side_by_side_are_no_conflict() -> None:
    lines = [[(0, 3.5 * k), (30, 3.5 * k)] for k in range(2)]
    inner = [[(30, 3.5 * k), (60, 3.5 * k)] for k in range(2)]
    out = [[(60, 3.5 * k), (90, 3.5 * k)] for k in range(2)]
    map = lanes_of(
        lines + inner + out, edge=[0, 0, 1, 1, 2, 2], index=[0, 1] * 3, kind=[0, 0, 4, 4, 0, 0],
        junction=[-1, -1, 0, 0, -1, -1], after=[(0, 2), (1, 3), (2, 4), (3, 5)],
        tables={"links": {"start": [0, 1], "end": [4, 5], "via": [2, 3], "turn": [1, 1], "group": [-1, -1]},
                "edges": {"start": [-1] * 3, "end": [0, -1, -1]}},
    )  # fmt: skip
    assert len(map.conflicts["first"]) == 0


def lines_of(map: Map, step_m: float = 0.1) -> list[Line]:
    """Return the way of every link as places so far apart."""
    lines = []
    for link, end in enumerate(map.links["end"].tolist()):
        way = conflicts.path_of(link, map.links, map.successors_first["row"], map.successors["lane"])
        if map.lanes["kind"][end] == LaneKind.CROSSING:
            way = [end]
        if not way:
            a, b = map.lane_line(int(map.links["start"][link]))[-1], map.lane_line(end)[0]
            lines.append(np.linspace(a, b, max(int(np.hypot(*(b - a)) / step_m), 2)))
            continue
        whole = np.vstack([map.lane_line(lane) for lane in way])
        s = curve.stations(whole)
        lines.append(curve.at_station(whole, np.linspace(0, s[-1], max(int(s[-1] / step_m), 2))))
    return lines


def test_ways_conflict_where_a_dense_sampling_finds_them_too_near(precise_map: Map) -> None:
    lines = lines_of(precise_map, 0.3)
    found = precise_map.conflicts
    kinds = {(a, b): k for a, b, k in zip(found["first"], found["second"], found["kind"], strict=True)}
    lanes, links = precise_map.lanes, precise_map.links
    edge = lanes["edge"][links["start"]]
    walks = lanes["kind"][links["end"]] == LaneKind.CROSSING
    junction = np.where(walks, lanes["junction"][links["end"]], precise_map.edges["end"][edge])
    width = np.array([
        lanes["width_m"][
            [int(links["end"][k])] if walks[k]
            else conflicts.path_of(k, links, precise_map.successors_first["row"], precise_map.successors["lane"])
            or [int(links["start"][k])]
        ].mean() for k in range(len(lines))
    ])  # fmt: skip
    rng = np.random.default_rng(2)
    looked = 0
    for j in rng.choice(np.unique(junction[junction >= 0]), 9, replace=False):
        its = np.flatnonzero(junction == j)
        for n, a in enumerate(its):
            for b in its[n + 1 :]:
                gap = np.sqrt(
                    (lines[a][:, None, 0] - lines[b][None, :, 0]) ** 2
                    + (lines[a][:, None, 1] - lines[b][None, :, 1]) ** 2
                ).min()
                need = conflicts.OVERLAP * (width[a] * ~walks[a] + width[b] * ~walks[b]) / 2
                if abs(gap - need) > 0.1 and not (walks[a] and walks[b]):
                    looked += 1
                    assert (gap < need) == ((a, b) in kinds), (j, a, b, gap, need)
    assert looked > 1000


def test_places_of_crossings_are_where_both_ways_pass(precise_map: Map) -> None:
    lines = lines_of(precise_map)
    found = precise_map.conflicts
    lanes, links = precise_map.lanes, precise_map.links
    rows = np.flatnonzero(found["kind"] == Conflict.CROSSING)
    for k in np.random.default_rng(1).choice(rows, 300, replace=False):
        places = []
        for side in ("first", "second"):
            link, s = int(found[side][k]), float(found[f"{side}_s_m"][k])
            has_line = links["start"][link] in precise_map.stop_lines["lane"]
            walks = lanes["kind"][links["end"][link]] == LaneKind.CROSSING
            line = lines[link]
            places.append(curve.at_station(line, s - (1.0 if has_line and not walks else 0.0))[0])
        gap = float(np.hypot(*(places[0] - places[1])))
        assert gap < 2.5
        if gap > 0.15:  # then they do not cross: nowhere do they come nearer
            a, b = lines[int(found["first"][k])], lines[int(found["second"][k])]
            assert gap == pytest.approx(np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1)).min(), abs=0.12)


def test_sumo_names_the_same_pairs_as_foes(precise_map: Map) -> None:
    """SUMO goes by the order of lanes, not by geometry: ways onto different lanes of one edge are foes to it though they
    never touch, and ways out of one edge are none though a cyclist turning left there cuts off the cars."""
    row_of: dict[str, int] = {}
    for link, end in enumerate(precise_map.links["end"].tolist()):
        way = conflicts.path_of(
            link, precise_map.links, precise_map.successors_first["row"], precise_map.successors["lane"]
        )
        row_of.setdefault(str(precise_map.lanes["id"][way[-1] if way else end]), link)
    found = precise_map.conflicts
    ours = {
        (int(a), int(b))
        for a, b, kind in zip(found["first"], found["second"], found["kind"], strict=True)
        if kind != Conflict.DIVERGING
    }
    edge, start, end = (
        precise_map.lanes["edge"], precise_map.links["start"], precise_map.links["end"],
    )  # fmt: skip
    both = only_sumo = only_ours = 0
    for junction in ET.parse(precise_map.net_file).getroot().iter("junction"):
        inner = [row_of.get(lane) for lane in junction.get("intLanes", "").split()]
        for i, request in enumerate(junction.iter("request")):
            foes = request.get("foes", "")
            for j in range(i):
                a, b = inner[i], inner[j]
                if a is None or b is None or edge[start[a]] == edge[start[b]]:
                    continue
                if edge[end[a]] == edge[end[b]] and end[a] != end[b]:
                    continue
                foe, conflict = foes[-1 - j] == "1", (min(a, b), max(a, b)) in ours
                both, only_sumo, only_ours = (
                    both + (foe and conflict), only_sumo + (foe and not conflict), only_ours + (conflict and not foe),
                )  # fmt: skip
    assert both > 5000
    assert only_sumo < 0.03 * both and only_ours < 0.03 * both


def slowly(one: Line, other: Line) -> tuple[float, float, float]:
    """Return the least distance of two lines and where along each, piece by piece; of several the first along ``one``."""
    along = [curve.stations(line) for line in (one, other)]
    best = (np.inf, np.nan, np.nan)
    for i in range(len(one) - 1):
        for j in range(len(other) - 1):
            a, b, c, d = one[i], one[i + 1], other[j], other[j + 1]
            found = []
            system = np.column_stack([b - a, c - d])
            if abs(np.linalg.det(system)) > 1e-12:
                u, v = np.linalg.solve(system, c - a)
                if 0 <= u <= 1 and 0 <= v <= 1:
                    found.append((0.0, u, v))
            for place, share in ((a, 0.0), (b, 1.0)):
                v = float(np.clip((place - c) @ (d - c) / max((d - c) @ (d - c), 1e-12), 0, 1))
                found.append((float(np.linalg.norm(place - c - v * (d - c))), share, v))
            for place, share in ((c, 0.0), (d, 1.0)):
                u = float(np.clip((place - a) @ (b - a) / max((b - a) @ (b - a), 1e-12), 0, 1))
                found.append((float(np.linalg.norm(place - a - u * (b - a))), u, share))
            away, u, v = min(found, key=lambda one: one[0])
            if away < best[0] - 1e-9:
                best = (
                    away, along[0][i] + u * (along[0][i + 1] - along[0][i]),
                    along[1][j] + v * (along[1][j + 1] - along[1][j]),
                )  # fmt: skip
    return best


def test_the_nearest_places_of_lines_are_those_of_a_walk_over_all_their_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    lines = []
    for n in (2, 3, 7, 8, 13, 14, 20, 2):
        bend = rng.uniform(-3, 3) + np.cumsum(rng.normal(0, 0.3, n))
        line = np.cumsum(np.column_stack([np.cos(bend), np.sin(bend)]) * rng.uniform(0.5, 3, (n, 1)), axis=0)
        lines.append(line - line.mean(axis=0) + rng.uniform(-6, 6, 2))
    whole, bounds = np.vstack(lines), np.cumsum([0, *map(len, lines)])
    s = np.concatenate([curve.stations(line) for line in lines])
    a, b = (rows.ravel() for rows in np.meshgrid(np.arange(len(lines)), np.arange(len(lines)), indexing="ij"))
    a, b = a[a != b], b[a != b]
    expected = np.array([slowly(lines[i], lines[j]) for i, j in zip(a, b, strict=True)])
    assert 4 < (expected[:, 0] == 0).sum() < len(a) - 10
    for most in (200_000, 50):  # in one go and in many
        monkeypatch.setattr(conflicts, "MOST_PAIRS_AT_ONCE", most)
        monkeypatch.setattr(conflicts, "MOST_BOXES_AT_ONCE", most)
        found = np.column_stack(conflicts.nearest(whole[:, 0], whole[:, 1], s, bounds, a, b))
        assert np.allclose(found, expected, atol=1e-7)
        near = expected[:, 0] <= 2.0
        found = np.column_stack(conflicts.nearest(whole[:, 0], whole[:, 1], s, bounds, a, b, np.full(len(a), 2.0)))
        assert np.allclose(found[near], expected[near], atol=1e-7)
        assert np.isinf(found[~near, 0]).all() and np.isnan(found[~near, 1:]).all()
